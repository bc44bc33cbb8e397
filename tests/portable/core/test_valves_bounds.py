"""The figures of valve supervision, each on both sides, on a scene of bare values."""

from cryo.core import faults
from cryo.core.records import RUNNING
from cryo.core.valves import Valves
from valves_scene import BOTTLE_MBAR, Scene


# --- the line around a burst ------------------------------------------------------------------------------------------
def test_a_line_that_falls_after_a_burst_is_the_valve_that_its_pressure_in_it_tells():
    for in_it, code in ((14_250, faults.DOSE_OPEN), (14_249, faults.SHUTOFF_SHUT), (0, faults.SHUTOFF_SHUT)):
        scene = Scene().burst(in_it)
        assert scene.line(28_499) == 0
        assert scene.line(28_499) == 1 << code
        scene = Scene().burst(in_it)
        for _ in range(5):
            assert scene.line(28_500) == 0


def test_a_line_that_was_not_seen_in_the_burst_accuses_the_dose_valve():
    for spoil in ({"open_us": 29_999}, {"running": 0}):
        scene = Scene().burst(0, **spoil)
        scene.line(0)
        assert scene.line(0) == 1 << faults.DOSE_OPEN, spoil
    # nor does what was seen in the burst before count
    scene = Scene().burst(0)
    scene.valves.fired()
    scene.valves.ended(30_000)
    scene.line(0)
    assert scene.line(0) == 1 << faults.DOSE_OPEN


def test_a_burst_whose_shut_off_lost_its_supply_tells_nothing_of_either_valve():
    def released(scene):
        scene.s.trigger.touched = False

    def stopped(scene):
        scene.i.estop = 1

    def opened(scene):
        scene.i.loop_b = 1

    for cut in (released, stopped, opened):
        for at_us, judged in ((0, False), (99_999, False), (100_000, True)):
            for in_it in (BOTTLE_MBAR, 0):
                scene = Scene().burst(in_it)
                scene.planner.off_us = at_us
                cut(scene)
                assert scene.watch() == 0
                scene.s.trigger.touched = True  # for one tick only
                scene.i.estop = scene.i.loop_b = 0
                scene.planner.off_us = 200_000
                scene.line(0)
                code = faults.DOSE_OPEN if in_it else faults.SHUTOFF_SHUT
                assert scene.line(0) == (1 << code if judged else 0), (cut, at_us)
                scene.burst(in_it)  # the next one is judged again
                scene.line(0)
                assert scene.line(0) == 1 << code


def test_a_release_is_no_sample_in_the_burst():
    scene = Scene().burst(0, touched=False)
    for _ in range(3):
        assert scene.line(0) == 0


def test_two_low_samples_in_a_row_are_needed():
    scene = Scene().burst(BOTTLE_MBAR)
    for _ in range(3):
        assert scene.line(0) == 0
        assert scene.line(28_500) == 0
    assert scene.line(0) == 0
    for _ in range(3):
        assert scene.watch() == 0  # no new sample
    assert scene.line(0) == 1 << faults.DOSE_OPEN
    scene.burst(BOTTLE_MBAR)  # and each burst begins anew
    assert scene.line(0) == 0
    assert scene.line(0) == 1 << faults.DOSE_OPEN


def test_the_line_is_judged_from_100_ms_to_1500_ms_after_closing():
    for off_us, judged in ((99_999, False), (100_000, True), (1_500_000, True), (1_500_001, False)):
        scene = Scene().burst(BOTTLE_MBAR)
        scene.planner.off_us = off_us
        for _ in range(3):
            found = scene.line(0)
        assert found == (1 << faults.DOSE_OPEN if judged else 0), off_us
    scene.planner.off_us = 200_000  # too late once is too late for good
    for _ in range(3):
        assert scene.line(0) == 0


def test_only_a_burst_of_30_ms_and_valid_readings_are_judged():
    scene = Scene().burst(BOTTLE_MBAR, given_us=29_999)
    for _ in range(3):
        assert scene.line(0) == 0
    scene.valves.fired()  # nor while the next one is open
    scene.planner.off_us = 0
    for _ in range(3):
        assert scene.line(0) == 0
    for line_status, bottle_status in ((2, 0), (0, 2)):
        scene = Scene().burst(BOTTLE_MBAR)
        scene.i.bottle.status = bottle_status
        for _ in range(3):
            assert scene.line(0, line_status) == 0


def test_before_the_first_burst_no_pressure_is_a_fault():
    scene = Scene()
    for mbar in (0, BOTTLE_MBAR, 0, 0, BOTTLE_MBAR):
        assert scene.line(mbar) == 0


# --- the coil ---------------------------------------------------------------------------------------------------------
def test_a_coil_without_current_in_three_openings_in_a_row_is_a_fault():
    scene = Scene()
    scene.s.burst.open = True
    scene.i.burst = RUNNING
    for open_us, asked in ((9_999, False), (10_000, True), (30_000, True), (30_001, False)):
        for ma, status in ((299, 0), (0, 0), (None, 3)):
            scene.valves = Valves()
            scene.s.burst.open_us = open_us
            scene.coil(ma, status)
            scene.coil(ma, status)
            assert scene.watch() == 0
            assert scene.coil(ma, status) == (1 << faults.DOSE_COIL if asked else 0), (open_us, ma)
    scene.valves = Valves()
    scene.s.burst.open_us = 20_000
    for _ in range(3):
        for ma in (299, 299, 300):
            assert scene.coil(ma) == 0


def test_current_without_a_command_is_a_fault_from_100_ms_after_closing():
    scene = Scene()
    for off_us, asked in ((99_999, False), (100_000, True)):
        for ma, status in ((300, 0), (2_000, 0), (None, 3)):
            scene.valves = Valves()
            scene.planner.off_us = off_us
            for _ in range(2):
                assert scene.coil(ma, status) == 0
            assert scene.coil(ma, status) == (1 << faults.DOSE_COIL if asked else 0)
    scene.valves = Valves()
    for _ in range(3):
        for ma in (300, 300, 299):
            assert scene.coil(ma) == 0


def test_line_and_coil_are_found_in_the_same_tick():
    scene = Scene().burst(BOTTLE_MBAR)
    scene.coil(2_000)
    scene.line(0)
    scene.coil(2_000)
    scene.i.line.sequence += 1
    assert scene.coil(2_000) == 1 << faults.DOSE_COIL | 1 << faults.DOSE_OPEN
