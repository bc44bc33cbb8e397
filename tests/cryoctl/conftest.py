"""The virtual board as its users meet it: a process, a serial port, an image file."""

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

from host_tools.cryoctl.sim import image
from host_tools.twin import lanes

PATIENCE_S = 60  # longer than any answer takes on a busy machine: only what hangs reaches it


class Sim:
    """A running `cryoctl sim`; link is its serial port, said what it printed so far."""

    def __init__(self, folder, *options, image_path=None, link=None):
        self.image = image_path or folder / "board.img"
        self.link = link or folder / "port"
        self._log = folder / f"said{time.monotonic_ns()}"
        command = [sys.executable, "-m", "host_tools.cryoctl", "sim", "--headless"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--image", str(self.image), "--link", str(self.link), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=lanes.ROOT,
                env={**os.environ, "COLUMNS": "200"},
            )

    @property
    def said(self):
        return self._log.read_text()

    def wait_ready(self):
        """Wait until it says that the link is its own; fails with what it said when it ends before."""
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
        """Unplug it: power and link are gone. The link goes first: its terminal's name is soon another simulator's."""
        self.link.unlink(missing_ok=True)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    """Start simulators, waiting for their ports; they end with the test."""
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
    """Send one line and return the next."""
    port.write(command.encode() + b"\n")
    return port.readline().decode().strip()
