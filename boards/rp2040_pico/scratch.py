"""The watchdog's scratch registers 0-3: they survive every reset but power-on and the RUN pin [S] datasheets, watchdog.

The RP2040's boot ROM and SDK keep to 4-7; the RP2350's use 2 and 3 too, for a boot after a UF2 file was copied onto it.
`machine.mem_backup` would give the same, after MicroPython 1.28 only.
"""

from registers import WATCHDOG_SCRATCH as _FIRST

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
