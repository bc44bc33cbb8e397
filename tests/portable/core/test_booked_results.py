"""The supervisor learns from a burst's result, and only from a burst that was long enough."""

from cryo.core import faults, mode
from cryo.core.bursts import Burst
from cryo.core.records import RESTING, RUNNING
from cryo.limits import BURST_MIN_US
from supervisor_rig import Rig


def next_bursts(rig, count=2):
    """Go on until so many more bursts were commanded; return their lengths."""
    before = len(rig.fired)
    for _ in range(400):
        rig.tick()
        if len(rig.fired) >= before + count:
            return rig.fired[before:]
    raise AssertionError("no burst")


def cut_first(rig, ticks):
    """Let the first burst be cut after so many ticks by one missed distance."""
    rig.to_burst(1)
    rig.tick(ticks - 1)
    rig.i.distance.status = 1
    rig.tick()
    rig.i.distance.status = 0
    assert rig.i.burst != RUNNING
    return rig


def test_a_first_burst_that_was_refused_leaves_the_next_one_a_probe():
    rig = Rig().deliver()
    rig.refuses = True
    while not rig.asked:
        rig.tick()
    rig.refuses = False
    first, second = next_bursts(rig)
    assert first == 60_000 and second > 60_000


def test_a_first_burst_that_was_cut_short_leaves_the_next_one_a_probe():
    rig = cut_first(Rig().deliver(), 2)
    first, second = next_bursts(rig)
    assert first == 60_000 and second > 60_000
    assert not rig.sup.faults.first


def test_a_first_burst_as_long_as_the_shortest_one_was_a_probe():
    rig = cut_first(Rig().deliver(), 5)
    rig.tick()
    assert rig.sup.session.point_valve_on_us >= 30_000
    assert next_bursts(rig, 1)[0] > 60_000


def test_after_a_move_the_room_for_a_sensor_that_errs_stays_until_a_burst_showed_the_jet():
    rig = Rig().deliver()
    rig.i.distance.value = 120
    rig.to_burst(3)
    while rig.i.burst == RUNNING:
        rig.tick()
    for mm in (112, 104, 96, 88, 85):  # a hand that comes nearer in the off-phase
        rig.i.distance.value = mm
        rig.i.distance.sequence += 1
        rig.tick(3)
    count = len(rig.fired)
    far_mm = rig.sup.burst.shown_mm
    rig.to_burst(count + 1)
    rig.tick(1)
    rig.i.distance.status = 1
    rig.tick()
    rig.i.distance.status = 0
    rig.to_burst(count + 2)
    assert far_mm == rig.sup.burst.shown_mm == 120
    assert rig.fired[count:] == [60_000, 60_000]


def test_the_shortest_burst_is_one_and_a_refused_one_is_counted():
    burst = Burst()
    assert burst.refused == 0
    for left_us, given_us, shown_mm, refused in (
        (RESTING, 0, 0, 1),
        (RESTING, 0, 0, 2),
        (30_001, BURST_MIN_US - 1, 0, 0),
        (30_000, BURST_MIN_US, 90, 0),
        (60_000, 0, 90, 0),
        (RESTING, 0, 90, 1),
        (0, 60_000, 90, 0),
    ):
        burst.begin(60_000, 90)
        assert burst.open and (burst.open_us, burst.commanded_us, burst.planned_mm) == (0, 60_000, 90)
        burst.open_us = 5
        assert burst.end(left_us) == given_us
        assert not burst.open and (burst.shown_mm, burst.refused) == (shown_mm, refused)


def test_a_burst_that_gave_nothing_teaches_no_jet_and_begins_no_point():
    rig = Rig().deliver()
    rig.refuses = True
    while not rig.asked:
        rig.tick()
    rig.tick(2)
    assert not rig.sup.point.treated and rig.sup.jet._seen_before == 1_000 and rig.sup.second._unseen == 0
    assert not rig.sup.burst.open
    rig.refuses = False
    next_bursts(rig, 1)
    rig.tick(10)
    assert rig.sup.point.treated


# --- an opening that goes on after its cut ----------------------------------------------------------------------------
class Deaf(Rig):
    """A one-shot that ignores cuts once it is `deaf`."""

    deaf = False

    def _act(self):
        if self.deaf and self.i.burst == RUNNING:
            self.o.cut = 0
        Rig._act(self)


def test_a_one_shot_that_runs_on_after_its_cut_is_a_fault_in_two_ticks_whatever_the_mode():
    for release in (True, False):
        rig = Deaf().deliver().to_burst(2)
        rig.deaf = True
        rig.one_shot_ends = False
        rig.left_us = 500_000
        if release:
            rig.i.trigger = 0
        else:
            rig.i.distance.status = 1
        rig.tick(4)
        assert rig.sup.faults.first == faults.VALVE_PORT and rig.sup.mode == mode.FAULT
        lease_us = rig.lease_us
        rig.tick(5)
        assert lease_us <= 20_000 and rig.lease_us == 0


def test_a_burst_of_an_earlier_pass_is_never_renewed():
    rig = Deaf().deliver().to_burst(2)
    rig.i.trigger = 0
    rig.tick(2)
    assert rig.sup.mode in (mode.REST, mode.ARMED)
    rig.sup.burst.open = True  # as if its end had not been reported
    for _ in range(700):
        rig.tick()
        rig.sup.burst.open = True
        rig.i.burst = RUNNING if rig.sup.mode == mode.DELIVERING else rig.i.burst
        if rig.ticks % 50 == 0:
            rig.i.trigger ^= 1
        assert rig.sup.mode != mode.DELIVERING and not rig.o.lease


# --- an answer that cannot have come yet ------------------------------------------------------------------------------
def test_presses_that_are_let_go_at_once_are_no_misses_of_a_healthy_probe():
    rig = Rig().deliver()
    for _ in range(3):
        count = len(rig.fired)
        rig.to_burst(count + 1)
        while rig.i.burst == RUNNING:
            rig.tick()
        rig.tick(2)
        rig.i.trigger = 0
        rig.tick(330)
        if rig.sup.mode == mode.COMPLETE:
            break
        assert rig.sup.response._misses == 0
        rig.i.trigger = 1
        rig.tick(5)
    assert not rig.sup.faults.first


def test_a_probe_that_never_answers_is_told_although_each_press_is_let_go():
    rig = Rig().deliver()
    rig.dips = False
    rig.to_burst(1)
    rig.tick(8)
    rig.i.trigger = 0
    rig.tick(10)
    assert rig.sup.response._misses == 0 and rig.sup.response.open
    rig.tick(40)
    assert rig.sup.response._misses == 1 and not rig.sup.response.open


# --- late ticks -------------------------------------------------------------------------------------------------------
def test_ticks_that_are_each_a_little_late_add_up_to_a_fault():
    for dt_us, most in ((15_000, 12), (19_000, 7), (13_001, 18)):
        rig = Rig().deliver().to_burst(2)
        rig.tick(most, dt_us)
        assert rig.sup.faults.first == faults.TICK_LATE, dt_us
    rig = Rig().deliver().to_burst(2)
    for _ in range(200):  # one in 30 that an answer delays
        rig.tick(1, 12_900)
        rig.tick(29)
    assert not rig.sup.faults.first


def test_lateness_is_made_good_by_punctual_ticks_and_forgotten_with_the_pass():
    rig = Rig().deliver().to_burst(2)
    rig.tick(5, 15_000)
    assert rig.sup.pass_.late_us == 25_000
    rig.tick(100)
    assert rig.sup.pass_.late_us == 15_000
    rig.tick(151)
    assert rig.sup.pass_.late_us == 0
    rig.tick(5, 15_000)
    rig.i.trigger = 0
    rig.tick(400)
    rig.i.trigger = 1
    rig.tick(5)
    assert rig.sup.mode == mode.DELIVERING and rig.sup.pass_.late_us == 0


# --- a mode that does not exist ---------------------------------------------------------------------------------------
def test_a_mode_that_is_none_is_an_error_of_the_program():
    for wrong in (10, 11, 29, 99, 1 << 20):
        for start in (Rig().stand_by, Rig().arm, Rig().deliver):
            rig = start()
            rig.sup.mode = wrong
            rig.tick()
            assert rig.sup.faults.first == faults.PROGRAM_FLOW, wrong
            assert rig.o.cut == 1 and not rig.o.lease and not rig.o.feed


def test_in_a_mode_that_is_none_what_stands_in_every_mode_is_found_and_nothing_else():
    for wrong in range(10, 16):
        rig = Rig().stand_by()
        rig.i.estop = 1
        rig.i.loop_a = 0
        rig.sup.mode = wrong
        rig.tick()
        latched = rig.sup.faults.latched
        assert latched.has(faults.ESTOP) and latched.has(faults.PROGRAM_FLOW), wrong
        assert not latched.has(faults.LOOP_OPEN), wrong
