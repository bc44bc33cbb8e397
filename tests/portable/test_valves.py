"""The valves' proof test in the supervisor: when it comes, what keeps it away or cuts it, what it finds."""

from bench import Bench
from cryo.core import blockers, faults, mode, valves
from cryo.core.eye_guard import EyeGuard
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM, DISARM
from cryo.core.valves import Valves
from cryo.valve import RUNNING

BOTTLE = 57_000
VENT_US = 60_000


class Rig(Bench):
    """A bench with gas: a line that both valves fill and empty at once, its pressure sampled every third tick."""

    def __init__(self):
        super().__init__(proved=False)
        self.dose = None  # how it is stuck: "open", "shut"
        self.shutoff = None
        self.line_mbar = BOTTLE
        self.held_mbar = None  # what the line reads instead
        self.coil_ma = None  # (without command, with command): sampled every third tick too
        self.vents = []

    def _hardware(self, dt_us):
        i = self.i
        running = i.burst == RUNNING
        held = self.lease_us > 0 and i.trigger and not i.estop  # contact 2 of the trigger supplies the shut-off
        super()._hardware(dt_us)
        if self.shutoff == "open" or (held and self.shutoff is None):
            self.line_mbar = BOTTLE
        elif self.dose == "open" or (running and self.dose is None):
            self.line_mbar = 1_000
        if self.ticks % 3 == 0:
            i.line.sequence = (i.line.sequence + 1) & 0xFFFF
            if i.line.status == 0:
                i.line.value = self.line_mbar if self.held_mbar is None else self.held_mbar
            if self.coil_ma:
                i.coil.sequence = (i.coil.sequence + 1) & 0xFFFF
                i.coil.status = 0
                i.coil.value = self.coil_ma[running]

    def _act(self):
        if self.o.fire_us and not self.i.trigger:
            self.vents.append(self.o.fire_us)
        super()._act()

    def to_vent(self):
        """Armed, indicated, the test's opening commanded in this tick."""
        self.arm()
        return self.until_vent()

    def until_vent(self):
        count = len(self.vents)
        for _ in range(300):
            self.tick()
            if len(self.vents) > count:
                return self
        raise AssertionError("no vent")

    def proved(self):
        """The whole test."""
        self.to_vent()
        self.tick(55)
        assert not self.sup.valves.pending
        return self

    def first(self):
        """The first latched fault, or 0."""
        return self.sup.faults.first


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
    rig.tick(8)
    assert rig.sup.mode == mode.ARMED
    rig.tick(4)
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
    for ticks in (8, 9, 10):  # whatever the phase of the samples
        rig = Rig().proved()
        rig.press()
        rig.to_burst(3)
        rig.tick(ticks)
        rig.dose = "open"
        rig.i.trigger = 0
        rig.tick(30)
        assert rig.first() == faults.DOSE_OPEN


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


# --- what may open a valve --------------------------------------------------------------------------------------------
def _random(seed):
    state = [seed]

    def below(n):
        state[0] = (state[0] * 1_103 + 12_345) & 0xFFFFFF
        return (state[0] >> 8) % n

    return below


def _may(rig, asked):
    """Whether what this tick put out is allowed: gas in DELIVERING; in ARMED the test alone, with everything clear."""
    s, i, o = rig.sup, rig.i, rig.o
    if o.cut and not o.lease and not o.fire_us and not o.rearm:
        return True
    if s.mode == mode.DELIVERING:
        return i.trigger == 1
    eye = EyeGuard()
    eye.update(0, i)
    return (
        s.mode == mode.ARMED and i.trigger == 0 and eye.made and not i.estop and i.key and not s.faults.latched
        and asked == 2 and s.indicated_us >= 2_000_000 and 80 <= i.distance.value <= 200 and i.distance.status == 0
        and i.line.status == 0 and i.skin.status == 0 and o.fire_us in (0, VENT_US) and s.valves.pending
    )  # fmt: skip


def test_whatever_happens_only_the_test_opens_a_valve_outside_a_pass():
    vents = 0
    for seed in range(6):
        below = _random(seed)
        rig = Rig()
        rig.stand_by()
        rig.choose()
        asked = 0  # steps of arming since the last unarmed mode
        fired_us = 0
        for _ in range(1_500):
            i = rig.i
            s = rig.sup
            if s.mode in (mode.STANDBY, mode.COMPLETE, mode.FAULT):
                asked = 0
                i.trigger = 0 if below(8) else 1
                i.loop_a, i.loop_b, i.estop, i.key = 1, 0, 0, 1
                i.line.status = i.distance.status = 0
                i.line.value = rig.line_mbar
                i.distance.value = 100
                i.request = ACKNOWLEDGE if s.mode == mode.FAULT else ARM
                s.session.uptime_s += 400
                s.session.rest_left_us = 0
                s.valves.bursts = 500
                rig.line_mbar = BOTTLE
                rig.tick()
                asked = 1 if s.mode == mode.READY else 0
            elif s.mode == mode.READY:
                i.request = CONFIRM
                i.request_value = s.nonce
                rig.tick()
                asked = 2 if s.mode == mode.ARMED else 0
                if asked:
                    rig.tick(195)
            else:
                what = below(60)
                if what < 8:
                    i.trigger = 1 - i.trigger
                elif what == 8:
                    i.loop_a = below(2)
                elif what == 9:
                    i.loop_b = below(2)
                elif what == 10:
                    i.estop = below(2)
                elif what == 11:
                    i.key = below(2)
                elif what == 12:
                    i.distance.value = (60, 79, 80, 200, 201)[below(5)]
                elif what == 13:
                    i.distance.status = 2 * below(2)
                elif what == 14:
                    i.request = DISARM
                rig.tick()
            fired_us = fired_us + 10_000 if i.burst == RUNNING and not i.trigger else 0
            assert fired_us <= VENT_US + 10_000
            assert _may(rig, asked), (seed, rig.ticks, mode.NAMES[s.mode])
        vents += len(rig.vents)
    assert vents > 10


def test_the_opening_is_no_longer_than_a_probe_burst():
    assert valves.VENT_US == VENT_US
