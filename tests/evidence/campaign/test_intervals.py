"""Intervals of rates compared with published ones, binomial sums, and problems with a known rate."""

import math
import random

import pytest

from host_tools.evidence.campaign import intervals
from host_tools.evidence.campaign.intervals import beta_share, clopper_pearson, counted, weighted

# Newcombe, Statistics in Medicine 17 (1998), 857: Clopper and Pearson's in the comparison of seven methods
PUBLISHED = ((81, 263, 0.2527, 0.3676), (15, 148, 0.0579, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776))


@pytest.mark.parametrize(("count", "runs", "low", "high"), PUBLISHED)
def test_the_interval_is_the_published_one(count, runs, low, high):
    assert clopper_pearson(count, runs) == pytest.approx((low, high), abs=1e-4)
    assert clopper_pearson(runs - count, runs) == pytest.approx((1 - high, 1 - low), abs=1e-4)


@pytest.mark.parametrize(("count", "runs"), [(1, 15), (7, 15), (3, 2_000), (1_999, 2_000)])
def test_at_the_ends_of_the_interval_each_tail_of_the_binomial_is_two_and_a_half_percent(count, runs):
    low, high = clopper_pearson(count, runs)

    def upto(k, share):
        logs = (math.lgamma(runs + 1) - math.lgamma(j + 1) - math.lgamma(runs - j + 1) for j in range(k + 1))
        return math.fsum(
            math.exp(log + j * math.log(share) + (runs - j) * math.log1p(-share)) for j, log in enumerate(logs)
        )

    assert upto(count, high) == pytest.approx(0.025, rel=1e-6)
    assert 1 - upto(count - 1, low) == pytest.approx(0.025, rel=1e-6)


def test_the_interval_of_nothing_and_of_all():
    assert clopper_pearson(0, 1_000)[1] == pytest.approx(1 - 0.025 ** (1 / 1_000))
    assert clopper_pearson(1_000, 1_000) == pytest.approx((0.025 ** (1 / 1_000), 1.0))
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(5, 10, 0.5)[0] > clopper_pearson(5, 10)[0]


def test_the_incomplete_beta_function_of_fractions():
    assert beta_share(0.3, 1.0, 1.0) == pytest.approx(0.3)
    assert beta_share(0.25, 0.5, 0.5) == pytest.approx(1 / 3)  # 2 asin(sqrt x) / pi
    assert beta_share(0.2, 2.5, 1.0) == pytest.approx(0.2**2.5)
    assert beta_share(0.9, 1.0, 3.5) == pytest.approx(1 - 0.1**3.5)
    assert (beta_share(0.0, 2, 3), beta_share(1.0, 2, 3)) == (0.0, 1.0)


@pytest.mark.parametrize("hits", [0, 1, 17, 400])
def test_weights_that_are_all_one_give_the_plain_count(hits):
    plain, found = counted(hits, 400), weighted([1.0] * 400, [True] * hits + [False] * (400 - hits))
    assert (found.hits, found.runs) == (plain.hits, plain.runs)
    assert (found.rate, found.low, found.high, found.effective) == pytest.approx(
        (plain.rate, plain.low, plain.high, plain.effective)
    )


def test_where_nothing_happened_the_bound_is_that_of_the_effective_runs():
    found = weighted([4.0] * 10 + [0.5] * 90, [False] * 100)
    assert found.effective == pytest.approx(85.0**2 / (10 * 16 + 90 * 0.25))
    assert (found.rate, found.low, found.high) == (0.0, 0.0, clopper_pearson(0, found.effective)[1])
    for hits, bounded in ((1, True), (9, True), (10, False)):
        some = weighted([4.0] * 10 + [0.001] * 90, [False] * (100 - hits) + [True] * hits)
        assert (some.high >= weighted([4.0] * 10 + [0.001] * 90, [False] * 100).high) == bounded
    assert weighted([], []) == counted(0, 0)


RATE = 1e-3  # of the stand-in: a figure of 0 to 1 is under it


def tail(rng, share):
    """Draw one figure evenly, or, for this share of draws, close to 0; return its weight and whether it is a hit."""
    x = rng.random() * (0.01 if rng.random() < share else 1.0)
    return 1.0 / (1.0 - share + (share * 100.0 if x < 0.01 else 0.0)), x < RATE


def test_a_known_rate_is_within_its_interval_as_often_as_that_says_and_known_better_than_by_counting():
    rng, inside, widths, rates = random.Random("tail"), 0, [], []
    for _ in range(300):
        found = weighted(*zip(*(tail(rng, 0.75) for _ in range(1_000)), strict=True))
        inside += found.low <= RATE <= found.high
        widths.append(found.high - found.low)
        rates.append(found.rate)
    assert inside >= 0.95 * 300 - 8  # two standard deviations of such a count
    assert sum(rates) / len(rates) == pytest.approx(RATE, rel=0.03)
    low, high = clopper_pearson(1, 1_000)
    assert sorted(widths)[150] < (high - low) * 0.15


def test_the_confidence_is_told_on_the_page():
    assert intervals.CONFIDENCE == 0.95
