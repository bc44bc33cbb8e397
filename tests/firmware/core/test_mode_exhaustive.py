"""Every mode with every set of conditions: 10 x 2**16 transitions, and the paths through them."""

import pytest

from cryo.core import mode
from cryo.core.mode import (
    ACKNOWLEDGED,
    ARMED,
    BLOCKED,
    BOOT,
    COMPLETE,
    CONFIRM_LATE,
    CONFIRMED,
    DELIVERING,
    DISARMED,
    FAULT,
    FAULTED,
    HELD,
    IDLE,
    POINT_OVER,
    PRESSED,
    READY,
    REQUESTED,
    REST,
    RESTED,
    SELF_TEST,
    SERVICE,
    STANDBY,
    START_BLOCKED,
    TESTED,
)

SETS = 1 << mode.CONDITIONS
MODES = range(len(mode.NAMES))
TREATING = (ARMED, DELIVERING, REST)

# the ways that an operator's manual would draw; every mode may also stay
ARROWS = {
    BOOT: {SELF_TEST, FAULT},
    SELF_TEST: {SELF_TEST, STANDBY, FAULT},
    STANDBY: {STANDBY, READY, SERVICE, FAULT},
    READY: {READY, ARMED, STANDBY, FAULT},
    ARMED: {ARMED, DELIVERING, COMPLETE, STANDBY, FAULT},
    DELIVERING: {DELIVERING, REST, COMPLETE, STANDBY, FAULT},
    REST: {REST, ARMED, DELIVERING, COMPLETE, STANDBY, FAULT},
    COMPLETE: {COMPLETE, STANDBY, READY, SERVICE, FAULT},
    FAULT: {FAULT, STANDBY, SELF_TEST},
    SERVICE: {SERVICE, STANDBY, FAULT},
}


@pytest.fixture(scope="module")
def table():
    """next mode of [mode][conditions]"""
    return [[mode.next_mode(now, c) for c in range(SETS)] for now in MODES]


def entering(table, target):
    """Every (mode before, conditions) that leads to `target` from another mode."""
    for now in MODES:
        if now != target:
            for c, after in enumerate(table[now]):
                if after == target:
                    yield now, c


def test_the_machine_was_explored_whole(table):
    assert (len(table), SETS) == (10, 65_536)
    assert sum(len(row) for row in table) == 655_360
    for now in MODES:
        assert set(table[now]) == ARROWS[now], mode.NAMES[now]


def test_every_mode_is_reached_from_boot():
    reached, edge = set(), {BOOT}
    while edge:
        reached |= edge
        edge = set().union(*(ARROWS[now] for now in edge)) - reached
    assert reached == set(MODES)


def test_gas_begins_only_from_armed_by_a_press_or_from_rest_by_a_held_trigger(table):
    count = 0
    for now, c in entering(table, DELIVERING):
        count += 1
        assert not c & (FAULTED | BLOCKED | DISARMED | START_BLOCKED | POINT_OVER)
        if now == ARMED:
            assert c & PRESSED
            assert not c & IDLE
        else:
            assert now == REST
            assert c & RESTED
            assert c & HELD
    # each is every set with the other bits free: 16 - 7 and 16 - 7 free bits
    assert count == 2**9 + 2**9


def test_gas_never_goes_on_with_a_fault_a_blocker_or_a_disarm(table):
    for c, after in enumerate(table[DELIVERING]):
        if c & (FAULTED | BLOCKED | DISARMED):
            assert after in (FAULT, STANDBY)


def test_any_fault_leads_to_fault(table):
    for now in MODES:
        for c in range(FAULTED, SETS, 2):  # FAULTED is bit 0
            assert table[now][c] == FAULT


def test_fault_is_left_only_by_an_acknowledge_without_a_fault(table):
    for c, after in enumerate(table[FAULT]):
        if c & ACKNOWLEDGED and not c & FAULTED:
            assert after == (STANDBY if c & TESTED else SELF_TEST)
        else:
            assert after == FAULT


def test_fault_is_entered_only_by_a_fault(table):
    assert all(c & FAULTED for _, c in entering(table, FAULT))


def test_armed_is_entered_only_from_ready_confirmed_or_from_rest(table):
    for now, c in entering(table, ARMED):
        assert not c & (FAULTED | BLOCKED | DISARMED)
        if now == READY:
            assert c & CONFIRMED
            assert not c & CONFIRM_LATE
        else:
            assert now == REST
            assert c & RESTED
            assert not c & HELD


def test_ready_is_entered_only_unarmed_by_a_request_that_nothing_blocks(table):
    for now, c in entering(table, READY):
        assert now in (STANDBY, COMPLETE)
        assert c & REQUESTED
        assert not c & (FAULTED | BLOCKED)


def test_a_disarm_or_a_blocker_ends_every_armed_mode(table):
    for now in (READY, *TREATING):
        for c, after in enumerate(table[now]):
            if c & (DISARMED | BLOCKED) and not c & FAULTED:
                assert after == STANDBY


def test_the_end_of_a_point_ends_every_armed_mode(table):
    for now in TREATING:
        for c, after in enumerate(table[now]):
            if c & POINT_OVER and not c & (FAULTED | DISARMED | BLOCKED):
                assert after == COMPLETE


def test_the_self_test_is_left_only_when_passed(table):
    for c, after in enumerate(table[SELF_TEST]):
        if not c & (TESTED | FAULTED):
            assert after == SELF_TEST


def progressed(progress, now, after, c):
    """Return how many of request, confirmation, press an entry of `after` has done; unarmed modes begin again."""
    if after in (DELIVERING, REST, ARMED, READY):
        if after == now:
            return progress
        if after == READY:
            return 1 if c & REQUESTED else 0
        if after == ARMED and now == READY:
            return 2 if progress == 1 and c & CONFIRMED else 0
        if after == DELIVERING and now == ARMED:
            return 3 if progress >= 2 and c & PRESSED else 0
        return progress
    return 0


@pytest.mark.parametrize("start", [BOOT, FAULT, STANDBY, COMPLETE, SERVICE])
def test_every_path_to_gas_is_a_request_a_confirmation_and_then_a_press(table, start):
    mattering = REQUESTED | CONFIRMED | PRESSED
    arrows = {now: {(after, c & mattering) for c, after in enumerate(table[now])} for now in MODES}
    seen, edge = set(), {(start, 0)}
    while edge:
        seen |= edge
        edge = {
            (after, progressed(progress, now, after, c)) for now, progress in edge for after, c in arrows[now]
        } - seen
    gas = {progress for now, progress in seen if now == DELIVERING}
    assert gas == {3}
