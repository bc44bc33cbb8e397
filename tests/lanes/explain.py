"""The source line of an assert that failed in MicroPython, and its values.

MicroPython says only where it failed. So the one test runs again, in an interpreter of its own, from a copy of the file
in which that assert tells the values it compares. What passes never meets such a copy.
"""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lanes import ANEW, MARK, ROOT, VALUE, Lane, run_file

_WHERE = re.compile(r'^ *File "([^"]+)", line (\d+)', re.MULTILINE)
_SIGNS: dict[type[ast.cmpop], str] = {
    **dict(zip((ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE), ["==", "!=", "<", "<=", ">", ">="], strict=True)),
    **dict(zip((ast.Is, ast.IsNot, ast.In, ast.NotIn), ("is", "is not", "in", "not in"), strict=True)),
}


def explained(lane: Lane, file: Path, name: str, printed: str) -> str:
    """Return what to add to the output `printed` of test `name`: nothing unless an assert failed."""
    found = _failed_assert(printed)
    if found is None:
        return ""
    source, text, statement = found
    shown = source.relative_to(ROOT) if source.is_relative_to(ROOT) else source
    lines = [f"{shown}:{statement.lineno}:"]
    lines += ["    " + part for part in (ast.get_source_segment(text, statement) or "").splitlines()]
    if source.parent == file.parent:  # elsewhere a copy would not be what is imported
        values = _values(lane, file, name, {file.name: file.read_text("utf-8"), source.name: _telling(text, statement)})
        lines += ["      " + value for value in values]
    return "\n".join(lines)


def _failed_assert(printed: str) -> tuple[Path, str, ast.Assert] | None:
    """Return the file of the innermost frame, its text, and the assert there."""
    frames = list(_WHERE.finditer(printed))
    if not frames or not re.search(r"^AssertionError\b", printed[frames[-1].end() :], re.MULTILINE):
        return None
    source, number = ROOT / frames[-1][1], int(frames[-1][2])
    if not source.is_file():
        return None
    text = source.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert) and node.lineno <= number <= (node.end_lineno or node.lineno):
            return source, text, node
    return None


def _values(lane: Lane, file: Path, name: str, copies: dict[str, str]) -> list[str]:
    """Run the test from the copies (name -> text); return what its assert told last."""
    with tempfile.TemporaryDirectory() as folder:
        for copy, text in copies.items():
            Path(folder, copy).write_text(text, encoding="utf-8")
        outcome = run_file(lane, Path(folder, file.name), [name], folders=[file.parent.as_posix()])
    if outcome.passed.get(name):
        return ["(in a second run, alone, it passed)"]
    if name in outcome.told:
        return outcome.told[name]
    last = (outcome.broken or outcome.output.get(name, "")).strip().rpartition("\n")[2]
    return [f"(in a second run, alone: {last})"]


def _telling(text: str, statement: ast.Assert) -> str:
    """Return the text with an assert that tells its values before it fails, and evaluates each as often as before."""
    names = (f"_told_{number}" for number in range(1000))
    new = "; ".join([_said(ANEW), *_told(statement.test, names)])
    lines = text.encode().splitlines(keepends=True)  # columns count bytes
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    head, tail = lines[first][: statement.col_offset], lines[last][statement.end_col_offset :]
    lines[first : last + 1] = [head + new.encode() + tail]
    return b"".join(lines).decode()


def _told(test: ast.expr, names: Iterator[str]) -> list[str]:
    """Return statements that come to the same as `assert test`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [statement for part in test.values for statement in _told(part, names)]
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        made, name = _kept(test.operand, names)
        return [*made, f"assert not {name}"]
    if not isinstance(test, ast.Compare):
        made, name = _kept(test, names)
        return [*made, f"assert {name}"]
    made, left = _kept(test.left, names)
    for sign, operand in zip(test.ops, test.comparators, strict=True):
        more, right = _kept(operand, names)
        made += [*more, f"assert {left} {_SIGNS[type(sign)]} {right}"]
        left = right
    return made


def _kept(value: ast.expr, names: Iterator[str]) -> tuple[list[str], str]:
    """Return statements that keep a value and tell it, and its name; what the source says anyway is not told."""
    if isinstance(value, ast.Constant):
        return [], ast.unparse(value)
    name = next(names)
    return [f"{name} = {ast.unparse(value)}", _said(VALUE, f"{ast.unparse(value)} =", f"repr({name})")], name


def _said(verb: str, text: str = "", value: str = "''") -> str:
    return f"print({f'{chr(10)}{MARK}{verb} {text}'!r}, {value})"
