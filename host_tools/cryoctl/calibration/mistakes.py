"""Computes, with ITS-90 functions, the reading for a wrong thermocouple, converter or setting, or for reversed wires.

The device turns the converter's voltage into a temperature: t = E'(V + E(cold junction)); E and E' are of the type
that is set. Another probe gives its own V; with a converter trimmed for another type (MAX31855, a straight line)
V is scaled by the slopes; reversed wires change its sign.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from host_tools.cryoctl.calibration.points import Point
from host_tools.toolchain.its90_tables import SLOPE_UV_PER_C, emf_mv, temperature_c

COLD_JUNCTION_C = 25.0  # [E] if a file does not give it
APART_C = (
    0.5  # [E] the distance from the line through three points that the device allows: smaller differences show nothing
)
_OTHER = {"K": "T", "T": "K"}


@dataclass(frozen=True)
class Cause:
    """A possible mistake. probe, converter: their types; reversed: the wires are swapped."""

    probe: str
    converter: str
    reversed: bool

    def said(self, kind: str) -> str:
        """Return the mistake as a part of a sentence, for a device that is set to `kind`."""
        parts = ["the wires are reversed"] if self.reversed else []
        if self.probe != kind and self.converter != kind:
            parts.append(f"probe and converter are type {self.probe}, and tc_type is set to {kind}")
        elif self.probe != kind:
            parts.append(f"the probe is type {self.probe}, read as type {kind}")
        elif self.converter != kind:
            parts.append(f"the converter is trimmed for type {self.converter}, the probe is type {kind}")
        return " and ".join(parts) or "nothing"


def causes(kind: str) -> list[Cause]:
    """Return the possible mistakes when type `kind` is set; the first entry is "nothing is wrong"."""
    other = _OTHER[kind]
    pairs = ((kind, kind), (other, kind), (other, other), (kind, other))
    return [Cause(probe, converter, swapped) for swapped in (False, True) for probe, converter in pairs]


def reading_c(kind: str, cause: Cause, junction_c: float, cold_junction_c: float = COLD_JUNCTION_C) -> float:
    """Return what a device that is set to `kind` reads at `junction_c`; NaN outside -200 .. 400 degC."""
    voltage = emf_mv(cause.probe, junction_c) - emf_mv(cause.probe, cold_junction_c)
    voltage *= SLOPE_UV_PER_C[kind] / SLOPE_UV_PER_C[cause.converter] * (-1 if cause.reversed else 1)
    try:
        return temperature_c(kind, voltage + emf_mv(kind, cold_junction_c))
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Verdict:
    """The most likely cause. fit_c: its misfit; right_c: that of "nothing is wrong"; root mean square, degC.

    suspicious: the cause fits much better. told_apart_c: largest difference at these points between the set type and
    the other probe; below APART_C the two cannot be distinguished.
    """

    cause: Cause
    fit_c: float
    right_c: float
    suspicious: bool
    told_apart_c: float


def verdict(kind: str, points: Sequence[Point]) -> Verdict:
    """Judge two or more thermocouple points on a device that is set to `kind`, K or T."""
    fits = {cause: _off(kind, cause, points) for cause in causes(kind)}
    right, *others = fits
    best = min(others, key=lambda cause: fits[cause])
    suspicious = fits[right] > APART_C and fits[best] * 2 < fits[right]
    apart = max((abs(_at(kind, others[0], p) - (p.reference or 0.0)) for p in points), default=0.0)
    likeliest = best if suspicious else right
    return Verdict(likeliest, fits[likeliest], fits[right], suspicious, apart)


def _at(kind, cause, point):
    cold = COLD_JUNCTION_C if point.cold_junction_c is None else point.cold_junction_c
    return reading_c(kind, cause, point.reference or 0.0, cold)


def _off(kind, cause, points):
    squares = [((point.reading or 0.0) - _at(kind, cause, point)) ** 2 for point in points]
    mean = sum(squares) / len(squares)
    return math.inf if math.isnan(mean) else math.sqrt(mean)
