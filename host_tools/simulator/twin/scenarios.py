"""Named runs of a treatment: what goes wrong when, and how the device must end. Each is a row of data."""

from collections.abc import Callable
from dataclasses import dataclass, field

from boards.virtual import pins
from host_tools.simulator.twin.foot import PLACES_MM, Foot
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.skin import AMBIENT_C, AMBIENT_H_W_M2K
from host_tools.simulator.twin.treatment import Plan


@dataclass(frozen=True)
class Scenario:
    """One named run.

    ends: the state it must end in; fault: the first latched fault's name, or None; detect_ms: longest time allowed from
    the injected event to the alarm (virtual time), or None where no fault is due; refused: text of the blocker that
    must stop the arming, or None. The first row of a fault with a detect_ms provokes it in the evidence.
    """

    name: str
    title: str
    inject: Callable[[Plant], None]
    ends: str = "FAULT"
    fault: str | None = None
    detect_ms: int | None = None
    plan: Plan = field(default_factory=lambda: Plan(points=(1,)))
    refused: str | None = None
    settings: dict = field(default_factory=dict)


def _nothing(plant):
    pass


def _at_burst(number, offset_ms, action):
    """Let action(plant) happen offset_ms after the command of burst `number`."""
    return lambda plant: plant.on_burst(number, offset_ms * 1000, action)


def _open_shield(plant):
    plant.shield(False)


def _sticks(pin, level):
    return lambda plant: plant.stick_input(pin, level)


def _stuck_then_opened(pin, level):
    def inject(plant):
        plant.on_burst(3, 0, _sticks(pin, level))  # after the test pulses, because they would find it
        plant.on_burst(6, 40_000, _open_shield)

    return inject


def _chip_fault(name):
    def action(plant):
        plant.chips[0].fault = name

    return action


def _stick(valve, how):
    def action(plant):
        getattr(plant, valve).stuck = how

    return action


def _dose_leaks(time_s):
    def action(plant):
        plant.dose_leak_s = time_s

    return action


def _shutoff_leaks(time_s):
    def action(plant):
        plant.shutoff_leak_s = time_s

    return action


def _press(ms):
    def action(plant):
        plant.trigger(True)
        plant.at(plant.now_us + ms * 1000, lambda p: p.trigger(False))

    return action


def _strength(factor):
    def action(plant):
        plant.strength = factor

    return action


def _draught(plant):
    plant.skin.set_ambient(300.0, -30.0)
    plant.at(plant.now_us + 2_200_000, lambda p: p.skin.set_ambient(AMBIENT_H_W_M2K, AMBIENT_C))


def _reversed(plant):
    plant.chips[0].reversed = True
    plant.chips[0].cold_junction_c = 31.5  # in a warm box the reversal does not show at rest


def _half(gain):
    def action(plant):
        plant.probe.half_detach(gain)

    return action


def _offset(celsius):
    def inject(plant):
        plant.chips[0].offset_c = celsius

    return inject


def _hangs(share):
    """Let the probe show this share of the difference between skin and air."""

    def inject(plant):
        plant.probe.half_detach(share)
        plant.probe.origin_c = plant.air_c

    return inject


def _moves(mm, speed_mm_s, back_ms=None):
    def action(plant):
        home = plant.hand.mm
        plant.hand.move(mm, speed_mm_s)
        if back_ms is not None:
            plant.at(plant.now_us + back_ms * 1000, lambda p: p.hand.move(home, speed_mm_s))

    return action


def _fog(share):
    def inject(plant):
        plant.fog = share

    return inject


def _bus_error(plant):
    plant.spi_fail = True


def _infrared_lies(celsius):
    def action(plant):
        plant.thermopile.lies_c = celsius

    return action


def _infrared_silent(plant):
    plant.thermopile.answers = False


def _room(ppm):
    def action(plant):
        plant.room.ppm = ppm

    return action


def _foot(plant):
    Foot().before(plant)


LEVEL_4 = Plan(level=4, points=(1,))
# The marking template marks the points; the hand is the middle of docs/population.md's.
FOOT = Plan(
    points=tuple(range(1, len(PLACES_MM) + 1)),
    distance_mm=130.0,
    guided=(0.325, 14.0),
    probe_s=6.0,
    stated=("TREAT:ATT TEMPLATE",),
)

_ROWS = (
    Scenario("treatment", "two points of a left foot, nothing goes wrong", _nothing, "COMPLETE", plan=Plan()),
    Scenario(
        "guided",
        "two points of a left foot; the hand comes from 150 mm as the device guides it",
        _nothing,
        "COMPLETE",
        plan=Plan(distance_mm=150.0, guided=(0.3, 12.0)),
    ),
    Scenario(
        "foot",
        "eight points of a left foot by a template; the device guides the hand, the board has a display",
        _foot,
        "COMPLETE",
        plan=FOOT,
        settings={"display": 1},
    ),
    Scenario(
        "eye", "the eye shield is opened in a burst", _at_burst(6, 40, _open_shield), fault="LOOP_OPEN", detect_ms=20
    ),
    Scenario(
        "eye-a-stuck",
        "loop channel A is stuck as made, then the shield is opened",
        _stuck_then_opened(pins.LOOP_A, 1),
        fault="LOOP_OPEN",
        detect_ms=20,
    ),
    Scenario(
        "eye-b-stuck",
        "loop channel B is stuck as made, then the shield is opened",
        _stuck_then_opened(pins.LOOP_B, 0),
        fault="LOOP_OPEN",
        detect_ms=20,
    ),
    Scenario(
        "eye-a-short",
        "loop channel A is shorted to the supply: the test pulse of the self-test finds it",
        _sticks(pins.LOOP_A, 1),
        fault="LOOP_TEST",
        refused="not while FAULT",
    ),
    Scenario(
        "eye-b-short",
        "loop channel B is shorted to ground after switch-on: the test pulse before arming finds it",
        lambda plant: plant.at(100_000, _sticks(pins.LOOP_B, 0)),
        fault="LOOP_TEST",
        refused="not armed: state FAULT",
    ),
    Scenario(
        "estop",
        "the emergency stop is pressed in a burst",
        _at_burst(6, 40, lambda plant: plant.set_input(pins.ESTOP, 1)),
        fault="ESTOP",
        detect_ms=20,
    ),
    Scenario(
        "overcool",
        "the diffuser falls off: the jet is three times as strong",
        _at_burst(6, 0, _strength(3.0)),
        fault="RESPONSE_STRONG",
        detect_ms=1_500,
        plan=LEVEL_4,
    ),
    Scenario(
        "skin-trip",
        "an icy draught meets the skin between two passes",
        _at_burst(1, 18_400, _draught),
        fault="SKIN_TRIP",
        detect_ms=2_500,
        plan=LEVEL_4,
    ),
    Scenario(
        "probe-off",
        "the probe falls off the skin",
        _at_burst(6, 0, lambda plant: plant.probe.detach()),
        fault="RESPONSE_WEAK",
        detect_ms=8_000,
    ),
    Scenario(
        "probe-half",
        "the probe hangs loose and reads 0.3 of the change",
        _at_burst(6, 0, _half(0.3)),
        fault="RESPONSE_WEAK",
        detect_ms=8_000,
    ),
    Scenario(
        "probe-loose",
        "the probe sits badly and reads 0.7 of the change",
        _at_burst(6, 0, _half(0.7)),
        "COMPLETE",
        plan=LEVEL_4,
    ),
    Scenario(
        "probe-open",
        "the thermocouple breaks in a burst",
        _at_burst(6, 20, _chip_fault("open")),
        fault="SKIN_SENSOR",
        detect_ms=500,
    ),
    Scenario(
        "probe-short",
        "the thermocouple is shorted to ground",
        _at_burst(6, 20, _chip_fault("short_gnd")),
        fault="SKIN_SENSOR",
        detect_ms=500,
    ),
    Scenario(
        "bus-low",
        "the data line is stuck low",
        _at_burst(6, 20, _chip_fault("dead_low")),
        fault="SKIN_SENSOR",
        detect_ms=400,
    ),
    Scenario("bus-error", "the bus reports an error", _at_burst(6, 20, _bus_error), fault="SKIN_SENSOR", detect_ms=400),
    Scenario(
        "probe-stuck",
        "the chip repeats its last frame",
        _at_burst(6, 20, _chip_fault("stuck")),
        fault="SKIN_STALE",
        detect_ms=1_300,
    ),
    Scenario(
        "probe-reversed",
        "the thermocouple's wires are swapped, the box is warm: the infrared sensor tells before arming",
        _reversed,
        "STANDBY",
        refused="CONTACT",
    ),
    Scenario(
        "probe-reversed-cool",
        "the thermocouple's wires are swapped, the box is cool",
        lambda plant: setattr(plant.chips[0], "reversed", True),
        "STANDBY",
        refused="BASELINE",
    ),
    Scenario(
        "valve-stuck",
        "the dose valve does not close",
        _at_burst(6, 10, _stick("dose", "open")),
        fault="DOSE_OPEN",
        detect_ms=1_000,
    ),
    Scenario(
        "valve-open-first",
        "the dose valve does not close after the first burst",
        _at_burst(1, 10, _stick("dose", "open")),
        fault="DOSE_OPEN",
        detect_ms=500,
    ),
    Scenario(
        "valve-leaks",
        "the closed dose valve leaks: the line's gas is gone in a fifth of a second",
        _at_burst(6, 10, _dose_leaks(0.2)),
        fault="DOSE_OPEN",
        detect_ms=1_000,
    ),
    Scenario(
        "valve-shut",
        "the dose valve does not open",
        _at_burst(6, 0, _stick("dose", "closed")),
        fault="RESPONSE_WEAK",
        detect_ms=8_000,
    ),
    Scenario(
        "shutoff-stuck",
        "the shut-off valve does not close: latent while the dose valve works",
        _at_burst(6, 10, _stick("shutoff", "open")),
        "COMPLETE",
    ),
    Scenario(
        "shutoff-shut",
        "the shut-off valve does not open",
        _at_burst(6, 0, _stick("shutoff", "closed")),
        fault="SHUTOFF_SHUT",
        detect_ms=1_000,
    ),
    Scenario(
        "proof-valve-shut",
        "proof test: the dose valve does not open",
        _at_burst(0, 0, _stick("dose", "closed")),
        fault="DOSE_SHUT",
        detect_ms=1_500,
    ),
    Scenario(
        "proof-shutoff-open",
        "proof test: the shut-off valve stands open",
        _at_burst(0, 0, _stick("shutoff", "open")),
        fault="SHUTOFF_OPEN",
        detect_ms=1_500,
    ),
    Scenario(
        "proof-shutoff-leaks",
        "proof test: the closed shut-off valve leaks, the line fills in half a second",
        _at_burst(0, 0, _shutoff_leaks(0.4)),
        fault="SHUTOFF_OPEN",
        detect_ms=500,
    ),
    Scenario(
        "proof-shutoff-shut",
        "proof test: the shut-off valve does not open in the first burst after it",
        _at_burst(1, 0, _stick("shutoff", "closed")),
        fault="SHUTOFF_SHUT",
        detect_ms=500,
    ),
    Scenario(
        "proof-press",
        "proof test: the trigger is pressed in it; the opening is cut and repeated",
        _at_burst(0, 5, _press(300)),
        "COMPLETE",
    ),
    Scenario(
        "empty-bottle",
        "the bottle is empty: its pressure collapses",
        _at_burst(6, 0, lambda plant: plant.bottle.set_contents(12.0)),
        fault="BOTTLE_LOW",
        detect_ms=100,
    ),
    Scenario(
        "patient-moves",
        "the foot comes 40 mm closer for a while",
        _at_burst(6, 20, _moves(60, 300, back_ms=1_500)),
        "COMPLETE",
    ),
    Scenario(
        "operator-moves-in",
        "the operator moves in at 0.3 m/s and stays at 30 mm",
        _at_burst(12, 0, _moves(30, 300)),
        "COMPLETE",
        plan=LEVEL_4,
    ),
    Scenario("fog", "one distance measurement in five is lost", _fog(0.2), "COMPLETE"),
    Scenario(
        "infrared-cold",
        "the infrared sensor goes on reading 10 degC",
        _at_burst(6, 0, _infrared_lies(10.0)),
        fault="INFRARED_DISCORD",
        detect_ms=10_000,
    ),
    Scenario(
        "probe-half-seen",
        "the probe hangs loose from the second burst and reads half of the change: the infrared sensor sees the skin",
        _at_burst(2, 0, _half(0.55)),
        fault="INFRARED_DISCORD",
        detect_ms=15_000,
        plan=Plan(level=4, points=(1,), distance_mm=80),
    ),
    Scenario(
        "probe-offset",
        "the probe reads 4 degC too warm: the infrared sensor sees the same skin at rest",
        _offset(4.0),
        "STANDBY",
        refused="CONTACT",
    ),
    Scenario(
        "probe-hangs",
        "the probe hangs half loose before arming and reads between skin and air",
        _hangs(0.6),
        "STANDBY",
        refused="CONTACT",
    ),
    Scenario(
        "infrared-warm",
        "the infrared sensor goes on reading 33 degC",
        _at_burst(6, 0, _infrared_lies(33.0)),
        fault="INFRARED_DISCORD",
        detect_ms=15_000,
    ),
    Scenario(
        "infrared-frosted",
        "the infrared sensor reads 3 degC: the colder channel counts",
        _at_burst(6, 0, _infrared_lies(3.0)),
        fault="SKIN_TRIP",
        detect_ms=3_500,
    ),
    Scenario(
        "infrared-silent",
        "the infrared sensor's plug comes off: the probe goes on alone, the next arming is refused",
        _at_burst(6, 0, _infrared_silent),
        "COMPLETE",
    ),
    Scenario(
        "room-stuffy",
        "the room holds 6 000 ppm of CO2: told, and the next arming is refused",
        _at_burst(6, 0, _room(6_000)),
        "COMPLETE",
    ),
    Scenario(
        "room-gas",
        "gas escapes and the room fills: 11 000 ppm",
        _at_burst(6, 0, _room(11_000)),
        fault="ROOM_CO2",
        detect_ms=6_000,
    ),
)

SCENARIOS = {row.name: row for row in _ROWS}
