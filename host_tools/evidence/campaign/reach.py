"""Counts how many healthy virtual patients reach their target, and how soon: `make reach N=1000`.

    python -m host_tools.evidence.campaign.reach [--runs N] [--resume | --page]

The patients are the campaign's healthy ones: 85 to 130 mm, unguided; half of the operators release the trigger once.
Writes out/reach.json and docs/reach.md. Exit status 1: a figure misses its goal, or a level is reached too rarely. 2:
the figures are of other code.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

from host_tools.evidence.campaign import runs
from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.summary import level
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.safety.pages import head, line
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/reach.parquet"
DATA = ROOT / "out/reach.json"
PAGE = ROOT / "docs/reach.md"
REACH_MIN = 0.93  # [E] share of all that were armed
MEDIAN_MAX_S = 32.0  # [E] from the first burst
LEVEL_MIN = 0.9  # [E] share; a level that fewer patients reach promises too much


def figures(outs: list[Outcome]) -> dict:
    """Return the results of these runs. Refused runs are counted separately and in nothing else."""
    armed = [out for out in outs if out.refused is None]
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


def report(outs: list[Outcome], code: str) -> dict:
    """Return the whole of out/reach.json; code is what the runs were made on."""
    by_level: dict[str, list[Outcome]] = {}
    for out in outs:
        by_level.setdefault(level(out), []).append(out)
    return {
        "code": code,
        "unguided": figures(outs),
        "by_level": {name: figures(group) for name, group in sorted(by_level.items())},
    }


def missed(made: dict) -> list[str]:
    """Return what is not as it must be, a sentence each."""
    found = []
    all_of_them = made["unguided"]
    runs = all_of_them["runs"]
    if not runs or all_of_them["reached"] < REACH_MIN * runs:
        found.append(f"{all_of_them['reached']} of {runs} reach their target, goal {REACH_MIN:.0%}")
    if all_of_them["median_s"] is None or all_of_them["median_s"] > MEDIAN_MAX_S:
        found.append(f"median {all_of_them['median_s']} s from the first burst, goal {MEDIAN_MAX_S:g}")
    for name, what in (("false_trips", "false trips"), ("under_floor", "runs under the floor")):
        if all_of_them[name]:
            found.append(f"{all_of_them[name]} {what}")
    for name, row in made["by_level"].items():
        if row["reached"] < LEVEL_MIN * row["runs"]:
            found.append(f"{name}: {row['reached']} of {row['runs']} reach the target, goal {LEVEL_MIN:.0%}")
    return found


def page(made: dict) -> str:
    """Return docs/reach.md."""
    rows = {"all": made["unguided"]} | made["by_level"]
    out = [
        "# How many reach their target",
        "",
        "Made by `make reach`: the campaign's healthy virtual patients, drawn as docs/safety/campaign.md says. 85 to"
        " 130 mm, nobody guides the hand, half of the operators let go of the trigger once. Simulated; no person was"
        f" treated, and a target that is reached says nothing of its use. Measured on code {made['code']}.",
        "",
        *head("level", "armed", "refused", "reach", "share", "median s", "least over the floor, degC", "false trips"),
    ]
    for name, row in rows.items():
        share = f"{row['reached'] / row['runs']:.1%}" if row["runs"] else "-"
        median = "-" if row["median_s"] is None else f"{row['median_s']:.1f}"
        cells = (row["runs"], row["refused"], row["reached"], share, median, f"{row['least_gap_c']:+.2f}")
        out.append(line(name, *map(str, cells), str(row["false_trips"])))
    bad = missed(made)
    out += ["", "Seconds count from the first burst to the settled sample at or under the target.", ""]
    out += [f"Missed: {'; '.join(bad)}." if bad else "Every goal is met.", ""]
    return "\n".join(out)


def measure(args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run the first patients of the campaign; return the code and their results."""
    return runs.cases("healthy", (f"healthy/{k}" for k in range(args.runs)), RUNS, args)


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
    """Do what the options ask for and write the page."""
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
