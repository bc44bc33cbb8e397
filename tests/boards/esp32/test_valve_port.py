"""The port's classes on the modelled chip: each status, a cut while the train runs on; nothing waits or allocates."""

import itertools

import pytest

from cryo.core.records import RESTING, RUNNING
from cryo.limits import OFF_MIN_US
from cryo.valve import BUSY, CUT, DEAD, EARLY, OK
from tests.boards.esp32.chip import PLAIN, RMT_OUT0, Waits
from tests.boards.esp32.test_words import DOSE, LAST_US, LEASE, LONGEST_US, Rig
from tests.lanes import LANES, LaneMissing, run_file

TRAIN_US = LONGEST_US + LAST_US
STRAY = ([20_000] * 12, [1] * 12)  # a train past the port, as long as its own


@pytest.fixture
def rig():
    return Rig()


def test_at_the_start_it_rests_and_refuses(rig):
    assert rig.valve.result() == RESTING
    assert rig.valve.fire(100) == CUT
    rig.chip.run_us(TRAIN_US)
    assert rig.chip.edges == []
    assert len(rig.channel.trains) == 1


def test_one_opening_per_re_arm(rig):
    rig.fire(100)
    assert rig.valve.result() == RUNNING
    rig.chip.run_us(LAST_US)
    assert rig.valve.result() == 0
    assert rig.valve.fire(100) == CUT
    assert rig.valve.result() == 0
    assert rig.valve.rearm() == OK
    assert rig.valve.result() == RESTING
    rig.chip.run_us(TRAIN_US)
    assert rig.chip.high_us(DOSE) == [100]


def test_an_opening_too_soon_after_the_last_is_refused_and_leaves_the_pin_low(rig):
    """Each tick tells it to open, as if nobody planned."""
    answers = []
    for _ in range(80):
        assert (rig.valve.cut(), rig.valve.rearm()) == (OK, OK)
        answers.append(rig.valve.fire(500))
        rig.chip.run_us(10_000)
        assert rig.valve.result() == (RESTING if answers[-1] else 0)
    assert set(answers) == {OK, EARLY}
    rising = rig.chip.rising_us(DOSE)
    assert [b - a for a, b in itertools.pairwise(rising)] == [360_000] * 2
    assert rig.chip.high_us(DOSE) == [500] * 3


def test_busy_while_it_runs_and_the_opening_is_left_alone(rig):
    rig.fire(2000)
    rig.chip.run_us(500)
    assert (rig.valve.fire(100), rig.valve.rearm(), rig.valve.fire(100)) == (BUSY, BUSY, BUSY)
    rig.chip.run_us(LAST_US)
    assert rig.chip.high_us(DOSE) == [2000]
    assert len(rig.channel.trains) == 2


def test_the_fake_waits_where_the_c_code_does(rig):
    """The calls that the port must not make: what they do proves that a port which made them would be seen."""
    rig.fire(LONGEST_US)
    for call in (
        lambda: rig.channel.write_pulses(*STRAY),
        lambda: rig.channel.wait_done(timeout=1),
        lambda: rig.channel.active(False),
        rig.channel.deinit,
    ):
        with pytest.raises(Waits):
            call()


@pytest.mark.parametrize("at_us", [1, 29_999, 30_000, 123_456, 299_999])
def test_a_cut_closes_at_once_and_the_rest_of_the_train_stays_inside(rig, at_us):
    rig.fire(LONGEST_US)
    rig.chip.run_us(at_us)
    assert rig.valve.cut() == OK
    assert rig.chip.level(DOSE) == 0
    assert rig.valve.result() == LONGEST_US - at_us
    assert rig.valve.fire(100) == CUT
    rig.chip.run_us(TRAIN_US)
    assert rig.chip.high_us(DOSE) == [at_us]
    assert rig.valve.result() == LONGEST_US - at_us


def test_a_cut_after_the_high_part_takes_nothing_away(rig):
    rig.fire(1000)
    rig.chip.run_us(1050)
    assert rig.channel.ongoing
    assert rig.valve.cut() == OK
    assert rig.valve.result() == 0


def test_no_re_arming_until_a_cut_train_is_over(rig):
    rig.fire(LONGEST_US)
    rig.chip.run_us(10_000)
    rig.valve.cut()
    assert (rig.valve.rearm(), rig.valve.fire(100)) == (BUSY, CUT)
    assert rig.valve.result() == LONGEST_US - 10_000
    rig.chip.run_us(TRAIN_US)
    rig.fire(100)
    rig.chip.run_us(LAST_US)
    assert rig.chip.high_us(DOSE) == [10_000, 100]


def test_a_cut_train_is_over_before_the_next_opening_may_come(rig):
    """A re-arm that finds BUSY is a fault: it must not happen in a treatment, whose pauses have a shortest length."""
    rig.fire(LONGEST_US)
    rig.chip.run_us(1)
    rig.valve.cut()
    rig.chip.run_us(OFF_MIN_US)
    assert rig.valve.rearm() == OK


def test_the_shut_off_is_told_before_the_dose_pin(rig):
    rig.fire(LONGEST_US)
    rig.chip.run_us(100)
    seen = []
    rig.lease.stop = lambda: seen.append(rig.chip.level(DOSE))
    assert rig.valve.cut() == OK
    assert seen == [1]
    assert rig.chip.level(DOSE) == 0


def test_a_cut_while_armed_keeps_a_later_train_inside(rig):
    assert rig.valve.rearm() == OK
    assert rig.valve.cut() == OK
    assert rig.valve.fire(100) == CUT
    rig.channel.write_pulses(*STRAY)
    rig.chip.run_us(TRAIN_US)
    assert rig.chip.edges == []


def test_a_train_from_elsewhere_opens_nothing_after_an_opening(rig):
    rig.fire(100)
    rig.chip.run_us(LAST_US)
    assert rig.valve.result() == 0  # as each tick asks
    rig.channel.write_pulses(*STRAY)
    rig.chip.run_us(TRAIN_US)
    assert rig.chip.high_us(DOSE) == [100]


def test_re_arming_ends_what_a_train_from_elsewhere_began(rig):
    assert rig.valve.rearm() == OK
    rig.channel.write_pulses(*STRAY)
    rig.chip.run_us(50)
    assert rig.valve.rearm() == BUSY
    assert rig.chip.level(DOSE) == 0
    rig.chip.run_us(TRAIN_US)
    assert rig.valve.fire(100) == CUT
    assert rig.chip.high_us(DOSE) == [50]


def test_firing_into_a_train_from_elsewhere_is_busy(rig):
    assert rig.valve.rearm() == OK
    rig.channel.write_pulses(*STRAY)
    assert rig.valve.fire(100) == BUSY


def test_re_arming_twice_keeps_one_opening(rig):
    assert (rig.valve.rearm(), rig.valve.rearm(), rig.valve.fire(10)) == (OK,) * 3
    rig.chip.run_us(LAST_US)
    assert rig.chip.high_us(DOSE) == [10]


def test_a_cut_every_tick_changes_nothing_when_it_rests(rig):
    assert rig.valve.cut() == OK
    assert rig.valve.result() == RESTING
    rig.fire(50)
    rig.chip.run_us(LAST_US)
    for _ in range(5):
        assert rig.valve.cut() == OK
        rig.chip.run_us(10_000)
        assert rig.valve.result() == 0
    rig.fire(70)
    rig.chip.run_us(LAST_US)
    assert rig.chip.high_us(DOSE) == [50, 70]


def test_an_rmt_that_refuses_a_train_is_a_dead_port_with_nothing_delivered(rig):
    assert rig.valve.rearm() == OK
    rig.channel.refuses = True
    assert rig.valve.fire(1000) == DEAD
    assert rig.valve.result() == 1000
    assert rig.valve.fire(1000) == CUT
    assert rig.chip.out_sel[DOSE] == PLAIN


@pytest.mark.parametrize("at_us", [100, 1_000 + LAST_US])
def test_a_plain_output_that_somebody_set_high_is_low_after_a_cut(rig, at_us):
    rig.fire(1_000)
    rig.chip.run_us(at_us)
    rig.chip.latch[DOSE] = 1
    assert rig.valve.cut() == OK
    assert rig.chip.level(DOSE) == 0


def test_a_matrix_that_does_not_answer_is_a_dead_port(rig):
    rig.chip.stuck_selects.add(DOSE)
    assert (rig.valve.rearm(), rig.valve.fire(100), rig.valve.result()) == (DEAD, CUT, RESTING)
    rig.chip.out_sel[DOSE] = RMT_OUT0
    assert rig.valve.cut() == DEAD


def test_a_train_that_never_ends_is_busy_for_ever_and_still_closes(rig):
    rig.channel.finish = lambda: None
    rig.fire(100)
    rig.chip.run_us(TRAIN_US)
    assert [rig.valve.result(), rig.valve.fire(10), rig.valve.rearm()] == [RUNNING, BUSY, BUSY]
    assert (rig.valve.cut(), rig.valve.rearm()) == (OK, BUSY)
    assert rig.chip.level(DOSE) == 0


def test_the_lease_pin_rests_low_and_gives_one_rising_edge_a_renewal(rig):
    for _ in range(3):
        assert rig.lease.renew() == OK
        assert rig.chip.level(LEASE) == 0
        rig.chip.run_us(10_000)
    assert len(rig.chip.rising_us(LEASE)) == 3
    assert rig.lease.stop() == OK
    assert len(rig.chip.rising_us(LEASE)) == 3


UNDER_LOCK = """
import sys
import micropython

class RMT:
    def __init__(self, pin, resolution_hz):
        machine.mem32[0x3FF44594] = 90
        self.done = True
        self.refuses = False
    def write_pulses(self, durations, levels):
        if self.refuses:
            raise OSError(22)
    def wait_done(self, timeout):
        return self.done

class Registers:
    def __init__(self):
        self.value = 0
    def __getitem__(self, address):
        assert address == 0x3FF44594
        return self.value
    def __setitem__(self, address, value):
        assert address == 0x3FF44594
        self.value = value

class Pin:
    OUT = 3
    def __init__(self, number, mode, value): pass
    def value(self, level): pass

class esp32:
    pass

class machine:
    pass

esp32.RMT = RMT
machine.Pin = Pin
machine.mem32 = Registers()
machine.freq = lambda: 160000000
sys.modules["esp32"] = esp32
sys.modules["machine"] = machine
from cryo.core.records import RESTING, RUNNING
from cryo.valve import BUSY, CUT, DEAD, OK, esp32_rmt
from cryo.valve.spacing import Spacing

class Rested:
    def __init__(self):
        self.now_us = 0
    def __call__(self):
        self.now_us += 3000000
        return self.now_us

def test_it():
    lease = esp32_rmt.Lease(26)
    valve = esp32_rmt.Valve(25, lease)
    valve._spacing = Spacing(Rested())
    rmt = valve._rmt
    micropython.heap_lock()
    try:
        a = valve.cut(); b = valve.fire(5); c = valve.rearm(); d = valve.result()
        lease.renew()
        e = valve.fire(1000000)
        rmt.done = False
        f = valve.result(); g = valve.rearm(); h = valve.fire(5)
        i = valve.cut(); left = valve.result(); j = valve.rearm()
        lease.stop()
        rmt.done = True
        k = valve.rearm(); l = valve.fire(12345); m = valve.result()
        rmt.refuses = True
        n = valve.rearm(); o = valve.fire(7); p = valve.result()
    finally:
        micropython.heap_unlock()
    assert (a, b, c, d, e, f, g, h) == (OK, CUT, OK, RESTING, OK, RUNNING, BUSY, BUSY)
    assert (i, j, k, l, m, n, o, p) == (OK, BUSY, OK, OK, 0, OK, DEAD, 7)
    assert 0 < left <= 300000
"""


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_no_call_allocates(lane, tmp_path):
    file = tmp_path / "test_planted.py"
    file.write_text(UNDER_LOCK)
    try:
        outcome = run_file(lane, file, ("test_it",), 60)
    except LaneMissing as missing:
        pytest.skip(f"{lane.name}: {missing}")
    assert (outcome.broken, outcome.passed) == ("", {"test_it": True}), outcome.output
