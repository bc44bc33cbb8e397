"""RTC memory as four words: it survives every reset but power-on [S] MicroPython 1.28 machine_rtc.c, RTC_NOINIT."""

from struct import pack_into, unpack_from

from machine import PWRON_RESET, RTC, reset_cause


class Scratch:
    """Room for four words of under 2**30. A reset keeps them; after power-on they hold anything."""

    def __init__(self):
        self._rtc = RTC()
        self._bytes = bytearray(16)
        kept = self._rtc.memory()
        if len(kept) == 16:
            self._bytes[:] = kept

    def cold(self):
        """Return True after power-on, and after a brown-out, which this port calls the same."""
        return reset_cause() == PWRON_RESET

    def read(self, n):
        """Return word n."""
        return unpack_from("<I", self._bytes, n * 4)[0]

    def write(self, n, word):
        """Keep word n."""
        pack_into("<I", self._bytes, n * 4, word)
        self._rtc.memory(self._bytes)
