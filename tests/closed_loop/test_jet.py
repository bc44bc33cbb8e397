"""A jet stronger than calibrated, on the virtual patient: what is learnt of it holds the floor that it would miss."""

import importlib
from dataclasses import replace

import pytest

from host_tools.twin import lanes, session
from host_tools.twin.scenarios import SCENARIOS
from host_tools.twin.treatment import Plan

# preset, level, distance, strength of the jet: none of them is stopped by RESPONSE_STRONG
MISSED = (("CHRONIC", 3, 80, 1.4), ("DIABETIC", 3, 80, 1.45), ("CIPN", 2, 80, 1.45))
CLOSE = (("CHRONIC", 2, 80, 1.35), ("CHRONIC", 1, 80, 1.35))


def treat(preset, level, mm, strength, *, learns=True):
    """Return (degC of the lowest true surface above the floor, K learnt in thousandths, seconds, TREAT:RES?)."""

    def watch(plant, operator):
        if not learns and plant.applicator is not None:
            plant.applicator.supervisor.jet._most = 1_000

    row = replace(SCENARIOS["treatment"], inject=lambda plant: setattr(plant, "strength", strength))
    plan = Plan(preset, level, points=(1,), warm_up=False, distance_mm=mm)
    run = session.run_scenario(row, "cpython", plan=plan, seed=level, watch=watch)
    sup = run.plant.applicator.supervisor
    assert run.fault_name is None
    above_c = run.plant.record.skin_min_c - sup.floor_mdegc / 1000
    return above_c, sup.jet.kept, sup.session.point_us / 1e6, run.results[0]


@pytest.mark.parametrize("case", MISSED, ids=str)
def test_a_floor_that_is_missed_without_learning_is_held_with_it(case):
    without_c, nothing, _, _ = treat(*case, learns=False)
    with_c, kept, _, _ = treat(*case)
    assert nothing == 1_000 and without_c < -0.3
    assert kept > 1_100 and with_c >= 0.0


@pytest.mark.parametrize("case", CLOSE, ids=str)
def test_learning_keeps_further_from_the_floor_and_still_reaches_the_target(case):
    without_c, *_ = treat(*case, learns=False)
    with_c, kept, _, result = treat(*case)
    assert with_c > without_c + 0.3
    assert 1_000 < kept <= case[3] * 1_000  # a lower bound
    assert int(result["JET_K"]) == 16_000 * kept // 1_000
    assert result["REACHED"] == "1" and result["REASON"] == "TARGET"


def test_what_one_point_has_shown_shortens_the_bursts_of_the_next_one():
    row = replace(SCENARIOS["treatment"], inject=lambda plant: setattr(plant, "strength", 1.35))
    plan = Plan("CHRONIC", 4, points=(1, 2), warm_up=False, distance_mm=80)
    run = session.run_scenario(row, "cpython", plan=plan, seed=3)
    assert run.fault_name is None
    first, second = ([b for b in run.plant.record.bursts if b.point == n] for n in (0, 1))
    # the same reading allows less: the third burst is the first one that neither probe nor cap bounds alike
    assert sum(b.commanded_us for b in second[:12]) < sum(b.commanded_us for b in first[:12])


def test_the_margin_is_above_what_a_jet_as_calibrated_shows():
    with lanes.firmware_imports():
        margin = importlib.import_module("cryo.core.jet").LEARN_MARGIN_MDEGC
    excess = []

    def watch(plant, operator):
        sup = plant.applicator.supervisor if plant.applicator else None
        if sup and sup.session.point_open and sup.settled and sup.treated:
            excess.append(sup.observer.probe_mdegc() - sup.settled_mdegc)

    plan = Plan("CHRONIC", 4, points=(1,), warm_up=False, distance_mm=100)
    session.run("treatment", "cpython", plan=plan, seed=7, watch=watch)
    assert len(excess) > 50 and max(excess) < margin
