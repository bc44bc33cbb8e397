"""Read from a portable test file, without running it, which tests it has and in which lanes they run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from tests.lanes import LANE_NAMES


class NotPortable(Exception):
    """The file uses what only pytest or CPython has; the message says what to change."""


@dataclass(frozen=True)
class PortableTests:
    """Names and first lines of the tests of a file, and the lanes that may run them.

    `lanes` is the literal LANES of the file (all lanes without it), `reason` its LANES_REASON.
    """

    lines: dict[str, int]
    lanes: tuple[str, ...] = LANE_NAMES
    reason: str = ""


def discover(file: Path) -> PortableTests:
    """Parse `file`; raises NotPortable on what only pytest knows, a wrong LANES, or a syntax error."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    except SyntaxError as error:
        raise NotPortable(f"{file.name}:{error.lineno}: {error.msg}") from error
    lines: dict[str, int] = {}
    literals: dict[str, object] = {}
    for node in tree.body:
        where = f"{file.name}:{node.lineno}"
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            arguments = node.args
            if arguments.args or arguments.posonlyargs or arguments.kwonlyargs or node.decorator_list:
                raise NotPortable(f"{where}: {node.name} must take no arguments and have no decorators")
            if node.name in lines:
                raise NotPortable(f"{where}: {node.name} is defined twice: rename one")
            lines[node.name] = node.lineno
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise NotPortable(f"{where}: make the tests of class {node.name} plain functions")
        elif "pytest" in _imported(node):
            raise NotPortable(f"{where}: pytest does not exist in MicroPython: use bare asserts")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("LANES", "LANES_REASON"):
                try:
                    literals[name] = ast.literal_eval(node.value)
                except ValueError as error:
                    raise NotPortable(f"{where}: {name} must be a literal") from error
    return _restricted(file, lines, literals)


def _imported(node: ast.stmt) -> set[str]:
    """Top-level names of the modules that an import statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]}
    return set()


def _restricted(file: Path, lines: dict[str, int], literals: dict[str, object]) -> PortableTests:
    if "LANES" not in literals:
        return PortableTests(lines)
    lanes, reason = literals["LANES"], literals.get("LANES_REASON")
    if not isinstance(lanes, tuple) or not lanes or not set(lanes) <= set(LANE_NAMES):
        raise NotPortable(f"{file.name}: LANES must be a tuple of some of {', '.join(LANE_NAMES)}")
    if not isinstance(reason, str) or not reason.strip():
        raise NotPortable(f"{file.name}: LANES needs LANES_REASON: why the other lanes cannot run the file")
    return PortableTests(lines, lanes, reason)
