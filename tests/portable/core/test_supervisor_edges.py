"""What the supervisor does at its edges: each time to the microsecond, two events in one tick, settings, accounts."""

from bench import SETTINGS, Bench
from cryo import config, limits
from cryo.core import blockers, mode, session
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE
from cryo.core.session import GOING
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM, DISARM, SERVICE, Supervisor
from cryo.core.ticks import SATURATED


def test_a_clock_that_steps_back_is_no_time():
    bench = Bench().deliver().to_burst(1)
    point_us = bench.sup.session.point_us
    mode_us = bench.sup.mode_us
    bench.sup.tick(bench.now_us - 5_000, bench.i, bench.o)
    assert bench.sup.mode == mode.DELIVERING
    assert bench.sup.session.point_us == point_us and bench.sup.mode_us == mode_us


def test_the_first_tick_counts_as_one_whatever_the_clock_says():
    bench = Bench()
    bench.tick()
    assert bench.sup.mode_us == 0  # the self-test was entered in it
    assert bench.sup.session._uptime_us == 10_000


def test_service_is_entered_from_standby_alone_and_left_by_a_disarm():
    bench = Bench().stand_by()
    bench.ask(SERVICE)
    assert bench.sup.mode == mode.SERVICE
    bench.choose()
    bench.ask(ARM)
    assert bench.sup.mode == mode.SERVICE and bench.o.cut == 1
    bench.ask(DISARM)
    assert bench.sup.mode == mode.STANDBY
    bench = Bench().arm()
    bench.ask(SERVICE)
    assert bench.sup.mode == mode.ARMED


def test_an_application_without_its_manifest_does_not_arm():
    bench = Bench().stand_by()
    bench.choose()
    bench.sup.unchecked = True
    bench.ask(ARM)
    assert bench.sup.mode == mode.STANDBY
    assert bench.sup.blocked_by == blockers.UNPROVISIONED | bench.sup.blocked_by & blockers.TO_START
    bench.sup.unchecked = False
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY


def test_the_settings_longest_burst_holds():
    bench = Bench(dict(SETTINGS, burst_max_us=100_000)).deliver().to_burst(4)
    assert max(bench.fired) == 100_000


def test_reduced_sensation_is_300_ms_whatever_the_level_says():
    bench = Bench().deliver(preset=1, level=3)
    bench.sup.session.row = lambda: (15_000, 10_000, 500_000, 120, 13_408)
    bench.to_burst(3)
    assert max(bench.fired) == 300_000


def _spent(spend):
    """Deliver, let `spend` use an account up; return the reason with which the point ends in that tick."""
    bench = Bench().deliver().to_burst(1)
    bench.sup.session.reason = GOING
    spend(bench.sup)
    bench.tick()
    assert bench.sup.mode == mode.COMPLETE and bench.o.cut == 1 and not bench.sup.session.point_open
    return bench.sup.session.reason


def test_each_account_that_is_used_up_ends_the_point_with_its_name():
    def dose(s):
        s.overcool.dose_spent = True

    def session_time(s):
        s.session.session_s = 1_199
        s.session.advance(1_000_000)

    def session_gas(s):
        s.session.valve_on_ms = 300_000
        s.session.burst(1_000)

    def point_time(s):
        s.session.point_us = 60_000_000

    def point_gas(s):
        s.session.point_valve_on_us = 30_000_000
        s.session.burst(0)

    for spend, reason in (
        (dose, session.DOSE), (session_time, session.SESSION), (session_gas, session.SESSION),
        (point_time, session.TIME), (point_gas, session.GAS),
    ):  # fmt: skip
        assert _spent(spend) == reason


def test_a_point_that_is_stopped_or_faulty_says_so():
    for spoil, reason in ((lambda b: b.ask(DISARM), session.STOPPED), (_stop, session.FAULTED)):
        bench = Bench().deliver().to_burst(1)
        spoil(bench)
        assert bench.sup.session.reason == reason and not bench.sup.session.point_open


def _stop(bench):
    bench.i.estop = 1
    bench.tick()


# --- its times, to the microsecond ------------------------------------------------------------------------------------
def test_the_self_test_watches_for_400_ms():
    bench = Bench()
    bench.tick()
    bench.tick(1, 399_999)
    assert bench.sup.mode == mode.SELF_TEST
    bench.tick(1, 1)
    assert bench.sup.mode == mode.STANDBY


def test_an_arm_request_waits_ten_seconds_for_its_confirmation():
    bench = Bench().stand_by()
    bench.choose()
    bench.ask(ARM)
    bench.tick(1_000)
    assert bench.sup.mode == mode.READY
    bench.tick(1, 1)
    assert bench.sup.mode == mode.STANDBY


def test_armed_and_unused_lasts_a_minute():
    bench = Bench().arm()
    bench.tick(1, 60_000_000)
    assert bench.sup.mode == mode.ARMED
    bench.tick(1, 1)
    assert bench.sup.mode == mode.STANDBY


def test_elapsed_times_stop_before_they_leave_31_bits():
    standing = Bench().stand_by()
    armed = Bench().arm()
    for n in (1, 9_999, 10_000, 10_001):
        standing.sup.mode_us = standing.sup.idle_us = armed.sup.indicated_us = SATURATED - n
        standing.tick()
        armed.tick()
        elapsed = min(SATURATED, SATURATED - n + 10_000)
        assert (standing.sup.mode_us, standing.sup.idle_us, armed.sup.indicated_us) == (elapsed,) * 3


def test_what_bounds_the_surface_in_a_pass_is_an_integer():
    bench = Bench().deliver()
    bench.tick(100)
    assert bench.sup.point.treated
    assert isinstance(bench.sup.point.lowest_mdegc, int)


def test_light_and_tone_come_two_seconds_before_the_gas():
    bench = Bench().arm()
    bench.tick(199)
    bench.tick(1, 9_999)
    assert bench.sup.blocked_by & blockers.INDICATION
    bench.tick(1, 1)
    assert not bench.sup.blocked_by & blockers.INDICATION


def test_a_pass_lasts_18_s_and_its_rest_1_s():
    bench = Bench().deliver()
    bench.tick(1_799)
    assert bench.sup.mode == mode.DELIVERING
    bench.tick()
    assert bench.sup.mode == mode.REST
    bench.i.trigger = 0
    bench.tick(1, 999_999)
    assert bench.sup.mode == mode.REST
    bench.tick(1, 1)
    assert bench.sup.mode == mode.ARMED


def test_a_press_within_two_seconds_of_a_release_goes_on_with_its_pass():
    for released, away, passes in ((150, False, 1), (195, False, 1), (205, False, 2), (150, True, 2)):
        bench = Bench().deliver().to_burst(3)
        spent_us = bench.sup.pass_.us
        if away:
            bench.i.distance.value = 230
            bench.tick()
            assert bench.sup.mode == mode.REST
        bench.i.trigger = 0
        bench.tick()
        assert bench.sup.mode == mode.REST and bench.sup.session.passes == 1
        bench.i.distance.value = 100
        bench.tick(released - 4)
        assert bench.sup.mode == mode.ARMED
        count = len(bench.fired)
        bench.i.trigger = 1
        bench.tick(4)
        assert bench.sup.mode == mode.DELIVERING and bench.sup.session.passes == passes
        assert (bench.sup.pass_.us > spent_us) == (passes == 1)  # its 18 s go on
        bench.to_burst(count + 1)
        assert bench.fired[count] == 60_000  # a probe burst, as ever


def test_two_seconds_and_not_a_microsecond_more_go_on_with_a_pass():
    for gap_us, passes in ((2_000_000, 1), (2_000_001, 2)):
        sup = Bench().deliver().to_burst(3).sup
        sup.session.let_go_us = sup.session.point_us - gap_us
        sup.pass_.late_us = 25_000
        spent_us = sup.pass_.us
        sup.enter(mode.DELIVERING)
        assert sup.session.passes == passes and sup.pass_.held and sup.pass_.late_us == 0
        assert sup.pass_.us == limits.TICK_US + (spent_us if passes == 1 else 0)


def test_only_a_hand_in_the_window_may_go_on_with_its_pass():
    for distance, stays in ((IN_START, True), (IN_WINDOW, True), (OUTSIDE, False), (LOST, False)):
        sup = Bench().deliver().to_burst(3).sup
        sup.trigger.touched = False
        sup.eye.range = distance
        sup.enter(mode.REST)
        assert (sup.session.let_go_us == sup.session.point_us) == stays
        assert stays or sup.session.let_go_us == session.NEVER


def test_the_first_press_at_a_point_is_a_pass():
    bench = Bench().deliver()
    assert bench.sup.session.passes == 1 and bench.sup.pass_.us <= 10_000


def test_the_target_is_held_for_five_seconds():
    bench = Bench().deliver()
    bench.sup.session.reached = True
    bench.tick(500)
    assert bench.sup.mode == mode.DELIVERING
    bench.tick()
    assert bench.sup.mode == mode.COMPLETE and bench.sup.session.reason == session.TARGET


def test_a_sample_is_settled_350_ms_after_closing_and_fresh_for_250_ms():
    for age_us, closed_us, status, settled in (
        (250_000, 350_000, 0, True), (250_001, 350_000, 0, False), (250_000, 349_999, 0, False),
        (250_000, 350_000, 2, False),
    ):  # fmt: skip
        bench = Bench().stand_by()
        bench.samples = False
        skin = bench.i.skin
        skin.age_us = age_us - 10_000
        skin.ended_age_us = 90_000
        skin.status = status
        bench.sup.planner.off_us = closed_us + 90_000
        bench.tick()
        assert bench.sup.settled == settled, (age_us, closed_us)


def test_the_valves_delays_come_from_the_settings():
    given = config.build({"jet_k_mdegc": 16_000, "valve_open_delay_us": 20_000, "valve_close_delay_us": 40_000})[0]
    for settings, waits_us, flow_us in ((given, 20_000, 80_000), (None, 0, 60_000)):
        planner = Supervisor(settings).planner
        planner.fired(60_000)
        assert planner.advance(waits_us) == 0
        assert planner.advance(1_000_000) == flow_us


# --- two events in one tick -------------------------------------------------------------------------------------------
def test_a_fault_comes_before_whatever_else_the_tick_brings():
    def asked(request):
        def act(b):
            b.i.request = request
            b.i.request_value = b.sup.nonce

        return act

    def ready():
        bench = Bench().stand_by()
        bench.choose()
        bench.ask(ARM)
        return bench

    def late(b):
        b.sup.mode_us = 20_000_000

    def idle(b):
        b.sup.idle_us = 70_000_000

    def release(b):
        b.i.trigger = 0

    def point_time(b):
        b.sup.session.point_us = 60_000_000

    def rested():
        bench = Bench().deliver()
        bench.tick(1_800)
        assert bench.sup.mode == mode.REST
        return bench

    for begin, act in (
        (lambda: Bench().stand_by(), asked(ARM)), (lambda: Bench().stand_by(), asked(SERVICE)),
        (ready, asked(CONFIRM)), (ready, asked(DISARM)), (ready, late), (lambda: Bench().arm(), idle),
        (lambda: Bench().deliver(), release), (lambda: Bench().deliver(), point_time), (rested, late),
        (rested, point_time),
    ):  # fmt: skip
        bench = begin()
        act(bench)
        bench.i.estop = 1
        bench.tick()
        assert bench.sup.mode == mode.FAULT and bench.o.cut == 1


def test_a_trigger_released_in_the_rest_needs_a_fresh_press():
    bench = Bench().deliver()
    bench.tick(1_800)
    assert bench.sup.mode == mode.REST
    bench.i.trigger = 0
    bench.tick(5)
    bench.i.trigger = 1
    bench.tick(300)
    assert bench.sup.mode == mode.ARMED
    count = len(bench.fired)
    bench.tick(300)
    assert bench.sup.mode == mode.ARMED and len(bench.fired) == count


def test_another_session_begins_unarmed_alone_and_with_no_cold_dose():
    bench = Bench().stand_by()
    for arm in (False, True):
        if arm:
            bench.choose()
            bench.ask(ARM)
        bench.sup.overcool.dose_session = 5
        bench.sup.renew_session()
        assert bench.sup.overcool.dose_session == (5 if arm else 0)


def test_a_missing_answer_that_was_acknowledged_does_not_return_with_the_next_arming():
    bench = Bench().deliver()
    bench.dips = False
    bench.tick(600)
    assert bench.sup.mode == mode.FAULT and bench.sup.response.failed()
    bench.i.trigger = 0
    bench.tick()
    bench.ask(ACKNOWLEDGE)
    bench.choose(point=2)
    bench.sup.session.rest_left_us = 0
    bench.ask(ARM)
    bench.ask(CONFIRM, bench.sup.nonce)
    bench.tick(5)
    assert bench.sup.mode == mode.ARMED


def test_the_proof_test_is_pending_from_the_second_step_of_arming_on():
    bench = Bench(proved=False).stand_by()
    bench.choose()
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY and not bench.sup.valves.pending
    bench.ask(CONFIRM, bench.sup.nonce)
    assert bench.sup.mode == mode.ARMED and bench.sup.valves.pending
