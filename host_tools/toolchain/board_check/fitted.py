"""Writes which optional parts a board has, from its bill of materials: the line FITTED of its board file.

    python -m host_tools.toolchain.board_check.fitted            writes the line of every board
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import Board, BoardError, file_of
from host_tools.toolchain.settings import config

LINE = re.compile(r"^FITTED = .*$", re.MULTILINE)
SETTINGS = tuple(key for key in config.KEYS if key.endswith("_fitted"))


def parts(folder: Path) -> dict[str, bool]:
    """Return setting -> fitted, of the board's bill of materials. Raises BoardError when a row is wrong or missing."""
    path = folder / "bom.toml"
    try:
        own = tomllib.loads(path.read_text())
        shared = tomllib.loads((folder / own["with"]).read_text()) if "with" in own else {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BoardError(f"{path}: {error}") from None
    found: dict[str, bool] = {}
    for part in (*shared.get("part", ()), *own.get("part", ())):
        if "fitted" not in part and "setting" not in part:
            continue
        name, setting = part["name"], part.get("setting")
        if setting not in SETTINGS:
            raise BoardError(f"{path}: {name}: `setting` must be one of {', '.join(SETTINGS)}")
        if not isinstance(part.get("fitted"), bool):
            raise BoardError(f"{path}: {name}: `fitted` must be true or false")
        if setting in found:
            raise BoardError(f"{path}: {name}: {setting} has two rows")
        found[setting] = part["fitted"]
    for setting in SETTINGS:
        if setting not in found:
            raise BoardError(f'{path}: no row with `fitted` and `setting = "{setting}"`')
    return found


def line(folder: Path) -> str:
    """Return the line FITTED for the bill of materials. Raises BoardError."""
    found = parts(folder)
    rows = ", ".join(f'"{key}": {int(found[key])}' for key in SETTINGS)
    return f"FITTED = {{{rows}}}  # from the bill of materials: `make fitted`"


def fitted_as_in_the_bill(board: Board) -> Iterator[str]:
    """The board file names the same optional parts as fitted as its bill of materials."""
    source = file_of(board.folder, "board.py")
    try:
        wanted = line(board.folder)
        written = LINE.findall(source.read_text())
    except (BoardError, OSError) as problem:
        yield str(problem)
        return
    if written != [wanted]:
        own = "" if source.parent == board.folder else ", and a board.py of its own, for it shares another board's"
        yield f"{source.name} does not say what the bill of materials has fitted: `make fitted`{own}"


def write(folder: Path) -> None:
    """Write the line into the board file. Raises BoardError."""
    source = folder / "board.py"
    wanted = line(folder)
    changed, count = LINE.subn(lambda _: wanted, source.read_text())
    if count != 1:
        raise BoardError(f"{source} needs one line that begins with FITTED =")
    source.write_text(changed)


if __name__ == "__main__":
    try:
        for path in sorted(BOARDS.glob("*/board.py")):
            write(path.parent)
    except BoardError as problem:
        sys.exit(str(problem))
