"""Test lanes: the interpreters other than pytest's own that run the files of tests/portable.

A lane is one entry in `LANES`: a name and a command that starts an interpreter, from the project root, with the
protocol of `run_portable.py`. It is called once per file as `command FOLDERS FILE NAME...` (FOLDERS: import folders,
comma-separated); or it stays, and gets a line of JSON per file (`served.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.simulator.twin.lanes import NODE_MIN, node_path
from tests.lanes.served import Ran, Server

ROOT = Path(__file__).resolve().parents[2]
PORTABLE = ROOT / "tests" / "portable"
GUEST_FOLDERS = ("firmware", "boards/virtual", "host_tools/simulator/twin/guest", "tests/portable")
TIMEOUT_S = 300
WASM_PACKAGE = ROOT / "host_tools/toolchain/node/node_modules/@micropython/micropython-webassembly-pyscript"
MARK = "#lane "
ANEW, VALUE = "assert", "value"  # what an assert tells: explain.py


class LaneMissing(Exception):
    """The lane cannot run on this machine; the message says what to do. Its tests are counted skips."""


@dataclass(frozen=True)
class Lane:
    """One interpreter: `command()` returns the arguments that start it, or raises LaneMissing.

    stays: one process runs all files, each in an interpreter of its own.
    """

    name: str
    command: Callable[[], list[str]]
    stays: bool = False


@dataclass
class Outcome:
    """What one interpreter said about one file.

    `interpreter` is its own version text, `passed`, `output` and `told` (the values of its last assert, where that
    tells them) are by test name, and `broken` explains a run that did not reach its end (then no test of the file
    passed).
    """

    interpreter: str = ""
    passed: dict[str, bool] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    broken: str = ""


def find_node() -> str:
    """Path of the Node that `make setup` installed, else of a system Node >= 18; raises LaneMissing."""
    node = node_path()
    if node is None:
        raise LaneMissing(f"no Node >= {NODE_MIN} found: run `make setup`")
    return node


def _unix_command() -> list[str]:
    micropython = Path(sys.executable).with_name("micropython")
    if not micropython.exists():
        raise LaneMissing(f"no {micropython.name} beside {sys.executable}: run `make setup`")
    return [str(micropython), "-X", "heapsize=8M", "tests/lanes/run_portable.py"]


def _wasm_command() -> list[str]:
    node = find_node()
    if not WASM_PACKAGE.exists():
        raise LaneMissing("the WebAssembly MicroPython is not installed: run `make setup`")
    return [node, "tests/lanes/wasm.mjs"]


LANES = (
    Lane("unix", _unix_command),  # 64-bit MicroPython: sees every allocation under the heap lock
    Lane("wasm", _wasm_command, stays=True),  # 32-bit MicroPython: also sees an integer beyond 31 bits allocate
)
NATIVE = "cpython"
LANE_NAMES = (NATIVE, *(lane.name for lane in LANES))


def missing(lanes: Sequence[Lane] = LANES) -> list[str]:
    """Return a sentence for each lane that this machine lacks: what to do, and what a run without it leaves out."""
    gone = []
    for lane in lanes:
        try:
            lane.command()
        except LaneMissing as error:
            gone.append(f"lane {lane.name} is missing: {error}; without it no portable test runs in that MicroPython")
    return gone


def run_file(
    lane: Lane, file: Path, names: Sequence[str], timeout_s: float = TIMEOUT_S, folders: Sequence[str] = ()
) -> Outcome:
    """Run the tests `names` of the portable `file` in `lane`, in one interpreter; `folders` are looked into first.

    Raises LaneMissing when the lane is not available. A crash or a timeout is an Outcome with `broken` set.
    """
    shown = (file.relative_to(ROOT) if file.is_relative_to(ROOT) else file).as_posix()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MICROPY")}
    run = _served if lane.stays else _started
    ran = run(lane.command(), environment, [*folders, *GUEST_FOLDERS], shown, names, timeout_s)
    text = ran.output.decode("utf-8", "replace")
    outcome = parse(text, names)
    if ran.late:
        outcome.broken = f"{lane.name}: {shown} was still running after {timeout_s} s:\n{text}"
    elif ran.code:
        outcome.broken = f"{lane.name}: the interpreter ended with code {ran.code} in {shown}:\n{text}"
    elif outcome.broken:
        outcome.broken = f"{lane.name}: {shown}: {outcome.broken}:\n{text}"
    return outcome


def _started(argv, environment, folders, file, names, timeout_s) -> Ran:
    """Run the file in a process of its own."""
    try:
        done = subprocess.run(
            [*argv, ",".join(folders), file, *names],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Ran(late.stdout or b"", late=True)
    return Ran(done.stdout, done.returncode)


_servers: dict[tuple[str, ...], Server] = {}


def _served(argv, environment, folders, file, names, timeout_s) -> Ran:
    """Run the file in the process that stays."""
    server = _servers.setdefault(tuple(argv), Server(argv, ROOT, environment))
    return server.run(json.dumps({"folders": folders, "file": file, "names": list(names)}).encode(), timeout_s)


def end_servers() -> None:
    """End the processes that stay."""
    while _servers:
        _servers.popitem()[1].end()


def parse(text: str, names: Sequence[str]) -> Outcome:
    """Read an interpreter's output; `broken` is set unless a MicroPython reported every test."""
    outcome = Outcome()
    ended = False
    printed: list[str] = []
    told: list[str] | None = None
    for line in text.splitlines():
        if not line.startswith(MARK):
            printed.append(line)
            continue
        verb, _, value = line[len(MARK) :].partition(" ")
        if verb == "interpreter":
            outcome.interpreter = value
        elif verb == "start":
            printed, told = [], None
        elif verb == ANEW:
            told = []
        elif verb == VALUE and told is not None:
            told.append(value)
        elif verb in ("ok", "FAIL"):
            outcome.passed[value] = verb == "ok"
            outcome.output[value] = "\n".join(printed).strip("\n")
            if told is not None:
                outcome.told[value] = told
        elif verb == "end":
            ended = True
    if not outcome.interpreter.startswith("micropython "):
        outcome.broken = f"the interpreter calls itself {outcome.interpreter!r}, not micropython"
    elif not ended or set(outcome.passed) != set(names):
        outcome.broken = "the run did not report every test"
    return outcome
