"""Reads the text of a board file: its numbers and the parts that it makes. Also imports the firmware's modules."""

from __future__ import annotations

import ast
import importlib

from host_tools.toolchain.board_check.board import Board, file_of

_SETTINGS = "host_tools.toolchain.settings"  # puts the firmware where modules are found


def imported(module: str):
    """Return a module of the firmware."""
    importlib.import_module(_SETTINGS)
    return importlib.import_module(module)


def constants(tree: ast.Module) -> dict[str, int]:
    """Return the numbers that a board file names with const()."""
    found = {}
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        name, number = node.targets[0], node.value.args[0]
        if isinstance(name, ast.Name) and isinstance(number, ast.Constant) and isinstance(number.value, int):
            found[name.id] = number.value
    return found


def made(tree: ast.Module, kind: str) -> list[ast.Call]:
    """Yield each place where a board file makes such a part."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    return [call for call in calls if call.func.id == kind]  # pyright: ignore[reportAttributeAccessIssue]


def source(board: Board) -> ast.Module:
    """Return the board file; an empty one if it cannot be read, which another rule reports."""
    try:
        return ast.parse(file_of(board.folder, "board.py").read_text())
    except (OSError, SyntaxError):
        return ast.Module([], [])
