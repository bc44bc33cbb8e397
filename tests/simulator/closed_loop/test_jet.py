"""A jet that is stronger than calibrated, on the virtual patient: with the learnt strength the floor is kept."""

import importlib
from dataclasses import replace

import pytest

from host_tools.simulator.twin import lanes, session
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.treatment import Plan

# preset, level, distance, strength of the jet: RESPONSE_STRONG stops none of them
MISSED = (("CHRONIC", 1, 80, 1.43), ("DIABETIC", 2, 80, 1.45), ("CIPN", 2, 80, 1.45))
CLOSE = (("CHRONIC", 2, 90, 1.35), ("CHRONIC", 1, 80, 1.35))
SEEDS = (1, 2)


def treat(preset, level, mm, strength, *, seed=1, learns=True):
    """Return (degC of the lowest true surface above the floor, K learnt in thousandths, seconds, TREAT:RES?)."""

    def watch(plant, operator):
        if not learns and plant.applicator is not None:
            plant.applicator.supervisor.jet.learn = lambda observed, predicted, shown: 1_000

    row = replace(SCENARIOS["treatment"], inject=lambda plant: setattr(plant, "strength", strength))
    plan = Plan(preset, level, points=(1,), warm_up=False, distance_mm=mm)
    run = session.run_scenario(row, "cpython", plan=plan, seed=seed, watch=watch)
    sup = run.plant.applicator.supervisor
    assert run.fault_name is None
    above_c = run.plant.record.skin_min_c - sup.point.floor_mdegc / 1000
    return above_c, sup.jet.kept, sup.session.point_us / 1e6, run.results[0]


@pytest.mark.parametrize("case", MISSED, ids=str)
def test_a_floor_that_is_missed_without_learning_is_held_with_it(case):
    missed_by_c = 0.0
    for seed in SEEDS:
        without_c, nothing, _, _ = treat(*case, seed=seed, learns=False)
        with_c, kept, _, _ = treat(*case, seed=seed)
        assert nothing == 1_000 and without_c < 0.0
        assert kept > 1_100 and with_c >= 0.0
        missed_by_c = max(missed_by_c, -without_c)
    assert missed_by_c > 0.3


@pytest.mark.parametrize("case", CLOSE, ids=str)
def test_learning_keeps_further_from_the_floor_and_still_reaches_the_target(case):
    without_c, *_ = treat(*case, learns=False)
    with_c, kept, _, result = treat(*case)
    assert with_c > without_c + 0.3
    assert 1_000 < kept <= case[3] * 1_000  # a lower bound
    assert int(result["JET_K"]) == 16_000 * kept // 1_000
    assert result["REACHED"] == "1" and result["REASON"] == "TARGET"


def test_what_one_point_has_shown_is_in_force_from_the_first_burst_of_the_next_one():
    ratios = []  # (point, in force at its burst, kept by then)

    def watch(plant, operator):
        if len(plant.record.bursts) > len(ratios):
            jet = plant.applicator.supervisor.jet
            ratios.append((plant.record.point, jet.ratio, jet.kept))

    row = replace(SCENARIOS["treatment"], inject=lambda plant: setattr(plant, "strength", 1.35))
    plan = Plan("CHRONIC", 4, points=(1, 2), warm_up=False, distance_mm=80)
    run = session.run_scenario(row, "cpython", plan=plan, seed=3, watch=watch)
    assert run.fault_name is None
    first, second = ([row for row in ratios if row[0] == n] for n in (0, 1))
    assert first[0][1] == 1_000
    assert first[-1][2] > 1_100
    assert len(second) > 4
    assert min(ratio for _, ratio, _ in second) >= first[-1][2]


def test_the_margin_is_above_what_a_jet_as_calibrated_shows():
    with lanes.firmware_imports():
        margin = importlib.import_module("cryo.core.jet").LEARN_MARGIN_MDEGC
    excess = []

    def watch(plant, operator):
        sup = plant.applicator.supervisor if plant.applicator else None
        if sup and sup.session.point_open and sup.settled and sup.point.treated:
            excess.append(sup.observer.probe_mdegc() - sup.settled_mdegc)

    plan = Plan("CHRONIC", 4, points=(1,), warm_up=False, distance_mm=100)
    session.run("treatment", "cpython", plan=plan, seed=7, watch=watch)
    assert len(excess) > 50 and max(excess) < margin
