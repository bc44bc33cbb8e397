"""Treats every preset and level on the virtual patient and writes docs/treatment_table.md and .json.

    python -m host_tools.evidence.pages.tables [--phases N]

Each figure is the worst of N whole points given by the firmware (cpython lane), with its passes and pauses, with the
thermocouple's 100 ms conversions at N phases against the tick, and with its closing delay.
"""

import argparse
import importlib
import json
import multiprocessing
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from host_tools.evidence.campaign.body import Body
from host_tools.simulator.twin import compiled, lanes, session
from host_tools.simulator.twin.jet import h_at
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.skin import LAYERS
from host_tools.simulator.twin.treatment import Plan

# Kinds of skin that have a radius, under a jet that has one: figures within the population's ranges (population.py), or
# the probe farther off than an aimed one.
SKINS = {
    "usual": Body(),
    "probe 3 mm off the axis": Body(probe_off_mm=3.0),
    "callus 1 mm": Body(callus=(1.0, 0.125, 2.9)),
    "water 0.05 mm": Body(film=(0.05, 60.0)),
    "no blood flow, 29 degC": Body(cold=(29.0, 3.0)),
}
PROBE_TAU_S, PROBE_NOISE_C = 0.25, 0.02
DISTANCES_MM = (80, 100, 120)
POINT_S = 60  # the longest time of a point
REACH_STEP_MM = 5
PAGE = Path("docs/treatment_table.md")
DATA = Path("docs/treatment_table.json")


@dataclass
class Outcome:
    """One point on the virtual patient; temperatures in degC."""

    preset: str
    level: int
    distance_mm: float
    state: str
    reached: bool
    reason: str
    target_s: float | None  # from the first burst to the first settled sample at or under the target
    lowest_c: float  # true surface
    floor_c: float
    observer_error_c: float  # largest |predicted - true| surface at settled samples
    observer_lowest_error_c: float  # predicted minimum - true minimum
    fault: str | None


def one(preset, level, distance_mm, phase_us=0, seed=1, body=None):
    """Treat one point and return its Outcome. body: skin with a radius; None: skin of one column."""
    look = _Look()
    plan = Plan(preset, level, points=(1,), warm_up=False, distance_mm=distance_mm)
    scenario = SCENARIOS["treatment"]
    if body:
        scenario = replace(scenario, inject=lambda plant: _lie(plant, body, seed))
    run = session.run_scenario(scenario, "cpython", plan=plan, seed=seed, phase_us=phase_us, watch=look)
    point = run.results[0]
    lowest_c = run.plant.record.skin_min_c
    return Outcome(
        preset,
        level,
        distance_mm,
        run.final["STATE"],
        point["REACHED"] == "1",
        point["REASON"],
        look.target_s,
        lowest_c,
        run.plant.applicator.supervisor.point.floor_mdegc / 1000,
        look.error_c,
        look.lowest_c - lowest_c,
        run.fault_name,
    )


def _lie(plant, body, seed):
    """Put the body under the plant's nozzle. A skin that was cold for long has hardly any blood flow."""
    share = 0.0 if body.cold else 1.0
    layers = tuple(replace(layer, perfusion_per_s=layer.perfusion_per_s * share) for layer in LAYERS)
    body.before(plant, layers, tau_s=PROBE_TAU_S, noise_c=PROBE_NOISE_C, seed=seed)


class _Look:
    """Compares the observer with the truth while a point is treated."""

    def __init__(self):
        self.error_c = 0.0
        self.lowest_c = 1e9
        self.target_s = None

    def __call__(self, plant, operator):
        bursts = plant.record.bursts
        if not bursts or plant.applicator is None:
            return
        s = plant.applicator.supervisor
        if not s.session.point_open:
            return
        predicted_c = s.observer.surface_mdegc / 1000
        self.lowest_c = min(self.lowest_c, predicted_c)
        if s.settled:
            self.error_c = max(self.error_c, abs(predicted_c - plant.skin.surface_c))
        if s.session.reached and self.target_s is None:
            self.target_s = (plant.now_us - bursts[0].time_us) / 1e6


def levels():
    """Return (preset, level, target degC, best distance mm) of every level that is not locked."""
    with lanes.firmware_imports():
        presets = importlib.import_module("cryo.core.presets")
        return [
            (row[presets.NAME], n + 1, level[presets.TARGET_MDEGC] / 1000, level[presets.BEST_MM])
            for row in presets.PRESETS
            for n, level in enumerate(row[presets.LEVELS])
            if level is not None
        ]


def _phases(preset, level, distance_mm, phases, body=None):
    return [one(preset, level, distance_mm, n * 100_000 // phases, n + 1, body) for n in range(phases)]


def _level(job):
    """All distances of one level, the farthest from its best on at which every phase reaches the target, all skins."""
    compiled.use()
    preset, level, target_c, best_mm, phases = job
    cells = {mm: _phases(preset, level, mm, phases) for mm in DISTANCES_MM}
    reach_mm = reach_s = None
    mm = best_mm
    while mm <= 200:
        runs = cells.get(mm) or _phases(preset, level, mm, phases)
        if not all(run.reached for run in runs):
            break
        reach_mm, reach_s = mm, max(run.target_s or 0.0 for run in runs)
        mm += REACH_STEP_MM
    return {
        "preset": preset,
        "level": level,
        "target_c": target_c,
        "floor_c": cells[80][0].floor_c,
        "reach_mm": reach_mm,
        "reach_s": reach_s,
        "best_mm": best_mm,
        "cells": {str(mm): [asdict(run) for run in runs] for mm, runs in cells.items()},
        "skins": {
            name: [asdict(run) for run in _phases(preset, level, best_mm, phases, body)] for name, body in SKINS.items()
        },
    }


def campaign(phases):
    """Run everything on all cores; returns one dictionary a level."""
    jobs = [(*level, phases) for level in levels()]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        return pool.map(_level, jobs, chunksize=1)


def seconds(row: dict) -> tuple[int, ...]:
    """Return what the firmware holds of a level's row: whole seconds to the target at each distance and the farthest.

    Where no phase reaches the target at a distance, the time of one point stands for it.
    """
    times = [
        max((float(run["target_s"]) for run in row["cells"][str(mm)] if run["reached"]), default=POINT_S)
        for mm in DISTANCES_MM
    ]
    return tuple(round(time_s) for time_s in (*times, row["reach_s"]))


def _cell(runs):
    reached = [run["target_s"] for run in runs if run["reached"]]
    lowest = min(run["lowest_c"] for run in runs)
    error = max(run["observer_error_c"] for run in runs)
    low = max((run["observer_lowest_error_c"] for run in runs), key=abs)
    time = f"{max(reached):.0f}" if len(reached) == len(runs) else f"no ({len(reached)} of {len(runs)})"
    ended = sorted({run["fault"] or run["reason"] for run in runs if not run["reached"]} - {"TIME"})
    return " ".join((f"{time} / {lowest:.1f} / {error:.1f} / {low:+.1f}", *ended))


def page(table, phases):
    """Return the page."""
    lines = [
        "# Every preset on the virtual patient",
        "",
        "Made by `make tables`; simulated time. No figure was ever measured on a person, none says a treatment helps.",
        f"Each cell is the worst of {phases} points given by the firmware with its passes and pauses, its 100 ms",
        "conversions at as many phases against the tick, and its closing delay. In a cell:",
        "",
        "**seconds from the first burst to the target / lowest true surface / largest error of the observer at a",
        "settled sample / the observer's minimum less the true minimum**, temperatures in degC.",
        "",
        'A "no" says that the time of one point runs out first: the point ends COMPLETE with `target_reached: false`',
        "and the reason. The floor holds where the second figure is at most 0.5 under it.",
        "",
        "| preset | level | target | floor | "
        + " | ".join(f"{mm} mm (h {h_at(mm):.0f})" for mm in DISTANCES_MM)
        + " | farthest that reaches |",
        "|---|---|---|---|" + "---|" * len(DISTANCES_MM) + "---|",
    ]
    for row in table:
        cells = " | ".join(_cell(row["cells"][str(mm)]) for mm in DISTANCES_MM)
        reach = f"{row['reach_mm']} mm" if row["reach_mm"] else "none"
        lines.append(
            f"| {row['preset']} | {row['level']} | {row['target_c']:g} | {row['floor_c']:g} | {cells} | {reach} |"
        )
    lines += [
        "",
        "The last column is the farthest distance, in steps of 5 mm from the best one up, at which every phase reached",
        "the target. The firmware holds it per level as the jet constant that is needed at the skin, with the seconds",
        "of each column. On the arm request it says how long the target will take at the measured distance.",
        "",
        "## Each level at its best distance, by skin",
        "",
        "The same on skin with a radius, under a jet with a radius of 10 mm. Callus, water and cold skin have figures",
        "within the ranges of [the population](population.md). A probe beside the axis reads warmer skin than the",
        "coldest. A word after the figures says why a point ended without its target, if its time was not over; with",
        "THICK_SKIN the device says where to hold the next one. The observer takes callus for a stronger jet: it errs",
        "by what the callus holds.",
        "",
        "| preset | level | at | " + " | ".join(SKINS) + " |",
        "|---|---|---|" + "---|" * len(SKINS),
    ]
    for row in table:
        cells = " | ".join(_cell(row["skins"][name]) for name in SKINS)
        lines.append(f"| {row['preset']} | {row['level']} | {row['best_mm']} mm | {cells} |")
    lines.append("")
    return "\n".join(lines)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description="Treat every preset on the virtual patient, write the table.")
    parser.add_argument("--phases", type=int, default=3, help="phases of the conversions against the tick (default 3)")
    phases = parser.parse_args().phases
    table = campaign(phases)
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(table, indent=1) + "\n")
    PAGE.write_text(page(table, phases))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
