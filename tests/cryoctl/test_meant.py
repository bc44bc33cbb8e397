"""Numbers for people: each setting and calibration value in a unit that people use, without rounding."""

import pytest

from host_tools.cryoctl import meant
from host_tools.cryoctl.names import KINDS
from host_tools.toolchain.settings import schema


@pytest.mark.parametrize(
    ("key", "said", "means"),
    [
        ("CALIBRATION_DUE_D", "10227 d", "2028-01-01"),
        ("CALIBRATION_DUE_D", "0 d", "not calibrated"),
        ("TC_TYPE", "0", "type K"),
        ("TC_TYPE", "1", "type T"),
        ("TRIP_MDEGC", "4000 mdegC", "4 degC"),
        ("SKIN_OFFSET_MDEGC", "-125 mdegC", "-0.125 degC"),
        ("BURST_MAX_US", "500000 us", "500 ms"),
        ("JET_K_MDEGC", "16010 mdegC/rt s", "16.01 degC/rt s"),
        ("JET_K_MDEGC", "0 mdegC/rt s", "not calibrated"),
        ("CO2_FITTED", "0", "not fitted"),
        ("LINE_FITTED", "1", "fitted"),
        ("ROOM_M3", "30 m3", "30 m3"),
        ("SERIAL", "7", "7"),
        ("UPTIME_S", "552", "552 s"),
        ("LATE_US", "9001", "9.001 ms"),
        ("DUE", "NONE", "NONE"),
        ("CALIBRATION_DUE_D", "99999999 d", "99999999 d"),
    ],
)
def test_a_setting_is_told_in_a_unit_that_people_use(key, said, means):
    assert meant.told(key, said) == means


def test_no_setting_is_left_in_thousandths_or_as_a_code():
    for row in schema():
        said = meant.meant(row.key, row.highest, row.unit)
        assert "mdeg" not in said and not said.endswith((" us", " d")), (row.key, said)
        assert not (row.highest == 1 and said == "1"), row.key


def test_the_values_of_each_kind_of_calibration_have_names_and_units():
    assert meant.listed({"nozzle": 3, "distance_mm": 80, "k_mdegc": 14_000, "k_80_mdegc": 14_001}) == (
        "nozzle 3, distance 80 mm, K 14 degC/rt s, K at 80 mm 14.001 degC/rt s"
    )
    assert meant.listed(dict(zip(KINDS["TC"], (-13_500, 120, 536, 55, -120), strict=True))) == (
        "pivot -13.5 degC, offset 0.12 degC, slope 536 ppm, residual 0.055 degC, skin offset -0.12 degC"
    )
    assert meant.listed({"delay_us": 18_250}) == "delay 18.25 ms" and meant.listed({"error_mbar": -18}) == (
        "error -0.018 bar"
    )
