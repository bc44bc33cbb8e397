"""Calibrations: measurements are judged, dates are valid, and a value in force has a record and a due date."""

from cryo import config
from cryo.core.observer import k_at
from cryo.store import calibration, dates, measured
from cryo.store.writing import save
from storage import RamFiles
from store_rig import always

DAY = 9_862
VALUES = {
    "TC": (20_000, -100, 500, 30, -250),
    "OPEN": (17_000,),
    "CLOSE": (24_000,),
    "JET": (1, 100, 12_000, 16_500),
    "PRESSURE": (300,),
    "DISTANCE": (2,),
}


def refused(answer, *words):
    assert answer[0] is None
    for word in words:
        assert word in answer[1], answer


# --- dates ------------------------------------------------------------------------------------------------------------
def test_days_and_dates():
    for text, day in (
        ("2000-01-01", 0),
        ("2000-02-29", 59),
        ("2000-12-31", 365),
        ("2001-01-01", 366),
        ("2004-02-29", 1_520),
        ("2026-10-31", 9_800),
        ("2027-01-01", 9_862),
        ("2028-02-29", 10_286),
        ("2028-03-01", 10_287),
        ("2099-12-31", 36_524),
    ):
        assert dates.parsed(text) == day and dates.text(day) == text


def test_every_day_of_a_century_comes_back():
    before = ""
    for day in range(dates.LAST + 1):
        text = dates.text(day)
        assert dates.parsed(text) == day and text > before
        before = text


def test_what_is_no_date():
    for text in ("2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31", "2027-01-00", "1999-12-31", "2100-01-01"):
        assert dates.parsed(text) is None
    for text in ("", "2027", "27-01-01", "2027-1-1", "2027-01-01-01", "2027/01/01", "+027-01-01", "2027-01- 1"):
        assert dates.parsed(text) is None


# --- measurements -----------------------------------------------------------------------------------------------------
def test_a_thermocouple_s_line_goes_through_two_points():
    values, problem = measured.thermocouple(((0, 300), (30_000, 30_900)))
    assert problem is None
    pivot, offset, slope_ppm, worst, _ = values
    assert pivot == 15_600 and offset == -600 and worst <= 1
    for reference, reading in ((0, 300), (30_000, 30_900)):
        assert abs(reading + measured.corrected(pivot, offset, slope_ppm, reading) - reference) <= 1


def test_a_probe_s_reading_is_only_ever_made_colder():
    for points, offset_mdegc in (
        (((0, 300), (30_000, 30_900)), -900),  # the most that it reads too warm
        (((0, 2_000), (30_000, 28_000)), -2_000),  # all that is accepted
        (((0, -400), (30_000, 30_100)), -100),
        (((0, -2_000), (30_000, 29_000)), 0),  # too cold: it stops earlier, and is left so
        (((0, 0), (15_000, 15_200), (30_000, 30_000)), -200),
    ):
        values, problem = measured.thermocouple(points)
        assert problem is None and values[4] == offset_mdegc, points
    low = [row[3] for row in config.FIELDS if row[0] == "skin_offset_mdegc"][0]
    assert low == -measured.TC_ERROR_MDEGC


def test_a_third_point_shows_how_far_the_line_is_off():
    values, _ = measured.thermocouple(((0, 0), (15_000, 15_600), (30_000, 30_000)))
    assert 399 <= values[3] <= 401
    refused(measured.thermocouple(((0, 0), (15_000, 15_800), (30_000, 30_000))), "53", "500")


def test_what_a_thermocouple_is_refused_for():
    refused(measured.thermocouple(((0, 0),)), "two or three")
    refused(measured.thermocouple(((0, 0),) * 4), "two or three")
    refused(measured.thermocouple(((0, 0), (19_999, 19_999))), "20000", "apart")
    refused(measured.thermocouple(((0, 2_001), (30_000, 30_000))), "2001", "2000", "change the part")
    refused(measured.thermocouple(((0, -2_001), (30_000, 30_000))), "2001")
    refused(measured.thermocouple(((5_001, 5_001), (30_000, 30_000))), "ice")
    assert measured.thermocouple(((5_000, 5_000), (25_000, 25_000)))[1] is None
    assert measured.thermocouple(((0, 2_000), (30_000, 28_000)))[1] is None


def test_pressure_and_distance():
    assert measured.pressure(((0, 100), (50_000, 48_000))) == ((2_000,), None)
    refused(measured.pressure(((0, 100), (50_000, 47_999))), "2001")
    refused(measured.pressure(((0, 100), (19_999, 20_000))), "apart")
    assert measured.distance(((80, 75), (200, 203))) == ((5,), None)
    refused(measured.distance(((80, 74), (200, 200))), "6 mm")
    refused(measured.distance(((80, 80), (139, 139))), "apart")


def test_a_valve_s_delays():
    assert measured.delay((15_000, 18_000, 16_000), closing=False) == ((15_000,), None)
    assert measured.delay((15_000, 20_000, 16_000), closing=True) == ((20_000,), None)
    refused(measured.delay((15_000, 20_001, 16_000), closing=True), "5001")
    refused(measured.delay((15_000, 16_000), closing=True), "at least 3")
    refused(measured.delay((-1, 0, 1), closing=False))


def test_a_jet_s_constant_is_that_of_its_strongest_burst_at_80_mm():
    # K = fall / root(time): 4 degC in 0.0625 s are 16 degC per root second
    values, problem = measured.jet(2, 80, ((62_500, 4_000), (250_000, 8_000), (160_000, 6_400)))
    assert problem is None and values == (2, 80, 16_000, 16_000)
    values, _ = measured.jet(2, 100, ((62_500, 3_500), (250_000, 7_200), (160_000, 5_700)))
    assert values[:3] == (2, 100, 14_400)
    assert abs(k_at(values[3], 100) - 14_400) < 20


def test_what_a_jet_is_refused_for():
    refused(measured.jet(1, 80, ((62_500, 4_000), (250_000, 8_000))), "at least 3")
    refused(measured.jet(1, 80, ((62_500, 4_000), (250_000, 8_000), (250_000, 6_700))), "differ")
    for flow_us in (0, -1, 19_999, 1_000_001):
        refused(measured.jet(1, 80, ((flow_us, 4_000),) * 3), str(flow_us), "20000 to 1000000")
    for fall_mdegc in (0, -1, 110_001):
        refused(measured.jet(1, 80, ((62_500, fall_mdegc),) * 3), "no skin falls")
    for mm in (-5, 0, 79, 201, 400, 600):
        refused(measured.jet(1, mm, ((62_500, 4_000), (250_000, 8_000), (160_000, 6_400))), "80 to 200 mm")
    for mm in (80, 200):
        assert measured.jet(1, mm, ((62_500, 2_500), (250_000, 5_000), (160_000, 4_000)))[0]
    refused(measured.jet(1, 80, ((62_500, 1_900),) * 3), "limit 7", "7600")
    refused(measured.jet(1, 80, ((62_500, 12_600),) * 3), "limit 7", "50400")


def test_the_integer_root():
    for n in (1, 2, 3, 4, 8, 9, 15, 16, 62_500, 62_501, 500_000, 1_000_000):
        r = measured.root(n)
        assert r * r <= n < (r + 1) * (r + 1)


# --- records ----------------------------------------------------------------------------------------------------------
def board(may_write=always):
    """A provisioned board that was never calibrated."""
    files = RamFiles()
    store = calibration.Store(files, always)
    assert save(store.settings, config.encode(config.build({"serial": 7})[0])) is None
    return files, calibration.Store(files, may_write)


def record(kind, values=None, day=DAY, due_d=DAY + 365):
    text, problem = calibration.encode(kind, values or VALUES[kind], day, due_d, "A. Smith", "bath 12/7")
    assert problem is None, problem
    return text


def calibrated():
    files, store = board()
    for kind in calibration.KINDS:
        _, problem = calibration.put_in_force(store, record(kind))
        assert problem is None, problem
    return files, store


def test_a_record_comes_back():
    for kind in calibration.KINDS:
        given = (kind, DAY, DAY + 365, "A. Smith", "bath 12/7") + VALUES[kind]
        assert calibration.decode(record(kind)) == given


def test_what_is_no_record():
    for text in ("", "x", "{}", "[]", "7", '["TC",1,2,"a","b",1]', '["WHAT",1,2,"a","b",1,2,3,4]'):
        assert calibration.decode(text) is None
    refused(calibration.encode("PRESURE", (1,), DAY, DAY + 1, "a", "b"), "nearest is PRESSURE")
    refused(calibration.encode("JET", (1,), DAY, DAY + 1, "a", "b"), "nozzle", "distance_mm")
    refused(calibration.encode("OPEN", (1,), None, DAY + 1, "a", "b"), "clock")
    refused(calibration.encode("OPEN", (1,), config.EARLIEST_D - 1, DAY + 1, "a", "b"), "clock")
    refused(calibration.encode("OPEN", (1,), DAY, DAY - 1, "a", "b"), "due")
    for name in ("", "x" * 25, 'a"b', "a\\b", "a\nb", "\xe9"):
        refused(calibration.encode("OPEN", (1,), DAY, DAY + 1, name, "b"), "technician")
        refused(calibration.encode("OPEN", (1,), DAY, DAY + 1, "a", name), "instrument")


def test_a_device_is_due_only_once_every_kind_is_calibrated():
    files, store = board()
    for n, kind in enumerate(sorted(calibration.KINDS)):
        assert config.load(files)[0].calibration_due_d == 0
        made, problem = calibration.put_in_force(store, record(kind, due_d=DAY + 100 + n))
        assert problem is None and config.load(files) == (made, None)
    made = config.load(files)[0]
    assert made.calibration_due_d == DAY + 100  # the first of them
    assert (made.jet_k_mdegc, made.valve_open_delay_us, made.valve_close_delay_us) == (16_500, 17_000, 24_000)
    assert made.skin_offset_mdegc == -250
    assert made.serial == 7


def test_the_next_calibration_of_a_kind_moves_its_due_date():
    _, store = calibrated()
    made, _ = calibration.put_in_force(store, record("OPEN", (16_000,), due_d=DAY + 30))
    assert (made.calibration_due_d, made.valve_open_delay_us) == (DAY + 30, 16_000)
    made, _ = calibration.put_in_force(store, record("OPEN", (15_000,), due_d=DAY + 400))
    assert (made.calibration_due_d, made.valve_open_delay_us) == (DAY + 365, 15_000)
    assert [calibration.decode(text)[0] for _, text in store.history.read()][-2:] == ["OPEN", "OPEN"]
    assert len(store.history.read()) == 8


def test_due_dates_outlast_the_history():
    _, store = calibrated()
    for n in range(150):
        made, problem = calibration.put_in_force(store, record("OPEN", (9_000 + n,)))
        assert problem is None and made.calibration_due_d == DAY + 365
    assert store.history.read()[0][0] > 6


def test_what_the_settings_refuse_is_not_recorded():
    files, store = calibrated()
    before = dict(files.files)
    refused(calibration.put_in_force(store, record("CLOSE", (70_000,))), "valve_close_delay_us", "60000")
    refused(calibration.put_in_force(store, "no record"), "no calibration record")
    assert files.files == before


class _WornHistory(RamFiles):
    """Flash cannot write the history's files any more; all other files can be written."""

    def open(self, path, mode):
        if mode != "rb" and ".log." in path:
            raise OSError(28)
        return RamFiles.open(self, path, mode)


def test_what_cannot_be_recorded_is_not_in_force():
    files, _ = calibrated()
    worn = _WornHistory()
    worn.files = files.files
    before = dict(files.files)
    for kind in calibration.KINDS:
        text = record(kind, due_d=DAY + 400)
        refused(calibration.put_in_force(calibration.Store(worn, always), text), "not stored", "OSError 28")
    assert files.files == before


def test_a_board_without_settings_takes_no_calibration():
    files = RamFiles()
    refused(calibration.put_in_force(calibration.Store(files, always), record("OPEN")), "provision")
    assert files.files == {}


def test_no_calibration_is_written_while_gas_may_flow():
    files, _ = calibrated()
    before = dict(files.files)
    for may_write in (None, lambda: False):
        refused(calibration.put_in_force(calibration.Store(files, may_write), record("OPEN")), "gas")
    assert files.files == before


def test_a_record_of_the_longest_names_fits():
    _, store = board()
    for kind in calibration.KINDS:
        values = (-999_999_999,) * len(VALUES[kind]) if kind in ("PRESSURE", "DISTANCE") else VALUES[kind]
        if kind == "TC":
            values = (-999_999_999,) * 4 + (-2_000,)
        text, _ = calibration.encode(kind, values, DAY, DAY + 365, "x" * 24, "y" * 24)
        made, problem = calibration.put_in_force(store, text)
        assert problem is None, problem
    assert made.calibration_due_d == DAY + 365
