"""The plant as the firmware's world: virtual time, flow, guards in hardware, resets, sensors, and its errors."""

from array import array

import pytest

import hal
import machine
import pins
from host_tools.twin.plant import Plant

WRAP = 2**30
DOSE_OPEN_US, DOSE_CLOSE_US = 15_000, 20_000
SHUTOFF_OPEN_US, SHUTOFF_CLOSE_US = 20_000, 20_000
LEASE_US = 20_000
TICK_US = 10_000


class Chip:
    """Stands for the firmware: hands outputs to the plant and keeps what it was told last."""

    def __init__(self, plant):
        self.plant = plant
        self.received = array("i", [0] * hal.IN_INTS)
        self._rx = bytearray(hal.RX_MAX)

    def do(self, *operations, sleep_us=0, busy_us=0):
        """Apply (operation, argument) pairs now, then let time pass."""
        out = array("i", [0] * len(hal.out))
        out[0], out[1], out[2] = len(operations), busy_us, sleep_us
        for k, (operation, argument) in enumerate(operations):
            at = hal.OUT_HEADER + k * hal.EVENT_INTS
            out[at + 1], out[at + 2] = operation, argument
        self.plant.exchange(out, b"", self.received, self._rx)
        return self.received

    def fire(self, us, *, leased_us=None):
        """Give one burst with the lease renewed each tick, as the firmware does; a lease of leased_us ends early."""
        leased_us = us if leased_us is None else leased_us
        self.do((hal.OP_REARM, 0), (hal.OP_FIRE, us))
        for at_us in range(0, us + 1, TICK_US):
            self.do(*([(hal.OP_LEASE, LEASE_US)] if at_us <= leased_us else []), sleep_us=TICK_US)
        self.do(sleep_us=100_000)


@pytest.fixture
def plant():
    return Plant()


@pytest.fixture
def chip(plant):
    """Stands for the firmware; the trigger is held, whose second contact supplies the shut-off."""
    plant.trigger(True)
    return Chip(plant)


def edges(plant, name):
    return [(time_us, level) for time_us, edge, level in plant.record.edges if edge == name]


# --- virtual time -------------------------------------------------------------------------------------------
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


# --- gas ----------------------------------------------------------------------------------------------------
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


# --- what stops the gas without firmware --------------------------------------------------------------------
def start_burst(chip, us=400_000):
    """A burst that has run for 100 ms."""
    chip.do((hal.OP_REARM, 0), (hal.OP_FIRE, us))
    for _ in range(10):
        chip.do((hal.OP_LEASE, LEASE_US), sleep_us=TICK_US)
    assert chip.plant.flowing()


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


# --- resets -------------------------------------------------------------------------------------------------
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
    assert plant.pin_levels == 0  # nothing after the reset is carried out


def test_a_soft_reset_leaves_pins_and_the_dose_valve_as_they_are(plant, chip):
    start_burst(chip)
    reset_us = plant.now_us
    told = chip.do((hal.OP_PIN, pins.LED << 1 | 1), (hal.OP_SOFT_RESET, 0))
    assert told[hal.IN_FLAGS] == hal.FLAG_RESET
    assert plant.pin_levels >> pins.LED & 1
    chip.do(sleep_us=5_000_000)
    assert plant.one_shot.pin  # driven high, far beyond its own end
    assert plant.dose.is_open
    # the shut-off's edges stopped
    assert edges(plant, "flow")[-1][1] == 0
    assert edges(plant, "flow")[-1][0] <= reset_us + LEASE_US + SHUTOFF_CLOSE_US


def test_after_a_soft_reset_a_port_write_closes_the_dose_valve(plant, chip):
    start_burst(chip)
    chip.do((hal.OP_SOFT_RESET, 0))
    chip.do(sleep_us=1_000_000)
    written_us = plant.now_us
    chip.do((hal.OP_PIN, pins.DOSE << 1), sleep_us=100_000)
    assert edges(plant, "dose")[-1] == (written_us, 0)
    assert not plant.dose.is_open


# --- what the sensors see -----------------------------------------------------------------------------------
def test_the_hand_moves_at_its_speed_and_stops_at_its_goal(plant, chip):
    plant.hand.move(70.0, 300.0)
    chip.do(sleep_us=50_000)
    assert plant.hand.mm == pytest.approx(85.0, abs=0.5)
    chip.do(sleep_us=100_000)
    assert plant.hand.mm == 70.0
    plant.hand.move(100.0, 100.0)
    chip.do(sleep_us=100_000)
    assert plant.hand.mm == pytest.approx(80.0, abs=0.5)


def ranges(chip, count=200):
    """Counts of the distance sensor, one for each of its measurements."""
    return [chip.do(sleep_us=40_000)[hal.IN_ADC + 2] for _ in range(count)]


def test_the_range_sensor_reads_the_distance_with_noise(chip):
    read_mm = [(counts - 6_554) * 5.722e-3 for counts in ranges(chip)]
    assert sum(read_mm) / len(read_mm) == pytest.approx(100.0, abs=0.5)
    assert max(abs(mm - 100.0) for mm in read_mm) < 6
    assert len(set(read_mm)) > 20


@pytest.mark.parametrize(("fog", "least", "most"), [(0.0, 0, 0), (0.5, 60, 140), (1.0, 198, 200)])
def test_fog_makes_the_range_sensor_lose_its_share(plant, chip, fog, least, most):
    plant.fog = fog
    lost = [counts for counts in ranges(chip) if counts < 3_277]  # below the live zero: no number
    assert least <= len(lost) <= most


@pytest.fixture
def bus(plant):
    """The virtual machine's SPI on the plant, with both chips deselected and a first conversion done."""
    hal.attach(plant, {})
    selects = [machine.Pin(number, machine.Pin.OUT, value=1) for number in pins.CHIP_SELECTS]
    hal.sleep_us(150_000)
    return machine.SPI(0), selects


def frame(bus, low):
    spi, selects = bus
    for number, pin in enumerate(selects):
        pin.value(0 if number in low else 1)
    data = bytearray(4)
    spi.readinto(data)
    return int.from_bytes(data, "big")


@pytest.mark.parametrize("slot", [0, 1])
def test_the_selected_chip_answers(plant, bus, slot):
    assert frame(bus, {slot}) == plant.chips[slot].frame
    assert plant.chips[0].frame != plant.chips[1].frame


@pytest.mark.parametrize("low", [set(), {0, 1}])
def test_with_none_or_both_chips_selected_the_line_floats_high(bus, low):
    assert frame(bus, low) == 0xFFFFFFFF


def test_a_stuck_contact_does_not_follow(plant, chip):
    plant.stick_input(pins.LOOP_A, 1)
    plant.shield(closed=False)
    levels = chip.do()[hal.IN_PINS]
    assert levels >> pins.LOOP_A & 1 == 1
    assert levels >> pins.LOOP_B & 1 == 1


def test_agenda_runs_at_its_time_and_in_order(plant, chip):
    ran = []
    plant.at(2_000, lambda p: ran.append(("second", p.now_us)))
    plant.at(1_500, lambda p: ran.append(("first", p.now_us)))
    plant.at(2_000, lambda p: ran.append(("third", p.now_us)))
    chip.do(sleep_us=1_999)
    assert ran == [("first", 1_500)]
    chip.do(sleep_us=1)
    assert ran == [("first", 1_500), ("second", 2_000), ("third", 2_000)]


def test_something_goes_wrong_a_given_time_after_a_burst(plant, chip):
    plant.on_burst(2, 30_000, lambda p: p.shield(False))
    chip.fire(60_000)
    assert plant.record.injected_us == []
    second_us = plant.now_us
    chip.fire(60_000)
    assert plant.record.injected_us == [second_us + 30_000]


# --- errors and repetition ----------------------------------------------------------------------------------
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
    """Record, and everything that a chip was told, of a run with two bursts and fog."""
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
