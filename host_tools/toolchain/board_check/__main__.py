"""Checks pin maps: `python -m host_tools.toolchain.board_check [boards/NAME ...]`; without a name all boards."""

from __future__ import annotations

import sys
from pathlib import Path

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import BoardError, load
from host_tools.toolchain.board_check.rules import DOCUMENTS, RULES, remarks, violations


def check(folder: Path) -> list[str]:
    """Return the violations of one board folder; a folder that cannot be read counts as one."""
    try:
        return violations(load(folder))
    except BoardError as error:
        return [str(error)]


def main(argv: list[str]) -> int:
    """Print each board's verdict; return 1 when any rule is violated."""
    folders = [Path(name) for name in argv] or sorted(path.parent for path in BOARDS.glob("*/board.toml"))
    failed = not folders
    for folder in folders:
        found = check(folder)
        failed = failed or bool(found)
        for sentence in found:
            print(f"{folder.name}: {sentence}", file=sys.stderr)
        if not found:
            board = load(folder)
            rules = len(RULES) + len(DOCUMENTS)
            print(f"{folder.name}: {len(board.signals)} signals on {board.chip.name}, {rules} rules hold")
            for sentence in remarks(board):
                print(f"{folder.name}: {sentence}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
