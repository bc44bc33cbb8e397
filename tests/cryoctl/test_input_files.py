"""Files and numbers as people have them: marks and line ends of other programs, links, signs, units, separators."""

import codecs

import pytest

from host_tools.cryoctl import config, config_file, files, log_file, recording_file, service
from host_tools.cryoctl.calibration import points
from host_tools.cryoctl.calibration.kinds import CLOSING, JET, THERMOCOUPLE
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.numbers import number
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.sim import script
from host_tools.simulator.twin.plant import Plant

FORMS = {
    "mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "returns": lambda text: text.replace("\n", "\r\n").encode(),
    "both": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
}
WIDE = {
    "utf-16-le": lambda text: codecs.BOM_UTF16_LE + text.replace("\n", "\r\n").encode("utf-16-le"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}
RECORDS = [Record("7", 1, "START", uptime_s=0, version="1.0"), Record("7", 2, "CLEARED", uptime_s=9)]
HEADER = recording_file.Header(
    tool="t", started="2026-01-01T00:00:00+00:00", port="p", board="b", serial="7", version="1", period_ms=100,
    choice=recording_file.Choice(),
)  # fmt: skip


def written(path, form, text):
    path.write_bytes({**FORMS, **WIDE}[form](text))
    return path


@pytest.mark.parametrize("form", [*FORMS, *WIDE])
def test_a_text_of_another_program_is_read_as_it_is_meant(tmp_path, form):
    settings = config_file.read(written(tmp_path / "s.toml", form, "trip_mdegc = 5000\nserial = 7\n"))
    assert settings == {"trip_mdegc": 5000, "serial": 7}
    assert service.pin(written(tmp_path / "pin", form, "47110815\n")) == "47110815"
    there = points.read(written(tmp_path / "p.csv", form, "reference_c,reading_c\n0,0.5\n"), THERMOCOUPLE)
    assert [(point.reference, point.reading) for point in there.points] == [(0.0, 0.5)]
    text = "[[points]]\nreference_c = 0\nreading_c = 0.5\n"
    there = points.read(written(tmp_path / "p.toml", form, text), THERMOCOUPLE)
    assert [(point.reference, point.reading) for point in there.points] == [(0.0, 0.5)]
    assert script.load(written(tmp_path / "s.txt", form, "# x\n1 shield open\n60 quit\n"), Plant()) == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_log_and_a_recording_of_another_program_are_read_as_they_are_meant(tmp_path, form):
    for kind, first in ((log_file.CSV, log_file.head()), (log_file.JSONL, "")):
        text = first + "".join(log_file.line(record, kind) for record in RECORDS)
        path = written(tmp_path / f"log.{kind}", form, text)
        assert log_file.read(path)[0] == RECORDS
        with log_file.Sink(path, None) as sink:
            sink.add([Record("7", 3, "CLEARED", uptime_s=10)])
        data = path.read_bytes()
        assert [record.number for record in log_file.read(path)[0]] == [1, 2, 3]
        assert data.startswith(codecs.BOM_UTF8) == (form != "returns")
        assert data.count(b"\r\n") == (0 if form == "mark" else data.count(b"\n"))
    gap = recording_file.Gap(t_ms=5, text="gone")
    text = "".join(row.model_dump_json() + "\n" for row in (HEADER, gap))
    assert recording_file.read(written(tmp_path / "r.jsonl", form, text)) == (HEADER, [gap])


def test_a_log_in_utf_16_is_refused_and_left_as_it_is(tmp_path):
    path = written(tmp_path / "log.csv", "utf-16-le", log_file.head())
    before = path.read_bytes()
    with pytest.raises(Problem, match="byte 1 is the first wrong one"):
        log_file.Sink(path, None)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", [*FORMS, *WIDE])
def test_a_file_that_is_written_again_keeps_mark_and_line_ends(tmp_path, form):
    path = written(tmp_path / "s.toml", form, "a = 1\nb = 2\n")
    files.rewrite(path, files.text_of(path).replace("2", "\u00b5"))
    assert path.read_bytes() == {**FORMS, **WIDE}[form]("a = 1\nb = \u00b5\n")


def test_a_link_is_written_through_and_stays_one(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "s.toml"
    link.symlink_to(tmp_path / "far" / "real.toml")
    for data in (b"new", b"newer"):  # the first one leads to nothing yet
        files.replace(link, data)
        assert link.is_symlink() and (tmp_path / "far" / "real.toml").read_bytes() == data
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["real.toml"]


@pytest.mark.parametrize(
    "text",
    [
        "reference_c;reading_c\n0;0,5\n-78,5;-78,1\n",
        "reference_c\treading_c\n0\t0.5\n-78.5\t-78.1\n",
        "sep=;\nreference_c;reading_c\n0;0.5\n-78.5;-78.1\n",
        "sep=,\nreference_c,reading_c\n0,0.5\n-78.5,-78.1\n",
        "reference_c,reading_c\n0 \u00b0C,0.5C\n\u221278.5\u00a0\u00b0C,\u201378.1 degC\n",
        'reference_c,reading_c\n0,"0,5"\n"-78,5","-78,1"\n',
    ],
)
def test_a_table_of_another_country_is_read_as_it_is_meant(tmp_path, text):
    (tmp_path / "p.csv").write_text(text)
    there = points.read(tmp_path / "p.csv", THERMOCOUPLE)
    assert [(point.reference, point.reading) for point in there.points] == [(0.0, 0.5), (-78.5, -78.1)]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (CLOSING, "delay_us\n25\u00b3\n", "p.csv:2: delay_us = '25\\xb3' is no number: character 3 is superscript t"),
        (CLOSING, "delay_us\n18 ms\n", "p.csv:2: delay_us = '18 ms' is no number: ms is no unit here; give it in us"),
        (CLOSING, 'delay_us\n"18,000"\n', "p.csv:2: delay_us = '18,000' is no number for certain"),
        (CLOSING, "delay_us\n1;8\n", "p.csv:2: delay_us = '1;8' is no number; taken are digits 0 to 9"),
        (THERMOCOUPLE, "reference_c;reading_c\n0,5\n", "p.csv:2: 1 cells under 2 columns; semicolons between"),
    ],
)
def test_what_is_not_certain_is_refused_by_line_and_character(tmp_path, kind, text, said):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(Problem) as problem:
        points.read(tmp_path / "p.csv", kind)
    assert said in str(problem.value)


def test_a_unit_behind_a_number_is_taken_where_it_is_the_values():
    assert (number("300 \u00b5s", "us"), number("300\u03bcs", "us"), number("4.5C", "degC")) == (300.0, 300.0, 4.5)
    assert (number("5 \u2103", "degC"), number("1,25", "mm"), number("0,125")) == (5.0, 1.25, 0.125)
    assert JET.columns == ("flow_us", "fall_c")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("trip_mdegc", "5 \u00b0C", 5000),
        ("trip_mdegc", "4.5C", 4500),
        ("trip_mdegc", "4,5 \u00b0C", 4500),
        ("burst_max_us", "300 \u00b5s", 300),
        ("room_m3", "40 m\u00b3", 40),
        ("skin_offset_mdegc", "\u22125", -5),
    ],
)
def test_a_setting_is_taken_as_people_write_it(key, text, value):
    assert config.value_of(key, text) == value


@pytest.mark.parametrize(("text", "said"), [("25\u00b3", "superscript three"), ("5\u00b2", "superscript two")])
def test_a_setting_with_a_raised_digit_is_refused_by_the_character(text, said):
    with pytest.raises(Problem, match=f"room_m3: .* character . is {said}"):
        config.value_of("room_m3", text)


def test_a_setting_whose_comma_may_separate_thousands_is_refused():
    with pytest.raises(Problem, match="no number"):
        config.value_of("burst_max_us", "300,000")
