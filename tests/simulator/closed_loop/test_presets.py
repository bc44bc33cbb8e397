"""Fault-free treatments of every preset and level: the floor holds on the true surface, the end is explained."""

import pytest

from host_tools.evidence.pages import tables

CASES = [(preset, level, mm) for preset, level, *_ in tables.levels() for mm in tables.DISTANCES_MM]


@pytest.mark.parametrize(("preset", "level", "distance_mm"), CASES)
def test_floor_holds_and_the_end_is_explained(preset, level, distance_mm):
    phase_us = (level * 37_000 + distance_mm * 1_700) % 100_000  # spread over the conversion
    outcome = tables.one(preset, level, distance_mm, phase_us=phase_us, seed=level)

    assert outcome.lowest_c >= outcome.floor_c - 0.5
    assert outcome.state == "COMPLETE" and outcome.fault is None
    if outcome.reached:
        assert outcome.target_s is not None and outcome.reason in ("TARGET", "TIME", "PASSES")
    else:
        assert outcome.reason in ("TIME", "PASSES")
    # the observer asks no sensor: it must stay near the truth for limit 25 to mean something
    assert abs(outcome.observer_lowest_error_c) <= 1.5
