"""Eye-shield loop and distance window (limits 14 and 22)."""

import micropython
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE, EyeGuard
from support import LONGEST_DT_US, TICK_US, inputs


class Rig:
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
            rig = Rig()
            rig.loop(a, b)
            assert rig.tick().made == (a == 1 and b == 0)


def test_channels_that_agree_are_discordant_from_50_ms_on():
    for level in (0, 1):  # both wires broken, or shorted together
        rig = Rig()
        rig.tick()
        rig.loop(level, level)
        for _ in range(49):
            guard = rig.tick(1_000)
            assert not guard.made
            assert not guard.discordant
        assert rig.tick(1_000).discordant
        assert not rig.guard.made


def test_an_open_shield_is_not_discordant():
    rig = Rig()
    rig.loop(0, 1)
    for _ in range(100):
        guard = rig.tick()
    assert not guard.made
    assert not guard.discordant


def test_each_return_to_antivalence_restarts_the_time():
    rig = Rig()
    for settled in ((1, 0), (0, 1)):
        for level in (0, 1, 0):
            rig.loop(level, level)
            for _ in range(4):
                assert not rig.tick().discordant
            rig.loop(settled[0], settled[1])
            assert not rig.tick().discordant
            rig.loop(level, level)
            assert not rig.tick(49_999).discordant
            rig.loop(settled[0], settled[1])
            assert not rig.tick().discordant


def test_a_late_tick_counts_in_full_and_does_not_overflow():
    rig = Rig()
    rig.loop(1, 1)
    assert not rig.tick(49_999).discordant
    assert rig.tick(1).discordant
    for _ in range(4):
        assert rig.tick(LONGEST_DT_US).discordant


def test_the_distance_windows():
    rig = Rig()
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
        rig.distance(mm)
        assert rig.tick().range == expected, mm


def test_an_invalid_measurement_is_no_distance_whatever_its_value():
    rig = Rig()
    for status in (1, 2, 3):
        rig.distance(100)
        assert rig.tick().range == IN_START
        rig.distance(100, status)
        assert rig.tick().range == LOST
    rig.distance(None, 1)  # a driver that drops the value
    assert rig.tick().range == LOST


def test_a_measurement_older_than_100_ms_is_no_distance():
    rig = Rig()
    rig.distance(100, age_us=100_000)
    assert rig.tick().range == IN_START
    for age_us in (100_001, LONGEST_DT_US):
        rig.distance(100, age_us=age_us)
        assert rig.tick().range == LOST


def test_the_lost_time_grows_saturates_and_ends_with_any_surface():
    rig = Rig()
    rig.distance(100, status=1)
    for i in range(60):
        assert rig.tick().lost_us == (i + 1) * TICK_US
    for _ in range(3):
        assert rig.tick(LONGEST_DT_US).lost_us == LONGEST_DT_US
    rig.distance(30)
    assert rig.tick().lost_us == 0
    assert rig.guard.range == OUTSIDE
    rig.distance(100, age_us=100_001)
    assert rig.tick().lost_us == TICK_US


# --- a surface that jumps (limit 14) ----------------------------------------------------------------------------------
def watched(mm):
    """A rig whose point is open, at that distance."""
    rig = Rig()
    rig.seen(mm)
    rig.guard.watch(True)
    assert rig.seen(mm) == IN_START
    return rig


def test_a_distance_that_jumps_further_than_a_hand_gets_is_outside_at_once():
    for step, expected in ((30, IN_START), (-30, IN_START), (31, OUTSIDE), (-31, OUTSIDE)):
        assert watched(130).seen(130 + step) == expected, step


def test_what_it_jumped_away_is_taken_off_until_the_point_is_over():
    rig = watched(104)
    assert rig.seen(165) == OUTSIDE
    assert rig.guard.mm == 104
    for mm, counts, expected in ((165, 104, IN_START), (141, 80, IN_START), (140, 79, IN_WINDOW), (130, 69, OUTSIDE)):
        assert rig.seen(mm) == expected, mm
        assert rig.guard.mm == counts, mm
    rig.guard.watch(False)
    assert rig.seen(130) == IN_START
    assert rig.guard.mm == 130


def test_away_and_back_again_is_where_it_was():
    rig = watched(100)
    for mm in (180, 100):
        assert rig.seen(mm) == OUTSIDE
    assert rig.seen(100) == IN_START
    assert rig.guard.mm == 100
    for mm in (160, 218):
        assert rig.seen(mm) == OUTSIDE
    assert rig.seen(218) == IN_START
    assert rig.guard.mm == 100


def test_what_is_left_of_a_jump_after_another_one_back_still_counts():
    for left in (1, 2, 10):
        rig = watched(100)
        for mm in (180, 100 + left):
            assert rig.seen(mm) == OUTSIDE
        assert rig.seen(100 + left) == IN_START
        assert rig.guard.mm == 100


def test_a_surface_that_jumps_nearer_counts_as_near_as_it_is_measured():
    rig = watched(190)
    assert rig.seen(100) == OUTSIDE
    assert rig.seen(100) == IN_START
    assert rig.guard.mm == 100
    assert rig.seen(190) == OUTSIDE  # earlier distances are forgotten: now this is the jump
    assert rig.seen(190) == IN_START
    assert rig.guard.mm == 100


def test_a_hand_at_300_mm_a_second_never_jumps():
    for period_us, samples in ((10_000, 46), (33_000, 14), (66_000, 7)):
        for sign in (1, -1):
            rig = watched(140)
            for n in range(samples // 2):
                rig.distance(140 + sign * 3 * n * period_us // 10_000)
                assert rig.tick(period_us).range <= IN_WINDOW


def test_while_nothing_is_measured_the_hand_goes_on():
    for lost_us, step, jumps in ((100_000, 70, 0), (100_000, 71, 1), (40_000, 46, 0), (40_000, 47, 1)):
        for from_mm, mm in ((90, 90 + step), (190, 190 - step)):
            rig = watched(from_mm)
            rig.distance(None, 1)
            rig.tick(lost_us)
            assert (rig.seen(mm) == OUTSIDE) == jumps, (lost_us, mm)


def test_one_measurement_jumps_once_however_often_it_is_looked_at():
    rig = watched(100)
    assert rig.seen(150) == OUTSIDE
    for _ in range(5):
        assert rig.tick().range == IN_START
        assert rig.guard.mm == 100


def test_before_a_point_the_applicator_may_be_moved_in_any_way():
    rig = Rig()
    for mm in (100, 190, 81, 200):
        assert rig.seen(mm) == IN_START
        assert rig.guard.mm == mm


# --- a sensor that drifts (limit 14) ----------------------------------------------------------------------------------
def lit(light):
    """A rig whose point is open at 100 mm, with that light."""
    rig = Rig()
    rig.inputs.distance.light = light
    rig.seen(100)
    rig.guard.watch(True)
    return rig


def test_more_light_than_the_point_began_with_is_no_distance_and_less_is_one():
    for light, expected in ((10, IN_START), (1_000, IN_START), (1_500, IN_START), (1_501, OUTSIDE), (0, IN_START)):
        rig = lit(1_000)
        rig.inputs.distance.light = light
        assert rig.seen(100) == expected, light
        rig.inputs.distance.light = 1_000
        assert rig.tick().range == IN_START


def test_light_that_nobody_measured_or_outside_a_point_limits_nothing():
    rig = lit(0)
    rig.inputs.distance.light = 6_000_000
    assert rig.seen(100) == IN_START
    rig = lit(1_000)
    rig.guard.watch(False)
    rig.inputs.distance.light = 6_000_000
    assert rig.seen(100) == IN_START
    rig.guard.watch(True)  # another point begins with what it has
    assert rig.seen(100) == IN_START


def test_while_the_surface_is_lost_the_last_distance_counts():
    rig = watched(120)
    rig.distance(None, 2)
    assert rig.tick().range == LOST
    assert rig.guard.mm == 120
