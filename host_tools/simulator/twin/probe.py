"""Virtual thermocouple probe and MAX31855 chip: they report what a real skin sensor reports, with its faults."""

import math
import random
from functools import lru_cache

from host_tools.simulator.twin import cells
from host_tools.simulator.twin.figures import Figures, figure
from host_tools.simulator.twin.noise import Noise
from host_tools.toolchain.its90_tables import SLOPE_UV_PER_C, emf_mv

# Slope of the chip's straight line, mV per degC, for the type that the chip is made for.
SENSITIVITY_MV = {kind: slope / 1000 for kind, slope in SLOPE_UV_PER_C.items()}

_cold_mv = lru_cache(maxsize=64)(emf_mv)  # a cold junction seldom changes

FAULT_BITS = {"open": 0b001, "short_gnd": 0b010, "short_vcc": 0b100}
FAULTS = (None, *FAULT_BITS, "dead_low", "dead_high", "stuck")
_DEAD = {"dead_low": 0, "dead_high": 0xFFFFFFFF}  # the word that a dead data line gives
FULL_SCALE_CODE = 0x1FFF
NOISE_C, NOISE_AT = 3, 9  # places of a probe's figures


def pack(tc_code, cj_code, fault_bits=0):
    """The 32-bit frame of a MAX31855 [S: datasheet, memory map].

    `tc_code`: 0.25 degC, signed 14 bits; `cj_code`: 0.0625 degC, signed 12 bits; `fault_bits`: 4 short to
    Vcc, 2 short to GND, 1 open; any of them sets the fault bit D16. Raises ValueError for codes that do not
    fit.
    """
    if not -8192 <= tc_code <= 8191 or not -2048 <= cj_code <= 2047 or not 0 <= fault_bits <= 7:
        raise ValueError(f"codes {tc_code}, {cj_code}, {fault_bits}: give signed 14, signed 12 and 3 bits")
    return (tc_code & 0x3FFF) << 18 | bool(fault_bits) << 16 | (cj_code & 0xFFF) << 4 | fault_bits


class Probe(Figures):
    """Thermocouple bead on the skin: first-order lag of `tau_s` (40 AWG in air: 0.25 s [S]).

    `bead_c` is the bead's temperature (degC). `noise_c` (default 0) is the standard deviation of contact
    noise added to it, from a generator seeded with `seed`. A swapped polarity is electrical: see
    `Max31855Chip.reversed`.
    """

    lagged_c, bead_c, tau_s, noise_c = map(figure, range(4))  # lagged_c: without the contact's noise
    gain, origin_c, detached, bath_c, bathed, noise_at = map(figure, range(4, 10))

    def __init__(self, *, tau_s=0.25, t_c=32.8, seed=0):
        if not tau_s > 0:
            raise ValueError(f"tau_s is {tau_s}: give a lag above 0 s")
        super().__init__(10)
        self.tau_s = tau_s
        self.bead_c = self.lagged_c = t_c
        self.noise = Noise(seed)
        self.attach()

    def attach(self):
        """Lie on the skin properly."""
        self.gain = 1.0
        self.origin_c = 0.0
        self.bathed = False
        self.detached = False

    def half_detach(self, gain):
        """Follow only `gain` (0 to 1) of the skin's change from the bead's present temperature."""
        if not 0 <= gain <= 1:
            raise ValueError(f"gain {gain}: give 0 to 1")
        self.gain = gain
        self.origin_c = self.lagged_c
        self.detached = False

    def detach(self, bath_c=None):
        """Hang in the air, so that the bead follows the ambient temperature, or lie in a bath of `bath_c` degC."""
        self.detached = True
        self.bathed = bath_c is not None
        self.bath_c = bath_c or 0.0

    def reserve(self, count):
        """Prepare the contact's noise for so many steps, if there is noise."""
        at = int(self.figures[NOISE_AT])
        if self.figures[NOISE_C] and at + count > len(self.noise.values):
            self.noise.reserve(count, at)
            self.noise_at = 0

    def step(self, dt_s, surface_c, ambient_c):
        """Advance by `dt_s` (exact for a constant target) toward skin or air; returns `bead_c`."""
        around_c = self.bath_c if self.bathed else ambient_c
        target_c = cells.felt_c(surface_c, self.gain, self.origin_c, around_c, self.detached)
        self.lagged_c = cells.toward(self.lagged_c, target_c, -math.expm1(-dt_s / self.tau_s))
        self.bead_c = self.lagged_c
        if self.noise_c:
            self.reserve(1)
            self.bead_c += float(self.noise.values[int(self.noise_at)]) * self.noise_c
            self.noise_at += 1
        return self.bead_c


class Max31855Chip:
    """MAX31855 trimmed for `kind` ("K" or "T"), converting on its own clock.

    Conversions end at `phase_us + n*conversion_us`, n >= 1; until the first ends a read gives 0 [K]. Before
    quantising, the voltage carries noise of `noise_c` degC and the cold junction of `cj_noise_c` (standard
    deviations). `cold_junction_c`, `reversed` (thermocouple wires swapped) and `offset_c` (it reads so much warmer) may
    be set at any time.
    """

    def __init__(self, *, kind="K", cold_junction_c=25.0, conversion_us=100_000, phase_us=0, noise_c=0.05,
                 cj_noise_c=0.03, seed=0):
        if kind not in SENSITIVITY_MV:
            raise ValueError(f"thermocouple type {kind!r}: give 'K' or 'T'")
        if conversion_us <= 0:
            raise ValueError(f"conversion_us is {conversion_us}: give more than 0")
        self.kind = kind
        self.cold_junction_c = cold_junction_c
        self.conversion_us = conversion_us
        self.noise_c = noise_c
        self.cj_noise_c = cj_noise_c
        self.reversed = False
        self.offset_c = 0.0
        self._random = random.Random(seed)
        self._fault = None
        self._voltage_of: tuple = ()
        self._voltage_mv = 0.0
        self._latched = self.frame = 0  # frame: the 32-bit word that a read returns now
        self._now_us = 0
        self.due_us = phase_us + conversion_us  # when the next conversion ends

    @property
    def fault(self):
        """None, "open", "short_gnd", "short_vcc", "dead_low", "dead_high" or "stuck".

        Wire faults show in the frame of the next conversion; a dead data line and a stuck chip at once.
        """
        return self._fault

    @fault.setter
    def fault(self, name):
        if name not in FAULTS:
            raise ValueError(f"fault {name!r}: give one of {', '.join(map(repr, FAULTS))}")
        self._fault = name
        self._latch(self._latched)

    def _latch(self, frame):
        self._latched = frame
        self.frame = _DEAD.get(self._fault or "", frame)

    def advance(self, to_us, bead_c):
        """Run to plant time `to_us` (an unbounded integer that never decreases), the bead at `bead_c`.

        Every conversion that ends in this time latches a new frame. Raises ValueError for a time in the past.
        """
        if to_us < self._now_us:
            raise ValueError(f"to_us {to_us} lies before {self._now_us}: plant time never runs back")
        self._now_us = to_us
        while self.due_us <= to_us:
            self.due_us += self.conversion_us
            frame = self._convert(bead_c)
            if self._fault != "stuck":
                self._latch(frame)

    def restart(self):
        """Power cycle: frame 0, the first conversion ends one conversion from now; frees a stuck chip [E]."""
        if self._fault == "stuck":
            self._fault = None
        self._latch(0)
        self.due_us = self._now_us + self.conversion_us

    def _convert(self, bead_c):
        noise_c = self._random.gauss(0.0, self.noise_c)
        junction_c = self.cold_junction_c + self._random.gauss(0.0, self.cj_noise_c)
        slope = SENSITIVITY_MV[self.kind]
        of = self.kind, bead_c, self.cold_junction_c
        if of != self._voltage_of:  # the nozzle's probe is as warm as before
            self._voltage_of = of
            self._voltage_mv = emf_mv(self.kind, bead_c) - _cold_mv(self.kind, self.cold_junction_c)
        voltage = self._voltage_mv
        if self.reversed:
            voltage = -voltage
        cj_code = min(max(round(junction_c * 16), -2048), 2047)
        bits = FAULT_BITS.get(self._fault or "", 0)
        if self._fault == "open":
            # The temperature field during a fault is not specified. Assumed [K]: an open input is pulled to
            # full scale, a short leaves no voltage, so the field repeats the cold junction and looks sane.
            return pack(FULL_SCALE_CODE, cj_code, bits)
        if bits:
            voltage = 0.0
        reading_c = voltage / slope + noise_c + junction_c + self.offset_c
        tc_code = round(min(max(reading_c, -250.0), 1372.0) * 4)
        return pack(tc_code, cj_code, bits)
