"""Runs the test of every known hole, and reports which holes are closed now: `make holes`.

docs/safety/holes.toml has a row for each hole: what was seen before, the limit, the test. A test that measures a figure
records it with `record_property("now", figure)`; the worst figure counts. For every other test, `now` is the number of
its lanes and parameters that fail. `holds` is `now` within `limit`. Writes out/holes.json and docs/safety/holes.md.
"""

import json
import operator
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from host_tools.evidence.safety import outcomes
from host_tools.places import ROOT

SOURCE = ROOT / "docs/safety/holes.toml"
JSON = ROOT / "out/holes.json"
PAGE = ROOT / "docs/safety/holes.md"
KINDS = ("surface", "behaviour", "emulated")
TABLES = {
    1: "Seen in an independent trial",
    2: "Found by reading",
    3: "Found by the search for the coldest treatment",
    4: "Seen by an independent model of skin and sensors",
}
OPEN_MAX = {1: 3, 2: 3, 3: 8, 4: 3}  # number of rows of a table that may stay open, each with its residual risk
_HOLDS = {"<=": operator.le, ">=": operator.ge}


class Wrong(ValueError):
    """The source cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Hole:
    """One row. table: a number of TABLES; limit: a relation and a figure, like "<= 0"."""

    name: str
    table: int
    kind: str
    seen: str
    limit: str
    test: str = ""
    residual: str = ""

    def holds(self, now: float | None) -> bool:
        """Return whether a figure is within the limit. A figure that was not measured is not."""
        relation, figure = self.limit.split()
        return now is not None and _HOLDS[relation](now, float(figure))


class Heard:
    """Collects the verdicts and recorded figures of a pytest run, by node."""

    def __init__(self):
        self.verdicts: dict[str, str] = {}
        self.figures: dict[str, list[float]] = {}

    def pytest_runtest_logreport(self, report):
        """Take one report. The worst phase of a test counts."""
        node = report.nodeid
        if report.when == "call" or not report.passed:
            worse = self.verdicts.get(node) == "failed"
            self.verdicts[node] = "failed" if worse else report.outcome
        for name, figure in report.user_properties:
            if name == "now" and report.when == "call":
                self.figures.setdefault(node, []).append(float(figure))

    def now(self, hole: Hole) -> float | None:
        """Return the row's figure: the worst recorded one, else the number of failed nodes; None when none ran."""
        mine = [node for node in self.verdicts if node == hole.test or node.startswith(hole.test + "[")]
        ran = [node for node in mine if self.verdicts[node] != "skipped"]
        if not ran:
            return None
        figures = [figure for node in ran for figure in self.figures.get(node, ())]
        failed = sum(self.verdicts[node] == "failed" for node in ran)
        if not figures:
            return float(failed)
        return max(figures) if hole.limit.startswith("<=") else min(figures)

    def skipped(self, hole: Hole) -> bool:
        """Return whether the row's test exists and was skipped, for example because an image is missing."""
        mine = {v for node, v in self.verdicts.items() if node == hole.test or node.startswith(hole.test + "[")}
        return mine == {"skipped"}


def load(source: Path = SOURCE) -> list[Hole]:
    """Read the rows. Raises Wrong."""
    try:
        rows = tomllib.loads(source.read_text(encoding="utf-8"))["hole"]
        holes = [Hole(**row) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise Wrong(f"{source.name}: {error}") from error
    for hole in holes:
        parts = hole.limit.split()
        if hole.kind not in KINDS or hole.table not in TABLES:
            raise Wrong(f"{hole.name}: kind is one of {', '.join(KINDS)}, table is {', '.join(map(str, TABLES))}")
        if len(parts) != 2 or parts[0] not in _HOLDS:
            raise Wrong(f'{hole.name}: write the limit as "<= figure" or ">= figure"')
    names = [hole.name for hole in holes]
    for name in {name for name in names if names.count(name) > 1}:
        raise Wrong(f"{name}: there are several rows of that name")
    return holes


def measured(holes: Iterable[Hole], heard: Heard) -> list[dict]:
    """Return the rows with `now` and `holds`, without rows whose test was skipped because an image is missing."""
    rows = []
    for hole in holes:
        if hole.kind == "emulated" and heard.skipped(hole):
            continue
        now = heard.now(hole)
        rows.append(asdict(hole) | {"now": now, "holds": hole.holds(now)})
    return rows


def problems(rows: Iterable[Mapping]) -> list[str]:
    """Return what is not as it must be, as sentences."""
    out = []
    rows = list(rows)
    for row in rows:
        if not row["test"]:
            out.append(f"{row['name']}: it has no test")
        elif row["now"] is None:
            out.append(f"{row['name']}: {row['test']} did not run")
        if not row["holds"] and not row["residual"]:
            out.append(f"{row['name']}: now {row['now']}, limit {row['limit']}, and no word on what remains")
    for number, most in OPEN_MAX.items():
        open_rows = [row["name"] for row in rows if row["table"] == number and not row["holds"]]
        if len(open_rows) > most:
            names = ", ".join(open_rows)
            out.append(f"table {number}: {len(open_rows)} rows do not hold ({names}), at most {most} may")
    return out


def figure(now: float | None) -> str:
    """Return a figure as the page shows it."""
    return "not measured" if now is None else f"{now:g}"


def page(rows: list[dict], code: str) -> str:
    """Return docs/safety/holes.md."""
    out = [
        "# Holes",
        "",
        "Generated by `make holes` from `holes.toml`. The device is not certified and not for treating people; no",
        "claim of efficacy is made.",
        "",
        f"Every row was found in an earlier tree. Its test was run on the code of digest `{code}`. A figure of kind",
        "`surface` is the lowest true skin surface of simulated runs, degC. Of the other kinds the figure is how many",
        "of the test's lanes and parameters fail, or what the row says. Rows of kind `emulated` need an image of the",
        "RP2040's interpreter.",
    ]
    for number, title in TABLES.items():
        mine = [row for row in rows if row["table"] == number]
        holding = sum(row["holds"] for row in mine)
        out += ["", f"## {title}", "", f"{holding} of {len(mine)} rows hold.", ""]
        out += ["| name | kind | seen before | now | limit | holds | test |", "|---|---|---|---:|---|---|---|"]
        for row in mine:
            cells = (f"`{row['name']}`", row["kind"], row["seen"], figure(row["now"]), row["limit"])
            test = f"`{row['test']}`" if row["test"] else "none"
            out.append(f"| {' | '.join(cells)} | {'yes' if row['holds'] else '**no**'} | {test} |")
        left = [row for row in mine if row["residual"]]
        if left:
            out += ["", "What remains:", ""]
            out += [f"- `{row['name']}`: {row['residual']}" for row in left]
    return "\n".join(out) + "\n"


def main() -> int:
    """Command line; returns 1 when a row is not as it must be."""
    try:
        holes = load()
    except Wrong as error:
        print(error, file=sys.stderr)
        return 2
    heard = Heard()
    tests = list(dict.fromkeys(hole.test for hole in holes if hole.test))
    pytest.main(["-q", "-n", "2", "-m", "", "--no-header", *tests], plugins=[heard])
    rows = measured(holes, heard)
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(rows, outcomes.measured()), encoding="utf-8")
    for row in rows:
        print(f"{row['name']:<28} {'holds' if row['holds'] else 'OPEN':<6} {figure(row['now'])} ({row['limit']})")
    found = problems(rows)
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
