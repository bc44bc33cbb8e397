"""The virtual board as its users have it: a process, a serial port, an image file."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import serial
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from host_tools.cryoctl import answers, asking, prompt
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes

PATIENCE_S = 180  # longer than any answer on a busy machine: only a process that hangs reaches this
AGAIN_S = 1  # after this a question is sent again: one before a restart is lost
APPLICATION = b"CO2 cryotherapy applicator,"
PROMPT = b"\r\n>>> "


@pytest.fixture(autouse=True, scope="session")
def own_boards(tmp_path_factory):
    """Keep the virtual boards of the tests out of the user's list: a tool that reads the list would talk to them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("own")))
        yield


class Sim:
    """A running `cryoctl sim`; link: its serial port; said: what it printed so far.

    program: an installed cryoctl, which runs in `folder`; without it, this project's cryoctl
    """

    def __init__(self, folder, *options, image_path=None, link=None, program=None):
        self.image = image_path or folder / "board.img"
        self.link = link or folder / "port"
        self._log = folder / f"said{time.monotonic_ns()}"
        own = [sys.executable, "-m", "host_tools.cryoctl"]
        command = [*([program] if program else own), "sim", "--headless"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--image", str(self.image), "--link", str(self.link), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder if program else lanes.ROOT,
                env={**os.environ, "COLUMNS": "200"},
            )

    @property
    def said(self):
        return self._log.read_text()

    def wait_ready(self):
        """Wait until it says that it made the link; if it ends before, fail with what it said."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            ended = self.process.poll() is not None
            if re.search(rf"^link +{re.escape(str(self.link))}$", self.said, re.MULTILINE):
                return self
            assert not ended, self.said
            assert time.monotonic() < give_up, f"no serial port appeared: {self.said}"
            time.sleep(0.02)

    def end(self, number=signal.SIGTERM):
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def cut(self):
        """Unplug it: power and link are gone. The link goes first: its terminal's name may soon be another's."""
        self.link.unlink(missing_ok=True)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    """Start simulators, and wait for their ports; they end with the test."""
    with contextlib.ExitStack() as stack:

        def started(*options, ready=True, **named):
            sim = Sim(tmp_path, *options, **named)
            stack.callback(sim.cut)
            return sim.wait_ready() if ready else sim

        yield started


@pytest.fixture(scope="session")
def packed(tmp_path_factory):
    """An image with the application on it."""
    path = tmp_path_factory.mktemp("packed") / "board.img"
    with image.locked(path):
        image.deploy(path)
    return path


@pytest.fixture
def application(packed, tmp_path, start):
    """Start the board with the application."""

    def started(*options, **named):
        shutil.copy(packed, tmp_path / "board.img")
        return start(*options, **named)

    return started


@pytest.fixture
def port():
    """Open serial ports; they close with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda link: stack.enter_context(serial.Serial(str(link), timeout=PATIENCE_S))


def ask(port, command):
    """Send one line and return the next. A missing answer fails here; otherwise the next question would get it."""
    port.write(command.encode() + b"\n")
    line = port.readline()
    assert line.endswith(b"\n"), f"{command}: no whole answer within {port.timeout} s: {line!r}"
    return line.decode().strip()


def until(look, wanted):
    """Return the result of look() once wanted(result) is true; otherwise fail with the last result."""
    give_up = time.monotonic() + PATIENCE_S
    while not wanted(seen := look()):
        assert time.monotonic() < give_up, f"at last: {seen!r}"
        time.sleep(0.02)
    return seen


def standby(port):
    """Wait until the board has tested itself."""
    until(lambda: ask(port, "STAT?"), lambda said: "STATE=STANDBY" in said)


def restarted(link):
    """Wait until the application answers, whatever was lost before its restart. No answer stays for later questions."""
    with serial.Serial(str(link), timeout=AGAIN_S) as port:
        until(lambda: (port.write(b"*IDN?\n"), port.readline())[1], lambda line: line.startswith(APPLICATION))
        port.write(b"*OPC?\n")  # it answers in order: after this answer there is no other
        until(port.readline, lambda line: line == b"1\n")


def at_prompt(link):
    """Wait until boot.py and main.py have ended after a restart. No prompt stays for later questions."""
    with serial.Serial(str(link), timeout=AGAIN_S) as port:
        until(lambda: (port.write(b"\r"), port.read_until(PROMPT))[1], lambda said: said.endswith(PROMPT))
        port.timeout = PATIENCE_S
        port.write(b"print('last', 'answer')\r")  # it answers in order: no prompt of an earlier Enter remains
        last = b"last answer" + PROMPT
        assert port.read_until(last).endswith(last)


@pytest.fixture
def keys(monkeypatch, tmp_path):
    """Pressed keys, read by prompt_toolkit without a terminal. A question without an answer ends after a while."""
    late = []

    def end(*_):
        late.append(True)
        pytest.fail("it waits for a key")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE_S)
    with create_pipe_input() as pressed:
        monkeypatch.setattr(prompt, "_ends", lambda: (pressed, DummyOutput()))
        monkeypatch.setattr(asking, "terminal", lambda: True)
        monkeypatch.setattr(answers, "path", lambda: tmp_path / "data" / "answers.json")
        yield pressed
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    assert not late  # also when another exception replaced it
