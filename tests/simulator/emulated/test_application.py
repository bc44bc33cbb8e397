"""The whole application on the emulated RP2040, with the twin's plant behind its pins: the device as it ships.

One device is booted, armed and brought into its second burst; every test continues from there with a copy. The
chip's clocks are exact, memory and bus waits are not modelled: latencies are lower bounds.
"""

import itertools

import pytest

from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, confirm, indicated
from tests.lanes import summary

DOSE, LEASE = 2, 3  # the Pico's pin map
UP_S = 310  # a point may be treated 300 s after switch-on
IN_BURST_US = 30_000  # both valves of the plant are open by then
PROBE_BURST_US = 60_000  # limit 7: the first burst at a point
PIO_CUT_US = 3  # 1.5 us, in the plant's whole microseconds
MONOSTABLE_SHORTEST_US = 65
LEASE_PERIOD_US = 38
LEASE_MAX_US = 20_000
RELEASE_MAX_US = 20_000  # limit 16: trigger to pin
CONVERSION_MAX_US = 110_000
TICK_US = 10_000


def into_second_burst(op):
    """Wait, armed, for light, tone and proof test; hold the trigger; stop in the second burst."""
    yield from indicated(op)
    op.plant.trigger(True)
    yield lambda: len(op.plant.record.bursts) == 2
    yield op.plant.record.bursts[1].time_us + IN_BURST_US - op.plant.now_us


def break_coil(device):
    """Break the dose coil's wire before the proof test."""
    device.change(lambda plant: setattr(plant, "coil_open", True))
    device.run(3_800_000)
    return seen(device) | {"status": device.state(), "vents": device.plant.record.vents}


def finish(op):
    """Release the trigger after the second burst, and ask for the result."""
    yield lambda: not op.plant.one_shot.pin
    yield 5_000
    op.plant.trigger(False)
    yield 60_000
    op.result = fields((yield from op.ask("TREAT:RES?")))


@pytest.fixture(scope="module")
def armed(uf2):
    """A device that was armed just now. A test must use a copy of it, or be the last one."""
    from host_tools.simulator.emulator.applicator import EmulatedApplicator, application

    device = EmulatedApplicator(uf2, application(up_s=UP_S))
    device.until_state("STANDBY")
    device.interpreter = device.ask("SYST:INT?")
    device.tested = device.ask("TEST?")
    device.operate(lambda op: confirm(op, Plan()), 6_000_000)
    return device


@pytest.mark.long
def test_a_broken_dose_coil_is_named_by_the_proof_test(armed):
    run = armed.branch(break_coil)
    assert len(run["vents"]) == 1
    assert run["bursts"] == []
    assert run["status"]["FAULT"] == "DOSE_COIL"
    alarm_us = next(at for at, name, level in run["edges"] if name == "alarm" and level)
    assert alarm_us - run["vents"][0][0] <= 1_300_000


@pytest.fixture(scope="module")
def device(armed):
    """The device in its second burst, trigger held. It never runs on; only its copies do."""
    device = armed
    device.operate(into_second_burst, 8_000_000)
    return device


@pytest.fixture
def copy(device, request):
    """Runs function(device) on a copy of the device and returns its result."""
    request.node.user_properties.append((summary.INTERPRETER, device.interpreter + ", emulated"))
    return device.branch


@pytest.fixture(scope="module")
def finished(device):
    """Return the run of a treatment without a disturbance."""

    def run(device):
        operator = device.operate(finish, 1_000_000)
        return seen(device) | {"result": operator.result}

    return device.branch(run)


def seen(device):
    """Return the results of a run for the tests; the device itself stays in its process."""
    plant = device.plant
    return {
        "bursts": [(b.time_us, b.commanded_us, b.delivered_us) for b in plant.record.bursts],
        "edges": plant.record.edges,
        "chip": {n: [(ns / 1000, level) for ns, pin, level in device.board.edges if pin == n] for n in (DOSE, LEASE)},
        "skin_c": (plant.record.samples[0][1], plant.record.skin_min_c),
        "resets": device.board.resets,
        "now_us": plant.now_us,
    }


def after(event, us):
    """Return a run: the event changes the plant or its wires, time passes, then the device says its state."""

    def run(device):
        start_us = int(device.board.us)
        event(device)
        device.run(us)
        said = device.state()
        return seen(device) | {"start_us": start_us, "status": said, "flowing": device.plant.flowing()}

    return run


def fell_us(run, name):
    """Return when this coil of the plant was released after the event."""
    return next(at for at, edge, level in run["edges"] if edge == name and not level and at >= run["start_us"])


def assert_closed(run):
    """Check: nothing opened again, and no reset of the chip was needed."""
    assert not run["flowing"]
    assert run["resets"] == []
    assert not [edge for edge in run["edges"] if edge[1] == "dose" and edge[2] and edge[0] > run["start_us"]]


def test_it_boots_to_stand_by_with_both_valves_shut(device):
    lamp_us = next(at for at, name, level in device.plant.record.edges if name == "led" and level)
    for pin in (DOSE, LEASE):
        early = [level for ns, number, level in device.board.edges if number == pin and ns / 1000 < lamp_us]
        assert 1 not in early
    assert device.board.resets == []
    assert device.interpreter.startswith("micropython")
    assert device.tested == "PASSED"


def test_the_proof_test_opens_the_dose_valve_alone_once_for_60_ms(device):
    ((vent_us, us),) = device.plant.record.vents
    assert abs(us - PROBE_BURST_US) <= 60
    edges = device.plant.record.edges
    lamp_us = next(at for at, name, level in edges if name == "led" and level)
    assert 1_999_000 <= vent_us - lamp_us <= 2_100_000  # limit 15
    pressed_us = device.plant.record.bursts[0].time_us
    assert not [1 for at, name, level in edges if name in ("lease", "flow") and level and at < pressed_us - 1_000]


def test_a_treatment_gives_its_bursts_and_the_skin_cools(finished):
    (_, first_us, _), (_, second_us, _) = finished["bursts"]
    assert abs(first_us - PROBE_BURST_US) <= 60  # the emulator's PIO is exact to 0.1 %
    assert second_us > 2 * first_us
    before_c, coldest_c = finished["skin_c"]
    assert before_c - coldest_c > 5.0
    assert coldest_c > 8.0  # the level's floor
    assert finished["result"]["BURSTS"] == "2"
    assert abs(int(finished["result"]["VALVE_ON_US"]) - first_us - second_us) <= 600


def test_gas_flows_only_with_the_dose_pin_high_and_edges_on_the_lease(finished):
    closing_us = 20_000  # of the plant's valves
    flows = [(at, level) for at, name, level in finished["edges"] if name == "flow"]
    assert [level for _, level in flows] == [1, 0, 1, 0]
    rises = [at for at, level in finished["chip"][LEASE] if level == 1]
    dose = [(at, level) for at, level in finished["chip"][DOSE] if at > rises[0] - 1_000]
    for (on_us, _), (off_us, _) in zip(flows[::2], flows[1::2], strict=True):
        up_us = max(at for at, level in dose if level == 1 and at <= on_us)
        down_us = min(at for at, level in dose if level == 0 and at > on_us)
        assert off_us <= down_us + closing_us + 1
        within = [at for at in rises if up_us - 1_000 <= at <= down_us]
        gaps = [b - a for a, b in itertools.pairwise(within)]
        assert max(gaps) < MONOSTABLE_SHORTEST_US * 2 / 3
        assert within[-1] >= down_us - MONOSTABLE_SHORTEST_US * 2 / 3


def test_the_virtual_board_gives_the_same_bursts(finished):
    from host_tools.simulator.emulator.applicator import SETTINGS

    plant = Plant()

    def script(op):
        yield lambda: op.plant.applicator is not None
        op.plant.applicator.supervisor.session.uptime_s += UP_S
        yield from confirm(op, Plan())
        yield from into_second_burst(op)
        yield from finish(op)

    plant.operator = Operator(plant, script)
    assert lanes.run(plant, "cpython", SETTINGS) == ""
    twin = [(b.time_us, b.commanded_us, b.delivered_us) for b in plant.record.bursts]
    chip = finished["bursts"]
    assert len(twin) == len(chip) == 2
    for (_, asked_us, flowed_us), (_, pin_us, chip_flowed_us) in zip(twin, chip, strict=True):
        assert abs(asked_us - pin_us) <= 0.001 * asked_us
        assert abs(flowed_us - chip_flowed_us) <= 0.002 * flowed_us + TICK_US / 100
    # Both wait for a settled sample, and their converters are a conversion apart. The virtual board's MAX31855 has no
    # data-ready: near rest its frame repeats, which counts as none, so it may wait longer, never shorter.
    longer_us = (twin[1][0] - twin[0][0]) - (chip[1][0] - chip[0][0])
    assert -CONVERSION_MAX_US <= longer_us <= 5 * CONVERSION_MAX_US
    assert abs(plant.record.skin_min_c - finished["skin_c"][1]) <= 0.1


def test_an_opened_eye_shield_ends_burst_and_lease_at_once_and_latches(copy):
    run = copy(after(lambda d: d.change(lambda plant: plant.shield(False)), 50_000))
    assert fell_us(run, "dose") - run["start_us"] <= PIO_CUT_US
    assert fell_us(run, "lease") - run["start_us"] <= PIO_CUT_US
    assert max(at for at, level in run["chip"][LEASE] if level == 1) - run["start_us"] <= PIO_CUT_US
    assert run["status"]["STATE"] == "FAULT"
    assert "LOOP" in run["status"]["FAULT"]
    assert_closed(run)


def test_a_broken_thermocouple_closes_within_a_conversion_without_the_firmware(copy):
    def unplug(device):
        device.plant.chips[0].fault = "open"

    run = copy(after(unplug, CONVERSION_MAX_US + 2 * TICK_US))
    shut_us, dose_us = fell_us(run, "lease"), fell_us(run, "dose")
    assert shut_us - run["start_us"] <= CONVERSION_MAX_US
    last_edge_us = max(at for at, level in run["chip"][LEASE] if level == 1 and at <= shut_us + PIO_CUT_US)
    assert shut_us - last_edge_us <= LEASE_PERIOD_US + 1  # the monostable's reset, not its time
    assert dose_us - shut_us <= LEASE_MAX_US
    assert_closed(run)


def test_a_released_trigger_breaks_the_shut_off_at_once_and_the_dose_in_time(copy):
    run = copy(after(lambda d: d.change(lambda plant: plant.trigger(False)), 50_000))
    assert fell_us(run, "lease") == run["start_us"]
    assert fell_us(run, "dose") - run["start_us"] <= RELEASE_MAX_US
    assert_closed(run)


def test_a_sensor_bus_held_low_closes_and_hangs_nothing(copy):
    def hang(device):
        device.sensors.stuck = True

    run = copy(after(hang, 60_000))
    assert fell_us(run, "dose") - run["start_us"] <= 3 * TICK_US
    assert_closed(run)


# --- a part of the chip itself fails ----------------------------------------------------------------------------------
PIO0, PIO1 = 0x5020_0000, 0x5030_0000
PIO_CTRL, PIO_MEMORY = 0x000, 0x048
SET_HIGH = 0xE001  # set(pins, 1)
GAS_MAX_US = 20_000  # after a burst's planned end


def stop_block(device, block):
    """Stop all its state machines."""
    device.board.mcu.write_uint32(block + PIO_CTRL, 0)


def overwrite_block(device, block):
    """Let every word of its memory set the program's pin."""
    for n in range(32):
        device.board.mcu.write_uint32(block + PIO_MEMORY + 4 * n, SET_HIGH)


def take_dose_pin(device, _):
    """Connect the dose pin to the plain output, which is high."""
    mcu = device.board.mcu
    mcu.write_uint32(0xD000_0014, 1 << DOSE)
    mcu.write_uint32(0xD000_0024, 1 << DOSE)
    mcu.write_uint32(0x4001_4000 + 8 * DOSE + 4, 5)


def driven_until_us(run):
    """Return when both coils were driven for the last time."""
    on = {"dose": False, "lease": False}
    until = 0
    for at, name, level in sorted(edge for edge in run["edges"] if edge[1] in on):
        if all(on.values()):
            until = at
        on[name] = bool(level)
    return run["now_us"] if all(on.values()) else until


@pytest.mark.parametrize(
    ("fail", "block"),
    [
        (stop_block, PIO0),
        (stop_block, PIO1),
        (take_dose_pin, PIO0),
        pytest.param(overwrite_block, PIO0, marks=pytest.mark.long),
        pytest.param(overwrite_block, PIO1, marks=pytest.mark.long),
    ],
)
def test_whatever_one_part_of_the_chip_does_gas_ends_with_the_burst(copy, finished, fail, block):
    start_us, burst_us, _ = finished["bursts"][1]
    run = copy(after(lambda device: fail(device, block), burst_us - IN_BURST_US + 50_000))
    assert run["bursts"][1][0] == start_us  # the same burst, undisturbed until then
    assert driven_until_us(run) <= start_us + burst_us + GAS_MAX_US
    assert run["chip"][DOSE][-1][1] == 0  # and the pin is low
    assert run["status"]["STATE"] == "FAULT" or block == PIO1
    if block == PIO0:
        assert run["status"]["FAULT"] == "VALVE_PORT"
    assert not run["flowing"] and run["resets"] == []


def slow_clock(device):
    """Set the processor's clock to 48 MHz: the valves' programs and SysTick count it, the timer does not."""
    for block in (PIO0, PIO1):
        for n in range(4):
            device.board.mcu.write_uint32(block + 0x0C8 + 0x18 * n, 65 << 16)  # 25 is 5 MHz at 125
    device.board.mcu.ppb.systick_timer.frequency = 48_000_000


def test_a_clock_at_48_mhz_ends_the_burst_in_its_time_and_is_named(copy, finished):
    start_us, burst_us, _ = finished["bursts"][1]

    def run(device):
        slow_clock(device)
        device.run(burst_us - IN_BURST_US + 50_000)
        return seen(device) | {"test": device.ask("TEST?"), "status": device.state()}

    ended = copy(run)
    assert driven_until_us(ended) <= start_us + burst_us + GAS_MAX_US
    assert ended["status"]["STATE"] == "FAULT" and ended["status"]["FAULT"] in ("SELF_TEST", "VALVE_PORT")
    assert ended["test"].startswith("FAILED CLOCK")
