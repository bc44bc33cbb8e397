"""Computes a calibration's values from its measurements and accepts or refuses them: integers, outside the tick.

Every function returns (values, None), or (None, sentence). Points are (reference, reading) pairs in one unit.
"""

from cryo.core.observer import k_at
from cryo.limits import JET_K_MAX_MDEGC, JET_K_MIN_MDEGC, START_MAX_MM, START_MIN_MM
from micropython import const

TC_ERROR_MDEGC = const(2_000)  # limit 1 assumes a sensor error of at most +-2 degC [E]
TC_RESIDUAL_MDEGC = const(500)  # [E] distance from the line through three points: beyond it the bath was not at rest
TC_COLD_MDEGC = const(5_000)  # [E] one point must be this cold or colder, because the trips are cold
TC_SPAN_MDEGC = const(20_000)  # [E]
PRESSURE_ERROR_MBAR = const(2_000)  # [E] 2 % of the transducers' 100 bar
PRESSURE_SPAN_MBAR = const(20_000)  # [E]
DISTANCE_ERROR_MM = const(5)  # [E] half of what makes the next burst a probe burst
DISTANCE_SPAN_MM = const(60)  # [E] half of the range for a start
DELAYS_MIN = const(3)
DELAY_SPREAD_US = const(5_000)  # [E] a valve that scatters more sticks
JETS_MIN = const(3)
NOZZLE_MAX = const(9_999)  # [E] a number that is written on a nozzle
JET_SPREAD = const(15)  # [E] percent of the strongest
JET_FLOW_US = (20_000, 1_000_000)  # [E] shorter times are mostly the valve's opening; longer ones are no burst
JET_FALL_MDEGC = const(110_000)  # [C] from warm skin down to the jet, -78.5 degC: no surface falls further
_MILLION = const(1_000_000)


def line(points):
    """Return (pivot, offset, slope_ppm, residuals) of the least-squares correction through 2 or 3 points.

    The correction of a reading r is offset + (r - pivot) * slope_ppm / 1e6; residuals are what it leaves at each point.
    The readings must differ.
    """
    n = len(points)
    pivot = sum(p[1] for p in points) // n
    offset = sum(p[0] - p[1] for p in points) // n
    square = sum((p[1] - pivot) * (p[1] - pivot) for p in points)
    product = sum((p[1] - pivot) * (p[0] - p[1] - offset) for p in points)
    slope_ppm = product * _MILLION // square
    residuals = tuple(p[0] - p[1] - corrected(pivot, offset, slope_ppm, p[1]) for p in points)
    return pivot, offset, slope_ppm, residuals


def corrected(pivot, offset, slope_ppm, reading):
    """Return the correction to add to a reading."""
    return offset + (reading - pivot) * slope_ppm // _MILLION


def thermocouple(points):
    """Two or three points, mdegC, one of them cold. Values: pivot, offset, slope_ppm, largest residual, skin offset.

    The skin offset is added to each reading: for a probe that reads too warm it is the largest such error, negative;
    else it is 0. A probe that reads too cold is left so: a calibration that makes readings warmer would use up the
    margin that limit 1 has for the probe, and a line beyond its points may be wrong where it matters [E].
    """
    problem = _points(points, TC_ERROR_MDEGC, TC_SPAN_MDEGC, "mdegC")
    if problem:
        return None, problem
    if min(p[0] for p in points) > TC_COLD_MDEGC:
        return None, "one point must be at {} mdegC or colder: use melting ice".format(TC_COLD_MDEGC)
    pivot, offset, slope_ppm, residuals = line(points)
    worst = max(abs(r) for r in residuals)
    if worst > TC_RESIDUAL_MDEGC:
        return None, "{} mdegC off the line, at most {}: let the bath settle".format(worst, TC_RESIDUAL_MDEGC)
    return (pivot, offset, slope_ppm, worst, min(0, min(p[0] - p[1] for p in points))), None


def pressure(points):
    """Two or three points, mbar. Values: the largest error, mbar."""
    problem = _points(points, PRESSURE_ERROR_MBAR, PRESSURE_SPAN_MBAR, "mbar")
    return (None, problem) if problem else ((_worst(points),), None)


def distance(points):
    """Two or three points, mm. Values: the largest error, mm."""
    problem = _points(points, DISTANCE_ERROR_MM, DISTANCE_SPAN_MM, "mm")
    return (None, problem) if problem else ((_worst(points),), None)


def delay(samples_us, closing):
    """At least three delays of the dose valve, us. Value: the longest closing, or the shortest opening, us."""
    if len(samples_us) < DELAYS_MIN:
        return None, "at least {} measurements are needed".format(DELAYS_MIN)
    spread = max(samples_us) - min(samples_us)
    if min(samples_us) < 0 or spread > DELAY_SPREAD_US:
        return None, "they differ by {} us, at most {}: warm or change the valve".format(spread, DELAY_SPREAD_US)
    return ((max(samples_us) if closing else min(samples_us)),), None


def jet(nozzle, distance_mm, bursts):
    """K of a nozzle from at least three (time of flow us, fall of the surface mdegC) at one distance.

    nozzle is its number, 0 to NOZZLE_MAX. Values: nozzle, distance, K there, K at 80 mm, both of the strongest burst:
    mdegC per root second.
    """
    if not 0 <= nozzle <= NOZZLE_MAX:
        return None, "nozzle {}: give its number, 0 to {}".format(nozzle, NOZZLE_MAX)
    if not START_MIN_MM <= distance_mm <= START_MAX_MM:
        return None, "{} mm: measure {} to {} mm from the nozzle".format(distance_mm, START_MIN_MM, START_MAX_MM)
    if len(bursts) < JETS_MIN:
        return None, "at least {} bursts are needed".format(JETS_MIN)
    found = []
    for flow_us, fall_mdegc in bursts:
        if not JET_FLOW_US[0] <= flow_us <= JET_FLOW_US[1]:
            return None, "{} us of flow: give bursts of {} to {} us".format(flow_us, JET_FLOW_US[0], JET_FLOW_US[1])
        if not 0 < fall_mdegc <= JET_FALL_MDEGC:
            return None, "no skin falls by {} mdegC: allowed 1 to {}".format(fall_mdegc, JET_FALL_MDEGC)
        found.append(fall_mdegc * 1000 // root(flow_us))  # root second: 1000 root us
    strongest = max(found)
    if (strongest - min(found)) * 100 > strongest * JET_SPREAD:
        return None, "K {} .. {} differ by more than {} %: repeat".format(min(found), strongest, JET_SPREAD)
    here = k_at(_MILLION // 100, distance_mm)
    at_80 = strongest * k_at(_MILLION // 100, START_MIN_MM) // here
    if not JET_K_MIN_MDEGC <= at_80 <= JET_K_MAX_MDEGC:
        return None, "K {} at 80 mm is outside {} .. {} (limit 7): another nozzle".format(
            at_80, JET_K_MIN_MDEGC, JET_K_MAX_MDEGC
        )
    return (nozzle, distance_mm, strongest, at_80), None


def root(n):
    """Return the integer square root of n > 0."""
    x = n
    y = (x + 1) // 2
    while y < x:
        x = y
        y = (x + n // x) // 2
    return x


def _worst(points):
    return max(abs(p[0] - p[1]) for p in points)


def _points(points, most, span, unit):
    if not 2 <= len(points) <= 3:
        return "two or three points are needed"
    found = [p[0] for p in points]
    if max(found) - min(found) < span:
        return "the points must be {} {} apart".format(span, unit)
    if _worst(points) > most:
        return "{} {} off, at most {}: change the part".format(_worst(points), unit, most)
    readings = sorted(p[1] for p in points)
    if readings[0] == readings[-1]:
        return "the readings do not differ"
    return None
