"""Finds the holes of the trace table. Each hole is one sentence that says what to do."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from host_tools.evidence.safety import outcomes, planted
from host_tools.evidence.safety.code import Code
from host_tools.evidence.safety.table import LAYERS, Row, Table, nearest
from host_tools.places import ROOT

SOURCE = "docs/safety/hazards.toml"
FIGURES = "docs/safety/limits.toml"
_SHOWN = 5  # most tests that did not run and are named


def tested(table: Table, kind: str, item) -> list[str]:
    """Return the tests of all rows that name the limit, fault or blocker; kind: limits, faults or blockers."""
    tests = [test for h in table.hazards for row in h.rows if item in getattr(row, kind) for test in row.tests]
    return list(dict.fromkeys(tests))


def holes(
    table: Table,
    code: Code,
    ran: Mapping[str, str] | None = None,
    root: Path = ROOT,
    record: Mapping | None = None,
) -> list[str]:
    """Return every hole. ran: outcomes by node id; None: do not check whether the tests ran.

    record: results of the tests with the controls disabled; None: do not check them.
    """
    found = [*_ids(table), *_untraced(table, code), *_open(table, code), *_figures(table, code)]
    if record is not None:
        found += planted.holes(table, record, root)
    for hazard in table.hazards:
        for number, row in enumerate(hazard.rows, 1):
            found += (f"{hazard.id} row {number}: {words}" for words in _row(row, code, root))
            if ran is not None and row.tests and all(outcomes.of(test, ran) == "skipped" for test in row.tests):
                found.append(
                    f"{hazard.id} row {number}: all its tests were skipped: name one that runs on every machine, "
                    "or get what they need (`make uf2`)"
                )
    return found if ran is None else [*found, *_ran(table, ran)]


def _ran(table: Table, ran: Mapping[str, str]) -> Iterator[str]:
    missing = []
    for test in dict.fromkeys(test for h in table.hazards for row in h.rows for test in row.tests):
        whole = test.split("[")[0]
        if outcomes.of(test, ran) == "failed":
            yield f"{test} failed: mend what it tests"
        elif not outcomes.of(test, ran) and outcomes.of(whole, ran):
            yield f"{test} did not run, others of {whole} did: correct what stands in brackets"
        elif not outcomes.of(test, ran):
            missing.append(test)
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        yield f"{', '.join(missing[:_SHOWN])}{more} did not run on this code: run `make pytest`"


def _ids(table: Table) -> Iterator[str]:
    for kind, entries in (("hazard", table.hazards), ("open entry", table.open)):
        for id_, count in Counter(entry.id for entry in entries).items():
            if not id_:
                yield f"a {kind} has no id: give it one"
            elif count > 1:
                yield f"{id_}: {count} times the id of a {kind}: give each its own"
    names = Counter(hazard.name for hazard in table.hazards)
    for hazard in table.hazards:
        if not hazard.name or not hazard.harm:
            yield f"{hazard.id}: a hazard needs a name and its harm"
        elif names[hazard.name] > 1:
            yield f"{hazard.id}: another hazard has the name {hazard.name!r}: put their rows together"
        if not hazard.rows:
            yield f"{hazard.id}: no cause and control: add a [[hazard.row]]"


def _untraced(table: Table, code: Code) -> Iterator[str]:
    whole = {entry.limit for entry in table.open if entry.whole}
    for number in code.numbers:
        if number not in whole and not tested(table, "limits", number):
            names = ", ".join(c.name for c in code.of(number)) or "a rule without a figure"
            yield f"limit {number} ({names}) has no row with a test: add one to {SOURCE}, or an [[open]] entry"
    for fault in code.faults:
        if not tested(table, "faults", fault.name):
            yield f"fault {fault.name} has no row with a test: add one to {SOURCE}"
    for blocker in code.blockers:
        if not tested(table, "blockers", blocker.name):
            yield f"blocker {blocker.name} has no row with a test: add one to {SOURCE}"


def _open(table: Table, code: Code) -> Iterator[str]:
    for entry in table.open:
        if entry.limit not in code.numbers:
            yield f"{entry.id}: open limit {entry.limit} is unknown: limits are 1 to {code.numbers[-1]}"
        if not entry.what or not entry.until:
            yield f"{entry.id}: say `what` is missing, and `until`: a name that no firmware file uses yet"
        if entry.until in code.read:
            yield f"{entry.id}: the firmware uses {entry.until} now: give limit {entry.limit} its row, drop {entry.id}"
        if entry.whole and tested(table, "limits", entry.limit):
            yield f"{entry.id}: limit {entry.limit} has a test and is called open: drop {entry.id}"
    excused = {entry.until for entry in table.open} | set(table.unread)
    for constant in code.constants:
        if constant.name not in code.read and constant.name not in excused:
            yield (
                f"{constant.name} is read by no firmware file: use it, or list it as [[open]] in {SOURCE}, "
                f"or say under [unread] of {FIGURES} what keeps it"
            )
    for name in table.unread:
        if name in code.read:
            yield f"{name} is read by the firmware: take it off [unread] in {FIGURES}"


def _figures(table: Table, code: Code) -> Iterator[str]:
    names = [c.name for c in code.constants]
    for constant in code.constants:
        if not constant.tighter:
            yield f"{constant.name} has no direction: write higher or lower behind its number in limits.py"
    for name in set(table.unread) - set(names):
        yield f"{name} is no constant of limits.py{nearest(name, names)}: correct it in {FIGURES}"
    for number in code.numbers:
        if number not in table.title:
            yield f"limit {number} has no title: add it under [title] in {FIGURES}"
    for number in table.title.keys() - set(code.numbers):
        yield f"limit {number} is unknown: limits are 1 to {code.numbers[-1]}: correct [title] in {FIGURES}"


def _row(row: Row, code: Code, root: Path) -> Iterator[str]:
    for key in ("cause", "control"):
        if not getattr(row, key):
            yield f"no {key}: say it in words"
    if row.layer not in LAYERS:
        yield f"layer {row.layer!r} is none: name one of {', '.join(LAYERS)}"
    if not (row.limits or row.faults or row.blockers):
        yield "it names no limit, no fault and no blocker: name what the control rests on"
    for number in row.limits:
        if number not in code.numbers:
            yield f"limit {number} is unknown: limits are 1 to {code.numbers[-1]}"
    texts = [outcomes.mentions(root / test.split("::")[0]) for test in row.tests]
    for kind, names, known in (
        ("fault", row.faults, [f.name for f in code.faults]),
        ("blocker", row.blockers, [b.name for b in code.blockers]),
    ):
        for name in names:
            if name not in known:
                yield f"{kind} {name} is unknown{nearest(name, known)}"
            elif row.tests and not any(re.search(rf"\b{name}\b", text) for text in texts):
                yield f"no file of its tests names {kind} {name}: name a test that provokes it"
    if not row.tests:
        yield "it names no test: name one, or take the row out"
    for test in row.tests:
        yield from _test(test, root)


def _test(test: str, root: Path) -> Iterator[str]:
    file, _, name = test.partition("::")
    known = outcomes.functions(root / file)
    if not (root / file).is_file():
        yield f"there is no file {file}: correct the test {test}"
    elif name.partition("[")[0] not in known:
        yield f"there is no test {name} in {file}{nearest(name, known)}"
