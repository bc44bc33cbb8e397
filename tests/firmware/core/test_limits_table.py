"""The hard limits compared with figures that are typed here separately, by their numbers in the table of limits."""

import pytest

from cryo import limits

# number of the limit, name in cryo.limits, figure in the unit of the name
TABLE = (
    (1, "SKIN_TRIP_MDEGC", 4.0 * 1000),
    (2, "SKIN_TRIP_REDUCED_MDEGC", 8.0 * 1000),
    (3, "SKIN_LOCKOUT_MDEGC", 2.0 * 1000),
    (1, "AFTERMATH_US", 5e6),
    (3, "TREND_LOOKAHEAD_MS", 0.2 * 1000),
    (3, "TREND_LOCKOUT_MDEGC", 0),
    (4, "BURST_MAX_US", 500e3),
    (4, "BURST_MAX_REDUCED_US", 300e3),
    (5, "OFF_MIN_US", 350e3),
    (6, "DUTY_WINDOW_US", 2e6),
    (6, "DUTY_MAX_US", 0.60 * 2e6),
    (7, "JET_K_MIN_MDEGC", 8e3),
    (7, "JET_K_MAX_MDEGC", 50e3),
    (7, "BURST_MIN_US", 30e3),
    (7, "PROBE_BURST_MAX_US", 60e3),
    (7, "DISTANCE_STEP_MM", 10),
    (7, "JET_JUMP", 2),
    (7, "SKIN_LEAST_MDEGC", 0),
    (7, "SKIN_LEAST_REDUCED_MDEGC", 4e3),
    (8, "POINT_MAX_MS", 60e3),
    (8, "POINT_VALVE_ON_MAX_US", 30e6),
    (9, "SAME_POINT_S", 300),
    (9, "SAME_POINT_SKIN_MDEGC", 28e3),
    (9, "APART_REST_S", 10),
    (9, "APART_REST_REDUCED_S", 20),
    (10, "SESSION_MAX_S", 20 * 60),
    (10, "SESSION_VALVE_ON_MAX_MS", 300e3),
    (10, "NEW_PATIENT_S", 2 * 60),
    (10, "ATTESTED_S", 10 * 60),
    (11, "SAMPLE_AGE_MAX_US", 250e3),
    (11, "SETTLED_US", 350e3),
    (12, "BAD_CONVERSIONS", 3),
    (12, "BAD_WINDOW_US", 1e6),
    (13, "RESPONSE_MIN_MDEGC", 250),
    (13, "RESPONSE_MISSES", 3),
    (13, "RESPONSE_WINDOW_MDEGC", 3e3),
    (13, "RESPONSE_WEAK_TENTHS", 0.5 * 10),
    (13, "RESPONSE_MOST_TENTHS", 2.2 * 10),
    (13, "RESPONSE_STRONG_TENTHS", 1.6 * 10),
    (13, "RESPONSE_STRONG_MARGIN_MDEGC", 750),
    (13, "RESPONSE_WINDOW_STRONG_TENTHS", 1.4 * 10),
    (13, "RESPONSE_WINDOW_MARGIN_MDEGC", 500),
    (14, "START_MIN_MM", 80),
    (14, "DISTANCE_LIGHT_PC", 150),
    (14, "START_MAX_MM", 200),
    (14, "CONTINUE_MIN_MM", 70),
    (14, "CONTINUE_MAX_MM", 220),
    (15, "INDICATION_MS", 2e3),
    (16, "IDLE_MS", 60e3),
    (17, "ONE_SHOT_MAX_MS", 600),
    (17, "LEASE_MAX_US", 20e3),
    (18, "WATCHDOG_MS", 500),
    (18, "TASKS_LATE_MAX", 2 * 6),  # two rounds of the six slow inputs
    (19, "LOOP_RESETS", 3),
    (19, "LOOP_RESETS_S", 10 * 60),
    (20, "BOTTLE_ARM_MIN_MBAR", 35e3),
    (20, "BOTTLE_ARM_MAX_MBAR", 70e3),
    (20, "BOTTLE_STOP_MIN_MBAR", 20e3),
    (20, "BOTTLE_STOP_MAX_MBAR", 75e3),
    (21, "ROOM_WARN_PPM", 5_000),
    (21, "ROOM_STOP_PPM", 10_000),
    (21, "ROOM_PPM_M3_PER_G", 18 * 30),
    (21, "GAS_MG_PER_S", 1e3),
    (23, "BASELINE_MIN_REDUCED_MDEGC", 28e3),
    (23, "BASELINE_MAX_REDUCED_MDEGC", 37e3),
    (23, "BASELINE_MIN_MDEGC", 24e3),
    (23, "BASELINE_MAX_MDEGC", 38e3),
    (24, "DOSE_BELOW_MDEGC", 15e3),
    (24, "DOSE_POINT_DEGC_S", 400),
    (24, "DOSE_SESSION_DEGC_S", 1600),
    (25, "MODEL_MARGIN_MDEGC", 1_500),
    (25, "MODEL_MARGIN_AGREED_MDEGC", 3_500),
    (26, "PROOF_TEST_BURSTS", 500),
    (1, "INFRARED_COLDER_MDEGC", (2 + 0.5 + 1 + 0.2 + 2.3) * 1000),
    (1, "INFRARED_WARMER_MDEGC", (2 + 0.5 + 1 + 0.2 + 8.3) * 1000),
    (1, "INFRARED_DISCORDS", 3),
    (25, "INFRARED_AGREES_MDEGC", 2_000),
    (1, "INFRARED_REST_MDEGC", 2.0 * 1000),
    (1, "INFRARED_SHARE_PC", 0.75 * 100),
    (1, "INFRARED_SHARE_MDEGC", 6.0 * 1000),
    (7, "JET_WEAKEST_PM", 800),
    (7, "JET_CARRIED_PM", 1_300),
    (1, "INFRARED_UNSEEN_BURSTS", 3),
    (26, "PROOF_TEST_S", 24 * 3600),
    # figures without a number of their own: passes, trigger, loop, tick
    (0, "PASS_MAX_MS", 18e3),
    (0, "PASSES_MAX", 8),
    (0, "PASS_REST_MS", 1e3),
    (0, "PASS_RESUMED_MS", 2e3),
    (0, "HOLD_MS", 5e3),
    (16, "TRIGGER_DEBOUNCE_US", 30e3),
    (22, "LOOP_DISCORDANCE_US", 50e3),
    (0, "TICK_US", 10e3),
)
# free engineering choices: bounded here, not fixed
BOUNDED = {
    "STALE_US": (200e3, 1e6),  # limit 12: a frozen reading is found within a second
    "DISTANCE_AGE_MAX_US": (33e3, 100e3),  # a hand at 0.3 m/s moves 30 mm in the longest
    "DISTANCE_LOST_US": (0, 500e3),
    "DISTANCE_JUMP_MM": (20, 40),  # a hand at 0.3 m/s moves 20 mm in two samples of 33 ms, 30 in the oldest that counts
    "DISTANCE_NOISE_MM": (3, 10),  # some standard deviations of a time-of-flight sensor's shortest result
    "DISTANCE_ERROR_MM": (50, 50),  # swept in docs/safety/campaign.md; more leaves the table of the law, from 20 mm on
    "INFRARED_AGE_MAX_US": (280e3, 500e3),  # 180 ms between two reads of a result of 100 ms
    "INFRARED_WAIT_US": (690e3, 1e6),
    "INFRARED_GONE_US": (1e6, 10e6),
    "ROOM_AGE_MAX_US": (11e6, 30e6),  # limit 21: a sample is 5 to 11 s old
    "CONFIRM_MS": (2e3, 10e3),
    "LATE_TICK_US": (20e3, 30e3),  # longer than any tick of a treatment that was measured, far under the lease's count
    "LATE_SUM_US": (30e3, 100e3),  # some ticks
}


@pytest.mark.parametrize(("number", "name", "figure"), TABLE, ids=[row[1] for row in TABLE])
def test_figure(number, name, figure):
    value = getattr(limits, name)
    assert isinstance(value, int)
    assert value == figure


def test_every_limit_has_a_figure_here():
    assert {row[0] for row in TABLE} - {0} == set(range(1, 27))


def test_every_constant_is_in_this_file():
    names = {name for name in vars(limits) if name.isupper()}
    assert names == {row[1] for row in TABLE} | set(BOUNDED)


@pytest.mark.parametrize("name", BOUNDED)
def test_engineering_choice_stays_within_reason(name):
    low, high = BOUNDED[name]
    assert low <= getattr(limits, name) <= high


def test_limits_agree_with_each_other():
    assert limits.SKIN_LOCKOUT_MDEGC < limits.SKIN_TRIP_MDEGC < limits.SKIN_TRIP_REDUCED_MDEGC
    assert limits.PROBE_BURST_MAX_US < limits.BURST_MAX_REDUCED_US < limits.BURST_MAX_US
    # limit 6 binds over 4 and 5: 500 on, 400 off, 500 on, 400 off, 200 on fill the window
    assert limits.DUTY_WINDOW_US - 2 * 400_000 == limits.DUTY_MAX_US
    assert limits.LEASE_MAX_US >= 2 * limits.TICK_US  # one late tick does not close a burst
    assert limits.LATE_TICK_US < limits.WATCHDOG_MS * 1000 < limits.ONE_SHOT_MAX_MS * 1000
    assert limits.BURST_MAX_US < limits.ONE_SHOT_MAX_MS * 1000
    assert limits.CONTINUE_MIN_MM < limits.START_MIN_MM < limits.START_MAX_MM < limits.CONTINUE_MAX_MM
