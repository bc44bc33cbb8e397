"""Differences and growing times of a counter that wraps at 2**30, on 31 bits."""

import micropython
from cryo.core.ticks import diff, grown

WRAP = 0x40000000
SATURATED = 0x1FFFFFFF


def locked(function, a, b):
    micropython.heap_lock()
    try:
        return function(a, b)
    finally:
        micropython.heap_unlock()


def test_a_difference_is_signed_and_crosses_the_wrap():
    last = WRAP - 1
    for newer, older, expected in (
        (0, 0, 0),
        (last, last, 0),
        (10, 0, 10),
        (0, 10, -10),
        (0, last, 1),
        (last, 0, -1),
        (4_999, last - 5_000, 10_000),
        (last - 5_000, 4_999, -10_000),
    ):
        assert locked(diff, newer, older) == expected


def test_a_difference_holds_up_to_half_the_counter():
    half = 0x20000000
    assert locked(diff, half - 1, 0) == half - 1
    assert locked(diff, half, 0) == -half
    assert locked(diff, 3, WRAP - half + 4) == half - 1
    assert locked(diff, 3, WRAP - half + 3) == -half


def test_a_time_grows_until_it_saturates_and_then_stands():
    assert locked(grown, 0, 0) == 0
    assert locked(grown, 250_000, 10_000) == 260_000
    assert locked(grown, SATURATED - 10_000, 9_999) == SATURATED - 1
    assert locked(grown, SATURATED - 10_000, 10_000) == SATURATED
    assert locked(grown, SATURATED - 10_000, 10_001) == SATURATED
    assert locked(grown, SATURATED, 0) == SATURATED
    assert locked(grown, SATURATED, 10_000) == SATURATED


def test_a_time_saturates_after_the_longest_gap():
    for elapsed in (0, 1, SATURATED - 1, SATURATED):
        assert locked(grown, elapsed, SATURATED) == SATURATED
        assert locked(grown, elapsed, SATURATED + 1) == SATURATED
