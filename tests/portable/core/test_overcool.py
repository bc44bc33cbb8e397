"""The second line against overcooling: trip, lock-out, bad and stale samples, cold dose (limits 1, 2, 3, 12, 24)."""

import micropython
from cryo.core.overcool import Overcool
from support import LONGEST_DT_US, TICK_US, Random, inputs, set_bad, set_good

CONVERSION_US = 100_000


class Rig:
    """One watcher and the reading it watches; `convert` lets a whole conversion pass in ticks."""

    def __init__(self, trip_mdegc=4_000):
        self.overcool = Overcool()
        self.skin = inputs().skin
        self.trip_mdegc = trip_mdegc
        self.since_us = 0

    def tick(self, dt_us=TICK_US):
        skin = self.skin
        skin.age_us += dt_us if skin.age_us < LONGEST_DT_US - dt_us else 0
        self.judge(dt_us)

    def judge(self, dt_us):
        micropython.heap_lock()
        try:
            self.overcool.update(dt_us, self.skin, self.trip_mdegc)
        finally:
            micropython.heap_unlock()

    def good(self, mdegc, dt_us=TICK_US):
        """Do one tick with a new good sample."""
        set_good(self.skin, mdegc, CONVERSION_US)
        self.judge(dt_us)
        return self.overcool

    def bad(self, dt_us=TICK_US):
        """Do one tick with a new bad sample."""
        set_bad(self.skin)
        self.judge(dt_us)
        return self.overcool

    def convert(self, mdegc, interval_us=CONVERSION_US):
        """Do ticks without a new sample, then give a good sample so long after the last one."""
        for _ in range(interval_us // TICK_US - 1):
            self.tick()
        return self.good(mdegc)


def test_before_the_first_sample_nothing_is_valid():
    assert not Overcool().valid
    rig = Rig()
    rig.tick()
    assert not rig.overcool.valid and rig.overcool.bad and rig.overcool.stale


# --- limits 1 and 2 ---------------------------------------------------------------------------------------------------
def test_the_trip_is_at_its_figure_and_below():
    for trip in (4_000, 8_000, 9_500):
        rig = Rig(trip)
        assert not rig.convert(trip + 1).tripped
        assert rig.convert(trip).tripped
        assert rig.convert(trip - 1).tripped
        rig.tick()  # the same sample, one tick on
        assert rig.overcool.tripped
        assert not rig.convert(trip + 250).tripped


def test_a_reading_that_is_bad_or_at_the_trip_speaks_against_gas_at_once():
    rig = Rig()
    for mdegc, against in ((4_001, False), (4_000, True), (3_999, True), (32_000, False)):
        rig.good(mdegc)
        assert rig.overcool.against(rig.skin, 4_000) == against
    rig.skin.status = 3
    assert rig.overcool.against(rig.skin, 4_000)


def test_a_bad_sample_takes_the_verdict_of_the_last_good_one_away():
    rig = Rig()
    assert rig.convert(3_000).tripped
    assert not rig.bad().tripped


# --- limit 3 ----------------------------------------------------------------------------------------------------------
def test_lock_out_at_2_degc_whatever_the_slope():
    for mdegc, expected in ((2_001, False), (2_000, True), (1_999, True), (0, True), (-78_500, True)):
        rig = Rig()
        for _ in range(5):
            overcool = rig.convert(mdegc)
            assert overcool.locked_out == expected
    rig = Rig()
    rig.convert(-40_000)
    assert rig.convert(2_001).locked_out is False  # rising


def test_a_steady_or_noisy_reading_does_not_lock_out():
    noise = Random(7)
    for interval_us in (70_000, 100_000, 120_000):
        rig = Rig()
        for i in range(60):
            assert not rig.convert(5_000 - 250 * (i & 1), interval_us).locked_out
        for _ in range(60):
            assert not rig.convert(4_750 + 250 * noise.below(3), interval_us).locked_out


def test_a_fast_fall_locks_out_when_0_degc_is_200_ms_away():
    # skin + 0.2 s x slope: 9 to 6 degC in 100 ms is -30 degC/s, so 6 - 6 = 0
    for first, second, interval_us, expected in (
        (9_000, 6_000, 100_000, True),
        (8_990, 6_000, 100_000, False),
        (9_010, 6_000, 100_000, True),
        (12_000, 6_000, 200_000, True),
        (11_980, 6_000, 200_000, False),
        (8_400, 6_000, 80_000, True),
        (8_390, 6_000, 80_000, False),
        (30_000, 20_000, 100_000, True),
        (30_000, 20_010, 100_000, False),
        (6_000, 9_000, 100_000, False),
    ):
        rig = Rig()
        rig.convert(first)
        assert not rig.overcool.locked_out
        assert rig.convert(second, interval_us).locked_out == expected, (first, second)


def test_a_fall_is_seen_among_steady_samples():
    rig = Rig()
    for mdegc in (14_000, 13_750, 13_500, 13_500):
        assert not rig.convert(mdegc).locked_out
    assert rig.convert(9_000).locked_out  # 45 degC/s: 0 degC is reached in 200 ms


def test_samples_that_seem_10_ms_apart_do_not_exaggerate_the_slope():
    rig = Rig()
    for i in range(20):
        assert not rig.good(5_000 - 250 * (i & 1)).locked_out
    # they count as 50 ms apart: 1.5 degC in that time reaches 0 degC from 6 within 200 ms
    for first, expected in ((7_500, True), (7_499, False)):
        rig = Rig()
        rig.good(first)
        assert rig.good(6_000).locked_out == expected


def test_no_slope_is_drawn_across_a_bad_sample():
    rig = Rig()
    rig.convert(30_000)
    rig.bad()
    assert not rig.convert(5_000).locked_out
    assert rig.convert(2_600).locked_out  # but between the two good ones after it


# --- the lowest valid channel -----------------------------------------------------------------------------------------
class Second:
    """Stands for the second channel of a tick."""

    def __init__(self, mdegc, counts=True):
        self.mdegc = mdegc
        self.counts = counts


def beside(probe_mdegc, second):
    """Return the verdicts on a probe's sample (None: a bad one) beside a second channel."""
    rig = Rig()
    if probe_mdegc is None:
        set_bad(rig.skin)
    else:
        set_good(rig.skin, probe_mdegc)
    micropython.heap_lock()
    try:
        rig.overcool.update(TICK_US, rig.skin, rig.trip_mdegc, second)
    finally:
        micropython.heap_unlock()
    return rig.overcool


def test_the_colder_channel_trips_and_locks_out_whichever_it_is():
    for probe, second, tripped, locked in (
        (30_000, 4_001, False, False),
        (30_000, 4_000, True, False),
        (4_001, 30_000, False, False),
        (4_000, 30_000, True, False),
        (30_000, 2_001, True, False),
        (30_000, 2_000, True, True),
        (2_000, 30_000, True, True),
        (None, 4_001, False, False),
        (None, 4_000, True, False),
        (None, 2_000, True, True),
    ):
        overcool = beside(probe, Second(second))
        assert (overcool.tripped, overcool.locked_out) == (tripped, locked), (probe, second)
        assert overcool.valid == (probe is not None)  # bursts are planned on the probe alone
        assert not beside(30_000, Second(second, False)).tripped
        assert not beside(None, Second(second, False)).tripped


def test_the_cold_dose_is_that_of_the_colder_channel():
    for probe, second in ((30_000, 5_000), (5_000, 30_000), (5_000, 5_000), (None, 5_000)):
        # 10 degC below 15 for 10 ms, in mdegC x 10 ms
        assert beside(probe, Second(second)).dose_point == 10_000, (probe, second)
    assert beside(30_000, Second(5_000, False)).dose_point == 0


# --- limit 12 ---------------------------------------------------------------------------------------------------------
def test_the_first_bad_sample_is_bad_in_its_own_tick_and_until_a_good_one():
    rig = Rig()
    rig.convert(20_000)
    assert rig.overcool.valid and not rig.overcool.bad
    overcool = rig.bad()
    assert overcool.bad and not overcool.valid
    rig.tick()
    assert overcool.bad
    rig.good(20_000)
    assert overcool.valid and not overcool.bad


def test_three_bad_conversions_within_one_second_fail_the_sensor():
    for gaps_us, expected in (
        ((100_000, 100_000), True),
        ((500_000, 500_000), True),
        ((400_000, 600_000), True),
        ((500_000, 510_000), False),
        ((10_000, 1_000_000), False),
        ((900_000, 900_000), False),
    ):
        rig = Rig()
        for _ in range(120):
            rig.good(20_000)
        assert not rig.bad().sensor_failed
        for gap_us in gaps_us:
            assert not rig.overcool.sensor_failed
            for _ in range(gap_us // TICK_US - 1):
                rig.good(20_000)
            rig.bad()
        assert rig.overcool.sensor_failed == expected, gaps_us
        for _ in range(101):
            rig.good(20_000)
        assert not rig.overcool.sensor_failed  # the third one is more than a second old


def test_good_samples_between_do_not_excuse_bad_ones():
    rig = Rig()
    for _ in range(2):
        assert not rig.bad(100_000).sensor_failed
        assert not rig.good(20_000, 100_000).sensor_failed
    assert rig.bad(100_000).sensor_failed


def test_one_bad_conversion_counts_once_however_often_it_is_read():
    rig = Rig()
    rig.convert(20_000)
    rig.bad()
    for _ in range(300):
        rig.tick()
        assert rig.overcool.bad
        assert not rig.overcool.sensor_failed


def test_bad_conversions_are_never_young_again_after_a_long_time():
    rig = Rig()
    rig.convert(20_000)
    rig.bad()
    rig.bad()
    for _ in range(4):
        rig.good(20_000, LONGEST_DT_US)
    assert not rig.bad().sensor_failed


def test_a_reading_is_stale_when_older_than_one_second():
    rig = Rig()
    for age_us, expected in ((100_000, False), (1_000_000, False), (1_000_001, True), (LONGEST_DT_US, True)):
        set_good(rig.skin, 20_000, age_us)
        rig.judge(TICK_US)
        assert rig.overcool.stale == expected
        assert rig.overcool.valid


def test_no_value_is_used_when_the_status_is_bad():
    for status in range(1, 9):
        for lie_mdegc in (None, -50_000, 1_000, 30_000):
            rig = Rig()
            rig.convert(20_000)
            set_bad(rig.skin, status)
            rig.skin.value_mdegc = lie_mdegc
            for _ in range(100):
                rig.tick()
            overcool = rig.overcool
            assert overcool.bad and not overcool.valid
            assert not overcool.tripped and not overcool.locked_out
            set_good(rig.skin, 20_000)
            rig.judge(TICK_US)
            assert overcool.valid and not overcool.tripped and not overcool.locked_out


# --- limit 24 ---------------------------------------------------------------------------------------------------------
def hold(rig, mdegc, seconds, dt_us=100_000):
    """Hold the skin at a temperature, one fresh sample a tick."""
    for _ in range(seconds * 1_000_000 // dt_us):
        rig.good(mdegc, dt_us)


def test_the_point_dose_is_400_degc_seconds_below_15():
    rig = Rig()
    hold(rig, 5_000, 39)
    for _ in range(99):
        rig.good(5_000)
    assert not rig.overcool.dose_spent
    rig.good(5_000)
    assert rig.overcool.dose_spent
    assert not rig.overcool.dose_session_reached()
    rig.overcool.new_point()
    assert not rig.overcool.dose_spent and rig.overcool.dose_point == 0


def test_nothing_is_booked_at_15_degc_or_warmer():
    rig = Rig()
    for mdegc in (15_000, 15_001, 33_000):
        hold(rig, mdegc, 500)
    assert rig.overcool.dose_point == rig.overcool.dose_session == 0
    assert Rig().good(14_999).dose_point == 1  # mdegC x 10 ms
    hold(rig, 5_000, 39)
    assert not rig.overcool.dose_spent
    hold(rig, 5_000, 1)
    assert rig.overcool.dose_spent


def test_half_a_degree_below_15_counts_too():
    rig = Rig()
    hold(rig, 14_500, 799)
    assert not rig.overcool.dose_spent
    hold(rig, 14_500, 1)
    assert rig.overcool.dose_spent


def test_the_session_dose_is_1600_over_all_points():
    rig = Rig()
    for _ in range(4):
        assert not rig.overcool.dose_session_reached()
        rig.overcool.new_point()
        hold(rig, 5_000, 39)
    hold(rig, 5_000, 3)
    rig.overcool.new_point()
    for _ in range(9):
        rig.good(5_000, 100_000)
    assert not rig.overcool.dose_session_reached()
    rig.good(5_000, 100_000)
    assert rig.overcool.dose_session_reached()
    assert rig.overcool.dose_spent  # no further point either
    rig.overcool.new_session()
    assert rig.overcool.dose_session == rig.overcool.dose_point == 0


def test_a_session_whose_dose_is_used_up_has_no_further_point_and_the_next_session_has():
    rig = Rig()
    for _ in range(5):
        rig.overcool.new_point()
        hold(rig, 5_000, 33)
    assert rig.overcool.dose_session_reached() and rig.overcool.dose_spent
    rig.overcool.new_point()
    assert rig.overcool.dose_spent
    rig.overcool.new_session()
    assert not rig.overcool.dose_spent


def seconds_until(rig, mdegc):
    """Return how long at a temperature it takes from here to use up the point's dose."""
    ticks = 0
    while not rig.overcool.dose_spent:
        rig.good(mdegc)
        ticks += 1
    return ticks / 100


def test_the_dose_follows_a_float_integral_of_a_real_curve():
    jitter = Random(3)
    rig = Rig()
    integral = 0.0
    for i in range(3_000):  # saw teeth between 6 and 17 degC, ticks of 9.5 to 10.5 ms
        dt_us = 9_500 + jitter.below(1_000)
        mdegc = 17_000 - (i % 37) * 300
        integral += max(0, 15_000 - mdegc) * dt_us * 1e-9
        rig.good(mdegc, dt_us)
    assert 50 < integral < 350
    left = seconds_until(rig, 5_000) * 10
    assert abs(integral + left - 400) < 4


def test_a_late_tick_books_its_whole_time():
    rig = Rig()
    for _ in range(79):
        rig.good(5_000, 500_000)
    assert not rig.overcool.dose_spent
    rig.good(5_000, 500_000)
    assert rig.overcool.dose_spent


def test_the_dose_saturates():
    rig = Rig()
    for _ in range(40):
        rig.good(-60_000, 1_000_000)
    for _ in range(3):
        rig.good(-60_000, LONGEST_DT_US)
    assert rig.overcool.dose_spent and rig.overcool.dose_session_reached()
