"""Keeps what is known about a watched device from the rows that came, and writes these rows into a recording."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from host_tools.cryoctl import names
from host_tools.cryoctl.monitor import silence
from host_tools.cryoctl.recording_file import (
    Attestation,
    Back,
    Choice,
    Gap,
    Gas,
    Header,
    Row,
    Sample,
    Status,
    Waits,
    Writer,
)

KEPT_S = 600.0
_SEQ = 1 << 24


@dataclass(frozen=True)
class Point:
    """One place of the curve, degC over s; None interrupts the line."""

    t_s: float
    skin_c: float | None
    surface_c: float | None


@dataclass
class Seen:
    """The latest value of everything.

    every_s    returns how often values come; the feed knows it
    """

    header: Header
    every_s: Callable[[], float] = lambda: silence.POLLED_S
    choice: Choice = field(default_factory=Choice)
    sample: Sample | None = None
    status: Status | None = None
    attestation: Attestation | None = None
    waits: Waits | None = None
    gas: Gas | None = None
    gap: str = ""  # why no values come
    missing: int = 0  # telemetry lines that did not arrive
    points: deque[Point] = field(default_factory=deque)
    clock: Callable[[], float] = time.monotonic
    _seq: int | None = None
    _heard_s: float = 0.0

    def __post_init__(self):
        self.choice = self.header.choice
        self._heard_s = self.clock()

    @property
    def age_s(self) -> float:
        """How long ago the last values came, or how long they have been awaited."""
        return self.clock() - self._heard_s

    @property
    def old(self) -> bool:
        """True when the last values are old: newer ones should have come already."""
        return bool(self.gap) or self.age_s > self.every_s() + silence.BANNER_S

    def add(self, row: Row) -> None:
        """Take a row."""
        if isinstance(row, Sample):
            self._sample(row)
        elif isinstance(row, Status):
            self.status = row
        elif isinstance(row, Choice):
            if row.site != self.choice.site:
                self.waits = None
            self.choice = row
        elif isinstance(row, Attestation):
            self.attestation = row
        elif isinstance(row, Waits):
            self.waits = row
        elif isinstance(row, Gas):
            self.gas = row
        elif isinstance(row, Gap):
            self.gap = row.text
            self._seq = None
            self.points.append(Point(row.t_ms / 1000, None, None))
        elif isinstance(row, Back):
            self.gap = ""

    def _sample(self, row):
        self.sample = row
        self._heard_s = self.clock()
        self.gap = ""
        if row.seq is not None:
            if self._seq is not None:
                self.missing += (row.seq - self._seq - 1) % _SEQ
            self._seq = row.seq
        t_s = row.t_ms / 1000
        self.points.append(Point(t_s, _c(row.skin_mdegc), _c(row.surface_mdegc)))
        while self.points and self.points[0].t_s < t_s - KEPT_S:
            self.points.popleft()

    @property
    def remedy(self) -> str:
        """What to do about the fault; empty without a fault."""
        return names.REMEDIES.get(self.sample.fault_name, "") if self.sample else ""


def _c(mdegc):
    return None if mdegc is None else mdegc / 1000


class Recorder:
    """Records while it is on. If a row cannot be written, only the recording ends; `problem` says why."""

    def __init__(self, seen: Seen):
        self._seen = seen
        self._file: TextIO | None = None
        self._writer: Writer | None = None
        self.path: Path | None = None
        self.problem = ""

    @property
    def on(self) -> bool:
        """True while it records."""
        return self._file is not None

    def start(self, path: Path) -> None:
        """Begin a file. An existing file is not changed: another name is made from its name. See `problem`."""
        self.stop()
        self.problem = ""
        path = _free(path)
        self.path = path
        try:
            self._file = path.open("x", encoding="utf-8")
            self._writer = Writer(self._file, self._seen.header.model_copy(update={"choice": self._seen.choice}))
        except OSError as error:
            self._failed(error)

    def add(self, row: Row) -> None:
        """Write a row while it records."""
        if self._writer:
            try:
                self._writer.add(row)
            except OSError as error:
                self._failed(error)

    def stop(self) -> None:
        """End the file."""
        file, self._file, self._writer = self._file, None, None
        if file:
            try:
                file.close()
            except OSError as error:
                self._failed(error)

    def _failed(self, error):
        self.problem = f"not recorded: {self.path}: {error.strerror or error}"
        self.stop()


def _free(path):
    found, number = path, 2
    while found.exists():
        found = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return found


# --- as lines ---------------------------------------------------------------------------------------------------------
def plain(row: Row) -> str:
    """Return a row as a line for people and logs; empty for a row that says nothing alone."""
    at = f"{row.t_ms / 1000:8.1f} s  "
    if isinstance(row, Sample):
        return at + _sample_line(row)
    if isinstance(row, Choice):
        return at + choice_line(row)
    if isinstance(row, Attestation):
        return f"{at}attestations: {'missing ' + ', '.join(row.missing) if row.missing else 'complete'}"
    if isinstance(row, Status):
        return f"{at}hold at {row.hold_mm} mm: thick skin or a strong jet" if row.hold_mm else ""
    if isinstance(row, Waits):
        return f"{at}points of the site: {waits_line(row)}"
    if isinstance(row, Gas):
        return f"{at}gas: {row.gas_s:.1f} s of flow, {row.bursts} bursts since switch-on"
    if isinstance(row, Gap):
        return f"{at}GAP: {row.text}"
    if isinstance(row, Back):
        return f"{at}the device is heard again"
    return ""


def waits_line(row: Waits) -> str:
    """Return which points may be treated, and which one is next."""
    ready = [str(n) for n, wait in enumerate(row.wait_s, start=1) if not wait]
    if ready:
        return f"ready {', '.join(ready)}"
    least = min(row.wait_s)
    return f"none ready, point {row.wait_s.index(least) + 1} in {least} s"


def choice_line(row: Choice) -> str:
    """Return the choice, with the level's temperatures."""
    if not row.preset:
        return "nothing chosen"
    parts = [row.preset + (f" level {row.level}" if row.level else ""), row.site or "no site"]
    parts += [f"point {row.point}"] if row.point else []
    if row.target_mdegc is not None and row.floor_mdegc is not None:
        parts.append(f"target {row.target_mdegc / 1000:.1f}, floor {row.floor_mdegc / 1000:.1f} degC")
    return ", ".join(parts)


def _sample_line(row):
    parts = [
        f"{row.state:<10}",
        f"skin {degc(row.skin_mdegc)}",
        f"surface {degc(row.surface_mdegc)}",
        f"bursts {row.bursts}",
        "on -" if row.on_us is None else f"on {row.on_us / 1e6:.2f} s",
        "distance -" if row.distance_mm is None else f"distance {row.distance_mm} mm",
        "bottle -" if row.bottle_mbar is None else f"bottle {row.bottle_mbar / 1000:.1f} bar",
    ]
    if row.fault:
        parts.append(f"FAULT {row.fault_name}: {names.REMEDIES.get(row.fault_name, 'unknown to this tool')}")
    elif row.blockers:
        parts.append("blocked by " + ",".join(row.blockers))
    return "  ".join(parts)


def degc(mdegc: int | None) -> str:
    """Return a temperature for people; a dash without a reading."""
    return "     -" if mdegc is None else f"{mdegc / 1000:6.2f}"


def json_line(row: Row) -> str:
    """Return a row as a line of JSON."""
    return row.model_dump_json()
