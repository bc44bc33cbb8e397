"""cryoctl console at a real terminal and without one: history, completion, PIN, status line, log, a shared port."""

import re
import signal
import stat
import subprocess
import sys

import pytest

from host_tools.cryoctl import shared
from host_tools.cryoctl.console import secret, words
from host_tools.cryoctl.console.status import Status
from host_tools.cryoctl.console.transcript import Transcript
from host_tools.simulator.twin import lanes
from tests.cryoctl.commanded import PIN, at_terminal, cryoctl, started

IDN = b"CO2 cryotherapy applicator,virtual"
READY = b"Ctrl-D ends"
END = b"\x04"
DRAWN = b"STAT:WHY? says"  # the status line has it: then the terminal is raw


@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    sim = started(packed, tmp_path_factory.mktemp("console"))
    yield sim
    sim.cut()


def console(board, answers, *words, **more):
    return at_terminal(["console", *words], answers, board.link, TERM="xterm", **more)


# --- at a terminal ----------------------------------------------------------------------------------------------------
def test_a_line_is_answered_and_the_status_line_says_what_the_device_does(board):
    code, said = console(board, {READY: b"*IDN?\r", IDN: b"", b"virtual 1 | STANDBY": END})
    assert code == 0 and "> *IDN?" in said


def test_lines_of_earlier_runs_come_back_and_a_pin_is_nowhere(board, tmp_path, tmp_path_factory):
    data = tmp_path_factory.mktemp("d")  # a socket's path has 107 characters at most
    more = {"XDG_DATA_HOME": str(data), "XDG_STATE_HOME": None}
    log = tmp_path / "said.txt"
    typed = b"SERV:PIN " + PIN.encode() + b"\r"
    answers = {READY: b"MEAS:DIST?\r" + typed + b"*IDN?\r", IDN: END}
    code, said = console(board, answers, "--log", log, **more)
    assert code == 0
    kept = data / "cryo/console_history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "MEAS:DIST?" in kept.read_text() and "SERV" not in kept.read_text()
    for text in (said, kept.read_text(), log.read_text()):
        assert PIN not in text
    assert re.search(r"^\S+ > SERV:PIN \*{4}$", log.read_text(), re.MULTILINE)
    assert re.search(rf"^\S+ < {IDN.decode()}", log.read_text(), re.MULTILINE)
    up = b"\x1b[A"
    code, said = console(board, {READY: up + up + b"\r", b"> MEAS:DIST?": b"", b" mm": END}, **more)
    assert code == 0  # the line before *IDN?, which is the last: the PIN is not between them


def test_service_mode_is_not_left_open(board):
    typed = b"SERV:PIN " + PIN.encode() + b"\r"
    code, _ = console(board, {READY: typed, b"SERVICE\r\n": END})
    assert code == 0 and "STATE=STANDBY" in piped(board, "STAT?\n").stdout


def test_tab_completes_from_what_the_device_says_it_has(board):
    """The status line shows a state only after the list of commands has come."""
    code, said = console(board, {DRAWN: b"MEAS:DI\t\r", b" mm": END})
    assert code == 0 and "> MEAS:DIST" in said


@pytest.mark.parametrize("typed", [b"ARM:RE\x03*IDN?\r", b"\x03\x03*IDN?\r"])
def test_ctrl_c_empties_the_line_and_never_reaches_the_device(board, typed):
    # once the status line is drawn, the terminal is raw and Ctrl-C is a key; before, it is a signal that ends it
    code, said = console(board, {DRAWN: typed, IDN: END})
    assert code == 0 and "ERROR" not in said


def test_ctrl_d_before_it_reads_keys_ends_it(board):
    code, said = console(board, {READY: END})
    assert code == 0, said


# --- without one ------------------------------------------------------------------------------------------------------
def command(board, *words):
    return [sys.executable, "-m", "host_tools.cryoctl", "console", "--port", str(board.link), *words]


def piped(board, text, *words):
    return subprocess.run(command(board, *words), input=text, capture_output=True, text=True, cwd=lanes.ROOT)


def test_lines_of_a_pipe_are_answered_in_order(board):
    done = piped(board, "*IDN?\nTREAT:PRES CIPN;LEV 2\n\nTREAT:LEV?\nHELP ARM\n*OPC?\n")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[0].startswith(IDN.decode()) and lines[1:4] == ["OK", "OK", "2"]
    assert lines[4].startswith("ARM: ") and lines[-1] == "1" and len(lines) > 8


def test_a_second_console_and_a_log_use_the_same_port_and_only_ask(board):
    owner = subprocess.Popen(
        command(board), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=lanes.ROOT,
    )  # fmt: skip
    try:
        owner.stdin.write("TREAT:PRES CIPN;LEV 1\n")
        owner.stdin.flush()
        assert [owner.stdout.readline() for _ in range(2)] == ["OK\n"] * 2 and shared.place(str(board.link)).exists()
        done = piped(board, "TREAT:LEV?\nTREAT:LEV 2\nTREAT:LEV?\n")
        lines = done.stdout.splitlines()
        assert lines[0] == lines[2] == "1" and "read-only" in lines[1] and "shared" in done.stderr
        assert piped(board, "TREAT:LEV 2\n", "--write").stdout == "OK\n"
        assert cryoctl("monitor", "--plain", "--seconds", "1", port=board.link).exit_code == 0
        log = cryoctl("log", port=board.link)
        assert log.exit_code == 0, log.stderr
        refused = cryoctl("config", "set", "trip_mdegc", "5000", "--yes", port=board.link)
        assert refused.exit_code == 4 and "read-only" in refused.stderr
    finally:
        owner.stdin.close()
        assert owner.wait(60) == 0
    assert not shared.place(str(board.link)).exists()


def test_alone_it_shares_with_nobody(board):
    owner = subprocess.Popen(
        command(board, "--alone"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=lanes.ROOT
    )
    try:
        owner.stdin.write("*OPC?\n")
        owner.stdin.flush()
        assert owner.stdout.readline() == "1\n"
        done = piped(board, "*OPC?\n")
        assert done.returncode == 3 and "in use" in done.stderr
    finally:
        owner.send_signal(signal.SIGTERM)
        assert owner.wait(60) == 128 + signal.SIGTERM


def test_no_device_there():
    assert cryoctl("console", port="/dev/none").exit_code == 3


# --- its parts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("SERV:PIN 4711", "SERV:PIN ****"),
        ("serv:newp 4711,4711", "serv:newp *********"),
        ("STAT?;SERV:PIN 4711", "STAT?;SERV:PIN ****"),
        ("SERV:PIN4711", "SERV:PIN****"),
        ("SERVICE:PIN  4711", "SERVICE:PIN  ****"),
        ("SER:PIN 4711", "SER:PIN ****"),
        ("SERB 4711", "SERB ****"),
        ("PIN 4711", "PIN ****"),
    ],
)
def test_a_pin_is_masked_however_its_command_is_written(line, shown):
    assert secret.masked(line) == shown and secret.holds(line)


@pytest.mark.parametrize("line", ["STAT?", "TREAT:POIN 1", "CONF serial,7", "ARM:CONF 4711"])
def test_other_lines_are_shown_as_they_are(line):
    assert secret.masked(line) == line and not secret.holds(line)


def test_commands_are_found_by_their_short_and_their_long_form():
    known = words.listed("*IDN?; STATus:WHY?; TREATment:PRESet[?] name; STATus?")
    assert [word.short for word in known] == ["*IDN?", "STAT:WHY?", "TREAT:PRES", "TREAT:PRES?", "STAT?"]

    def found(typed):
        return [word.short for word in words.fitting(known, typed)]

    assert found("stat") == found("STATUS") == ["STAT:WHY?", "STAT?"]
    assert found("*IDN?;treatm") == ["TREAT:PRES", "TREAT:PRES?"]
    assert found("TREAT:PRES C") == [] and len(found("")) == 5


class Said:
    """A link whose device answers from a table; it counts the questions."""

    def __init__(self, **answers):
        self.answers = {"*IDN?": "CO2 cryotherapy applicator,virtual,7,0.1.0", "HELP?": "*IDN?", **answers}
        self.asked = []

    def ask(self, command):
        self.asked.append(command)
        return self.answers.get(command, "")

    def close(self):
        pass


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("STATE=STANDBY;BLOCKERS=SETUP,REST;FAULT=NONE", "virtual 7 | STANDBY | 2 blockers: STAT:WHY? says what to do"),
        ("STATE=ARMED;BLOCKERS=TRIGGER;FAULT=NONE", "virtual 7 | ARMED"),
        ("STATE=FAULT;BLOCKERS=NONE;FAULT=ESTOP", "virtual 7 | FAULT | fault ESTOP: FAULT? says what to do"),
    ],
)
def test_the_status_line_says_state_and_what_to_ask(state, says):
    status = Status(Said(**{"STAT?": state}))
    status._ask(0)
    assert status.text() == says


def test_skin_has_its_unit_or_says_why_it_has_no_value():
    status = Status(Said(**{"STAT?": "STATE=STANDBY", "MEAS:TEMP?": "SKIN=32.61,180ms;NOZZLE=NEVER"}))
    status._ask(0)
    status._ask(1)
    assert status.text().endswith("skin 32.61 degC")
    status._link.answers["MEAS:TEMP?"] = "SKIN=OPEN"
    status._ask(1)
    assert status.text().endswith("skin OPEN")


def test_while_armed_no_list_of_commands_is_loaded():
    status = Status(Said(**{"STAT?": "STATE=ARMED"}))
    status._ask(0)
    assert "HELP?" not in status._link.asked


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(Exception, match="name another file with --log"):
        Transcript(tmp_path / "no" / "file")
