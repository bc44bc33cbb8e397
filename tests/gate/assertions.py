"""Finds test functions that cannot fail by an assertion: no assert, no expected exception, no helper that has one.

A test that only checks "nothing raises" must assert something about the result. A method with the name of a method of
the product does not count as a helper, because this tool cannot distinguish the two.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from pathlib import Path

_EXPECTS = {"raises", "fail", "warns", "deprecated_call"}  # pytest's own


class _File:
    """Return the functions of one file by their names alone, also those in classes."""

    def __init__(self, file: Path):
        self.file = file
        self.functions: dict[str, list[ast.FunctionDef]] = {}
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(node)

    def tests(self) -> list[ast.FunctionDef]:
        return [f for name, found in self.functions.items() if name.startswith("test_") for f in found]


def _asserts(function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Raise) and getattr(getattr(node.exc, "func", None), "id", "") == "AssertionError":
            return True
        if isinstance(node, ast.Call):
            name = _called(node)
            if name.startswith("assert_") or (name in _EXPECTS and isinstance(node.func, ast.Attribute)):
                return True
    return False


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _helpers(function: ast.FunctionDef, product: Container[str]) -> set[str]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {_called(c) for c in calls if isinstance(c.func, ast.Name) or _called(c) not in product}


def without(root: Path, *products: Path) -> Iterator[str]:
    """Yield `file::test` of each test below `root` without an assertion of its own or of a helper that it calls."""
    product = {name for folder in products for file in folder.rglob("*.py") for name in _File(file).functions}
    files = [_File(file) for file in sorted(root.rglob("*.py"))]
    helpers: dict[str, list[ast.FunctionDef]] = {}
    for file in files:
        if not file.file.name.startswith("test_"):
            for name, found in file.functions.items():
                helpers.setdefault(name, []).extend(found)
    for file in files:
        if not file.file.name.startswith("test_"):
            continue
        for test in file.tests():
            seen: set[str] = set()
            waiting = [test]
            while waiting and not _asserts(waiting[-1]):
                function = waiting.pop()
                names = _helpers(function, product) - seen
                seen |= names
                waiting += (f for name in names for f in file.functions.get(name) or helpers.get(name, ()))
            if not waiting:
                yield f"{file.file.relative_to(root).as_posix()}::{test.name}"
