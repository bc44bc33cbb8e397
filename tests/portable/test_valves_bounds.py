"""The figures of valve supervision and proof test, each on both sides, on a scene of bare values."""

import micropython
from cryo.core import blockers, faults
from cryo.core.records import RESTING, RUNNING, Outputs
from cryo.core.valves import Valves
from cryo.limits import PROOF_TEST_S
from support import inputs

BOTTLE_MBAR = 57_001  # odd, so that a half and a quarter are rounded down: 28 500 and 14 250


class Holder:
    """Has the attributes it is given."""

    def __init__(self, **given):
        for name in given:
            setattr(self, name, given[name])


class Planner:
    """Remembers the opening it was told of."""

    def __init__(self):
        self.off_us = 1_000_000
        self.told_us = 0

    def fired(self, on_us):
        self.told_us = on_us


class Scene:
    """A supervisor's values around the valves; everything speaks for a proof test, no burst is open."""

    def __init__(self):
        self.valves = Valves()
        self.planner = Planner()
        self.s = Holder(
            open=False, open_us=0, blocked_by=blockers.PROOF, planner=self.planner, trigger=Holder(touched=False),
            session=Holder(point_open=False, uptime_s=0),
        )  # fmt: skip
        self.i = i = inputs()
        self.o = Outputs()
        for quantity, value in ((i.line, BOTTLE_MBAR), (i.bottle, BOTTLE_MBAR)):
            quantity.status = 0
            quantity.value = value
        i.skin.status = 0
        i.skin.value_mdegc = 30_000
        i.burst = RESTING

    def watch(self):
        micropython.heap_lock()
        try:
            return self.valves.watch(self.s, self.i)
        finally:
            micropython.heap_unlock()

    def line(self, mbar, status=0):
        """A new sample of the line; return the codes found as a mask."""
        self.i.line.value = mbar
        self.i.line.status = status
        self.i.line.sequence += 1
        return self.watch()

    def coil(self, ma, status=0):
        """A new sample of the coil's current."""
        self.i.coil.value = ma
        self.i.coil.status = status
        self.i.coil.sequence += 1
        return self.watch()

    def burst(self, line_mbar, open_us=30_000, given_us=30_000, running=RUNNING, touched=True):
        """A burst in which the line was sampled once, closed 100 ms ago."""
        s = self.s
        self.valves.fired()
        s.open = True
        s.open_us = open_us
        s.trigger.touched = touched
        self.i.burst = running
        assert self.line(line_mbar) == 0
        s.open = False
        self.i.burst = 0
        self.valves.ended(given_us)
        self.planner.off_us = 100_000
        return self

    def prove(self, us=0):
        """One tick of the proof test, this much later; return what is found in the next."""
        self.o = Outputs()
        micropython.heap_lock()
        try:
            self.valves.prove(self.s, us, self.i, self.o)
        finally:
            micropython.heap_unlock()
        return self.watch()

    def begun(self):
        """Armed, and the test's opening commanded."""
        self.valves.armed(self.s)
        assert self.valves.pending
        assert self.prove() == 0 and self.o.fire_us == 60_000
        self.i.burst = RUNNING
        return self

    def vented(self):
        """60 ms after the command the opening has ended whole."""
        self.begun()
        self.i.burst = 0
        assert self.prove(60_000) == 0
        return self


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
    for spoil in ({"open_us": 29_999}, {"running": 0}, {"touched": False}):
        scene = Scene().burst(0, **spoil)
        scene.line(0)
        assert scene.line(0) == 1 << faults.DOSE_OPEN, spoil
    # nor does what was seen in the burst before count
    scene = Scene().burst(0)
    scene.valves.fired()
    scene.valves.ended(30_000)
    scene.line(0)
    assert scene.line(0) == 1 << faults.DOSE_OPEN


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
    scene.s.open = True
    scene.i.burst = RUNNING
    for open_us, asked in ((9_999, False), (10_000, True), (30_000, True), (30_001, False)):
        for ma, status in ((299, 0), (0, 0), (None, 3)):
            scene.valves = Valves()
            scene.s.open_us = open_us
            scene.coil(ma, status)
            scene.coil(ma, status)
            assert scene.watch() == 0
            assert scene.coil(ma, status) == (1 << faults.DOSE_COIL if asked else 0), (open_us, ma)
    scene.valves = Valves()
    scene.s.open_us = 20_000
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


# --- the proof test ---------------------------------------------------------------------------------------------------
def test_it_is_due_at_the_first_arming_after_500_bursts_and_after_a_day():
    valves = Valves()
    assert valves.due(0)
    valves.bursts = 499
    assert not valves.due(PROOF_TEST_S - 1) and valves.due(PROOF_TEST_S)
    valves.bursts = 500
    assert valves.due(0)
    scene = Scene()
    scene.s.session.point_open = True
    scene.valves.armed(scene.s)
    assert not scene.valves.pending
    scene.s.session.point_open = False
    scene.valves.bursts = 0
    for uptime_s, due in ((PROOF_TEST_S - 1, False), (PROOF_TEST_S, True)):
        scene.s.session.uptime_s = uptime_s
        scene.valves.armed(scene.s)
        assert scene.valves.pending == due


def test_it_opens_the_dose_valve_once_for_60_ms_and_books_it_as_gas():
    scene = Scene().begun()
    assert (scene.o.cut, scene.o.rearm, scene.o.lease) == (0, 1, 1)
    assert scene.planner.told_us == 60_000
    assert (scene.valves.dose_cycles, scene.valves.shutoff_cycles) == (1, 0)
    scene.prove(10_000)
    assert (scene.o.cut, scene.o.rearm, scene.o.lease, scene.o.fire_us) == (0, 0, 1, 0)


def test_whatever_speaks_against_it_lets_it_wait():
    def soon(s):
        s.planner.off_us = 349_999

    def touched(s):
        s.s.trigger.touched = True

    def line(s):
        s.i.line.status = 2

    def bottle(s):
        s.i.bottle.status = 2

    def blocked(s):
        s.s.blocked_by = blockers.PROOF | blockers.DISTANCE

    for spoil in (soon, touched, line, bottle, blocked):
        scene = Scene()
        scene.valves.armed(scene.s)
        spoil(scene)
        for _ in range(3):
            assert scene.prove(10_000) == 0
            assert (scene.o.fire_us, scene.o.cut, scene.o.lease) == (0, 1, 0), spoil
        if spoil is soon:
            scene.planner.off_us = 350_000
            scene.prove(10_000)
            assert scene.o.fire_us == 60_000
            continue
        scene = Scene().begun()  # and ends it
        spoil(scene)
        scene.prove(10_000)
        assert (scene.o.fire_us, scene.o.cut, scene.o.lease) == (0, 1, 0), spoil


def test_three_openings_an_arming_at_most():
    scene = Scene()
    for _ in range(2):
        scene.valves.armed(scene.s)
        openings = 0
        for _ in range(20):
            scene.i.burst = RESTING  # refused
            scene.prove(10_000)
            openings += scene.o.fire_us > 0
        assert openings == 3 and scene.valves.pending
    assert scene.valves.dose_cycles == 6


def test_an_opening_that_was_cut_short_or_refused_is_done_again():
    for burst in (RESTING, 1, 59_999):
        scene = Scene().begun()
        scene.i.burst = burst
        scene.prove(60_000)
        assert scene.o.fire_us == 0
        scene.prove(10_000)
        assert scene.o.fire_us == 60_000, burst


def test_an_opening_that_is_30_ms_late_did_not_end():
    scene = Scene().begun()
    assert scene.prove(90_000) == 0
    scene.i.line.sequence += 1  # a sound line and a sound coil in the same tick hide it not
    scene.i.coil.sequence += 1
    scene.i.coil.status = 0
    scene.i.coil.value = 2_000
    assert scene.prove(1) == 1 << faults.VALVE_PORT
    assert scene.o.lease == 1  # the tick that follows cuts: the fault is latched in it


def test_a_line_that_falls_under_a_quarter_and_stays_low_is_the_proof():
    for mbar, falls in ((14_249, True), (14_250, False)):
        scene = Scene().vented()
        scene.i.line.value = mbar
        scene.prove(40_000)  # judged from 100 ms on
        scene.i.line.value = 30_000
        scene.prove(399_999)
        assert scene.valves.pending
        assert scene.prove(1) == 0
        assert scene.valves.pending != falls
        assert scene.valves.bursts == (0 if falls else 500)


def test_a_press_before_100_ms_undoes_it_and_after_that_does_not():
    for before_us, again in ((39_999, True), (40_000, False)):
        scene = Scene().vented()
        scene.i.line.value = 0
        scene.s.trigger.touched = True
        scene.prove(before_us)
        scene.s.trigger.touched = False
        scene.i.line.value = BOTTLE_MBAR
        scene.prove(10_000)
        assert (scene.o.fire_us == 60_000) == again


def test_a_line_that_cannot_be_read_when_it_is_judged_begins_anew():
    scene = Scene().vented()
    scene.i.line.status = 2
    scene.prove(40_000)
    scene.i.line.status = 0
    scene.prove(10_000)
    assert scene.o.fire_us == 60_000


def test_a_line_that_has_not_fallen_by_200_ms_is_a_fault_whose_name_the_skin_tells():
    for fall_mdegc, code in ((499, faults.DOSE_SHUT), (500, faults.SHUTOFF_OPEN)):
        scene = Scene().vented()
        scene.prove(140_000)  # 200 ms: too late for the line
        scene.i.line.value = 0
        scene.i.skin.value_mdegc -= fall_mdegc
        assert scene.prove(500_000) == 0
        scene.i.skin.value_mdegc += 5_000  # the deepest fall counts
        assert scene.prove(499_999) == 0
        assert scene.prove(1) == 1 << code
    scene = Scene().vented()
    scene.prove(139_999)
    scene.i.line.value = 0
    scene.prove(1)  # in time
    assert scene.prove(300_000) == 0 and not scene.valves.pending


def test_a_bad_skin_reading_tells_no_fall():
    scene = Scene().vented()
    scene.prove(140_000)
    scene.i.skin.status = 2
    scene.i.skin.value_mdegc = None
    scene.prove(999_999)
    assert scene.prove(1) == 1 << faults.DOSE_SHUT


def test_a_line_under_an_eighth_of_the_bottle_owes_the_test_to_the_next_arming():
    scene = Scene()
    scene.valves.armed(scene.s)
    scene.i.line.value = BOTTLE_MBAR // 8 - 1
    scene.prove()
    assert scene.o.fire_us == 0 and not scene.valves.pending and scene.valves.due(0)
    assert scene.line(28_499) == 0
    assert scene.line(28_500) == 1 << faults.SHUTOFF_OPEN  # it filled with the shut-off shut
    scene = Scene()
    scene.valves.armed(scene.s)
    scene.i.line.value = BOTTLE_MBAR // 8
    scene.prove()
    assert scene.o.fire_us == 60_000


def test_a_line_that_fills_again_after_the_test_is_the_shut_off():
    scene = Scene().vented()
    scene.i.line.value = 0
    scene.prove(40_000)
    assert scene.line(28_499) == 0
    assert scene.line(28_500) == 1 << faults.SHUTOFF_OPEN
    scene.valves.fired()  # a burst fills it
    assert scene.line(BOTTLE_MBAR) == 0


def test_a_day_counts_from_the_proof():
    scene = Scene()
    scene.s.session.uptime_s = 1_000
    scene.vented()
    scene.i.line.value = 0
    scene.prove(40_000)
    scene.prove(400_000)
    assert not scene.valves.pending
    assert not scene.valves.due(1_000 + PROOF_TEST_S - 1) and scene.valves.due(1_000 + PROOF_TEST_S)


def test_the_coil_is_watched_in_the_test_too_and_names_itself():
    scene = Scene().begun()
    for us in (10_000, 10_000, 10_000):
        scene.prove(us)
        found = scene.coil(0)
    assert found == 1 << faults.DOSE_COIL
    scene.i.burst = 0
    scene.prove(30_000)
    scene.prove(140_000)
    scene.prove(999_999)
    assert scene.prove(1) >> faults.DOSE_COIL & 1
