"""A virtual board with a PIN, for all tests of a file, and the command line in this process."""

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time

from typer.testing import CliRunner

from host_tools.cryoctl.device import Device
from host_tools.cryoctl.main import app
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from host_tools.toolchain.settings.pin import provision
from tests.cryoctl.conftest import PATIENCE_S, Sim, until

PIN = "4711"
# kind -> (form of the file, its text): points that the device accepts
POINTS = {
    "thermocouple": (
        "csv",
        "reference_c,reading_c,cold_junction_c,offset_c\n0,0.4,25,0\n37,37.2,25,0\n-78.5,-78.1,25,0\n",
    ),
    "opening": ("csv", "delay_us\n18100\n18000\n18300\n"),
    "closing": ("csv", "delay_us\n21100\n21000\n21300\n"),
    "jet": (
        "toml",
        "nozzle = 1\ndistance_mm = 100\n"
        + "".join(f"[[points]]\nflow_us = 300000\nfall_c = {f}\n" for f in (8, 8.2, 8.1)),
    ),
    "pressure": ("csv", "reference_mbar,reading_mbar\n0,120\n57000,56500\n"),
    "distance": ("csv", "reference_mm,reading_mm\n90,91\n190,188\n"),
}


def with_pin(packed, folder):
    """Return an image with the application and a PIN."""
    path = folder / "board.img"
    shutil.copy(packed, path)
    image.write(path, provision(PIN))
    return path


def started(packed, folder, *options):
    """Start a board with a PIN; the caller switches it off."""
    with_pin(packed, folder)
    sim = Sim(folder, "--speed", "10", *options).wait_ready()
    standby(sim.link)
    return sim


def standby(link):
    """Wait until a board has started and tested itself."""
    with Device(Port(str(link))) as device:
        until(device.state, lambda state: state.get("STATE") == "STANDBY")


def cryoctl(*words, port=None, pin=PIN, **more):
    """Run one command; the result has exit_code, stdout and stderr."""
    env = {"CRYO_PORT": str(port) if port else None, "CRYO_PIN": pin, "COLUMNS": "400", "NO_COLOR": "1", **more}
    return CliRunner().invoke(app, [str(word) for word in words], env=env, catch_exceptions=False)


def at_terminal(words, answers, board, **more):
    """Run a command at a terminal that answers questions, one after the other; return (exit status, what it said).

    A question is answered when its first words are seen. That may be before it reads, or long after: a key counts
    whenever it comes (test_asking.py), so no answer depends on how busy the machine is.
    """
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (50, 200))
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "CRYO_PORT": str(board), "CRYO_PIN": PIN, "COLUMNS": "200", "TERM": "dumb"}
        env = {**env, "XDG_DATA_HOME": data, **more}
        env = {name: value for name, value in env.items() if value is not None}
        command = [sys.executable, "-m", "host_tools.cryoctl", *map(str, words)]
        process = subprocess.Popen(
            command, preexec_fn=lambda: os.login_tty(slave), cwd=lanes.ROOT, env=env
        )  # a terminal of its own, for Ctrl-C
        os.close(slave)
        said = b""
        seen = 0
        give_up = time.monotonic() + PATIENCE_S
        try:
            while True:
                assert time.monotonic() < give_up, f"it shows something for ever: {said[-2000:]!r}"
                assert select.select([master], [], [], PATIENCE_S)[0], f"it waits for something: {said[-500:]!r}"
                try:
                    data = os.read(master, 4096)
                except OSError:  # the last other end was closed
                    break
                said += data
                while answers and (at := said.find(question := next(iter(answers)), seen)) >= 0:
                    seen = at + len(question)
                    reply = answers.pop(question)
                    give_up = time.monotonic() + PATIENCE_S
                    os.write(master, reply() if callable(reply) else reply)
            return process.wait(PATIENCE_S), said.decode("utf-8", "replace")
        finally:
            process.kill()
            process.wait()
            os.close(master)
