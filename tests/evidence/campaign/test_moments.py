"""Draws that prefer the worst cases: their weights, which events coincide, and a problem with a known rate."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from host_tools.evidence.campaign import intervals, moments
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.moments import PROPOSAL, UNIFORM, Moments, drawn, drawn_fault
from host_tools.evidence.campaign.run import Course, case

MANY = 20_000


@pytest.fixture(scope="module")
def many():
    rng = random.Random("moments")
    return [drawn(rng) for _ in range(MANY)]


def test_shares_are_whole_and_the_plain_part_bounds_the_weights(many):
    assert sum(part.share for part in PROPOSAL) == pytest.approx(1.0)
    assert max(weight for _, weight in many) <= 1.0 / PROPOSAL[0].share + 1e-9
    assert sum(weight for _, weight in many) / MANY == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("part", PROPOSAL, ids=lambda part: part.name)
def test_a_part_draws_only_where_its_density_is_and_the_plain_one_too(part):
    rng = random.Random(part.name)
    for _ in range(500):
        at = part.draw(rng)
        assert part.density(at) > 0.0 and moments.plain_density(at) > 0.0


def test_each_part_is_as_likely_as_its_density_says():
    rng = random.Random("as they come")
    some = [moments.plain(rng) for _ in range(60_000)]
    for part in PROPOSAL:
        inside = sum(part.density(at) > 0.0 for at in some) / len(some)
        mine = [part.draw(rng) for _ in range(1_000)]
        shares = [moments.plain_density(at) / part.density(at) for at in mine]
        assert sum(shares) / len(shares) == pytest.approx(inside, rel=0.3), part.name


NEAR_US = 50_000


def coincides(at):
    """The stand-in: the fault comes within 50 ms after the hand began to move."""
    if at.fault is None or at.moves is None or at.fault[0] != at.moves[0]:
        return False
    return 0 <= at.fault[1] - at.moves[1] <= NEAR_US


# by moves, then by the fault's burst and offset; all windows lie within the fault's range
RATE = 0.5 * (13 / 29) * (1 - moments.START_SHARE) / 14 * (NEAR_US + 1) / moments.OFFSET_US


def test_a_rate_that_is_known_is_estimated_with_its_interval_in_far_fewer_runs(many):
    inside, rates = 0, []
    for first in range(0, MANY, 400):
        some = many[first : first + 400]
        found = intervals.weighted([weight for _, weight in some], [coincides(at) for at, _ in some])
        inside += found.low <= RATE <= found.high
        rates.append(found.rate)
        assert found.hits > 5  # 0.3 would be counted
    assert inside >= 45
    assert sum(rates) / len(rates) == pytest.approx(RATE, rel=0.1)


def test_draws_as_they_come_all_weigh_one_and_are_counted():
    rng = random.Random("uniform")
    some = [drawn(rng, UNIFORM) for _ in range(400)]
    assert {weight for _, weight in some} == {1.0}
    hit = [at.moves is not None for at, _ in some]
    found, plain = intervals.weighted([1.0] * 400, hit), intervals.counted(sum(hit), 400)
    assert (found.rate, found.low, found.high) == pytest.approx((plain.rate, plain.low, plain.high))
    assert plain.rate == pytest.approx(moments.MOVE_SHARE, abs=0.08)


def test_where_nothing_happens_two_in_five_runs_are_effective():
    weights = [case(f"weighted/{number}").weight for number in range(2_000)]
    found = intervals.weighted(weights, [False] * len(weights))
    assert found.effective > 0.35 * len(weights)


def test_the_grave_faults_are_common_and_weigh_less():
    rng = random.Random("faults")
    found = [drawn_fault(rng) for _ in range(MANY)]
    assert set(moments.GRAVE) <= set(FAULTS)
    counts = Counter(name for name, _ in found)
    share = moments.GRAVE_SHARE
    assert sum(counts[name] for name in moments.GRAVE) == pytest.approx((share + (1 - share) * 8 / 55) * MANY, rel=0.05)
    assert sum(weight for _, weight in found) / MANY == pytest.approx(1.0, abs=0.03)
    assert {round(weight, 9) for name, weight in found if name not in moments.GRAVE} == {round(1 / (1 - share), 9)}
    assert drawn_fault(random.Random(1), 0.0)[1] == pytest.approx(1.0)


def test_a_name_draws_its_fault_its_moments_and_its_weight():
    cases = [case(f"weighted/{number}") for number in range(300)]
    assert cases[7] == case("weighted/7")
    assert len({given.faults for given in cases}) > 35
    for given in cases:
        patient, at = given.patient, given.moment
        assert (patient.moves and patient.moves[2:]) == at.moves and patient.lets_go == at.lets_go
        assert 0.0 < given.weight <= 1.0 / PROPOSAL[0].share / (1.0 - moments.GRAVE_SHARE) + 1e-9
        if FAULTS[given.faults[0]].fitted:  # its moment is not drawn
            assert given.weight == pytest.approx(drawn_fault_weight(given.faults[0]))
    for name in ("weighted", "weighted/estop/1"):
        with pytest.raises(ValueError, match="weighted/N"):
            case(name)


def drawn_fault_weight(name):
    return next(weight for other, weight in map(drawn_fault, map(random.Random, range(500))) if other == name)


@pytest.mark.parametrize(
    ("fault", "at", "told"),
    [
        ("estop", (3, 45_000), "estop at burst 3 + 45 ms"),
        ("estop", None, "estop from switch-on"),
        ("nozzle-wrong", (3, 45_000), "from switch-on"),
    ],
)
def test_a_case_with_moments_comes_by_them(fault, at, told):
    given = replace(case(f"single/{fault}/0"), moment=Moments(at))
    (text,) = Course(given).texts
    assert text.endswith(told)
