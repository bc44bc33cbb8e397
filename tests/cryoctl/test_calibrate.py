"""cryoctl calibrate with the virtual board: from a file, at a terminal with the panel, and errors."""

import datetime
import errno
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from host_tools.cryoctl import files, interrupts
from host_tools.cryoctl.calibration import run, session
from host_tools.cryoctl.calibration.kinds import DISTANCE, PRESSURE, THERMOCOUPLE
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, NotVerified, Refused
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from tests.cryoctl.commanded import PIN, POINTS, at_terminal, cryoctl, standby, started, with_pin
from tests.cryoctl.conftest import PATIENCE_S, until

WHO = ("--technician", "A. Fitter", "--instrument", "Ref 7")
TODAY = datetime.date.today()
DUE = str(TODAY + datetime.timedelta(days=90))


@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    """The serial port of a board with a PIN."""
    sim = started(packed, tmp_path_factory.mktemp("calibrate"))
    yield sim.link
    sim.cut()


def file_of(kind, tmp_path, text=None):
    form, usual = POINTS[kind]
    path = tmp_path / f"a.{form}"
    path.write_text(text or usual)
    return path


def kinds(board):
    """Return kind -> what is calibrated, as the command says."""
    return json.loads(cryoctl("calibrate", "status", "--json", port=board).stdout)["kinds"]


@pytest.fixture
def unchanged(board):
    """Fail if the test changes what is calibrated."""
    before = kinds(board)
    yield board
    assert kinds(board) == before


def test_a_board_that_was_never_calibrated_says_so_and_is_told_the_date(board, tmp_path):
    done = cryoctl("calibrate", "status", port=board)
    assert done.exit_code == 1 and done.stdout.count("missing") == 6
    assert (
        "never calibrated: thermocouple, opening, closing, jet, pressure, distance; nobody measured the values"
        in done.stderr
    )
    path = file_of("distance", tmp_path)
    done = cryoctl("calibrate", "distance", "--yes", "--points", path, *WHO, port=board)
    assert done.exit_code == 0 and "the device had no date: it got this computer's date" in done.stderr
    done = cryoctl("calibrate", "distance", "--yes", "--points", path, *WHO, port=board)
    assert done.exit_code == 0 and "had no date" not in done.stderr
    found = kinds(board)
    assert found["distance"]["values"] == {"error_mm": 2} and found["distance"]["days_left"] == 365
    assert found["thermocouple"] is None


@pytest.mark.parametrize("kind", POINTS)
def test_each_kind_from_a_file_to_its_certificate(board, tmp_path, kind):
    path = file_of(kind, tmp_path)
    words = ("--yes", "--json", "--points", path, *WHO, "--due", DUE, "--certificate", tmp_path / "paper")
    done = cryoctl("calibrate", kind, *words, port=board)
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["serial"], record["technician"], record["due"]) == ("1", "A. FITTER", DUE)
    assert kinds(board)[kind]["values"] == record["results"] and kinds(board)[kind]["due"] == DUE
    page = (tmp_path / "paper.html").read_text()
    assert all(words in page for words in ("A. FITTER", "REF 7", DUE, "not certified", "a simulation", "<svg"))
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF-")
    assert [point["reading"] for point in record["points"]] and len(record["points"]) in (2, 3)


def test_all_six_and_a_restart_put_jet_and_delays_in_force(board, tmp_path):
    for kind in POINTS:
        words = ("--yes", "--points", file_of(kind, tmp_path), *WHO, *(["--restart"] if kind == "distance" else []))
        assert cryoctl("calibrate", kind, *words, port=board).exit_code == 0
    done = cryoctl("calibrate", "status", port=board)
    assert done.exit_code == 0 and "never calibrated" not in done.stderr
    due = TODAY + datetime.timedelta(days=365)
    force = json.loads(cryoctl("calibrate", "status", "--json", port=board).stdout)["in_force"]
    assert (force["jet_k"], force["valve_open_us"], force["valve_close_us"]) == ("20935", "18000", "21300")
    assert force["due"] == str(due)


def test_a_thermocouples_error_is_that_without_the_offset_in_force(board, tmp_path, monkeypatch):
    words = ("--yes", *WHO)
    verdict, judged = run.mistakes.verdict, []
    monkeypatch.setattr(run.mistakes, "verdict", lambda kind, read: judged.append(read) or verdict(kind, read))
    first = file_of("thermocouple", tmp_path)  # its probe reads up to 0.4 degC too warm
    assert cryoctl("calibrate", "thermocouple", "--points", first, *words, "--restart", port=board).exit_code == 0
    standby(board)
    with Device(Port(str(board))) as device:
        assert session.skin_offset_c(device) == -0.4
    text = "reference_c,reading_c,offset_c\n0,-2.3,-0.4\n37,34.8,-0.4\n-78.5,-80.7,-0.4\n"
    path = file_of("thermocouple", tmp_path, text)
    more = ("--points", path, "--certificate", tmp_path / "paper.html", "--json")
    done = cryoctl("calibrate", "thermocouple", *words, *more, port=board)
    assert done.exit_code == 0 and "adds -0.4 degC to each reading" in done.stderr, done.stderr
    assert [point["deviation"] for point in json.loads(done.stdout)["points"]] == [-1.9, -1.8, -1.8]
    assert [point.reading for point in judged[-1]] == [-1.9, 35.2, -80.3]  # so also for probe mistakes
    page = (tmp_path / "paper.html").read_text()
    for cell in ("-2.3", "-1.9", "34.8", "35.2"):
        assert f">{cell}</td>" in page
    path = file_of("thermocouple", tmp_path, "reference_c,reading_c,offset_c\n0,1.7,-0.4\n37,38.5,-0.4\n")
    done = cryoctl("calibrate", "thermocouple", "--points", path, *words, port=board)
    assert done.exit_code == 1 and "2100 mdegC off" in done.stderr and "+2.1" in done.stderr
    again = file_of("thermocouple", tmp_path, "reference_c,reading_c\n0,0.4\n37,37.2\n")  # it does not say
    done = cryoctl("calibrate", "thermocouple", "--points", again, *words, port=board)
    assert done.exit_code == 2 and "offset_c" in done.stderr


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (NoDevice("it did not come back", "press its reset button"),
         "the calibration is stored, and in force after the next start; the restart failed: it did not come"),
        (NotVerified("x is in force as 1, not 2", "again"),
         "the calibration is stored, but whether it is in force is not known: x is in force as 1"),
    ],
)  # fmt: skip
def test_a_restart_that_fails_leaves_what_is_stored_with_its_certificate(board, tmp_path, monkeypatch, problem, said):
    def fails(device, expected):
        raise problem

    monkeypatch.setattr(run.config, "restart", fails)
    more = ("--points", file_of("distance", tmp_path), "--certificate", tmp_path / "paper.html", "--restart")
    done = cryoctl("calibrate", "distance", "--yes", *WHO, *more, port=board)
    assert done.exit_code == problem.code and "stored and read back" in done.stderr
    assert said in done.stderr
    stored = kinds(board)["distance"]
    assert stored["date"] in (tmp_path / "paper.html").read_text()


def test_a_certificate_has_the_stored_record_s_date_and_not_the_session_s(board, tmp_path, monkeypatch):
    keep, tomorrow = session.keep, TODAY + datetime.timedelta(days=1)
    monkeypatch.setattr(session, "keep", lambda *given: replace(keep(*given), date=tomorrow))  # midnight passed
    more = ("--points", file_of("distance", tmp_path), "--certificate", tmp_path / "paper.html", "--json")
    done = cryoctl("calibrate", "distance", "--yes", *WHO, *more, port=board)
    assert done.exit_code == 0 and json.loads(done.stdout)["date"] == str(tomorrow)
    page = (tmp_path / "paper.html").read_text()
    assert str(tomorrow) in page and str(TODAY) not in page


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (
            "thermocouple",
            "reference_c,reading_c,offset_c\n0,0.4,0\n37,37.9,0\n-78.5,-82,0\n",
            "00 mdegC off, at most 2000",
        ),
        ("thermocouple", "reference_c,reading_c,offset_c\n20,20,0\n45,45,0\n", "use melting ice"),
        ("thermocouple", "reference_c,reading_c,offset_c\n0,49.5,0\n37,12.9,0\n", "most likely the wires are reversed"),
        (
            "thermocouple",
            "reference_c,reading_c,offset_c\n0,0.2,0\n-78.5,-74.3,0\n",
            "most likely the probe is type T, read as type K",
        ),
        (
            "thermocouple",
            "reference_c,reading_c,offset_c\n0,5.5,0\n37,34.6,0\n",
            "probe and converter are type T, and tc_type is set",
        ),
        ("opening", "delay_us\n18000\n18000\n24000\n", "they differ by 6000 us"),
        ("opening", "delay_us\n18000\n", "at least 3 measurements"),
        ("pressure", "reference_mbar,reading_mbar\n0,100\n57000,60000\n", "3000 mbar off"),
        ("distance", "reference_mm,reading_mm\n90,90\n100,100\n", "60 mm apart"),
        ("distance", "reference_mm,reading_mm\n79.5,85.49\n190,190\n", "79.5 mm: +5.99 mm off, at most 5"),
        ("jet", "nozzle = 1\ndistance_mm = 80\n" + "[[points]]\nflow_us = 300000\nfall_c = 40\n" * 3, "limit 7"),
    ],
)
def test_what_is_not_accepted_leaves_the_old_calibration(unchanged, tmp_path, kind, text, said):
    paper = tmp_path / "paper"
    path = file_of(kind, tmp_path, text)
    done = cryoctl("calibrate", kind, "--yes", "--points", path, *WHO, "--certificate", paper, port=unchanged)
    assert done.exit_code == 1 and said in done.stderr, done.stderr
    assert not done.stdout and [one.name for one in tmp_path.iterdir()] == [path.name]


def test_two_points_that_do_not_show_the_probes_type_say_so(board, tmp_path):
    path = file_of("thermocouple", tmp_path, "reference_c,reading_c,offset_c\n0,0.1,0\n37,37.1,0\n")
    done = cryoctl("calibrate", "thermocouple", "--yes", "--points", path, *WHO, port=board)
    assert done.exit_code == 0 and "a dry-ice point would show it" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--technician", "A"), 2, "instrument is not given"),
        (("--technician", "A,B", "--instrument", "x"), 2, "no comma"),
        ((*WHO, "--due", "2020-01-01"), 2, "date after today"),
        ((*WHO, "--certificate", "/no/such/folder/paper"), 2, "cannot be written"),
        ((*WHO, "--certificate", __file__ + ".html", "--certificate", lanes.ROOT / "docs/x/y"), 2, "cannot be written"),
        ((*WHO, "--pin-file", "/no/such/pin"), 2, "PIN file"),
    ],
)
def test_a_request_that_cannot_be_met(unchanged, tmp_path, words, code, said):
    done = cryoctl(
        "calibrate", "opening", "--yes", "--points", file_of("opening", tmp_path), *words, port=unchanged
    )  # fmt: skip
    assert done.exit_code == code and said in done.stderr


def test_without_a_terminal_points_have_to_be_given(unchanged):
    for words in ((), ("--yes",)):
        done = cryoctl("calibrate", "opening", *words, *WHO, port=unchanged)
        assert done.exit_code == 2 and "--points" in done.stderr


def test_a_wrong_pin(unchanged, tmp_path):
    path = file_of("opening", tmp_path)
    done = cryoctl("calibrate", "opening", "--yes", "--points", path, *WHO, port=unchanged, pin="0000")
    assert done.exit_code == 4 and "wrong PIN" in done.stderr and "0000" not in done.output


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"reference_mm,reading_mm\n90,\xff\n")
    done = cryoctl("calibrate", "distance", "--yes", "--points", path, *WHO)
    assert done.exit_code == 2 and "not UTF-8" in done.stderr


def test_a_certificate_is_not_written_over(unchanged, tmp_path):
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"mine")
    path = file_of("opening", tmp_path)
    done = cryoctl("calibrate", "opening", "--yes", "--points", path, *WHO, "--certificate", paper, port=unchanged)
    assert done.exit_code == 2 and "exists already" in done.stderr and paper.read_bytes() == b"mine"


def test_a_disk_that_fills_up_meanwhile_costs_no_certificate(board, tmp_path, monkeypatch):
    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    monkeypatch.setattr(run.tempfile, "tempdir", str(tmp_path))
    words = ("--yes", "--points", file_of("opening", tmp_path), *WHO, "--certificate", tmp_path / "paper.html")
    done = cryoctl("calibrate", "opening", *words, port=board)
    assert done.exit_code == 2 and "the calibration is stored, but" in done.stderr and "No space left" in done.stderr
    kept = done.stderr.rstrip().rpartition("its certificate is in ")[2]
    with open(kept) as file:
        assert "</html>" in file.read()
    assert not (tmp_path / "paper.html").exists()


def test_two_tools_at_once(unchanged, tmp_path):
    with Port(str(unchanged)):
        path = file_of("opening", tmp_path)
        done = cryoctl("calibrate", "opening", "--yes", "--points", path, *WHO, port=unchanged)
        assert done.exit_code == 3 and "in use" in done.stderr
    assert cryoctl("calibrate", "status", port=unchanged).exit_code in (0, 1)


# --- ended from outside -----------------------------------------------------------------------------------------------
ENDED = """import os, sys, time
from host_tools.cryoctl import entry
from host_tools.cryoctl.calibration import session

def ended(device):
    assert device.state()["STATE"] == "SERVICE"
    os.kill(os.getpid(), number)
    time.sleep(600)

number = int(sys.argv.pop(1))
session.clock = ended  # the first thing in service mode
entry.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_calibration_that_is_ended_does_not_leave_service_mode_open(unchanged, tmp_path, number):
    """Otherwise the next person could set limits without a PIN. After SIGKILL the device leaves it in 60 s."""
    path = file_of("opening", tmp_path)
    words = ("calibrate", "opening", "--yes", "--points", str(path), *WHO, "--port", str(unchanged))
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(int(number)), *words],
        cwd=lanes.ROOT,
        env={**os.environ, "CRYO_PIN": PIN},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=lambda: [signal.signal(each, signal.SIG_DFL) for each in interrupts.SIGNALS],
    )
    with Device(Port(str(unchanged))) as device:
        if number == signal.SIGKILL:
            assert done.returncode == -number, done.stderr
            until(device.state, lambda state: state["STATE"] == "STANDBY")
        else:
            assert done.returncode == 128 + number and "Traceback" not in done.stderr, done.stderr
            assert device.state()["STATE"] == "STANDBY"
        with pytest.raises(Refused, match="service mode"):
            device.tell("CONF room_m3,25")


# --- at a terminal ----------------------------------------------------------------------------------------------------
class Rig:
    """A board with its front panel at its own terminal, so that its keys can be pressed."""

    def __init__(self, packed, folder):
        self.image = with_pin(packed, folder)
        self.link = folder / "port"
        self._master, slave = pty.openpty()
        command = [
            sys.executable,
            "-m",
            "host_tools.cryoctl",
            "sim",
            "--image",
            str(self.image),
            "--link",
            str(self.link),
        ]
        env = {**os.environ, "COLUMNS": "200", "TERM": "xterm"}
        self.process = subprocess.Popen(
            [*command, "--speed", "10"], stdin=slave, stdout=slave, stderr=slave, cwd=lanes.ROOT, env=env
        )
        os.close(slave)
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._ready.wait(PATIENCE_S)
        standby(self.link)

    def _read(self):
        said = b""
        try:
            while data := os.read(self._master, 4096):  # a panel that nobody reads would fill its terminal
                said = (said + data)[-4096:]
                if b"link " in said and self.link.exists():
                    self._ready.set()
        except OSError:
            pass

    def press(self, keys):
        os.write(self._master, keys)

    def unplug(self):
        self.link.unlink(missing_ok=True)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def rig(packed, tmp_path):
    rig = Rig(packed, tmp_path)
    yield rig
    rig.unplug()


def test_a_technician_is_guided_through_the_distances(rig, tmp_path):
    def further():
        rig.press(b"+" * 9)  # 100 mm to 190 mm
        return b"\n"

    paper = tmp_path / "paper"
    answers = {
        b"Technician": b"A. Fitter\n",
        b"Instrument": b"Ruler 1\n",
        b"Due on": b"\n",
        b"Reference in mm": b"about 100\n",
        b"is not a number": b"100\n",
        b"back: change the previous answer) [190]": further,
        b"Store it, due on": b"y\n",
    }
    status, said = at_terminal(
        ["calibrate", "distance", "--certificate", str(paper)], answers, rig.link, TERM="xterm", COLUMNS="160"
    )
    assert status == 0 and not answers, said
    for words in (
        "light board",
        "At rest: 5 s without a gap",
        "within 5 mm",
        "accepted: error ",
        "stored and read back",
    ):
        assert words in said, words
    assert "▁" in said or "▄" in said  # the plot
    record = kinds(rig.link)["distance"]
    assert record["technician"] == "A. FITTER" and record["values"]["error_mm"] <= 5
    page = (tmp_path / "paper.html").read_text()
    assert "mean of" in page and "A reading was taken at rest" in page


def test_bursts_are_typed_as_other_instruments_gave_them(board):
    answers = {
        b"Due on": b"\n",
        b"Number of the nozzle": b"3\n",
        b"Distance of the bursts": b"80\n",
        b"1: flow in us, fall in degC": b"300000\n",
        b"give flow in us, fall in degC": b"300000, 8\n",
        b"2: flow": b"300000,8.2\n",
        b"3: flow": b"300000,8.1\n",
        b"4: flow": b"\n",
        b"Store it, due on": b"y\n",
    }
    status, said = at_terminal(["calibrate", "jet", *WHO], answers, board)
    assert status == 0 and not answers, said
    assert "In service mode the device gives no burst" in said
    assert kinds(board)["jet"]["values"] == {"nozzle": 3, "distance_mm": 80, "k_mdegc": 14990, "k_80_mdegc": 14990}


@pytest.mark.long
def test_an_ice_bath_may_take_its_time(board):
    """Between two keys pass two minutes of the board's clock; a silent tool has only one."""

    def later():
        time.sleep(12)
        return b"18000\n"

    answers = {b"1: opening": later, b"2: opening": b"18100\n", b"3: opening": later, b"4: opening": b"\n"}
    status, said = at_terminal(["calibrate", "opening", *WHO, "--due", DUE], answers | {b"Store it": b"y\n"}, board)
    assert status == 0 and "stored and read back" in said, said


def test_a_wrong_answer_and_second_thoughts_cost_nothing_that_was_typed(board, tmp_path):
    answers = {
        b"Technician: ": "J\N{LATIN SMALL LETTER U WITH DIAERESIS}rgen\n".encode(),
        b"without accents": b"Jurgen\n",
        b"Instrument (back: ": b"Timer 7\n",
        b"Due on": b"2020-01-01\n",
        b"give a date after today": b"\n",
        b"PIN: ": b"4711\n",
        b"1: opening": b"17000\n",
        b"2: opening": b"back\n",
        b"1: opening delay": b"back\n",
        b"Due on, yyyy": b"back\n",
        b"[Timer 7]": b"Timer 8\n",
        b"Due on, yyyy-mm": b"\n",
        b"1: opening delay in": b"18000\n",
        b"2: opening delay": b"18000\n",
        b"3: opening": b"30000\n",
        b"4: opening": b"\n",
        b"Change the last point?": b"\n",  # the device does not accept them
        b"3: opening delay": b"18100\n",
        b"4: opening delay": b"\n",
        b"Store it": b"back\n",
        b"3: opening delay in": b"18050\n",
        b"4: opening delay in": b"\n",
        b"Store it, due": b"y\n",
    }
    words = ["calibrate", "opening", "--certificate", str(tmp_path / "paper.html")]
    status, said = at_terminal(words, answers, board, CRYO_PIN=None)
    assert status == 0 and not answers, said
    assert "they differ by 12000 us" in said and "4711" not in said
    record = kinds(board)["opening"]
    assert (record["technician"], record["instrument"]) == ("JURGEN", "TIMER 8")
    page = (tmp_path / "paper.html").read_text()
    assert "18050" in page and "17000" not in page and "18100" not in page


def test_with_yes_nothing_is_asked_at_a_terminal_either(tmp_path):
    words = ["calibrate", "opening", "--yes", "--points", str(file_of("opening", tmp_path)), "--technician", "A"]
    status, said = at_terminal(words, {}, "/no/port")
    assert status == 2 and "instrument is not given; give --instrument" in said


def test_a_reading_that_does_not_come_to_rest_may_be_taken_again(rig, tmp_path):
    def moved():
        rig.press(b"+" * 9)
        return b"\n"

    path = file_of("distance", tmp_path, "reference_mm\n100\n190\n")
    words = ["calibrate", "distance", "--points", str(path), *WHO, "--patience-s", "6"]
    answers = {
        b"Due on": b"\n",
        b"reference: 100 mm": b"\n",
        b"reference: 190 mm": b"\n",  # and nobody moves the board
        b"Measure it again?": moved,
        b"Store it": b"\n",
    }
    status, said = at_terminal(words, answers, rig.link)
    assert status == 2 and not answers and "not confirmed" in said, said
    assert "still near the previous point" in said and "accepted: error " in said


def test_unplugged_in_the_middle_nothing_is_stored(rig, tmp_path):
    def unplug():
        rig.unplug()
        return b"y\n"

    path = file_of("distance", tmp_path)
    words = ["calibrate", "distance", "--points", str(path), *WHO]
    before = image.read(rig.image)
    status, said = at_terminal(words, {b"Due on": b"\n", b"Store it, due on": unplug}, rig.link)
    assert status == 3 and "is gone" in said and "look with `cryoctl calibrate status`" in said
    after = image.read(rig.image)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert not {name for name in changed if name.startswith(("settings", "calibration"))}


def test_what_is_not_confirmed_is_not_stored(rig, tmp_path):
    path = file_of("opening", tmp_path)
    answers = {b"Due on": b"\n", b"Store it, due on": b"n\n"}
    status, said = at_terminal(["calibrate", "opening", "--points", str(path), *WHO], answers, rig.link)
    assert status == 2 and "not confirmed" in said and kinds(rig.link)["opening"] is None

    answers = {b"Due on": b"\n", b"1: opening": b"18000\n", b"2: opening": b"\x03"}
    status, said = at_terminal(["calibrate", "opening", *WHO], answers, rig.link)
    assert status == 130 and not answers and "Traceback" not in said
    assert "STATE=STANDBY" in state(rig.link)  # service mode was left


@pytest.fixture
def short_windows():
    """Readings are at rest after one second: ten readings of the virtual board, whose noise drifts more."""
    kinds = (THERMOCOUPLE, PRESSURE, DISTANCE)
    usual = [kind.criteria for kind in kinds]
    for kind, criteria in zip(kinds, usual, strict=True):
        object.__setattr__(kind, "criteria", replace(criteria, window_s=1.0, least=5, drift=criteria.spread))
    yield
    for kind, criteria in zip(kinds, usual, strict=True):
        object.__setattr__(kind, "criteria", criteria)


def test_a_reading_that_never_comes_to_rest_ends_clearly(rig, tmp_path, short_windows):
    path = file_of("distance", tmp_path, "reference_mm\n100\n190\n")  # nobody moves it
    done = cryoctl("calibrate", "distance", "--yes", "--patience-s", "3", "--points", path, *WHO, port=rig.link)
    assert done.exit_code == 1 and "still near the previous point" in done.stderr
    assert "nothing was stored" in done.stderr
    assert kinds(rig.link)["distance"] is None and "STATE=STANDBY" in state(rig.link)


@pytest.mark.parametrize(
    ("kind", "script", "points", "reading"),  # reading: of the second point, or the message
    [
        ("thermocouple", "0.1 bath 0", "reference_c,reading_c\n37,37.1\n0,\n", pytest.approx(0.0, abs=0.1)),
        (
            "thermocouple",
            "0.1 bath 0\n0.2 fault skin-wires-reversed",
            "reference_c,reading_c\n37,12.9\n0,\n",
            "most likely the wires are reversed",
        ),
        ("pressure", "", "reference_mbar,reading_mbar\n0,120\n57000,\n", pytest.approx(57_300, abs=500)),
        (
            "pressure",
            "0.1 bottle 0",
            "reference_mbar,reading_mbar\n0,120\n57000,\n",
            "still near the previous point, 120 mbar",
        ),
    ],
)
def test_a_point_without_a_reading_is_read_from_the_device(
    packed, tmp_path, short_windows, kind, script, points, reading
):
    path = tmp_path / "script"
    path.write_text(script)
    sim = started(packed, tmp_path, "--script", str(path))
    path = file_of(kind, tmp_path, points)
    words = ("--yes", "--json", "--patience-s", "10", "--points", path, *WHO)
    try:
        done = cryoctl("calibrate", kind, *words, port=sim.link)
        stored = kinds(sim.link)[kind]
    finally:
        sim.cut()
    if isinstance(reading, str):
        assert done.exit_code == 1 and reading in done.stderr and stored is None, done.stderr
    else:
        assert done.exit_code == 0 and "stored and read back" in done.stderr, done.stderr
        assert json.loads(done.stdout)["points"][1]["reading"] == reading and stored


def state(link):
    with Device(Port(str(link))) as device:
        return device.ask("STAT?")
