"""What the tests of each row did while its control was disabled: the record that `make hazards-live` writes.

A row of hazards.toml plants flaws: other text in the place of a text of one file, so that the row's control does not
work. Every test that the row names must fail with one of them; otherwise it shows nothing about that control.
"""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from host_tools.evidence.safety.table import RESTS_ON, Flaw, Row, Table
from host_tools.places import ROOT

RECORD = ROOT / "docs/safety/hazards_live.json"
RUN = "run `make hazards-live`"
SURVIVED = "survived"  # it passed with every flaw
SKIPPED = "skipped"  # it could not run on the machine that made the record
SKIPS = ("tests/simulator/emulated/",)  # tests that need an image; not every machine has it


def key(hazard_id: str, row: Row) -> str:
    """Return a row's name in the record; it stays the same when other rows are added or removed."""
    return f"{hazard_id} {row.cause}"


def rows(table: Table) -> Iterator[tuple[str, str, Row]]:
    """Yield key, place for people, and row."""
    for hazard in table.hazards:
        for number, row in enumerate(hazard.rows, 1):
            yield key(hazard.id, row), f"{hazard.id} row {number}", row


def flaw_digest(flaw: Flaw) -> str:
    """Return a digest of a flaw."""
    return _digest("\0".join((flaw.file, flaw.find, flaw.put)))


def test_digest(test: str, root: Path = ROOT) -> str:
    """Return a digest of a test's own text, or "" where there is no such test."""
    file, _, name = test.partition("::")
    text = _texts(root / file).get(name.partition("[")[0], "")
    return _digest(text) if text else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _texts(file: Path) -> dict[str, str]:
    """Return the text of each function of a file, its decorators included; those of a class as Class::name."""
    if not file.is_file():
        return {}
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    found = {}

    def take(node, prefix=""):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        found[prefix + node.name] = "\n".join(lines[first - 1 : node.end_lineno])

    for node in ast.parse(source, str(file)).body:
        if isinstance(node, ast.FunctionDef):
            take(node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    take(inner, f"{node.name}::")
    return found


def planted(flaw: Flaw, root: Path = ROOT) -> str:
    """Return the text of the flaw's file with the flaw in it. Raises ValueError when the flaw does not fit."""
    file = root / flaw.file
    if not file.is_file():
        raise ValueError(f"its flaw's file {flaw.file} is not there: correct it")
    text = file.read_text(encoding="utf-8")
    if flaw.find == flaw.put or text.count(flaw.find) != 1:
        raise ValueError(f"{flaw.file} has {text.count(flaw.find)} times {flaw.find!r}, not once: adapt the flaw")
    text = text.replace(flaw.find, flaw.put)
    if file.suffix == ".py":
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ValueError(f"{flaw.file} with {flaw.put!r} is no Python: {error.msg}: adapt the flaw") from error
    return text


def load(record: Path = RECORD) -> dict:
    """Return the record; an empty one if there is none."""
    try:
        return json.loads(record.read_text(encoding="utf-8"))
    except OSError:
        return {"rows": {}}


def holes(table: Table, record: Mapping, root: Path = ROOT) -> Iterator[str]:
    """Yield a sentence for each row without a flaw, without a valid result, or with a test that passed."""
    for name, place, row in rows(table):
        yield from (f"{place}: {text}" for text in row_holes(row, record["rows"].get(name), root))
    for name in record["rows"].keys() - {name for name, _, _ in rows(table)}:
        yield f"the record of planted flaws has a row that is gone, {name!r}: {RUN}"


def row_holes(row: Row, result: Mapping | None, root: Path = ROOT) -> Iterator[str]:
    """Yield a sentence for each thing that the record does not show about a row."""
    if row.rests_on and row.rests_on not in RESTS_ON:
        yield f"rests_on {row.rests_on!r} is none: name one of {', '.join(RESTS_ON)}, or leave it out"
    if not row.flaws:
        yield "no flaw disables its control: add `flaws`"
        return
    for flaw in row.flaws:
        if bool(row.rests_on) != flaw.file.startswith("boards/") and row.rests_on:
            yield f"it rests on a {row.rests_on}, and its flaw is in {flaw.file}: plant it in boards/"
        try:
            planted(flaw, root)
        except ValueError as error:
            yield str(error)
    if result is None:
        yield f"its tests were never run with its control disabled: {RUN}"
        return
    if list(result["flaws"]) != [flaw_digest(flaw) for flaw in row.flaws]:
        yield f"its flaws changed since its tests were run with them: {RUN}"
        return
    for number, kills in enumerate(result["flaws"].values(), 1):
        if not kills:
            yield f"no test of it fails with its flaw {number}: name one that does, or take the flaw out"
    tests = result["tests"]
    for test in row.tests:
        if test not in tests:
            yield f"{test} was never run with the control disabled: {RUN}"
        elif tests[test]["text"] != test_digest(test, root):
            yield f"{test} changed since it was run with the control disabled: {RUN}"
        elif tests[test]["by"] == SURVIVED:
            yield f"{test} passes with the control disabled: name a test that fails, or add the flaw that it finds"
        elif tests[test]["by"] == SKIPPED and not test.startswith(SKIPS):
            yield f"{test} was skipped with the control disabled: name a test that runs on every machine"
    if row.tests and all(test in tests and tests[test]["by"] == SKIPPED for test in row.tests):
        yield "none of its tests could be run with its control disabled: name one that runs on every machine"


def counts(table: Table, record: Mapping) -> str:
    """Return one line: how many controls were disabled, and the outcomes of their tests."""
    results = record["rows"].values()
    by = [test["by"] for result in results for test in result["tests"].values()]
    codes = sorted({result["code"] for result in results})
    drawn = sum(bool(row.rests_on) for _, _, row in rows(table))
    return (
        f"{sum(bool(row.flaws) for _, _, row in rows(table)) - drawn} controls of software and {drawn} that rest on a "
        f"drawing were disabled by {sum(len(row.flaws) for _, _, row in rows(table))} planted flaws: "
        f"{sum(b not in (SURVIVED, SKIPPED) for b in by)} times a named test failed, {by.count(SURVIVED)} survived, "
        f"{by.count(SKIPPED)} could not run; on code {', '.join(codes) or 'that is not noted'}"
    )
