"""Intervals of rates: those of Clopper and Pearson for a count, and the same for runs with different weights.

With weights, count and runs are effective ones: the numbers of equal runs that give the same uncertainty (the method of
Korn and Graubard for surveys). If nothing happened they are Kish's. These numbers may be fractions, so the binomial
sums are written as the incomplete beta function.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95  # two-sided
FEW = 10  # [E] hits; with weights and fewer hits the spread itself is not well known
_STEPS = 200  # of a bisection, and terms of a fraction that converges in far fewer
_CLOSE = 1e-15
_TINY = 1e-300


def beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x, a, b):
    """The function's continued fraction, by Lentz's method."""
    c, d = 1.0, 1.0 / _kept(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for m in range(1, _STEPS + int(10 * math.sqrt(max(a, b)))):
        before = found
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _kept(1.0 + term * d)
            c = _kept(1.0 + term / c)
            found *= c * d
        if abs(found - before) < _CLOSE * abs(found):
            return found
    raise ArithmeticError(f"the incomplete beta function of {x}, {a}, {b} does not converge")


def _kept(value):
    return value if abs(value) > _TINY else _TINY


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return x where beta_share(x, a, b) is `share`."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if beta_share(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def clopper_pearson(count: float, runs: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the lower and upper bound of the true rate; (0, 1) without a run. Count and runs may be effective ones."""
    if runs <= 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2
    low = beta_quantile(tail, count, runs - count + 1) if count > 0 else 0.0
    high = beta_quantile(1.0 - tail, count + 1, runs - count) if count < runs else 1.0
    return low, high


@dataclass(frozen=True)
class Rate:
    """How often something happens: the estimate, its interval, and the number of effective runs behind it."""

    hits: int
    runs: int
    rate: float
    low: float
    high: float
    effective: float


def counted(hits: int, runs: int) -> Rate:
    """Return the rate of an event in `hits` of `runs` with equal weights."""
    return Rate(hits, runs, hits / runs if runs else 0.0, *clopper_pearson(hits, runs), runs)


def weighted(weights: Sequence[float], hit: Sequence[bool]) -> Rate:
    """Return the rate from runs with weights. A weight is the probability of the draw in plain runs over that in these.

    With few hits the bound is never under the one that these runs would give if nothing had happened in them.
    """
    n = len(weights)
    if not n:
        return counted(0, 0)
    whole = math.fsum(weights)
    kish = whole * whole / math.fsum(w * w for w in weights)
    nothing = clopper_pearson(0, kish)[1]
    some = [w if happened else 0.0 for w, happened in zip(weights, hit, strict=True)]
    hits = sum(bool(happened) for happened in hit)
    rate = min(1.0, math.fsum(some) / n)
    spread = math.fsum((w - rate) ** 2 for w in some) / n / n
    if not hits:
        return Rate(0, n, 0.0, 0.0, nothing, kish)
    effective = rate * (1.0 - rate) / spread if spread > 0.0 and rate < 1.0 else kish
    low, high = clopper_pearson(rate * effective, effective)
    return Rate(hits, n, rate, low, max(high, nothing) if hits < FEW else high, effective)
