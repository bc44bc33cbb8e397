"""Four scratch registers of the chip: registers.py says which. They outlive all but power-on, brown-out and RUN.

The RP2040: the watchdog's 0-3, for its boot ROM and SDK keep to 4-7. The RP2350: the power manager's, for its boot ROM
writes the watchdog's 2 and 3 when a UF2 file was copied onto it. `machine.mem_backup` would give the same, after
MicroPython 1.28 only.
"""

from registers import KEPT_WORDS as _FIRST

from machine import PWRON_RESET, mem32, reset_cause

_ADDRESSES = (_FIRST, _FIRST + 4, _FIRST + 8, _FIRST + 12)  # objects made once: they are beyond 2**30


class Scratch:
    """Room for four words of under 2**30."""

    def cold(self):
        """Return True after power-on. After any other reset, machine.reset() too, the cause is called the watchdog."""
        return reset_cause() == PWRON_RESET and mem32[_ADDRESSES[0]] == 0

    def read(self, n):
        """Return word n."""
        return mem32[_ADDRESSES[n]]

    def write(self, n, word):
        """Keep word n."""
        mem32[_ADDRESSES[n]] = word
