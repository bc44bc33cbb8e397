"""The virtual chip's cycle counter. It is exact, because all time is the plant's."""

from time import ticks_us

from machine import freq


class Clock:
    """Cycles of the virtual processor."""

    MASK = 0xFFFFFF

    def cycles(self):
        """Return the cycles so far, modulo 2**24."""
        return ticks_us() * (freq() // 1_000_000) & self.MASK

    def hz(self):
        """Return how many cycles a second must have."""
        return freq()
