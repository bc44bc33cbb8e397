"""The state machine, transition by transition; tests/firmware/core explores it whole."""

import micropython
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
    PASS_OVER,
    POINT_OVER,
    PRESSED,
    READY,
    REQUESTED,
    REST,
    RESTED,
    SELF_TEST,
    SERVICE,
    SERVICED,
    STANDBY,
    START_BLOCKED,
    TESTED,
)


def step(now, conditions=0):
    micropython.heap_lock()
    try:
        return mode.next_mode(now, conditions)
    finally:
        micropython.heap_unlock()


def test_modes_and_conditions_are_distinct():
    assert len(mode.NAMES) == 10
    for i, name in enumerate(mode.NAMES):
        assert getattr(mode, name) == i
    seen = 0
    for bit in (
        FAULTED, ACKNOWLEDGED, TESTED, BLOCKED, REQUESTED, CONFIRMED, CONFIRM_LATE, DISARMED,
        PRESSED, HELD, START_BLOCKED, PASS_OVER, RESTED, POINT_OVER, IDLE, SERVICED,
    ):  # fmt: skip
        assert not seen & bit
        seen |= bit
    assert seen == (1 << mode.CONDITIONS) - 1


def test_it_boots_through_the_self_test_into_standby():
    assert step(BOOT) == SELF_TEST
    assert step(BOOT, TESTED | REQUESTED | CONFIRMED | PRESSED) == SELF_TEST
    assert step(SELF_TEST) == SELF_TEST
    assert step(SELF_TEST, REQUESTED | CONFIRMED | PRESSED | SERVICED) == SELF_TEST
    assert step(SELF_TEST, TESTED) == STANDBY


def test_without_any_condition_every_mode_stays():
    for now in range(10):
        if now not in (BOOT, REST):
            assert step(now) == now
    assert step(REST) == REST


def test_a_fault_leads_to_fault_from_everywhere():
    for now in range(10):
        assert step(now, FAULTED) == FAULT
        assert step(now, FAULTED | ACKNOWLEDGED | CONFIRMED | PRESSED | RESTED | HELD) == FAULT


def test_fault_is_left_by_an_acknowledge_that_cleared_it_and_only_to_what_boot_would_reach():
    assert step(FAULT, ACKNOWLEDGED | TESTED) == STANDBY
    assert step(FAULT, ACKNOWLEDGED) == SELF_TEST  # the fault came before the self-test: it is still to be done
    assert step(FAULT, ACKNOWLEDGED | FAULTED) == FAULT
    assert step(FAULT, REQUESTED | CONFIRMED | PRESSED | TESTED | DISARMED | SERVICED | RESTED | HELD) == FAULT
    assert step(FAULT, ACKNOWLEDGED | TESTED | REQUESTED | CONFIRMED | PRESSED) == STANDBY


def test_arming_takes_two_steps():
    for now in (STANDBY, COMPLETE):
        assert step(now, REQUESTED) == READY
        assert step(now, REQUESTED | CONFIRMED) == READY
        assert step(now, CONFIRMED | PRESSED) == now
        assert step(now, REQUESTED | BLOCKED) == now
    assert step(READY, CONFIRMED) == ARMED
    assert step(READY, CONFIRMED | PRESSED) == ARMED
    assert step(READY, REQUESTED | PRESSED) == READY
    assert step(READY, CONFIRMED | CONFIRM_LATE) == STANDBY
    assert step(READY, CONFIRM_LATE) == STANDBY
    assert step(READY, CONFIRMED | BLOCKED) == STANDBY
    assert step(READY, CONFIRMED | DISARMED) == STANDBY


def test_armed_waits_for_a_fresh_press():
    assert step(ARMED, HELD) == ARMED
    assert step(ARMED, PRESSED) == DELIVERING
    assert step(ARMED, PRESSED | START_BLOCKED) == ARMED
    assert step(ARMED, PRESSED | BLOCKED) == STANDBY
    assert step(ARMED, PRESSED | DISARMED) == STANDBY
    assert step(ARMED, PRESSED | IDLE) == STANDBY
    assert step(ARMED, PRESSED | POINT_OVER) == COMPLETE
    assert step(ARMED, IDLE) == STANDBY


def test_a_pass_ends():
    assert step(DELIVERING, PRESSED | HELD) == DELIVERING
    assert step(DELIVERING, PASS_OVER) == REST
    assert step(DELIVERING, PASS_OVER | HELD | RESTED) == REST
    assert step(DELIVERING, POINT_OVER) == COMPLETE
    assert step(DELIVERING, POINT_OVER | PASS_OVER) == COMPLETE
    assert step(DELIVERING, DISARMED) == STANDBY
    assert step(DELIVERING, BLOCKED) == STANDBY


def test_rest_leads_on_only_when_over():
    assert step(REST, HELD | PRESSED) == REST
    assert step(REST, RESTED | HELD) == DELIVERING
    assert step(REST, RESTED | HELD | START_BLOCKED) == REST
    assert step(REST, RESTED) == ARMED
    assert step(REST, RESTED | PRESSED) == ARMED
    assert step(REST, RESTED | HELD | POINT_OVER) == COMPLETE
    assert step(REST, RESTED | HELD | BLOCKED) == STANDBY
    assert step(REST, RESTED | HELD | DISARMED) == STANDBY


def test_a_completed_point_goes_back_to_standby_when_left_alone():
    assert step(COMPLETE, IDLE) == STANDBY
    assert step(COMPLETE, DISARMED) == STANDBY
    assert step(COMPLETE, PRESSED | HELD | CONFIRMED) == COMPLETE


def test_service_is_entered_unarmed_and_left_by_a_disarm():
    for now in (STANDBY, COMPLETE):
        assert step(now, SERVICED) == SERVICE
    for now in (BOOT, SELF_TEST, READY, ARMED, DELIVERING, REST, FAULT):
        assert step(now, SERVICED) != SERVICE
    assert step(SERVICE, REQUESTED | CONFIRMED | PRESSED) == SERVICE
    assert step(SERVICE, DISARMED) == STANDBY
