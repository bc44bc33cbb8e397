"""Test pulses on the eye-shield loop in the whole application: before each arming, and what TEST? then names."""

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, arm


@pytest.fixture(params=["unix", "cpython"])
def lane(request):
    return request.param


def booted(lane, spoil, firmware=None):
    """Boot; return the answers to TEST?, STAT? and FAULT?, and the plant."""
    said = []

    def script(op):
        yield 1_500_000
        for command in ("TEST?", "STAT?", "FAULT?"):
            said.append((yield from op.ask(command)))

    plant = Plant()
    spoil(plant)
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    return said[0], fields(said[1]), said[2], plant


@pytest.mark.parametrize(("pin", "level", "channel"), [(pins.LOOP_A, 1, "A"), (pins.LOOP_B, 0, "B")])
def test_a_short_at_switch_on_is_found_and_its_channel_named(lane, pin, level, channel):
    test, state, fault, plant = booted(lane, lambda plant: plant.stick_input(pin, level))
    assert test == f"FAILED LOOP: channel {channel} does not open"
    assert state["STATE"] == "FAULT" and state["FAULT"] == "LOOP_TEST"
    assert "TEST? names it" in fault
    assert plant.record.bursts == [] and plant.record.vents == []


def test_with_the_shield_open_at_switch_on_nothing_is_pulsed_and_nothing_is_wrong(lane):
    test, state, _, plant = booted(lane, lambda plant: plant.shield(False))
    assert test == "PASSED" and state["STATE"] == "STANDBY"
    assert [edge for edge in plant.record.edges if edge[1] == "loop_test"] == []


def test_a_board_without_the_output_says_so(lane, firmware):
    path = firmware / "cryo/shield_loop_test.py"
    text = path.read_text()
    mark = 'getattr(board, "loop_test", None)'
    assert text.count(mark) == 1
    path.write_text(text.replace(mark, "None"))
    test, state, _, _ = booted(lane, lambda plant: None, firmware)
    assert test == "PASSED; no loop test on this board" and state["STATE"] == "STANDBY"


def test_each_arming_has_its_pulse_before_light_and_tone_and_no_treatment_has_one():
    plant = Plant()

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        plant.applicator.supervisor.session.uptime_s += 310
        yield from arm(op, Plan(level=3))
        plant.trigger(True)
        yield 5_000_000
        plant.trigger(False)
        yield 100_000

    plant.operator = Operator(plant, script)
    assert lanes.run(plant, "cpython") == ""
    pulses = [(at, level) for at, name, level in plant.record.edges if name == "loop_test"]
    assert [level for _, level in pulses] == [1, 0, 1, 0]
    lamp_us = next(at for at, name, level in plant.record.edges if name == "led" and level)
    assert pulses[-1][0] < lamp_us
    for rise, fall in zip(pulses[::2], pulses[1::2], strict=True):
        assert fall[0] - rise[0] <= 5_000
    valves = [at for at, name, level in plant.record.edges if name in ("dose", "lease") and level]
    assert len(plant.record.bursts) > 3
    assert min(valves) > pulses[-1][0]
