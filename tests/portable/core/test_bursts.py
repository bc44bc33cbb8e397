"""The burst planner: budget, caps, duty and the account of flow (limits 4 to 7 and 25)."""

import micropython
from cryo.core.bursts import Planner
from support import LONGEST_DT_US, TICK_US, Random

OPEN_DELAY_US = 15_000
CLOSE_DELAY_US = 25_000
OFF_MIN_US = 350_000


def budget(skin, floor, k):
    """Return what the probe's reading alone allows; the cap is the most that limit 6 leaves."""
    planner = Planner(0, 0)
    planner.probe_due = False
    micropython.heap_lock()
    try:
        return planner.plan(skin, floor, 1_200_000, k, 100_000, 2_000, 2_000, -200_000)
    finally:
        micropython.heap_unlock()


class Rig:
    """One planner; asks for the longest burst on warm skin unless told otherwise."""

    def __init__(self, probe_due=False):
        self.planner = Planner(OPEN_DELAY_US, CLOSE_DELAY_US)
        self.planner.probe_due = probe_due

    def plan(
        self,
        skin=32_000,
        floor=5_000,
        cap=500_000,
        k=16_000,
        predicted=32_000,
        k_here=16_000,
        least=-200_000,
        k_most=0,
    ):
        micropython.heap_lock()
        try:
            return self.planner.plan(skin, floor, cap, k, predicted, k_here, k_most or k_here, least)
        finally:
            micropython.heap_unlock()

    def fire(self, on_us):
        micropython.heap_lock()
        try:
            self.planner.fired(on_us)
        finally:
            micropython.heap_unlock()

    def end(self, undelivered_us):
        micropython.heap_lock()
        try:
            self.planner.ended(undelivered_us)
        finally:
            micropython.heap_unlock()

    def tick(self, dt_us=TICK_US):
        micropython.heap_lock()
        try:
            return self.planner.advance(dt_us)
        finally:
            micropython.heap_unlock()

    def pass_ms(self, ms):
        """Let ms pass in whole ticks and a rest; return the flow, us."""
        flow = 0
        for _ in range(ms // 10):
            flow += self.tick()
        if ms % 10:
            flow += self.tick(ms % 10 * 1000)
        return flow


# --- the budget -------------------------------------------------------------------------------------------------------
def cold(k, skin):
    """Return K on skin so cold: the observer's law, in whole thousandths."""
    return k * ((skin + 78_500) // 106) // 1_000


def test_the_budget_is_room_over_k_squared_and_never_above_it():
    for k in (8_000, 11_111, 16_000, 23_500, 32_000, 50_000):
        for margin in range(500, 30_000, 371):
            exact = (margin / cold(k, 5_000 + margin)) ** 2 * 1e6
            us = budget(5_000 + margin, 5_000, k)
            assert us <= exact + 1
            if 45_000 <= exact < 1_200_000:  # shorter: a step of 1 milli root second is more than 1 %
                assert us >= 0.99 * exact, (margin, k)


def test_the_budget_is_monotone():
    for k in (8_000, 16_000, 50_000):
        last = 0
        for skin in range(5_000, 38_000, 50):
            us = budget(skin, 5_000, k)
            assert us >= last
            assert us >= budget(skin, 5_050, k)
            assert us >= budget(skin, 5_000, k + 100)
            last = us
        assert last > 0


def test_no_room_no_jet_or_no_skin_plans_nothing():
    for skin, floor, k in (
        (5_000, 5_000, 16_000),
        (4_999, 5_000, 16_000),
        (-200_000, 5_000, 16_000),
        (32_000, 5_000, 0),  # not calibrated
        (32_000, 5_000, -1),
        (150_000, 5_000, 16_000),
    ):
        assert budget(skin, floor, k) == 0


def test_the_bounds_of_what_is_a_jet_and_what_is_skin():
    # an eighth of the weakest jet that may be calibrated: no distance makes it weaker
    for k, us in ((1_000, 398_161), (999, 0)):
        assert budget(5_500, 5_000, k) == us
        assert Rig().plan(k_here=k, skin=60_000, predicted=4_000) == (225_000 if us else 0)
    for margin, us in ((120_000, 500_000), (120_001, 0)):
        assert Rig().plan(skin=5_000 + margin, k=50_000) == us
        assert Rig().plan(predicted=3_500 + margin) == us


# --- the plan ---------------------------------------------------------------------------------------------------------
def test_the_cap_holds():
    for cap in (500_000, 300_000, 150_000, 30_000):
        assert Rig().plan(cap=cap) == cap


def test_no_burst_is_shorter_than_30_ms():
    assert Rig().plan(cap=30_000) == 30_000
    assert Rig().plan(cap=29_999) == 0
    assert Rig().plan(cap=0) == 0
    shortest = 500_000
    for skin in range(5_000, 12_000, 5):
        us = Rig().plan(skin=skin)
        assert us == 0 or us >= 30_000
        if us:
            shortest = min(shortest, us)
    assert shortest < 30_500  # and it is the limit that ends it


def test_the_budget_less_the_closing_delay_holds():
    for skin, k in ((10_000, 16_000), (9_000, 8_000), (20_000, 50_000)):
        exact = ((skin - 5_000) / cold(k, skin)) ** 2 * 1e6 - CLOSE_DELAY_US
        us = Rig().plan(skin=skin, k=k)
        assert 0.98 * exact < us <= exact


def test_the_first_burst_is_a_probe_and_the_next_is_not():
    rig = Rig(probe_due=True)
    assert Planner(0, 0).probe_due
    assert rig.plan() == 60_000
    assert rig.plan(cap=59_999) == 59_999
    rig.fire(60_000)
    rig.pass_ms(500)
    assert rig.plan() == 60_000  # its end was not told yet
    rig.end(0)
    assert rig.plan() == 500_000
    rig.planner.probe_due = True
    assert rig.plan() == 60_000


def test_an_opening_that_gave_less_than_the_shortest_burst_was_no_probe():
    for given, after in ((0, 60_000), (20_000, 60_000), (29_999, 60_000), (30_000, 500_000), (60_000, 500_000)):
        rig = Rig(probe_due=True)
        rig.fire(60_000)
        rig.end(60_000 - given)
        rig.pass_ms(2_500)
        assert rig.plan() == after, given
    rig = Rig()  # and takes no other burst's place
    rig.fire(300_000)
    rig.end(300_000)
    rig.pass_ms(2_500)
    assert rig.plan() == 500_000


def test_cold_skin_takes_less_of_the_jet():
    """By the observer's law: K times the way to the jet at -78.5 degC over the 106 degC that K is defined for."""
    for skin, share in ((27_500, 1.0), (14_500, 0.877), (6_000, 0.797), (33_000, 1.052)):
        exact = (4_000 / (8_000 * share)) ** 2 * 1e6
        assert 0.98 * exact < budget(skin, skin - 4_000, 8_000) < 1.02 * exact


def test_the_model_margin_is_the_planner_s():
    rig = Rig()
    for margin in (1_500, 3_500):
        rig.planner.margin_mdegc = margin
        exact = ((9_000 - 5_000 + margin) / 16_000) ** 2 * 1e6 - CLOSE_DELAY_US
        assert 0.97 * exact < rig.plan(predicted=9_000) <= exact


def test_the_model_floor_holds_whatever_the_probe_says():
    # predicted surface down to floor - 1.5 degC, with the jet constant of the measured distance
    for predicted, k_here in ((8_000, 16_000), (7_000, 16_000), (9_000, 20_000), (6_000, 8_000)):
        exact = ((predicted - 3_500) / k_here) ** 2 * 1e6 - CLOSE_DELAY_US
        us = Rig().plan(predicted=predicted, k_here=k_here)
        if exact < 29_500:
            assert us == 0
        else:
            assert 0.97 * exact < us <= exact
    for predicted in (3_500, 3_499, -80_000):
        assert Rig().plan(predicted=predicted) == 0


def test_a_jet_that_jumps_is_held_at_the_least_skin():
    """JET_JUMP times the most that K may be, from the last settled reading."""
    for skin, least, k_most in (
        (12_000, 0, 16_000),
        (15_000, 4_000, 16_000),
        (15_000, 0, 11_000),
        (9_000, 4_000, 6_000),
    ):
        root = (skin - least) * 1_000 // (2 * k_most)
        us = Rig().plan(skin=skin, floor=5_000, k=8_000, k_here=6_000, k_most=k_most, least=least)
        assert us == root * root - CLOSE_DELAY_US
        assert skin - 2 * k_most * root // 1_000 >= least  # on this side of it, and not by more than a step of the root
        assert skin - 2 * k_most * (root + 1) // 1_000 <= least
    assert Rig().plan(skin=5_000, floor=4_000, k=2_000, k_here=16_000, least=4_000) == 0


def test_an_uncalibrated_jet_gets_no_burst():
    assert Rig().plan(k=0, k_here=0) == 0
    assert Rig().plan(k=0) == 0
    assert Rig().plan(k_here=0) == 0


# --- limit 6 ----------------------------------------------------------------------------------------------------------
def test_after_500_ms_on_the_full_burst_takes_400_ms_off():
    """And 5 ms: the pin opens anywhere in its tick."""
    rig = Rig()
    rig.fire(500_000)
    rig.pass_ms(905)
    assert rig.plan() == 500_000
    rig.fire(500_000)
    rig.pass_ms(899)
    rig.tick(999)
    assert rig.plan() < 500_000
    rig.tick(1)
    assert rig.plan() == 500_000


def test_every_burst_that_the_account_holds_counts():
    rig = Rig()
    for _ in range(9):  # faster than anything may fire
        rig.fire(150_000)
        rig.tick()
    assert rig.plan(cap=60_000) == 0


def test_the_longest_opening_that_fits_beside_the_last_eight():
    for on_us, left_us in ((86_875, 500_000), (100_000, 395_000), (140_000, 75_000), (145_626, 0)):
        rig = Rig()
        for _ in range(9):
            rig.fire(on_us)
            rig.tick()
        assert rig.plan() == left_us


def worst_duty_us(bursts):
    """Return the most on-time in any 2 s, in 1 ms steps; bursts are (start us, length us)."""
    end = 0
    for start, length in bursts:
        end = max(end, start + length)
    total = [0] * (end // 1000 + 2)  # on-time before each millisecond
    now = 0
    i = 0
    for ms in range(len(total)):
        us = ms * 1000
        while i < len(bursts) and bursts[i][0] + bursts[i][1] <= us:
            now += bursts[i][1]
            i += 1
        part = us - bursts[i][0] if i < len(bursts) and us > bursts[i][0] else 0
        total[ms] = now + part
    worst = 0
    for ms in range(len(total)):
        before = total[ms - 2000] if ms >= 2000 else 0
        worst = max(worst, total[ms] - before)
    return worst


def test_the_duty_over_any_2_s_never_exceeds_60_percent():
    greatest = 0
    for seed in range(4):
        draw = Random(seed * 77 + 5)
        rig = Rig()
        now = 0
        closed = -OFF_MIN_US
        bursts = []
        is_open = False
        while now < 12_000_000:
            step = 10_000 + draw.below(900)
            rig.tick(step)
            now += step
            if is_open and now >= closed:
                rig.end(0)  # as the supervisor tells it in the tick that sees the end
                is_open = False
            if now - closed < OFF_MIN_US or (seed and draw.below(4) == 0):
                continue
            cap = 500_000 if seed < 2 else 30_000 + draw.below(47) * 10_000
            us = rig.plan(cap=cap)
            if us:
                rig.fire(us)
                bursts.append((now, us))
                closed = now + us
                is_open = True
        assert len(bursts) > 10
        worst = worst_duty_us(bursts)
        greatest = max(greatest, worst)
        assert worst <= 1_200_000, worst
    assert greatest > 1_100_000  # the planner uses what is allowed


def test_what_was_not_delivered_does_not_count_as_duty():
    rig = Rig()
    for _ in range(2):
        rig.fire(500_000)
        rig.tick()
        rig.end(490_000)
        rig.pass_ms(400)
    assert rig.plan() == 500_000


# --- the account of flow ----------------------------------------------------------------------------------------------
def test_flow_sums_to_opening_plus_closing_less_opening_delay():
    for on_us in (30_000, 60_000, 123_456, 500_000):
        for tick_us in (10_000, 9_973, 50_000, 1_000_000):
            rig = Rig()
            rig.fire(on_us)
            flow = 0
            for _ in range(1_000_000 // tick_us + 1):
                part = rig.tick(tick_us)
                assert 0 <= part <= tick_us
                flow += part
            assert flow == on_us + CLOSE_DELAY_US - OPEN_DELAY_US


def test_flow_begins_after_the_opening_delay():
    rig = Rig()
    rig.fire(60_000)
    assert [rig.tick() for _ in range(10)] == [0, 5_000] + [10_000] * 6 + [5_000, 0]


def test_no_burst_no_flow():
    rig = Rig()
    assert rig.pass_ms(100) == 0
    assert rig.planner.off_us > 10_000_000  # never fired is long closed


def test_off_time_counts_from_the_end_of_the_closing_delay():
    rig = Rig()
    rig.fire(100_000)
    for _ in range(12):
        rig.tick()
        assert rig.planner.off_us == 0
    rig.tick()
    assert rig.planner.off_us == 5_000  # 130 ms - 100 - 25
    rig.pass_ms(400)
    assert rig.planner.off_us == 405_000
    for _ in range(4):
        rig.tick(LONGEST_DT_US)
    assert 10_000_000 < rig.planner.off_us <= LONGEST_DT_US
    rig.fire(30_000)
    assert rig.planner.off_us == 0


def test_off_time_within_one_late_tick():
    rig = Rig()
    rig.fire(100_000)
    assert rig.tick(200_000) == 110_000
    assert rig.planner.off_us == 75_000


def test_an_early_end_lets_gas_flow_for_the_closing_delay_at_most():
    rig = Rig()
    rig.fire(500_000)
    before = rig.pass_ms(100)
    assert before == 100_000 - OPEN_DELAY_US
    rig.end(400_000)
    assert rig.pass_ms(100) == CLOSE_DELAY_US
    assert rig.planner.off_us == 75_000


def test_an_end_before_the_gas_came_is_counted_as_flow_for_the_closing_delay():
    rig = Rig()
    rig.fire(500_000)
    rig.tick()
    rig.end(490_000)
    assert rig.pass_ms(100) == CLOSE_DELAY_US
    assert rig.planner.off_us == 75_000


def test_a_full_end_changes_nothing():
    rig = Rig()
    rig.fire(100_000)
    flow = rig.pass_ms(110)
    rig.end(0)
    flow += rig.pass_ms(100)
    assert flow == 110_000
    rig.end(0)
    assert rig.planner.off_us == 85_000


def test_an_end_that_is_seen_late_or_never_keeps_the_account():
    rig = Rig()
    rig.fire(100_000)
    rig.pass_ms(300)
    rig.end(50_000)
    assert rig.planner.off_us == 175_000
    assert rig.pass_ms(100) == 0
