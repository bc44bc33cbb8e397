"""The firmware's ITS-90 tables against an independent package, and their generator; CPython only."""

import itertools
import math

import pytest
import thermocouple_its90

from cryo.core.reading import OK, Reading
from cryo.drivers.its90 import CJ_MAX_MDEGC, CJ_MIN_MDEGC, Linearise
from cryo.drivers.max31855 import Max31855, decode
from host_tools.toolchain import its90_tables
from tests.support.i31 import I31

# From the data sheet of the MAX31855, not from the code under test.
SLOPE_UV_PER_C = {"K": 41.276, "T": 52.18}
KINDS = tuple(SLOPE_UV_PER_C)


def errors_c(kind, junctions_c, cold_junctions_c):
    """Corrected minus true temperature for an ideal MAX31855 that does not round."""
    thermocouple = thermocouple_its90.get(kind)
    linearise = Linearise(kind)
    for true_c, cj_c in itertools.product(junctions_c, cold_junctions_c):
        raw_c = cj_c + (thermocouple.emf(true_c) - thermocouple.emf(cj_c)) * 1000 / SLOPE_UV_PER_C[kind]
        yield linearise.corrected_mdegc(round(raw_c * 1000), round(cj_c * 1000)) / 1000 - true_c


@pytest.mark.parametrize("kind", KINDS)
def test_error_where_treatment_happens(kind):
    junctions_c = [i / 4 for i in range(-400, 241)]
    cold_junctions_c = [i * 0.8125 for i in range(62)]
    errors = list(errors_c(kind, junctions_c, cold_junctions_c))
    assert len(errors) == 641 * 62
    assert max(map(abs, errors)) <= 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_error_over_the_whole_supported_range(kind):
    junctions_c = [i / 4 for i in range(-600, 601)]
    cold_junctions_c = [-10 + i * 80 / 61 for i in range(62)]
    assert max(map(abs, errors_c(kind, junctions_c, cold_junctions_c))) <= 0.04


@pytest.mark.parametrize("kind", KINDS)
def test_from_the_thermocouple_over_the_frame_to_the_value(kind):
    """Only the chip's rounding of its straight line to 0.25 degC may be lost."""
    thermocouple = thermocouple_its90.get(kind)
    linearise = Linearise(kind)
    reading = Reading()
    for true_c, cj_code in itertools.product(range(-120, 131), range(1, 801, 47)):
        cj_c = cj_code / 16
        raw_c = cj_c + (thermocouple.emf(true_c) - thermocouple.emf(cj_c)) * 1000 / SLOPE_UV_PER_C[kind]
        word = (round(raw_c * 4) & 0x3FFF) << 18 | cj_code << 4
        decode(word >> 16, word & 0xFFFF, reading, linearise)
        assert reading.status == OK
        half_a_step_c = 0.125 * SLOPE_UV_PER_C[kind] / (thermocouple.seebeck(true_c) * 1000)
        assert abs(reading.value_mdegc / 1000 - true_c) <= half_a_step_c + 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_the_float_functions_agree_with_the_package(kind):
    thermocouple = thermocouple_its90.get(kind)
    for t_c in range(-200, 401):
        mv = thermocouple.emf(t_c)
        assert its90_tables.emf_mv(kind, t_c) == pytest.approx(mv, abs=1e-8)
        assert its90_tables.temperature_c(kind, mv) == pytest.approx(t_c, abs=1e-5)


def test_the_straight_line_errors_of_the_chip():
    for true_c, error_c in ((4, 0.60), (-20, 1.93), (-50, 4.99), (-78.5, 9.72)):
        assert its90_tables.straight_line_c("K", true_c, 25) - true_c == pytest.approx(error_c, abs=0.005)


def test_the_slopes_are_the_means_of_the_reference_functions():
    assert thermocouple_its90.TypeK.emf(1000) == pytest.approx(SLOPE_UV_PER_C["K"], abs=0.0005)
    assert thermocouple_its90.TypeT.emf(400) / 0.4 == pytest.approx(SLOPE_UV_PER_C["T"], abs=0.005)
    assert its90_tables.SLOPE_UV_PER_C == SLOPE_UV_PER_C


@pytest.mark.parametrize("kind", KINDS)
def test_no_intermediate_leaves_31_bits(kind):
    linearise = Linearise(kind)
    cold_junctions_mdegc = [*range(CJ_MIN_MDEGC, CJ_MAX_MDEGC + 1, 499), CJ_MAX_MDEGC]
    answered = 0
    for cj_mdegc in cold_junctions_mdegc:
        for raw_mdegc in range(-201_000, 201_001, 1250):
            answered += linearise.corrected_mdegc(I31(raw_mdegc), I31(cj_mdegc)) is not None
    assert answered > len(cold_junctions_mdegc) * 160
    for raw_mdegc in (-(2**30), 2**30 - 1):
        assert linearise.corrected_mdegc(I31(raw_mdegc), I31(25_000)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_interpolation_between_any_two_points_fits_31_bits(kind):
    first, inverse = its90_tables.inverse_table_mdegc(kind)
    forward = its90_tables.forward_table_nv(kind)
    assert first < 0 < first + len(inverse)
    for table, shift in ((inverse, its90_tables.VOLTAGE_SHIFT), (forward, its90_tables.CJ_SHIFT)):
        for low, high in itertools.pairwise(table):
            assert 0 < (high - low) * (2**shift - 1) < 2**30


class Silent:
    """SPI and chip select of a chip that always sends the same good frame."""

    def value(self, level):
        pass

    def readinto(self, buf):
        buf[:] = b"\x01\x90\x19\x00"


def test_no_tick_arithmetic_leaves_31_bits():
    """The counter and every age at their extremes, in all orders of two polls."""
    extremes_us = (0, 1, 2**29 - 1, 2**29, 2**30 - 100_000, 2**30 - 1)
    ages_us = (0, 1, 100_000, 2**29 - 100_000, 2**29 - 1, 2**29)
    for before_us, now_us, age_us in itertools.product(extremes_us, extremes_us, ages_us):
        chip = Max31855(Silent(), Silent(), Linearise("K"))
        reading = Reading()
        chip.poll(I31(before_us), reading)
        reading.age_us = reading.ended_age_us = I31(age_us)
        chip.poll(I31(now_us), reading)
        expected_us = min(age_us + (now_us - before_us) % 2**30, 2**29)
        assert reading.age_us == reading.ended_age_us == expected_us


def test_the_firmware_holds_the_generated_tables():
    assert its90_tables.main(["--check"]) == 0


def test_a_changed_table_is_found_and_written_back(tmp_path, monkeypatch, capsys):
    source = its90_tables.FIRMWARE_FILE.read_text(encoding="utf-8")
    copy = tmp_path / "its90.py"
    copy.write_text(source.replace("-391854", "-391855"), encoding="utf-8")
    monkeypatch.setattr(its90_tables, "FIRMWARE_FILE", copy)
    assert its90_tables.main(["--check"]) == 1
    assert "--write" in capsys.readouterr().err
    assert its90_tables.main(["--write"]) == 0
    assert copy.read_text(encoding="utf-8") == source


def test_a_file_without_markers_is_refused():
    with pytest.raises(ValueError, match="put these two lines"):
        its90_tables.replaced("nothing generated here\n")


@pytest.mark.parametrize("kind, t_c", [("J", 20), ("MAX6675", 20), ("K", -271), ("T", 401), ("K", math.nan)])
def test_the_float_functions_refuse_what_they_do_not_cover(kind, t_c):
    with pytest.raises(ValueError):
        its90_tables.emf_mv(kind, t_c)
