"""Each check and background task is stopped in a burst: gas ends, the chip resets, the boot is safe."""

import re

import pytest

from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, arm

WATCHDOG_US = 500_000
TICK_US = 10_000
TASKS_LATE_MAX = 12  # ticks
PRESSED = "hal.received[hal.IN_PINS] & 1 << 9 == 0"  # the proof test of the valves opens one with the trigger released
STOP = f"import hal\nif hal.burst_result == -1 and {PRESSED}:\n    return"
CHECKS = (
    ("cryo/core/trigger.py", "Trigger.update"),
    ("cryo/core/eye_guard.py", "EyeGuard.update"),
    ("cryo/core/second_channel.py", "SecondChannel.update"),
    ("cryo/core/overcool.py", "Overcool.update"),
    ("cryo/core/supervisor.py", "Supervisor._observe"),
    ("cryo/core/causes.py", "standing"),
    ("cryo/core/valves.py", "Valves.watch"),
    ("cryo/core/faults.py", "Faults.update"),
    ("cryo/core/blockers.py", "standing"),
)
TASKS = (("cryo/panel.py", "Panel.poll"), ("cryo/console/line.py", "Console.poll"))
ASKS = (
    "steps = self._looked * FACTOR + (trigger.update(dt_us, i.trigger) or 0) & STEP_MASK",
    "steps = steps * FACTOR + (eye.update(dt_us, i) or 0) & STEP_MASK",
)
TURNS = "self._turn = turn - 1 if turn else self._last"


@pytest.fixture(params=["cpython", "unix"])
def lane(request):
    return request.param


def changed(firmware, file, pattern, by):
    """Replace a text that a file has once."""
    path = firmware / file
    text, count = re.subn(pattern, by, path.read_text())
    assert count == 1
    path.write_text(text)


def treat(firmware, lane):
    """Hold the trigger until the chip resets, or for four seconds of a pass; return the plant and the last answers."""
    changed(firmware, "cryo/limits.py", r"(?m)^SAME_POINT_S = const\(300\)", "SAME_POINT_S = const(3)")
    plant = Plant()
    seen = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        yield from arm(op, Plan(level=4))
        plant.trigger(True)
        give_up_us = plant.now_us + 6_000_000
        yield lambda: plant.record.resets or plant.now_us > give_up_us
        plant.trigger(False)
        yield 2_000_000
        seen.update(fields((yield from op.ask("STAT?"))))

    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    return plant, seen


def assert_ended(plant, seen, late_us):
    """Check: one burst, closed within late_us of its command; a reset in the watchdog's time; a safe boot."""
    record = plant.record
    (burst,) = record.bursts
    coil, lease = (
        [(at, level) for at, name, level in record.edges if name == which and at >= burst.time_us]
        for which in ("dose", "lease")
    )
    assert [level for _, level in coil] == [1, 0]
    assert coil[1][0] - burst.time_us <= late_us
    assert lease[-1][1] == 0 and lease[-1][0] - burst.time_us <= late_us
    ((reset_us, why),) = record.resets
    assert why == "watchdog"
    assert WATCHDOG_US - 2 * TICK_US <= reset_us - burst.time_us <= WATCHDOG_US + late_us
    assert not plant.flowing()
    assert seen["STATE"] == "STANDBY" and seen["POINT"] == "0"


def test_a_sound_firmware_delivers_and_is_not_reset(lane, firmware):
    plant, seen = treat(firmware, lane)
    assert plant.record.resets == []
    assert len(plant.record.bursts) > 3
    assert seen["FAULT"] == "NONE"


@pytest.mark.parametrize("place", CHECKS, ids=lambda place: place[0].rpartition("/")[2] + " " + place[1])
def test_a_check_that_stops_in_a_burst_ends_it_in_that_tick_and_the_chip_resets(lane, planted, place):
    plant, seen = treat(planted(*place, STOP), lane)
    assert_ended(plant, seen, 2 * TICK_US)


def test_two_checks_in_the_wrong_order_are_seen(lane, firmware):
    first, second = (re.escape(line) for line in ASKS)
    swapped = f"if hal.burst_result == -1 and {PRESSED}:\n            "
    swapped += "steps = self._looked * FACTOR + (eye.update(dt_us, i) or 0) & STEP_MASK\n            "
    swapped += "steps = steps * FACTOR + (trigger.update(dt_us, i.trigger) or 0) & STEP_MASK\n        else:\n"
    swapped += "            " + ASKS[0] + "\n            " + ASKS[1]
    changed(firmware, "cryo/core/supervisor.py", first + r"\n        " + second, swapped)
    changed(firmware, "cryo/core/supervisor.py", r"(?m)^from micropython import const$", r"import hal\n\g<0>")
    plant, seen = treat(firmware, lane)
    assert_ended(plant, seen, 2 * TICK_US)


@pytest.mark.parametrize("place", TASKS, ids=lambda place: place[1])
def test_a_background_task_that_stops_in_a_burst_ends_it_and_the_chip_resets(lane, planted, place):
    plant, seen = treat(planted(*place, STOP.replace("== -1", "!= -2")), lane)
    assert_ended(plant, seen, (TASKS_LATE_MAX + 3) * TICK_US)


def test_a_rotation_of_slow_inputs_that_sticks_ends_the_burst_and_the_chip_resets(lane, firmware):
    stuck = TURNS.replace("= turn - 1", "= turn if i.burst != -2 and i.trigger else turn - 1")
    changed(firmware, "cryo/app.py", re.escape(TURNS), stuck)
    plant, seen = treat(firmware, lane)
    assert_ended(plant, seen, (TASKS_LATE_MAX + 6) * TICK_US)
