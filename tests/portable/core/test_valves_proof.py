"""The figures of the valves' proof test, each tested on both sides, on a rig of plain values."""

from cryo.core import blockers, faults
from cryo.core.records import RESTING
from cryo.core.valves import Valves
from cryo.limits import PROOF_TEST_S
from valves_alone_rig import BOTTLE_MBAR, Rig


def test_it_is_due_at_the_first_arming_after_500_bursts_and_after_a_day():
    valves = Valves()
    assert valves.due(0)
    valves.bursts = 499
    assert not valves.due(PROOF_TEST_S - 1) and valves.due(PROOF_TEST_S)
    valves.bursts = 500
    assert valves.due(0)
    rig = Rig()
    rig.s.session.point_open = True
    rig.valves.armed(rig.s.session, rig.s.config)
    assert not rig.valves.pending
    rig.s.session.point_open = False
    rig.valves.bursts = 0
    for uptime_s, due in ((PROOF_TEST_S - 1, False), (PROOF_TEST_S, True)):
        rig.s.session.uptime_s = uptime_s
        rig.valves.armed(rig.s.session, rig.s.config)
        assert rig.valves.pending == due


def test_without_a_sensor_in_the_line_there_is_none():
    rig = Rig()
    for fitted, pending in ((0, False), (1, True)):
        rig.s.config.line_fitted = fitted
        rig.valves.armed(rig.s.session, rig.s.config)
        assert rig.valves.pending is pending


def test_it_opens_the_dose_valve_once_for_60_ms_and_books_it_as_gas():
    rig = Rig().begun()
    assert (rig.o.cut, rig.o.rearm, rig.o.lease) == (0, 1, 1)
    assert rig.planner.told_us == 60_000
    assert (rig.valves.dose_cycles, rig.valves.shutoff_cycles) == (1, 0)
    rig.prove(10_000)
    assert (rig.o.cut, rig.o.rearm, rig.o.lease, rig.o.fire_us) == (0, 0, 1, 0)


def test_whatever_speaks_against_it_lets_it_wait():
    def soon(s):
        s.planner.off_us = 349_999

    def touched(s):
        s.s.trigger.touched = True

    def line(s):
        s.i.line.status = 2

    def bottle(s):
        s.i.bottle.status = 2

    def blocked(s):
        s.s.blocked_by = blockers.PROOF | blockers.DISTANCE

    for spoil in (soon, touched, line, bottle, blocked):
        rig = Rig()
        rig.valves.armed(rig.s.session, rig.s.config)
        spoil(rig)
        for _ in range(3):
            assert rig.prove(10_000) == 0
            assert (rig.o.fire_us, rig.o.cut, rig.o.lease) == (0, 1, 0), spoil
        if spoil is soon:
            rig.planner.off_us = 350_000
            rig.prove(10_000)
            assert rig.o.fire_us == 60_000
            continue
        rig = Rig().begun()  # and ends it
        spoil(rig)
        rig.prove(10_000)
        assert (rig.o.fire_us, rig.o.cut, rig.o.lease) == (0, 1, 0), spoil


def test_three_openings_an_arming_at_most():
    rig = Rig()
    for _ in range(2):
        rig.valves.armed(rig.s.session, rig.s.config)
        openings = 0
        for _ in range(20):
            rig.i.burst = RESTING  # refused
            rig.prove(10_000)
            openings += rig.o.fire_us > 0
        assert openings == 3 and rig.valves.pending
    assert rig.valves.dose_cycles == 6


def test_an_opening_that_was_cut_short_or_refused_is_done_again():
    for burst in (RESTING, 1, 59_999):
        rig = Rig().begun()
        rig.i.burst = burst
        rig.prove(60_000)
        assert rig.o.fire_us == 0
        rig.prove(10_000)
        assert rig.o.fire_us == 60_000, burst


def test_an_opening_that_is_6_ms_late_did_not_end():
    rig = Rig().begun()
    assert rig.prove(59_999) == 0 and (rig.o.cut, rig.o.lease) == (0, 1)
    assert rig.prove(1) == 0 and (rig.o.cut, rig.o.lease) == (0, 0)
    assert rig.prove(6_000) == 0 and (rig.o.cut, rig.o.lease) == (0, 0)
    rig.i.line.sequence += 1  # a sound line and a sound coil in the same tick hide it not
    rig.i.coil.sequence += 1
    rig.i.coil.status = 0
    rig.i.coil.value = 2_000
    assert rig.prove(1) == 1 << faults.VALVE_PORT
    assert (rig.o.cut, rig.o.lease) == (1, 0)


def test_a_line_that_falls_under_a_quarter_and_stays_low_is_the_proof():
    for mbar, falls in ((14_249, True), (14_250, False)):
        rig = Rig().vented()
        rig.i.line.value = mbar
        rig.prove(40_000)  # judged from 100 ms on
        for _ in range(3):
            rig.line(mbar)
        rig.i.line.value = 30_000
        rig.prove(399_999)
        assert rig.valves.pending
        assert rig.prove(1) == 0
        assert rig.valves.pending != falls
        assert rig.valves.bursts == (0 if falls else 500)


def test_a_line_sensor_that_falls_silent_in_the_hold_proves_nothing():
    for samples, status, proven in ((0, 0, False), (2, 0, False), (3, 0, True), (9, 2, False)):
        rig = Rig().vented()
        rig.line(0)
        rig.prove(40_000)
        for _ in range(samples):
            rig.line(0, status)
        rig.prove(400_000)
        assert rig.valves.pending != proven, (samples, status)
        assert rig.valves.bursts == (0 if proven else 500)
        if not proven:
            rig.i.line.status = 0
            rig.i.line.value = BOTTLE_MBAR
            rig.prove(10_000)
            assert rig.o.fire_us == 60_000  # it is done again


def test_a_press_before_100_ms_undoes_it_and_after_that_does_not():
    for before_us, again in ((39_999, True), (40_000, False)):
        rig = Rig().vented()
        rig.i.line.value = 0
        rig.s.trigger.touched = True
        rig.prove(before_us)
        rig.s.trigger.touched = False
        rig.i.line.value = BOTTLE_MBAR
        rig.prove(10_000)
        assert (rig.o.fire_us == 60_000) == again


def test_a_line_that_cannot_be_read_when_it_is_judged_begins_anew():
    rig = Rig().vented()
    rig.i.line.status = 2
    rig.prove(40_000)
    rig.i.line.status = 0
    rig.prove(10_000)
    assert rig.o.fire_us == 60_000


def test_a_line_that_has_not_fallen_by_200_ms_is_a_fault_whose_name_the_skin_tells():
    for fall_mdegc, code in ((499, faults.DOSE_SHUT), (500, faults.SHUTOFF_OPEN)):
        rig = Rig().vented()
        rig.prove(140_000)  # 200 ms: too late for the line
        rig.i.line.value = 0
        rig.i.skin.value_mdegc -= fall_mdegc
        assert rig.prove(500_000) == 0
        rig.i.skin.value_mdegc += 5_000  # the deepest fall counts
        assert rig.prove(499_999) == 0
        assert rig.prove(1) == 1 << code
    rig = Rig().vented()
    rig.prove(139_999)
    rig.i.line.value = 0
    rig.prove(1)  # in time
    for _ in range(3):
        assert rig.line(0) == 0
    assert rig.prove(300_000) == 0 and not rig.valves.pending


def test_a_bad_skin_reading_tells_no_fall():
    rig = Rig().vented()
    rig.prove(140_000)
    rig.i.skin.status = 2
    rig.i.skin.value_mdegc = None
    rig.prove(999_999)
    assert rig.prove(1) == 1 << faults.DOSE_SHUT


def test_a_line_under_an_eighth_of_the_bottle_owes_the_test_to_the_next_arming():
    rig = Rig()
    rig.valves.armed(rig.s.session, rig.s.config)
    rig.i.line.value = BOTTLE_MBAR // 8 - 1
    rig.prove()
    assert rig.o.fire_us == 0 and not rig.valves.pending and rig.valves.due(0)
    assert rig.line(28_499) == 0
    assert rig.line(28_500) == 1 << faults.SHUTOFF_OPEN  # it filled with the shut-off shut
    rig = Rig()
    rig.valves.armed(rig.s.session, rig.s.config)
    rig.i.line.value = BOTTLE_MBAR // 8
    rig.prove()
    assert rig.o.fire_us == 60_000


def test_a_line_that_fills_again_after_the_test_is_the_shut_off():
    rig = Rig().vented()
    rig.i.line.value = 0
    rig.prove(40_000)
    assert rig.line(28_499) == 0
    assert rig.line(28_500) == 1 << faults.SHUTOFF_OPEN
    rig.valves.fired()  # a burst fills it
    assert rig.line(BOTTLE_MBAR) == 0


def test_a_day_counts_from_the_proof():
    rig = Rig()
    rig.s.session.uptime_s = 1_000
    rig.vented()
    rig.i.line.value = 0
    rig.prove(40_000)
    for _ in range(3):
        rig.line(0)
    rig.prove(400_000)
    assert not rig.valves.pending
    assert not rig.valves.due(1_000 + PROOF_TEST_S - 1) and rig.valves.due(1_000 + PROOF_TEST_S)


def test_the_coil_is_watched_in_the_test_too_and_names_itself():
    rig = Rig().begun()
    for us in (10_000, 10_000, 10_000):
        rig.prove(us)
        found = rig.coil(0)
    assert found == 1 << faults.DOSE_COIL
    rig.i.burst = 0
    rig.prove(30_000)
    rig.prove(140_000)
    rig.prove(999_999)
    assert rig.prove(1) >> faults.DOSE_COIL & 1
