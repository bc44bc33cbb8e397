"""The virtual chip's four words that survive a reset and not a power cut."""

import hal
import machine


class Scratch:
    """Room for four words of under 2**30."""

    def cold(self):
        """Return True after power-on."""
        return machine.reset_cause() == machine.PWRON_RESET and hal.scratch[0] == 0

    def read(self, n):
        """Return word n."""
        return hal.scratch[n]

    def write(self, n, word):
        """Keep word n."""
        hal.keep(n, word)
