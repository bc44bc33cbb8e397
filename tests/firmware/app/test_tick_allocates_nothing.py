"""The tick allocates nothing: whole treatments in both real MicroPythons. A planted allocation is found."""

import importlib

import pytest

from host_tools.simulator.twin import lanes, session
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import START_BEFORE_WRAP_US, Plant
from host_tools.simulator.twin.treatment import Plan
from tests.lanes import WASM_PACKAGE, LaneMissing, find_node, summary
from tests.support.i31 import I31

ALLOCATION = "planted = [0, 1]"
OVERFLOW = "planted = 33_000 + (now_us & 1)\nplanted * 33_000"
TICK = ("cryo/core/supervisor.py", "Supervisor.tick")
PLACES = (TICK, ("cryo/drivers/max31855.py", "Max31855.poll"), ("cryo/app.py", "Applicator._act"))


@pytest.fixture(params=["unix", "wasm"])
def lane(request):
    if request.param == "wasm":
        try:
            find_node()
        except LaneMissing as missing:
            pytest.skip(str(missing))
        if not WASM_PACKAGE.exists():
            pytest.skip("the WebAssembly MicroPython is not installed: run `make setup`")
    return request.param


def test_a_whole_treatment_with_the_heap_locked_in_each_tick(lane, record_property):
    run = session.run("treatment", lane, plan=Plan(points=(1,)))
    record_property(summary.LANE, lane)
    record_property(summary.INTERPRETER, run.interpreter)
    assert "micropython" in run.interpreter.lower()
    assert run.messages == ""
    assert run.plant.record.resets == []
    assert run.final["STATE"] == "COMPLETE"
    assert run.final["FAULT"] == "NONE"
    assert len(run.plant.record.bursts) == int(run.results[0]["BURSTS"]) > 10
    assert run.plant.now_us > START_BEFORE_WRAP_US  # the counters wrapped on the way


def booted(lane, firmware):
    """Boot, let a second and a half pass, ask for the state; return plant, state and the interpreter's messages."""
    seen = []

    def script(op):
        yield 1_500_000
        seen.append((yield from op.ask("STAT?")))

    plant = Plant()
    plant.operator = Operator(plant, script)
    messages = lanes.run(plant, lane, firmware=firmware)
    return plant, seen[0], messages


def test_a_sound_firmware_boots_without_a_message(lane, planted):
    plant, state, messages = booted(lane, planted(*TICK, "pass"))
    assert messages == ""
    assert state.startswith("STATE=STANDBY")
    assert plant.record.resets == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[1])
def test_a_planted_allocation_is_seen(lane, planted, place):
    plant, state, messages = booted(lane, planted(*place, ALLOCATION))
    assert "MemoryError" in messages  # raised under the lock it may have neither text nor traceback
    assert state == ""
    assert {why for _, why in plant.record.resets} == {"watchdog"}
    assert plant.record.bursts == []
    assert plant.record.valve_on_us == 0


def test_a_planted_overflow_is_seen_where_integers_have_31_bits(lane, planted):
    plant, state, messages = booted(lane, planted(*TICK, OVERFLOW))
    if lane == "wasm":
        assert "MemoryError" in messages
        assert state == ""
        assert plant.record.valve_on_us == 0
    else:  # in 64 bits it does not show
        assert messages == ""
        assert state.startswith("STATE=STANDBY")


@pytest.mark.parametrize("code", ["pass", OVERFLOW])
def test_a_range_checking_integer_sees_the_overflow_in_cpython(planted, code):
    firmware = planted(*TICK, code)
    with lanes.firmware_imports(lanes.import_folders(firmware)):
        config = importlib.import_module("cryo.config").build({"jet_k_mdegc": 16_000})[0]
        records = importlib.import_module("cryo.core.records")
        supervisor = importlib.import_module("cryo.core.supervisor").Supervisor(config)
        inputs = records.Inputs()
        if code == OVERFLOW:
            with pytest.raises(OverflowError, match="31 bits"):
                supervisor.tick(I31(5), inputs, records.Outputs())
        else:
            supervisor.tick(I31(5), inputs, records.Outputs())
