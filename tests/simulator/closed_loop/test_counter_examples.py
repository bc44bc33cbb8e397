"""Runs of the campaign that had a wrong outcome, by name.

Each gets the level that it had when it was found, because a name draws another level after a level is locked.
"""

from dataclasses import replace

import pytest

from host_tools.evidence.campaign.run import case, run


def found(name, preset, level):
    """Return the case as it was found."""
    given = case(name)
    return replace(given, patient=replace(given.patient, preset=preset, level=level))


@pytest.mark.parametrize(
    ("name", "preset", "level"),
    [
        ("single/bottle-sensor/0", "CIPN", 2),
        ("single/bus-error/1", "CIPN", 1),
        ("single/shutoff-open/3", "DIABETIC", 2),
        ("single/room-silent/3", "CIPN", 2),
    ],
)
def test_skin_at_rest_before_the_first_burst_is_no_stale_reading(name, preset, level):
    given = found(name, preset, level)
    out = run(replace(given, faults=(), patient=replace(given.patient, moves=None)))
    assert out.fault is None
    assert out.state == "COMPLETE"


@pytest.mark.parametrize(
    ("name", "preset", "level"), [("healthy/123", "CHRONIC", 1), ("healthy/995", "DIABETIC", 3)]
)
def test_skin_at_rest_between_two_passes_is_no_stale_reading(name, preset, level):
    out = run(found(name, preset, level))  # the trigger was let go, and pressed anew seconds later
    assert out.problems == [] and out.state == "COMPLETE"


def test_the_bottom_of_a_first_burst_s_dip_is_no_stale_reading():
    out = run(found("healthy/856", "CIPN", 3))  # a quiet probe gives the same frame for 0.9 s there
    assert out.problems == [] and out.state == "COMPLETE" and out.reached


@pytest.mark.parametrize(
    "name",
    [
        "single/range-wrong/3",  # a sensor 61 mm too far from one burst on, and a hand that moves in to 23 mm
        "single/jet-strong/16",  # found with a jet 4.8 times as strong, which no nozzle gives: the sweep tells of those
    ],
)
def test_one_fault_leaves_the_skin_unfrozen(name):
    assert run(found(name, "DIABETIC", 3)).problems == []
