"""What many runs cost: measured with one process and with two on this machine, calculated for a cluster."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from host_tools.evidence.campaign import jobs
from host_tools.evidence.campaign.engine import Engine, Farm
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.worker import Processes

PROCESSES = (1, 2)
MIX = (
    [f"healthy/{k}" for k in range(8)]
    + [f"single/{fault}/0" for fault in ("jet-strong", "probe-off", "range-wrong", "dose-slow", "estop", "draught")]
    + [f"weighted/{k}" for k in range(6)]
)
MANY = 1_000_000
CLUSTER = 100  # processors
PRICE = 0.05  # [E] price of a processor's hour, in any currency


def measure(
    on: str,
    farm: Callable[[int], AbstractContextManager[Farm]] = Processes,
    clock: Callable[[], float] = time.monotonic,
    work: Callable = jobs.run,
    names: Sequence[str] = MIX,
) -> list[dict]:
    """Do the same runs with each number of processes; return their times, without what a process loads first."""
    found = []
    for count in PROCESSES:
        with tempfile.TemporaryDirectory() as folder, farm(count) as processes:
            engine = Engine(processes, Store(Path(folder), on))
            engine.do("getting ready", work, {f"ready/{k}": names[k % len(names)] for k in range(4 * count)}, batch=1)
            cpu_s, began = engine.cpu_s, clock()
            engine.do(f"{count} process(es)", work, {name: name for name in names})
            found.append(
                {
                    "processes": count,
                    "runs": len(names),
                    "wall_s": round(clock() - began, 2),
                    "cpu_s": round(engine.cpu_s - cpu_s, 2),
                }
            )
    return found


def reckoned(rows: list[dict]) -> dict:
    """Return what MANY runs cost, from the times of the runs with the most processes."""
    first, last = rows[0], rows[-1]
    hours = MANY * last["cpu_s"] / last["runs"] / 3_600
    gain = (last["runs"] / last["wall_s"]) / (first["runs"] / first["wall_s"])
    return {"cpu_h": hours, "cluster_h": hours / CLUSTER, "price": hours * PRICE, "gain": gain}
