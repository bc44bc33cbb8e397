"""The readings of the plant's infrared sensor and CO2 sensor, with their faults."""

import math
import random
from functools import lru_cache

from host_tools.simulator.twin import cells
from host_tools.simulator.twin.figures import Figures, figure
from host_tools.simulator.twin.guest.chip_mlx90614 import ADDRESS, crc8

ZERO_K = 273.15
SILENT = -1


class Thermopile(Figures):
    """MLX90614 with the narrow field at the nozzle, aimed at the treated spot.

    stray         share of what it sees that is skin at rest: its field is stated to half the sensitivity only [K]
    plume_k       how much colder it reads while gas flows: snow and fog in its field [E]
    tau_s         of its filter: 0.77 Hz, a slow setting; without that filter 7.23 Hz [S: table of the Linux driver]
    noise_c       standard deviation of a sample [E]
    lies_c        a temperature: it reads this whatever it sees (a covered window, a broken chip); None: no such fault
    answers       False: not fitted, or its bus is dead

    `words`: object and housing, with their check bytes, as the virtual board's port carries them.
    """

    PERIOD_US = 100_000

    seen_c, rest_c, stray, plume_k, tau_s = map(figure, range(5))  # seen_c: with the lag of its filter

    def __init__(self, rest_c, seed=1):
        super().__init__(5)
        self.stray = 0.12
        self.plume_k = 15.0
        self.tau_s = 0.207
        self.noise_c = 0.1
        self.lies_c = None
        self.answers = True
        self.rest_c = self.seen_c = rest_c
        self._random = random.Random(seed)
        self.due_us = self.PERIOD_US
        self.words = (SILENT, SILENT)

    def advance(self, now_us, seconds, surface_c, housing_c, flowing):
        """Let seconds pass up to now_us, the skin's surface at surface_c."""
        target_c = cells.aimed_c(surface_c, self.rest_c, self.stray, self.plume_k, flowing)
        self.seen_c = cells.toward(self.seen_c, target_c, -math.expm1(-seconds / self.tau_s))
        if now_us >= self.due_us:
            self.sample(housing_c)

    def sample(self, housing_c):
        """A sample is due: put it into the words."""
        self.due_us += self.PERIOD_US
        if not self.answers:
            self.words = (SILENT, SILENT)
            return
        shown_c = (self.seen_c if self.lies_c is None else self.lies_c) + self._random.gauss(0.0, self.noise_c)
        self.words = (_framed(0x07, shown_c), _framed(0x06, housing_c))


def _framed(register, celsius):
    return _checked(register, round((celsius + ZERO_K) * 50))  # 0.02 K a step


@lru_cache(maxsize=4096)  # the same few hundred words are needed many times
def _checked(register, word):
    low, high = word & 0xFF, word >> 8
    return word | crc8((ADDRESS << 1, register, ADDRESS << 1 | 1, low, high)) << 16


class Room:
    """CO2 in a closed room, mixed at once; one sample in 5 s.

    ppm           true figure
    leak_g_s      gas that escapes beside the nozzle
    answers       False: no sensor, or its bus is dead
    """

    PERIOD_US = 5_000_000

    def __init__(self, m3=30.0, ppm=450.0):
        self.m3 = m3
        self.ppm = ppm
        self.leak_g_s = 0.0
        self.answers = True
        self.shown_ppm = SILENT
        self.samples = 0
        self.due_us = self.PERIOD_US

    def advance(self, now_us, seconds, grams):
        """Let seconds pass up to now_us, in which the nozzle released grams."""
        self.ppm += (grams + self.leak_g_s * seconds) * 540.0 / self.m3  # 18 ppm a gram in 30 m3 [C]
        if now_us < self.due_us:
            return
        self.due_us += self.PERIOD_US
        self.samples += self.answers
        self.shown_ppm = round(min(self.ppm, 40_000)) if self.answers else SILENT
