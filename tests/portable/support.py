"""Records that portable tests of the core fill by hand."""

from cryo.core.reading import NO_VALUE, OPEN
from cryo.core.records import Inputs

TICK_US = 10_000
LONGEST_DT_US = 0x1FFFFFFF  # the longest difference of two stamps


def inputs():
    """Return Inputs with nothing read yet."""
    return Inputs()


def set_good(reading, mdegc, age_us=100_000):
    """Put a new good sample into the reading; its conversion began age_us ago and has just ended."""
    reading.status = 0
    reading.value_mdegc = mdegc
    reading.cold_junction_mdegc = 25_000
    reading.age_us = age_us
    reading.ended_age_us = age_us - 100_000 if age_us > 100_000 else 0
    reading.sequence = (reading.sequence + 1) & 0xFFFF


def set_bad(reading, status=OPEN):
    """Put a new bad sample into the reading."""
    reading.status = status
    reading.value_mdegc = NO_VALUE
    reading.age_us = 100_000
    reading.ended_age_us = 0
    reading.sequence = (reading.sequence + 1) & 0xFFFF


def mask(codes):
    """Return a set of fault codes as one number, 1 << code for each."""
    return codes.low | codes.high << 32


def taken(causes):
    """Return the causes that were found as such a number, and forget them, as an update does."""
    found = mask(causes)
    causes.low = causes.high = 0
    return found


def raises(error, function, *arguments):
    """True when the call raises `error`."""
    try:
        function(*arguments)
    except error:
        return True
    return False


class Random:
    """Small repeatable generator that needs no more than 31 bits."""

    def __init__(self, seed):
        self._state = seed & 0x7FFFF or 1

    def below(self, n):
        """Return 0 .. n - 1, n at most 65536."""
        self._state = (self._state * 1103 + 12345) & 0x7FFFF
        return (self._state >> 3) * n >> 16
