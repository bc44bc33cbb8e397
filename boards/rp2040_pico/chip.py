"""What the RP2040 and the RP2350 offer for its self-tests: a second clock to count, and its own temperature."""

from machine import ADC, freq, mem32

_CSR = 0xE000E010  # SysTick [S] Armv6-M and v8-M: counts down cycles, 24 bits; a write to a pixel restarts it
_RVR = 0xE000E014
_CVR = 0xE000E018
_CORE = 4  # the converter's channel of the chip's temperature


class Clock:
    """The processor's clock (PLL), to be compared with the timer, which divides the crystal's by itself."""

    MASK = 0xFFFFFF

    def __init__(self):
        mem32[_RVR] = self.MASK
        mem32[_CSR] = 5

    def cycles(self):
        """Return the cycles so far, modulo 2**24."""
        return -mem32[_CVR] & self.MASK

    def hz(self):
        """Return how many cycles a second must have."""
        return freq()


def core_c():
    """Return the chip's temperature, degC: 27 at 0.706 V, 1.721 mV less for each degree [S] both datasheets."""
    uv = ADC(_CORE).read_u16() * 3300 // 65536 * 1000
    return 27 - (uv - 706_000) // 1721
