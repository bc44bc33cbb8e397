"""The dead-man trigger (limit 16): a release acts at once, a press after 30 ms of standing."""

import micropython
from cryo.core.trigger import Trigger
from support import LONGEST_DT_US, TICK_US


class Hand:
    """Presses and releases; counts press events."""

    def __init__(self):
        self.trigger = Trigger()
        self.events = 0

    def sample(self, contact, dt_us=TICK_US):
        micropython.heap_lock()
        try:
            self.trigger.update(dt_us, contact)
        finally:
            micropython.heap_unlock()
        if self.trigger.pressed:
            self.events += 1
        return self.trigger.held


def test_before_the_first_sample_nothing_is_pressed():
    trigger = Trigger()
    assert not trigger.held and not trigger.pressed and not trigger.touched


def test_a_press_counts_when_it_has_stood_for_30_ms():
    for tick_us, samples in ((10_000, 4), (1_000, 31), (15_000, 3), (7_000, 6)):
        hand = Hand()
        hand.sample(0, tick_us)
        for _ in range(samples - 1):  # the first sample is its beginning, so n samples stood n - 1 ticks
            assert not hand.sample(1, tick_us)
            assert hand.trigger.touched
        assert hand.sample(1, tick_us)
        assert hand.events == 1


def test_the_press_event_comes_once_however_long_it_is_held():
    hand = Hand()
    for _ in range(200):
        hand.sample(1)
    for _ in range(3):
        hand.sample(1, LONGEST_DT_US)
    assert hand.trigger.held
    assert hand.events == 1


def test_a_bounce_restarts_the_time():
    hand = Hand()
    for _ in range(5):
        for _ in range(3):
            assert not hand.sample(1)
        assert not hand.sample(0)
    assert hand.events == 0
    for _ in range(3):
        assert not hand.sample(1)
    assert hand.sample(1)


def test_a_release_acts_at_its_first_sample():
    hand = Hand()
    for _ in range(10):
        hand.sample(1)
    assert not hand.sample(0, 0)
    assert not hand.trigger.touched and not hand.trigger.pressed
    assert not hand.sample(1)  # a contact that closes again at once is a new press
    assert hand.events == 1
    for _ in range(3):
        hand.sample(1)
    assert hand.events == 2


def test_time_before_the_first_closed_sample_is_no_standing():
    hand = Hand()
    hand.sample(0)
    assert not hand.sample(1, 200_000)  # a late tick: seen closed now, known closed for no time at all
    assert not hand.sample(1, 10_000)
    assert not hand.sample(1, 19_999)
    assert hand.events == 0
    assert hand.sample(1, 1)
