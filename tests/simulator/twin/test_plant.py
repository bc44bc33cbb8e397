"""The plant as the firmware's world: virtual time, gas, errors, and identical repetition."""

from array import array

import pytest

import hal
import pins
from host_tools.simulator.twin.plant import Plant
from tests.support.firmware_standin import (
    DOSE_CLOSE_US,
    LEASE_US,
    SHUTOFF_CLOSE_US,
    SHUTOFF_OPEN_US,
    Chip,
    edges,
    start_burst,
)

WRAP = 2**30


def test_time_passes_only_by_what_was_spent_and_slept(plant, chip):
    chip.do(busy_us=123, sleep_us=1_000)
    chip.do()
    assert plant.now_us == 1_123


def test_both_counters_start_just_before_their_wrap_and_cross_it(chip):
    before = chip.do(sleep_us=2_999_999)
    assert before[hal.IN_TICKS_US] == WRAP - 1
    assert before[hal.IN_TICKS_MS] == WRAP - 1
    after = chip.do(sleep_us=1)
    assert after[hal.IN_TICKS_US] == 0
    assert after[hal.IN_TICKS_MS] == 0
    later = chip.do(sleep_us=1_500)
    assert later[hal.IN_TICKS_US] == 1_500
    assert later[hal.IN_TICKS_MS] == 1


def test_an_operation_acts_at_its_own_time(plant, chip):
    out = array("i", [0] * len(hal.out))
    out[0], out[1], out[2] = 2, 5_000, 10_000
    for k, (at_us, operation, argument) in enumerate(((300, hal.OP_REARM, 0), (4_321, hal.OP_FIRE, 60_000))):
        at = hal.OUT_HEADER + k * hal.EVENT_INTS
        out[at], out[at + 1], out[at + 2] = at_us, operation, argument
    plant.exchange(out, b"", chip.received, bytearray(hal.RX_MAX))
    assert edges(plant, "dose") == [(4_321, 1)]


def test_an_output_that_a_fault_pulls_high_is_read_back_high(plant, chip):
    assert not chip.do()[hal.IN_PINS] >> pins.BUZZER & 1
    plant.levels[pins.BUZZER] = 1
    assert chip.do()[hal.IN_PINS] >> pins.BUZZER & 1


def test_delivered_time_is_the_integral_of_flow(plant, chip):
    chip.fire(200_000)
    burst = plant.record.bursts[0]
    assert burst.commanded_us == 200_000
    # from the slower valve's opening to the dose valve's closing
    assert burst.delivered_us == 200_000 + DOSE_CLOSE_US - SHUTOFF_OPEN_US
    assert plant.record.valve_on_us == burst.delivered_us
    opened_us, closed_us = (time_us for time_us, _ in edges(plant, "flow"))
    assert closed_us - opened_us == burst.delivered_us


def test_a_command_shorter_than_the_opening_delay_delivers_nothing(plant, chip):
    chip.fire(10_000)
    assert plant.record.bursts[0].delivered_us == 0


def test_a_valve_that_sticks_closed_delivers_nothing(plant, chip):
    plant.dose.stuck = "closed"
    chip.fire(200_000)
    assert plant.record.bursts[0].commanded_us == 200_000
    assert plant.record.bursts[0].delivered_us == 0
    assert plant.record.valve_on_us == 0
    assert edges(plant, "flow") == []


def test_a_lease_that_ends_early_shortens_what_is_delivered(plant, chip):
    chip.fire(200_000, leased_us=100_000)
    assert plant.record.bursts[0].delivered_us == 100_000 + LEASE_US + SHUTOFF_CLOSE_US - SHUTOFF_OPEN_US


def test_without_a_lease_no_gas_flows(plant, chip):
    plant.dose.stuck = "open"
    chip.do((hal.OP_REARM, 0), (hal.OP_FIRE, 200_000), sleep_us=400_000)
    assert plant.record.valve_on_us == 0


def test_a_lease_is_clipped_whatever_is_asked(plant, chip):
    plant.dose.stuck = "open"
    chip.do((hal.OP_LEASE, 5_000_000), sleep_us=400_000)
    # the lease is over when the shut-off begins to open
    assert plant.record.valve_on_us <= SHUTOFF_CLOSE_US


def test_two_bursts_are_accounted_apart(plant, chip):
    chip.fire(100_000)
    chip.fire(60_000)
    assert [b.delivered_us for b in plant.record.bursts] == [100_000, 60_000]
    assert plant.record.valve_on_us == 160_000


def test_gas_cools_the_skin_and_no_gas_does_not(plant, chip):
    chip.do(sleep_us=500_000)
    at_rest_c = plant.skin.surface_c
    assert abs(at_rest_c - 32.8) < 0.3
    chip.fire(300_000)
    assert plant.record.skin_min_c < at_rest_c - 3


@pytest.mark.parametrize(("stuck", "trapped"), [(None, True), ("open", False)])
def test_the_line_vents_through_a_dose_valve_that_does_not_close(plant, chip, stuck, trapped):
    chip.fire(100_000)
    assert plant.line_bar > 0.99 * plant.bar
    plant.dose.stuck = stuck
    chip.do(sleep_us=100_000)
    assert (plant.line_bar > 0.9 * plant.bar) == trapped
    assert (chip.received[hal.IN_ADC + 1] > chip.received[hal.IN_ADC] // 2) == trapped


def test_without_the_trigger_or_with_the_e_stop_only_the_lines_gas_leaves(plant, chip):
    for away in (lambda: plant.trigger(False), lambda: plant.set_input(pins.ESTOP, 1)):
        plant.line_bar = plant.bar
        plant.trigger(True)
        plant.set_input(pins.ESTOP, 0)
        away()
        chip.fire(60_000)
        assert not plant.record.valve_on_us
        assert plant.line_bar < plant.bar / 20
    assert [us for _, us in plant.record.vents] == [60_000, 60_000]
    assert plant.record.bursts == []


def test_a_contact_that_breaks_in_a_burst_closes_the_shut_off_alone(plant, chip):
    start_burst(chip)
    plant.trigger(False)
    assert not plant.shutoff.driven
    assert plant.dose.driven


@pytest.mark.parametrize(("leak_s", "left"), [(0.2, 0.61), (600.0, 1.0)])
def test_a_dose_valve_that_leaks_empties_the_line(plant, chip, leak_s, left):
    plant.dose_leak_s = leak_s
    plant.line_bar = plant.bar
    for _ in range(10):
        chip.do(sleep_us=10_000)
    assert abs(plant.line_bar / plant.bar - left) < 0.03


@pytest.mark.parametrize(("leak_s", "filled"), [(0.2, 0.39), (None, 0.0)])
def test_a_shut_off_that_leaks_fills_the_line(plant, chip, leak_s, filled):
    plant.shutoff_leak_s = leak_s
    plant.line_bar = 1.0
    for _ in range(10):
        chip.do(sleep_us=10_000)
    assert abs(plant.line_bar / plant.bar - filled) < 0.03


def test_more_operations_than_the_board_keeps_are_a_clear_error(plant):
    hal.attach(plant, {})
    for _ in range(hal.EVENTS_MAX):
        hal.set_pin(pins.LED, 1)
    hal.sleep_us(0)
    for _ in range(hal.EVENTS_MAX + 1):
        hal.set_pin(pins.LED, 1)
    with pytest.raises(OverflowError, match=rf"{hal.EVENTS_MAX + 1} events .* keeps {hal.EVENTS_MAX}"):
        hal.sleep_us(0)


def told(seed):
    """Return the record, and everything that was sent to a chip, of a run with two bursts and fog."""
    plant = Plant(seed=seed)
    plant.fog = 0.2
    chip = Chip(plant)
    heard = []
    for length_us in (60_000, 150_000):
        chip.fire(length_us)
        for _ in range(20):
            heard.append(tuple(chip.do(sleep_us=20_000)))
    record = plant.record
    return heard, record.samples, record.edges, record.bursts, record.skin_min_c, plant.bar


def test_the_same_seed_gives_the_identical_run():
    assert told(5) == told(5)
    assert told(5)[0] != told(6)[0]


def test_a_word_that_survives_a_reset_is_read_back_as_it_was_last_written(chip):
    for value in (7, 9):
        assert chip.do((hal.OP_SCRATCH, value))[hal.IN_SCRATCH] == value


def test_a_channel_reads_the_pressure_again_once_nothing_else_is_set(plant, chip):
    before = chip.do()[hal.IN_ADC]
    plant.analogue = {0: before + 1_000}
    assert chip.do()[hal.IN_ADC] == before + 1_000
    plant.analogue = {}
    assert chip.do()[hal.IN_ADC] == before


@pytest.mark.parametrize("watched", [True, False])
def test_a_lease_that_is_made_shorter_ends_at_its_own_time(plant, chip, watched):
    plant.watched = watched
    chip.do((hal.OP_LEASE, LEASE_US), sleep_us=5_000)
    chip.do((hal.OP_LEASE, 2_000), sleep_us=10_000)
    assert edges(plant, "lease")[-1] == (7_000, 0)
