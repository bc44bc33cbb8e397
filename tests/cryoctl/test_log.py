"""cryoctl log: reads a virtual board's log over its port, continues, decodes; and everything that may go wrong."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from host_tools.cryoctl import log, log_file
from host_tools.cryoctl.log import Extent
from host_tools.cryoctl.main import app
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from tests.cryoctl import logged, treating
from tests.cryoctl.conftest import PATIENCE_S, Sim, ask, until

CAME = 8  # records, when it is unplugged


def run(*words, port=None):
    """Run the command in this process; return status, standard output and standard error."""
    ported = ["--port", str(port)] if port else []
    done = CliRunner().invoke(app, ["log", *ported, *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return SimpleNamespace(status=done.exit_code, out=done.stdout, said=done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("logged")


@pytest.fixture(scope="module")
def board(packed, folder):
    """A virtual board whose log holds logged.USUAL, and the start of this run."""
    shutil.copy(packed, folder / "board.img")
    image.write(folder / "board.img", logged.files())
    sim = Sim(folder, "--speed", "0").wait_ready()
    try:
        until(lambda: told(sim.link, "LOG:COUN?"), lambda said: "FIRST=1;LAST=9" in said)
        yield sim
    finally:
        sim.cut()


def told(link, command):
    import serial

    with serial.Serial(str(link), timeout=PATIENCE_S) as port:
        return ask(port, command)


# --- from a board -----------------------------------------------------------------------------------------------------
def test_people_get_a_table_with_names_and_remedies(board):
    done = run(port=board.link)
    assert done.status == 0 and done.said == ""
    lines = done.out.splitlines()
    assert lines[0].split() == ["number", "when", "kind", "what"] and len(lines) == 10
    assert "CHRONIC level 3, LFOOT-SOLE point 1: target reached, ended by TARGET, 14 bursts" in lines[2]
    assert "2027-01-01T10:01:40" in lines[2]
    assert "ESTOP in DELIVERING: Release the emergency stop" in lines[4]
    assert lines[5].endswith("SETTINGS: ROOM_M3 = 25") and "OPEN = 18000, due 2028-01-01" in lines[6]
    assert "CRASHED in DELIVERING, fault ESTOP" in lines[7] and "3 records are lost" in lines[8]


def test_csv_and_json_have_units_in_their_names_and_the_same_figures(board):
    rows = list(csv.DictReader(io.StringIO(run("--csv", port=board.link).out)))
    lines = [json.loads(line) for line in run("--jsonl", port=board.link).out.splitlines()]
    whole = json.loads(run("--json", port=board.link).out)
    assert len(rows) == len(lines) == len(whole) == 9
    point = lines[1]
    assert point["coldest_skin_mdegc"] == 12_500 and point["coldest_predicted_surface_mdegc"] == 11_800
    assert (point["valve_on_ms"], point["bursts"], point["floor_mdegc"], point["reached"]) == (2_310, 14, 8_000, 1)
    assert lines[3]["other_faults"] == "SKIN_TRIP" and lines[3]["remedy"].startswith("Release")
    assert (lines[0]["when"], lines[0]["when_is"]) == ("2027-01-01T10:00:00", "derived")
    assert "when" not in lines[8] and lines[1]["when_is"] == "recorded"
    for row, line, all_ in zip(rows, lines, whole, strict=True):
        assert {name: value for name, value in row.items() if value} == {name: str(v) for name, v in line.items()}
        assert {name: value for name, value in all_.items() if value is not None} == line


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_a_file_gets_what_it_lacks_and_half_a_line_is_read_again(board, tmp_path, name):
    path = tmp_path / name
    done = run("-o", path, port=board.link)
    assert done.status == 0 and done.out == "" and "9 new records, up to number 9" in done.said
    whole = path.read_bytes()
    assert "0 new records" in run("-o", path, port=board.link).said and path.read_bytes() == whole
    path.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])  # cut off in its last lines
    assert run("-o", path, port=board.link).status == 0
    assert path.read_bytes() == whole
    path.write_bytes(whole + b"x" * 500)  # half a line after the last one
    assert run("-o", path, port=board.link).status == 0
    assert path.read_bytes() == whole
    if name.endswith("csv"):
        path.write_bytes(b"")
        assert run("-o", path, "--since", 7, port=board.link).status == 0
        assert path.read_text().splitlines()[0] == log_file.head().strip() and len(path.read_text().splitlines()) == 3


def test_since_leaves_out_what_is_older(board):
    assert [json.loads(line)["number"] for line in run("--jsonl", "--since", 6, port=board.link).out.splitlines()] == [
        7, 8, 9,
    ]  # fmt: skip
    assert run("--jsonl", "--since", 9, port=board.link).out == ""


def test_what_is_no_file_of_its_own_is_refused_before_anything_is_written(board, tmp_path):
    bad = {
        "text.jsonl": b"hello\n",
        "list.jsonl": b"[1]\n",
        "types.jsonl": b'{"serial": "1", "number": "x", "kind": "POINT"}\n',
        "other.csv": b"a,b\n1,2\n",
        "bytes.csv": b"\xff\xfe\n",
        "note.jsonl": b"hello",
        "note.csv": b"hello",
        "short.csv": log_file.head().encode() + b"1,2\n",
    }
    for name, data in bad.items():
        path = tmp_path / name
        path.write_bytes(data)
        done = run("-o", path, port=board.link)
        assert done.status == 2 and str(path) in done.said and "cryoctl log -o" in done.said, done
        assert path.read_bytes() == data
    assert run("-o", tmp_path / "log.txt", port=board.link).status == 2
    assert run("-o", tmp_path / "no" / "log.csv", port=board.link).status == 2
    assert run("--csv", "--jsonl", port=board.link).status == 2
    other = log.Record(serial="77", number=3, kind="LOST")
    (tmp_path / "s.jsonl").write_text(log_file.line(other, "jsonl"))
    assert "serial 77" in run("-o", tmp_path / "s.jsonl", port=board.link).said
    later = log.Record(serial="1", number=3_000, kind="LOST")
    (tmp_path / "l.jsonl").write_text(log_file.line(later, "jsonl"))
    assert "was started again" in run("-o", tmp_path / "l.jsonl", port=board.link).said


def test_a_full_disk_keeps_what_is_written_and_says_how_to_go_on(board, tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    with log_file.Sink(path, None) as sink:

        class Full:
            def __init__(self, file):
                self._file = file

            def write(self, data):
                if sink.written == 2:
                    self._file.write(data[:9])
                    raise OSError(28, "No space left on device")
                return self._file.write(data)

            def __getattr__(self, name):
                return getattr(self._file, name)

        sink._file = Full(sink._file)
        said = run("--jsonl", port=board.link).out.splitlines()[:4]
        records = [log.Record(**json.loads(line)) for line in said]
        with pytest.raises(Problem, match=r"No space left.*2 new records.*continues there"):
            sink.add(records)
    assert [record.number for record in log_file.read(path)[0]] == [1, 2]
    assert run("-o", path, port=board.link).status == 0
    assert [record.number for record in log_file.read(path)[0]] == list(range(1, 10))


def test_a_file_that_may_not_be_written(board, tmp_path):
    if os.geteuid() == 0:  # root may write every file, but nobody can open a folder in a file's place
        (tmp_path / "log.csv").mkdir()
    else:
        (tmp_path / "log.csv").touch(mode=0o444)
    assert run("-o", tmp_path / "log.csv", port=board.link).status == 2


def test_two_tools_at_once_and_no_port(board):
    import serial

    with serial.Serial(str(board.link), exclusive=True):
        done = run(port=board.link)
    assert done.status == 3 and "another program" in done.said
    assert run(port="/dev/none").status == 3


def test_unplugged_in_the_middle_what_came_is_kept(packed, tmp_path):
    shutil.copy(packed, tmp_path / "board.img")
    image.write(tmp_path / "board.img", logged.files((logged.start(), *[logged.point(1)] * 250)))
    sim = Sim(tmp_path, "--speed", "4").wait_ready()
    try:
        path = tmp_path / "log.jsonl"
        words = [sys.executable, "-m", "host_tools.cryoctl", "-v", "log", "-o", path, "--port", sim.link]
        with subprocess.Popen(words, cwd=lanes.ROOT, stderr=subprocess.PIPE, text=True) as tool:
            said = []
            for line in tool.stderr:  # ends with the tool
                said.append(line)
                if line.startswith(f"{CAME} of "):
                    sim.cut()
            assert tool.wait(PATIENCE_S) == 3 and "Traceback" not in "".join(said), said
    finally:
        sim.cut()
    kept = [record.number for record in log_file.read(path)[0]]
    assert kept == list(range(1, len(kept) + 1)) and CAME <= len(kept) < 251


def test_a_treatment_ends_in_the_log_which_is_not_read_while_armed(packed, tmp_path):
    with treating.board(packed, tmp_path) as made:
        made.choose()
        made.speed(2)
        made.arm()
        refused = run(port=made.link)
        assert refused.status == 4 and "wait until the treatment has ended" in refused.said
        assert made.state()["STATE"] == "ARMED"  # and the question did no harm
        made.speed(8)
        made.press()
        made.wait(lambda state: int(state["BURSTS"]) > 3)
        made.hand("estop press")
        made.wait(lambda state: state["STATE"] == "FAULT")
        made.wait(lambda state: made.told("LOG:COUN?", "FIRST").startswith("FIRST=1;LAST=3"))
        bursts = made.state()["BURSTS"]
        made.speed(0)
        done = run("--json", port=made.link)
    assert done.status == 0, done.said
    start, fault, point = json.loads(done.out)
    assert start["kind"] == "START" and (fault["fault"], fault["mode"]) == ("ESTOP", "DELIVERING")
    assert (point["ended_by"], point["site"], point["bursts"]) == ("FAULT", "LFOOT-SOLE", int(bursts))
    assert 0 < point["valve_on_ms"] < point["duration_ms"] and point["coldest_skin_mdegc"] < 32_000


# --- without a board --------------------------------------------------------------------------------------------------
class Device:
    """Answers from a list of records' lines. It is armed for a while when number `armed` is asked for."""

    identity = SimpleNamespace(serial="1")

    def __init__(self, numbers, armed=None, lost=0):
        self.numbers, self.armed, self.busy, self.lost = numbers, armed, 2, lost
        self.asked = []

    def state(self):
        return {"STATE": "STANDBY" if self.armed != 0 else "ARMED"}

    def tell(self, command):
        self.asked.append(command)
        if command == "STAT?":
            self.busy -= 1
            return "STATE=ARMED" if self.busy else "STATE=STANDBY"
        if command == "LOG:COUN?":
            return f"FIRST={self.numbers[0]};LAST={self.numbers[-1]};LOST={self.lost}"
        first = int(command.split()[1].split(",")[0])
        if self.armed is not None and first >= self.armed and self.busy:
            raise Refused("the device: LOG? not while ARMED", number=-221)
        found = [n for n in self.numbers if n >= first][:4]
        lines = [f"NO={n};KIND=LOST;DATE=UNKNOWN;TIME=UNKNOWN;UPTIME_S=5;COUNT=1" for n in found]
        return " | ".join(lines) or "NONE"


def test_arming_meanwhile_is_waited_out_and_the_session_kept_alive(monkeypatch):
    monkeypatch.setattr(log.time, "sleep", lambda s: None)
    device, said = Device(list(range(1, 11)), armed=5), []
    found = log.extent(device)
    assert [r.number for r in log.records(device, found, 0, said.append)] == list(range(1, 11))
    assert len(said) == 1 and device.asked.count("STAT?") == 2


def test_armed_from_the_start_is_refused_with_what_to_do():
    with pytest.raises(Refused, match=r"ARMED.*wait until the treatment has ended"):
        log.extent(Device([1], armed=0))


def test_gaps_are_found():
    found = Extent(3, 9, 0)
    assert log.missing([3, 4, 7, 8, 9], 0, found) == [(5, 6)]
    assert log.missing([8], 5, found) == [(6, 7), (9, 9)]
    assert log.missing([], 9, found) == [] and log.missing([], 0, Extent(None, None, 0)) == []


def test_holes_lie_between_records_in_whatever_order_they_stand():
    assert log.holes(entry(number, 0) for number in (4, 7, 6, 9)) == [(5, 5), (8, 8)]
    assert log.holes([]) == []


@pytest.mark.parametrize("line", ["", "OK", "NO=x;KIND=POINT", "KIND=POINT", "NO=1;KIND=POINT;BURSTS=many"])
def test_an_answer_that_is_no_record_is_a_problem(line):
    with pytest.raises(Problem, match="not a record"):
        log.decoded(line, "1")


def test_a_newer_device_s_fields_and_kinds_do_no_harm():
    record = log.decoded("NO=5;KIND=KIND99;DATE=UNKNOWN;TIME=UNKNOWN;UPTIME_S=1;FIGURES=1,2;NEWER=3", "1")
    assert record.kind == "KIND99" and record.figures == "1,2" and record.sentence() == "1,2"
    record = log.decoded("NO=5;KIND=FAULT;UPTIME_S=1;CODE=99;FAULT=NEWER;MODE=ARMED;ALSO=NONE", "1")
    assert record.remedy is None and "manual" in record.sentence()


WHOLE = {
    "FAULT": {"fault_code": 1, "fault": "ESTOP", "mode": "ARMED"},
    "START": {"last_run_ended": "POWERED_ON", "restarts_since_power_on": 0, "version": "1"},
}


def entry(number, uptime_s, when=None, kind="FAULT", **more):
    said = {"when": when, "when_is": log.RECORDED} if when else {}
    return log.Record(serial="1", number=number, kind=kind, uptime_s=uptime_s, **WHOLE.get(kind, {}), **said, **more)


@pytest.mark.parametrize(
    ("numbers", "uptimes", "dated"),
    [
        ([1, 2, 3], [0, 100, 200], [True] * 3),
        ([1, 2, 4], [0, 100, 200], [True, True, False]),  # the START of another run may be number 3
        ([1, 2, 3], [0, 100, 40], [True, True, False]),
        ([1, 3, 4], [500, 100, 200], [False, True, True]),
    ],
)
def test_a_date_is_not_derived_over_a_lost_start(numbers, uptimes, dated):
    records = [entry(number, uptime) for number, uptime in zip(numbers, uptimes, strict=True)]
    records[1] = entry(numbers[1], uptimes[1], "2027-03-01T10:00:00")
    assert [record.when is not None for record in log.dated(records)] == dated


def test_what_no_device_writes_is_named():
    good = [entry(1, 0, kind="START"), entry(2, 50), entry(3, 50), entry(4, 3, kind="START"), entry(9, 1)]
    assert log.strange(good) == []
    assert "number 3 has an earlier uptime than 2" in log.strange([entry(2, 50), entry(3, 49)])[0]
    assert "number 2 comes after 2" in log.strange([entry(2, 50), entry(2, 60)])[0]


def test_a_file_of_a_board_that_was_erased_is_not_gone_on_with(board, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(run("--jsonl", port=board.link).out.splitlines(keepends=True)[:3]))
    before = path.read_bytes()
    row = json.loads(path.read_text().splitlines()[-1])
    for key, value in (("uptime_s", 7), ("kind", "LOST"), ("bursts", 15), ("when", "2026-01-01T00:00:00")):
        path.write_bytes(before.replace(json.dumps(row).encode(), json.dumps(row | {key: value}).encode()))
        changed = path.read_bytes()
        assert changed != before
        done = run("-o", path, port=board.link)
        assert done.status == 2 and "number 3 is another record in the device" in done.said, key
        for more in ((), ("--since", 5)):
            done = run("--follow", *more, "-o", path, port=board.link)
            assert done.status == 2 and "number 3 is another record in the device" in done.said, key
        assert path.read_bytes() == changed
        words = ["report", "--log", path, "--port", board.link, "-o", tmp_path / "r.html"]
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 2 and "number 3 of the given log is another record" in done.stderr
    path.write_bytes(before)
    assert "6 new records" in run("-o", path, port=board.link).said


def test_missing_numbers_are_exit_code_1(packed, tmp_path):
    data = bytearray(logged.files()["journal.0"])
    size = len(data) // len(logged.USUAL)
    data[3 * size + 20] ^= 1  # number 4, the emergency stop
    shutil.copy(packed, tmp_path / "board.img")
    image.write(tmp_path / "board.img", {"journal.0": bytes(data)})
    sim = Sim(tmp_path, "--speed", "0").wait_ready()
    try:
        until(lambda: told(sim.link, "LOG:COUN?"), lambda said: "FIRST=1;LAST=9" in said)
        first, again = (run("-o", tmp_path / "log.csv", port=sim.link) for _ in range(2))
    finally:
        sim.cut()
    for done in (first, again):  # the hole stays in the file
        assert done.status == 1 and done.said.count("numbers 4 to 4 are not in the log") == 1
    assert "0 new records" in again.said
    assert [record.number for record in log_file.read(tmp_path / "log.csv")[0]] == [1, 2, 3, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "text", ['{"serial":"1","number":"8_1","kind":"LOST"}', '{"serial":"1","number":1,"number":2,"kind":"LOST"}',
             '{"serial":"1","number":"\u0663","kind":"LOST"}'],
)  # fmt: skip
def test_a_line_that_means_two_things_is_no_record(tmp_path, text):
    (tmp_path / "a.jsonl").write_text(text + "\n")
    with pytest.raises(Problem, match="line 1 is not a record"):
        log_file.read(tmp_path / "a.jsonl")


def test_an_empty_log():
    device = Device([1])
    device.tell = lambda command: "FIRST=NONE;LAST=NONE;LOST=0"
    found = log.extent(device)
    assert found == Extent(None, None, 0) and list(log.records(device, found)) == []


def test_no_device_is_not_swallowed():
    device = Device([1, 2])

    def gone(command):
        raise NoDevice("gone")

    device.tell = gone
    with pytest.raises(NoDevice):
        list(log.records(device, Extent(1, 2, 0)))


def test_the_columns_are_documented():
    page = (Path(lanes.ROOT) / "docs/cryoctl/log.md").read_text()
    for column in log.COLUMNS:
        assert f"`{column}`" in page, column
