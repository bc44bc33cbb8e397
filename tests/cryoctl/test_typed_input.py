"""Input as people write it: files of editors and spreadsheets, numbers of word processors, names with blanks."""

import re

import pytest

from host_tools.cryoctl import config, config_edit, config_file, files, found, log_file, recording_file, service, typed
from host_tools.cryoctl.calibration import points, wizard
from host_tools.cryoctl.calibration.kinds import OPENING, PRESSURE, THERMOCOUPLE
from host_tools.cryoctl.flash import boards
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.sim import script
from host_tools.places import DOCS
from tests.cryoctl.commanded import cryoctl

FORMS = {
    "plain": lambda text: text.encode(),
    "mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "mark and crlf": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "utf-16-le": lambda text: b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le without mark": lambda text: text.encode("utf-16-le"),
}
LOGGED = Record(serial="7", number=1, kind="START", uptime_s=3)
HEADER = recording_file.Header(
    tool="cryoctl", started="2026-10-25T02:30:00+02:00", port="p", board="virtual", serial="7", version="0.1.0",
    period_ms=100, choice=recording_file.Choice(),
)  # fmt: skip


class Agenda:
    """A plant that keeps the times of its actions."""

    def __init__(self):
        self.times = []

    def at(self, time_us, _):
        self.times.append(time_us)


def _settings(path):
    return config_file.read(path)


def _points(path):
    return [(p.reference, p.reading) for p in points.read(path, THERMOCOUPLE).points]


def _script(path):
    plant = Agenda()
    script.load(path, plant)
    return plant.times


READERS = {
    "settings.toml": (_settings, "# °\ntrip_mdegc = 5000\n", {"trip_mdegc": 5000}),
    "points.toml": (_points, "[[points]]\nreference_c = 0\nreading_c = 0.4\n", [(0.0, 0.4)]),
    "points.csv": (_points, "reference_c,reading_c\n0,0.4\n", [(0.0, 0.4)]),
    "pin": (service.pin, "20394857\n", "20394857"),
    "script": (_script, "2.5 quit\n", [2_500_000]),
    "log.csv": (lambda path: log_file.read(path)[0], log_file.head() + log_file.line(LOGGED, log_file.CSV), [LOGGED]),
    "log.jsonl": (lambda path: log_file.read(path)[0], log_file.line(LOGGED, log_file.JSONL), [LOGGED]),
    "recording.jsonl": (lambda path: recording_file.read(path), HEADER.model_dump_json() + "\n", (HEADER, [])),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", READERS)
def test_every_file_is_read_in_every_form_that_an_editor_writes(tmp_path, name, form):
    read, text, value = READERS[name]
    path = tmp_path / name
    path.write_bytes(FORMS[form](text))
    path.chmod(0o600)
    assert read(path) == value


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_rewritten_keeps_its_form(tmp_path, form):
    path = tmp_path / "settings.toml"
    before, after = "a = 1\nb = 2\n", "a = 1\nb = 3\n"
    path.write_bytes(FORMS[form](before))
    files.rewrite(path, files.text_of(path).replace("2", "3"))
    assert path.read_bytes() == FORMS[form](after)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_a_log_that_is_appended_to_keeps_its_form(tmp_path, name, form):
    kind = log_file.form_of(tmp_path / name, None)
    more = Record(serial="7", number=2, kind="START", uptime_s=4)
    text = (log_file.head() if kind == log_file.CSV else "") + log_file.line(LOGGED, kind)
    path = tmp_path / name
    path.write_bytes(FORMS[form](text) + ("{" if "16" not in form else "").encode())  # and half a line
    with log_file.Sink(path, None) as sink:
        sink.add([more])
    assert path.read_bytes() == FORMS[form](text + log_file.line(more, kind))


def test_a_log_with_semicolons_is_read_and_appended_to_with_semicolons(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text((log_file.head() + log_file.line(LOGGED, log_file.CSV)).replace(",", ";"))
    with log_file.Sink(path, None) as sink:
        sink.add([Record(serial="7", number=2, kind="START", uptime_s=4)])
    assert [record.number for record in log_file.read(path)[0]] == [1, 2] and "," not in path.read_text()


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
@pytest.mark.parametrize("data", [b"my notes", b"\xff\xfe\n", b"\xff\xfem\0y\0", b"{}", b"serial;number"])
def test_a_foreign_file_without_a_whole_line_is_not_written_over(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Problem, match="is not a log"):
        log_file.Sink(path, None)
    assert path.read_bytes() == data


@pytest.mark.parametrize(("name", "text"), [("log.csv", log_file.head()), ("log.jsonl", '{"serial": "7", "nu')])
def test_a_first_line_that_was_cut_off_is_written_anew(tmp_path, name, text):
    for most in range(len(text)):
        path = tmp_path / name
        path.write_text(text[:most])
        with log_file.Sink(path, None) as sink:
            sink.add([LOGGED])
        assert log_file.read(path)[0] == [LOGGED]


def test_a_link_is_written_through(tmp_path):
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("a = 1\n")
    link.symlink_to(real)
    files.replace(link, b"a = 2\n")
    assert link.is_symlink() and real.read_text() == "a = 2\n"
    to_nothing = tmp_path / "new.toml"
    to_nothing.symlink_to(tmp_path / "later.toml")
    files.replace(to_nothing, b"x")
    assert to_nothing.is_symlink() and (tmp_path / "later.toml").read_bytes() == b"x"


@pytest.mark.parametrize(
    "text",
    [
        "reference_c;reading_c\n-78,5;-78,1\n",
        "reference_c\treading_c\n-78.5\t-78,1\n",
        "sep=;\nreference_c;reading_c\n-78.5;-78.1\n",
        '"sep=\t"\nreference_c\treading_c\n-78.5\t-78.1\n',
        'reference_c,reading_c\n"-78,5","-78,1"\n',
        "reference_c,reading_c\n\u221278.5,\u201378.1\n",
        "reference_c,reading_c\n-78.5 °C,-78.1C\n",
        "reference_c,reading_c\n-78.5\u00a0℃,-78.1 degC\n",
    ],
)
def test_points_of_a_spreadsheet_are_taken_where_their_meaning_is_certain(tmp_path, text):
    path = tmp_path / "points.csv"
    path.write_text(text)
    assert _points(path) == [(-78.5, -78.1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reference_c,reading_c\n37,25³\n", "points.csv:2: reading_c = '25³' is not a number: '³' (SUPERSCRIPT THREE)"),
        ("reference_c;reading_c\n37;1,234\n", "points.csv:2: reading_c = '1,234' is not a number: ',' could mean"),
        ("reference_c;reading_c\n37;1.234,5\n", "',5' after it is not allowed"),
        ("reference_c;reading_c\n37;1,2,3\n", "',' is not allowed there"),
        ("reference_c,reading_c\n37,98 °F\n", "'°' (DEGREE SIGN) is not allowed"),
        ("reference_c,reading_c\n37,5 mm\n", "'mm' after it is not allowed; write digits 0 to 9, a point or comma"),
        ("sep=|\nreference_c|reading_c\n37|37\n", "'|' between cells is not allowed; use commas, semicolons or tabs"),
        ("reference_c,reading_c\n37,37,1\n", "points.csv:2: 3 cells under 2 columns"),
    ],
)
def test_what_is_not_certain_is_refused_with_line_character_and_what_is_taken(tmp_path, text, said):
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(Problem, match=re.escape(said)):
        points.read(path, THERMOCOUPLE)


def test_a_unit_is_that_of_its_column(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("delay_us\n18000 µs\n18100 μs\n")
    assert [p.reading for p in points.read(path, OPENING).points] == [18000.0, 18100.0]
    path.write_text("reference_mbar,reading_mbar\n57000 mbar,56500\n")
    assert points.read(path, PRESSURE).points[0].reference == 57000.0
    assert (wizard.number("37,5 °C", "degC"), wizard.number("\u22125")) == (37.5, -5.0)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("trip_mdegc", "5 °C", 5000),
        ("room_m3", "40 m³", 40),
        ("trip_mdegc", "4.5C", 4500),
        ("trip_mdegc", "4,5 °C", 4500),
        ("trip_mdegc", "\u22125 °C", -5000),
        ("valve_close_delay_us", "300 µs", 300),
        ("valve_close_delay_us", "300 \u03bcs", 300),
    ],
)
def test_a_settings_value_is_taken_as_it_is_typed(key, text, value):
    assert config.value_of(key, text) == value


@pytest.mark.parametrize("text", ["5²", "25³", "\u0665", "\uff15", "5 \u2103\u00b3", "1,234", ""])
def test_a_settings_value_that_is_no_number_is_no_traceback(text):
    with pytest.raises(Problem):
        config.value_of("trip_mdegc", text)
    done = cryoctl("config", "set", "trip_mdegc", text)
    assert done.exit_code == 2 and not isinstance(done.exception, ValueError)


def test_a_number_says_where_it_stands_and_what_is_taken():
    with pytest.raises(
        Problem, match=r"here = '5²' is not a number: '²' \(SUPERSCRIPT TWO\) is not allowed; write digits"
    ):
        typed.number("5²", "here")


def test_an_editor_may_end_lines_in_its_own_way(monkeypatch, tmp_path):
    """An editor that changes only the line ends has edited nothing."""
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/$/\\r/' \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    values, path = config_edit.edited("trip_mdegc = 5000\n", lambda *_: False)
    config_edit.forget(path)
    assert values is None


def test_a_port_in_the_environment_is_one_whatever_blanks_are_in_it(monkeypatch):
    from host_tools.cryoctl.commands import flash

    monkeypatch.setenv("CRYO_PORT", " /tmp/a port with blanks ")
    assert flash._named() == ["/tmp/a port with blanks"]
    assert found.chosen(" /dev/ttyACM0 ", []) == "/dev/ttyACM0"
    done = cryoctl("flash", "--dry-run", port=" /tmp/a port ")
    assert done.exit_code != 0 and "there is no port /tmp/a port;" in done.output and "/tmp/a:" not in done.output


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            ("RP2040", "Raspberry Pi Pico with rp2040", (9, 2, 1), 518, "circuitpython"),
            "CircuitPython 9.2.1 runs",
        ),
        (
            ("rp2", "Raspberry Pi Pico with RP2040", (2, 0, 0), 7, "micropython"),
            "2.0.0 there is newer than this",
        ),
    ],
)
def test_another_python_and_a_newer_one_are_named_as_what_they_are(who, said):
    with pytest.raises(Problem, match=re.escape(said)):
        boards.of_interpreter(who, "rp2040_pico")


def table_of_forms():
    """Return the page's table: kind of character -> (accepted, refused)."""
    text = (DOCS / "cryoctl/calibrate.md").read_text(encoding="utf-8").split("## A file of points")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0].strip(): row[1:] for row in rows[1:]}


def test_the_page_s_examples_of_numbers_are_taken_and_refused_as_it_says():
    forms = table_of_forms()
    assert set(forms) == {"text", "between cells", "lines", "decimals", "sign", "unit", "digits"}
    taken = {"decimals": {"36,6": 36.6, "1,5e3": 1500.0}, "unit": {"5 °C": 5, "4.5C": 4.5}}
    for kind, examples in taken.items():
        for text, value in examples.items():
            assert f"`{text}`" in forms[kind][0]
            assert typed.number(text, "x", "degC") == value
    for text, unit in (("300 µs", "us"), ("57000 mbar", "mbar"), ("90 mm", "mm")):
        assert f"`{text}`" in forms["unit"][0] and typed.number(text, "x", unit) > 0
    for kind, texts in (("decimals", ("1,234", "1.234,5", "8_1")), ("unit", ("25³", "5²")), ("digits", ("nan", "inf"))):
        for text in texts:
            assert f"`{text}`" in forms[kind][1]
            with pytest.raises(Problem):
                typed.number(text, "x", "degC")
    with pytest.raises(Problem):
        typed.number("5 bar", "x", "mbar")
    for sign in ("-", "\u2212", "\u2013", "+"):
        assert abs(typed.number(f"{sign}3", "x")) == 3
    with pytest.raises(Problem):
        typed.number("--3", "x")
