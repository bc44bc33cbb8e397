"""Every scenario of the table: end state, fault, remedy, detection time. The true surface stays above freezing."""

from dataclasses import replace

import pytest

from host_tools.simulator.twin import session
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.treatment import Plan


def run(name, lane="cpython", **plan):
    """Run a scenario without the cool-down after switch-on, unless the skin is compared in it."""
    compared = SCENARIOS[name].refused == "CONTACT"
    return session.run(name, lane, plan=replace(SCENARIOS[name].plan, warm_up=compared, **plan))


@pytest.mark.parametrize("name", SCENARIOS)
def test_ends_as_the_table_says(name):
    result = run(name)
    assert result.problems() == []
    if result.scenario.fault:
        assert result.remedy.endswith(".")
    assert result.plant.record.skin_min_c > 0.0


@pytest.mark.parametrize("name", [n for n, s in SCENARIOS.items() if s.detect_ms is not None and s.detect_ms <= 500])
def test_gas_stops_after_a_fast_fault(name):
    """After the alarm no gas flows but for the closing delay of the valves."""
    result = run(name)
    record = result.plant.record
    alarm_us = next(t for t, what, level in record.edges if what == "alarm" and level)
    last_flow_us = max((t for t, what, level in record.edges if what == "flow"), default=0)
    assert last_flow_us <= alarm_us + 45_000
    assert not result.plant.flowing()


def test_valve_on_is_the_integral_of_the_flow():
    result = run("eye")
    edges = [(t, level) for t, what, level in result.plant.record.edges if what == "flow"]
    flowed = sum(end - start for (start, on), (end, off) in zip(edges[::2], edges[1::2], strict=True) if on and not off)
    assert result.plant.record.valve_on_us == flowed
    assert sum(b.delivered_us for b in result.plant.record.bursts) == flowed
    last = result.plant.record.bursts[-1]
    assert last.delivered_us < last.commanded_us  # the shield was opened in it


@pytest.mark.parametrize("gain", [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("level", [3, 4])
def test_a_half_detached_probe_never_lets_the_skin_freeze(gain, level):
    def inject(plant):
        plant.on_burst(5, 0, lambda p: p.probe.half_detach(gain))

    result = _custom(inject, Plan(level=level, points=(1,), warm_up=False, distance_mm=80))
    assert result.plant.record.skin_min_c > 0.0
    assert result.final["STATE"] in ("COMPLETE", "FAULT")


@pytest.mark.parametrize("speed_mm_s", [50, 100, 200, 300])
@pytest.mark.parametrize("offset_ms", [0, 120, 350])
def test_an_operator_moving_in_never_lets_the_skin_freeze(speed_mm_s, offset_ms):
    def inject(plant):
        plant.on_burst(25, offset_ms * 1000, lambda p: p.hand.move(20, speed_mm_s))

    result = _custom(inject, Plan(level=4, points=(1,), warm_up=False))
    assert result.plant.record.skin_min_c > 0.0
    assert result.fault_name in (None, "RESPONSE_STRONG")


def _custom(inject, plan):
    row = replace(SCENARIOS["treatment"], inject=inject)
    return session.run_scenario(row, "cpython", plan=plan)


def test_an_unknown_scenario_names_the_known_ones():
    with pytest.raises(KeyError, match="allowed treatment, guided, foot, eye"):
        session.run("nonsense")
