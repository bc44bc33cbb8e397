"""Compares the processor's clock with the timer's, several times a second, in every mode.

The timer counts the crystal's beats by itself. One-shot, tether and lease count the processor's clock. If that clock
were slow, all of them would be late by the same part, and none of them could show it. Both clocks come from one
crystal: this comparison cannot find a wrong crystal.
"""

import time

from micropython import const

_SHARE = const(20)  # [E] this part of the time may be the error of two readings; a wrong divider or PLL is 30 % or more
_SHORT_US = const(5_000)  # [E] a shorter time proves nothing
_LONG_US = const(500_000)  # a longer one would leave 31 bits
_TIMES = const(2)  # [E] in a row: an interrupt may fall between two readings


class Clocks:
    """clock: what the board's chip.py offers, or None. The speed at the start is the one that is expected for ever."""

    def __init__(self, clock):
        self._clock = clock
        self._mhz = clock.hz() // 1_000_000 if clock else 0
        self._at_us = time.ticks_us()
        self._at = clock.cycles() if clock else 0
        self._wrong = 0

    def begin(self):
        """Begin to compare from now on. MicroPython's writes to a pixel set the processor's counter anew."""
        clock = self._clock
        if clock:
            self._at_us = time.ticks_us()
            self._at = clock.cycles()

    def differ(self):
        """Return True when they differ. Call between two ticks, often enough that the count of cycles does not wrap.

        What is compared is the time since the last begin() or differ(): between them nothing may write to a pixel.
        """
        clock = self._clock
        if not clock:
            return False
        passed_us = time.ticks_diff(time.ticks_us(), self._at_us)
        counted = clock.cycles() - self._at & clock.MASK
        self.begin()
        if not _SHORT_US <= passed_us <= _LONG_US:
            return False
        due = passed_us * self._mhz
        if due > clock.MASK - clock.MASK // _SHARE:
            return False
        if due - due // _SHARE <= counted <= due + due // _SHARE:
            self._wrong = 0
            return False
        self._wrong += 1
        return self._wrong >= _TIMES
