"""A log that somebody changed: cryoctl names what shows it without a key, and the exit code is 1."""

import dataclasses
import json
import shutil

import pytest
from typer.testing import CliRunner

from host_tools.cryoctl import log, log_file
from host_tools.cryoctl.main import app
from host_tools.cryoctl.sim import image
from tests.cryoctl import logged
from tests.cryoctl.conftest import Sim, until

SIZE = logged.journal.RECORD


def run(*words):
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def board(packed, tmp_path):
    """A board whose log has a flipped bit in number 2, a repaired 4, a renumbered 6, and half of 8."""
    data = bytearray(logged.files()["journal.0"])
    data[SIZE + 20] ^= 1
    kind, figures = logged.point(2)
    figures = (*figures[:2], 20_000, *figures[3:])  # valve on for longer than the point took
    data[3 * SIZE : 4 * SIZE] = logged.journal.packed(4, [kind, logged.DAY, 36_300, 300, *figures])
    sixth = logged.journal.unpacked(bytes(data[5 * SIZE : 6 * SIZE]))
    data[5 * SIZE : 6 * SIZE] = logged.journal.packed(60, list(sixth[1:]))
    shutil.copy(packed, tmp_path / "board.img")
    image.write(tmp_path / "board.img", {"journal.0": bytes(data[: 7 * SIZE + 20])})
    sim = Sim(tmp_path, "--speed", "0").wait_ready()
    yield sim
    sim.cut()


def test_on_the_device_a_flipped_bit_a_repaired_sum_another_number_and_a_cut_tail_are_named(board, tmp_path):
    recorded = "version 0.1.0"  # the start of this run
    until(lambda: run("log", "--port", board.link), lambda done: recorded in done.stdout.rstrip().split("\n")[-1])
    done = run("log", "--port", board.link, "-o", tmp_path / "log.jsonl")
    assert done.exit_code == 1, done.output
    for n in (2, 6, 8):
        assert f"numbers {n} to {n} are not in the log" in done.stderr
    assert "number 4: valve on for 20000 ms within 15020 ms" in done.stderr
    done = run("report", "--port", board.link, "-o", tmp_path / "r.html")
    assert done.exit_code == 1 and "numbers 6 to 6" in done.stderr and "number 4: valve on" in done.stderr
    page = (tmp_path / "r.html").read_text()
    assert "numbers 6 to 6 are not in the log" in page and "number 4: valve on for 20000 ms" in page


def point(n, **changed):
    record = log.Record(
        serial="1", number=n, kind="POINT", when=f"2027-01-0{n}T10:00:00", when_is="recorded", uptime_s=n,
        preset="CIPN", level=1, site="LLEG", point=n, ended_by="TIME", reached=0, passes=1, bursts=5, valve_on_ms=900,
        duration_ms=9_000, coldest_skin_mdegc=15_000, target_mdegc=20_000, floor_mdegc=14_000,
    )  # fmt: skip
    return dataclasses.replace(record, **changed)


GOOD = [point(n) for n in range(1, 5)]
FAULT = log.Record("1", 5, "FAULT", uptime_s=9, fault_code=1, fault="ESTOP", mode="DELIVERING")
BACK = log.Record("1", 5, "CHANGE", "2026-12-01T00:00:00", "recorded", 9, what="DATE", changed="a TO b")


def reported(folder, text, name="log.jsonl"):
    (folder / name).write_text(text)
    return run("report", "--log", folder / name, "-o", folder / "r.html")


def lines(records, form="jsonl"):
    return (log_file.head() if form == "csv" else "") + "".join(log_file.line(record, form) for record in records)


PATIENT = dataclasses.replace(BACK, number=6, what="PATIENT")


@pytest.mark.parametrize("records", [GOOD, [*GOOD, FAULT], [*GOOD, BACK, PATIENT]])
def test_a_log_as_a_device_records_it_is_exit_code_0(tmp_path, records):
    assert log.strange(records) == []
    assert reported(tmp_path, lines(records)).exit_code == 0


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([*GOOD[:2], point(3, number=9), GOOD[3]], "number 4 comes after 9: it was renumbered"),
        ([*GOOD[:3], point(4, uptime_s=1)], "number 4 has an earlier uptime than 3"),
        ([*GOOD[:3], point(4, when="2026-12-31T10:00:00")], "number 4 has the date 2026-12-31, after 2027-01-03"),
        ([*GOOD[:3], point(4, serial="2")], "of several devices"),
        ([*GOOD[:3], point(4, bursts=None, site=None)], "number 4: a POINT without site, bursts"),
        ([*GOOD[:3], point(4, valve_on_ms=-1)], "number 4: valve_on_ms is below 0"),
        ([*GOOD[:3], point(4, when="2027-01-32T10:00:00")], "2027-01-32T10:00:00 is not a time"),
        ([*GOOD[:3], point(4, bursts=1)], "valve on for 900 ms in 1 bursts"),
        ([*GOOD, dataclasses.replace(FAULT, fault="SKIN_TRIP")], "number 5: fault 1 is ESTOP, not SKIN_TRIP"),
    ],
)  # fmt: skip
def test_what_no_device_writes_is_named_and_exit_code_1(tmp_path, records, said):
    done = reported(tmp_path, lines(records))
    assert said in done.stderr and done.exit_code == (2 if "several devices" in said else 1), done.output


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("cut", [1, 30])
def test_a_last_line_that_is_cut_off_is_named(tmp_path, form, cut):
    done = reported(tmp_path, lines(GOOD, form)[:-cut], f"log.{form}")
    assert done.exit_code == 1 and f"the last line of log.{form} is cut off" in done.stderr
    assert "cut off" in (tmp_path / "r.html").read_text()


def test_a_bit_that_flips_in_a_name_takes_a_field_away_and_is_named(tmp_path):
    damaged = lines(GOOD).replace('"bursts"', '"burstr"', 1)
    assert json.loads(damaged.split("\n")[0])["burstr"] == 5
    done = reported(tmp_path, damaged)
    assert done.exit_code == 1 and "number 1: a POINT without bursts" in done.stderr
