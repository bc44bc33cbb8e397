"""The valves' proof test in the supervisor: when it comes, what prevents or cuts it, what it finds."""

from cryo.core import blockers, faults, mode
from cryo.core.records import RUNNING
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM, DISARM
from cryo.core.valves import Valves
from valves_rig import BOTTLE, VENT_US, Rig


def test_the_first_arming_vents_the_line_once_before_a_press_counts():
    rig = Rig().arm()
    rig.tick(199)
    assert rig.vents == []
    rig.until_vent()
    assert rig.o.lease == 1 and rig.vents == [VENT_US]
    assert rig.sup.blocked_by & blockers.PROOF
    for _ in range(48):
        rig.tick()
        assert rig.sup.valves.pending
    rig.tick(3)
    assert not rig.sup.valves.pending and rig.sup.mode == mode.ARMED
    rig.tick(300)
    assert rig.vents == [VENT_US] and rig.gas_us == VENT_US
    v = rig.sup.valves
    assert (v.dose_cycles, v.shutoff_cycles, v.bursts) == (1, 0, 0)
    rig.press()
    assert rig.sup.mode == mode.DELIVERING
    rig.to_burst(3)
    assert (v.dose_cycles, v.shutoff_cycles, v.bursts) == (3, 2, 2) and rig.fired[1] == VENT_US


def test_a_press_before_the_test_is_done_starts_no_pass():
    rig = Rig().to_vent()
    rig.tick(12)
    rig.press()
    assert rig.sup.mode == mode.ARMED and rig.sup.valves.pending
    rig.tick(100)
    assert rig.sup.mode == mode.ARMED  # held: a fresh press is asked for
    rig.press()
    assert rig.sup.mode == mode.DELIVERING


def _set(what, name, value):
    def action(rig):
        setattr(getattr(rig.i, what) if what else rig.i, name, value)

    return action


def _dead_probe(rig):
    rig.skin_status = 2
    rig.i.skin.status = 2
    rig.i.skin.value_mdegc = None


def _no_line(rig):
    rig.i.line.status = 2
    rig.i.line.value = None


def _no_bottle(rig):
    rig.i.bottle.status = 2
    rig.i.bottle.value = None


AGAINST = (
    _set("", "trigger", 1), _set("", "loop_a", 0), _set("", "loop_b", 1), _set("", "estop", 1), _set("", "key", 0),
    _set("distance", "value", 79), _set("distance", "value", 201), _set("distance", "status", 2),
    _set("distance", "age_us", 100_001), _set("", "request", DISARM), _set("", "port_status", 1), _dead_probe, _no_line,
    _no_bottle,
)  # fmt: skip


def test_whatever_speaks_against_it_keeps_the_valve_shut():
    for number, spoil in enumerate(AGAINST):
        rig = Rig().arm()
        rig.tick(195)
        spoil(rig)
        rig.tick(30)
        assert rig.vents == [] and rig.gas_us == 0 and rig.asked == 0, number


def test_whatever_speaks_against_it_cuts_it_in_the_same_tick():
    for number, spoil in enumerate(AGAINST):
        rig = Rig().to_vent()
        rig.tick()
        assert rig.o.cut == 0 and rig.o.lease == 1
        spoil(rig)
        rig.tick()
        assert rig.o.cut == 1 and rig.o.lease == 0 and rig.i.burst != RUNNING, number


def test_the_distance_window_of_the_test_is_that_of_a_start():
    for mm in (80, 200):
        rig = Rig().arm()
        rig.i.distance.value = mm
        rig.tick(205)
        assert len(rig.vents) == 1, mm


def test_without_a_pressure_sensor_no_pass_starts():
    for spoil in (_no_line,):
        rig = Rig().arm()
        spoil(rig)
        rig.tick(400)
        rig.press()
        assert rig.sup.mode == mode.ARMED and rig.sup.blocked_by & blockers.PROOF and rig.vents == []


def test_a_cut_test_is_repeated_three_times_an_arming_at_most():
    rig = Rig().to_vent()
    rig.held_mbar = BOTTLE
    for count in (2, 3):
        assert rig.sup.planner.off_us == 0  # it counts as gas
        began = rig.ticks
        rig.tick()
        rig.i.trigger = 1
        rig.tick(4)
        rig.i.trigger = 0
        rig.until_vent()
        assert len(rig.vents) == count
        assert rig.ticks - began >= 41  # limit 5: 60 ms, and 350 ms after it
    rig.tick()
    rig.i.trigger = 1
    rig.tick()
    rig.i.trigger = 0
    rig.tick(400)
    assert len(rig.vents) == 3 and rig.sup.valves.pending and rig.first() == 0
    rig.press()
    assert rig.sup.mode == mode.ARMED
    rig.i.trigger = 0
    rig.ask(DISARM)
    rig.ask(ARM)
    rig.ask(CONFIRM, rig.sup.nonce)
    rig.until_vent()
    assert len(rig.vents) == 4


def test_a_press_before_the_lease_is_over_spoils_the_test_without_a_fault():
    for ticks in (1, 4, 7, 8):
        rig = Rig().to_vent()
        rig.tick(ticks)
        rig.i.trigger = 1
        rig.line_mbar = BOTTLE  # a quick shut-off valve let gas in
        rig.tick(5)
        rig.line_mbar = BOTTLE
        rig.i.trigger = 0
        rig.tick(120)
        assert len(rig.vents) == 2 and rig.first() == 0 and not rig.sup.valves.pending, ticks


def test_an_opening_that_the_timer_refused_or_cut_is_repeated_and_proves_nothing():
    rig = Rig()
    rig.refuses = True
    rig.to_vent()
    rig.refuses = False
    rig.tick(30)
    assert rig.asked == 1 and rig.first() == 0
    rig.until_vent()
    rig.tick(2)
    rig.i.burst = rig.left_us  # its own loop input ended it
    rig.left_us = 0
    rig.held_mbar = BOTTLE
    rig.tick(30)
    assert rig.first() == 0
    rig.held_mbar = None
    rig.line_mbar = BOTTLE
    rig.until_vent()
    rig.tick(55)
    assert not rig.sup.valves.pending and rig.asked == 3


def test_an_opening_that_does_not_end_by_itself_is_a_fault():
    rig = Rig().to_vent()
    rig.one_shot_ends = False
    rig.tick(6)
    assert rig.sup.mode == mode.ARMED
    rig.tick(2)
    assert rig.sup.mode == mode.FAULT and rig.first() == faults.VALVE_PORT and rig.o.cut == 1


def test_the_line_must_fall_below_a_quarter_of_what_it_was():
    for mbar, fault in ((14_249, 0), (14_250, faults.DOSE_SHUT)):
        rig = Rig().to_vent()
        rig.held_mbar = mbar
        rig.tick(130)
        assert rig.first() == fault, mbar


def test_an_empty_line_shows_that_the_shut_off_holds_and_the_opening_stays_owed():
    for mbar, vents in ((7_124, 0), (7_125, 1)):
        rig = Rig()
        rig.held_mbar = mbar
        rig.arm()
        rig.tick(205)
        assert len(rig.vents) == vents, mbar
        if not vents:
            assert not rig.sup.valves.pending
            assert rig.sup.valves.due(rig.sup.session.uptime_s)
            rig.held_mbar = 28_500
            rig.tick(4)
            assert rig.first() == faults.SHUTOFF_OPEN


def test_the_line_must_stay_below_a_half_until_the_first_burst():
    for mbar, fault in ((28_499, 0), (28_500, faults.SHUTOFF_OPEN)):
        rig = Rig().proved()
        rig.tick(500)
        rig.line_mbar = mbar
        rig.tick(4)
        assert rig.first() == fault, mbar


def test_a_line_that_stays_up_is_the_shut_off_when_the_skin_felt_gas_and_else_the_dose_valve():
    for fall_mdegc, fault in ((499, faults.DOSE_SHUT), (500, faults.SHUTOFF_OPEN)):
        rig = Rig()
        rig.shutoff = "open"
        rig.to_vent()
        rig.dips = False
        rig.skin_mdegc = rig.i.skin.value_mdegc - fall_mdegc
        rig.tick(119)
        assert rig.first() == 0 and rig.sup.valves.pending
        rig.tick(4)
        assert rig.first() == fault, fall_mdegc


def test_a_dose_valve_that_does_not_open_for_want_of_current_is_named_so():
    for ma, fault in ((300, faults.DOSE_SHUT), (299, faults.DOSE_COIL)):
        rig = Rig()
        rig.dose = "shut"
        rig.coil_ma = (0, ma)
        rig.to_vent()
        rig.tick(125)
        assert rig.first() == fault, ma


def test_in_a_pass_each_valve_that_does_not_obey_is_named():
    for part, how, fault in (
        ("dose", "open", faults.DOSE_OPEN),
        ("shutoff", "shut", faults.SHUTOFF_SHUT),
    ):
        rig = Rig().proved()
        rig.press()
        rig.to_burst(4)
        setattr(rig, part, how)
        if how == "shut":
            rig.line_mbar = 1_000
        rig.tick(70)
        assert rig.first() == fault and rig.sup.mode == mode.FAULT, part
        assert rig.o.lease == 0 and rig.o.cut == 1
        rig.dose = rig.shutoff = None
        rig.line_mbar = BOTTLE
        rig.tick(10)
        rig.ask(ACKNOWLEDGE)
        assert rig.sup.mode == mode.FAULT  # latched until switched off


def test_a_dose_valve_that_stays_open_is_found_after_a_pass_too():
    for ticks in (14, 15, 16):  # whatever the phase of the samples
        rig = Rig().proved()
        rig.press()
        rig.to_burst(3)
        rig.dose = "open"
        while rig.i.burst == RUNNING:
            rig.tick()
        rig.tick(ticks)
        rig.i.trigger = 0
        rig.tick(10)
        assert rig.first() == faults.DOSE_OPEN


def test_a_release_in_a_burst_accuses_nobody_and_a_valve_that_then_stays_open_is_found_in_the_next_pass():
    for stuck in (None, "open"):
        rig = Rig().proved()
        rig.press()
        rig.to_burst(3)
        rig.tick(8)
        rig.dose = stuck
        rig.i.trigger = 0
        rig.tick(310)  # the rest between two passes
        assert rig.first() == 0 and rig.line_mbar == 1_000  # the shut-off has no supply: no gas whatever the other does
        rig.press()
        rig.to_burst(4)
        rig.tick(70)
        assert rig.first() == (faults.DOSE_OPEN if stuck else 0)


def test_a_healthy_point_has_no_valve_fault():
    rig = Rig()
    rig.coil_ma = (0, 3_000)
    rig.proved()
    rig.press()
    rig.tick(1_700)
    assert rig.first() == 0 and len(rig.fired) > 8


def test_a_point_that_was_begun_is_finished_before_the_next_test():
    rig = Rig().proved()
    rig.press()
    rig.to_burst(3)
    while rig.i.burst == RUNNING:
        rig.tick()
    rig.tick(5)  # the line keeps its gas
    rig.sup.valves.bursts = 500
    rig.i.trigger = 0
    rig.tick(400)
    assert rig.line_mbar == BOTTLE and rig.sup.valves.due(0)
    assert rig.sup.mode == mode.ARMED and not rig.sup.valves.pending and len(rig.vents) == 1
    rig.press()
    assert rig.sup.mode == mode.DELIVERING


def test_the_test_is_due_at_boot_after_500_bursts_and_after_a_day():
    v = Valves()
    assert v.due(0)
    v.bursts = 499
    assert not v.due(86_399) and v.due(86_400)
    v.fired()
    assert v.due(0)
    rig = Rig()
    rig.sup.session.uptime_s = 86_000
    rig.proved()
    proved_s = rig.sup.session.uptime_s
    assert not rig.sup.valves.due(proved_s + 86_398) and rig.sup.valves.due(proved_s + 86_400)
