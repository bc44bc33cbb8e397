"""Generates docs/treatment_table.md: every preset and level on the virtual patient, at three distances.

    python -m host_tools.twin.tables [--phases N]

Each cell is a whole point given by the firmware (CPython lane) with its passes, its 100 ms conversions at N phases against
the tick and its closing delay; figures are the worst of the phases.
"""

import argparse
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path

from host_tools.twin import lanes
from host_tools.twin.people import Operator
from host_tools.twin.plant import Plant
from host_tools.twin.treatment import Plan, treatment

DISTANCES_MM = (80, 100, 120)
PAGE = Path("docs/treatment_table.md")


@dataclass
class Outcome:
    """One point on the virtual patient; temperatures degC."""

    preset: str
    level: int
    distance_mm: float
    phase_us: int
    reached: bool
    reason: str
    target_s: float | None  # first settled sample at or under the target, after the first burst
    lowest_c: float
    floor_c: float
    observer_error_c: float  # largest |predicted - true| surface between first and last burst
    observer_low_error_c: float  # predicted minimum - true minimum
    bursts: int
    valve_on_ms: int
    fault: str


def one(preset, level, distance_mm, phase_us=0, seed=1, settings=None):
    """Treat one point and return its Outcome."""
    plant = Plant(distance_mm=distance_mm, seed=seed, phase_us=phase_us)
    results = []
    operator = Operator(plant, treatment(Plan(preset, level, points=(1,), warm_up=False), results))
    watch = _Watch(plant, operator)
    plant.operator = watch
    lanes.run(plant, "cpython", settings)
    s = plant.applicator.supervisor
    point = results[0] if results else {}
    return Outcome(
        preset,
        level,
        distance_mm,
        phase_us,
        point.get("REACHED") == "1",
        point.get("REASON", "NONE"),
        watch.reached_s,
        plant.record.skin_min_c,
        s.floor_mdegc / 1000,
        watch.error_c,
        watch.predicted_min_c - plant.record.skin_min_c,
        len(plant.record.bursts),
        plant.record.valve_on_us // 1000,
        next((row[1] for row in watch.faults if s.faults.first == row[0]), "NONE"),
    )


class _Watch:
    """Looks at the observer beside the truth, every exchange."""

    def __init__(self, plant, operator):
        self.plant = plant
        self.operator = operator
        self.error_c = 0.0
        self.predicted_min_c = 1e9
        self.reached_s = None
        self.faults = ()

    def step(self):
        self.operator.step()
        applicator = getattr(self.plant, "applicator", None)
        if applicator is None:
            return
        s = applicator.supervisor
        if not self.faults:
            self.faults = __import__("sys").modules["cryo.core.faults"].REGISTRY
        bursts = self.plant.record.bursts
        if s.session.point_open and bursts:
            predicted = s.observer.surface_mdegc / 1000
            self.error_c = max(self.error_c, abs(predicted - self.plant.skin.surface_c))
            self.predicted_min_c = min(self.predicted_min_c, predicted)
            if s.session.reached and self.reached_s is None:
                self.reached_s = (self.plant.now_us - bursts[0].time_us) / 1e6


def levels():
    """Return (preset, level) of every level that is not locked."""
    with lanes.firmware_imports():
        from cryo.core import presets

        return [
            (row[presets.NAME], n + 1)
            for row in presets.PRESETS
            for n, level in enumerate(row[presets.LEVELS])
            if level is not None
        ]


def campaign(phases):
    """Run everything; returns {(preset, level, distance): [Outcome, ...]}."""
    jobs = [
        (preset, level, mm, phase * 100_000 // phases, phase + 1)
        for preset, level in levels()
        for mm in DISTANCES_MM
        for phase in range(phases)
    ]
    table = {}
    with multiprocessing.get_context("spawn").Pool(min(os.cpu_count() or 1, 8)) as pool:
        for outcome in pool.starmap(one, jobs, chunksize=1):
            table.setdefault((outcome.preset, outcome.level, outcome.distance_mm), []).append(outcome)
    return table


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phases", type=int, default=3, help="phases of the conversions against the tick (default 3)")
    phases = parser.parse_args().phases
    table = campaign(phases)
    for key, runs in table.items():
        worst = min(runs, key=lambda o: o.lowest_c - o.floor_c)
        print(
            *key, "reached", sum(o.reached for o in runs), "/", len(runs), [o.target_s and round(o.target_s, 1) for o in runs],
            f"lowest {worst.lowest_c:.2f} floor {worst.floor_c:.1f} obs {max(o.observer_error_c for o in runs):.2f}"
            f" low {min(o.observer_low_error_c for o in runs):.2f}..{max(o.observer_low_error_c for o in runs):.2f}",
            {o.reason for o in runs}, {o.fault for o in runs},
        )


if __name__ == "__main__":
    main()
