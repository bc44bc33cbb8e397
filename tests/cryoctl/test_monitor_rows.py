"""The monitor's rows: recorded and read again, their meaning, their curve, and a recording that fails."""

import errno

import pytest

from host_tools.cryoctl import names
from host_tools.cryoctl.monitor import answers, plot, seen
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.recording_file import Back, Choice, Gap, Writer, read
from tests.cryoctl.monitored import HEADER, TELEMETRY, sample


# --- the recording ----------------------------------------------------------------------------------------------------
def test_a_recording_is_read_as_it_was_written(tmp_path):
    rows = [sample(1), Choice(t_ms=2, preset="CIPN", level=1), Gap(t_ms=3, text="gone"), Back(t_ms=4)]
    with (tmp_path / "r").open("w") as file:
        writer = Writer(file, HEADER)
        for row in rows:
            writer.add(row)
    assert read(tmp_path / "r") == (HEADER, rows)


def test_what_is_newer_or_cut_off_is_left_out_and_what_is_damaged_is_named(tmp_path):
    path = tmp_path / "r"
    head, gap = HEADER.model_dump_json() + "\n", Gap(t_ms=3, text="gone").model_dump_json()
    path.write_text(head + '{"kind":"invented","t_ms":1}\n' + gap[:-1] + ',"more":1}\n' + gap[:20])
    assert read(path)[1] == [Gap(t_ms=3, text="gone")]
    for damaged in (gap[:20] + "\n" + gap, '{"kind":"gap"}\n', "\n", "\udcff\n"):
        path.write_text(head + damaged, errors="surrogateescape")
        with pytest.raises(Problem, match="line 2"):
            read(path)
    for none in ("", gap + "\n", "a diary\n", head.replace('"format":1', '"format":9')):
        path.write_text(none)
        with pytest.raises(Problem, match="not a recording"):
            read(path)
    with pytest.raises(Problem, match="No such file"):
        read(tmp_path / "missing")


# --- what answers mean ------------------------------------------------------------------------------------------------
def test_telemetry_is_told_by_names_and_what_is_not_as_known_is_no_sample():
    row = sample(fault=names.fault_number("ESTOP"))
    assert (row.state, row.fault_name, row.skin_mdegc, row.on_us) == ("DELIVERING", "ESTOP", 20_000, 1_500_000)
    assert answers.telemetry({**TELEMETRY, "mode": 99, "fault": 29 + 70}, 0).state == "MODE 99"
    for broken in ({"mode": None}, {"skin": "cold"}, {"bursts": None}):
        assert answers.telemetry({**TELEMETRY, **broken}, 0) is None
    assert answers.telemetry({"seq": 1}, 0) is None


def test_blockers_of_the_mask_are_those_that_the_device_names():
    distance_and_setup = 1 << 17 | 1 << 10
    assert names.blockers(distance_and_setup, "STANDBY") == ("SETUP",)
    assert names.blockers(distance_and_setup, "ARMED") == ("DISTANCE",)


def test_a_level_is_the_firmware_s_own_and_its_trip_the_tighter_one():
    presets = names._presets
    target, floor = presets.PRESETS[1][presets.LEVELS][0][:2]
    found = names.level("DIABETIC", 1)
    assert (found.target_mdegc, found.floor_mdegc) == (target, floor)
    assert found.trip_mdegc == names.limits.SKIN_TRIP_REDUCED_MDEGC
    assert names.level("DIABETIC", 1, {"trip_reduced_mdegc": 9_500}).trip_mdegc == 9_500
    assert (
        names.level("DIABETIC", 5) is None and names.level("NOTHING", 1) is None and names.level("CIPN", None) is None
    )


@pytest.mark.parametrize(
    ("mbar", "said"),
    [(None, "no reading"), (19_999, "empty"), (34_999, "too low"), (57_000, "in range"), (70_001, "too warm to arm"),
     (75_001, "close the bottle")],
)  # fmt: skip
def test_a_bottle_s_pressure_is_told_by_the_limits(mbar, said):
    assert said in names.bottle(mbar)


def test_missing_attestations_are_told_by_their_words():
    assert answers.attestation("MISSING SKIN: looked at; CONTRA: none of: a, b", 0).missing == ("SKIN", "CONTRA")
    assert answers.attestation("COMPLETE", 0).missing == () and answers.attestation("ERROR -221 no", 0) is None


def test_lines_that_did_not_arrive_are_counted_and_a_gap_is_no_loss():
    known = seen.Seen(HEADER)
    for row in (sample(seq=5), sample(seq=6), sample(seq=9), Gap(t_ms=1, text="x"), sample(seq=2), sample(seq=3)):
        known.add(row)
    assert known.missing == 2


# --- the curve --------------------------------------------------------------------------------------------------------
def rows_of(text):
    return text.plain.split("\n")


def test_the_curve_is_where_the_temperature_is():
    marks = [plot.Mark("floor", 10.0, ""), plot.Mark("target", 20.0, "")]
    points = [seen.Point(t / 2, 20.0, 10.0) for t in range(200)]
    rows = rows_of(plot.drawn(60, 21, points, marks))
    on_target, on_floor = (next(row for row in rows if row.startswith(name)) for name in ("target", "floor"))
    dots = [sum("\u2800" < ch <= "\u28ff" for ch in row) for row in rows]
    assert {rows.index(on_target), rows.index(on_floor)} == {n for n, count in enumerate(dots) if count}
    assert len(rows) == 21 and all(len(row) == 60 for row in rows)


def test_a_gap_breaks_the_curve():
    there = [seen.Point(t / 2, 20.0, None) for t in range(241)]
    broken = [*there[:60], *there[180:]]

    def dots(points):
        return sum("\u2800" < ch <= "\u28ff" for ch in plot.drawn(80, 12, points, []).plain)

    joined = dots(broken)
    broken.insert(60, seen.Point(30.0, None, None))
    assert dots(there) == joined > dots(broken) * 1.5


@pytest.mark.parametrize("size", [(0, 0), (5, 3), (17, 3), (200, 1), (17, 60)])
def test_a_curve_without_room_or_points_is_no_error(size):
    for points in ([], [seen.Point(1.0, None, None)], [seen.Point(1.0, -300.0, 300.0)]):
        picture = plot.drawn(*size, points, []).plain
        assert picture == "" or len(picture.splitlines()) == size[1]


def test_a_recording_begins_with_the_choice_of_its_moment_and_not_with_that_of_the_connection(tmp_path):
    known = seen.Seen(HEADER)
    recorder = seen.Recorder(known)
    for n, preset in enumerate((None, "CHRONIC", "ACUTE")):
        row = Choice(t_ms=n, preset=preset, level=n + 1, site="LFOOT-SOLE", point=n + 2)
        known.add(row)
        recorder.start(tmp_path / str(n))
        recorder.stop()
        header, rows = read(tmp_path / str(n))
        assert header.choice == row != HEADER.choice and rows == []


# --- files that fail --------------------------------------------------------------------------------------------------
def test_a_recording_that_cannot_go_on_ends_and_nothing_else_does(tmp_path):
    known = seen.Seen(HEADER)
    recorder = seen.Recorder(known)
    recorder.start(tmp_path / "nowhere" / "r")
    assert "No such file" in recorder.problem and not recorder.on
    recorder.start(tmp_path / "r")

    class Full:
        def add(self, row):
            raise OSError(errno.ENOSPC, "No space left on device")

    recorder._writer = Full()
    recorder.add(sample())
    assert "No space left" in recorder.problem and not recorder.on
    recorder.add(sample())
    recorder.start(tmp_path / "other")
    assert recorder.on and not recorder.problem
    recorder.stop()
