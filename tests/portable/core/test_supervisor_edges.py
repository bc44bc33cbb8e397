"""The supervisor at its limits: each time to the microsecond, two events in one tick, settings, accounts."""

from cryo import config, limits
from cryo.core import blockers, mode, session
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE
from cryo.core.session import GOING
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM, DISARM, SERVICE, Supervisor
from cryo.core.ticks import SATURATED
from supervisor_rig import SETTINGS, Rig


def test_a_clock_that_steps_back_is_no_time():
    rig = Rig().deliver().to_burst(1)
    point_us = rig.sup.session.point_us
    mode_us = rig.sup.mode_us
    rig.sup.tick(rig.now_us - 5_000, rig.i, rig.o)
    assert rig.sup.mode == mode.DELIVERING
    assert rig.sup.session.point_us == point_us and rig.sup.mode_us == mode_us


def test_the_first_tick_counts_as_one_whatever_the_clock_says():
    rig = Rig()
    rig.tick()
    assert rig.sup.mode_us == 0  # the self-test was entered in it
    assert rig.sup.session._uptime_us == 10_000


def test_service_is_entered_from_standby_alone_and_left_by_a_disarm():
    rig = Rig().stand_by()
    rig.ask(SERVICE)
    assert rig.sup.mode == mode.SERVICE
    rig.choose()
    rig.ask(ARM)
    assert rig.sup.mode == mode.SERVICE and rig.o.cut == 1
    rig.ask(DISARM)
    assert rig.sup.mode == mode.STANDBY
    rig = Rig().arm()
    rig.ask(SERVICE)
    assert rig.sup.mode == mode.ARMED


def test_an_application_without_its_manifest_does_not_arm():
    rig = Rig().stand_by()
    rig.choose()
    rig.sup.unchecked = True
    rig.ask(ARM)
    assert rig.sup.mode == mode.STANDBY
    assert rig.sup.blocked_by == blockers.UNPROVISIONED | rig.sup.blocked_by & blockers.TO_START
    rig.sup.unchecked = False
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY


def test_the_settings_longest_burst_holds():
    rig = Rig(dict(SETTINGS, burst_max_us=100_000)).deliver().to_burst(4)
    assert max(rig.fired) == 100_000


def test_reduced_sensation_is_300_ms_whatever_the_level_says():
    rig = Rig().deliver(preset=1, level=3)
    rig.sup.session.row = lambda: (15_000, 10_000, 500_000, 120, 13_408)
    rig.to_burst(3)
    assert max(rig.fired) == 300_000


def _spent(spend):
    """Deliver, let `spend` use an account up; return the reason with which the point ends in that tick."""
    rig = Rig().deliver().to_burst(1)
    rig.sup.session.reason = GOING
    spend(rig.sup)
    rig.tick()
    assert rig.sup.mode == mode.COMPLETE and rig.o.cut == 1 and not rig.sup.session.point_open
    return rig.sup.session.reason


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
        rig = Rig().deliver().to_burst(1)
        spoil(rig)
        assert rig.sup.session.reason == reason and not rig.sup.session.point_open


def _stop(rig):
    rig.i.estop = 1
    rig.tick()


# --- its times, to the microsecond ------------------------------------------------------------------------------------
def test_the_self_test_watches_for_400_ms():
    rig = Rig()
    rig.tick()
    rig.tick(1, 399_999)
    assert rig.sup.mode == mode.SELF_TEST
    rig.tick(1, 1)
    assert rig.sup.mode == mode.STANDBY


def test_an_arm_request_waits_ten_seconds_for_its_confirmation():
    rig = Rig().stand_by()
    rig.choose()
    rig.ask(ARM)
    rig.tick(1_000)
    assert rig.sup.mode == mode.READY
    rig.tick(1, 1)
    assert rig.sup.mode == mode.STANDBY


def test_armed_and_unused_lasts_a_minute():
    rig = Rig().arm()
    rig.tick(1, 60_000_000)
    assert rig.sup.mode == mode.ARMED
    rig.tick(1, 1)
    assert rig.sup.mode == mode.STANDBY


def test_elapsed_times_stop_before_they_leave_31_bits():
    standing = Rig().stand_by()
    armed = Rig().arm()
    for n in (1, 9_999, 10_000, 10_001):
        standing.sup.mode_us = standing.sup.idle_us = armed.sup.indicated_us = SATURATED - n
        standing.tick()
        armed.tick()
        elapsed = min(SATURATED, SATURATED - n + 10_000)
        assert (standing.sup.mode_us, standing.sup.idle_us, armed.sup.indicated_us) == (elapsed,) * 3


def test_what_bounds_the_surface_in_a_pass_is_an_integer():
    rig = Rig().deliver()
    rig.tick(100)
    assert rig.sup.point.treated
    assert isinstance(rig.sup.point.lowest_mdegc, int)


def test_light_and_tone_come_two_seconds_before_the_gas():
    rig = Rig().arm()
    rig.tick(199)
    rig.tick(1, 9_999)
    assert rig.sup.blocked_by & blockers.INDICATION
    rig.tick(1, 1)
    assert not rig.sup.blocked_by & blockers.INDICATION


def test_a_pass_lasts_18_s_and_its_rest_1_s():
    rig = Rig().deliver()
    rig.tick(1_799)
    assert rig.sup.mode == mode.DELIVERING
    rig.tick()
    assert rig.sup.mode == mode.REST
    rig.i.trigger = 0
    rig.tick(1, 999_999)
    assert rig.sup.mode == mode.REST
    rig.tick(1, 1)
    assert rig.sup.mode == mode.ARMED


def test_a_press_within_two_seconds_of_a_release_goes_on_with_its_pass():
    for released, away, passes in ((150, False, 1), (195, False, 1), (205, False, 2), (150, True, 2)):
        rig = Rig().deliver().to_burst(3)
        spent_us = rig.sup.pass_.us
        if away:
            rig.i.distance.value = 230
            rig.tick()
            assert rig.sup.mode == mode.REST
        rig.i.trigger = 0
        rig.tick()
        assert rig.sup.mode == mode.REST and rig.sup.session.passes == 1
        rig.i.distance.value = 100
        rig.tick(released - 4)
        assert rig.sup.mode == mode.ARMED
        count = len(rig.fired)
        rig.i.trigger = 1
        rig.tick(4)
        assert rig.sup.mode == mode.DELIVERING and rig.sup.session.passes == passes
        assert (rig.sup.pass_.us > spent_us) == (passes == 1)  # its 18 s go on
        rig.to_burst(count + 1)
        assert rig.fired[count] == 60_000  # a probe burst, as ever


def test_two_seconds_and_not_a_microsecond_more_go_on_with_a_pass():
    for gap_us, passes in ((2_000_000, 1), (2_000_001, 2)):
        sup = Rig().deliver().to_burst(3).sup
        sup.session.let_go_us = sup.session.point_us - gap_us
        sup.pass_.late_us = 25_000
        spent_us = sup.pass_.us
        sup.enter(mode.DELIVERING)
        assert sup.session.passes == passes and sup.pass_.held and sup.pass_.late_us == 0
        assert sup.pass_.us == limits.TICK_US + (spent_us if passes == 1 else 0)


def test_only_a_hand_in_the_window_may_go_on_with_its_pass():
    for distance, stays in ((IN_START, True), (IN_WINDOW, True), (OUTSIDE, False), (LOST, False)):
        sup = Rig().deliver().to_burst(3).sup
        sup.trigger.touched = False
        sup.eye.range = distance
        sup.enter(mode.REST)
        assert (sup.session.let_go_us == sup.session.point_us) == stays
        assert stays or sup.session.let_go_us == session.NEVER


def test_the_first_press_at_a_point_is_a_pass():
    rig = Rig().deliver()
    assert rig.sup.session.passes == 1 and rig.sup.pass_.us <= 10_000


def test_the_target_is_held_for_five_seconds():
    rig = Rig().deliver()
    rig.sup.session.reached = True
    rig.tick(500)
    assert rig.sup.mode == mode.DELIVERING
    rig.tick()
    assert rig.sup.mode == mode.COMPLETE and rig.sup.session.reason == session.TARGET


def test_a_sample_is_settled_350_ms_after_closing_and_fresh_for_250_ms():
    for age_us, closed_us, status, settled in (
        (250_000, 350_000, 0, True), (250_001, 350_000, 0, False), (250_000, 349_999, 0, False),
        (250_000, 350_000, 2, False),
    ):  # fmt: skip
        rig = Rig().stand_by()
        rig.samples = False
        skin = rig.i.skin
        skin.age_us = age_us - 10_000
        skin.ended_age_us = 90_000
        skin.status = status
        rig.sup.planner.off_us = closed_us + 90_000
        rig.tick()
        assert rig.sup.settled == settled, (age_us, closed_us)


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
        rig = Rig().stand_by()
        rig.choose()
        rig.ask(ARM)
        return rig

    def late(b):
        b.sup.mode_us = 20_000_000

    def idle(b):
        b.sup.idle_us = 70_000_000

    def release(b):
        b.i.trigger = 0

    def point_time(b):
        b.sup.session.point_us = 60_000_000

    def rested():
        rig = Rig().deliver()
        rig.tick(1_800)
        assert rig.sup.mode == mode.REST
        return rig

    for begin, act in (
        (lambda: Rig().stand_by(), asked(ARM)), (lambda: Rig().stand_by(), asked(SERVICE)),
        (ready, asked(CONFIRM)), (ready, asked(DISARM)), (ready, late), (lambda: Rig().arm(), idle),
        (lambda: Rig().deliver(), release), (lambda: Rig().deliver(), point_time), (rested, late),
        (rested, point_time),
    ):  # fmt: skip
        rig = begin()
        act(rig)
        rig.i.estop = 1
        rig.tick()
        assert rig.sup.mode == mode.FAULT and rig.o.cut == 1


def test_a_trigger_released_in_the_rest_needs_a_fresh_press():
    rig = Rig().deliver()
    rig.tick(1_800)
    assert rig.sup.mode == mode.REST
    rig.i.trigger = 0
    rig.tick(5)
    rig.i.trigger = 1
    rig.tick(300)
    assert rig.sup.mode == mode.ARMED
    count = len(rig.fired)
    rig.tick(300)
    assert rig.sup.mode == mode.ARMED and len(rig.fired) == count


def test_another_session_begins_unarmed_alone_and_with_no_cold_dose():
    rig = Rig().stand_by()
    for arm in (False, True):
        if arm:
            rig.choose()
            rig.ask(ARM)
        rig.sup.overcool.dose_session = 5
        rig.sup.renew_session()
        assert rig.sup.overcool.dose_session == (5 if arm else 0)


def test_a_missing_answer_that_was_acknowledged_does_not_return_with_the_next_arming():
    rig = Rig().deliver()
    rig.dips = False
    rig.tick(600)
    assert rig.sup.mode == mode.FAULT and rig.sup.response.failed()
    rig.i.trigger = 0
    rig.tick()
    rig.ask(ACKNOWLEDGE)
    rig.choose(point=2)
    rig.sup.session.rest_left_us = 0
    rig.ask(ARM)
    rig.ask(CONFIRM, rig.sup.nonce)
    rig.tick(5)
    assert rig.sup.mode == mode.ARMED


def test_the_proof_test_is_pending_from_the_second_step_of_arming_on():
    rig = Rig(proved=False).stand_by()
    rig.choose()
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY and not rig.sup.valves.pending
    rig.ask(CONFIRM, rig.sup.nonce)
    assert rig.sup.mode == mode.ARMED and rig.sup.valves.pending
