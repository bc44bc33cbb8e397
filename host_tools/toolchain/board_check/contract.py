"""The board file keeps the contract of firmware/cryo/board.py: read from its text, without a chip to run it on."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator

from host_tools.places import FIRMWARE
from host_tools.toolchain.board_check.board import Board, file_of
from host_tools.toolchain.board_check.board_file import imported

NAME_FILE = "board_name.py"
_INPUTS = FIRMWARE / "cryo/core/records.py"
_SENSOR = re.compile(r"#(?: [^:,]*,)? (?P<need>needed|or None|or absent): (?P<what>.+)$")

Row = tuple[str, str, str | None, str]


def contract() -> tuple[Row, ...]:
    """Return name, what it is, "required" or what may be in its place, what the application calls; sensors last."""
    board = imported("cryo.board")
    needs = {"needed": board.REQUIRED, "or None": None, "or absent": board.ABSENT}
    rows = [
        (name, name if name in board.OFFERS else "sensor", needs[need], what)
        for name, (need, what) in sensors(_INPUTS.read_text()).items()
    ]
    return (*board.CONTRACT, *rows)


def sensors(source: str) -> dict[str, tuple[str, str]]:
    """Return name -> (what a board must have, what it is) of each record in Inputs.

    Raises ValueError when a comment does not say it.
    """
    lines = source.splitlines()
    (inputs,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Inputs")
    found = {}
    for node in ast.walk(inputs):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            (name,) = _of_self(node.targets[0])
            said = _SENSOR.search(lines[node.lineno - 1])
            if not said:
                raise ValueError(f"records.py: say behind {name} `# unit, needed: what it is`, or None, or absent")
            found[name] = (said["need"], said["what"])
    return found


def given(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Return each attribute of the class Board of a board file, with its value if the text has it."""
    found: dict[str, ast.expr | None] = {}
    for node in tree.body:
        if not (isinstance(node, ast.ClassDef) and node.name == "Board"):
            continue
        for member in node.body:
            if isinstance(member, ast.FunctionDef):
                found[member.name] = None
                for part in ast.walk(member):
                    if isinstance(part, ast.Assign):
                        found |= {name: part.value for target in part.targets for name in _of_self(target)}
            elif isinstance(member, ast.Assign):
                found |= {target.id: member.value for target in member.targets if isinstance(target, ast.Name)}
    return found


def _of_self(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr


def keeps_the_contract(board: Board) -> Iterator[str]:
    """The board file makes everything that the application needs from a board, and nothing that it does not know."""
    source = file_of(board.folder, "board.py")
    try:
        tree = ast.parse(source.read_text())
    except (OSError, SyntaxError) as problem:
        yield f"board.py cannot be read: {problem}"
        return
    if not any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in tree.body):
        yield "board.py has no function build(): firmware/main.py calls it for the board"
    found = given(tree)
    asked = {name: (instead, why) for name, _, instead, why in contract()}
    for name, (instead, why) in asked.items():
        value = found.get(name)
        if name not in found and instead != "absent":
            yield f"board.py: Board has no {name} ({why}): add it{'' if instead else ', None where that will do'}"
        elif isinstance(value, ast.Constant) and value.value is None and instead == "required":
            yield f"board.py: {name} is None, and no applicator works without it ({why})"
    yield from _named(board, found.get("name"))
    for name in found:
        if name not in asked and not name.startswith("_"):
            yield f"board.py: the application knows no {name}: delete it, or add it to firmware/cryo/board.py"


def _named(board: Board, value: ast.expr | None) -> Iterator[str]:
    """*IDN? answers with the folder's name; by it cryoctl knows what to put onto the board."""
    if isinstance(value, ast.Name) and value.id == "NAME":  # imported: a board that shares board.py has its own
        where, said = NAME_FILE, runpy.run_path(str(file_of(board.folder, NAME_FILE))).get("NAME")
    else:
        where, said = "board.py", value.value if isinstance(value, ast.Constant) else None
    if said != board.folder.name:
        yield f"{where}: the board calls itself {said!r}: its folder's name is {board.folder.name!r}"
