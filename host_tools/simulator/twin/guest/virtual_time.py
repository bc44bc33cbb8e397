"""The `time` module of the virtual board: the plant's time, with the counters wrapping at 2**30."""

import hal

ticks_us = hal.ticks_us
ticks_ms = hal.ticks_ms
sleep_us = hal.sleep_us

_HALF = 0x20000000
_MASK = hal.TICKS_MASK


def ticks_diff(newer, older):
    """Return newer - older, -2**29 .. 2**29 - 1."""
    d = (newer - older) & _MASK
    return d - _MASK - 1 if d >= _HALF else d


def ticks_add(ticks, delta):
    """Return ticks + delta, wrapped; delta is -2**29 .. 2**29. Every step stays within 31 bits."""
    return ((ticks - _HALF + delta) & _MASK) ^ _HALF


def sleep_ms(ms):
    """Let ms milliseconds pass."""
    hal.sleep_us(ms * 1000)


def sleep(seconds):
    """Let seconds pass."""
    hal.sleep_us(int(seconds * 1_000_000))
