"""Calibration without a device: points from files, mistakes with the probe, a device's answers, certificates."""

import datetime
import math
import re
from html.parser import HTMLParser

import pytest
import thermocouple_its90

from cryo.core.reading import Reading
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import decode
from host_tools.cryoctl.calibration import certificate, mistakes, points, run, session, wizard
from host_tools.cryoctl.calibration.certificate import Certificate, made, targets
from host_tools.cryoctl.calibration.kinds import (
    CLOSING,
    DISTANCE,
    JET,
    KINDS,
    OPENING,
    PRESSURE,
    THERMOCOUPLE,
    measured,
)
from host_tools.cryoctl.calibration.points import Left, Point
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem
from host_tools.places import BOARDS
from host_tools.simulator.twin import cells
from host_tools.simulator.twin.physics import LINE_BAR
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.probe import Max31855Chip


# --- points -----------------------------------------------------------------------------------------------------------
def given_file(tmp_path, name, text, kind):
    path = tmp_path / name
    path.write_text(text)
    return points.read(path, kind)


def test_points_of_each_kind_become_what_the_device_takes(tmp_path):
    tc = given_file(tmp_path, "a.csv", "# ice\nreference_c,reading_c\n0,0.4\n\n-78.5,-78.1\n", THERMOCOUPLE)
    assert points.command(THERMOCOUPLE, points.numbers(THERMOCOUPLE, tc.points)) == "CAL:MEAS TC,0,400,-78500,-78100"
    delays = given_file(tmp_path, "b.csv", "delay_us\n18100\n18000\n", OPENING)
    assert points.command(OPENING, points.numbers(OPENING, delays.points)) == "CAL:MEAS OPEN,18100,18000"
    bursts = given_file(
        tmp_path, "c.toml", "nozzle = 2\ndistance_mm = 100\n[[points]]\nflow_us = 300000\nfall_c = 8.2\n", JET
    )
    found = points.numbers(JET, bursts.points, bursts.nozzle, bursts.distance_mm)
    assert points.command(JET, found) == "CAL:MEAS JET,2,100,300000,8200"
    bars = given_file(tmp_path, "d.toml", "[[points]]\nreference_mbar = 57000\nreading_mbar = 56500\n", PRESSURE)
    assert points.numbers(PRESSURE, bars.points) == [57000, 56500]


def test_a_point_without_its_reading_is_still_to_be_taken(tmp_path):
    found = given_file(tmp_path, "a.csv", "reference_mm,reading_mm\n90,\n190,191\n", DISTANCE)
    assert [point.reading for point in found.points] == [None, 191.0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "no points"),
        ("a.csv", "reference_c,reading_c\n", "no points"),
        ("a.csv", "reference,reading_c\n0,1\n", "a.csv:2: unknown column reference"),
        ("a.csv", "reading_c\n1\n", "reference_c is missing"),
        ("a.csv", "reference_c,reading_c\n0;1\n", "1 cells under 2 columns"),
        ("a.csv", "reference_c,reading_c\n# x\n0,warm\n", "a.csv:3: reading_c = 'warm' is not a number"),
        ("a.csv", "reference_c,reading_c\n0,nan\n", "is not a number"),
        ("a.csv", "reference_c,reading_c\n0,inf\n", "is not a number"),
        ("a.csv", 'reference_c,reading_c\n0,"1\n', "not CSV"),
        ("a.csv", "reference_c,reading_c,reading_c\n0,0.4,9\n", "a.csv:1: the column reading_c is there twice"),
        ("a.csv", "# x\nreference_c, reference_c ,reading_c\n0,1,2\n", "a.csv:2: the column reference_c is there"),
        ("a.csv", "reference_c,reading_c\n0,8_1\n", "reading_c = '8_1' is not a number"),
        ("a.csv", "reference_c,reading_c\n0,\u0661\u0662\n", "is not a number"),
        ("a.csv", "reference_c,reading_c\n0,\uff11\n", "is not a number"),
        ("a.csv", "reference_c,reading_c\n0,1e\n", "is not a number"),
        ("a.csv", "reference_c,reading_c\n0,infinity\n", "is not a number"),
        ("a.toml", '[[points]]\nreference_c = "8_1"', "is not a number"),
        ("a.toml", "points = 3", "no [[points]]"),
        ("a.toml", "[[points]]\nreference_c = true", "is not a number"),
        ("a.toml", "[[points]\n", "not TOML"),
        ("a.txt", "x", ".csv or .toml"),
    ],
)
def test_a_wrong_file_of_points_says_where(tmp_path, name, text, said):
    with pytest.raises(Problem, match=re.escape(said)):
        given_file(tmp_path, name, text, THERMOCOUPLE)


def test_rows_that_a_spreadsheet_leaves_empty_are_passed_over(tmp_path):
    text = "reference_c,reading_c\n,\n0,0.4\n , \n,,,\n-78.5,-7.81e1\n"
    found = given_file(tmp_path, "a.csv", text, THERMOCOUPLE)
    assert [(point.reference, point.reading) for point in found.points] == [(0.0, 0.4), (-78.5, -78.1)]


@pytest.mark.parametrize("text", ["8_1", "\u0661", "inf", "nan", "0x10", "1 2", "", "1,500"])
def test_a_typed_number_is_taken_as_strictly_as_a_files(text):
    with pytest.raises(Problem, match="not a number"):
        wizard.number(text)
    assert [wizard.number(said) for said in ("-78.5", " 37 ", "+.5", "1e3")] == [-78.5, 37.0, 0.5, 1000.0]


def test_numbers_that_the_device_has_no_room_for():
    with pytest.raises(Problem, match="check the units"):
        points.numbers(PRESSURE, [Point(57_000_000_00.0, 0.0)])
    with pytest.raises(Problem, match="more than a line"):
        points.numbers(OPENING, [Point(None, 18_000.0)] * 20)


def test_deviations_are_those_that_the_device_judges():
    tc = [Point(0.0, 0.4), Point(37.0, 37.2), Point(-78.5, -78.1)]
    (_, _, _, worst, _), refused = measured.thermocouple([(0, 400), (37_000, 37_200), (-78_500, -78_100)])
    left = points.left(THERMOCOUPLE, tc)
    assert refused is None and max(abs(one.fit) for one in left) == worst / 1000
    assert [round(one.deviation, 3) for one in left] == [0.4, 0.2, 0.4] and {one.most for one in left} == {2.0}
    delays = [Point(None, 18_100.0), Point(None, 18_000.0)]
    assert [one.deviation for one in points.left(OPENING, delays)] == [100, 0]
    assert [one.deviation for one in points.left(CLOSING, delays)] == [0, -100]
    bursts = [(300_000, 8_000), (300_000, 8_200), (200_000, 6_600)]
    (_, _, strongest, _), refused = measured.jet(1, 80, bursts)
    left = points.left(JET, [Point(flow, fall / 1000) for flow, fall in bursts])
    assert refused is None and max(one.deviation for one in left) == 0
    assert f"K {strongest} mdegC/rt s" in [one.label for one in left]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_limits_and_units_of_a_kind_are_told(kind):
    assert kind.acceptance and kind.intro
    if kind.criteria:
        assert kind.criteria.basis.startswith(("[E]", "[C]")) and kind.criteria.drift <= kind.error / 2
        assert kind.criteria.spread / math.sqrt(kind.criteria.least) <= kind.error  # largest error of the mean
        assert len(kind.references) >= 2 and kind.unit in str(kind.criteria)
    else:
        assert "other instruments" in kind.intro


# --- mistakes with the probe ------------------------------------------------------------------------------------------
BATHS = (0.0, 37.0, -78.5)


def read_with(kind, cause, baths=BATHS, cold_c=25.0, error_c=0.0):
    found = [mistakes.reading_c(kind, cause, bath, cold_c) + error_c for bath in baths]
    return [Point(bath, reading, cold_c) for bath, reading in zip(baths, found, strict=True)]


@pytest.mark.parametrize("kind", ["K", "T"])
def test_nothing_wrong_reads_the_reference(kind):
    right, *others = mistakes.causes(kind)
    assert right.said(kind) == "nothing" and len({cause.said(kind) for cause in others}) == 7
    for bath in BATHS:
        assert mistakes.reading_c(kind, right, bath) == pytest.approx(bath, abs=1e-4)


def test_a_wrong_type_reads_what_an_independent_library_makes_of_its_voltage():
    for kind, other in (("K", "T"), ("T", "K")):
        meant, fitted = thermocouple_its90.get(kind), thermocouple_its90.get(other)
        for bath in BATHS:
            reading = mistakes.reading_c(kind, mistakes.Cause(other, kind, False), bath)
            voltage = fitted.emf(bath) - fitted.emf(25.0) + meant.emf(25.0)
            assert meant.emf(reading) == pytest.approx(voltage, abs=2e-3)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("kind", "fitted"), [("K", "T"), ("T", "K"), ("K", "K"), ("T", "T")])
def test_a_mistake_reads_as_through_the_virtual_converter_and_the_firmware(kind, fitted, swapped):
    for bath in BATHS:
        chip = Max31855Chip(kind=fitted, noise_c=0.0, cj_noise_c=0.0)  # probe and converter of that type
        chip.reversed = swapped
        chip.advance(200_000, bath)
        reading = Reading()
        decode(chip.frame >> 16, chip.frame & 0xFFFF, reading, Linearise(kind))
        wanted = mistakes.reading_c(kind, mistakes.Cause(fitted, fitted, swapped), bath)
        assert reading.value_mdegc / 1000 == pytest.approx(wanted, abs=0.35)  # half a step of 0.25, by both slopes


@pytest.mark.parametrize("error_c", [0.0, -0.4, 0.4])
@pytest.mark.parametrize("kind", ["K", "T"])
@pytest.mark.parametrize("which", range(1, 8))
def test_each_mistake_is_named_with_a_dry_ice_point(kind, which, error_c):
    cause = mistakes.causes(kind)[which]
    found = mistakes.verdict(kind, read_with(kind, cause, error_c=error_c))
    assert found.suspicious and found.cause.reversed == cause.reversed
    assert found.fit_c < 0.5 or found.cause == cause
    if not error_c:
        assert found.cause == cause


@pytest.mark.parametrize("kind", ["K", "T"])
@pytest.mark.parametrize("error_c", [-1.9, -1.0, 0.0, 1.0, 1.9])
def test_a_probe_that_is_right_and_off_within_its_limit_is_not_suspected(kind, error_c):
    right = mistakes.causes(kind)[0]
    found = mistakes.verdict(kind, read_with(kind, right, error_c=error_c))
    assert not found.suspicious and found.cause == right


@pytest.mark.parametrize("kind", ["K", "T"])
def test_without_dry_ice_the_other_probe_cannot_be_told_and_that_is_said(kind):
    right, other = mistakes.causes(kind)[:2]
    baths = (0.0, 37.0)
    assert not mistakes.verdict(kind, read_with(kind, other, baths)).suspicious
    assert mistakes.verdict(kind, read_with(kind, right, baths)).told_apart_c < mistakes.APART_C
    assert mistakes.verdict(kind, read_with(kind, right)).told_apart_c > 4
    assert mistakes.verdict(kind, read_with(kind, mistakes.causes(kind)[2], baths)).suspicious  # the setting
    assert mistakes.verdict(kind, read_with(kind, mistakes.causes(kind)[4], baths)).cause.reversed


def test_a_reading_that_no_table_holds_is_no_cause():
    found = mistakes.verdict("K", [Point(-190.0, 300.0), Point(-150.0, 300.0)])
    assert math.isfinite(found.fit_c) or not found.suspicious


# --- the device's answers ---------------------------------------------------------------------------------------------
LIST = (
    "CLOSE=NONE;DISTANCE=2026-11-22,2027-11-22,A. FITTER,RULER,2;JET=2026-11-22,2027-11-22,A,B,1,80,16000,16000;"
    "OPEN=NONE;PRESSURE=NONE;TC=2026-11-22,2027-11-22,A. FITTER,PT100,-13500,-334,1461,86,-400"
)
RULER = {"error_mm": 2}
DUE = datetime.date(2027, 11, 22)


class Keeper:
    """Answers CAL:STOR and CAL:LIST?."""

    def __init__(self, listed=LIST, gone=None):
        self.listed, self.gone, self.told = listed, gone, []

    def tell(self, command, patience_s=3.0):
        self.told.append(command)
        if command.startswith(self.gone or "never"):
            raise NoDevice("it is gone")
        return self.listed if command == "CAL:LIST?" else "OK"


def test_what_was_stored_is_read_back():
    device = Keeper()
    found = session.keep(device, DISTANCE, RULER, DUE, ("A. FITTER", "RULER"))
    assert device.told == ["CAL:STOR 2027-11-22,A. FITTER,RULER", "CAL:LIST?"]
    assert (found.kind, found.due, found.values) == (DISTANCE, DUE, RULER)


@pytest.mark.parametrize(
    ("values", "who"), [({"error_mm": 3}, ("A. FITTER", "RULER")), (RULER, ("A. FITTER", "OTHER"))]
)
def test_what_reads_back_otherwise_is_not_verified(values, who):
    with pytest.raises(NotVerified):
        session.keep(Keeper(), DISTANCE, values, DUE, who)


@pytest.mark.parametrize("when", ["CAL:STOR", "CAL:LIST?"])
def test_unplugged_while_it_is_stored_says_that_it_is_not_known(when):
    with pytest.raises(NoDevice, match="not known: look with `cryoctl calibrate status`"):
        session.keep(Keeper(gone=when), DISTANCE, RULER, DUE, ("A. FITTER", "RULER"))


@pytest.mark.parametrize(
    "answer", ["", "OK", "TC=NONE", LIST.replace("TC=", "TX="), LIST.replace("2027", "20x7"), LIST[:90]]
)
def test_a_damaged_list_is_not_understood(answer):
    with pytest.raises(NotVerified):
        session.listed(answer)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 characters; the device stores 1 to 24"),
        ("x" * 25, "25 characters; the device stores 1 to 24"),
        ('a"b', "cannot store '\"'"),
        ("a\\b", "cannot store '\\\\'"),
        ("J\N{LATIN SMALL LETTER U WITH DIAERESIS}rgen \N{LATIN SMALL LETTER E WITH ACUTE}",
         "cannot store '\N{LATIN CAPITAL LETTER U WITH DIAERESIS}' '\N{LATIN CAPITAL LETTER E WITH ACUTE}'; "
         "it stores A to Z without accents"),
        ("a,b;", "cannot store ',' ';'"),
        ("a\x07b", "cannot store '\\x07'"),
    ],
)  # fmt: skip
def test_a_name_that_the_device_does_not_keep_is_refused_with_the_reason(text, why):
    with pytest.raises(Problem, match=re.escape(why)):
        session.words("technician", text)


def test_names_are_kept_as_the_device_does():
    assert session.words("technician", " A. Fitter ") == "A. FITTER"
    everything = "".join(map(chr, range(0x20, 0x7F)))
    for ch in everything:
        if ch not in ',;"\\ ':
            assert session.words("instrument", ch) == ch.upper()


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-22", "2026-11-21", "2100-01-01", "2027-13-01"])
def test_a_due_date_lies_behind_today(text):
    with pytest.raises(Problem):
        session.due_date(text, datetime.date(2026, 11, 22))


NOW = datetime.datetime(2026, 11, 22, 23, 59, 58)


def clocked(*answers):
    found = iter(answers)

    class Device:
        def tell(self, command):
            self.told.append(command)
            return next(found)

    device = Device()
    device.told = []
    return device


def test_a_device_without_a_date_is_given_it_as_it_is_when_it_is_sent():
    device = clocked("UNKNOWN", "OK", "OK", "2026,11,23")  # midnight went by
    asked_after = []

    def now():
        asked_after.append(list(device.told))
        return NOW

    told = session.clock(device, now)
    assert device.told[1:3] == ["SYST:DATE 2026,11,22", "SYST:TIME 23,59,58"]
    assert asked_after == [["SYST:DATE?"]] and "it got this computer's date, 2026-11-22 23:59" in told


def test_a_device_with_a_date_keeps_it_and_a_difference_is_told():
    assert session.clock(clocked("2026,11,22"), lambda: NOW) == ""
    assert "correct the wrong one" in session.clock(clocked("2027,01,01"), lambda: NOW)
    with pytest.raises(NotVerified):
        session.clock(clocked("UNKNOWN", "OK", "OK", "2000,01,01"), lambda: NOW)
    with pytest.raises(NotVerified):
        session.clock(clocked("soon"), lambda: NOW)


def test_the_offset_in_force_is_taken_out_of_a_thermocouples_readings_alone():
    assert session.skin_offset_c(clocked("JET_K=1;SKIN_OFFSET=-1500;DUE=NONE")) == -1.5
    with pytest.raises(NotVerified):
        session.skin_offset_c(clocked("JET_K=1;DUE=NONE"))
    shown = [Point(0.0, -3.4), Point(37.0, 34.2), Point(-78.5, None)]
    read = points.uncorrected(THERMOCOUPLE, shown, -1.5)
    assert [point.reading for point in read] == [-1.9, 35.7, None]
    assert [one.deviation for one in points.left(THERMOCOUPLE, read[:2])] == [-1.9, -1.3]
    assert points.uncorrected(DISTANCE, shown, -1.5) == shown
    assert [point.reading for point in points.shown(THERMOCOUPLE, read, -1.5)] == [-3.4, 34.2, None]


def test_a_point_file_taken_a_second_time_does_not_add_its_offset_twice(tmp_path):
    plain = given_file(tmp_path, "a.csv", "reference_c,reading_c\n0,0.4\n37,37.2\n", THERMOCOUPLE).points
    assert [p.reading for p in points.uncorrected(THERMOCOUPLE, plain, 0.0)] == [0.4, 37.2]
    with pytest.raises(Problem, match=re.escape("adds -0.4 degC to each reading now") + ".*column offset_c"):
        points.uncorrected(THERMOCOUPLE, plain, -0.4)
    said = given_file(tmp_path, "b.csv", "reference_c,reading_c,offset_c\n0,0.4,0\n37,36.8,-0.4\n", THERMOCOUPLE).points
    read = points.uncorrected(THERMOCOUPLE, said, -0.4)
    assert [p.reading for p in read] == [0.4, 37.2]
    line = points.numbers(THERMOCOUPLE, points.shown(THERMOCOUPLE, read, -0.4))
    assert line == [0, 0, 37_000, 36_800]  # the device subtracts -400 from each again
    for wrong in ("-2.1", "0.1"):
        with pytest.raises(Problem, match=r"outside -2 \.\. 0"):
            given_file(tmp_path, "c.csv", f"reference_c,reading_c,offset_c\n0,0,{wrong}\n", THERMOCOUPLE)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (DISTANCE, [(79.5, 85.49), (190, 190)], "79.5 mm: +5.99 mm off, at most 5"),
        (DISTANCE, [(80, 85), (190, 185)], ""),
        (DISTANCE, [(90.4, 90.4), (149.6, 149.6)], "59.2 mm apart, at least 60"),
        (PRESSURE, [(0, 2_000.4), (57_000, 57_000)], "+2000.4 mbar off, at most 2000"),
        (PRESSURE, [(0, 1_765), (57_000, 57_000)], ""),
        (PRESSURE, [(0.4, 0), (19_999.6, 20_000)], "19999.2 mbar apart"),
        (THERMOCOUPLE, [(0, 2.0004), (37, 37)], "+2.0004 degC off, at most 2"),
        (THERMOCOUPLE, [(0, 2.0), (37, 37)], ""),
        (OPENING, [(None, 18_000.4), (None, 18_001), (None, 23_000.6)], "+5000.2 us off, at most 5000"),
    ],
)
def test_what_rounding_would_bring_within_a_limit_is_refused(kind, given, said):
    found = points.refused(kind, [Point(*pair) for pair in given])
    assert said in found and bool(said) == bool(found)


def test_a_deviation_is_never_a_power_of_ten():
    assert [points.signed(value) for value in (1_765, 0.4, -5.99, 0, 1e6, -0.0004)] == [
        "+1765", "+0.4", "-5.99", "+0", "+1000000", "-0",
    ]  # fmt: skip
    assert "+1765 mbar" in certificate.svg((Left("0 mbar", 1_765, 2_000.0, "mbar"),))


def test_nozzle_and_distance_have_one_range_for_file_option_and_answer(tmp_path, monkeypatch):
    usual = "[[points]]\nflow_us = 300000\nfall_c = 8\n" * 3
    for head, said in (
        ("nozzle = -3\ndistance_mm = 100", "nozzle = -3 is outside 0 .. 9999"),
        ("nozzle = 1\ndistance_mm = -50", "distance_mm = -50 is outside 80 .. "),
        ("nozzle = 1\ndistance_mm = 79", "distance_mm = 79 is outside 80 .. "),
    ):
        with pytest.raises(Problem, match=re.escape(said)):
            given_file(tmp_path, "a.toml", f"{head}\n{usual}", JET)
    path = tmp_path / "b.toml"
    path.write_text(usual)
    asked = {"points": path, "technician": "A", "instrument": "B", "yes": True}
    day = datetime.date(2026, 11, 22)
    for name, value in (("nozzle", -3), ("distance_mm", -50)):
        options = {"nozzle": 1, "distance_mm": 100, name: value}
        with pytest.raises(Problem, match=f"{name} = {value} is outside"):
            run.ready(JET, run.Asked(**asked, **options), day)
    questions = run._questions(JET, str(day), day)
    for name, said in (("nozzle", "10000"), ("distance-mm", "79")):
        with pytest.raises(Problem, match=f"= {said} is outside"):
            questions[name].take(said)


# --- certificate ------------------------------------------------------------------------------------------------------
def paper(**more):
    left = (Left("0 degC", 0.4, 2.0, "degC", 0.1), Left("37 degC", -2.5, 2.0, "degC", 0.1))
    rows = (("0", "0.4", "+0.4"), ("37", "34.5", "-2.5"))
    known = {
        "title": "skin thermocouple",
        "identity": Identity("rp2040_pico", "7", "0.1.0"),
        "columns": ("reference", "reading", "error"),
        "rows": rows,
        "left": left,
        "results": {"pivot_mdegc": -13_500},
        "acceptance": ("each reading within 2 degC of its reference",),
        "date": datetime.date(2026, 11, 22),
        "due": DUE,
        "technician": "A. <FITTER> & CO",
        "instrument": "PT100",
        "notes": ("The device is set to type K.",),
    }
    return Certificate(**{**known, **more})


class Page(HTMLParser):
    """Finds what a page loads and runs, and whether its elements are closed."""

    VOID = ("meta", "line", "circle", "rect")

    def __init__(self, text):
        super().__init__()
        self.open, self.loads, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        if tag in ("script", "link", "iframe", "img"):
            self.loads.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_a_page_holds_everything_and_loads_nothing():
    text = certificate.html(paper())
    page = Page(text)
    said = " ".join(page.words)
    assert not page.open and not page.loads and "url(" not in text and "@import" not in text
    for words in ("rp2040_pico", "0.1.0", "2026-11-22", "2027-11-22", "A. <FITTER> & CO", "PT100",
                  "pivot -13.5 °C", "37", "-2.5", "within 2 °C", "set to type K",
                  "not certified", "cryoctl"):  # fmt: skip
        assert words in said, words
    assert "@media print" in text


def test_the_plot_shows_what_is_within_and_what_is_not():
    text = certificate.svg(paper().left)
    dots = re.findall(r'<circle class="(\w+)" cx="([\d.]+)%"', text)
    (kind, within), (other, beyond) = dots
    assert (kind, other) == ("within", "beyond")
    band = re.search(r'<rect class="band" x="([\d.]+)%".*?width="([\d.]+)%"', text)
    low, high = float(band[1]), float(band[1]) + float(band[2])
    assert float(beyond) < low < (low + high) / 2 < float(within) < high  # a reading that is too cold is on the left


def test_a_pdf_is_one_page_and_says_the_same():
    data = certificate.pdf(paper(technician="A. FITTÉR \u2603"))
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF") and b"/Count 1" in data
    assert made(paper(), targets_of("x.pdf")[0]).startswith(b"%PDF-")
    assert made(paper(), targets_of("x.html")[0]).startswith(b"<!doctype html>")


def targets_of(name):
    from pathlib import Path

    return targets(Path(name))


def test_a_name_without_an_ending_stands_for_both():
    assert [path.name for path in targets_of("cal.7")] == ["cal.7.html", "cal.7.pdf"]
    assert [path.name for path in targets_of("cal.PDF")] == ["cal.PDF"]


def test_pressures_are_absolute_in_the_wizard_the_twin_the_parts_and_the_limits(tmp_path):
    """Absolute pressure everywhere: with a gauge's reference, a vented line used up half of the allowed error."""
    vented, open_ = PRESSURE.references
    plant = Plant()
    plant.figures[LINE_BAR] = cells.leaked_bar(plant.bar, plant.bar, 0.001, 0.0, 1_000_000, 10)  # vented to the room
    said_mbar = round(plant._line_bar_now() * 1000)
    assert abs(said_mbar - vented.value) < 50  # 2000 are allowed
    assert abs(plant.bar * 1000 - open_.value) < 1_000  # CO2 at 20 degC: absolute vapour pressure
    assert "absolute" in PRESSURE.intro and all("above the room" not in one.how for one in PRESSURE.references)
    parts = (BOARDS / "applicator_bom.toml").read_text(encoding="utf-8")
    assert "0-100 bar absolute" in parts
    for path in BOARDS.glob("*/bring_up.md"):
        text = path.read_text(encoding="utf-8")
        assert "open to air" not in text or ", 1 bar" in text.partition("open to air")[2][:40]
