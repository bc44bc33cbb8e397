"""boot.py makes every output safe before anything else. Whatever ends the application, a safe boot follows."""

import re
import runpy
import sys
from unittest import mock

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.hardware import LEASE_CLIP_US
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant

BOOT = lanes.ROOT / "firmware" / "boot.py"
SAFE_LOW_NAMES = {pins.NAMES[pin] for pin in pins.SAFE_LOW}
BOOT_MAX_US = 1_000  # from the chip's start to the last output low
WATCHDOG_US = 500_000
TICK_US = 10_000


@pytest.fixture(params=["cpython", "unix"])
def lane(request):
    return request.param


def test_the_first_act_drives_every_safe_low_pin_low():
    machine = mock.MagicMock()
    with mock.patch.dict(sys.modules, {"machine": machine, "pins": pins}):
        runpy.run_path(str(BOOT))
    assert machine.mock_calls == [mock.call.Pin(pin, machine.Pin.OUT, value=0) for pin in pins.SAFE_LOW]


def test_every_output_that_could_mean_gas_is_safe_low():
    assert {pins.DOSE, pins.LEASE} <= set(pins.SAFE_LOW)


LEAVES_PINS_HIGH = """
import machine
import pins
import time
from valves import Lease, Valve

time.sleep_ms(1)  # what boot.py drove reaches the pins
valve = Valve()
valve.rearm()
valve.fire(400_000)
Lease().renew()
for number in pins.SAFE_LOW:
    if number not in (pins.DOSE, pins.LOOP_TEST):  # the one is the one-shot's, the other would open the loop
        machine.Pin(number, machine.Pin.OUT, value=1)
time.sleep_ms(15)
machine.soft_reset()
"""


class Snapshots:
    """Takes the operator's place: notes at every exchange which outputs are high; ends the run at the second reset."""

    def __init__(self, plant):
        self._plant = plant
        self.high = []  # sets of names, since the first reset
        self.at_us = []

    def step(self):
        p = self._plant
        if p.record.resets:
            levels = p.pin_levels | p.one_shot.pin << pins.DOSE
            self.high.append({pins.NAMES[pin] for pin in pins.SAFE_LOW if levels >> pin & 1})
            self.at_us.append(p.now_us)
        p.power_off = len(p.record.resets) == 2


def test_pins_left_high_by_a_soft_reset_go_low(lane, firmware):
    (firmware / "main.py").write_text(LEAVES_PINS_HIGH)
    plant = Plant()
    plant.operator = seen = Snapshots(plant)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    assert [why for _, why in plant.record.resets] == ["soft_reset", "soft_reset"]
    # the reset itself, the interpreter's start, and after boot.py and 1 ms
    left = SAFE_LOW_NAMES - {"loop_test"}
    assert seen.high[:3] == [left, left, set()]
    assert seen.at_us[2] - seen.at_us[0] <= 1_000 + BOOT_MAX_US
    reset_us = plant.record.resets[0][0]
    for name in left - {"lease"}:  # the lease runs out by itself
        later = [(time_us, level) for time_us, edge, level in plant.record.edges if edge == name and time_us > reset_us]
        assert later[0][1] == 0
        assert later[0][0] - reset_us <= BOOT_MAX_US
    assert plant.record.valve_on_us <= LEASE_CLIP_US + plant.shutoff.close_delay_us


LEAVES_A_TEST_PULSE = """
import machine
import pins
import time

time.sleep_ms(1)  # what boot.py drove reaches the pins
machine.Pin(pins.LOOP_TEST, machine.Pin.OUT, value=1)
time.sleep_ms(15)
machine.soft_reset()
"""


def test_a_test_pulse_of_the_loop_that_a_soft_reset_cut_short_is_an_open_loop_until_boot_ends_it(lane, firmware):
    (firmware / "main.py").write_text(LEAVES_A_TEST_PULSE)
    plant = Plant()
    loop = []

    class Watch(Snapshots):
        def step(self):
            super().step()
            if plant.record.resets:
                loop.append((plant.loop_level(pins.LOOP_A), plant.loop_level(pins.LOOP_B)))

    plant.operator = seen = Watch(plant)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    assert loop[:3] == [(0, 1), (0, 1), (1, 0)]
    assert seen.at_us[2] - seen.at_us[0] <= 1_000 + BOOT_MAX_US


RAISES_IN_A_BURST = """
if self.burst.open:
    raise ValueError("planted")
"""


def treat_until_reset(held, seen):
    """An operator who holds the trigger, sees the chip reset, and asks it what it is."""

    def script(op):
        plant = op.plant
        yield from op.wait_for(("STANDBY",), 5_000_000)
        yield 4_000_000  # the shortened cool-down after switch-on
        attest = "ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND"
        for command in ("PRES CHRONIC", "LEV 3", "SITE LFOOT-SOLE", "POIN 1", attest):
            assert (yield from op.ask("TREAT:" + command)) == "OK"
        answer = yield from op.ask("ARM:REQ")
        assert (yield from op.ask("ARM:CONF " + answer.split()[1].rstrip(";"))) == "ARMED"
        yield 3_000_000  # light and tone, then the valves' proof test
        plant.trigger(True)
        give_up_us = plant.now_us + 5_000_000
        yield lambda: plant.record.resets or plant.now_us > give_up_us
        if not held:
            plant.trigger(False)
        yield 2_000_000
        seen.update(fields((yield from op.ask("STAT?"))))

    return script


@pytest.mark.parametrize("held", [False, True])
def test_an_application_that_raises_ends_in_a_watchdog_reset_and_a_safe_boot(lane, planted, held):
    firmware = planted("cryo/core/supervisor.py", "Supervisor.tick", RAISES_IN_A_BURST)
    limits = firmware / "cryo/limits.py"
    text, count = re.subn(r"(?m)^SAME_POINT_S = const\(300\)", "SAME_POINT_S = const(3)", limits.read_text())
    assert count == 1
    limits.write_text(text)
    seen = {}
    plant = Plant()
    plant.operator = Operator(plant, treat_until_reset(held, seen))
    messages = lanes.run(plant, lane, firmware=firmware)
    assert messages.count("ValueError: planted") == 1

    record = plant.record
    (burst,) = record.bursts
    assert burst.commanded_us > 3 * TICK_US
    assert len(record.vents) == 1
    *_, fired, closed = ((time_us, level) for time_us, name, level in record.edges if name == "dose")
    assert (fired[1], closed[1]) == (1, 0)
    assert closed[0] - fired[0] < 2 * TICK_US  # cut by the exception, not by the one-shot
    ((reset_us, why),) = record.resets
    assert why == "watchdog"
    assert WATCHDOG_US - 2 * TICK_US <= reset_us - closed[0] <= WATCHDOG_US
    for name in SAFE_LOW_NAMES - ({"alarm", "buzzer", "loop_test"} if held else {"alarm", "loop_test"}):
        assert not [1 for time_us, edge, level in record.edges if edge == name and level and time_us >= reset_us]
    assert seen["STATE"] == ("FAULT" if held else "STANDBY")
    assert seen["FAULT"] == ("TRIGGER_BOOT" if held else "NONE")
    assert seen["POINT"] == "0"  # nothing is chosen any more
