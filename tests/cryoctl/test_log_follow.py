"""cryoctl log --follow: prints records as they come, and does not disturb a treatment."""

import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from host_tools.cryoctl import log_file, log_follow, names, wire
from host_tools.cryoctl.device import PROMPT
from host_tools.cryoctl.log_follow import Follower
from host_tools.cryoctl.problems import NoDevice, Problem, Refused, Silent
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from tests.cryoctl import logged, treating
from tests.cryoctl.conftest import PATIENCE_S, Sim, until


# --- without a board --------------------------------------------------------------------------------------------------
class FakeDevice:
    """A device, its time, and a follower. states: (from this time on, state); log: (from this time on, number)."""

    identity = SimpleNamespace(serial="1")

    def __init__(self, states, log, first=1, until=100.0):
        self.now = 0.0
        self.states, self.log, self.first, self.until = states, log, first, until
        self.sent = []
        self.instead = []  # answers to other questions, which come first
        self.port = SimpleNamespace(name="fake")
        self.said = []
        self.began = []

    def state(self):
        return [state for since, state in self.states if since <= self.now][-1]

    def received(self):
        return []

    def ask(self, command, patience_s, fits):
        self.now += 0.05
        self.sent.append((self.now, self.state(), command))
        while self.instead:
            answer = self.instead.pop(0)
            if isinstance(answer, Exception):
                self.now += patience_s
                raise answer
            if fits(answer):
                return wire.accepted(answer)
        if command == "STAT?":
            return f"STATE={self.state()};BLOCKERS=NONE"
        if self.state() in names.BUSY:
            raise Refused("the device: not now", number=-221)
        there = [number for since, number in self.log if since <= self.now]
        if command == "LOG:COUN?":
            return f"FIRST={self.first if there else 'NONE'};LAST={max(there, default='NONE')};LOST=0"
        found = [number for number in there if number >= int(command.split()[1])]
        return f"NO={min(found)};KIND=LOST;DATE=UNKNOWN;TIME=UNKNOWN;UPTIME_S=5;COUNT=1" if found else "NONE"

    def followed(self, since=None, held=None):
        """Return the numbers that were printed until the end of its time."""
        device = self

        class Stop:
            def is_set(self):
                return device.now >= device.until

            def wait(self, seconds):
                device.now += seconds

        follower = Follower(self, since, Stop(), self.said.append, self.began.append)
        if held:
            follower.compares(*held)
        return [record.number for record in follower.records() if record]


OLD = [(0, number) for number in range(1, 21)]


def test_only_what_is_new_is_told_or_what_lies_above_a_number():
    assert FakeDevice([(0, "STANDBY")], [*OLD, (30, 21), (30, 22), (60, 23)]).followed() == [21, 22, 23]
    assert FakeDevice([(0, "STANDBY")], [*OLD, (30, 21)]).followed(18) == [19, 20, 21]
    device = FakeDevice([(0, "STANDBY")], [(50, 1)])
    assert device.followed() == [1] and device.began == [0]


@pytest.mark.parametrize(("since", "held"), [(3, 3), (20, 18)])
def test_before_anything_is_told_the_file_s_last_record_is_compared(since, held):
    device = FakeDevice([(0, "STANDBY")], [*OLD, (30, 21)], until=50.0)
    seen = []
    assert device.followed(since, held=(held, seen.append))[-1] == 21
    assert [record.number for record in seen] == [held]


def test_a_number_that_the_device_dropped_and_the_file_has_is_not_called_missing():
    device = FakeDevice([(0, "STANDBY")], OLD[3:], first=4, until=20.0)
    seen = []
    assert device.followed(3, held=(3, seen.append)) == list(range(4, 21))
    assert seen == [None] and not [said for said in device.said if "are not in the log" in said]


def test_while_anything_is_armed_the_state_alone_is_asked_and_seldom():
    states = [(0, "STANDBY"), (10, "READY"), (20, "ARMED"), (30, "DELIVERING"), (50, "REST"), (60, "FAULT")]
    device = FakeDevice(states, [*OLD, (60, 21)])
    assert device.followed() == [21]
    armed = [(at, command) for at, state, command in device.sent if state in names.BUSY]
    assert {command for _, command in armed} == {"STAT?"}
    assert all(later - sooner >= log_follow.TURN_S for (sooner, _), (later, _) in itertools.pairwise(armed))
    assert sum("READY" in text for text in device.said) == 1


def test_armed_from_the_start_what_may_have_waited_in_the_device_is_told_when_it_ended():
    device = FakeDevice([(0, "DELIVERING"), (40, "COMPLETE")], [*OLD, (41, 21)])
    assert device.followed() == [*range(14, 21), 21]


def test_armed_between_two_questions_is_waited_out(monkeypatch):
    device = FakeDevice([(0, "STANDBY"), (20, "ARMED"), (40, "STANDBY")], [*OLD, (41, 21)])
    device.state = lambda: "STANDBY" if device.sent and device.sent[-1][2] == "never" else FakeDevice.state(device)
    asked = device.ask

    def late(*given):
        answer = asked(*given)
        return answer.replace("ARMED", "STANDBY") if device.now < 30 else answer

    monkeypatch.setattr(device, "ask", late)
    assert device.followed() == [21]


def test_numbers_that_are_missing_are_told():
    device = FakeDevice([(0, "STANDBY")], [*OLD, (30, 24)])
    assert device.followed() == [24]
    assert any("21 to 23" in text for text in device.said)


def test_what_somebody_else_was_answered_is_passed_over():
    device = FakeDevice([(0, "STANDBY")], [*OLD, (30, 21)])
    device.instead = ["OK", "100 mm", "NO=3;KIND=LOST;UPTIME_S=5", "ERROR -113 unknown command"]
    assert device.followed() == [21]


@pytest.mark.parametrize(
    ("answer", "runs", "kind", "said"),
    [
        ("The applicator is in stand-by.", "application", Problem, "cryoctl devices"),
        (">>> STAT?", PROMPT, NoDevice, "MicroPython's prompt is there"),
        ("ERROR 401 the log cannot be read", "application", Refused, "cannot be read"),
    ],
)
def test_an_answer_that_is_never_the_right_one_ends_it(monkeypatch, answer, runs, kind, said):
    device = FakeDevice([(0, "STANDBY")], OLD)
    monkeypatch.setattr(log_follow.time, "monotonic", lambda: device.now)
    monkeypatch.setattr(log_follow, "look", lambda port: (runs, None))
    device.instead = [answer, Silent("no answer")] * 20
    with pytest.raises(kind, match=said):
        device.followed()


def test_a_restart_is_outlasted_and_silence_is_not(monkeypatch):
    device = FakeDevice([(0, "STANDBY")], [*OLD, (30, 21)])
    monkeypatch.setattr(log_follow.time, "monotonic", lambda: device.now)
    device.instead = [Silent("no answer")] * 3
    assert device.followed() == [21]
    device.instead, device.until = [Silent("no answer")] * 100, 1_000
    with pytest.raises(Silent):
        device.followed()


# --- over a port ------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def following(folder, *words):
    """A context in which the command runs; yield its process, and a function that waits for a text in its output."""
    log = folder / f"said{time.monotonic_ns()}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "host_tools.cryoctl", "log", "--follow", *map(str, words)],
            stdout=out,
            stderr=out,
            cwd=lanes.ROOT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # whatever this process does
        )

    def wait(text=""):
        give_up = time.monotonic() + PATIENCE_S
        while text not in log.read_text():
            assert process.poll() is None and time.monotonic() < give_up, log.read_text()
            time.sleep(0.05)
        assert "Traceback" not in log.read_text()
        return log.read_text()

    try:
        yield process, wait
    finally:
        process.kill()
        process.wait()


def ended(process, number):
    process.send_signal(number)
    return process.wait(PATIENCE_S)


@pytest.fixture
def sim(packed, tmp_path):
    """A virtual board whose log holds logged.USUAL, and the start of this run."""
    shutil.copy(packed, tmp_path / "board.img")
    image.write(tmp_path / "board.img", logged.files())
    sim = Sim(tmp_path, "--speed", "10").wait_ready()
    yield sim
    sim.cut()


def test_unplugged_it_ends_with_a_named_error_and_what_came_is_in_the_file(sim, tmp_path):
    path = tmp_path / "log.csv"
    with following(tmp_path, "-p", sim.link, "-o", path) as (process, wait):
        said = wait("\n9  ")
        assert "ESTOP in DELIVERING: Release the emergency stop" in said
        sim.cut()
        assert process.wait(PATIENCE_S) == 3
        assert "is gone" in wait() and "cryoctl devices" in wait()
    kept = log_file.read(path)[0]
    assert [record.number for record in kept] == list(range(1, 10))
    assert (kept[0].when, kept[0].when_is) == ("2027-01-01T10:00:00", "derived")  # derived from a later record


def test_a_wrong_file_form_or_port_is_told_before_anything_is_followed(sim, tmp_path):
    (tmp_path / "text.csv").write_text("a diary\n")
    other = tmp_path / "other.jsonl"
    other.write_text('{"serial": "77", "number": 3, "kind": "LOST"}\n')
    with following(tmp_path, "-p", sim.link) as (_, wait):
        wait("following the log of serial 1, up to number 9")
        for words, code, told in (
            (("-p", sim.link), 3, "in use by another program"),
            (("-p", tmp_path / "none"), 3, "there is no port"),
            (("-p", sim.link, "--csv", "--json"), 2, "more than one form is given"),
            (("-p", sim.link, "-o", tmp_path / "text.csv"), 2, "is not a log"),
        ):
            with following(tmp_path, *words) as (process, said):
                assert process.wait(PATIENCE_S) == code and told in said()
    with following(tmp_path, "-p", sim.link, "-o", other) as (process, said):
        assert process.wait(PATIENCE_S) == 2 and "serial 77" in said()


def test_a_treatment_goes_on_whatever_happens_to_who_follows_and_its_end_is_told(packed, tmp_path):
    with treating.board(packed, tmp_path) as board:
        board.choose()
        board.speed(1)
        with following(tmp_path, "-p", board.link, "--json") as (process, wait):
            wait("following")
            board.arm()
            wait("its log is read when the treatment has ended")
            bursts = [int(board.press()["BURSTS"])]
            assert ended(process, signal.SIGKILL) == -signal.SIGKILL
        board.let_pass(3)  # longer than the allowed silence of a tool that armed
        board.speed(0.5)  # it must last longer than the start on a busy machine
        with following(tmp_path, "-p", board.link, "--json") as (process, wait):  # armed already
            wait("its log is read when the treatment has ended")
            board.let_pass(3)
            state = board.state()
            bursts.append(int(state["BURSTS"]))
            assert state["STATE"] in ("DELIVERING", "REST") and state["FAULT"] == "NONE", state
            assert bursts[0] < bursts[1]  # it continued all the time
            board.speed(4)
            board.hand("estop press")
            wait('"kind": "FAULT"')
            said = wait('"kind": "POINT"')
            rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
            assert [row["kind"] for row in rows] == ["START", "FAULT", "POINT"]
            assert (rows[1]["fault"], rows[1]["mode"], rows[2]["ended_by"]) == ("ESTOP", "DELIVERING", "FAULT")
            board.hand("estop release")
            board.hand("trigger release")
            board.acknowledge()
            board._socket.sendall(b"SYST:REST\n")
            until(lambda: wait('"number": 4').count("START"), lambda count: count == 2)
            assert ended(process, signal.SIGINT) == 130
            wait()
        with following(tmp_path, "-p", board.link) as (process, wait):
            wait("up to number 4 so far")
            assert ended(process, signal.SIGTERM) == 0
