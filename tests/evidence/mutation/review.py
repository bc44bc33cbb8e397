"""The reviewed list of survivors, and what a run says about it."""

from __future__ import annotations

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.evidence.mutation.mutants import Mutant
from tests.lanes import ROOT

OUT = ROOT / "out" / "mutation.json"
LIST = Path(__file__).with_name("survivors.toml")
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Result:
    """The result for one mutant. by: the test that noticed it, or "" when it survived."""

    mutant: Mutant
    by: str


class ListError(Exception):
    """survivors.toml cannot be used; the message names the entry and the reason."""


def read(path: Path = LIST) -> dict[Key, tuple[int, str]]:
    """Return the list: how often a change may survive in its function, and why. Raises ListError."""
    out: dict[Key, tuple[int, str]] = {}
    for number, entry in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", []), 1):
        unknown = set(entry) - {"module", "function", "was", "becomes", "reason", "count"}
        missing = {"module", "function", "was", "becomes", "reason"} - set(entry)
        if unknown or missing:
            raise ListError(f"entry {number}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        if len(entry["reason"].split()) < 4:
            raise ListError(f"entry {number}: its reason must say why no test can or need notice it")
        several = entry["becomes"]
        for becomes in several if isinstance(several, list) else [several]:
            key = (entry["module"], entry["function"], entry["was"], becomes)
            if key in out:
                raise ListError(f"entry {number} is there twice: {' | '.join(key)}")
            out[key] = (entry.get("count", 1), entry["reason"])
    return out


def complaints(made: Iterable[Mutant], results: Sequence[Result], allowed: dict[Key, tuple[int, str]]) -> list[str]:
    """Return the errors: a survivor that is not in the list, and an entry whose mutant is gone or is noticed.

    made: all mutants of the checked modules; results: the mutants that were run.
    """
    out = []
    survived = Counter(result.mutant.key for result in results if not result.by)
    by: dict[Key, str] = {result.mutant.key: result.by for result in results if result.by}
    there = {mutant.key for mutant in made}
    modules = {key[0] for key in there}
    for key, count in survived.items():
        if count > allowed.get(key, (0, ""))[0]:
            out.append("no test notices this mutant, and survivors.toml does not list it:\n" + as_entry(key))
    for key in allowed:
        if key[0] not in modules:
            continue
        if key not in there:
            out.append("survivors.toml lists a mutant that is no longer made; delete it:\n" + as_entry(key))
        elif key in by and survived[key] < allowed[key][0]:
            out.append(f"survivors.toml lists a mutant that {by[key]} notices; delete it:\n" + as_entry(key))
    return out


def as_entry(key: Key) -> str:
    """Return the change as an entry of the list, without its reason."""
    names = ("module", "function", "was", "becomes")
    rows = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in zip(names, key, strict=True))
    return "[[survivor]]\n" + "\n".join(rows) + '\nreason = ""\n'


def table(results: Sequence[Result], allowed: dict[Key, tuple[int, str]]) -> list[tuple[str, int, int, int, int]]:
    """Return rows of module, mutants, killed, survivors, survivors with a reason; the last row is the sum."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for result in results:
        for row in (rows[result.mutant.module], rows["all"]):
            row[0] += 1
            row[1 if result.by else 2] += 1
            row[3] += not result.by and result.mutant.key in allowed
    total = rows.pop("all", [0, 0, 0, 0])
    return [(name, row[0], row[1], row[2], row[3]) for name, row in [*sorted(rows.items()), ("all", total)]]


def keep(results: Sequence[Result]) -> None:
    """Write the results to out/mutation.json; those of other modules stay there."""
    modules = {result.mutant.module for result in results}
    rows = [row for row in _kept() if row["module"] not in modules]
    names = ("module", "function", "was", "becomes")
    rows += [{**dict(zip(names, result.mutant.key, strict=True)), "by": result.by} for result in results]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(sorted(rows, key=lambda row: list(row.values())), indent=1), encoding="utf-8")


def _kept() -> list[dict[str, str]]:
    return json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else []


def noticed_before() -> dict[Key, str]:
    """Return the test that noticed each mutant in the last run on this computer. It is only tried first."""
    return {(row["module"], row["function"], row["was"], row["becomes"]): row["by"] for row in _kept() if row["by"]}
