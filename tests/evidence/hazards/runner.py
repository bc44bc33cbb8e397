"""Runs tests in a copy of the project that has one flaw planted."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from host_tools.evidence.safety import outcomes, planted
from host_tools.evidence.safety.table import Flaw
from host_tools.places import ROOT

TIMEOUT_S = 1_800  # longest time of one run; a flaw that makes a test wait for ever is another kind of flaw
_COPIED = ("firmware", "boards", "host_tools", "tests", "docs", "pyproject.toml", "README.md", "Makefile")
_LINKED = ("host_tools/toolchain/node/node_modules", ".venv")
# With any flaw a pass must still give gas: a flaw that stops the device would make every test fail.
WITNESS = "tests/portable/core/test_supervisor.py::test_a_press_gives_a_burst_of_gas"


class Broken(Exception):
    """The tests could not be judged; the message says why."""


class Copy:
    """A copy of the project in `folder`, in which one flaw at a time is planted."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._server: subprocess.Popen[str] | None = None
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, folder / name)
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)

    def run(self, tests: list[str], flaw: Flaw | None = None) -> dict[str, str]:
        """Run the tests, with the flaw or without; return passed, failed, skipped, or "" for a test that did not run.

        Raises Broken when the outcome cannot be judged.
        """
        if flaw is None:
            return self._pytest(tests)
        file = self.folder / flaw.file
        sound = file.read_text(encoding="utf-8")
        file.write_text(planted.planted(flaw, self.folder), encoding="utf-8")
        for old in (file.parent / "__pycache__").glob(file.stem + ".*"):
            old.unlink()  # its time may look the same as that of the flaw
        try:
            ran = self._pytest([*tests, WITNESS] if WITNESS not in tests else tests)
        finally:
            file.write_text(sound, encoding="utf-8")
        if WITNESS not in tests and ran.pop(WITNESS) != "passed":
            raise Broken(f"with {flaw.put!r} in {flaw.file} no pass gives gas: a flaw takes away one control only")
        return ran

    def close(self) -> None:
        """End the process that runs the tests."""
        if self._server:
            if self._server.poll() is None:
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None

    def _start(self) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true"}
        with (self.folder / "output.txt").open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.evidence.hazards.inside"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                text=True,
            )

    def _pytest(self, tests: list[str]) -> dict[str, str]:
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        server = self._server = self._server or self._start()
        assert server.stdin and server.stdout
        print(json.dumps([str(answer), *tests]), file=server.stdin, flush=True)
        late = not select.select([server.stdout], [], [], TIMEOUT_S)[0]
        if late or server.stdout.readline() != "done\n":
            self.close()
            raise Broken(f"{tests[0]} and others still ran after {TIMEOUT_S} s" if late else f"{tests[0]}: it crashed")
        if not answer.is_file():
            raise Broken((self.folder / "output.txt").read_text(errors="replace")[-400:])
        found, broken = json.loads(answer.read_text(encoding="utf-8"))
        if broken:
            raise Broken("; ".join(broken))
        return {test: outcomes.of(test, found) for test in tests}
