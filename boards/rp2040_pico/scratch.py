"""Four scratch registers of the chip: registers.py says which. Only power-on, brown-out and RUN clear them.

The RP2040: the watchdog's 0-3, because its boot ROM and SDK use 4-7 only. The RP2350: the power manager's, because its
boot ROM writes the watchdog's 2 and 3 when a UF2 file was copied onto it. `machine.mem_backup` does the same, but only
in versions after MicroPython 1.28.
"""

from registers import KEPT_WORDS as _FIRST

from machine import PWRON_RESET, mem32, reset_cause

_ADDRESSES = (_FIRST, _FIRST + 4, _FIRST + 8, _FIRST + 12)  # objects, made once: the addresses are 2**30 or more


class Scratch:
    """Room for four words of under 2**30."""

    def cold(self):
        """Return True after power-on. After any other reset, also machine.reset(), the cause reads "watchdog"."""
        return reset_cause() == PWRON_RESET and mem32[_ADDRESSES[0]] == 0

    def read(self, n):
        """Return word n."""
        return mem32[_ADDRESSES[n]]

    def write(self, n, word):
        """Keep word n."""
        mem32[_ADDRESSES[n]] = word
