"""Counts how many virtual patients reach their target, and how soon: `make reach N=1000`.

    python -m host_tools.evidence.campaign.reach [--runs N] [--resume | --page]

The patients are wide/0 to wide/N-1 of the population (population.py), without a fault and without guidance; guided/0 to
guided/N-1: the same ones, whose operators follow the guidance; esp32/0 to esp32/N-1: the guided ones with the bursts
and levels of the ESP32's board; and unaimed/0 to unaimed/N-1: those of wide/N without aiming lights, to show what the
lights do. The goals are for hands with lights, and for those whose skin and jet the levels are made for: no callus, no
water film, a jet of 0.95 times its calibration or more. The others are rows of their own. Also treats a whole foot
(foot.py). Writes out/campaign/reach.parquet, out/reach.json, docs/reach.md, docs/foot.json, docs/foot.svg and the table
of ranges, docs/population.md. Exit status 1: a figure misses its goal. 2: the figures are of other code.
"""

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from host_tools.evidence.campaign import foot, population, runs
from host_tools.evidence.campaign.run import ESP32, UNDER_FLOOR_C, Outcome
from host_tools.evidence.campaign.summary import level
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.safety.pages import NOT_CERTIFIED, head, line
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/reach.parquet"
DATA = ROOT / "out/reach.json"
PAGE = ROOT / "docs/reach.md"
PATIENTS_PAGE = ROOT / "docs/population.md"
# and the kind of name
HANDS = {"guided": "guided", "unguided": "wide", "guided, ESP32": "esp32", "without lights": "unaimed"}
REACH_MIN = {"guided": 0.98, "unguided": 0.9}  # [E] share of the armed ones for whom the levels are made
REFUSED_MAX = 0.1  # [E] share of those who asked
MEDIAN_MAX_S = 26.0  # [E] from the first burst, guided
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
    return {"code": code, "patients": len(outs) // len(HANDS)} | {
        hand: _report([out for out in outs if out.name.startswith(f"{kind}/")]) for hand, kind in HANDS.items()
    }


def _report(outs: list[Outcome]) -> dict:
    meant = [out for out in outs if population.MEANT in population.kinds(out.patient)]
    return figures(meant) | {
        "refused_for": dict(Counter(_why(out) for out in meant if not out.treated).most_common()),
        "by_level": _told(by_level(meant)),
        "by_skin": _told(by_skin(outs)),
        "by_offset": _told(by_offset(outs)),
        "latched": dict(Counter(out.fault for out in outs if out.fault).most_common()),
        "lowest_c": min((out.lowest_c for out in outs), default=None),
        "problems": [_problem(out) for out in outs if out.problems],
    }


def _why(out: Outcome) -> str:
    """Return the device's reason for a refusal: the names of its blockers."""
    return (out.refused or "no pass began").partition("REFUSED ")[2].partition(";")[0] or "no pass began"


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
    for hand, least in REACH_MIN.items():
        row = made[hand]
        if not row["runs"] or row["reached"] < least * row["runs"]:
            found.append(f"{hand}: {row['reached']} of {row['runs']} reach their target, goal {least:.0%}")
        if row["under_floor"]:
            found.append(f"{hand}: {row['under_floor']} of {row['runs']} under the floor")
        trips = row["by_skin"][ALL]["false_trips"]
        if trips:
            found.append(f"{hand}: {trips} false trips in all")
    guided = made["guided"]
    asked = guided["runs"] + guided["refused"]
    if guided["refused"] > REFUSED_MAX * asked:
        found.append(f"refused: {guided['refused']} of {asked} who asked, goal {REFUSED_MAX:.0%}")
    if guided["median_s"] is None or guided["median_s"] > MEDIAN_MAX_S:
        found.append(f"guided: median {guided['median_s']} s from the first burst, goal {MEDIAN_MAX_S:g}")
    for name, row in guided["by_level"].items():
        if not row["runs"] or row["reached"] < LEVEL_MIN * row["runs"]:
            found.append(f"{name}, guided: {row['reached']} of {row['runs']} reach the target, goal {LEVEL_MIN:.0%}")
    return found + foot.missed(made)


def _rows(title: str, rows: dict[str, dict]) -> list[str]:
    """Return a table of figures by something."""
    out = head(
        title, "armed", "refused", "reach", "share", "median s", "false trips", "under the floor", "least over it, degC"
    )
    for name, row in rows.items():
        share = f"{row['reached'] / row['runs']:.1%}" if row["runs"] else "-"
        median = "-" if row["median_s"] is None else f"{row['median_s']:.1f}"
        cells = (row["runs"], row["refused"], row["reached"], share, median, row["false_trips"], row["under_floor"])
        gap = f"{row['least_gap_c']:+.2f}" if row["runs"] else "-"
        out.append(line(name, *map(str, cells), gap))
    return [*out, ""]


def page(made: dict) -> str:
    """Return docs/reach.md."""
    bad = missed(made)
    out = [
        "# How many reach their target",
        "",
        f"Made by `make reach`: {made['patients']} virtual patients of [the population](population.md), without a"
        " fault, each with a guided hand, with an unguided one, with a guided one and the ESP32's bursts of at most"
        f" {ESP32['burst_max_us'] // 1000} ms, and with an unguided one on a device without aiming lights."
        " Half of the operators let go of the trigger once. A guided one moves as the buzzer clicks;"
        f" {population.IGNORES:.0%} of them ignore it. The ESP32's board locks levels with longer bursts; who asked for"
        " one gets the nearest that it has. Simulated; no person was treated, and a target that is reached"
        f" says nothing of its use. {NOT_CERTIFIED} Measured on code {made['code']}.",
        "",
        f"The levels are made for skin without callus and water, and for a jet of {population.JET_MIN:g} times its"
        " calibration or more, with an infrared sensor. The goals are for these patients:",
        "",
        *_rows("hand", {hand: made[hand] for hand in HANDS}),
        "Seconds count from the first burst to the settled sample at or under the target. A refused patient was never"
        f" treated. Reasons, unguided: {_counts(made['unguided']['refused_for'])}.",
        "",
        f"Missed: {'; '.join(bad)}." if bad else "Every goal is met.",
        "",
    ]
    for hand in HANDS:
        row = made[hand]
        everybody = row["by_skin"][ALL]
        lowest = "-" if row["lowest_c"] is None else f"{row['lowest_c']:.2f}"
        out += [
            f"## {hand[0].upper()}{hand[1:]}",
            "",
            *_rows("level", row["by_level"]),
            "Every kind of skin. A patient with two kinds counts in both rows:",
            "",
            *_rows("skin", row["by_skin"]),
            f"Coldest true surface of all: {lowest} degC. Faults that latched: {_counts(row['latched'])}."
            " A fault that latched where the skin was under the floor counts as under the floor, not as a false trip."
            f" {everybody['under_floor']} of {everybody['runs']} treatments went more than {UNDER_FLOOR_C:g} degC under"
            " the floor, and no fault was there. Off the jet's axis the probe reads warmer skin than the coldest:",
            "",
            *_rows("probe off the axis", row["by_offset"]),
            f"Not as it must be, {min(SHOWN, len(row['problems']))} of {len(row['problems'])}:",
            "",
            *head("run", "level", "skin", "probe off, mm", "lowest, degC", "floor", "why"),
        ]
        for problem in row["problems"][:SHOWN]:
            cells = (problem["name"], problem["level"], ", ".join(problem["skin"]), f"{problem['probe_off_mm']:g}")
            figures_ = (f"{problem['lowest_c']:.2f}", f"{problem['floor_c']:g}")
            out.append(line(*cells, *figures_, "; ".join(problem["problems"])))
        out.append("")
    return "\n".join([*out, *foot.section(made)])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


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
        "[Reach](reach.md), the schedules of [search](safety/search.md) and the runs of"
        " [the campaign](safety/campaign.md) draw their patients, hands and devices from this table."
        " Each figure is drawn evenly, where the table does not say otherwise. Where a"
        " range has no source it is [E], engineering judgement.",
        "",
        f"Of the patients, {population.SHARE:.0%} have callus, {population.SHARE:.0%} a film of water and"
        f" {population.SHARE:.0%} hardly any blood flow, each drawn on its own: some have two or three of them.",
        "",
        *rows,
        "",
        "Every operator aims: two lights meet on the probe, so it is"
        f" {population.AIMED:g} times as far from the axis as without them [E]. A guided operator hears the buzzer's"
        f" clicks, reacts after {population.REACTION_S[0]:g} to {population.REACTION_S[1]:g} s and moves at"
        f" {population.FOLLOWS_MM_S[0]:g} to {population.FOLLOWS_MM_S[1]:g} mm/s;"
        f" {population.IGNORES:.0%} ignore them.",
        "",
        "## How a run is named, run and judged",
        "",
        "`wide/12` is one patient without a fault, `guided/12` the same with a guided hand, `esp32/12` that one with"
        " the bursts and levels of the ESP32's board, `unaimed/12` without the aiming lights,"
        " `wide/jet-strong/3` one with a fault,"
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
    names = (f"{kind}/{k}" for kind in HANDS.values() for k in range(args.runs))
    return runs.cases("reach", names, RUNS, args)


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
        whole, drawn = foot.measured()
        foot.write(whole, drawn)
        DATA.write_text(json.dumps(report(outs, code) | whole, indent=1) + "\n", encoding="utf-8")
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
