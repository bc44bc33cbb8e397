"""What the plant's infrared and CO2 sensors read."""

import pytest

from host_tools.simulator.twin.guest.chip_mlx90614 import ADDRESS, crc8
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.surroundings import SILENT, Room, Thermopile

REST_C = 33.0


def sensor(**settings):
    thermopile = Thermopile(REST_C, seed=2)
    thermopile.noise_c = 0.0
    for name, value in settings.items():
        setattr(thermopile, name, value)
    return thermopile


def after(thermopile, seconds, surface_c, flowing=False, start_us=0):
    """Return the sensor's reading after so long above that surface, degC."""
    for ms in range(round(seconds * 1000)):
        thermopile.advance(start_us + (ms + 1) * 1000, 0.001, surface_c, 22.0, flowing)
    return (thermopile.words[0] & 0xFFFF) * 0.02 - 273.15


def test_it_sees_the_spot_and_a_share_of_the_skin_at_rest():
    assert after(sensor(stray=0.0), 5, 13.0) == pytest.approx(13.0, abs=0.02)
    assert after(sensor(stray=0.12), 5, 13.0) == pytest.approx(13.0 + 0.12 * 20, abs=0.02)


def test_it_lags_by_its_filter_and_sees_the_plume():
    assert after(sensor(stray=0.0), 0.2, 13.0) == pytest.approx(33 - 20 * 0.62, abs=0.2)
    assert after(sensor(stray=0.0), 5, 13.0, flowing=True) == pytest.approx(13.0 - 15.0, abs=0.02)


def test_a_new_word_comes_every_100_ms_with_its_check_byte():
    thermopile = Thermopile(REST_C, seed=2)
    assert thermopile.words == (SILENT, SILENT)
    words = []
    for ms in range(1, 1_001):
        thermopile.advance(ms * 1000, 0.001, REST_C, 22.0, False)
        words.append(thermopile.words[0])
    assert 8 <= len(set(words) - {SILENT}) <= 10
    word = words[-1]
    assert word >> 16 == crc8((ADDRESS << 1, 0x07, ADDRESS << 1 | 1, word & 0xFF, word >> 8 & 0xFF))
    assert (thermopile.words[1] & 0xFFFF) * 0.02 - 273.15 == pytest.approx(22.0, abs=0.01)


def test_it_lies_and_falls_silent():
    assert after(sensor(lies_c=10.0), 1, REST_C) == pytest.approx(10.0, abs=0.02)
    silent = sensor(answers=False)
    after(silent, 1, REST_C)
    assert silent.words == (SILENT, SILENT)


def test_a_sensor_that_falls_silent_keeps_no_older_word_and_speaks_again():
    thermopile = sensor()
    after(thermopile, 1, REST_C)
    assert SILENT not in thermopile.words
    thermopile.answers = False
    after(thermopile, 0.1, REST_C, start_us=1_000_000)
    assert thermopile.words == (SILENT, SILENT)
    thermopile.answers = True
    assert after(thermopile, 0.1, REST_C, start_us=1_100_000) == pytest.approx(REST_C, abs=0.02)


def test_a_gram_is_18_ppm_in_30_m3_and_a_sample_comes_in_5_s():
    room = Room(ppm=400.0)
    for second in range(1, 5):
        room.advance(second * 1_000_000, 1.0, 25.0)
    assert room.ppm == pytest.approx(400 + 100 * 18) and room.samples == 0 and room.shown_ppm == SILENT
    room.advance(5_000_000, 1.0, 0.0)
    assert room.samples == 1 and room.shown_ppm == 2_200
    room.leak_g_s = 10.0
    room.answers = False
    for second in range(6, 16):
        room.advance(second * 1_000_000, 1.0, 0.0)
    assert room.ppm == pytest.approx(400 + 200 * 18) and room.samples == 1 and room.shown_ppm == SILENT


def test_the_gas_of_a_burst_reaches_the_room():
    plant = Plant()
    before = plant.room.ppm
    plant.dose.stuck = plant.shutoff.stuck = "open"
    plant.operator = None
    plant.run_until_reset(1_000_000)
    assert plant.room.ppm - before == pytest.approx(18.0, rel=0.05)  # 1.0 g/s for a second
