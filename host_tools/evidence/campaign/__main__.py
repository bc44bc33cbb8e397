"""Runs the campaign, or one of its cases again.

    python -m host_tools.evidence.campaign [--form long|short] [--processes N] [--resume]
        [--dask local | --scheduler ADDRESS]
    python -m host_tools.evidence.campaign --again wide/jet-strong/3 [--set burst_max_us=60000]

Everything in a case is drawn from its name. The campaign writes out/campaign/runs.parquet, docs/safety/campaign.json
and, from that, docs/safety/campaign.md. Exit status 1: a healthy or a single-fault run is not as it must be, or a run
differs in MicroPython. 2: the runs are of other code.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from itertools import combinations, zip_longest
from pathlib import Path

from host_tools.evidence.campaign import crosscheck, jobs, page, runs, scaling, summary, sweeps
from host_tools.evidence.campaign.engine import Engine, Farm
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.run import Outcome, case, levels, run
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.campaign.worker import Processes
from host_tools.places import ROOT

RUNS = ROOT / "out/campaign/runs.parquet"
WORST = 10
GROUPS = ("healthy", "single", "double", "weighted")
# healthy runs, runs of each single fault, pairs of faults, runs with one fault in which the worst is common
FORMS = {"long": (1_000, 40, 1_431, 1_000), "short": (60, 2, 40, 40)}


def names(healthy: int, each: int, pairs: int, weighted: int = 0) -> dict[str, list[str]]:
    """Return the cases of a campaign by group: patients of the population."""
    every = ["+".join(pair) for pair in combinations(FAULTS, 2)]
    chosen = random.Random("pairs").sample(every, min(pairs, len(every)))
    return {
        "healthy": [f"wide/{k}" for k in range(healthy)],
        "single": [f"wide/{name}/{k}" for k in range(each) for name in FAULTS],
        "double": [f"wide/{pair}/0" for pair in chosen],
        "weighted": [f"weighted/{k}" for k in range(weighted)],
    }


def _jobs(kind: str) -> dict[str, object]:
    """Return the sweeps of one kind by name."""
    return {f"sweep/{kind}/{preset}/{level}": (kind, (preset, level)) for preset, level in levels()}


def campaign(
    counts: tuple[int, ...],
    farm: Farm,
    resume: bool = False,
    path: Path = RUNS,
    kinds: Iterable[str] = sweeps.STEPS,
    lanes: Iterable[str] = ("unix", "rp2040"),
) -> dict:
    """Run everything and return the summary. kinds: the sweeps; lanes: the interpreters in which runs are checked.

    resume keeps the results of an interrupted campaign on this code. Raises StoreError when they are of other code, or
    when the code changes meanwhile.
    """
    began = time.monotonic()
    outs, tried, swept = {}, {}, []
    store = runs.opened(path, resume=resume)
    engine = Engine(farm, store)
    kept = sum(name in store.results for group in names(*counts).values() for name in group)
    for kind, group in names(*counts).items():
        outs[kind] = [Outcome(**found) for found in engine.do(kind, jobs.run, {name: name for name in group})]
    checked = {lane: _checked(lane, names(*counts), engine, store) for lane in lanes}
    cold = {
        "single": summary.too_cold(outs["single"])[:WORST],
        "double": sorted(outs["double"], key=summary.spare_c)[:WORST],
    }
    for kind, worst in cold.items():
        items = {f"tighter/{out.name}": asdict(out) for out in worst}
        tried[kind] = engine.do(f"tighter, {kind}", jobs.tighter, items)
    for kind in kinds:
        swept += engine.do(f"sweeps, {kind}", jobs.swept, _jobs(kind), batch=1)
    every = [out for group in outs.values() for out in group]
    return {
        "made": {
            "code": store.on,
            "counts": dict(zip_longest(GROUPS, counts, fillvalue=0)),
            "processes": farm.count,
            "kept": kept,
            "wall_s": round(time.monotonic() - began),
            "simulated_h": round(sum(out.simulated_s for out in every) / 3600, 1),
        },
        "healthy": summary.healthy(outs["healthy"]),
        "single": summary.single(outs["single"]) | {"tried": tried["single"]},
        "double": summary.double(outs["double"]) | {"tried": tried["double"]},
        "weighted": summary.weighted(outs["weighted"], outs["single"]),
        "checked": checked,
        "sweeps": swept,
    }


def _checked(lane: str, groups: dict[str, list[str]], engine: Engine, store: Store) -> list[dict]:
    """Run some again in MicroPython, and one on the emulated chip if this machine can; return the result of each."""
    if lane == "unix":
        some = crosscheck.sample(name for group in groups.values() for name in group)
        return engine.do("in MicroPython", jobs.checked, {f"unix/{name}": name for name in some})
    key = crosscheck.on_chip_key(crosscheck.ON_CHIP)
    if key is None:
        return []
    with Processes(1) as near:
        return Engine(near, store).do("on the emulated RP2040", jobs.on_chip, {key: crosscheck.ON_CHIP})


def resweep(made: dict, kind: str, args: argparse.Namespace) -> dict:
    """Return a summary with one sweep run anew, and without levels that are now locked.

    Raises StoreError when the rest was made on other code: no page may show both.
    """
    of_this_tree(made["made"].get("code"), str(page.DATA))
    with runs.farm(args) as farm:
        store = runs.opened(RUNS.with_name("sweeps.parquet"), resume=False)
        fresh = Engine(farm, store).do(kind, jobs.swept, _jobs(kind), batch=1)
    kept = [row for row in made["sweeps"] if row["kind"] != kind and (row["preset"], row["level"]) in levels()]
    return made | {"sweeps": kept + fresh}


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
    parser.add_argument("--counts", help="in place of a form: HEALTHY,EACH,PAIRS,WEIGHTED")
    runs.add_options(parser)
    parser.add_argument("--again", metavar="CASE", help="run one case again and print it")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="with --again: a tighter setting"
    )
    parser.add_argument("--sweep", choices=sweeps.STEPS, help="run only this sweep again")
    parser.add_argument("--page", action="store_true", help="only write the page again, from its data")
    args = parser.parse_args()
    try:
        if args.again:
            return again(args.again, args.set)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return runs.told(lambda: _written(args))


def _written(args: argparse.Namespace) -> int:
    """Do what the options ask for and write the page."""
    data, text = ROOT / page.DATA, ROOT / page.PAGE
    if args.sweep:
        made = resweep(json.loads(data.read_text(encoding="utf-8")), args.sweep, args)
        data.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    elif not args.page:
        counts = tuple(map(int, args.counts.split(","))) if args.counts else FORMS[args.form]
        with runs.farm(args) as farm:
            made = campaign(counts, farm, args.resume)
        made["cost"] = scaling.measure(made["made"]["code"])
        data.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    made = json.loads(data.read_text(encoding="utf-8"))
    of_this_tree(made["made"].get("code"), str(page.DATA))
    text.write_text(page.page(made), encoding="utf-8")
    print(f"written: {Path(page.PAGE)}")
    differ = [row["name"] for rows in made.get("checked", {}).values() for row in rows if row["apart"]]
    if differ:
        print(f"{', '.join(differ)}: not the same in MicroPython")
    bad = sum(len(made.get(kind, page.NOT_RUN)["problems"]) for kind in ("healthy", "single", "weighted"))
    print(f"{bad} healthy or single-fault runs were not as they must be")
    return 1 if bad or differ else 0


if __name__ == "__main__":
    sys.exit(main())
