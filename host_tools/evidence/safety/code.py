"""Reads the firmware: limits with their comments, faults, blockers, and which limits the firmware reads."""

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from host_tools.places import BOARDS, FIRMWARE
from host_tools.simulator.twin import lanes
from host_tools.toolchain import remedies

LIMITS = FIRMWARE / "cryo/limits.py"
_LINE = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*) = const\(.*?\)\s*(?:#\s*(?P<comment>.*))?$")
_NUMBER = re.compile(r"^(\d+)\b\s*")
_TIGHTER = re.compile(r"^(higher|lower)\b\s*")
_TAG = re.compile(r"\[([SCEK])\]\s*")


@dataclass(frozen=True)
class Constant:
    """One line of limits.py. number: the limit's, or None; tags: some of S C E K; value in the unit of the name.

    tighter: "higher" or "lower", the direction in which it is stricter; "" when the line names none.
    """

    name: str
    value: int
    number: int | None
    tags: str
    text: str
    tighter: str


@dataclass(frozen=True)
class Fault:
    """One row of the registry; priority and latch as words."""

    code: int
    name: str
    priority: str
    latch: str
    remedy: str


@dataclass(frozen=True)
class Blocker:
    """One blocker; counts: when it counts, in words."""

    name: str
    remedy: str
    counts: str


@dataclass(frozen=True)
class Code:
    """Everything in the code that must be traced to a test."""

    constants: tuple[Constant, ...]
    faults: tuple[Fault, ...]
    blockers: tuple[Blocker, ...]
    read: frozenset[str]  # names that firmware and boards use

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the limits. A limit without a figure (a rule) has no line, but it keeps its number."""
        return tuple(range(1, max(c.number or 0 for c in self.constants) + 1))

    def of(self, number: int | None) -> list[Constant]:
        """Return the constants of a limit; None: those without a number."""
        return [c for c in self.constants if c.number == number]


def constants(source: str, values) -> tuple[Constant, ...]:
    """Parse limits.py; values is the imported module. Raises ValueError on a constant without a comment to trace it."""
    found = []
    for line in source.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        name, comment = match["name"], (match["comment"] or "").strip()
        number = _NUMBER.match(comment)
        rest = comment[number.end() :] if number else comment
        tighter, rest = (way[1], rest[way.end() :]) if (way := _TIGHTER.match(rest)) else ("", rest)
        tags = "".join(dict.fromkeys(_TAG.findall(rest)))
        value = getattr(values, name)
        found.append(Constant(name, value, int(number[1]) if number else None, tags, rest.strip(), tighter))
    missed = {name for name in vars(values) if name.isupper()} - {c.name for c in found}
    if missed:
        names = ", ".join(sorted(missed))
        raise ValueError(f"{LIMITS.name}: write {names} as one line, `NAME = const(value)  # number higher [tag] text`")
    return tuple(found)


def names_used(files: list[Path]) -> frozenset[str]:
    """Return every name, attribute and imported name that the files use."""
    used = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            if isinstance(node, ast.Name):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.FunctionDef):
                used.add(node.name)
    return frozenset(used)


def _words(module, *names: str) -> dict[int, str]:
    return {getattr(module, name): name for name in names}


def _faults(module) -> tuple[Fault, ...]:
    priorities = {value: word.lower() for value, word in _words(module, "HIGH", "MEDIUM", "LOW").items()}
    latches = {module.ACK: "acknowledge", module.RESET: "switch off"}
    return tuple(
        Fault(code, name, priorities[priority], latches[latch], remedies.FAULTS[name])
        for code, name, priority, latch in module.REGISTRY
    )


def _blockers(module) -> tuple[Blocker, ...]:
    when = (
        (module.TO_ARM, "to arm"),
        (module.TO_STAY, "while armed or delivering"),
        (module.TO_START, "to start a pass"),
    )
    return tuple(
        Blocker(name, remedies.BLOCKERS[name], ", ".join(words for mask, words in when if mask >> bit & 1))
        for bit, name in enumerate(module.NAMES)
    )


@cache
def read() -> Code:
    """Return the Code of the shipped firmware."""
    with lanes.firmware_imports():
        limits = importlib.import_module("cryo.limits")
        faults = _faults(importlib.import_module("cryo.core.faults"))
        blockers = _blockers(importlib.import_module("cryo.core.blockers"))
    files = [f for folder in (FIRMWARE, BOARDS) for f in folder.rglob("*.py") if f != LIMITS]
    return Code(constants(LIMITS.read_text(encoding="utf-8"), limits), faults, blockers, names_used(files))
