"""A process that stays and runs one file after the other: its start costs more than most files.

A file that ends it, or hangs in it, is told alone; the next file gets a new process.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_END_S = 10


@dataclass(frozen=True)
class Ran:
    """What one request printed, and the exit code if it ended the process; late: it was still running."""

    output: bytes
    code: int = 0
    late: bool = False


class Server:
    """Starts with the first request. It prints to its standard error; its standard output tells that it is done."""

    def __init__(self, argv: Sequence[str], folder: Path, env: Mapping[str, str]):
        self._argv, self._folder, self._env = argv, folder, env
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would fill up, and hold the process
        self._process: subprocess.Popen | None = None

    def run(self, request: bytes, timeout_s: float) -> Ran:
        """Send one line; return what came of it."""
        process = self._process or self._started()
        self._printed.seek(0)  # the process writes where this stands: both share it
        self._printed.truncate()
        try:
            process.stdin.write(request + b"\n")
            process.stdin.flush()
        except BrokenPipeError:  # it ended meanwhile: reading tells so too
            pass
        if not select.select([process.stdout], [], [], timeout_s)[0]:
            self._killed()
            return Ran(self._output(), late=True)
        if process.stdout.read(1):
            return Ran(self._output())
        self._process = None
        return Ran(self._output(), process.wait() or 1)  # it ended before the file did: never a success

    def end(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._process.stdin.close()  # it ends with its input
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._killed()
            self._process = None

    def _started(self) -> subprocess.Popen:
        self._process = subprocess.Popen(
            self._argv,
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            bufsize=0,
            start_new_session=True,  # Node may be started by a program of its own: both are killed
        )
        return self._process

    def _killed(self) -> None:
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _output(self) -> bytes:
        return os.pread(self._printed.fileno(), os.fstat(self._printed.fileno()).st_size, 0)
