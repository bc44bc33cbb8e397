"""Valve supervision with the plant: the proof test in a treatment, gas after a press in it, detection times.

The rows of the scenario table name every fault; here they also run in real MicroPython.
"""

from dataclasses import replace

import pytest

from boards.virtual import pins
from cryo.core import faults
from host_tools.simulator.twin import session
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.treatment import Plan
from tests.lanes import summary

VENT_US = 60_000  # as long as the probe burst of limit 7
FOUND = ("proof-valve-shut", "proof-shutoff-open", "proof-shutoff-shut", "valve-open-first")


def run(inject, **plan):
    row = replace(SCENARIOS["treatment"], inject=inject)
    return session.run_scenario(row, "cpython", plan=Plan(**{"points": (1,), "warm_up": False, **plan}))


@pytest.mark.parametrize("name", FOUND)
def test_each_fault_is_found_in_real_micropython(name, request):
    result = session.run(name, "unix")
    request.node.user_properties.append((summary.INTERPRETER, result.interpreter))
    assert result.problems() == []
    assert result.remedy.endswith(".")
    assert len(result.plant.record.bursts) == (0 if result.fault_name in ("DOSE_SHUT", "SHUTOFF_OPEN") else 1)


def test_a_treatment_has_one_proof_test_and_no_gas_comes_of_it():
    plant = run(lambda plant: None, points=(1, 2)).plant
    (began_us, us), *others = plant.record.vents
    assert us == VENT_US
    assert others == []
    first_us = plant.record.bursts[0].time_us
    flows = [at for at, name, level in plant.record.edges if name == "flow" and level]
    assert flows[0] > first_us > began_us + VENT_US
    lamp_us = next(at for at, name, level in plant.record.edges if name == "led" and level)
    assert began_us - lamp_us >= 2_000_000 - 1_000  # limit 15, less what a tick takes up to its outputs
    assert began_us + 600_000 > first_us - 100_000  # the press comes when it is done


@pytest.mark.parametrize("shutoff_ms", [(5, 25), (20, 20)])
@pytest.mark.parametrize("offset_ms", [0, 3, 12, 17, 25, 38, 49, 58, 66, 79, 95, 110, 140, 250])
def test_a_press_in_the_proof_test_lets_out_less_than_a_probe_burst_and_is_no_fault(offset_ms, shutoff_ms):
    def inject(plant):
        plant.shutoff.open_delay_us, plant.shutoff.close_delay_us = (ms * 1000 for ms in shutoff_ms)

        def press(p):
            p.trigger(True)
            p.at(p.now_us + 300_000, lambda later: later.trigger(False))
            p.at(p.now_us + 299_000, lambda later: flowed.append(later.record.valve_on_us))

        plant.on_burst(0, offset_ms * 1000, press)

    flowed = []
    result = run(inject, level=1)
    assert result.final["FAULT"] == "NONE"
    assert result.final["STATE"] == "COMPLETE"
    assert flowed[0] <= VENT_US // 2


# What ends a burst, and what is latched then: some of it breaks the shut-off's supply before the dose valve hears.
ENDS = {
    "trigger": (lambda p: p.trigger(False), "NONE"),
    "estop": (lambda p: p.set_input(pins.ESTOP, 1), "ESTOP"),
    "channel B": (lambda p: p.set_input(pins.LOOP_B, 1), "LOOP_OPEN"),
    "shield": (lambda p: p.shield(False), "LOOP_OPEN"),
    "key": (lambda p: p.set_input(pins.KEY, 1), "NONE"),
    "disarmed": (lambda p: p.console_in.extend(b"ARM:OFF\n"), "NONE"),
}


@pytest.mark.parametrize("offset_ms", [62, 93, 124, 248, 279, 341])
@pytest.mark.parametrize("end", ENDS)
def test_whenever_a_burst_is_ended_no_valve_is_accused(end, offset_ms):
    act, fault = ENDS[end]
    result = run(lambda plant: plant.on_burst(4, offset_ms * 1000, act))
    accused = {faults.DOSE_OPEN, faults.SHUTOFF_SHUT, faults.SHUTOFF_OPEN, faults.DOSE_SHUT, faults.VALVE_PORT}
    latched = result.plant.applicator.supervisor.faults.latched
    assert result.final["FAULT"] == fault
    assert [code for code in accused if latched.has(code)] == []


def test_an_empty_line_is_tested_at_the_second_arming():
    plant = run(lambda plant: setattr(plant, "line_bar", 1.0), points=(1, 2)).plant
    ((vent_us, _),) = plant.record.vents
    assert [burst.point for burst in plant.record.bursts if burst.time_us < vent_us].count(1) == 0
    assert any(burst.time_us < vent_us for burst in plant.record.bursts)
    assert any(burst.time_us > vent_us for burst in plant.record.bursts)


def test_the_500th_burst_asks_for_another_test_at_the_next_point():
    def inject(plant):
        plant.on_burst(10, 0, lambda p: setattr(p.applicator.supervisor.valves, "bursts", 495))

    plant = run(inject, points=(1, 2)).plant
    assert len(plant.record.vents) == 2
    assert plant.record.bursts[15].point == 0  # the present point continues


def test_a_shut_off_that_stuck_open_in_a_treatment_is_found_by_the_next_test():
    def inject(plant):
        def stick(p):
            p.shutoff.stuck = "open"
            p.applicator.supervisor.valves.bursts = 495

        plant.on_burst(10, 0, stick)

    result = run(inject, points=(1, 2))
    assert result.fault_name == "SHUTOFF_OPEN"
    assert {burst.point for burst in result.plant.record.bursts} == {0}


@pytest.mark.parametrize(("leak_s", "fault"), [(0.05, "DOSE_OPEN"), (0.4, "DOSE_OPEN"), (600.0, None)])
def test_a_leak_of_the_dose_valve_is_found_when_the_line_empties_within_a_pause(leak_s, fault):
    assert run(lambda plant: setattr(plant, "dose_leak_s", leak_s)).fault_name == fault
