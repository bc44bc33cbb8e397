"""The plant behind a chip's pins: what opens the shut-off valve and what interrupts it, without any firmware."""

import pytest

from boards.virtual import pins
from host_tools.simulator.twin.guest.chip_vl53l0x import GOOD, NO_ECHO
from host_tools.simulator.twin.hardware import NEVER, OPENING_TIMER_US, Monostable
from host_tools.simulator.twin.physics import AIR_C
from host_tools.simulator.twin.pin_plant import COIL_HOLD_V, COIL_PEAK_V, MONOSTABLE_US, PinPlant

EDGE_EVERY_US = 38


@pytest.fixture
def plant():
    """Return a plant at 100 ms, trigger held."""
    plant = PinPlant()
    plant.advance(100_000)
    plant.trigger(True)
    return plant


def edges(plant, us):
    """Give lease edges for so long."""
    end_us = plant.now_us + us
    while plant.now_us < end_us:
        plant.lease_edge(plant.now_us + EDGE_EVERY_US)


def set_up(plant, low_c=2.0):
    """Write the skin chip's registers as a driver would: convert all the time, 50 Hz, FAULT for low and open."""
    chip = plant.chips[0].registers
    low = int(low_c * 16)
    for at, value in ((0, 0x11), (1, 3), (2, 0xF8), (7, low >> 8), (8, low & 0xFF), (0, 0x91)):
        chip.write(at, value)


def test_edges_hold_the_shut_off_and_it_falls_one_monostable_time_after_the_last(plant):
    edges(plant, 30_000)
    assert plant.shutoff.is_open
    last_us = plant.now_us
    plant.advance(last_us + MONOSTABLE_US - 1)
    assert plant.shutoff.driven
    plant.advance(last_us + MONOSTABLE_US)
    assert not plant.shutoff.driven


def test_a_released_reset_is_no_edge_and_edges_in_reset_count_nothing():
    monostable = Monostable(120)
    monostable.reset(True)
    monostable.edge(10)
    assert (monostable.running, monostable.end_us) == (False, NEVER)
    monostable.reset(False)
    assert not monostable.running
    monostable.edge(20)
    assert (monostable.running, monostable.end_us) == (True, 140)
    monostable.reset(True)
    assert not monostable.running


@pytest.mark.parametrize(
    "breaks",
    [
        lambda plant: plant.trigger(False),
        lambda plant: plant.set_input(pins.ESTOP, 1),
        lambda plant: plant.shield(False),
        lambda plant: plant.set_input(pins.LOOP_B, 1),
    ],
    ids=["trigger", "estop", "shield", "channel B alone"],
)
def test_each_contact_breaks_the_shut_off_at_once_while_edges_go_on(plant, breaks):
    edges(plant, 30_000)
    breaks(plant)
    assert not plant.shutoff.driven
    edges(plant, 1_000)
    assert not plant.shutoff.driven


def test_a_stuck_signal_contact_does_not_close_the_other_contact_of_the_trigger():
    plant = PinPlant()
    plant.stick_input(pins.TRIGGER, 0)
    edges(plant, 1_000)
    assert not plant.shutoff.driven


def test_gas_flows_only_through_both_valves_and_the_record_has_the_pins_width(plant):
    edges(plant, 30_000)
    assert not plant.flowing()
    plant.dose_level(plant.now_us, 1)
    start_us = plant.now_us
    edges(plant, 50_000)
    assert plant.flowing()
    plant.dose_level(start_us + 60_000, None)  # high-impedance: the pull-down wins
    plant.advance(start_us + 100_000)
    assert not plant.flowing()
    assert plant.record.bursts[0].commanded_us == 60_000
    assert plant.record.bursts[0].delivered_us > 0


def test_a_dose_pin_that_stays_high_loses_its_driver_to_the_opening_timer(plant):
    """As with a clock so slow that one-shot and lease go on: boards/rp2040_pico/README.md."""
    edges(plant, 30_000)
    start_us = plant.now_us
    plant.dose_level(start_us, 1)
    edges(plant, OPENING_TIMER_US - 100)
    assert plant.flowing() and plant.volts()[2] == COIL_HOLD_V
    edges(plant, 1_000_000)
    assert plant.shutoff.is_open and not plant.flowing()
    assert plant.volts()[2] == 0.0
    assert (start_us + OPENING_TIMER_US, "dose", 0) in plant.record.edges
    plant.dose_level(plant.now_us, 0)
    plant.dose_level(plant.now_us, 1)
    assert plant.dose.driven


def test_the_skin_chip_converts_when_told_and_its_fault_resets_the_monostable(plant):
    chip = plant.chips[0].registers
    set_up(plant)
    plant.advance(plant.now_us + 97_000)
    assert chip.drdy.level == 1
    plant.advance(plant.now_us + 2_000)
    assert chip.drdy.level == 0
    code = chip.regs[12] << 11 | chip.regs[13] << 3 | chip.regs[14] >> 5
    assert abs(code / 128 - plant.probe.bead_c) < 0.2
    edges(plant, 1_000)
    assert plant.shutoff.driven
    assert plant.loop_b_open() == 0
    plant.chips[0].fault = "open"
    plant.advance(plant.now_us + 100_000)
    assert plant.loop_b_open() == 1
    edges(plant, 1_000)
    assert not plant.shutoff.driven


def test_a_dead_line_a_stuck_chip_and_a_short_show_as_the_chip_would(plant):
    set_up(plant)
    skin = plant.chips[0]
    chip = skin.registers
    plant.advance(plant.now_us + 100_000)
    skin.fault = "dead_high"
    chip.select(0)
    assert [chip.shift(0x0C) and chip.shift(0) for _ in range(2)] == [0xFF, 0xFF]
    skin.fault = "short_gnd"
    plant.advance(plant.now_us + 200_000)
    assert abs((chip.regs[12] << 11 | chip.regs[13] << 3 | chip.regs[14] >> 5) / 128 - skin.cold_junction_c) < 0.2
    skin.fault = "stuck"
    chip.drdy.level = 1
    plant.advance(plant.now_us + 300_000)
    assert chip.drdy.level == 1
    with pytest.raises(ValueError, match="give one of"):
        skin.fault = "melted"


def test_the_distance_sensor_sees_the_hand_and_the_fog(plant):
    page = plant.distance.pages[0]
    plant.distance.ranging = True
    plant.hand.move(150.0, 1e9)
    plant.advance(plant.now_us + 40_000)
    assert page[0x13] == 4 and page[0x14] >> 3 == GOOD
    assert abs((page[0x1E] << 8 | page[0x1F]) - 150) <= 12
    plant.fog = 1.0
    plant.advance(plant.now_us + 40_000)
    assert page[0x14] >> 3 == NO_ECHO


def test_infrared_and_nozzle_see_skin_and_air(plant):
    plant.advance(plant.now_us + 200_000)
    low, high = (plant.infrared.read(0x07, n) for n in (0, 1))
    assert abs((high << 8 | low) * 0.02 - 273.15 - plant.skin.surface_c) < 0.2
    assert abs((plant.chips[1].frame >> 18) / 4 - AIR_C) < 1.5


def test_the_coil_draws_its_peak_then_a_quarter_and_nothing_with_its_wire_broken(plant):
    start_us = plant.now_us
    plant.dose_level(start_us, 1)
    plant.advance(start_us + 40_000)
    assert abs(plant.volts()[2] - COIL_PEAK_V) < 0.01
    plant.advance(start_us + 60_000)
    assert plant.volts()[2] == COIL_HOLD_V
    plant.dose_level(start_us + 70_000, 0)
    assert plant.volts()[2] == 0.0
    plant.coil_open = True
    plant.dose_level(start_us + 200_000, 1)
    assert plant.volts()[2] == 0.0
    plant.advance(start_us + 300_000)
    assert not plant.dose.is_open


def test_transducers_are_scaled_to_the_converter(plant):
    bottle_v, line_v, _ = plant.volts()
    assert abs(bottle_v / 3.3 - (0.1 + 0.8 * plant.bar / 100)) < 1e-9
    assert line_v <= bottle_v


def test_a_loop_test_opens_both_channels_at_the_chip_and_the_monostable_and_what_is_shorted_stays(plant):
    edges(plant, 30_000)
    assert (plant.loop_a_made(), plant.loop_b_open(), plant.lease.in_reset) == (1, 0, False)
    plant.loop_test_level(plant.now_us + 10, 1)
    assert (plant.loop_a_made(), plant.loop_b_open(), plant.lease.in_reset) == (0, 1, True)
    assert not plant.shutoff.driven
    plant.loop_test_level(plant.now_us + 3_000, 0)
    assert (plant.loop_a_made(), plant.loop_b_open(), plant.lease.in_reset) == (1, 0, False)
    plant.stick_input(pins.LOOP_A, 1)
    plant.loop_test_level(plant.now_us + 3_000, 1)
    assert (plant.loop_a_made(), plant.loop_b_open()) == (1, 1)
    plant.chip_reset(plant.now_us + 10, "watchdog")  # the pin floats, the test stage's pull-down wins
    assert (plant.loop_a_made(), plant.loop_b_open()) == (1, 0)


def test_the_shield_opens_whatever_the_loop_test_does(plant):
    plant.shield(False)
    for level in (1, 0):
        plant.loop_test_level(plant.now_us + 100, level)
        assert (plant.loop_a_made(), plant.loop_b_open()) == (0, 1)
