"""The figures of the valves' proof test, each on both sides, on a scene of bare values."""

from cryo.core import blockers, faults
from cryo.core.records import RESTING
from cryo.core.valves import Valves
from cryo.limits import PROOF_TEST_S
from valves_scene import BOTTLE_MBAR, Scene


def test_it_is_due_at_the_first_arming_after_500_bursts_and_after_a_day():
    valves = Valves()
    assert valves.due(0)
    valves.bursts = 499
    assert not valves.due(PROOF_TEST_S - 1) and valves.due(PROOF_TEST_S)
    valves.bursts = 500
    assert valves.due(0)
    scene = Scene()
    scene.s.session.point_open = True
    scene.valves.armed(scene.s.session, scene.s.config)
    assert not scene.valves.pending
    scene.s.session.point_open = False
    scene.valves.bursts = 0
    for uptime_s, due in ((PROOF_TEST_S - 1, False), (PROOF_TEST_S, True)):
        scene.s.session.uptime_s = uptime_s
        scene.valves.armed(scene.s.session, scene.s.config)
        assert scene.valves.pending == due


def test_without_a_sensor_in_the_line_there_is_none():
    scene = Scene()
    for fitted, pending in ((0, False), (1, True)):
        scene.s.config.line_fitted = fitted
        scene.valves.armed(scene.s.session, scene.s.config)
        assert scene.valves.pending is pending


def test_it_opens_the_dose_valve_once_for_60_ms_and_books_it_as_gas():
    scene = Scene().begun()
    assert (scene.o.cut, scene.o.rearm, scene.o.lease) == (0, 1, 1)
    assert scene.planner.told_us == 60_000
    assert (scene.valves.dose_cycles, scene.valves.shutoff_cycles) == (1, 0)
    scene.prove(10_000)
    assert (scene.o.cut, scene.o.rearm, scene.o.lease, scene.o.fire_us) == (0, 0, 1, 0)


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
        scene = Scene()
        scene.valves.armed(scene.s.session, scene.s.config)
        spoil(scene)
        for _ in range(3):
            assert scene.prove(10_000) == 0
            assert (scene.o.fire_us, scene.o.cut, scene.o.lease) == (0, 1, 0), spoil
        if spoil is soon:
            scene.planner.off_us = 350_000
            scene.prove(10_000)
            assert scene.o.fire_us == 60_000
            continue
        scene = Scene().begun()  # and ends it
        spoil(scene)
        scene.prove(10_000)
        assert (scene.o.fire_us, scene.o.cut, scene.o.lease) == (0, 1, 0), spoil


def test_three_openings_an_arming_at_most():
    scene = Scene()
    for _ in range(2):
        scene.valves.armed(scene.s.session, scene.s.config)
        openings = 0
        for _ in range(20):
            scene.i.burst = RESTING  # refused
            scene.prove(10_000)
            openings += scene.o.fire_us > 0
        assert openings == 3 and scene.valves.pending
    assert scene.valves.dose_cycles == 6


def test_an_opening_that_was_cut_short_or_refused_is_done_again():
    for burst in (RESTING, 1, 59_999):
        scene = Scene().begun()
        scene.i.burst = burst
        scene.prove(60_000)
        assert scene.o.fire_us == 0
        scene.prove(10_000)
        assert scene.o.fire_us == 60_000, burst


def test_an_opening_that_is_6_ms_late_did_not_end():
    scene = Scene().begun()
    assert scene.prove(59_999) == 0 and (scene.o.cut, scene.o.lease) == (0, 1)
    assert scene.prove(1) == 0 and (scene.o.cut, scene.o.lease) == (0, 0)
    assert scene.prove(6_000) == 0 and (scene.o.cut, scene.o.lease) == (0, 0)
    scene.i.line.sequence += 1  # a sound line and a sound coil in the same tick hide it not
    scene.i.coil.sequence += 1
    scene.i.coil.status = 0
    scene.i.coil.value = 2_000
    assert scene.prove(1) == 1 << faults.VALVE_PORT
    assert (scene.o.cut, scene.o.lease) == (1, 0)


def test_a_line_that_falls_under_a_quarter_and_stays_low_is_the_proof():
    for mbar, falls in ((14_249, True), (14_250, False)):
        scene = Scene().vented()
        scene.i.line.value = mbar
        scene.prove(40_000)  # judged from 100 ms on
        for _ in range(3):
            scene.line(mbar)
        scene.i.line.value = 30_000
        scene.prove(399_999)
        assert scene.valves.pending
        assert scene.prove(1) == 0
        assert scene.valves.pending != falls
        assert scene.valves.bursts == (0 if falls else 500)


def test_a_line_sensor_that_falls_silent_in_the_hold_proves_nothing():
    for samples, status, proven in ((0, 0, False), (2, 0, False), (3, 0, True), (9, 2, False)):
        scene = Scene().vented()
        scene.line(0)
        scene.prove(40_000)
        for _ in range(samples):
            scene.line(0, status)
        scene.prove(400_000)
        assert scene.valves.pending != proven, (samples, status)
        assert scene.valves.bursts == (0 if proven else 500)
        if not proven:
            scene.i.line.status = 0
            scene.i.line.value = BOTTLE_MBAR
            scene.prove(10_000)
            assert scene.o.fire_us == 60_000  # it is done again


def test_a_press_before_100_ms_undoes_it_and_after_that_does_not():
    for before_us, again in ((39_999, True), (40_000, False)):
        scene = Scene().vented()
        scene.i.line.value = 0
        scene.s.trigger.touched = True
        scene.prove(before_us)
        scene.s.trigger.touched = False
        scene.i.line.value = BOTTLE_MBAR
        scene.prove(10_000)
        assert (scene.o.fire_us == 60_000) == again


def test_a_line_that_cannot_be_read_when_it_is_judged_begins_anew():
    scene = Scene().vented()
    scene.i.line.status = 2
    scene.prove(40_000)
    scene.i.line.status = 0
    scene.prove(10_000)
    assert scene.o.fire_us == 60_000


def test_a_line_that_has_not_fallen_by_200_ms_is_a_fault_whose_name_the_skin_tells():
    for fall_mdegc, code in ((499, faults.DOSE_SHUT), (500, faults.SHUTOFF_OPEN)):
        scene = Scene().vented()
        scene.prove(140_000)  # 200 ms: too late for the line
        scene.i.line.value = 0
        scene.i.skin.value_mdegc -= fall_mdegc
        assert scene.prove(500_000) == 0
        scene.i.skin.value_mdegc += 5_000  # the deepest fall counts
        assert scene.prove(499_999) == 0
        assert scene.prove(1) == 1 << code
    scene = Scene().vented()
    scene.prove(139_999)
    scene.i.line.value = 0
    scene.prove(1)  # in time
    for _ in range(3):
        assert scene.line(0) == 0
    assert scene.prove(300_000) == 0 and not scene.valves.pending


def test_a_bad_skin_reading_tells_no_fall():
    scene = Scene().vented()
    scene.prove(140_000)
    scene.i.skin.status = 2
    scene.i.skin.value_mdegc = None
    scene.prove(999_999)
    assert scene.prove(1) == 1 << faults.DOSE_SHUT


def test_a_line_under_an_eighth_of_the_bottle_owes_the_test_to_the_next_arming():
    scene = Scene()
    scene.valves.armed(scene.s.session, scene.s.config)
    scene.i.line.value = BOTTLE_MBAR // 8 - 1
    scene.prove()
    assert scene.o.fire_us == 0 and not scene.valves.pending and scene.valves.due(0)
    assert scene.line(28_499) == 0
    assert scene.line(28_500) == 1 << faults.SHUTOFF_OPEN  # it filled with the shut-off shut
    scene = Scene()
    scene.valves.armed(scene.s.session, scene.s.config)
    scene.i.line.value = BOTTLE_MBAR // 8
    scene.prove()
    assert scene.o.fire_us == 60_000


def test_a_line_that_fills_again_after_the_test_is_the_shut_off():
    scene = Scene().vented()
    scene.i.line.value = 0
    scene.prove(40_000)
    assert scene.line(28_499) == 0
    assert scene.line(28_500) == 1 << faults.SHUTOFF_OPEN
    scene.valves.fired()  # a burst fills it
    assert scene.line(BOTTLE_MBAR) == 0


def test_a_day_counts_from_the_proof():
    scene = Scene()
    scene.s.session.uptime_s = 1_000
    scene.vented()
    scene.i.line.value = 0
    scene.prove(40_000)
    for _ in range(3):
        scene.line(0)
    scene.prove(400_000)
    assert not scene.valves.pending
    assert not scene.valves.due(1_000 + PROOF_TEST_S - 1) and scene.valves.due(1_000 + PROOF_TEST_S)


def test_the_coil_is_watched_in_the_test_too_and_names_itself():
    scene = Scene().begun()
    for us in (10_000, 10_000, 10_000):
        scene.prove(us)
        found = scene.coil(0)
    assert found == 1 << faults.DOSE_COIL
    scene.i.burst = 0
    scene.prove(30_000)
    scene.prove(140_000)
    scene.prove(999_999)
    assert scene.prove(1) >> faults.DOSE_COIL & 1
