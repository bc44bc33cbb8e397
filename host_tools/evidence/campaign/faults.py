"""The faults of the plant: each row draws its size and returns the action on the plant."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from boards.virtual import pins
from host_tools.simulator.twin.plant import Plant

Action = Callable[[Plant], None]

# How strong a jet may get in a treatment. It is more than the firmware's JET_JUMP, because cold skin is cooled less. A
# bare nozzle is calculated as 1.6 to 2.4 times the reference diffuser at 80 mm [C]; the basis stands at JET_JUMP in
# cryo.limits.
JUMP_MAX = 2.5
RANGE_MAX_MM = 120.0  # with more, the nearest skin that a hand may come to is outside the window for the start


@dataclass(frozen=True)
class Fault:
    """One kind. draw gives a text of its size, and the action."""

    name: str
    title: str
    draw: Callable[[random.Random], tuple[str, Action]]
    fitted: bool = False  # present from switch-on, or not at all
    alarm_ms: int | None = None  # longest time to the alarm in a treatment; None: no alarm, or by the size
    gas_ms: int | None = None  # longest time that gas flows then
    processor: bool = False  # ticks come late: times that a tick must keep are not checked


# Longest times to the alarm, and to the end of the gas, where they do not depend on a fault's size. Gas ends a lease
# (20 ms) and a valve's closing (25 ms) after the tick that cuts.
_contact = partial(Fault, alarm_ms=20, gas_ms=65)  # a tick, and its lateness [E]
_let_go = partial(Fault, gas_ms=65)  # a contact that ends a treatment without an alarm
_reading = partial(Fault, alarm_ms=400, gas_ms=170)  # limit 12: the first bad one cuts, the third latches; 110 ms each
_slow_input = partial(Fault, alarm_ms=150, gas_ms=195)  # such inputs take turns, one in each tick


def _plain(action):
    return lambda rng: ("", action)


def _input(pin, level):
    return _plain(lambda plant: plant.set_input(pin, level))


def _stuck_input(pin, level):
    return _plain(lambda plant: plant.stick_input(pin, level))


def _chip(slot, fault):
    return _plain(lambda plant: setattr(plant.chips[slot], "fault", fault))


def _set(part, name, low, high, unit="", digits: int | None = 3):
    """A figure of a part of the plant (a dotted path, "" is the plant), drawn between low and high."""

    def draw(rng):
        value = round(rng.uniform(low, high), digits)

        def action(plant):
            target = plant
            for step in part.split(".") if part else ():
                target = getattr(target, step)
            setattr(target, name, value)

        return f"{value:g} {unit}".rstrip(), action

    return draw


def _valve(which, how):
    return _plain(lambda plant: setattr(getattr(plant, which), "stuck", how))


def _slow(which, edge):
    def draw(rng):
        us = rng.randrange(30_000, 200_000)
        return f"{us / 1000:.0f} ms", lambda plant: setattr(getattr(plant, which), f"{edge}_delay_us", us)

    return draw


def _half_detached(rng):
    gain = round(rng.uniform(0.0, 0.95), 2)
    return f"reads {gain} of the change", lambda plant: plant.probe.half_detach(gain)


def _reversed(rng):
    junction_c = round(rng.uniform(20.0, 35.0), 1)

    def action(plant):
        plant.chips[0].reversed = True
        plant.chips[0].cold_junction_c = junction_c

    return f"box at {junction_c} degC", action


def _welded(plant):
    plant.contact_welded = True
    plant.set_input(pins.TRIGGER, plant.levels[pins.TRIGGER])


def _silent_range(plant):
    plant.range_answers = False


def _frozen_range(plant):
    plant.range_frozen = True


def _analogue(channel, counts):
    return _plain(lambda plant: plant.analogue.__setitem__(channel, counts))


def _draught(rng):
    h, t_c = round(rng.uniform(30, 300)), round(rng.uniform(-30, 10))
    return f"{h} W/m2K at {t_c} degC", lambda plant: plant.skin.set_ambient(h, t_c)


def _contents(rng):
    g = round(rng.uniform(5, 400))
    return f"{g} g left", lambda plant: plant.bottle.set_contents(g)


def _hot(rng):
    t_c = round(rng.uniform(31.0, 50.0), 1)
    return f"{t_c} degC", lambda plant: setattr(plant.bottle, "temperature_c", t_c)


_ROWS = (
    _contact("shield-opened", "the eye shield is opened", _plain(lambda plant: plant.shield(False))),
    _contact("loop-a-open", "loop channel A opens", _input(pins.LOOP_A, 0)),
    _contact("loop-b-open", "loop channel B opens", _input(pins.LOOP_B, 1)),
    Fault("loop-a-stuck", "loop channel A is stuck as made", _stuck_input(pins.LOOP_A, 1)),
    Fault("loop-b-stuck", "loop channel B is stuck as made", _stuck_input(pins.LOOP_B, 0)),
    _contact("estop", "the emergency stop is pressed, or its wire breaks", _input(pins.ESTOP, 1)),
    _let_go("key-off", "the key is turned off", _input(pins.KEY, 1)),
    _let_go("trigger-lost", "the trigger's first contact opens", _stuck_input(pins.TRIGGER, 1)),
    Fault("trigger-stuck", "the trigger's first contact is stuck as pressed", _stuck_input(pins.TRIGGER, 0)),
    Fault("trigger-welded", "the trigger's second contact is welded", _plain(_welded)),
    *(
        _reading(f"probe-{name}", f"the skin probe's converter: {name}", _chip(0, name))
        for name in ("open", "short_gnd", "short_vcc", "dead_low", "dead_high")
    ),
    Fault("probe-stuck", "the skin probe's converter: stuck", _chip(0, "stuck")),
    Fault("nozzle-probe", "the nozzle probe's wire breaks", _chip(1, "open")),
    _reading(
        "bus-error",
        "the bus of both converters reports an error",
        _plain(lambda plant: setattr(plant, "spi_fail", True)),
    ),
    Fault("probe-reversed", "the skin probe's wires are swapped", _reversed),
    Fault("probe-off", "the probe falls off the skin", _plain(lambda plant: plant.probe.detach())),
    Fault("probe-half", "the probe hangs loose", _half_detached),
    Fault("probe-slow", "a blob of paste: the probe lags", _set("probe", "tau_s", 0.5, 3.0, "s")),
    Fault("probe-noisy", "the probe's contact is noisy", _set("probe", "noise_c", 0.2, 1.0, "degC")),
    Fault("infrared-lies", "the infrared sensor reads one figure", _set("thermopile", "lies_c", -20, 45, "degC")),
    Fault("infrared-aside", "the infrared sensor sees skin beside the spot", _set("thermopile", "stray", 0.3, 1.0)),
    Fault(
        "infrared-silent",
        "the infrared sensor falls silent",
        _plain(lambda plant: setattr(plant.thermopile, "answers", False)),
    ),
    Fault("dose-open", "the dose valve sticks open", _valve("dose", "open")),
    Fault("dose-shut", "the dose valve sticks shut", _valve("dose", "closed")),
    Fault("dose-slow", "the dose valve closes late", _slow("dose", "close")),
    Fault("dose-lazy", "the dose valve opens late", _slow("dose", "open")),
    Fault("dose-leaks", "the closed dose valve leaks", _set("", "dose_leak_s", 0.02, 5.0, "s")),
    Fault("shutoff-open", "the shut-off valve sticks open", _valve("shutoff", "open")),
    Fault("shutoff-shut", "the shut-off valve sticks shut", _valve("shutoff", "closed")),
    Fault("shutoff-slow", "the shut-off valve closes late", _slow("shutoff", "close")),
    Fault("shutoff-lazy", "the shut-off valve opens late", _slow("shutoff", "open")),
    Fault("shutoff-leaks", "the closed shut-off valve leaks", _set("", "shutoff_leak_s", 0.05, 5.0, "s")),
    Fault("one-shot", "the one-shot's counter stands still", _plain(lambda plant: plant.one_shot.halt(plant.now_us))),
    Fault("jet-strong", "the jet gets stronger: diffuser lost", _set("", "strength", 1.3, JUMP_MAX)),
    Fault("nozzle-wrong", "another nozzle, a stronger jet", _set("", "strength", 1.3, 6.0), fitted=True),
    Fault("jet-weak", "the jet is weaker: nozzle half blocked", _set("", "strength", 0.0, 0.8)),
    Fault("bottle-empty", "the bottle runs empty", _contents),
    Fault("bottle-hot", "the bottle is too warm", _hot),
    _slow_input("bottle-sensor", "the bottle's pressure sensor loses its supply", _analogue(0, 0)),
    Fault("line-sensor", "the line's pressure sensor loses its supply", _analogue(1, 0)),
    Fault("range-sensor", "the distance sensor loses its supply", _plain(_silent_range)),
    Fault("range-frozen", "the distance sensor repeats its last figure", _plain(_frozen_range)),
    Fault("range-wrong", "the distance sensor reads too far", _set("", "range_error_mm", 10, RANGE_MAX_MM, "mm")),
    Fault("range-near", "the distance sensor reads too near", _set("", "range_error_mm", -60, -10, "mm")),
    Fault("fog", "distance measurements are lost", _set("", "fog", 0.05, 1.0, "of them")),
    Fault("draught", "icy air meets the skin", _draught),
    Fault("room-gas", "gas escapes into the room", _set("room", "ppm", 4_000, 40_000, "ppm")),
    Fault(
        "room-silent", "the room's CO2 sensor falls silent", _plain(lambda plant: setattr(plant.room, "answers", False))
    ),
    Fault(
        "late-tick",
        "one tick of the control loop is late",
        _set("", "stall_us", 20_000, 480_000, "us", None),
        processor=True,
    ),
    Fault(
        "hang",
        "the processor hangs until the watchdog bites",
        _set("", "stall_us", 600_000, 2_000_000, "us", None),
        processor=True,
    ),
    Fault("jitter", "every tick is late", _set("", "jitter_us", 5_000, 40_000, "us", None), processor=True),
)

FAULTS = {row.name: row for row in _ROWS}
