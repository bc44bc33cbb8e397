"""Counts how many virtual patients reach their target, and how soon: `make reach N=1000`.

    python -m host_tools.evidence.campaign.reach [--runs N] [--resume | --page]

The patients are wide/0 to wide/N-1 of the population (population.py), without a fault. Nobody guides the hand. The
goals are for those whose skin and jet the levels are made for: no callus, no water film, a jet of 0.95 times its
calibration or more. The others are rows of their own. Writes out/campaign/reach.parquet, out/reach.json, docs/reach.md
and the table of ranges, docs/population.md. Exit status 1: a figure misses its goal. 2: the figures are of other code.
"""

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from host_tools.evidence.campaign import population, runs
from host_tools.evidence.campaign.run import UNDER_FLOOR_C, Outcome
from host_tools.evidence.campaign.summary import level
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.safety.pages import NOT_CERTIFIED, head, line
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/reach.parquet"
DATA = ROOT / "out/reach.json"
PAGE = ROOT / "docs/reach.md"
PATIENTS_PAGE = ROOT / "docs/population.md"
REACH_MIN = 0.9  # [E] share of the armed ones for whom the levels are made
MEDIAN_MAX_S = 32.0  # [E] from the first burst
LEVEL_MIN = 0.9  # [E] share; a level that fewer patients reach promises too much
ALL = "all"
OFF_MM = (0, 2, 4, 6, 8)  # classes of the probe's distance from the axis
SHOWN = 40  # rows of the list of runs that were not as they must be


def figures(outs: Iterable[Outcome]) -> dict:
    """Return the results of these runs. Refused runs are counted separately and in nothing else."""
    outs = list(outs)
    armed = [out for out in outs if out.treated]
    times = [out.reach_s for out in armed if out.reached and out.reach_s is not None]
    return {
        "runs": len(armed),
        "refused": len(outs) - len(armed),
        "reached": sum(out.reached for out in armed),
        "median_s": round(statistics.median(times), 1) if times else None,
        "least_gap_c": round(min((out.lowest_c - out.floor_c for out in armed), default=0.0), 2),
        "false_trips": sum(out.false_trip for out in armed),
        "under_floor": sum(out.under_floor for out in armed),
    }


def by_skin(outs: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes by kind of skin and jet: one with two kinds is in both."""
    outs = list(outs)
    kinds = {out.name: population.kinds(out.patient) for out in outs}
    return {ALL: outs} | {kind: [out for out in outs if kind in kinds[out.name]] for kind in population.KINDS}


def by_offset(outs: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes by the probe's distance from the jet's axis."""
    outs = list(outs)
    return {
        f"{low} to {high} mm": [out for out in outs if low < out.patient["body"]["probe_off_mm"] <= high]
        for low, high in pairwise(OFF_MM)
    }


def by_level(outs: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes by preset and level."""
    found: dict[str, list[Outcome]] = {}
    for out in outs:
        found.setdefault(level(out), []).append(out)
    return dict(sorted(found.items()))


def _told(groups: dict[str, list[Outcome]]) -> dict[str, dict]:
    return {name: figures(group) for name, group in groups.items()}


def report(outs: list[Outcome], code: str) -> dict:
    """Return the whole of out/reach.json; code is what the runs were made on."""
    meant = [out for out in outs if population.MEANT in population.kinds(out.patient)]
    return {
        "code": code,
        "patients": len(outs),
        "unguided": figures(meant),
        "refused": dict(Counter(out.refused for out in meant if not out.treated).most_common()),
        "by_level": _told(by_level(meant)),
        "by_skin": _told(by_skin(outs)),
        "by_offset": _told(by_offset(outs)),
        "latched": dict(Counter(out.fault for out in outs if out.fault).most_common()),
        "lowest_c": min((out.lowest_c for out in outs), default=None),
        "problems": [_problem(out) for out in outs if out.problems],
    }


def _problem(out: Outcome) -> dict:
    return {
        "name": out.name,
        "level": level(out),
        "skin": population.kinds(out.patient),
        "probe_off_mm": out.patient["body"]["probe_off_mm"],
        "lowest_c": out.lowest_c,
        "floor_c": out.floor_c,
        "problems": out.problems,
    }


def missed(made: dict) -> list[str]:
    """Return what is not as it must be, a sentence each."""
    found = []
    meant, everybody = made["unguided"], made["by_skin"][ALL]
    if not meant["runs"] or meant["reached"] < REACH_MIN * meant["runs"]:
        found.append(f"{meant['reached']} of {meant['runs']} reach their target, goal {REACH_MIN:.0%}")
    if meant["median_s"] is None or meant["median_s"] > MEDIAN_MAX_S:
        found.append(f"median {meant['median_s']} s from the first burst, goal {MEDIAN_MAX_S:g}")
    if everybody["false_trips"]:
        found.append(f"{everybody['false_trips']} false trips in all")
    if meant["under_floor"]:
        found.append(f"{meant['under_floor']} of {meant['runs']} under the floor")
    for name, row in made["by_level"].items():
        if row["reached"] < LEVEL_MIN * row["runs"]:
            found.append(f"{name}: {row['reached']} of {row['runs']} reach the target, goal {LEVEL_MIN:.0%}")
    return found


def _rows(title: str, rows: dict[str, dict]) -> list[str]:
    """Return a table of figures by something."""
    out = head(
        title, "armed", "refused", "reach", "share", "median s", "false trips", "under the floor", "least over it, degC"
    )
    for name, row in rows.items():
        share = f"{row['reached'] / row['runs']:.1%}" if row["runs"] else "-"
        median = "-" if row["median_s"] is None else f"{row['median_s']:.1f}"
        cells = (row["runs"], row["refused"], row["reached"], share, median, row["false_trips"], row["under_floor"])
        out.append(line(name, *map(str, cells), f"{row['least_gap_c']:+.2f}"))
    return [*out, ""]


def page(made: dict) -> str:
    """Return docs/reach.md."""
    everybody = made["by_skin"][ALL]
    bad = missed(made)
    latched = ", ".join(f"{fault} {count}" for fault, count in made["latched"].items()) or "none"
    out = [
        "# How many reach their target",
        "",
        f"Made by `make reach`: {made['patients']} virtual patients of [the population](population.md), without a"
        " fault. Nobody guides the hand; half of the operators let go of the trigger once. Simulated; no person was"
        " treated, and a target that is reached says nothing of its use."
        f" {NOT_CERTIFIED} Measured on code {made['code']}.",
        "",
        f"The levels are made for skin without callus and water, and for a jet of {population.JET_MIN:g} times its"
        " calibration or more, with an infrared sensor. The goals are for these patients:",
        "",
        *_rows("level", {ALL: made["unguided"]} | made["by_level"]),
        "Seconds count from the first burst to the settled sample at or under the target. A refused patient was never"
        " treated: skin that is too cold or too warm for a start, mostly.",
        "",
        f"Missed: {'; '.join(bad)}." if bad else "Every goal is met.",
        "",
        "## Every kind of skin",
        "",
        "A patient with two kinds counts in both rows. Callus answers the first bursts like a jet of 1.3 to 2 times:"
        " the device learns that constant, shortens the bursts by it and tells where to hold the jet. Thinly wet skin"
        " answers so too, as the dry jet evaporates its water.",
        "",
        *_rows("skin", made["by_skin"]),
        f"Coldest true surface of all: {made['lowest_c']:.2f} degC. Faults that latched: {latched}. A fault that"
        " latched where the skin was under the floor counts as under the floor, not as a false trip.",
        "",
        "## The probe off the jet's axis",
        "",
        f"There it reads warmer skin than the coldest. {everybody['under_floor']} of {everybody['runs']} treatments"
        f" went more than {UNDER_FLOOR_C:g} degC under the floor, and no fault was there: an open hole.",
        "",
        *_rows("probe off the axis", made["by_offset"]),
        "## Not as it must be",
        "",
        f"The first {SHOWN} of {len(made['problems'])}. `python -m host_tools.evidence.campaign --again NAME` runs one"
        " again.",
        "",
        *head("run", "level", "skin", "probe off, mm", "lowest, degC", "floor", "why"),
    ]
    for row in made["problems"][:SHOWN]:
        cells = (row["name"], row["level"], ", ".join(row["skin"]), f"{row['probe_off_mm']:g}")
        out.append(line(*cells, f"{row['lowest_c']:.2f}", f"{row['floor_c']:g}", "; ".join(row["problems"])))
    return "\n".join([*out, ""])


def patients_page() -> str:
    """Return docs/population.md."""
    rows = head("figure", "from", "to", "unit", "what it is", "basis")
    rows += [
        line(name, f"{row.low:g}", f"{row.high:g}", row.unit or "-", row.what, row.basis)
        for name, row in population.table().items()
    ]
    return "\n".join([
        "# The population",
        "",
        f"Made by `make reach`. Simulated patients; no person was treated. {NOT_CERTIFIED}",
        "",
        "[Campaign](safety/campaign.md), [reach](reach.md) and [search](safety/search.md) draw their patients, hands"
        " and devices from this table. Each figure is drawn evenly, where the table does not say otherwise. Where a"
        " range has no source it is [E], engineering judgement.",
        "",
        f"Of the patients, {population.SHARE:.0%} have callus, {population.SHARE:.0%} a film of water and"
        f" {population.SHARE:.0%} hardly any blood flow, each drawn on its own: some have two or three of them.",
        "",
        *rows,
        "",
        "## How a run is named, run and judged",
        "",
        "`wide/12` is one patient without a fault, `wide/jet-strong/3` one with it,"
        " `wide/dose-open+probe-off/0` one with two. The name draws all of it."
        " `python -m host_tools.evidence.campaign --again wide/12` runs it and prints"
        " the outcome; its exit status is 1 when something is not as it must be:",
        "",
        "- Without a fault nothing may latch, and the true surface gets no colder than"
        f" {UNDER_FLOOR_C:g} degC under the level's floor.",
        "- The device may refuse skin outside the limits for a start, or up to"
        f" {population.SENSED_K:g} degC inside them.",
        "- A point may end without its target for its time, its passes or its cold dose; for THICK_SKIN only on callus"
        " or under water.",
        "",
        "`healthy/12`, `single/jet-strong/3` and `double/dose-open+probe-off/0` are plain patients: skin of one column"
        " without callus and water, in a room of 22 degC. Tests and `make speed` use them.",
        "",
    ])


def measure(args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run the first patients of the population; return the code and their results."""
    return runs.cases("reach", (f"wide/{k}" for k in range(args.runs)), RUNS, args)


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="reach", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000, help="how many patients (default 1000)")
    parser.add_argument("--page", action="store_true", help="only write the page again, from its data")
    runs.add_options(parser)
    args = parser.parse_args(argv)
    if args.runs < 1:
        parser.error("--runs: give 1 or more")
    return runs.told(lambda: _written(args))


def _written(args: argparse.Namespace) -> int:
    """Do what the options ask for and write the pages."""
    PATIENTS_PAGE.write_text(patients_page(), encoding="utf-8")
    if not args.page:
        code, outs = measure(args)
        DATA.parent.mkdir(exist_ok=True)
        DATA.write_text(json.dumps(report(outs, code), indent=1) + "\n", encoding="utf-8")
    made = json.loads(DATA.read_text(encoding="utf-8"))
    of_this_tree(made["code"], str(DATA))
    PAGE.write_text(page(made), encoding="utf-8")
    print(f"written: {DATA.relative_to(ROOT)}, {Path(PAGE).relative_to(ROOT)}")
    bad = missed(made)
    for sentence in bad:
        print(sentence)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
