"""Valves, one-shot and lease behave like the circuits, without any question from the firmware."""

import pytest

from host_tools.places import BOARDS
from host_tools.simulator.twin.hardware import (
    BURST_CLIP_US,
    LEASE_CLIP_US,
    NEVER,
    OPENING_TIMER_US,
    RESTING,
    RUNNING,
    Lease,
    OneShot,
    OpeningTimer,
    Solenoid,
)
from host_tools.toolchain.board_check.board import load
from tests.boards.found import HARDWARE

ONE_SHOT_MAX_US = 600_000  # limit 17: closed by hardware by then


@pytest.fixture
def solenoid():
    return Solenoid(open_delay_us=15_000, close_delay_us=20_000)


def opened(solenoid):
    solenoid.drive(0, True)
    solenoid.settle(15_000)
    assert solenoid.is_open
    return solenoid


def test_a_valve_opens_its_delay_after_the_coil_is_driven(solenoid):
    solenoid.drive(1_000, True)
    assert solenoid.edge_us == 16_000
    solenoid.settle(15_999)
    assert not solenoid.is_open
    solenoid.settle(16_000)
    assert solenoid.is_open
    assert solenoid.edge_us == NEVER


def test_a_valve_closes_its_delay_after_the_coil_is_released(solenoid):
    opened(solenoid).drive(100_000, False)
    solenoid.settle(119_999)
    assert solenoid.is_open
    solenoid.settle(120_000)
    assert not solenoid.is_open


def test_a_pulse_shorter_than_the_opening_delay_does_not_open(solenoid):
    solenoid.drive(0, True)
    solenoid.drive(14_999, False)
    solenoid.settle(15_000)
    solenoid.settle(1_000_000)
    assert not solenoid.is_open


def test_a_gap_shorter_than_the_closing_delay_does_not_close(solenoid):
    opened(solenoid).drive(100_000, False)
    solenoid.drive(119_999, True)
    solenoid.settle(1_000_000)
    assert solenoid.is_open


def test_driving_a_driven_coil_again_does_not_delay_it(solenoid):
    solenoid.drive(0, True)
    solenoid.drive(10_000, True)
    assert solenoid.edge_us == 15_000


def test_stuck_open_passes_gas_whatever_the_coil_does(solenoid):
    solenoid.stuck = "open"
    assert solenoid.is_open
    opened(solenoid).drive(100_000, False)
    solenoid.settle(120_000)
    assert solenoid.is_open
    solenoid.stuck = None
    assert not solenoid.is_open


def test_stuck_closed_passes_no_gas(solenoid):
    opened(solenoid).stuck = "closed"
    assert not solenoid.is_open


@pytest.fixture
def one_shot():
    shot = OneShot()
    shot.rearm()
    return shot


def test_a_burst_ends_by_itself(one_shot):
    one_shot.fire(1_000, 200_000)
    assert (one_shot.pin, one_shot.result, one_shot.end_us) == (True, RUNNING, 201_000)
    one_shot.settle(200_999)
    assert one_shot.pin
    one_shot.settle(201_000)
    assert (one_shot.pin, one_shot.result, one_shot.end_us) == (False, 0, NEVER)


@pytest.mark.parametrize("asked_us", [500_001, 600_000, 10_000_000, 2**30 - 1])
def test_no_command_holds_the_valve_open_beyond_the_hardware_limit(one_shot, asked_us):
    one_shot.fire(0, asked_us)
    assert 500_000 <= one_shot.end_us <= ONE_SHOT_MAX_US


def test_a_negative_length_ends_at_once(one_shot):
    one_shot.fire(1_000, -5)
    assert one_shot.end_us == 1_000


def test_a_cut_closes_and_gives_what_was_left(one_shot):
    one_shot.fire(0, 200_000)
    one_shot.cut(150_000)
    assert (one_shot.pin, one_shot.result, one_shot.end_us) == (False, 50_000, NEVER)
    one_shot.cut(160_000)
    assert one_shot.result == 50_000


def test_a_fire_is_refused_unless_rearmed():
    one_shot = OneShot()
    one_shot.fire(0, 100_000)
    assert (one_shot.pin, one_shot.result) == (False, RESTING)


def test_each_opening_needs_its_own_rearm(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.settle(100_000)
    one_shot.fire(200_000, 100_000)
    assert (one_shot.pin, one_shot.result) == (False, 0)
    one_shot.rearm()
    one_shot.fire(200_000, 100_000)
    assert one_shot.pin


@pytest.mark.parametrize("fired", [False, True])
def test_a_cut_takes_the_rearm_back(one_shot, fired):
    if fired:
        one_shot.fire(0, 100_000)
    one_shot.cut(1_000)
    one_shot.fire(2_000, 100_000)
    assert not one_shot.pin


def test_a_second_fire_neither_prolongs_nor_queues(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.rearm()
    one_shot.fire(50_000, 400_000)
    assert one_shot.end_us == 100_000
    one_shot.settle(100_000)
    one_shot.fire(100_001, 100_000)
    assert (one_shot.pin, one_shot.result) == (False, 0)


def test_a_soft_reset_leaves_the_pin_high_for_ever(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.freeze()
    one_shot.settle(60_000_000)
    assert one_shot.pin
    assert one_shot.end_us == NEVER


def test_a_soft_reset_takes_the_rearm_back(one_shot):
    one_shot.freeze()
    one_shot.fire(0, 100_000)
    assert not one_shot.pin


def test_plain_port_writes_take_a_frozen_pin_low(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.freeze()
    one_shot.force_low()
    assert (one_shot.pin, one_shot.result, one_shot.end_us) == (False, RESTING, NEVER)


def test_plain_port_writes_keep_the_result_of_a_burst_that_is_over(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.cut(40_000)
    one_shot.force_low()
    assert one_shot.result == 60_000


def test_a_chip_reset_is_low_and_not_armed(one_shot):
    one_shot.fire(0, 100_000)
    one_shot.power_up()
    assert (one_shot.pin, one_shot.result, one_shot.end_us) == (False, RESTING, NEVER)
    one_shot.fire(0, 100_000)
    assert not one_shot.pin


def test_a_renewal_replaces_what_is_left_of_a_lease():
    lease = Lease()
    lease.renew(0, 20_000)
    lease.renew(5_000, 20_000)
    assert lease.end_us == 25_000
    lease.renew(6_000, 1_000)
    assert lease.end_us == 7_000
    lease.settle(6_999)
    assert lease.running
    lease.settle(7_000)
    assert (lease.running, lease.end_us) == (False, NEVER)


def test_a_lease_is_clipped_to_20_ms():
    assert LEASE_CLIP_US <= 20_000
    lease = Lease()
    lease.renew(100, 500_000)
    assert lease.end_us == 20_100


@pytest.mark.parametrize("us", [0, -1])
def test_no_time_stops_the_lease(us):
    lease = Lease()
    lease.renew(0, 20_000)
    lease.renew(1_000, us)
    assert (lease.running, lease.end_us) == (False, NEVER)


def test_the_opening_timer_takes_the_driver_away_and_gives_it_back_with_the_pin_s_next_rise():
    timer = OpeningTimer(590_000)
    timer.follow(1_000, True)
    assert (timer.driver, timer.end_us) == (True, 591_000)
    timer.follow(300_000, True)  # a level is not a rising edge
    timer.settle(590_999)
    assert timer.driver
    timer.settle(591_000)
    timer.follow(700_000, True)
    assert (timer.driver, timer.end_us) == (False, NEVER)
    timer.follow(800_000, False)
    timer.follow(900_000, True)
    assert (timer.driver, timer.end_us) == (True, 1_490_000)
    timer.follow(950_000, False)
    assert (timer.driver, timer.end_us) == (False, NEVER)


def test_the_twin_s_opening_timer_is_the_longest_that_a_board_may_have_and_cuts_no_sound_burst():
    longest = {load(BOARDS / name).design["timing"]["opening"]["us"][1] for name in HARDWARE}
    assert longest == {OPENING_TIMER_US}
    assert BURST_CLIP_US < OPENING_TIMER_US < ONE_SHOT_MAX_US
