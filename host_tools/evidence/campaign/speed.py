"""Compares the campaign's speed and results with those of an earlier commit, BEFORE: `make speed`.

    python -m host_tools.evidence.campaign.speed [--cases N]

Runs cases alternately in two processes: this tree, and commit BEFORE from the clone's history, in a temporary folder.
Both run this tree's firmware, because the simulator is compared and rules of the firmware may change. Edges, bursts,
vents, resets and console lines must be equal, the surface within SURFACE_C. Times are processor time, so other work of
the machine has little effect. Writes out/speed.json. Exit status 1: a case differs, or a goal is missed. 2: there is
nothing to compare with.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.places import ROOT

DATA = ROOT / "out/speed.json"
BEFORE = "7032087bfff6"
GOAL, TWO_D_GOAL = 2.6, 1.7  # goals, times as fast as before: one ring of skin, and rings
SURFACE_C = 1e-6
HEALTHY, DOUBLE, TWO_D = 6, 8, 6
PLANT_CHANGED = ("one-shot",)  # faults with another effect since then: the plant's opening timer ends this one
JET_RADIUS_MM = 25.0  # of the skin with rings
MEASURED = (
    "Processor time of two processes that run each case one after the other, this tree's first in every second case. "
    "Both had run a case before, so that no compilation counts. The skin with rings runs beside the one-ring skin of "
    "the earlier tree, which has no rings."
)

# Runs in its own process, in each tree: reads a line [name, radius], prints the result. It gets ready as a campaign's
# process does, if the tree has that and "plain" is not given.
RUNNER = """
import dataclasses, hashlib, json, sys, time
from host_tools.evidence.campaign import run
if "plain" not in sys.argv:
    try:
        from host_tools.evidence.campaign import worker
    except ImportError:
        pass
    else:
        worker.ready()
plants = []
real = run.lanes.run
def seen(plant, *rest):
    plants.append(plant)
    return real(plant, *rest)
run.lanes.run = seen
run.named("healthy/0")
compiled = sys.modules.get("host_tools.simulator.twin.compiled")
print(json.dumps([run.__file__, bool(compiled and compiled.used())]), flush=True)
for line in sys.stdin:
    name, radius_mm = json.loads(line)
    given = run.case(name)
    if radius_mm:
        from host_tools.evidence.campaign.body import Body
        body = Body(half_mm=radius_mm)
        given = dataclasses.replace(given, patient=dataclasses.replace(given.patient, body=body))
    plants.clear()
    began = time.process_time()
    out = run.run(given)
    cpu_s = time.process_time() - began
    record = plants[0].record
    bursts = [(b.time_us, b.commanded_us, b.delivered_us) for b in record.bursts]
    events = [record.edges, bursts, record.vents, record.resets, plants[0].operator.lines, out.fault, out.state]
    print(json.dumps({
        "simulated_s": out.simulated_s, "cpu_s": cpu_s, "surface_c": [sample[1] for sample in record.samples],
        "lowest_c": out.lowest_c, "events": hashlib.sha256(json.dumps(events).encode()).hexdigest(),
    }), flush=True)
"""


class Tree:
    """A process that runs cases on the code of one folder."""

    def __init__(self, folder: Path, *words: str, **more: str):
        kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, *words], cwd=folder, env=kept | {"PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        file, self.machine_code = json.loads(self._heard())
        if not Path(file).resolve().is_relative_to(folder.resolve()):
            raise RuntimeError(f"{file} answers, and not the code in {folder}")

    def _heard(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a run ended with status {self._process.wait()}: what it said stands above")
        return line

    def run(self, name: str, radius_mm: float | None = None) -> dict:
        """Run a case; with a radius: on skin with rings."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, radius_mm]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._heard())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()


def names() -> list[str]:
    """Return the cases: healthy ones, every fault, pairs of faults."""
    faults = [fault for fault in FAULTS if fault not in PLANT_CHANGED]
    pairs = [f"{faults[k]}+{faults[-1 - k]}" for k in range(3, 3 + 3 * DOUBLE, 3)]
    return [
        *(f"healthy/{k}" for k in range(1, 1 + HEALTHY)),
        *(f"single/{fault}/0" for fault in faults),
        *(f"double/{pair}/0" for pair in pairs),
    ]


def apart_c(before: dict, after: dict) -> float | None:
    """Return the largest difference between the surfaces of two runs, degC; None when their events differ."""
    ours, theirs = after["surface_c"], before["surface_c"]
    if before["events"] != after["events"] or len(ours) != len(theirs):
        return None
    return max((abs(a - b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def turns(before: Tree, after: Tree, name: str, k: int, radius_mm: float | None = None) -> tuple[dict, dict]:
    """Run a case in both trees, with a radius only in `after`; k decides which tree is first."""
    if k % 2:
        now = after.run(name, radius_mm)
        return before.run(name), now
    return before.run(name), after.run(name, radius_mm)


def compared(before: Tree, after: Tree, cases: list[str]) -> dict:
    """Run cases alternately in both trees and return the contents of out/speed.json."""
    load = os.getloadavg()[0]
    simulated_s = was_s = is_s = apart = 0.0
    differ = []
    for k, name in enumerate(cases):
        was, now = turns(before, after, name, k)
        simulated_s += now["simulated_s"]
        was_s += was["cpu_s"]
        is_s += now["cpu_s"]
        c = apart_c(was, now)
        if c is None or c > SURFACE_C:
            differ.append(name)
        apart = max(apart, c or 0.0)
        found = "differs" if name in differ else "the same"
        print(f"{name}: {found}, {was['cpu_s'] / now['cpu_s']:.2f} times as fast", flush=True)
    pairs = [turns(before, after, name, k, JET_RADIUS_MM) for k, name in enumerate(cases[:TWO_D])]
    beside, two_d = (
        sum(out["simulated_s"] for out in outs) / sum(out["cpu_s"] for out in outs) for outs in zip(*pairs, strict=True)
    )
    return {
        "simulated_s_per_cpu_s": round(simulated_s / is_s, 1),
        "two_d_s_per_cpu_s": round(two_d, 1),
        "before_s_per_cpu_s": round(simulated_s / was_s, 1),
        "before_beside_two_d_s_per_cpu_s": round(beside, 1),
        "ratio": round(was_s / is_s, 2),
        "two_d_ratio": round(two_d / beside, 2),
        "cases": len(cases),
        "identical_cases": len(cases) - len(differ),
        "differ": differ,
        "surface_apart_c": apart,
        "measured": MEASURED,
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],  # number of processes at its begin and end, with ours
    }


def checked_out(folder: Path) -> None:
    """Put the tree of commit BEFORE into a folder, with our firmware. Raises LookupError if the clone lacks it."""
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "cat-file", "-e", f"{BEFORE}^{{commit}}"], capture_output=True, check=False).returncode:
        raise LookupError(f"this clone lacks commit {BEFORE} to compare with: `git fetch --unshallow` brings it")
    packed = subprocess.run([*git, "archive", BEFORE], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    for name in ("firmware", "boards"):
        shutil.rmtree(folder / name)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, help="only the first so many")
    args = parser.parse_args(argv)
    if args.cases is not None and args.cases < 1:
        parser.error("--cases: give 1 or more")
    with tempfile.TemporaryDirectory() as name:
        try:
            checked_out(Path(name))
        except (LookupError, OSError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            return 2
        with Tree(Path(name)) as before, Tree(ROOT, **worker.ENVIRONMENT) as after:
            after.run(names()[0], JET_RADIUS_MM)  # rings have their own machine code, made or read once a process
            made = compared(before, after, names()[: args.cases])
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(made))
    return 1 if made["differ"] or made["ratio"] < GOAL or made["two_d_ratio"] < TWO_D_GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
