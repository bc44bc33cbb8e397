"""Copies the application to a virtual board with `cryoctl flash` and with `mpremote cp -r`, over a counted socket.

Each way gets its own bare board and then, on the same board, one changed module. Both are complete commands in new
processes; the board runs as fast as it can.
"""

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from host_tools.places import ROOT

CHANGED = "firmware/cryo/health.py"
CHANGE = "\n\nadded = 4711\n"
SOURCES = ("firmware/archive.py", "firmware/boot.py", "firmware/main.py", "firmware/cryo", "boards/virtual/*.py")
NEEDED = ("firmware", "boards", "host_tools", "pyproject.toml")
PIN = "4711"
_START_S = 60
_RUN_S = 600
_LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", "*.img")


@dataclass(frozen=True)
class Cost:
    """What a deployment took: wall-clock time of the command, bytes over the port both ways together."""

    seconds: float
    count: int


def measured() -> dict[str, Cost]:
    """Return "flash" and "cp" for the bare board, "flash again" and "cp again" for the changed module."""
    out = {}
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        tree = top / "tree"
        for part in NEEDED:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, tree / part, ignore=_LEFT_OUT)
            else:
                shutil.copy(source, tree / part)
        (top / "pin").write_text(PIN)
        kept = (tree / CHANGED).read_text()
        for way, command in (("flash", _flash), ("cp", _copy)):
            (tree / CHANGED).write_text(kept)
            with _board(top / way) as port:
                for round_, text in (("", kept), (" again", kept + CHANGE)):
                    (tree / CHANGED).write_text(text)
                    out[way + round_] = _cost(command(port, tree, top), port, tree)
    return out


def _flash(port, tree, top):
    options = ["--pin-file", str(top / "pin"), "--record", str(top / "record")]
    return [sys.executable, "-m", "host_tools.cryoctl", "flash", "--port", port.name, *options]


def _copy(port, tree, top):
    files = [str(path) for pattern in SOURCES for path in sorted(tree.glob(pattern))]
    mpremote = str(Path(sys.executable).with_name("mpremote"))
    return [mpremote, "connect", port.name, "cp", "-r", *files, ":"]


def _cost(command, port, tree):
    before = port.count
    began = time.monotonic()
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=_RUN_S, check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:6])}: {done.stdout}{done.stderr}")
    return Cost(seconds, port.count - before)


@contextlib.contextmanager
def _board(folder):
    """A context in which a bare virtual board runs; yield the counted way to its port."""
    folder.mkdir()
    options = ["--headless", "--speed", "0", "--image", str(folder / "image"), "--tcp", "127.0.0.1:0"]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "host_tools.cryoctl", "sim", *options],
            cwd=ROOT,
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_DATA_HOME": str(folder), "COLUMNS": "200"},
        )
    try:
        until = time.monotonic() + _START_S
        while not (found := re.search(r"127\.0\.0\.1:(\d+)", (folder / "said").read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "said").read_text())
            time.sleep(0.05)
        with Counted(int(found[1])) as port:
            yield port
    finally:
        process.kill()
        process.wait()


class Counted:
    """A socket that forwards to another one of this machine; count: the bytes that passed, both ways."""

    def __init__(self, behind: int):
        self.count = 0
        self._behind = behind
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):  # the listener was shut
            while True:
                client, _ = self._listener.accept()
                with client, socket.create_connection(("127.0.0.1", self._behind)) as board:
                    self._pass_on(client, board)

    def _pass_on(self, client, board):
        other = {client: board, board: client}
        with contextlib.suppress(OSError):
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    self.count += len(data)
                    other[ready].sendall(data)
