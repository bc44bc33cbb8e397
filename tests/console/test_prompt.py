"""SERV:REPL over a whole boot of the virtual board: safe outputs, a reset, then neither application nor watchdog."""

import pytest

from boards.virtual import pins
from host_tools.twin import lanes
from host_tools.twin.people import Operator
from host_tools.twin.plant import Plant


@pytest.fixture(params=["cpython", "unix"])
def lane(request):
    return request.param


def test_the_next_start_ends_at_the_prompt_and_the_one_after_it_does_not(lane):
    seen = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 3_000_000)
        seen["none"] = yield from op.ask("SERV:PIN 4711")
        seen["unpressed"] = yield from op.ask("SERV:NEWP 4711")
        op.plant.set_input(pins.ESTOP, 1)
        yield 100_000
        seen["first"] = yield from op.ask("SERV:NEWP 4711")
        op.plant.set_input(pins.ESTOP, 0)
        yield 100_000
        yield from op.ask("FAULT:ACK")
        seen["pin"] = yield from op.ask("SERV:PIN 4711")
        seen["repl"] = yield from op.ask("SERV:REPL")
        yield lambda: op.plant.record.resets
        yield 2_000_000  # the prompt says nothing: the run ends when no watchdog came for a second

    plant = Plant()
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane) == ""
    assert not plant.operator.done  # nothing was exchanged any more
    assert seen["none"].startswith("ERROR 304 ")
    assert seen["unpressed"].startswith("ERROR 303 ")
    assert seen["first"] == "OK"
    assert seen["pin"] == "SERVICE"
    assert seen["repl"] == "OK restarting to the prompt"
    assert [why for _, why in plant.record.resets] == ["machine.reset"]
    assert {pins.NAMES[n] for n in pins.SAFE_LOW if plant.pin_levels >> n & 1} == set()
    assert plant.record.bursts == [] and plant.record.valve_on_us == 0


def test_the_flag_counts_once_and_the_record_stays_sound():
    from cryo.core.resets import ENDED_ASKED, Resets, prompt_asked

    class Scratch:
        def __init__(self):
            self.words = [0, 0, 0, 0]

        def cold(self):
            return False

        def read(self, n):
            return self.words[n]

        def write(self, n, word):
            self.words[n] = word

    scratch = Scratch()
    assert not prompt_asked(scratch)
    Resets(scratch).deliberate(True)
    assert prompt_asked(scratch)
    assert not prompt_asked(scratch)
    after = Resets(scratch)
    assert after.ended == ENDED_ASKED and after.count == 1  # the first start found no record
    after.deliberate()
    assert not prompt_asked(scratch)


def test_after_power_on_the_flag_means_nothing():
    from cryo.core.resets import prompt_asked

    class Cold:
        def cold(self):
            return True

    assert not prompt_asked(Cold())
