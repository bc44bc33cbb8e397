"""Eye-shield loop and distance window (limits 14 and 22)."""

import micropython
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE, EyeGuard
from support import LONGEST_DT_US, TICK_US, inputs


class Bench:
    """One guard and the inputs it reads; begins with loop made and a surface at 100 mm."""

    def __init__(self):
        self.guard = EyeGuard()
        self.inputs = inputs()
        self.loop(1, 0)
        self.distance(100)

    def loop(self, a, b):
        self.inputs.loop_a = a
        self.inputs.loop_b = b

    def distance(self, mm, status=0, age_us=0):
        quantity = self.inputs.distance
        quantity.value = mm
        quantity.status = status
        quantity.age_us = age_us
        quantity.sequence = quantity.sequence + 1 & 0xFFFF

    def seen(self, mm):
        """Measure, tick, and return what the guard says of it."""
        self.distance(mm)
        return self.tick().range

    def tick(self, dt_us=TICK_US):
        micropython.heap_lock()
        try:
            self.guard.update(dt_us, self.inputs)
        finally:
            micropython.heap_unlock()
        return self.guard


def test_before_the_first_tick_there_is_no_permission():
    guard = EyeGuard()
    assert not guard.made
    assert not guard.discordant
    assert guard.range == LOST


def test_inputs_that_nobody_filled_give_no_permission():
    guard = EyeGuard()
    guard.update(TICK_US, inputs())
    assert not guard.made
    assert guard.range == LOST


def test_only_a_high_and_b_low_is_made():
    for a in (0, 1):
        for b in (0, 1):
            bench = Bench()
            bench.loop(a, b)
            assert bench.tick().made == (a == 1 and b == 0)


def test_channels_that_agree_are_discordant_from_50_ms_on():
    for level in (0, 1):  # both wires broken, or shorted together
        bench = Bench()
        bench.tick()
        bench.loop(level, level)
        for _ in range(49):
            guard = bench.tick(1_000)
            assert not guard.made
            assert not guard.discordant
        assert bench.tick(1_000).discordant
        assert not bench.guard.made


def test_an_open_shield_is_not_discordant():
    bench = Bench()
    bench.loop(0, 1)
    for _ in range(100):
        guard = bench.tick()
    assert not guard.made
    assert not guard.discordant


def test_each_return_to_antivalence_restarts_the_time():
    bench = Bench()
    for settled in ((1, 0), (0, 1)):
        for level in (0, 1, 0):
            bench.loop(level, level)
            for _ in range(4):
                assert not bench.tick().discordant
            bench.loop(settled[0], settled[1])
            assert not bench.tick().discordant
            bench.loop(level, level)
            assert not bench.tick(49_999).discordant
            bench.loop(settled[0], settled[1])
            assert not bench.tick().discordant


def test_a_late_tick_counts_in_full_and_does_not_overflow():
    bench = Bench()
    bench.loop(1, 1)
    assert not bench.tick(49_999).discordant
    assert bench.tick(1).discordant
    for _ in range(4):
        assert bench.tick(LONGEST_DT_US).discordant


def test_the_distance_windows():
    bench = Bench()
    for mm, expected in (
        (-1, OUTSIDE),
        (0, OUTSIDE),
        (69, OUTSIDE),
        (70, IN_WINDOW),
        (71, IN_WINDOW),
        (79, IN_WINDOW),
        (80, IN_START),
        (81, IN_START),
        (199, IN_START),
        (200, IN_START),
        (201, IN_WINDOW),
        (219, IN_WINDOW),
        (220, IN_WINDOW),
        (221, OUTSIDE),
        (400, OUTSIDE),
    ):
        bench.distance(mm)
        assert bench.tick().range == expected, mm


def test_an_invalid_measurement_is_no_distance_whatever_its_value():
    bench = Bench()
    for status in (1, 2, 3):
        bench.distance(100)
        assert bench.tick().range == IN_START
        bench.distance(100, status)
        assert bench.tick().range == LOST
    bench.distance(None, 1)  # a driver that drops the value
    assert bench.tick().range == LOST


def test_a_measurement_older_than_100_ms_is_no_distance():
    bench = Bench()
    bench.distance(100, age_us=100_000)
    assert bench.tick().range == IN_START
    for age_us in (100_001, LONGEST_DT_US):
        bench.distance(100, age_us=age_us)
        assert bench.tick().range == LOST


def test_the_lost_time_grows_saturates_and_ends_with_any_surface():
    bench = Bench()
    bench.distance(100, status=1)
    for i in range(60):
        assert bench.tick().lost_us == (i + 1) * TICK_US
    for _ in range(3):
        assert bench.tick(LONGEST_DT_US).lost_us == LONGEST_DT_US
    bench.distance(30)
    assert bench.tick().lost_us == 0
    assert bench.guard.range == OUTSIDE
    bench.distance(100, age_us=100_001)
    assert bench.tick().lost_us == TICK_US


# --- a surface that jumps (limit 14) ----------------------------------------------------------------------------------
def watched(mm):
    """A bench whose point is open, at that distance."""
    bench = Bench()
    bench.seen(mm)
    bench.guard.watch(True)
    assert bench.seen(mm) == IN_START
    return bench


def test_a_distance_that_jumps_further_than_a_hand_gets_is_outside_at_once():
    for step, expected in ((30, IN_START), (-30, IN_START), (31, OUTSIDE), (-31, OUTSIDE)):
        assert watched(130).seen(130 + step) == expected, step


def test_what_it_jumped_away_is_taken_off_until_the_point_is_over():
    bench = watched(104)
    assert bench.seen(165) == OUTSIDE
    assert bench.guard.mm == 104
    for mm, counts, expected in ((165, 104, IN_START), (141, 80, IN_START), (140, 79, IN_WINDOW), (130, 69, OUTSIDE)):
        assert bench.seen(mm) == expected, mm
        assert bench.guard.mm == counts, mm
    bench.guard.watch(False)
    assert bench.seen(130) == IN_START
    assert bench.guard.mm == 130


def test_away_and_back_again_is_where_it_was():
    bench = watched(100)
    for mm in (180, 100):
        assert bench.seen(mm) == OUTSIDE
    assert bench.seen(100) == IN_START
    assert bench.guard.mm == 100
    for mm in (160, 218):
        assert bench.seen(mm) == OUTSIDE
    assert bench.seen(218) == IN_START
    assert bench.guard.mm == 100


def test_what_is_left_of_a_jump_after_another_one_back_still_counts():
    for left in (1, 2, 10):
        bench = watched(100)
        for mm in (180, 100 + left):
            assert bench.seen(mm) == OUTSIDE
        assert bench.seen(100 + left) == IN_START
        assert bench.guard.mm == 100


def test_a_surface_that_jumps_nearer_counts_as_near_as_it_is_measured():
    bench = watched(190)
    assert bench.seen(100) == OUTSIDE
    assert bench.seen(100) == IN_START
    assert bench.guard.mm == 100
    assert bench.seen(190) == OUTSIDE  # what was before is forgotten: now this is the jump
    assert bench.seen(190) == IN_START
    assert bench.guard.mm == 100


def test_a_hand_at_300_mm_a_second_never_jumps():
    for period_us, samples in ((10_000, 46), (33_000, 14), (66_000, 7)):
        for sign in (1, -1):
            bench = watched(140)
            for n in range(samples // 2):
                bench.distance(140 + sign * 3 * n * period_us // 10_000)
                assert bench.tick(period_us).range <= IN_WINDOW


def test_while_nothing_is_measured_the_hand_goes_on():
    for lost_us, step, jumps in ((100_000, 70, 0), (100_000, 71, 1), (40_000, 46, 0), (40_000, 47, 1)):
        for from_mm, mm in ((90, 90 + step), (190, 190 - step)):
            bench = watched(from_mm)
            bench.distance(None, 1)
            bench.tick(lost_us)
            assert (bench.seen(mm) == OUTSIDE) == jumps, (lost_us, mm)


def test_one_measurement_jumps_once_however_often_it_is_looked_at():
    bench = watched(100)
    assert bench.seen(150) == OUTSIDE
    for _ in range(5):
        assert bench.tick().range == IN_START
        assert bench.guard.mm == 100


def test_before_a_point_the_applicator_may_be_moved_in_any_way():
    bench = Bench()
    for mm in (100, 190, 81, 200):
        assert bench.seen(mm) == IN_START
        assert bench.guard.mm == mm


# --- a sensor that drifts (limit 14) ----------------------------------------------------------------------------------
def lit(light):
    """A bench whose point is open at 100 mm, with that light."""
    bench = Bench()
    bench.inputs.distance.light = light
    bench.seen(100)
    bench.guard.watch(True)
    return bench


def test_more_light_than_the_point_began_with_is_no_distance_and_less_is_one():
    for light, expected in ((10, IN_START), (1_000, IN_START), (1_500, IN_START), (1_501, OUTSIDE), (0, IN_START)):
        bench = lit(1_000)
        bench.inputs.distance.light = light
        assert bench.seen(100) == expected, light
        bench.inputs.distance.light = 1_000
        assert bench.tick().range == IN_START


def test_light_that_nobody_measured_or_outside_a_point_limits_nothing():
    bench = lit(0)
    bench.inputs.distance.light = 6_000_000
    assert bench.seen(100) == IN_START
    bench = lit(1_000)
    bench.guard.watch(False)
    bench.inputs.distance.light = 6_000_000
    assert bench.seen(100) == IN_START
    bench.guard.watch(True)  # another point begins with what it has
    assert bench.seen(100) == IN_START


def test_while_the_surface_is_lost_the_last_distance_counts():
    bench = watched(120)
    bench.distance(None, 2)
    assert bench.tick().range == LOST
    assert bench.guard.mm == 120
