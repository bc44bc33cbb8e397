"""Arithmetic on the board's wrapping microsecond counter, within 31-bit integers."""

from micropython import const

MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
HALF = const(0x20000000)
SATURATED = const(0x1FFFFFFF)  # elapsed times stop here (8.9 minutes in us)


def diff(newer, older):
    """Return newer - older in us, -2**29 .. 2**29 - 1. An offset that is added before the mask would exceed 31 bits."""
    d = (newer - older) & MASK
    return d - MASK - 1 if d >= HALF else d


def grown(elapsed, dt):
    """Return elapsed + dt, saturating: a time that does not wrap never looks fresh again."""
    return elapsed + dt if elapsed < SATURATED - dt else SATURATED
