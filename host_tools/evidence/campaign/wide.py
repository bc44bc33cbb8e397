"""Treats the wide population and shows the results by kind of skin: `make population N=200`.

    python -m host_tools.evidence.campaign.wide [--runs N] [--resume | --page]

Runs wide/0 to wide/N-1 without a fault. Writes out/campaign/wide.parquet, docs/population.json and, from that and
the table of ranges, docs/population.md. Exit status 1: a run is not as it must be. 2: the runs are of other code. To
repeat one of them: `python -m host_tools.evidence.campaign --again wide/3`.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from host_tools.evidence.campaign import population, reach, runs
from host_tools.evidence.campaign.run import UNDER_FLOOR_C, Outcome
from host_tools.evidence.campaign.summary import level
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.safety.pages import NOT_CERTIFIED, head, line
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/wide.parquet"
DATA = ROOT / "docs/population.json"
PAGE = ROOT / "docs/population.md"
ALL = "all"
STRONG = "RESPONSE_STRONG"
OFF_MM = (0, 2, 4, 6, 8)  # classes of the probe's distance from the axis


def by_skin(outs: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes by kind of skin: one with two kinds is in both."""
    outs = list(outs)
    return {ALL: outs} | {
        kind: [out for out in outs if kind in population.kinds(out.patient)] for kind in population.KINDS
    }


def by_offset(outs: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes by the probe's distance from the jet's axis."""
    outs = list(outs)
    return {
        f"{low} to {high} mm": [out for out in outs if low < out.patient["body"]["probe_off_mm"] <= high]
        for low, high in pairwise(OFF_MM)
    }


def _told(groups: dict[str, list[Outcome]]) -> dict[str, dict]:
    return {name: reach.figures(group) | {"trips": _trips(group)} for name, group in groups.items()}


def _trips(outs: list[Outcome]) -> dict[str | None, int]:
    return dict(Counter(out.fault for out in outs if out.false_trip).most_common())


def report(outs: list[Outcome], code: str) -> dict:
    """Return the whole of docs/population.json; code is what the runs were made on."""
    return {
        "code": code,
        "runs": len(outs),
        "by_skin": _told(by_skin(outs)),
        "by_offset": _told(by_offset(outs)),
        "lowest_c": min((out.lowest_c for out in outs), default=None),
        "problems": [
            {
                "name": out.name,
                "level": level(out),
                "skin": population.kinds(out.patient),
                "probe_off_mm": out.patient["body"]["probe_off_mm"],
                "lowest_c": out.lowest_c,
                "floor_c": out.floor_c,
                "problems": out.problems,
            }
            for out in outs
            if out.problems
        ],
    }


def ranges() -> list[str]:
    """Return the table of the population's ranges."""
    rows = head("figure", "from", "to", "unit", "what it is", "basis")
    return rows + [
        line(name, f"{row.low:g}", f"{row.high:g}", row.unit or "-", row.what, row.basis)
        for name, row in population.WIDE.items()
    ]


def _rows(title: str, rows: dict[str, dict]) -> list[str]:
    """Return a table of figures by something."""
    out = head(title, "armed", "refused", "reach", "median s", "false trips", "under the floor", "least over it, degC")
    for name, row in rows.items():
        trips = ", ".join(f"{fault} {count}" for fault, count in row["trips"].items()) or "0"
        median = "-" if row["median_s"] is None else f"{row['median_s']:.1f}"
        cells = (name, row["runs"], row["refused"], row["reached"], median, trips, row["under_floor"])
        out.append(line(*map(str, cells), f"{row['least_gap_c']:+.2f}"))
    return out


def page(made: dict) -> str:
    """Return docs/population.md."""
    callus, everybody = made["by_skin"]["callus"], made["by_skin"]["all"]
    out = [
        "# The wide population",
        "",
        f"Made by `make population`. Simulated; no person was treated. {NOT_CERTIFIED}",
        "",
        "`make population` draws these patients from the table below, beside what"
        " [the campaign](safety/campaign.md) draws of hand, valves, bottle and chips. The campaign treats them with one"
        " fault, too; its other runs, reach and search use its narrower patients. Each figure is drawn"
        " evenly, where the"
        " table does not say otherwise. Where a range has no source it is [E], engineering judgement.",
        "",
        f"Of the patients, {population.SHARE:.0%} have callus, {population.SHARE:.0%} a film of water and"
        f" {population.SHARE:.0%} hardly any blood flow, each drawn on its own: some have two or three of them.",
        "",
        *ranges(),
        "",
        "## How a run is named, run and judged",
        "",
        "`wide/12` is one patient without a fault, `wide/jet-strong/3` one with it,"
        " `wide/dose-open+probe-off/0` one with"
        " two. The name draws all of it. `python -m host_tools.evidence.campaign --again wide/12` runs it and prints"
        " the outcome; its exit status is 1 when something is not as it must be. It is judged as the"
        " campaign's runs are:"
        f" without a fault nothing may latch, and the true surface gets no colder than {UNDER_FLOOR_C:g} degC under the"
        " level's floor. The device may refuse skin outside the limits for a start, or up to"
        f" {population.SENSED_K:g} degC inside them.",
        "",
        "## What came of it",
        "",
        f"{made['runs']} runs without a fault, measured on code {made['code']}. A patient with"
        " two kinds of skin counts in both rows. Plain: none of them, with normal sensation. Reduced: every preset for"
        f" reduced sensation. Coldest true surface of all: {made['lowest_c']:.2f} degC.",
        "",
        *_rows("skin", made["by_skin"]),
        "",
        f"{everybody['under_floor']} of {everybody['runs']} armed treatments went more than {UNDER_FLOOR_C:g} degC"
        " under the floor, and no fault was there: an open hole. A fault that latched in one of these counts as"
        " under the floor, not as a false trip.",
        "",
        f"A stronger response than predicted ended {callus['trips'].get(STRONG, 0)} of {callus['runs']} treatments of"
        " callused skin. Callus answers the first bursts like a jet of 1.3 to 2 times: the device learns that constant,"
        " shortens the bursts by it and tells where to hold the jet. Thinly wet skin answers so too: the dry jet"
        " evaporates its water.",
        "",
        "The same runs by how far the probe was off the jet's axis. Off the axis it reads warmer skin than the"
        " coldest:",
        "",
        *_rows("probe off the axis", made["by_offset"]),
    ]
    out += [
        "",
        "Not as it must be:",
        "",
        *head("run", "level", "skin", "probe off, mm", "lowest, degC", "floor", "why"),
    ]
    for row in made["problems"]:
        cells = (
            row["name"],
            row["level"],
            ", ".join(row["skin"]),
            f"{row['probe_off_mm']:g}",
            f"{row['lowest_c']:.2f}",
        )
        out.append(line(*cells, f"{row['floor_c']:g}", "; ".join(row["problems"])))
    return "\n".join([*out, ""])


def measure(args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run the first patients of the population; return the code and their results."""
    return runs.cases("wide", (f"wide/{k}" for k in range(args.runs)), RUNS, args)


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="wide", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200, help="how many patients (default 200)")
    parser.add_argument("--page", action="store_true", help="only write the page again, from its data")
    runs.add_options(parser)
    args = parser.parse_args(argv)
    if args.runs < 1:
        parser.error("--runs: give 1 or more")
    return runs.told(lambda: _written(args))


def _written(args: argparse.Namespace) -> int:
    """Do what the options ask for and write the page."""
    if not args.page:
        code, outs = measure(args)
        DATA.write_text(json.dumps(report(outs, code), indent=1) + "\n", encoding="utf-8")
    made = json.loads(DATA.read_text(encoding="utf-8"))
    of_this_tree(made["code"], str(DATA))
    PAGE.write_text(page(made), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}; {len(made['problems'])} of {made['runs']} runs were not as they must be")
    return 1 if made["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
