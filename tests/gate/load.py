"""Runs the tests with terminals and serial ports again and again beside busy processes: `make load`.

A test that depends on how busy the machine is fails here sooner or later. Exit code 0: no run failed; 1: one did.
"""

import argparse
import contextlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "adapters", "application", "asking_interrupts", "asking_terminal", "calibrate", "config", "device", "devices",
    "doctor", "entry", "flash", "life", "log", "log_follow", "monitor", "mpremote", "output", "parts", "prompt",
    "recording", "selftest", "service",
)  # fmt: skip
TALKING = tuple(f"tests/cryoctl/test_{name}.py" for name in NAMES)
BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(1_000_000))\n"  # ends with us
CLOSING = ("FAILED ", "ERROR ")


@contextlib.contextmanager
def busy(count: int):
    """A context in which so many processes compute; yield them."""
    processes = []
    try:
        for _ in range(count):
            processes.append(subprocess.Popen([sys.executable, "-c", BUSY]))
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def once(paths: list[str]) -> tuple[bool, list[str]]:
    """Run the tests; return (whether they passed, the runner's closing lines)."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode:
        return False, lines
    return True, [line for line in lines if line.startswith(CLOSING)] + lines[-1:]


def main(arguments: list[str] | None = None) -> int:
    """Repeat the tests, print the end of each run and the sum; return the exit code."""
    options = argparse.ArgumentParser(prog="python -m tests.gate.load", description=__doc__)
    options.add_argument("--times", type=int, default=20, help="runs (20)")
    options.add_argument("--busy", type=int, default=8, help="processes that compute beside them (8)")
    options.add_argument("paths", nargs="*", help="files or tests; all that talk where none is named")
    asked = options.parse_args(arguments)
    if asked.times < 1 or asked.busy < 0:
        options.error("at least one run, and no fewer than no busy processes")
    failures = 0
    with busy(asked.busy):
        for number in range(1, asked.times + 1):
            passed, lines = once(asked.paths or list(TALKING))
            failures += not passed
            print(f"run {number} of {asked.times}:", *lines, sep="\n  ", flush=True)
    print(f"{asked.times} runs beside {asked.busy} busy processes, {failures} failed")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
