"""The figures of valve supervision, each tested on both sides, on a rig of plain values."""

from cryo.core import faults
from cryo.core.records import RUNNING
from cryo.core.valves import Valves
from valves_alone_rig import BOTTLE_MBAR, Rig


# --- the line around a burst ------------------------------------------------------------------------------------------
def test_a_line_that_falls_after_a_burst_is_the_valve_that_its_pressure_in_it_tells():
    for in_it, code in ((14_250, faults.DOSE_OPEN), (14_249, faults.SHUTOFF_SHUT), (0, faults.SHUTOFF_SHUT)):
        rig = Rig().burst(in_it)
        assert rig.line(28_499) == 0
        assert rig.line(28_499) == 1 << code
        rig = Rig().burst(in_it)
        for _ in range(5):
            assert rig.line(28_500) == 0


def test_a_line_that_was_not_seen_in_the_burst_accuses_the_dose_valve():
    for spoil in ({"open_us": 29_999}, {"running": 0}):
        rig = Rig().burst(0, **spoil)
        rig.line(0)
        assert rig.line(0) == 1 << faults.DOSE_OPEN, spoil
    # nor does what was seen in the burst before count
    rig = Rig().burst(0)
    rig.valves.fired()
    rig.valves.ended(30_000)
    rig.line(0)
    assert rig.line(0) == 1 << faults.DOSE_OPEN


def test_a_burst_whose_shut_off_lost_its_supply_tells_nothing_of_either_valve():
    def released(rig):
        rig.s.trigger.touched = False

    def stopped(rig):
        rig.i.estop = 1

    def opened(rig):
        rig.i.loop_b = 1

    for cut in (released, stopped, opened):
        for at_us, judged in ((0, False), (99_999, False), (100_000, True)):
            for in_it in (BOTTLE_MBAR, 0):
                rig = Rig().burst(in_it)
                rig.planner.off_us = at_us
                cut(rig)
                assert rig.watch() == 0
                rig.s.trigger.touched = True  # for one tick only
                rig.i.estop = rig.i.loop_b = 0
                rig.planner.off_us = 200_000
                rig.line(0)
                code = faults.DOSE_OPEN if in_it else faults.SHUTOFF_SHUT
                assert rig.line(0) == (1 << code if judged else 0), (cut, at_us)
                rig.burst(in_it)  # the next one is judged again
                rig.line(0)
                assert rig.line(0) == 1 << code


def test_a_release_is_no_sample_in_the_burst():
    rig = Rig().burst(0, touched=False)
    for _ in range(3):
        assert rig.line(0) == 0


def test_two_low_samples_in_a_row_are_needed():
    rig = Rig().burst(BOTTLE_MBAR)
    for _ in range(3):
        assert rig.line(0) == 0
        assert rig.line(28_500) == 0
    assert rig.line(0) == 0
    for _ in range(3):
        assert rig.watch() == 0  # no new sample
    assert rig.line(0) == 1 << faults.DOSE_OPEN
    rig.burst(BOTTLE_MBAR)  # and each burst begins anew
    assert rig.line(0) == 0
    assert rig.line(0) == 1 << faults.DOSE_OPEN


def test_the_line_is_judged_from_100_ms_to_1500_ms_after_closing():
    for off_us, judged in ((99_999, False), (100_000, True), (1_500_000, True), (1_500_001, False)):
        rig = Rig().burst(BOTTLE_MBAR)
        rig.planner.off_us = off_us
        for _ in range(3):
            found = rig.line(0)
        assert found == (1 << faults.DOSE_OPEN if judged else 0), off_us
    rig.planner.off_us = 200_000  # too late once is too late for good
    for _ in range(3):
        assert rig.line(0) == 0


def test_only_a_burst_of_30_ms_and_valid_readings_are_judged():
    rig = Rig().burst(BOTTLE_MBAR, given_us=29_999)
    for _ in range(3):
        assert rig.line(0) == 0
    rig.valves.fired()  # nor while the next one is open
    rig.planner.off_us = 0
    for _ in range(3):
        assert rig.line(0) == 0
    for line_status, bottle_status in ((2, 0), (0, 2)):
        rig = Rig().burst(BOTTLE_MBAR)
        rig.i.bottle.status = bottle_status
        for _ in range(3):
            assert rig.line(0, line_status) == 0


def test_before_the_first_burst_no_pressure_is_a_fault():
    rig = Rig()
    for mbar in (0, BOTTLE_MBAR, 0, 0, BOTTLE_MBAR):
        assert rig.line(mbar) == 0


# --- the coil ---------------------------------------------------------------------------------------------------------
def test_a_coil_without_current_in_three_openings_in_a_row_is_a_fault():
    rig = Rig()
    rig.s.burst.open = True
    rig.i.burst = RUNNING
    for open_us, asked in ((9_999, False), (10_000, True), (30_000, True), (30_001, False)):
        for ma, status in ((299, 0), (0, 0), (None, 3)):
            rig.valves = Valves()
            rig.s.burst.open_us = open_us
            rig.coil(ma, status)
            rig.coil(ma, status)
            assert rig.watch() == 0
            assert rig.coil(ma, status) == (1 << faults.DOSE_COIL if asked else 0), (open_us, ma)
    rig.valves = Valves()
    rig.s.burst.open_us = 20_000
    for _ in range(3):
        for ma in (299, 299, 300):
            assert rig.coil(ma) == 0


def test_current_without_a_command_is_a_fault_from_100_ms_after_closing():
    rig = Rig()
    for off_us, asked in ((99_999, False), (100_000, True)):
        for ma, status in ((300, 0), (2_000, 0), (None, 3)):
            rig.valves = Valves()
            rig.planner.off_us = off_us
            for _ in range(2):
                assert rig.coil(ma, status) == 0
            assert rig.coil(ma, status) == (1 << faults.DOSE_COIL if asked else 0)
    rig.valves = Valves()
    for _ in range(3):
        for ma in (300, 300, 299):
            assert rig.coil(ma) == 0


def test_line_and_coil_are_found_in_the_same_tick():
    rig = Rig().burst(BOTTLE_MBAR)
    rig.coil(2_000)
    rig.line(0)
    rig.coil(2_000)
    rig.i.line.sequence += 1
    assert rig.coil(2_000) == 1 << faults.DOSE_COIL | 1 << faults.DOSE_OPEN
