"""How the command line begins and ends, whatever the command: Ctrl-C, and an output that takes no more."""

import os
import signal
import subprocess
import sys

import pytest

from host_tools.twin import lanes
from tests.cryoctl.conftest import PATIENCE_S

INTERRUPTS = """import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep({patience})
"""


def run(*words, **named):
    """Run a command in a process of its own, which hears Ctrl-C whatever this one does."""
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
    """A module of that name lies before the real one, and interrupts the process that loads it."""
    path = tmp_path / f"{module}.py"
    path.write_text(INTERRUPTS.format(patience=PATIENCE_S))
    done = run("devices", env={**os.environ, "PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr, done.stdout) == (130, "", "")
