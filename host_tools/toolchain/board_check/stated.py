"""Checks that the figures in a board's documents follow from its parts' values: each sentence of stated_rows.py.

A missing sentence is reported too, and so is a table or a step of the bring-up list that does not match the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from host_tools.places import BOARDS, ROOT
from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.loop import loop_table
from host_tools.toolchain.board_check.stated_drivers import DRIVERS
from host_tools.toolchain.board_check.stated_figures import NUMBER, Expected, Row
from host_tools.toolchain.board_check.stated_rows import BRING_UP, README, ROWS
from host_tools.toolchain.board_check.timing import HEAD, slow_clock_table

DOCS = ROOT / "docs"


def text_of(board: Board, file: str) -> str | None:
    """Return a document as one line; None if there is none."""
    path = Path(board.folder) / file
    if file == DRIVERS:  # only for this project's boards; another board may have other parts
        path = DOCS / file if path.resolve().parent.parent == BOARDS.resolve() else path
    return " ".join(path.read_text().split()) if path.exists() else None


def agrees(written: str, expected: Expected) -> bool:
    """Return whether a number is the expected one, rounded as it is written."""
    value = float(written)
    if isinstance(expected, tuple):
        return expected[0] - 1e-9 <= value <= expected[1] + 1e-9
    places = len(written.partition(".")[2])
    return abs(value - expected) <= 0.5 * 10**-places + 1e-9


def stated_figures_are_computed(board: Board) -> Iterator[str]:
    """Each figure of the board's documents follows from the values of board.toml."""
    if board.chip.modelled:
        return
    for row in ROWS:
        text = text_of(board, row.file)
        if text is not None and row.boards(board):
            yield from wrong(row, board, text)
    yield from _resistances(board)
    text = text_of(board, README)
    if text is not None and _joined(loop_table(board)) not in text:
        yield f"{README}: the table of the loop's levels is not that of [loop]: take it from loop_table()"
    if text is not None and _joined(HEAD[:1]) in text and _joined(slow_clock_table(board)) not in text:
        yield f"{README}: the table of a slow clock is not that of [timing]: take it from slow_clock_table()"


def wrong(row: Row, board: Board, text: str) -> Iterator[str]:
    """Yield the differences between a document's text and the parts, for one row."""
    found = re.search(row.pattern, text)
    if not found:
        yield f"{row.file} has no sentence of the form {_readable(row.pattern)!r}: its figures are checked"
        return
    for number, expected in zip(found.groups(), row.figures(board), strict=True):
        if not agrees(number, expected):
            yield f"{row.file}: {found[0]!r}: {number} is wrong: {_words(expected)}"


def _joined(lines) -> str:
    return " ".join(" ".join(lines).split())


def _readable(pattern: str) -> str:
    return re.sub(r"\\s\+", " ", pattern.replace(NUMBER, "N")).replace("\\", "")


def _words(expected: Expected) -> str:
    if isinstance(expected, tuple):
        return f"from {expected[0]:.4g} to {expected[1]:.4g}, by the parts"
    return f"{expected:.4g}, by the parts"


def measured(text: str) -> dict[str, float]:
    """Signal -> kOhm of a step that says what to measure: "A, B 10 kOhm +-5 %; C 2.2 kOhm"."""
    found: dict[str, float] = {}
    names: list[str] = []
    for name, kohm in re.findall(rf"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\b|{NUMBER} kOhm", text):
        if name:
            names.append(name)
        else:
            found |= dict.fromkeys(names, float(kohm))
            names = []
    return found


def _resistances(board: Board) -> Iterator[str]:
    """The two steps that measure every pull resistor name each, with its value."""
    text = text_of(board, BRING_UP)
    if text is None:
        return
    for rail, to in (("down", "ground"), ("up", "3V3")):
        step = re.search(rf"[Rr]esistance to {to}: (.*?) \d\. ", text)
        said = measured(step[1]) if step else {}
        for signal in board.signals.values():
            held = signal.pull == f"external {rail}" or (rail == "down" and signal.pull_down)
            if not held:
                continue
            if said.get(signal.name) != signal.ohms / 1000:
                value = f"says {said[signal.name]:g}" if signal.name in said else "does not name it"
                yield f"{BRING_UP}: {signal.name}, {signal.ohms / 1000:g} kOhm to {to}: the step that measures {value}"
