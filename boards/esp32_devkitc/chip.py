"""What the ESP32 offers for its self-tests: the processor's cycle counter, beside the operating system's timer."""

from time import ticks_cpu

from machine import freq


class Clock:
    """The processor's clock (PLL), to be compared with the timer, which counts the crystal's beats."""

    MASK = 0xFFFFFF

    def cycles(self):
        """Return the cycles so far, modulo 2**24."""
        return ticks_cpu() & self.MASK

    def hz(self):
        """Return how many cycles a second must have."""
        return freq()
