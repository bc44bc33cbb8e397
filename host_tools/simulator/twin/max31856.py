"""The skin's MAX31856 as the plant's converter: the chip's registers, fed with the probe's temperature and faults."""

import random

from host_tools.simulator.twin.guest.chip_max31856 import Chip

OPEN, VOLTAGE = 1, 2  # causes in the chip's status register
FAULTS = (None, "open", "short_gnd", "short_vcc", "dead_low", "dead_high", "stuck")


class Max31856Chip:
    """A MAX31856 on its SPI bus; `registers` is the chip, with drdy.level and fault.level as its two pins.

    It has the interface of Max31855Chip: `advance`, `fault`, `reversed`, `cold_junction_c`. It converts when its
    registers say so, one sample in conversion_us (98 ms at 50 Hz [S]), on its own clock. The linearisation counts as
    exact; noise_c (standard deviation, degC) is the probe's [E]. A short to ground leaves no voltage: the chip cannot
    detect it and reads the cold junction; a short to the supply suspends conversion.
    """

    def __init__(self, *, conversion_us=98_000, noise_c=0.03, cold_junction_c=25.0, seed=0):
        self.registers = Chip()
        self.registers.length_us = self.registers.next_length_us = conversion_us
        self.cold_junction_c = cold_junction_c
        self.noise_c = noise_c
        self.reversed = False
        self._random = random.Random(seed)
        self._fault = None
        self._now_us = 0
        self.due_us = 0  # always due: its registers say when it converts

    @property
    def fault(self):
        """One of FAULTS. Wire faults show with the next conversion; a dead line and a stuck chip at once."""
        return self._fault

    @fault.setter
    def fault(self, name):
        if name not in FAULTS:
            raise ValueError(f"fault {name!r}: give one of {', '.join(map(repr, FAULTS))}")
        self._fault = name
        chip = self.registers
        chip.causes = {"open": OPEN, "short_vcc": VOLTAGE}.get(name or "", 0)
        if not chip.causes & VOLTAGE:
            chip.regs[15] &= ~VOLTAGE
        chip.dead = {"dead_low": 0, "dead_high": 0xFF}.get(name or "", -1)
        chip.frozen = name == "stuck"

    def advance(self, to_us, bead_c):
        """Run to plant time to_us, the bead at bead_c; conversions on the way put a new sample into the registers."""
        if to_us < self._now_us:
            raise ValueError(f"to_us {to_us} lies before {self._now_us}: plant time never runs back")
        chip = self.registers
        shown_c = bead_c
        if self.reversed:
            shown_c = 2 * self.cold_junction_c - bead_c
        if self._fault == "short_gnd":
            shown_c = self.cold_junction_c
        chip.code = round((shown_c + self._random.gauss(0.0, self.noise_c)) * 128) << 5 & 0xFFFFFF
        chip.cj = round(self.cold_junction_c * 256) & 0xFFFF
        chip.advance(to_us - self._now_us)
        self._now_us = to_us
