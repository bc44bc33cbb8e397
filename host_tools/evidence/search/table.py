"""All rows of the table: their list, their work in processes, and their storage as soon as each is done."""

import contextlib
import json
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.safety import outcomes
from host_tools.evidence.search.row import Base, Row, find
from host_tools.evidence.search.schedule import parse
from host_tools.places import ROOT

# What a row depends on besides firmware, virtual board and twin.
CODE = (
    *(f"host_tools/evidence/campaign/{name}.py" for name in ("body", "faults", "patients", "population", "run")),
    *(f"host_tools/evidence/search/{name}.py" for name in ("schedule", "row")),
)
DONE = ROOT / "out/search.jsonl"
HAZARDS = ROOT / "docs/safety/hazards.toml"
SEED = 1
# Pairs in which one fault hides the other from the check that would find it: sensor and jet, sensor and other sensor.
PAIRS = (
    ("probe-half", "jet-strong"),
    ("infrared-aside", "jet-strong"),
    ("probe-slow", "jet-strong"),
    ("range-wrong", "jet-strong"),
    ("range-frozen", "probe-half"),
    ("probe-half", "infrared-aside"),
    ("probe-half", "infrared-lies"),
    ("probe-half", "infrared-aside", "jet-strong"),
)
# Treatments for drawing and for searching, and whether every fault is tried with normal and with reduced sensation.
FORMS = {"long": (100, True), "short": (12, False)}
BASE_TIMES = 3  # times as many treatments for the search without a fault, from which all others continue

Job = tuple[tuple[str, ...], bool, int, int, Base | None]


def kinds(both: bool) -> list[tuple[tuple[str, ...], bool]]:
    """Return the searches as (faults, reduced): with both, or alternately with normal and reduced sensation."""
    every = [(name,) for name in FAULTS] + list(PAIRS)
    if both:
        return [(faults, reduced) for faults in every for reduced in (False, True)]
    return [(faults, number % 2 == 1) for number, faults in enumerate(every)]


def work(job: Job) -> Row:
    """Do one job, in its own process."""
    return find(*job)


def _known(code: str) -> dict[str, Row]:
    """Return the rows that were done on this code, by job; an incomplete line is left out."""
    known = {}
    for text in DONE.read_text(encoding="utf-8").splitlines() if DONE.exists() else ():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            line = json.loads(text)
            if line["code"] == code:
                known[line["asked"]] = Row(**line["row"])
    return known


def _asked(job: Job) -> str:
    faults, reduced, seed, budget, base = job
    return json.dumps([faults, reduced, seed, budget, base.schedule.name if base else ""])


class Bench:
    """Does the jobs in processes, and keeps each row as soon as it is done."""

    def __init__(self, pool: ProcessPoolExecutor):
        self._pool = pool
        self._code = outcomes.measured(*CODE)
        self._known = _known(self._code)
        self.kept = 0

    def do(self, jobs: list[Job]) -> list[Row]:
        """Return the rows in the order of the jobs."""
        began = time.monotonic()
        fresh = [job for job in jobs if _asked(job) not in self._known]
        self.kept += len(jobs) - len(fresh)
        DONE.parent.mkdir(exist_ok=True)
        with DONE.open("a", encoding="utf-8") as file:
            for number, (job, row) in enumerate(zip(fresh, self._pool.map(work, fresh), strict=True), 1):
                self._known[_asked(job)] = row
                file.write(json.dumps({"code": self._code, "asked": _asked(job), "row": asdict(row)}) + "\n")
                file.flush()
                took_s = time.monotonic() - began
                left_s = took_s / number * (len(fresh) - number)
                print(f"{number} of {len(fresh)}, {left_s / 60:.0f} min left: {_short(row)}", flush=True)
        return [self._known[_asked(job)] for job in jobs]


def _short(row: Row) -> str:
    kind = "reduced" if row.reduced else "normal"
    return f"{row.fault} {kind} drawn {row.drawn_mdegc} searched {row.searched_mdegc} allowed {row.allowed_mdegc}"


def search(budget: int, both: bool, processes: int, only: list[str] | None = None) -> dict:
    """Do all rows and return the data of the page."""
    began = time.monotonic()
    chosen = [kind for kind in kinds(both) if not only or "+".join(kind[0]) in only]
    with worker.pool(processes) as pool:
        bench = Bench(pool)
        sound = bench.do([((), reduced, SEED, budget * BASE_TIMES, None) for reduced in (False, True)])
        bases = [Base(parse(row.searched), row.bursts) for row in sound]
        rows = bench.do([(faults, reduced, SEED, budget, bases[reduced]) for faults, reduced in chosen])
    return {
        "made": {
            "code": outcomes.measured(*CODE),
            "treatments": budget,
            "base_treatments": budget * BASE_TIMES,
            "seed": SEED,
            "kept": bench.kept,
            "processes": processes,
            "wall_s": round(time.monotonic() - began),
        },
        "rows": [asdict(row) for row in sound + rows],
    }


def unnamed(rows: list[dict]) -> list[str]:
    """Return the faults whose skin got colder than allowed and that no hazard names as a residual risk."""
    left = " ".join(hazard.get("left", "") for hazard in tomllib.loads(HAZARDS.read_text(encoding="utf-8"))["hazard"])
    return sorted({row["fault"] for row in rows if row["residual"] and f"({row['fault']}" not in left})
