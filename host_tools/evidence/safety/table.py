"""The hand-written sources: docs/safety/hazards.toml (hazards, controls, tests), limits.toml (titles)."""

import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

from host_tools.places import ROOT

HAZARDS = ROOT / "docs/safety/hazards.toml"
LIMITS = ROOT / "docs/safety/limits.toml"
LAYERS = ("hardware", "tick", "latched", "use")
RESTS_ON = ("drawing",)  # what a control may rest on that no software can test: its tests compare words and nets


class TableError(ValueError):
    """A source cannot be read; the message says what to change."""


@dataclass(frozen=True)
class Flaw:
    """A text that stands once in a file, and its replacement, with which a control does not work."""

    file: str = ""
    find: str = ""
    put: str = ""


@dataclass(frozen=True)
class Row:
    """One control of one cause. layer: hardware, tick, latched or use; tests: pytest node ids.

    flaws: each disables the control, and every test must fail with one of them. rests_on: "drawing" when the tests read
    only the boards' data, because only a real board can show more.
    """

    cause: str = ""
    control: str = ""
    layer: str = ""
    limits: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    rests_on: str = ""


@dataclass(frozen=True)
class Hazard:
    """One way in which somebody is harmed; left: the risk that no control here removes."""

    id: str = ""
    name: str = ""
    harm: str = ""
    left: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Open:
    """What is not built. until: a name that no firmware file uses yet; whole: no part of the limit is built."""

    id: str = ""
    limit: int = 0
    whole: bool = False
    until: str = ""
    what: str = ""


@dataclass(frozen=True)
class Table:
    """The contents of both files. unread: constant -> the reason why no firmware file reads it."""

    hazards: tuple[Hazard, ...]
    open: tuple[Open, ...]
    title: dict[int, str]
    unread: dict[str, str]


def nearest(word: str, words) -> str:
    """Return " (nearest: ...)" with the known word that looks most like `word`, or nothing."""
    close = get_close_matches(str(word), [str(w) for w in words], 1, 0.4)
    return f" (nearest: {close[0]})" if close else ""


def _make(kind, entry: dict, where: str, **given):
    known = [f.name for f in fields(kind) if f.name not in given]
    for key, value in entry.items():
        if key not in known:
            raise TableError(f"{where}: unknown key {key!r}{nearest(key, known)}: use {', '.join(known)}")
        default = getattr(kind, key)
        expected = list if isinstance(default, tuple) else type(default)
        if type(value) is not expected:
            raise TableError(f"{where}: {key} must be {expected.__name__}, not {value!r}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}, **given)


def _row(entry: dict, where: str) -> Row:
    flaws = entry.get("flaws")
    if isinstance(flaws, list):
        entry = entry | {"flaws": [_make(Flaw, flaw, f"{where} flaw {n}") for n, flaw in enumerate(flaws, 1)]}
    return _make(Row, entry, where)


def _hazard(entry: dict, where: str) -> Hazard:
    rows = tuple(_row(row, f"{where} row {n}") for n, row in enumerate(entry.pop("row", []), 1))
    return _make(Hazard, entry, where, rows=rows)


def load(hazards: Path = HAZARDS, limits: Path = LIMITS) -> Table:
    """Read both files; raises TableError on an unknown key, a value of the wrong kind, or a syntax error."""
    try:
        rows, figures = (tomllib.loads(file.read_text(encoding="utf-8")) for file in (hazards, limits))
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{hazards.name} or {limits.name}: {error}") from error
    for name, data, known in (
        (hazards.name, rows, ("hazard", "open")),
        (limits.name, figures, ("title", "unread")),
    ):
        for key in set(data) - set(known):
            raise TableError(f"{name}: unknown table {key!r}{nearest(key, known)}: use {', '.join(known)}")
    return Table(
        tuple(_hazard(e, f"hazard {e.get('id', n)}") for n, e in enumerate(rows.get("hazard", []), 1)),
        tuple(_make(Open, e, f"open {e.get('id', n)}") for n, e in enumerate(rows.get("open", []), 1)),
        {int(number): words for number, words in figures.get("title", {}).items()},
        figures.get("unread", {}),
    )
