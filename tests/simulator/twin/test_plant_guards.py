"""What stops the gas on the plant without firmware, and the state after a reset."""

import pytest

import hal
import machine
import pins
from host_tools.simulator.twin.hardware import OPENING_TIMER_US
from tests.support.firmware_standin import DOSE_CLOSE_US, LEASE_US, SHUTOFF_CLOSE_US, TICK_US, edges, start_burst


def test_loop_channel_a_ends_the_burst(plant, chip):
    start_burst(chip)
    opened_us = plant.now_us + 3_000
    plant.at(opened_us, lambda p: p.set_input(pins.LOOP_A, 0))
    chip.do(sleep_us=300_000)
    assert edges(plant, "dose")[-1] == (opened_us, 0)
    assert chip.received[hal.IN_BURST] == 400_000 - 100_000 - 3_000
    assert edges(plant, "flow")[-1] == (opened_us + DOSE_CLOSE_US, 0)


def test_no_burst_starts_while_loop_channel_a_is_open(plant, chip):
    plant.set_input(pins.LOOP_A, 0)
    chip.fire(200_000)
    assert edges(plant, "dose") == []
    assert plant.record.valve_on_us == 0


@pytest.mark.parametrize("pin", [pins.LOOP_B, pins.ESTOP])
def test_loop_channel_b_and_the_emergency_stop_end_the_lease(plant, chip, pin):
    start_burst(chip)
    opened_us = plant.now_us + 3_000
    plant.at(opened_us, lambda p: p.set_input(pin, 1))
    chip.do(sleep_us=300_000)
    assert edges(plant, "lease")[-1] == (opened_us, 0)
    assert edges(plant, "flow")[-1] == (opened_us + SHUTOFF_CLOSE_US, 0)


@pytest.mark.parametrize("pin", [pins.LOOP_B, pins.ESTOP])
def test_no_lease_starts_while_loop_channel_b_or_the_emergency_stop_is_open(plant, chip, pin):
    plant.set_input(pin, 1)
    chip.fire(200_000)
    assert edges(plant, "lease") == []
    assert plant.record.valve_on_us == 0


def test_both_valves_close_when_the_processor_hangs(plant, chip):
    start_burst(chip)
    hung_us = plant.now_us
    chip.do(sleep_us=2_000_000)
    assert edges(plant, "flow")[-1][0] <= hung_us + LEASE_US + SHUTOFF_CLOSE_US
    assert edges(plant, "dose")[-1] == (400_000, 0)


def test_the_watchdog_resets_the_chip_at_its_deadline(plant, chip):
    chip.do((hal.OP_WATCHDOG, 500), sleep_us=400_000)
    chip.do((hal.OP_FEED, 0), (hal.OP_PIN, pins.LED << 1 | 1), sleep_us=400_000)
    chip.do((hal.OP_REARM, 0), (hal.OP_FIRE, 500_000))
    for _ in range(5):
        chip.do((hal.OP_LEASE, LEASE_US), sleep_us=TICK_US)
    assert plant.record.resets == []
    assert plant.one_shot.pin
    told = chip.do((hal.OP_LEASE, LEASE_US), sleep_us=200_000)
    assert plant.record.resets == [(900_000, "watchdog")]
    assert plant.now_us == 900_000
    assert told[hal.IN_FLAGS] == hal.FLAG_RESET
    assert told[hal.IN_RESET_CAUSE] == machine.WDT_RESET
    assert plant.pin_levels == 0
    assert not plant.one_shot.pin
    assert not plant.lease.running
    assert edges(plant, "dose")[-1] == (900_000, 0)
    assert chip.do(sleep_us=2_000_000)[hal.IN_FLAGS] == 0
    assert not plant.flowing()
    assert len(plant.record.resets) == 1


def test_a_fed_watchdog_does_not_bite(plant, chip):
    chip.do((hal.OP_WATCHDOG, 500))
    for _ in range(6):
        chip.do((hal.OP_FEED, 0), sleep_us=499_999)
    assert plant.record.resets == []


def test_a_prompt_ends_when_the_watchdog_bites(plant, chip):
    chip.do((hal.OP_WATCHDOG, 500))
    assert plant.run_until_reset(1_000_000)
    assert plant.now_us == 500_000
    assert not plant.run_until_reset(1_000_000)
    assert plant.now_us == 1_500_000


def test_machine_reset_says_the_watchdog_did_it(plant, chip):
    assert chip.do()[hal.IN_RESET_CAUSE] == machine.PWRON_RESET
    told = chip.do((hal.OP_PIN, pins.LED << 1 | 1), (hal.OP_RESET, 0), (hal.OP_PIN, pins.BUZZER << 1 | 1))
    assert told[hal.IN_FLAGS] == hal.FLAG_RESET
    assert told[hal.IN_RESET_CAUSE] == machine.WDT_RESET
    assert plant.pin_levels == 0  # nothing that comes after the reset is done


def test_a_soft_reset_leaves_pins_and_the_dose_valve_as_they_are(plant, chip):
    start_burst(chip)
    reset_us = plant.now_us
    told = chip.do((hal.OP_PIN, pins.LED << 1 | 1), (hal.OP_SOFT_RESET, 0))
    assert told[hal.IN_FLAGS] == hal.FLAG_RESET
    assert plant.pin_levels >> pins.LED & 1
    chip.do(sleep_us=5_000_000)
    assert plant.one_shot.pin  # driven high, far beyond its own end
    assert not plant.dose.is_open  # the opening timer has taken the driver away
    # the shut-off's edges stopped
    assert edges(plant, "flow")[-1][1] == 0
    assert edges(plant, "flow")[-1][0] <= reset_us + LEASE_US + SHUTOFF_CLOSE_US


@pytest.mark.parametrize("stands", ["one-shot", "soft reset"])
def test_a_dose_pin_that_stays_high_gives_gas_for_no_longer_than_the_opening_timer(plant, chip, stands):
    """The lease goes on, as with a processor's clock that is too slow."""
    start_burst(chip)
    opened_us = edges(plant, "dose")[-1][0]
    if stands == "one-shot":
        plant.one_shot.halt(plant.now_us)
    else:
        plant.one_shot.freeze()
    for _ in range(200):
        chip.do((hal.OP_LEASE, LEASE_US), sleep_us=TICK_US)
    assert plant.one_shot.pin and plant.shutoff.is_open
    assert edges(plant, "dose")[-1] == (opened_us + OPENING_TIMER_US, 0)
    assert edges(plant, "flow")[-1] == (opened_us + OPENING_TIMER_US + DOSE_CLOSE_US, 0)


def test_after_a_soft_reset_a_port_write_closes_the_dose_valve(plant, chip):
    start_burst(chip)
    chip.do((hal.OP_SOFT_RESET, 0))
    chip.do(sleep_us=300_000)
    assert plant.dose.is_open
    written_us = plant.now_us
    chip.do((hal.OP_PIN, pins.DOSE << 1), sleep_us=100_000)
    assert edges(plant, "dose")[-1] == (written_us, 0)
    assert not plant.dose.is_open
