"""Restarts of the whole application: what the next boot says about the last run, and a device that keeps crashing."""

import pytest

from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant

# the device lives for a while, then a check is left out
DIES = "if self.session.uptime_s >= {}:\n    return"
OBSERVE = ("cryo/core/supervisor.py", "Supervisor._observe")


@pytest.fixture(params=["cpython", "unix"])
def lane(request):
    return request.param


def run(lane, firmware, script):
    plant = Plant()
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    return plant


def told(answer):
    """Return the fields of SYST:CRAS?; a single word is the field ENDED."""
    return {"ENDED": answer.split(";")[0]} | fields(answer)


def test_after_switching_on_there_is_nothing_to_tell(lane):
    seen = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        seen["crash"] = yield from op.ask("SYST:CRAS?")

    plant = run(lane, None, script)
    assert seen["crash"] == "NONE;RESTARTS=0"
    assert plant.record.resets == []


def test_a_crash_is_told_by_the_next_boot_and_the_third_one_keeps_it_safe(lane, planted):
    crashes, states, faults = [], [], []

    def script(op):
        for number in range(4):
            yield lambda n=number: len(op.plant.record.resets) == n
            yield 1_500_000
            crashes.append(told((yield from op.ask("SYSTEM:CRASH?"))))
            states.append(fields((yield from op.ask("STAT?"))))
            faults.append((yield from op.ask("FAULT?")))
        assert (yield from op.ask("FAULT:ACK")).startswith("REFUSED")
        assert (yield from op.ask("ARM:REQ")).startswith("REFUSED FAULT")
        assert "ERROR" in (yield from op.ask("SYST:REST"))  # cannot be restarted away

    plant = run(lane, planted(*OBSERVE, DIES.format(4)), script)
    assert [why for _, why in plant.record.resets] == ["watchdog"] * 3
    assert [c["RESTARTS"] for c in crashes] == ["0", "1", "2", "3"]
    for crash in crashes[1:3]:
        assert (crash["MODE"], crash["FAULT"]) == ("FAULT", "PROGRAM_FLOW")
        assert int(crash["UPTIME_S"]) == 4
    assert [s["STATE"] for s in states] == ["STANDBY", "STANDBY", "STANDBY", "FAULT"]
    assert faults[3].split(";")[0].endswith("RESET_LOOP")
    assert "switch off" in faults[3]
    assert plant.record.bursts == []


def test_two_crashes_and_eleven_good_minutes_are_no_loop(lane, planted):
    seen = {}

    def script(op):
        yield lambda: len(op.plant.record.resets) == 2
        yield 1_500_000
        seen["two"] = fields((yield from op.ask("STAT?")))
        yield lambda: len(op.plant.record.resets) == 3
        yield 1_500_000
        seen["three"] = fields((yield from op.ask("STAT?")))

    stays = "import hal\nif self.session.uptime_s >= (2 if hal.scratch[0] >> 11 & 255 < 2 else 602):\n    return"
    plant = run(lane, planted(*OBSERVE, stays), script)
    assert len(plant.record.resets) == 3
    assert seen["two"]["STATE"] == seen["three"]["STATE"] == "STANDBY"


def test_a_restart_that_was_asked_for_does_not_count(lane):
    crashes = []

    def script(op):
        for number in range(5):
            yield lambda n=number: len(op.plant.record.resets) == n
            yield from op.wait_for(("STANDBY",), 3_000_000)
            crashes.append((yield from op.ask("SYST:CRAS?")))
            op.plant.console_in += b"SYST:REST\n"
        yield lambda: len(op.plant.record.resets) == 5

    plant = run(lane, None, script)
    assert [why for _, why in plant.record.resets] == ["machine.reset"] * 5
    assert crashes == ["NONE;RESTARTS=0"] * 5
    assert plant.record.bursts == []


def test_a_damaged_record_is_one_restart(lane):
    seen = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 3_000_000)
        op.plant.console_in += b"SYST:REST\n"
        yield lambda: op.plant.record.resets
        op.plant.scratch[2] ^= 1 << 7
        yield from op.wait_for(("STANDBY",), 3_000_000)
        seen["crash"] = yield from op.ask("SYST:CRAS?")

    run(lane, None, script)
    assert seen["crash"] == "UNREADABLE;RESTARTS=1"


def test_an_application_that_raises_is_counted_and_tells_its_mode(lane, planted):
    seen = {}

    def script(op):
        yield lambda: op.plant.record.resets
        yield 1_000_000
        seen.update(told((yield from op.ask("SYST:CRAS?"))))

    raises = "if self.session.uptime_s == 3:\n    raise ValueError('planted')"
    plant = Plant()
    plant.operator = Operator(plant, script)
    messages = lanes.run(plant, lane, firmware=planted(*OBSERVE, raises))
    assert messages.count("ValueError: planted") == 1
    assert (seen["MODE"], seen["FAULT"], seen["RESTARTS"]) == ("STANDBY", "NONE", "1")
    assert int(seen["UPTIME_S"]) in (2, 3)
