"""What a burst teaches is taken from its result, and only from one that was long enough to be one."""

from bench import Bench
from cryo.core import faults, mode
from cryo.core.bursts import Burst
from cryo.core.records import RESTING, RUNNING
from cryo.limits import BURST_MIN_US


def next_bursts(bench, count=2):
    """Go on until so many more bursts were commanded; return their lengths."""
    before = len(bench.fired)
    for _ in range(400):
        bench.tick()
        if len(bench.fired) >= before + count:
            return bench.fired[before:]
    raise AssertionError("no burst")


def cut_first(bench, ticks):
    """Let the first burst be cut after so many ticks by one missed distance."""
    bench.to_burst(1)
    bench.tick(ticks - 1)
    bench.i.distance.status = 1
    bench.tick()
    bench.i.distance.status = 0
    assert bench.i.burst != RUNNING
    return bench


def test_a_first_burst_that_was_refused_leaves_the_next_one_a_probe():
    bench = Bench().deliver()
    bench.refuses = True
    while not bench.asked:
        bench.tick()
    bench.refuses = False
    first, second = next_bursts(bench)
    assert first == 60_000 and second > 60_000


def test_a_first_burst_that_was_cut_short_leaves_the_next_one_a_probe():
    bench = cut_first(Bench().deliver(), 2)
    first, second = next_bursts(bench)
    assert first == 60_000 and second > 60_000
    assert not bench.sup.faults.first


def test_a_first_burst_as_long_as_the_shortest_one_was_a_probe():
    bench = cut_first(Bench().deliver(), 5)
    bench.tick()
    assert bench.sup.session.point_valve_on_us >= 30_000
    assert next_bursts(bench, 1)[0] > 60_000


def test_after_a_move_the_room_for_a_sensor_that_errs_stays_until_a_burst_showed_the_jet():
    bench = Bench().deliver()
    bench.i.distance.value = 120
    bench.to_burst(3)
    while bench.i.burst == RUNNING:
        bench.tick()
    for mm in (112, 104, 96, 88, 85):  # a hand that comes nearer in the off-phase
        bench.i.distance.value = mm
        bench.i.distance.sequence += 1
        bench.tick(3)
    count = len(bench.fired)
    far_mm = bench.sup.burst.shown_mm
    bench.to_burst(count + 1)
    bench.tick(1)
    bench.i.distance.status = 1
    bench.tick()
    bench.i.distance.status = 0
    bench.to_burst(count + 2)
    assert far_mm == bench.sup.burst.shown_mm == 120
    assert bench.fired[count:] == [60_000, 60_000]


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
    bench = Bench().deliver()
    bench.refuses = True
    while not bench.asked:
        bench.tick()
    bench.tick(2)
    assert not bench.sup.point.treated and bench.sup.jet._seen_before == 1_000 and bench.sup.second._unseen == 0
    assert not bench.sup.burst.open
    bench.refuses = False
    next_bursts(bench, 1)
    bench.tick(10)
    assert bench.sup.point.treated


# --- an opening that goes on after its cut ----------------------------------------------------------------------------
class Deaf(Bench):
    """A one-shot that hears no cut once it is `deaf`."""

    deaf = False

    def _act(self):
        if self.deaf and self.i.burst == RUNNING:
            self.o.cut = 0
        Bench._act(self)


def test_a_one_shot_that_runs_on_after_its_cut_is_a_fault_in_two_ticks_whatever_the_mode():
    for release in (True, False):
        bench = Deaf().deliver().to_burst(2)
        bench.deaf = True
        bench.one_shot_ends = False
        bench.left_us = 500_000
        if release:
            bench.i.trigger = 0
        else:
            bench.i.distance.status = 1
        bench.tick(4)
        assert bench.sup.faults.first == faults.VALVE_PORT and bench.sup.mode == mode.FAULT
        lease_us = bench.lease_us
        bench.tick(5)
        assert lease_us <= 20_000 and bench.lease_us == 0


def test_a_burst_of_an_earlier_pass_is_never_renewed():
    bench = Deaf().deliver().to_burst(2)
    bench.i.trigger = 0
    bench.tick(2)
    assert bench.sup.mode in (mode.REST, mode.ARMED)
    bench.sup.burst.open = True  # as if its end had not been told
    for _ in range(700):
        bench.tick()
        bench.sup.burst.open = True
        bench.i.burst = RUNNING if bench.sup.mode == mode.DELIVERING else bench.i.burst
        if bench.ticks % 50 == 0:
            bench.i.trigger ^= 1
        assert bench.sup.mode != mode.DELIVERING and not bench.o.lease


# --- an answer that cannot have come yet ------------------------------------------------------------------------------
def test_presses_that_are_let_go_at_once_are_no_misses_of_a_healthy_probe():
    bench = Bench().deliver()
    for _ in range(3):
        count = len(bench.fired)
        bench.to_burst(count + 1)
        while bench.i.burst == RUNNING:
            bench.tick()
        bench.tick(2)
        bench.i.trigger = 0
        bench.tick(330)
        if bench.sup.mode == mode.COMPLETE:
            break
        assert bench.sup.response._misses == 0
        bench.i.trigger = 1
        bench.tick(5)
    assert not bench.sup.faults.first


def test_a_probe_that_never_answers_is_told_although_each_press_is_let_go():
    bench = Bench().deliver()
    bench.dips = False
    bench.to_burst(1)
    bench.tick(8)
    bench.i.trigger = 0
    bench.tick(10)
    assert bench.sup.response._misses == 0 and bench.sup.response.open
    bench.tick(40)
    assert bench.sup.response._misses == 1 and not bench.sup.response.open


# --- late ticks -------------------------------------------------------------------------------------------------------
def test_ticks_that_are_each_a_little_late_add_up_to_a_fault():
    for dt_us, most in ((15_000, 12), (19_000, 7), (13_001, 18)):
        bench = Bench().deliver().to_burst(2)
        bench.tick(most, dt_us)
        assert bench.sup.faults.first == faults.TICK_LATE, dt_us
    bench = Bench().deliver().to_burst(2)
    for _ in range(200):  # one in 30 that an answer delays
        bench.tick(1, 12_900)
        bench.tick(29)
    assert not bench.sup.faults.first


def test_lateness_is_made_good_by_punctual_ticks_and_forgotten_with_the_pass():
    bench = Bench().deliver().to_burst(2)
    bench.tick(5, 15_000)
    assert bench.sup.pass_.late_us == 25_000
    bench.tick(100)
    assert bench.sup.pass_.late_us == 15_000
    bench.tick(151)
    assert bench.sup.pass_.late_us == 0
    bench.tick(5, 15_000)
    bench.i.trigger = 0
    bench.tick(400)
    bench.i.trigger = 1
    bench.tick(5)
    assert bench.sup.mode == mode.DELIVERING and bench.sup.pass_.late_us == 0


# --- a mode that is none ----------------------------------------------------------------------------------------------
def test_a_mode_that_is_none_is_an_error_of_the_program():
    for wrong in (10, 11, 29, 99, 1 << 20):
        for start in (Bench().stand_by, Bench().arm, Bench().deliver):
            bench = start()
            bench.sup.mode = wrong
            bench.tick()
            assert bench.sup.faults.first == faults.PROGRAM_FLOW, wrong
            assert bench.o.cut == 1 and not bench.o.lease and not bench.o.feed
