"""The whole supervisor: arming, what starts and ends a burst, and what follows. Heap locked, near the wrap."""

from cryo import config
from cryo.core import blockers, faults, mode, session
from cryo.core.supervisor import ARM, CONFIRM, DISARM
from supervisor_rig import SETTINGS, Rig
from support import set_good


def _names(mask):
    return [name for bit, name in enumerate(blockers.NAMES) if mask & 1 << bit]


def _first_fault(rig):
    return rig.sup.faults.first


def test_boots_to_standby_and_cuts_in_every_tick_until_a_pass():
    rig = Rig()
    for _ in range(70):
        rig.tick()
        assert rig.o.cut == 1 and rig.o.lease == 0 and rig.o.fire_us == 0
    assert rig.sup.mode == mode.STANDBY


def test_every_blocker_stops_the_arm_request():
    def no_point(b):
        b.sup.session.point = -1

    def no_attestation(b):
        b.sup.session.attested = 0

    def open_loop(b):
        b.i.loop_a = 0
        b.i.loop_b = 1

    def set_bottle(mbar):
        def action(b):
            b.i.bottle.value = mbar

        return action

    def dead_probe(b):
        b.skin_status = 2
        b.tick(11)

    def old_probe(b):
        b.samples = False
        b.tick(101)

    def skin(mdegc):
        def action(b):
            b.skin_mdegc = mdegc
            b.tick(11)

        return action

    def pressed(b):
        b.i.trigger = 1

    def stopped(b):
        b.i.estop = 1

    def just_booted(b):
        b.sup.session.uptime_s = 200

    def gas_in_room(b):
        b.sup.session.gas_mg = 560_000

    def session_over(b):
        b.sup.session.valve_on_ms = 300_000
        b.sup.session.burst(1_000)

    def faulty(b):
        b.sup.faults.add(faults.TICK_LATE)

    def untested(b):
        b.sup.tested = False

    def unchecked(b):
        b.sup.unchecked = True

    def no_key(b):
        b.i.key = 0

    def overdue(b):
        b.sup.overdue = True

    def resting(b):
        b.sup.session.rest_left_us = 1_000_000

    def bad_air(b):
        b.i.room.status = 0
        b.i.room.value = 5_000
        b.i.room.age_us = 0
        b.tick(16)

    def silent_infrared(b):
        b.sup.second.seen = True

    def apart(b):
        set_good(b.i.infrared, b.skin_mdegc + 2_001)
        b.i.infrared.ended_age_us = 0

    def silent_line(b):
        b.i.line.status = 2

    def silent_co2(b):
        b.sup.config = config.build(dict(SETTINGS, co2_fitted=1))[0]
        b.tick()

    table = (
        (no_point, "SETUP"), (no_attestation, "ATTESTATION"), (open_loop, "LOOP"), (set_bottle(34_999), "BOTTLE"),
        (set_bottle(70_001), "BOTTLE"), (dead_probe, "SKIN_PROBE"), (old_probe, "SKIN_PROBE"),
        (skin(27_900), "BASELINE"), (skin(38_100), "BASELINE"), (pressed, "TRIGGER"), (stopped, "ESTOP"),
        (just_booted, "COOL_DOWN"), (gas_in_room, "ROOM_GAS"), (session_over, "SESSION"),
        (faulty, "FAULT"), (untested, "SELF_TEST"), (unchecked, "UNPROVISIONED"), (no_key, "KEY"),
        (overdue, "CALIBRATION"), (resting, "REST"), (bad_air, "ROOM_AIR"), (silent_infrared, "INFRARED"),
        (silent_line, "LINE"), (silent_co2, "CO2_SENSOR"), (apart, "CONTACT"),
    )  # fmt: skip
    assert set([name for _, name in table]) == set(_names(blockers.TO_ARM))
    for spoil, name in table:
        rig = Rig().stand_by()
        rig.choose()
        spoil(rig)
        rig.ask(ARM)
        assert rig.sup.mode in (mode.STANDBY, mode.FAULT), name
        assert name in _names(rig.sup.blocked_by), (name, _names(rig.sup.blocked_by))


def test_the_edges_of_the_arming_window_are_allowed():
    for mbar, mdegc in ((35_000, 28_000), (70_000, 38_000)):
        rig = Rig().stand_by()
        rig.choose()
        rig.i.bottle.value = mbar
        rig.skin_mdegc = mdegc
        rig.tick(11)
        rig.ask(ARM)
        assert rig.sup.mode == mode.READY


def test_without_settings_or_jet_constant_nothing_arms():
    for rig, name in (
        (Rig(provisioned=False), "UNPROVISIONED"),
        (Rig(dict(SETTINGS, jet_k_mdegc=0)), "CALIBRATION"),
    ):
        rig.stand_by()
        rig.choose()
        rig.ask(ARM)
        assert rig.sup.mode == mode.STANDBY and name in _names(rig.sup.blocked_by)


def test_an_overdue_calibration_arms_nothing_and_ends_nothing_that_is_armed():
    rig = Rig()
    rig.sup.overdue = True
    rig.stand_by()
    rig.choose()
    rig.ask(ARM)
    assert rig.sup.mode == mode.STANDBY and "CALIBRATION" in _names(rig.sup.blocked_by)
    rig.sup.overdue = False
    rig.ask(ARM)
    rig.ask(CONFIRM, rig.sup.nonce)
    assert rig.sup.mode == mode.ARMED
    rig.sup.overdue = True
    rig.tick()
    assert rig.sup.mode == mode.ARMED


def test_arming_takes_two_steps_the_right_number_and_ten_seconds_at_most():
    rig = Rig().stand_by()
    rig.choose()
    rig.ask(CONFIRM, 0)
    assert rig.sup.mode == mode.STANDBY
    rig.ask(ARM)
    rig.ask(CONFIRM, rig.sup.nonce + 1)
    assert rig.sup.mode == mode.READY
    rig.tick(990)
    assert rig.sup.mode == mode.READY
    nonce = rig.sup.nonce
    rig.tick(20)
    assert rig.sup.mode == mode.STANDBY
    rig.ask(CONFIRM, nonce)
    assert rig.sup.mode == mode.STANDBY


def test_a_press_counts_only_after_two_seconds_of_light_and_tone_and_must_be_fresh():
    rig = Rig().arm()
    assert rig.o.indicate == 1
    rig.tick(190)
    rig.i.trigger = 1
    rig.tick(300)
    assert rig.sup.mode == mode.ARMED and not rig.fired
    rig.press()
    assert rig.sup.mode == mode.DELIVERING


def test_armed_and_unused_goes_back_to_standby():
    rig = Rig().arm()
    rig.tick(5_990)
    assert rig.sup.mode == mode.ARMED
    rig.tick(20)
    assert rig.sup.mode == mode.STANDBY


def test_distance_window_for_the_start():
    for mm, starts in ((79, False), (80, True), (200, True), (201, False)):
        rig = Rig().arm()
        rig.tick(205)
        rig.i.distance.value = mm
        rig.press()
        assert (rig.sup.mode == mode.DELIVERING) == starts, mm


def test_distance_window_while_open():
    for mm, goes_on in ((69, False), (70, True), (220, True), (221, False)):
        rig = Rig()
        rig.i.distance.value = 80  # 70 is no step from there
        rig.deliver().to_burst()
        rig.i.distance.value = mm
        rig.tick()
        assert (rig.o.cut == 0) == goes_on, mm


def test_a_surface_that_jumps_ends_the_pass_in_its_tick_and_counts_nearer_until_the_point_is_over():
    rig = Rig().deliver().to_burst()
    k_mdegc = rig.sup.k_here_mdegc()
    distance = rig.i.distance
    distance.value = 161  # from 100, inside the window
    distance.sequence += 1
    rig.tick()
    assert rig.o.cut == 1 and rig.sup.mode == mode.REST
    rig.tick()
    assert rig.sup.k_here_mdegc() == k_mdegc
    distance.value = 135  # a hand that follows slowly; it counts as 74
    for _ in range(3):
        distance.sequence += 1
        rig.tick()
    assert rig.sup.k_here_mdegc() > k_mdegc
    assert rig.sup.blocked_by & blockers.DISTANCE
    rig.ask(DISARM)
    distance.sequence += 1
    rig.tick()
    assert rig.sup.k_here_mdegc() < k_mdegc
    assert not rig.sup.blocked_by & blockers.DISTANCE
    for mm in (200, 90):  # between two points the applicator is moved in any way
        distance.value = mm
        distance.sequence += 1
        rig.tick()
        assert rig.sup.eye.mm == mm and not rig.sup.blocked_by & blockers.DISTANCE


def test_first_burst_is_a_probe_and_so_is_the_first_at_another_distance():
    rig = Rig().deliver().to_burst(3)
    assert rig.fired[0] == 60_000 and rig.fired[1] > 60_000
    rig.i.distance.value = 111
    rig.to_burst(4)
    assert rig.fired[3] == 60_000


def test_what_ends_a_burst_in_the_same_tick():
    def release(b):
        b.i.trigger = 0

    def loop_a(b):
        b.i.loop_a = 0

    def loop_b(b):
        b.i.loop_b = 1

    def stop(b):
        b.i.estop = 1

    def surface_lost(b):
        b.i.distance.status = 2

    def range_stale(b):
        b.i.distance.age_us = 100_001

    def bad_sample(b):
        b.i.skin.status = 2
        b.i.skin.value_mdegc = None

    def cold(b):
        b.i.skin.value_mdegc = 4_000

    def bottle_low(b):
        b.i.bottle.value = 19_999

    def bottle_high(b):
        b.i.bottle.value = 75_001

    def disarm(b):
        b.i.request = DISARM

    def port(b):
        b.i.port_status = 1

    table = (
        (release, mode.REST, 0), (loop_a, mode.FAULT, faults.LOOP_OPEN), (loop_b, mode.FAULT, faults.LOOP_OPEN),
        (stop, mode.FAULT, faults.ESTOP), (surface_lost, mode.DELIVERING, 0), (range_stale, mode.DELIVERING, 0),
        (bad_sample, mode.DELIVERING, 0), (cold, mode.FAULT, faults.SKIN_TRIP),
        (bottle_low, mode.FAULT, faults.BOTTLE_LOW), (bottle_high, mode.FAULT, faults.BOTTLE_HIGH),
        (disarm, mode.STANDBY, 0), (port, mode.FAULT, faults.VALVE_PORT),
    )  # fmt: skip
    for spoil, then, fault in table:
        rig = Rig().deliver().to_burst(2)
        while rig.ticks % 10 != 5:  # no new sample in the next tick
            rig.tick()
        if not rig.left_us:
            rig.to_burst(3)
        spoil(rig)
        rig.tick()
        assert rig.o.cut == 1 and rig.o.lease == 0 and rig.o.fire_us == 0, spoil.__name__
        assert rig.sup.mode == then and _first_fault(rig) == fault, (spoil.__name__, rig.sup.mode)


def test_no_burst_on_an_old_or_unsettled_sample():
    rig = Rig().deliver().to_burst(1)
    rig.samples = False
    rig.tick(60)
    assert len(rig.fired) == 1
    rig = Rig().deliver()
    for _ in range(600):
        before = len(rig.fired)
        closed_us = rig.since_burst_us - (rig.fired[-1] + 25_000 if rig.fired else 0)
        rig.tick()
        if len(rig.fired) > max(1, before):
            assert closed_us >= 350_000
            assert rig.i.skin.age_us <= 250_000


def test_the_lease_runs_only_around_a_burst():
    rig = Rig().deliver()
    after = 0
    for _ in range(1_000):
        rig.tick()
        after = 0 if rig.i.burst == -1 else after + 1
        if after > 1:
            assert rig.o.lease == 0
        if after > 2:
            assert rig.lease_us == 0
    assert len(rig.fired) > 5


def test_a_pass_ends_at_18_s_rests_1_s_and_goes_on_while_held():
    rig = Rig().deliver()
    ticks = 0
    while rig.sup.mode == mode.DELIVERING:
        rig.tick()
        ticks += 1
    assert rig.sup.mode == mode.REST and 1_797 <= ticks <= 1_801
    ticks = 0
    while rig.sup.mode == mode.REST:
        assert rig.o.cut == 1
        rig.tick()
        ticks += 1
    assert rig.sup.mode == mode.DELIVERING and 99 <= ticks <= 102


def test_a_released_trigger_needs_a_fresh_press_for_the_next_pass():
    rig = Rig().deliver().to_burst(1)
    rig.i.trigger = 0
    rig.tick()
    assert rig.sup.mode == mode.REST
    rig.i.trigger = 1
    rig.tick(310)
    assert rig.sup.mode == mode.ARMED
    count = len(rig.fired)
    rig.tick(300)
    assert len(rig.fired) == count
    rig.press()
    assert rig.sup.mode == mode.DELIVERING and rig.sup.session.passes == 2


def test_a_pass_ended_by_distance_needs_a_fresh_press():
    rig = Rig().deliver().to_burst(1)
    rig.i.distance.value = 60
    rig.tick()
    assert rig.sup.mode == mode.REST
    rig.i.distance.value = 100
    rig.tick(400)
    assert rig.sup.mode == mode.ARMED


def test_a_surface_lost_for_half_a_second_ends_the_pass():
    rig = Rig().deliver().to_burst(1)
    rig.i.distance.status = 2
    rig.tick(50)
    assert rig.sup.mode == mode.DELIVERING
    rig.tick(2)
    assert rig.sup.mode == mode.REST


def test_the_point_ends_at_its_time_and_needs_its_recovery():
    rig = Rig().deliver()
    for _ in range(6_100):
        rig.tick()
        if rig.sup.mode == mode.COMPLETE:
            break
    s = rig.sup.session
    assert rig.sup.mode == mode.COMPLETE and not s.reached and s.reason in (session.TIME, session.PASSES)
    assert s.point_us <= 60_010_000 and s.passes == 4
    rig.i.trigger = 0
    rig.ask(ARM)
    assert rig.sup.mode == mode.COMPLETE
    assert "COOL_DOWN" in _names(rig.sup.blocked_by) and "REST" in _names(rig.sup.blocked_by)
    s.point = 2
    rig.tick(5_900)
    rig.ask(ARM)
    assert rig.sup.mode != mode.READY
    rig.tick(110)
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY


def test_the_target_is_held_five_seconds_then_the_point_is_complete():
    rig = Rig().deliver().cool_to(13_700)
    rig.tick(60)
    assert not rig.sup.session.reached
    rig.skin_mdegc = 13_600
    ticks = 0
    while not rig.sup.session.reached:
        rig.tick()
        ticks += 1
        assert ticks < 100
    rig.tick(498)
    assert rig.sup.mode == mode.DELIVERING
    rig.tick(4)
    assert rig.sup.mode == mode.COMPLETE and rig.sup.session.reason == session.TARGET


def test_choices_are_closed_while_armed():
    rig = Rig().stand_by()
    assert rig.sup.may_choose()
    rig = Rig().arm()
    assert not rig.sup.may_choose()
    rig.sup.renew_session()
    assert rig.sup.session.attested


def test_model_floor_stops_bursts_whatever_the_probe_says():
    rig = Rig(dict(SETTINGS, jet_k_mdegc=24_000))
    rig.i.distance.value = 80
    rig.deliver().to_burst(2)
    low = rig.sup.observer.surface_mdegc
    for _ in range(1_500):
        rig.tick()
        low = min(low, rig.sup.observer.surface_mdegc)
    assert rig.sup.mode == mode.DELIVERING and len(rig.fired) > 20
    assert 8_000 - 1_500 - 300 < low < 10_000  # it came near the floor of 8 degC


def test_a_press_gives_a_burst_of_gas():
    rig = Rig().deliver().to_burst()
    rig.tick(10)
    assert rig.gas_us > 0
