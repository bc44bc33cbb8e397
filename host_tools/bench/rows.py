"""One row of the bench, the goals, and which goals may be missed, with the reason."""

import operator
from collections.abc import Iterable
from dataclasses import asdict, dataclass

KB = 1024


@dataclass(frozen=True)
class Row:
    """A figure of ours and, where somebody would otherwise write it another way, that way's figure of the same run.

    A figure with several peers has a row for each, with the same value. None: not measured here.
    """

    name: str
    value: float | None
    unit: str
    how: str
    peer: str = ""
    peer_value: float | None = None

    def as_json(self) -> dict:
        """Return the row as it stands in bench.json."""
        return asdict(self)


# name -> (relation, bound): what must hold
GOALS: dict[str, tuple[str, float]] = {
    "burst_error_us_max": ("<=", 1),
    "eye_latency_us_max": ("<=", 1.5),
    "overcool_latency_ms_max": ("<=", 12),
    "trigger_latency_ms_max": ("<=", 16),
    "tick_us_median": ("<=", 2_500),
    "tick_us_max": ("<=", 4_000),
    "tick_alloc_bytes": ("<=", 0),
    "tick_late_ms_max": ("<=", 2),
    "gc_runs_while_gas": ("<=", 0),
    "boot_safe_ms": ("<=", 8),
    "boot_standby_ms": ("<=", 1_000),
    "free_heap_bytes": (">=", 70 * KB),
    "app_bytes": ("<=", 80 * KB),
}

# A missed goal that stands: name -> reason. Everything else that is missed fails the bench.
ACCEPTED: dict[str, str] = {
    "app_bytes": "the whole safety core, its self-tests included, some of it machine code where the tick spends its "
    "time; the heap that is left meets its goal",
    "tick_us_median": "second skin channel, valve supervision and the program flow's signature came on top of a tick "
    "that met it",
    "tick_us_max": "the same: the tick of a new sample, in which a burst is planned and fired",
    "overcool_latency_ms_max": "a tick's period and the tick itself, which grew with the core",
    "boot_safe_ms": "MicroPython mounts the file system and compiles boot.py first, which imports nothing from it; "
    "until then a reset's pins are high-impedance, and low by their pull-downs",
    "boot_standby_ms": "two thirds are the loading of 50 modules, a third of that MicroPython's search for names; "
    "nothing can be armed before STANDBY, and limit 9 asks for 300 s anyway",
}

_HOLDS = {"<=": operator.le, ">=": operator.ge}


def met(row: Row) -> bool | None:
    """Return whether a row meets its goal; None without a goal or without a value."""
    goal = GOALS.get(row.name)
    if goal is None or row.value is None:
        return None
    relation, bound = goal
    return _HOLDS[relation](row.value, bound)


def missed(rows: Iterable[Row]) -> list[str]:
    """Return the names of missed goals that are not accepted, each once."""
    return list(dict.fromkeys(row.name for row in rows if met(row) is False and row.name not in ACCEPTED))


def absent(rows: Iterable[Row]) -> list[str]:
    """Return the goals of which no row has a value."""
    measured = {row.name for row in rows if row.value is not None}
    return [name for name in GOALS if name not in measured]
