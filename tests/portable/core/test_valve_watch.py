"""Pressure and coil current against the command, on both sides of each threshold: Valves.watch alone."""

import micropython
from cryo.core import faults
from cryo.core.bursts import Burst
from cryo.core.records import RESTING, RUNNING, Inputs
from cryo.core.valves import Valves
from support import taken

BOTTLE = 57_000


class _Planner:
    off_us = 0


class _Trigger:
    touched = True


class _Stub:
    """The part of the supervisor that `watch` reads."""

    def __init__(self):
        self.planner = _Planner()
        self.trigger = _Trigger()
        self.burst = Burst()
        self.faults = faults.Faults()


class Watch:
    """Valves with inputs; each call gives one new sample, the heap locked."""

    def __init__(self):
        self.s = _Stub()
        self.i = Inputs()
        self.v = Valves()
        self.i.bottle.status = self.i.line.status = 0
        self.i.bottle.value = BOTTLE
        self.i.burst = RESTING
        self.i.estop = self.i.loop_b = 0

    def _look(self):
        s = self.s
        micropython.heap_lock()
        try:
            self.v.watch(self.i, s.burst, s.planner.off_us, s.trigger.touched, s.faults.causes)
        finally:
            micropython.heap_unlock()
        return taken(self.s.faults.causes)

    def line(self, mbar, off_us=None, open_us=None):
        self.i.burst = RUNNING if open_us is not None else RESTING
        self.s.burst.open = open_us is not None
        self.s.burst.open_us = open_us or 0
        self.s.planner.off_us = off_us or 0
        self.i.line.value = mbar
        self.i.line.sequence = (self.i.line.sequence + 1) & 0xFFFF
        return self._look()

    def coil(self, ma, off_us=None, open_us=None, status=0):
        self.i.burst = RUNNING if open_us is not None else RESTING
        self.s.burst.open = open_us is not None
        self.s.burst.open_us = open_us or 0
        self.s.planner.off_us = off_us or 0
        self.i.coil.status = status
        self.i.coil.value = None if status else ma
        self.i.coil.sequence = (self.i.coil.sequence + 1) & 0xFFFF
        return self._look()

    def burst(self, in_mbar=BOTTLE, at_us=50_000, given_us=60_000):
        self.v.fired()
        if in_mbar is not None:
            assert self.line(in_mbar, open_us=at_us) == 0
        self.v.ended(given_us)
        return self


OPEN = 1 << faults.DOSE_OPEN
SHUT = 1 << faults.SHUTOFF_SHUT
COIL = 1 << faults.DOSE_COIL


def test_after_a_burst_the_line_must_hold_half_of_the_bottle_in_two_samples():
    for low, found in ((28_499, OPEN), (28_500, 0)):
        w = Watch().burst()
        assert w.line(low, off_us=150_000) == 0
        assert w.line(low, off_us=210_000) == found
    w = Watch().burst()
    for mbar in (1_000, BOTTLE, 1_000, BOTTLE):
        assert w.line(mbar, off_us=300_000) == 0


def test_the_line_is_judged_from_100_ms_to_a_second_and_a_half_after_closing():
    for off_us, found in ((99_999, 0), (100_000, OPEN), (1_500_000, OPEN), (1_500_001, 0)):
        w = Watch().burst()
        w.line(1_000, off_us=off_us)
        assert w.line(1_000, off_us=off_us) == found, off_us


def test_a_line_that_never_came_up_is_the_shut_off_and_an_unseen_one_the_dose_valve():
    for in_mbar, at_us, found in (
        (14_249, 30_000, SHUT), (14_250, 30_000, OPEN), (14_249, 29_999, OPEN), (None, 0, OPEN),
    ):  # fmt: skip
        w = Watch().burst(in_mbar, at_us)
        w.line(1_000, off_us=150_000)
        assert w.line(1_000, off_us=210_000) == found, (in_mbar, at_us)


def test_a_burst_too_short_to_open_both_valves_is_not_judged():
    for given_us, found in ((29_999, 0), (30_000, OPEN)):
        w = Watch().burst(given_us=given_us)
        w.line(1_000, off_us=150_000)
        assert w.line(1_000, off_us=210_000) == found, given_us


def test_a_sample_is_looked_at_once_and_without_pressures_nothing_is_judged():
    w = Watch().burst()
    w.line(1_000, off_us=150_000)
    assert w._look() == 0
    w.i.bottle.status = 2
    assert w.line(1_000, off_us=210_000) == 0
    w.i.bottle.status = 0
    w.i.line.status = 2
    assert w.line(None, off_us=270_000) == 0


def test_the_coils_current_must_follow_the_command_three_samples_long():
    for ma, open_us, off_us, found in (
        (299, 10_000, None, COIL), (300, 10_000, None, 0), (0, 9_999, None, 0), (0, 30_000, None, COIL),
        (0, 30_001, None, 0),
        (300, None, 100_000, COIL), (299, None, 100_000, 0), (3_000, None, 99_999, 0),
    ):  # fmt: skip
        w = Watch()
        for _ in range(2):
            assert w.coil(ma, off_us, open_us) == 0
        assert w.coil(ma, off_us, open_us) == found, (ma, open_us, off_us)


def test_a_right_sample_of_the_coil_forgives_two_wrong_ones():
    w = Watch()
    for ma in (0, 0, 3_000, 0, 0, 3_000):
        assert w.coil(ma, open_us=20_000) == 0
    for ma in (3_000, 3_000, 0, 3_000, 3_000, 0):
        assert w.coil(ma, off_us=200_000) == 0
    for _ in range(2):
        w.coil(0, open_us=9_999)  # too early to tell: forgives nothing, counts nothing
    for _ in range(2):
        w.coil(0, open_us=20_000)
        assert w.coil(0, off_us=200_000) == 0  # between two bursts no current is right: that forgives nothing either
    assert w.coil(0, open_us=20_000) == COIL


def test_a_shorted_coil_is_wrong_with_and_without_a_command():
    for open_us, off_us in ((20_000, None), (None, 500_000)):
        w = Watch()
        for _ in range(2):
            assert w.coil(0, off_us, open_us, status=3) == 0
        assert w.coil(0, off_us, open_us, status=3) == COIL


def test_a_board_without_coil_measurement_is_never_judged_by_it():
    w = Watch()
    w.i.burst = RUNNING
    w.s.burst.open = True
    w.s.burst.open_us = 100_000
    for _ in range(10):
        assert w._look() == 0
