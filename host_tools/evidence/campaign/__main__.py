"""Runs the campaign, or one of its cases again.

    python -m host_tools.evidence.campaign [--form long|short] [--processes N]
    python -m host_tools.evidence.campaign --again single/jet-strong/3 [--set burst_max_us=60000]

A case's name draws everything in it. The campaign writes out/campaign/runs.jsonl, docs/safety/campaign.json and, from
that, docs/safety/campaign.md. Exit status 1 when a healthy or a single-fault run is not as it must be.
"""

import argparse
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

from host_tools.evidence.campaign import page, summary, sweeps, tighten, worker
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.run import Outcome, case, levels, named, run
from host_tools.evidence.safety import outcomes
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/runs.jsonl"
SWEEPS = RUNS.with_name("sweeps.json")
WORST = 10
# healthy runs, runs of each single fault, pairs of faults
FORMS = {"long": (1_000, 40, 1_431), "short": (60, 2, 40)}


def names(healthy: int, each: int, pairs: int) -> dict[str, list[str]]:
    """Return the cases of a campaign by kind."""
    every = ["+".join(pair) for pair in combinations(FAULTS, 2)]
    chosen = random.Random("pairs").sample(every, min(pairs, len(every)))
    return {
        "healthy": [f"healthy/{k}" for k in range(healthy)],
        "single": [f"single/{name}/{k}" for k in range(each) for name in FAULTS],
        "double": [f"double/{pair}/0" for pair in chosen],
    }


def _nothing(result) -> None:
    pass


def _each(pool: ProcessPoolExecutor, work: Callable, items: Iterable, title: str, then: Callable = _nothing) -> list:
    """Do the work on all items; then(result) is called as soon as each is there."""
    items = list(items)
    began = time.monotonic()
    done = []
    for result in pool.map(work, items, chunksize=1):
        done.append(result)
        then(result)
        if len(done) % 100 == 0 or len(done) == len(items):
            print(f"{title}: {len(done)} of {len(items)}, {time.monotonic() - began:.0f} s", flush=True)
    return done


def _known() -> dict[str, Outcome]:
    """Return what out/campaign/runs.jsonl holds by name; a last line that was cut off is left out."""
    known = {}
    for text in RUNS.read_text().splitlines() if RUNS.exists() else ():
        with contextlib.suppress(ValueError):
            out = Outcome(**json.loads(text))
            known[out.name] = out
    return known


def campaign(counts: tuple[int, ...], processes: int, resume: bool = False) -> dict:
    """Run everything and return the summary. resume keeps the runs that an interrupted campaign has done."""
    began = time.monotonic()
    RUNS.parent.mkdir(parents=True, exist_ok=True)
    known = _known() if resume else {}
    outs = {}
    with (
        worker.pool(processes) as pool,
        RUNS.open("a" if resume else "w") as file,
    ):

        def keep(out: Outcome) -> None:
            file.write(json.dumps(asdict(out)) + "\n")
            file.flush()

        for kind, group in names(*counts).items():
            fresh = _each(pool, named, [name for name in group if name not in known], kind, keep)
            outs[kind] = [known[name] for name in group if name in known] + fresh
        cold = {
            "single": summary.too_cold(outs["single"])[:WORST],
            "double": sorted(outs["double"], key=summary.spare_c)[:WORST],
        }
        tried = {kind: _each(pool, tighten.tried, worst, f"tighter, {kind}") for kind, worst in cold.items()}
        if resume and SWEEPS.exists():
            swept = json.loads(SWEEPS.read_text())
        else:
            jobs = [(kind, level) for kind in sweeps.STEPS for level in levels()]
            swept = [asdict(found) for found in _each(pool, sweeps.sweep, jobs, "sweeps")]
            SWEEPS.write_text(json.dumps(swept))
    every = [out for group in outs.values() for out in group]
    return {
        "made": {
            "code": outcomes.measured("host_tools/evidence/campaign"),
            "counts": dict(zip(("healthy", "single", "double"), counts, strict=True)),
            "processes": processes,
            "kept": sum(name in known for group in names(*counts).values() for name in group),
            "wall_s": round(time.monotonic() - began),
            "simulated_h": round(sum(out.simulated_s for out in every) / 3600, 1),
        },
        "healthy": summary.healthy(outs["healthy"]),
        "single": summary.single(outs["single"]) | {"tried": tried["single"]},
        "double": summary.double(outs["double"]) | {"tried": tried["double"]},
        "sweeps": swept,
    }


def resweep(made: dict, kind: str, processes: int) -> dict:
    """Return a summary with one sweep run anew, and without levels that are locked by now."""
    with worker.pool(processes) as pool:
        fresh = _each(pool, sweeps.sweep, [(kind, level) for level in levels()], kind)
    kept = [row for row in made["sweeps"] if row["kind"] != kind and (row["preset"], row["level"]) in levels()]
    return made | {"sweeps": kept + [asdict(found) for found in fresh]}


def again(name: str, changes: list[str]) -> int:
    """Run one case again and print all of it."""
    settings = {key: int(value) for key, _, value in (text.partition("=") for text in changes)}
    given = sweeps.case(name) if name.split("/")[0] in sweeps.STEPS else case(name, settings)
    out = run(given)
    print(json.dumps(asdict(out), indent=1))
    return 1 if out.problems else 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="campaign", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--form", choices=FORMS, default="short", help="how many runs (default short)")
    parser.add_argument("--counts", help="instead of a form: HEALTHY,EACH,PAIRS")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    parser.add_argument("--resume", action="store_true", help="keep the runs of an interrupted campaign on this code")
    parser.add_argument("--again", metavar="CASE", help="run one case again and print it")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="with --again: a tighter setting"
    )
    parser.add_argument("--sweep", choices=sweeps.STEPS, help="only run this sweep anew")
    parser.add_argument("--page", action="store_true", help="only write the page anew from its data")
    args = parser.parse_args()
    try:
        if args.again:
            return again(args.again, args.set)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    data, text = ROOT / page.DATA, ROOT / page.PAGE
    if args.sweep:
        made = resweep(json.loads(data.read_text(encoding="utf-8")), args.sweep, args.processes)
        data.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    elif not args.page:
        counts = tuple(map(int, args.counts.split(","))) if args.counts else FORMS[args.form]
        made = campaign(counts, args.processes, args.resume)
        data.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    made = json.loads(data.read_text(encoding="utf-8"))
    text.write_text(page.page(made), encoding="utf-8")
    print(f"written: {Path(page.PAGE)}")
    bad = len(made["healthy"]["problems"]) + len(made["single"]["problems"])
    print(f"{bad} healthy or single-fault runs were not as they must be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
