"""Predicts the skin surface from the bursts alone, without a temperature sensor (limit 25).

Skin under a step of heat flux is a semi-infinite solid: its surface falls by K root t. A sum of seven first-order
states follows root t within 1 % from 10 ms to 60 s [C]; host_tools/evidence/observer_fit.py fits their weights. While
gas flows they are driven by K (T - T_jet) / 106, because the flux falls as the skin approaches the jet at -78.5 degC.
"""

from cryo.limits import DISTANCE_ERROR_MM, TICK_US
from micropython import const

JET_MDEGC = const(-78_500)  # [S] sublimation of CO2 at 1 bar
REFERENCE_DROP_DEGC = const(106)  # [C] from a mean skin of 27.5 degC to the jet, where K is defined
PROBE_TAU_MS = const(250)  # [S] 40 AWG bead in air

TAU_MS = (5, 30, 150, 800, 4_000, 20_000, 100_000)
WEIGHT_E4 = (674, 698, 1_923, 3_903, 9_972, 13_280, 105_490)  # of root t, in 1e-4 root seconds

# per 10 ms tick: share of a state that decays, d / 2**(6 + shift); gain of one tick of full flow, 2**-18 per mdegC/rt s
# fmt: off
DECAY = (885, 581, 528, 814, 655, 524, 839)
DECAY_SHIFT = (4, 5, 7, 10, 12, 14, 17)
GAIN = (15_277, 5_187, 3_251, 1_271, 653, 174, 277)
# fmt: on
_STATES = const(7)
_HALF_US = TICK_US // 2
_PROBE_DECAY = const(642)  # of 2**14 per tick: 1 - exp(-10 / 250)

_DRIVE_MAX = const(60_000)  # keeps the products below within 31 bits; above every jet that may be calibrated

# (80 / d) ** 1.5 in thousandths every 10 mm from 20 to 240 mm: the reference nozzle's law of distance [E]
FALL_OFF = (
    8000, 4355, 2828, 2024, 1540, 1222, 1000, 838, 716, 620, 544, 483, 432, 389, 354, 323, 296, 273, 253, 235, 219, 205,
    192,
)  # fmt: skip
_FALL_OFF_FROM_MM = const(20)
_FALL_OFF_STEP_MM = const(10)


def k_at(k_mdegc, distance_mm):
    """Return the jet constant at a distance, mdegC per root second, from its value at 80 mm; held beyond 20-240 mm."""
    d = distance_mm - _FALL_OFF_FROM_MM
    if d <= 0:
        return k_mdegc * FALL_OFF[0] // 1000
    i = d // _FALL_OFF_STEP_MM
    if i >= len(FALL_OFF) - 1:
        return k_mdegc * FALL_OFF[-1] // 1000
    a = FALL_OFF[i]
    return k_mdegc * (a + (FALL_OFF[i + 1] - a) * (d - i * _FALL_OFF_STEP_MM) // _FALL_OFF_STEP_MM) // 1000


def k_nearer(k_mdegc, from_mm, to_mm):
    """Return the most that the jet constant may be after a step from from_mm in to to_mm, mdegC per root second.

    k_mdegc is its value at 80 mm as last seen, at from_mm. The nearer the skin, the steeper the law. A sensor that
    reads too far, by DISTANCE_ERROR_MM at most, hides this however well the jet was learnt. from_mm is within the
    window in which bursts are given, so the product stays within 31 bits.
    """
    rise = k_at(1_000, to_mm - DISTANCE_ERROR_MM)
    return k_at(k_mdegc, from_mm) * rise // k_at(1_000, from_mm - DISTANCE_ERROR_MM)


class Observer:
    """Predicted surface and predicted probe reading, both mdegC."""

    def __init__(self):
        self.surface_mdegc = 0
        self.baseline_mdegc = 0
        self._x = [0] * _STATES  # drop of each state, 1/256 mdegC
        self._probe = 0  # 1/16 mdegC
        self._left_us = _HALF_US  # time that no step has used yet; half a tick allows for a tick's jitter
        self._flow_us = 0  # gas that no step has used yet ...
        self._k_mdegc = 0  # ... and its jet constant
        self.torn = False  # a memory error changed its figures between two ticks
        self._drop = 0  # sum of the states, and ...
        self._again_mdegc = 0  # ... the baseline once more

    def reset(self, baseline_mdegc):
        """Start a point on skin of this temperature."""
        self.baseline_mdegc = baseline_mdegc
        self._again_mdegc = baseline_mdegc
        self._drop = 0
        self.surface_mdegc = baseline_mdegc
        self._probe = baseline_mdegc << 4
        self._left_us = _HALF_US
        self._flow_us = 0
        x = self._x
        i = 0
        while i < _STATES:
            x[i] = 0
            i += 1

    def probe_mdegc(self):
        """Return what an ideal probe on that surface reads."""
        return self._probe >> 4

    def advance(self, k_mdegc, flow_us, dt_us):
        """Let dt_us pass, in which gas flowed for flow_us with the jet constant k_mdegc at the skin.

        The states step by whole ticks of time, however late a tick is. Time that no step has used is carried over.
        """
        left_us = self._left_us + dt_us
        if flow_us:
            self._k_mdegc = k_mdegc
        flow_us += self._flow_us
        while left_us >= TICK_US:
            left_us -= TICK_US
            part_us = flow_us if flow_us < TICK_US else TICK_US
            flow_us -= part_us
            self.update(self._k_mdegc, part_us)
        self._left_us = left_us
        self._flow_us = flow_us

    def update(self, k_mdegc, flow_us):
        """Advance one tick in which gas flowed for flow_us (0 .. 10 000) with the jet constant k_mdegc at the skin."""
        drive = 0
        if flow_us:
            drive = k_mdegc * ((self.surface_mdegc - JET_MDEGC) // REFERENCE_DROP_DEGC) // 1000
            if drive > _DRIVE_MAX:
                drive = _DRIVE_MAX
            drive = drive * (flow_us if flow_us < TICK_US else TICK_US) // TICK_US
        # The loop is unrolled, with the tables' figures in it, to keep the tick short. A test compares them with the
        # tables.
        x = self._x
        was = v = x[0]
        x[0] = drop = v - ((v >> 6) * 885 >> 4) + (drive * 15_277 >> 10)
        v = x[1]
        was += v
        x[1] = v = v - ((v >> 6) * 581 >> 5) + (drive * 5_187 >> 10)
        drop += v
        v = x[2]
        was += v
        x[2] = v = v - ((v >> 6) * 528 >> 7) + (drive * 3_251 >> 10)
        drop += v
        v = x[3]
        was += v
        x[3] = v = v - ((v >> 6) * 814 >> 10) + (drive * 1_271 >> 10)
        drop += v
        v = x[4]
        was += v
        x[4] = v = v - ((v >> 6) * 655 >> 12) + (drive * 653 >> 10)
        drop += v
        v = x[5]
        was += v
        x[5] = v = v - ((v >> 6) * 524 >> 14) + (drive * 174 >> 10)
        drop += v
        v = x[6]
        was += v
        x[6] = v = v - ((v >> 6) * 839 >> 17) + (drive * 277 >> 10)
        drop += v
        if was != self._drop or self.baseline_mdegc != self._again_mdegc:
            self.torn = True
        self._drop = drop
        surface = self.baseline_mdegc - (drop >> 8)
        self.surface_mdegc = surface
        p = self._probe
        self._probe = p + (((surface << 4) - p) * _PROBE_DECAY >> 14)
