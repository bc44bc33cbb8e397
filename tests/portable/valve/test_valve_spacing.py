"""Limits 5 and 6 at the valve: it refuses what no planner may ask for, and never what a planner asks for."""

from cryo.core.bursts import Planner
from cryo.limits import BURST_MIN_US, DUTY_MAX_US, DUTY_WINDOW_US, OFF_MIN_US
from cryo.valve import EARLY, OK
from cryo.valve.spacing import Spacing
from support import Random

_MASK = 0x3FFFFFFF
VENT_US = 60_000
IN_TICK_US = 4_500  # the port is asked at most so much later than its tick began


class Time:
    """A clock in microseconds that begins shortly before its wrap; `pin_us` never wraps."""

    def __init__(self):
        self.pin_us = 0

    def ticks_us(self):
        return (self.pin_us + _MASK - 2_000_000) & _MASK


def open_in(bursts, end_us):
    """Return how long (start, length) of `bursts` were open in the window that ends at end_us."""
    total = 0
    for start, length in bursts:
        first = max(start, end_us - DUTY_WINDOW_US)
        last = min(start + length, end_us)
        if last > first:
            total += last - first
    return total


def proven(bursts):
    """Assert both limits over (start, length) of all bursts, on the pin's time; return the fullest window."""
    most = 0
    for k, (start, length) in enumerate(bursts):
        if k:
            before, on = bursts[k - 1]
            assert start - before - on >= OFF_MIN_US
        most = max(most, open_in(bursts[max(0, k - 7) : k + 1], start + length))
    assert most <= DUTY_MAX_US
    return most


def test_forced_bursts_keep_both_limits():
    fullest = refused = 0
    for seed in range(6):
        draw = Random(seed * 91 + 3)
        time = Time()
        spacing = Spacing(time.ticks_us)
        bursts = []
        while time.pin_us < 20_000_000:
            us = 500_000 if seed == 0 else BURST_MIN_US + draw.below(48) * 10_000
            if spacing.ask(us):
                refused += 1
                time.pin_us += 10_000 + draw.below(500)
                continue
            left = draw.below(us // 1_000) * 1_000 if seed > 3 and draw.below(3) == 0 else 0
            bursts.append((time.pin_us, us - left))
            time.pin_us += us - left + draw.below(10_000)
            spacing.ended(left)
        assert len(bursts) > 15
        fullest = max(fullest, proven(bursts))
    assert refused > 100 and fullest > DUTY_MAX_US - 12_000


def test_a_burst_whose_end_was_never_told_counts_whole():
    time = Time()
    spacing = Spacing(time.ticks_us)
    assert spacing.ask(500_000) == OK
    for after_us, answer in ((0, EARLY), (500_000, EARLY), (849_999, EARLY), (850_300, OK)):
        time.pin_us = after_us
        assert spacing.ask(60_000) == answer, after_us


def test_what_a_planner_plans_is_never_refused():
    """Late ticks, a port that is asked anywhere in its tick, early ends, vents, rests longer than the counter."""
    total = 0
    for seed in range(8):
        draw = Random(seed * 53 + 7)
        time = Time()
        spacing = Spacing(time.ticks_us)
        close_us = (5_000, 25_000, 60_000)[seed % 3]
        planner = Planner(draw.below(25_001), close_us)
        planner.probe_due = False
        tick_us = 0  # when the tick began, on the time of the pin
        end_us = left_us = asked_us = 0
        running = False
        bursts = []
        for n in range(1_600):
            step = 9_000 + draw.below(2_000 if draw.below(20) else 16_000)
            tick_us += step
            planner.advance(step)
            time.pin_us = max(time.pin_us, tick_us)
            if running and time.pin_us >= end_us:
                running = False
                spacing.ended(left_us)
                planner.ended(left_us)
            if running or planner.off_us < OFF_MIN_US:
                continue
            if seed > 4 and draw.below(4) == 0:
                continue
            vent = n % 29 == 0
            cap_us = 500_000 if seed < 4 else BURST_MIN_US + draw.below(48) * 10_000
            us = VENT_US if vent else planner.plan(33_000, 5_000, cap_us, 8_000, 33_000, 8_000, 8_000, 0)
            if not us:
                continue
            time.pin_us = tick_us + draw.below(IN_TICK_US + 1)
            assert spacing.ask(us) == OK, (seed, n, us)
            planner.fired(us)
            left_us = draw.below(us // 1_000) * 1_000 if not vent and draw.below(5) == 0 else 0
            asked_us = time.pin_us
            end_us = asked_us + us - left_us
            bursts.append((asked_us, us - left_us))
            running = True
        total += len(bursts)
        proven(bursts)
    assert total > 150


def test_a_rest_of_any_length_forgets_what_was():
    for wrap in (1, 2):
        time = Time()
        spacing = Spacing(time.ticks_us)
        assert spacing.ask(500_000) == OK
        spacing.ended(0)
        time.pin_us = 500_000
        for _ in range(9_999):
            assert spacing.kept
            spacing.kept -= 1
        assert spacing.ask(60_000) == EARLY  # whatever the ticks say, 1 ms has passed
        spacing.kept -= 1
        assert not spacing.kept
        time.pin_us = wrap * (_MASK + 1) + 600_000  # to the counter, 100 ms after the burst
        assert spacing.ask(500_000) == OK
        spacing.ended(0)
        time.pin_us += 10_000
        assert spacing.ask(60_000) == EARLY
