"""cryoctl report: the page from a device and from files, in a real browser; bad input."""

import dataclasses
import datetime
import os
import shutil

import pytest
from typer.testing import CliRunner

from host_tools.cryoctl import log, log_file, recording_file
from host_tools.cryoctl.main import app
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.report import gather, picture, plots
from host_tools.cryoctl.report.page import NOTICE, _calibrations, page
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from tests.cryoctl import logged
from tests.cryoctl.conftest import PATIENCE_S, Sim, until
from tests.support.chromium import browsing

RECORDING = lanes.ROOT / "docs/cryoctl/treatment.jsonl"


def report(*words):
    return CliRunner().invoke(app, ["report", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def board(packed, folder):
    """A virtual board with a log."""
    shutil.copy(packed, folder / "board.img")
    image.write(folder / "board.img", logged.files())
    sim = Sim(folder, "--speed", "0").wait_ready()
    yield sim
    sim.cut()


@pytest.fixture(scope="module")
def made(board, folder):
    """The page of that board and of the example recording."""
    words = ("--port", board.link, "--recording", RECORDING, "-o", folder / "r.html")
    until(lambda: report(*words), lambda done: done.exit_code == 0)
    return folder / "r.html"


@pytest.fixture(scope="module")
def lines(folder):
    """A log file."""
    path = folder / "log.jsonl"
    records = [
        log.Record(
            serial="1", number=n, kind="POINT", uptime_s=n, preset="CIPN", level=1, site="LLEG", point=n,
            ended_by="TIME", reached=0, passes=1, bursts=5, valve_on_ms=900, duration_ms=9_000,
            coldest_skin_mdegc=15_000 - n, target_mdegc=20_000, floor_mdegc=14_000,
        )
        for n in range(1, 9)
    ]  # fmt: skip
    path.write_text("".join(log_file.line(record, "jsonl") for record in records))
    return path


# --- the content of the page ------------------------------------------------------------------------------------------
def test_the_page_holds_all_of_the_device_and_says_what_it_is_not(made):
    text = made.read_text()
    body = text.partition("</head>")[2]
    for words in (
        "Applicator, serial 1", "version 0.1.0", "not certified", "Release the emergency stop", "LFOOT-SOLE 2",
        "7.90 below the floor", "CRASHED in DELIVERING", "SETTINGS: ROOM_M3 = 25", "trip_mdegc", "4 °C (4000 mdegC)",
        "never", "3 records are lost", "CHRONIC level 3, LFOOT-SOLE point 1; treatment.jsonl", "uptime_s",
    ):  # fmt: skip
        assert words in body, words
    assert NOTICE in body.replace("&#x27;", "'")
    assert "default-src &#x27;none&#x27;" in text or "default-src 'none'" in text


MONTHS = [
    log.Record(serial="1", number=1, kind="POINT", reached=1, when="2026-11-30T10:00:00"),
    log.Record(serial="1", number=2, kind="POINT", reached=0, when="2026-11-30T10:05:00"),
    log.Record(serial="1", number=3, kind="POINT", reached=1),
    log.Record(serial="1", number=4, kind="START", last_run_ended="CRASHED", when="2027-02-01T08:00:00"),
    log.Record(serial="1", number=5, kind="FAULT", fault="ESTOP", when="2027-02-03T08:00:00"),
    log.Record(serial="1", number=6, kind="FAULT", fault="ESTOP", when="2027-02-28T08:00:00"),
    log.Record(serial="1", number=7, kind="START", last_run_ended="POWER", when="2027-02-28T09:00:00"),
]


def test_a_log_over_months_shows_each_of_them():
    assert [(month, [r.number for r in rows]) for month, rows in plots.by_month(MONTHS).items()] == [
        ("2026-11", [1, 2]), ("2026-12", []), ("2027-01", []), ("2027-02", [4, 5, 6, 7]),
    ]  # fmt: skip
    drawn = {bar.name: list(bar.y) for bar in plots.months(MONTHS).data}
    assert drawn == {
        "points, target reached": [1, 0, 0, 0], "points, target missed": [1, 0, 0, 0], "faults": [0, 0, 0, 2],
        "restarts unasked for": [0, 0, 0, 1],
    }  # fmt: skip
    text = page(gather.Found(made="now", records=MONTHS, logged=True))
    assert "Month by month" in text and "Records without a date are not included: 1." in text
    for records in (MONTHS[:3], MONTHS[2:3], []):
        assert "Month by month" not in page(gather.Found(made="now", records=records, logged=True))


def test_a_log_alone_needs_no_device(lines, tmp_path):
    done = report("--log", lines, "-o", tmp_path / "r.html")
    assert done.exit_code == 0 and "8 records" in done.output
    body = (tmp_path / "r.html").read_text().partition("</head>")[2]
    assert body.count("LLEG") > 8 and "Calibrations" not in body and "Settings in force" not in body


def test_a_recording_alone_too(tmp_path):
    assert report("--recording", RECORDING, "-o", tmp_path / "r.html").exit_code == 0
    body = (tmp_path / "r.html").read_text().partition("</head>")[2]
    assert "Recorded points" in body and "the log has no treated point" not in body


def test_the_example_of_the_documentation_is_read_today():
    body = picture.example().partition("</head>")[2]
    assert body.count(">CHRONIC 3, LFOOT-SOLE ") == 3 and "CHRONIC level 3, LFOOT-SOLE point 1; treatment.jsonl" in body
    assert picture.PICTURE.read_bytes()[:4] == b"\x89PNG"
    words = (lanes.ROOT / "docs/cryoctl/log.md").read_text()
    for record in log_file.read(picture.LOG)[0]:
        assert record.sentence() in words


def test_what_a_person_typed_is_no_html(tmp_path):
    found = gather.Found("2026", serial="<script>alert(1)</script>", settings={"<b>": "<i>"})
    found.calibrations = [gather.Calibration("TC", "2026-01-01", "2027-01-01", "<img src=x>", "</td>", "1", 5)]
    body = page(found).partition("</head>")[2]
    assert "<img" not in body and "<script>alert" not in body and "&lt;img src=x&gt;" in body


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("NONE", ""),
        ("1 ESTOP;ALSO=NONE;REMEDY=Release it; look.", "ESTOP: Release it; look."),
        ("7 SKIN_TRIP;ALSO=ESTOP,LINE_LOST;REMEDY=Look.", "SKIN_TRIP, also ESTOP, LINE_LOST: Look."),
    ],
)
def test_what_is_latched_is_a_sentence_for_people(answer, said):
    found = gather.Found("2026", latched=gather.latched(answer))
    assert found.latched == said
    assert (f"<b>latched now</b> {said}</p>" in page(found)) == bool(said)


def test_calibrations_are_judged_by_the_date():
    told = {
        "TC": "2026-11-22,2027-11-22,A. Fitter,bath, no. 7,1,2,3,4", "OPEN": "2025-01-01,2026-01-01,N. N.,t,9000",
        "JET": "NONE"
    }  # fmt: skip
    found = gather.calibrations(told, datetime.date(2026, 11, 23))
    assert [c.left_d for c in found] == [364, -326, None]
    text = page(gather.Found("x", calibrations=found))
    assert "in 364 days" in text and "2026-01-01, overdue" in text and "never" in text


# --- recordings -------------------------------------------------------------------------------------------------------
def sample(t_ms, state="STANDBY", on_us=0, **more):
    values = dict.fromkeys(recording_file.Sample.model_fields)
    values |= {
        "kind": "sample",
        "t_ms": t_ms,
        "mode": 2,
        "state": state,
        "fault": 0,
        "fault_name": "NONE",
        "blockers": (),
    }
    return recording_file.Sample(**(values | {"bursts": 0, "on_us": on_us, "skin_mdegc": 30_000} | more))


def test_each_treated_point_is_a_course_of_its_own_with_its_choice():
    header, _ = recording_file.read(RECORDING)
    rows = [sample(n * 1000) for n in range(30)]
    one, two = (recording_file.Choice(t_ms=0, preset="CIPN", level=n, site="LLEG", point=n) for n in (1, 2))
    rows += [
        one,
        sample(30_000, "ARMED"),
        sample(31_000, "DELIVERING"),
        sample(32_000, "REST"),
        sample(33_000, "COMPLETE"),
    ]
    rows += [recording_file.Gap(t_ms=33_500, text="gone"), *(sample(n * 1000) for n in range(34, 60))]
    rows += [two, sample(60_000, "ARMED"), sample(61_000, "STANDBY"), sample(62_000, "DELIVERING")]
    found = gather.courses("x", header, rows)
    assert [c.choice.point for c in found] == [1, 2]
    assert next(s.t_ms for s in found[0].samples if s) == 20_000 and found[0].samples[-1].t_ms == 33_000
    assert found[1].samples[-1].state == "DELIVERING"


def test_without_a_treated_point_the_whole_recording_is_shown_and_gaps_break_the_line():
    header, _ = recording_file.read(RECORDING)
    rows = [sample(0), recording_file.Gap(t_ms=1, text="gone"), sample(2), recording_file.Back(t_ms=2)]
    (course,) = gather.courses("x", header, rows)
    assert [s and s.t_ms for s in course.samples] == [0, None, 2]
    figure = plots.course(course)
    assert figure.data[0].y[1] is None and figure.data[0].connectgaps is False
    assert gather.courses("x", header, []) == []


def test_valve_on_time_is_counted_anew_with_each_point():
    samples = [sample(n, on_us=us) for n, us in enumerate((5_000, 5_000, 90_000, 60_000))]
    assert plots.opened_ms(samples) == [None, 0, 85, 60]
    known = [sample(0, on_us=0), sample(1, on_us=4_000), None, sample(2, on_us=2_800_000), sample(3, on_us=2_801_000)]
    assert plots.opened_ms(known) == [0, 4, None, None, 1]  # the time in the gap is not known; it is not 0 ms
    assert plots.opened_ms([sample(0, on_us=2_800_000), sample(1, on_us=2_800_000)]) == [None, 0]


def treatment(begin, choice, *on_us, gap=True):
    """Return a treatment's rows, with the choice in the middle."""
    rows = [sample(begin + n * 500, "DELIVERING", us, bursts=us) for n, us in enumerate(on_us)]
    lost = [recording_file.Gap(t_ms=begin, text="gone"), recording_file.Back(t_ms=begin), recording_file.Choice()]
    return [*(lost if gap else []), rows[0], choice, *rows[1:]]


def test_two_treatments_over_a_gap_are_two_courses_and_one_that_goes_on_is_one():
    header, _ = recording_file.read(RECORDING)
    first = recording_file.Choice(t_ms=0, preset="CIPN", level=1, site="LLEG", point=1)
    begun = treatment(0, first, 10, 20, gap=False)

    def found(*rows):
        return [(c.choice.point, [s and s.on_us for s in c.samples]) for c in gather.courses("x", header, rows)]

    assert found(*begun, *treatment(5_000, first, 30, 40)) == [(1, [10, 20, None, 30, 40])]
    fell = [(1, [10, 20]), (1, [5, 6])]
    assert found(*begun, *treatment(5_000, first, 5, 6)) == fell
    assert found(*begun, *treatment(5_000, first, 5, 6, gap=False)) == fell  # the stand-by in between was not recorded
    for key, value in (("preset", "CHRONIC"), ("level", 2), ("site", "RLEG"), ("point", 2)):
        other = first.model_copy(update={key: value})
        split = found(*begun, *treatment(5_000, other, 30, 40))
        assert split == [(1, [10, 20]), (other.point, [30, 40])], key
    unknown = recording_file.Choice(t_ms=0)
    assert len(found(*begun, *treatment(5_000, unknown, 30, 40))) == 2


def test_a_recording_begun_while_armed_has_its_choice_and_says_why_the_valves_panel_is_empty():
    header, _ = recording_file.read(RECORDING)
    header = header.model_copy(update={"choice": recording_file.Choice()})
    chosen = recording_file.Choice(t_ms=2, preset="CHRONIC", level=3, site="LLEG", point=1, target_mdegc=13_600)
    rows = [sample(0, "ARMED", None), sample(1, "DELIVERING", None), chosen, sample(3, "DELIVERING", None)]
    (course,) = gather.courses("x", header, rows)
    assert course.choice == chosen
    made = gather.Found("now", courses=[course])
    text = page(made)
    assert "CHRONIC level 3, LLEG point 1" in text and "nothing chosen" not in text
    assert [note.text for note in plots.course(course).layout.annotations] == [
        "not known: telemetry was off, because the recording began while armed"
    ]
    assert not plots.course(gather.Course("x", "", chosen, [sample(0)])).layout.annotations


def test_without_a_log_no_count_of_nothing_is_given(tmp_path):
    done = report("--recording", RECORDING, "-o", tmp_path / "r.html")
    assert done.exit_code == 0 and "0 records" not in done.stderr and "no log (add one: --log FILE" in done.stderr
    body = (tmp_path / "r.html").read_text().partition("</head>")[2]
    assert "not given" in body and "points treated" not in body and "no treated point" not in body


def test_missing_numbers_of_a_log_file_are_told_before_what_is_there(lines, tmp_path):
    kept = lines.read_text().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(kept[:2] + kept[4:]))
    done = report("--log", cut, "-o", tmp_path / "r.html")
    assert done.exit_code == 1 and "numbers 3 to 4 are not in the log" in done.stderr
    body = (tmp_path / "r.html").read_text().partition("</head>")[2]
    assert body.index("numbers 3 to 4 are not in the log") < body.index("Treatments") and "6, 2 missing" in body


def test_numbers_out_of_order_are_no_missing_ones_and_are_told(lines, tmp_path):
    kept = lines.read_text().splitlines(keepends=True)
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text("".join([kept[0], kept[2], kept[1], *kept[3:]]))
    done = report("--log", mixed, "-o", tmp_path / "r.html")
    assert done.exit_code == 1 and "are not in the log" not in done.stderr
    body = (tmp_path / "r.html").read_text().partition("</head>")[2]
    for text in (done.stderr, body):
        assert "number 2 comes after 3: it was renumbered" in text


@pytest.mark.parametrize(
    ("due", "second", "said"),
    [
        ("2028-01-01", {}, "All of them are valid until 2028-01-01."),
        ("2028-01-01", {"day": "", "due": ""}, "Never calibrated: OPEN. The due date in force, 2028-01-01, is"),
        ("NONE", {"day": "", "due": ""}, "Never calibrated: OPEN."),
        ("2028-01-01", {"due": "2026-01-01", "left_d": -3}, "Overdue: OPEN."),
        ("2028-01-01", {"due": "2027-01-02"}, "due on 2027-01-02, but"),
    ],
)
def test_calibrations_are_said_to_hold_only_where_each_of_them_does(due, second, said):
    whole = [gather.Calibration(kind, "2027-01-01", "2028-01-01", left_d=300) for kind in ("TC", "OPEN", "CLOSE")]
    whole[1] = dataclasses.replace(whole[1], **second)
    text = _calibrations(whole, due)
    assert said in text and ("All of them" in text) == said.startswith("All of them")


# --- bad input --------------------------------------------------------------------------------------------------------
def test_files_that_are_none_are_named(tmp_path, lines):
    for name, data in (("a.jsonl", b"no"), ("b.jsonl", b"\xff\xfe\n"), ("c.csv", b"x\n"), ("d.jsonl", b"")):
        path = tmp_path / name
        path.write_bytes(data)
        for option in ("--log", "--recording"):
            done = report(option, path, "-o", tmp_path / "r.html")
            assert done.exit_code == 2 and name in done.output, (name, option, done.output)
    assert report("--log", tmp_path / "none.csv").exit_code == 2
    done = report("--log", lines, "-o", tmp_path / "no" / "r.html")
    assert done.exit_code == 2 and "No such file" in done.output
    assert not (tmp_path / "r.html").exists()


def test_files_of_two_devices_are_not_mixed(tmp_path, lines):
    path = tmp_path / "other.jsonl"
    path.write_text(log_file.line(log.Record(serial="2", number=1, kind="LOST"), "jsonl"))
    found = gather.Found("x")
    gather.from_log(path, found)
    with pytest.raises(Problem, match="serial 1, but the report is about serial 2"):
        gather.from_recording(RECORDING, found)
    path.write_text(path.read_text() + lines.read_text())
    with pytest.raises(Problem, match="several devices"):
        gather.from_log(path, gather.Found("x"))


def test_a_full_disk_is_said(lines, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = report("--log", lines, "-o", tmp_path / "r.html")
    assert done.exit_code == 2 and "No space left" in done.output


def test_an_armed_device_and_one_that_goes_are_said(monkeypatch):
    class Device:
        port = type("Port", (), {"name": "p"})
        identity = type("Identity", (), {"board": "b", "serial": "1", "version": "0.1.0"})
        armed = True

        def state(self):
            return {"STATE": "ARMED" if self.armed else "STANDBY"}

        def tell(self, command):
            raise NoDevice("p is gone")

    with pytest.raises(Refused, match="wait"):
        gather.from_device(Device(), gather.Found("x"))
    Device.armed = False
    with pytest.raises(NoDevice):
        gather.from_device(Device(), gather.Found("x"))


def test_no_device_there(tmp_path):
    assert report("--port", "/dev/none", "-o", tmp_path / "r.html").exit_code == 3


# --- in a real browser ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser():
    with browsing("the report in a browser") as found:
        yield found


def page_of(browser, **named):
    """Return a page that waits as long as these tests do, because Chromium is slow on a busy machine."""
    page = browser.new_page(**named)
    page.set_default_timeout(PATIENCE_S * 1000)
    return page


@pytest.fixture(scope="module")
def opened(browser, made):
    """Yield the page in Chromium, what it tried to load, and what its console said."""
    page = page_of(browser, viewport={"width": 1280, "height": 900})
    page.tried, page.said = [], []
    own = made.as_uri()

    def let(route):
        if route.request.url == own:
            route.continue_()
        else:
            page.tried.append(route.request.url)
            route.abort()

    page.route("**/*", let)
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(own)
    page.wait_for_selector("#course0 .main-svg")
    return page


def test_the_plots_are_there_without_a_request_or_an_error(opened):
    assert opened.locator(".js-plotly-plot").count() == 2
    assert opened.locator("#points .scatterlayer .point").count() == 8  # two points, four marks each
    assert opened.locator("#course0 .scatterlayer .trace").count() >= 4
    assert opened.locator("#course0 .barlayer .point").count() > 10
    assert opened.tried == [] and opened.said == []


@pytest.mark.parametrize(("plot", "words"), [("#points", ("record", "°C")), ("#course0", ("°C",))])
def test_they_answer_to_the_pointer(opened, plot, words):
    assert opened.locator(f"{plot} .hoverlayer .hovertext").count() == 0
    mark = opened.locator(f"{plot} .scatterlayer .point").nth(1)
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    label = opened.locator(f"{plot} .hoverlayer .hovertext").first
    label.wait_for()
    text = label.text_content()
    assert all(word in text for word in words), text
    opened.mouse.move(1, 1)
    opened.wait_for_function(f"!document.querySelector('{plot} .hoverlayer .hovertext')")


def test_it_prints_as_a_pdf_with_plots_no_wider_than_the_sheet(opened, tmp_path):
    widths = "[...document.querySelectorAll('.js-plotly-plot .main-svg')].map(s => s.getBoundingClientRect().width)"
    wide = opened.evaluate(widths)
    opened.evaluate(f"window.seen = []; window.addEventListener('beforeprint', () => window.seen.push(...{widths}))")
    data = opened.pdf(prefer_css_page_size=True)
    assert data.startswith(b"%PDF") and len(data) > 20_000 and data.count(b"/Type /Page\n") >= 2
    opened.wait_for_function("window.seen.length > 0")
    assert max(opened.evaluate("window.seen")) <= 680 < max(wide)
    opened.wait_for_function(f"Math.max(...{widths}) > 900")
    assert opened.tried == [] and opened.said == []


def test_a_page_that_asks_for_something_is_noticed(browser, made, tmp_path):
    path = tmp_path / "asks.html"
    path.write_text("<!doctype html><img src='http://203.0.113.1/x.png'>")
    page = page_of(browser)
    tried = []
    page.route("**/*", lambda r: r.continue_() if r.request.url == path.as_uri() else (tried.append(1), r.abort()))
    page.goto(path.as_uri())
    assert tried
