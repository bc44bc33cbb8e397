"""One row of the bench, the goals, and which goals may be missed, with the reason."""

import operator
from collections.abc import Iterable
from dataclasses import asdict, dataclass

KB = 1024


@dataclass(frozen=True)
class Row:
    """A figure of ours and, if there is another usual way, the figure of that way in the same run.

    A figure with several peers has a row for each, with the same value. None: not measured here.
    """

    name: str
    value: float | None
    unit: str
    how: str
    peer: str = ""
    peer_value: float | None = None

    def as_json(self) -> dict:
        """Return the row as it stands in bench.json: with its goal as "<= 12", or null, and whether it is met."""
        relation, bound = GOALS.get(self.name, ("", 0))
        return asdict(self) | {"goal": f"{relation} {bound}" if relation else None, "met": met(self)}


# name -> (relation, bound): what must hold. Goals are only here; bench.json and the page repeat them.
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

# A missed goal that is accepted: name -> reason. Any other missed goal fails the bench.
ACCEPTED: dict[str, str] = {
    "app_bytes": "the console with its help, the store and service mode count in full; most of that is loaded when it "
    "is asked for and dropped before arming, and the heap that is left meets its goal",
    "boot_safe_ms": "MicroPython mounts the file system first, and reads a directory that holds two copies of the "
    "settings; until boot.py runs, a reset's pins are high-impedance, and low by their pull-downs",
    "overcool_latency_ms_max": "up to a tick's period until the conversion is seen, 2.4 ms until the valve is told; a "
    "burst is budgeted so that no reading is needed to end it in time, and the converter's own threshold cuts within "
    "0.1 ms",
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


def accepted(rows: Iterable[Row]) -> dict[str, str]:
    """Return name -> reason of every goal that these rows miss and that is accepted."""
    return {row.name: ACCEPTED[row.name] for row in rows if met(row) is False and row.name in ACCEPTED}


def absent(rows: Iterable[Row]) -> list[str]:
    """Return the goals of which no row has a value."""
    measured = {row.name for row in rows if row.value is not None}
    return [name for name in GOALS if name not in measured]
