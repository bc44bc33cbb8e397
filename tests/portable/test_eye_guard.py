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
