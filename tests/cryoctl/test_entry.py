"""How every command begins and ends: Ctrl-C, and an output that accepts no more."""

import os
import shlex
import signal
import subprocess
import sys

import pytest

from host_tools.simulator.twin import lanes
from tests.cryoctl.conftest import PATIENCE_S

INTERRUPTS = """import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep({patience})
"""


def run(*words, **named):
    """Run a command in its own process, which handles Ctrl-C whatever this process does."""
    return subprocess.run(
        [sys.executable, "-m", "host_tools.cryoctl", *words],
        cwd=lanes.ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **named,
    )


@pytest.mark.parametrize("module", ["typer", "rich", "platformdirs"])
def test_ctrl_c_while_modules_are_loaded_is_130_without_a_traceback(tmp_path, module):
    """A module of that name is found before the real one, and interrupts the process that loads it."""
    path = tmp_path / f"{module}.py"
    path.write_text(INTERRUPTS.format(patience=PATIENCE_S))
    done = run("devices", env={**os.environ, "PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr, done.stdout) == (130, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this platform has no /dev/full")
@pytest.mark.parametrize("words", [("sim", "--actions"), ("--help",)])
def test_an_output_that_is_full_is_told(words):
    with open("/dev/full", "w") as full:
        done = run(*words, stdout=full)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr


@pytest.mark.parametrize("words", [("sim", "--actions"), ("--help",)])
def test_an_output_that_nobody_reads_any_more_is_no_traceback(words):
    theirs, ours = os.pipe()
    os.close(theirs)
    try:
        done = run(*words, stdout=ours)
    finally:
        os.close(ours)
    assert done.returncode == 0 and "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr


def test_an_output_that_is_closed_is_no_error():
    command = f"exec {shlex.quote(sys.executable)} -m host_tools.cryoctl sim --actions >&-"
    done = subprocess.run(["sh", "-c", command], cwd=lanes.ROOT, capture_output=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
