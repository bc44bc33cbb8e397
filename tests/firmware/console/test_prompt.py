"""SERV:REPL over a whole boot of the virtual board: safe outputs, a reset, then neither application nor watchdog."""

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import Plant


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
        yield 2_000_000  # the prompt is silent: the run ends when no watchdog comes for a second

    plant = Plant()
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane) == ""
    assert not plant.operator.done  # there was no further exchange
    assert seen["none"].startswith("ERROR 304 ")
    assert seen["unpressed"].startswith("ERROR 303 ")
    assert seen["first"] == "OK"
    assert seen["pin"] == "SERVICE"
    assert seen["repl"] == "OK restarting to the prompt"
    assert [why for _, why in plant.record.resets] == ["machine.reset"]
    assert {pins.NAMES[n] for n in pins.SAFE_LOW if plant.pin_levels >> n & 1} == set()
    assert plant.record.bursts == [] and plant.record.valve_on_us == 0
