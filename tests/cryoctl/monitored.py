"""Shared by the monitor's tests: rows as a device gives them, and functions that read the screen and the command."""

import subprocess
import sys
import time

from host_tools.cryoctl import names
from host_tools.cryoctl.monitor import answers
from host_tools.cryoctl.recording_file import Choice, Header, Sample
from host_tools.simulator.twin import lanes
from tests.cryoctl.conftest import PATIENCE_S

HEADER = Header(
    tool="a test", started="2026-11-22T12:00:00+00:00", port="p", board="b", serial="7", version="0", period_ms=500,
    choice=Choice(),
)  # fmt: skip
TELEMETRY = {
    "seq": 5, "us": 1, "mode": names.mode_number("DELIVERING"), "fault": 0, "blocked": 0, "skin": 20_000, "age": 90,
    "surface": 18_500, "infrared": None, "mm": 101, "bottle": 57_000, "line": 900, "bursts": 4, "on_us": 1_500_000,
    "lost": 0,
}  # fmt: skip


def sample(t_ms=0, **changed) -> Sample:
    """Return the monitor's row for a telemetry line."""
    made = answers.telemetry(TELEMETRY | changed, t_ms)
    assert made
    return made


def fault(name):
    """Return a sample in FAULT, with two blockers."""
    return sample(5_000, seq=6, mode=names.mode_number("FAULT"), fault=names.fault_number(name), blocked=1 | 1 << 5)


async def settled(pilot, app, *wanted, gone=()):
    """Wait until the screen shows these texts, wherever its lines end, and none of the texts in `gone`."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        text = " ".join(shown(app).split())
        if all(part in text for part in wanted) and not any(part in text for part in gone):
            return text
        assert time.monotonic() < give_up, shown(app)
        await pilot.pause(0.05)


def shown(app):
    """Return the text on the screen."""
    return "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())


def command(*words):
    """Return the words that start a monitor."""
    return [sys.executable, "-m", "host_tools.cryoctl", "monitor", *map(str, words)]


def ran(*words, **named):
    """Run a monitor to its end."""
    return subprocess.run(
        command(*words), capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=lanes.ROOT, **named
    )


def wait_for(path, text, count=1):
    """Wait until a file holds a text so many times."""
    give_up = time.monotonic() + PATIENCE_S
    while path.read_text().count(text) < count:
        assert time.monotonic() < give_up, path.read_text()
        time.sleep(0.05)
