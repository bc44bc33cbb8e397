"""Properties of the burst planner over random treatments: budget, duty, flow."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cryo import limits
from cryo.core.bursts import Planner

SKIN = st.integers(-50_000, 60_000)
FLOOR = st.integers(4_000, 14_000)
K = st.integers(8_000, 50_000)


LEAST = st.sampled_from((limits.SKIN_LEAST_MDEGC, limits.SKIN_LEAST_REDUCED_MDEGC))


def cold(k, skin):
    """The jet constant on skin so cold: the flux falls as the skin nears the jet, 106 degC is the reference."""
    return k * (skin + 78_500) / 106_000


def budget_us(skin, floor, k):
    """Return what the probe's reading alone allows, up to the rest of limit 6."""
    planner = Planner(0, 0)
    planner.probe_due = False
    return planner.plan(skin, floor, limits.DUTY_MAX_US, k, 100_000, 2_000, 2_000, -200_000)


@given(SKIN, FLOOR, K)
def test_the_budget_never_lets_the_surface_pass_the_floor(skin, floor, k):
    us = budget_us(skin, floor, k)
    assert us >= 0
    if us:
        # a step of the factor is 1/1000; what is left is the step of the root
        assert skin - cold(k, skin) * (us * 1e-6) ** 0.5 >= floor - 2 - 0.002 * (skin - floor)
    exact = max(skin - floor, 0) ** 2 / cold(k, skin) ** 2 * 1e6
    if 45_000 <= exact <= limits.DUTY_MAX_US:
        assert us >= 0.99 * exact


@given(SKIN, FLOOR, K, st.integers(0, 5_000), st.integers(0, 5_000), st.integers(0, 20_000))
def test_the_budget_is_monotone(skin, floor, k, warmer, higher, stronger):
    us = budget_us(skin, floor, k)
    # Warmer skin is cooled more: that factor has steps of a thousandth, and the time goes with its square.
    assert budget_us(skin + warmer, floor, k) >= us * 0.997
    assert budget_us(skin, floor + higher, k) <= us
    assert budget_us(skin, floor, k + stronger) <= us


@settings(max_examples=1_000)  # many bounds: each has to be the one that holds in some of them
@given(
    skin=SKIN, floor=FLOOR, cap=st.integers(0, 500_000), k=K, predicted=SKIN, k_here=st.integers(1_500, 61_000),
    probe=st.booleans(), close_us=st.integers(5_000, 60_000), least=LEAST,
    more=st.one_of(st.just(0), st.integers(0, 400_000)),
)  # fmt: skip
def test_a_plan_respects_every_bound_at_once(skin, floor, cap, k, predicted, k_here, probe, close_us, least, more):
    k_most = k_here + more
    planner = Planner(5_000, close_us)
    planner.probe_due = probe
    us = planner.plan(skin, floor, cap, k, predicted, k_here, k_most, least)
    assert us == 0 or limits.BURST_MIN_US <= us <= cap
    if us:
        flow_s = (us + close_us) * 1e-6
        assert skin - cold(k, skin) * flow_s**0.5 >= floor - 2 - 0.002 * (skin - floor)
        assert predicted - k_here * flow_s**0.5 >= floor - limits.MODEL_MARGIN_MDEGC - 1
        assert skin - limits.JET_JUMP * k_most * flow_s**0.5 >= least - 1
        assert not probe or us <= limits.PROBE_BURST_MAX_US


def worst_window_us(bursts):
    """Return the most on-time in any 2 s, of all windows that end on a millisecond or with a burst."""
    start = np.array([b[0] for b in bursts], dtype=np.int64)
    length = np.array([b[1] for b in bursts], dtype=np.int64)
    ends = start + length
    at = np.concatenate((np.arange(0, ends.max() + 1000, 1000), ends, start + limits.DUTY_WINDOW_US))

    def before(t):
        edge = np.clip(t[:, None] - start[None, :], 0, length[None, :])
        return edge.sum(axis=1)

    return int((before(at) - before(at - limits.DUTY_WINDOW_US)).max())


@settings(max_examples=60)
@given(data=st.data(), always=st.booleans())
def test_no_window_of_2_s_is_open_for_more_than_60_percent(data, always):
    """The planner alone with the least off-time as the only other rule; always: fires as soon as it may."""
    planner = Planner(15_000, 25_000)
    now, closed, bursts = 0, -limits.OFF_MIN_US, []
    undelivered = None  # of the burst that is open
    caps = data.draw(st.lists(st.one_of(st.just(500_000), st.integers(30_000, 500_000)), min_size=1, max_size=6))
    ticks = data.draw(st.lists(st.integers(9_000, 60_000 if always else 12_000), min_size=1, max_size=5))
    waits = [0] if always else data.draw(st.lists(st.integers(0, 400_000), min_size=1, max_size=6))
    early = data.draw(st.lists(st.sampled_from([0, 0, 0, 20_000, 100_000]), min_size=1, max_size=4))
    due, n = 0, 0
    while now < 9_000_000:
        tick = ticks[n % len(ticks)]
        n += 1
        now += tick
        planner.advance(tick)
        if undelivered is not None and now >= closed:
            planner.ended(undelivered)
            undelivered = None
        if now - closed < limits.OFF_MIN_US or now < due:
            continue
        us = planner.plan(33_000, 5_000, caps[len(bursts) % len(caps)], 16_000, 33_000, 16_000, 16_000, 0)
        if us:
            planner.probe_due = False
            planner.fired(us)
            undelivered = cut = min(early[len(bursts) % len(early)], us - 10_000)
            bursts.append((now, us - cut))
            closed = now + us - cut
            due = closed + waits[len(bursts) % len(waits)]
    if bursts:
        assert worst_window_us(bursts) <= limits.DUTY_MAX_US


@given(st.lists(st.integers(30_000, 500_000), min_size=1, max_size=10))
def test_after_two_seconds_of_rest_the_whole_burst_is_free(lengths):
    planner = Planner(0, 5_000)
    for us in lengths:
        planner.fired(us)
        planner.advance(us + limits.OFF_MIN_US)
        planner.ended(0)
    planner.advance(limits.DUTY_WINDOW_US)
    assert planner.plan(33_000, 5_000, 500_000, 16_000, 33_000, 16_000, 16_000, 0) == 500_000


@given(
    on_us=st.integers(30_000, 500_000), open_us=st.integers(0, 25_000), close_us=st.integers(5_000, 60_000),
    ticks=st.lists(st.integers(1, 200_000), min_size=1, max_size=200),
)  # fmt: skip
def test_flow_and_off_time_add_up_whatever_the_ticks(on_us, open_us, close_us, ticks):
    planner = Planner(open_us, close_us)
    planner.fired(on_us)
    elapsed = flow = 0
    for dt in ticks:
        part = planner.advance(dt)
        elapsed += dt
        flow += part
        assert 0 <= part <= dt
        assert flow == min(max(elapsed - open_us, 0), on_us + close_us - open_us)
        assert planner.off_us == max(elapsed - on_us - close_us, 0)


@given(
    on_us=st.integers(30_000, 500_000), open_us=st.integers(0, 25_000), close_us=st.integers(5_000, 60_000),
    at_us=st.integers(0, 500_000),
)  # fmt: skip
def test_an_early_end_never_makes_the_account_longer_than_what_can_flow(on_us, open_us, close_us, at_us):
    planner = Planner(open_us, close_us)
    planner.fired(on_us)
    at_us = min(at_us, on_us - 1)
    planner.advance(at_us)
    planner.ended(on_us - at_us)
    flow = sum(planner.advance(1_000) for _ in range(1_000))
    possible = max(at_us + close_us - max(at_us, open_us), 0)  # gas that has begun can flow till the valve is closed
    assert possible <= flow <= close_us
    assert planner.off_us == 1_000_000 - flow
