"""What the sensors of the plant see, and the time of events."""

import pytest

import hal
import machine
import pins
from host_tools.simulator.twin.guest.chip_vl53l0x import NO_ECHO
from host_tools.simulator.twin.physics import RANGE_PERIOD_US


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
    """Return words of the distance sensor, one row for each measurement."""
    at = hal.IN_RANGE_WORDS
    return [tuple(chip.do(sleep_us=RANGE_PERIOD_US)[at : at + 5]) for _ in range(count)]


def test_the_range_sensor_reads_the_distance_with_noise(chip):
    read_mm = [words[4] for words in ranges(chip)]
    assert sum(read_mm) / len(read_mm) == pytest.approx(100.0, abs=1.0)
    assert max(abs(mm - 100.0) for mm in read_mm) < 12
    assert len(set(read_mm)) > 8


def test_the_range_sensor_measures_every_20_ms_until_it_is_silent(plant, chip):
    before = chip.do()[hal.IN_RANGE]
    assert 48 <= chip.do(sleep_us=1_000_000)[hal.IN_RANGE] - before <= 50
    plant.range_answers = False
    assert chip.do(sleep_us=40_000)[hal.IN_RANGE] == -1


def test_a_frozen_range_sensor_goes_on_with_the_same_words(plant, chip):
    before = tuple(chip.do(sleep_us=RANGE_PERIOD_US))
    plant.range_frozen = True
    plant.hand.move(40.0, 1e9)
    words = ranges(chip, 5)
    assert len(set(words)) == 1 and chip.received[hal.IN_RANGE] == before[hal.IN_RANGE] + 5


def test_a_range_sensor_that_drifts_reads_further_and_further_while_its_light_stays(plant, chip):
    plant.range_drift_mm_s = 50.0
    words = ranges(chip)  # four seconds
    assert words[-1][4] - words[0][4] == pytest.approx(200.0, abs=20)
    assert words[-1][2] == pytest.approx(words[0][2], rel=0.1)


@pytest.mark.parametrize(("fog", "least", "most"), [(0.0, 0, 0), (0.5, 60, 140), (1.0, 198, 200)])
def test_fog_makes_the_range_sensor_lose_its_share(plant, chip, fog, least, most):
    plant.fog = fog
    lost = [words for words in ranges(chip) if words[0] == NO_ECHO]
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
