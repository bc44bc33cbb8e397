"""Decides when a reading is at rest: a window without gaps, with small spread and drift. Its mean is the reading."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from host_tools.cryoctl.calibration import NotAccepted

POLL_S = 0.1  # [E] one conversion of a thermocouple
BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = 0.25  # [E] part of the window: a longer gap starts it again


@dataclass(frozen=True)
class Criteria:
    """The definition of "at rest". spread: largest minus smallest; drift: of the fitted line over it. In `unit`.

    least: fewest readings in the window. basis: the source of the figures in a few words, with tag.
    """

    window_s: float
    spread: float
    drift: float
    least: int
    unit: str
    basis: str

    def __str__(self):
        return (
            f"{self.window_s:g} s without a gap, at least {self.least} readings, spread at most {self.spread:g} "
            f"{self.unit}, drift over that time at most {self.drift:g} {self.unit}"
        )


@dataclass(frozen=True)
class Seen:
    """The present window. value: its mean, None without a reading; newest: the last one; full: it is long enough."""

    value: float | None = None
    spread: float = 0.0
    drift: float = 0.0
    count: int = 0
    seconds: float = 0.0
    full: bool = False
    stable: bool = False
    note: str = ""
    newest: float | None = None


class Detector:
    """Takes one reading after the other; add() returns the present window."""

    def __init__(self, criteria: Criteria):
        self.criteria = criteria
        self._kept: deque[tuple[float, float]] = deque()

    def add(self, at_s: float, value: float | None, note: str = "") -> Seen:
        """Add a reading with its time. None, or a value that is not finite, is no reading: the window starts again."""
        kept, limits = self._kept, self.criteria
        if value is None or not math.isfinite(value):
            kept.clear()
            return Seen(note=note or "no valid reading")
        if kept and (at_s <= kept[-1][0] or at_s - kept[-1][0] > limits.window_s * _GAP):
            kept.clear()
        kept.append((at_s, value))
        while len(kept) > 1 and kept[1][0] <= at_s - limits.window_s:
            kept.popleft()
        return self._seen()

    def _seen(self):
        limits = self.criteria
        values = [value for _, value in self._kept]
        seconds = self._kept[-1][0] - self._kept[0][0]
        spread = max(values) - min(values)
        drift = round(_slope(self._kept) * limits.window_s, 6)
        full = seconds >= limits.window_s and len(values) >= limits.least
        stable = full and spread <= limits.spread and abs(drift) <= limits.drift
        note = ""
        if full and not stable:
            wide, most = (spread, limits.spread) if spread > limits.spread else (abs(drift), limits.drift)
            note = f"{'spread' if wide is spread else 'drift'} {wide:.3g} {limits.unit}, at most {most:g}"
        mean = sum(values) / len(values)
        return Seen(mean, spread, drift, len(values), seconds, full, stable, note, values[-1])


def _slope(kept):
    n = len(kept)
    middle_s = sum(at for at, _ in kept) / n
    mean = sum(value for _, value in kept) / n
    square = sum((at - middle_s) ** 2 for at, _ in kept)
    return sum((at - middle_s) * (value - mean) for at, value in kept) / square if square else 0.0


@dataclass(frozen=True)
class Before:
    """The previous point. A reading counts for the next point once it has moved half of the way there [E].

    The direction does not matter: with reversed wires the reading moves the other way.
    """

    reference: float
    reading: float

    def followed(self, reference: float, reading: float) -> bool:
        """Return whether a reading belongs to the next reference."""
        return abs(reading - self.reading) >= abs(reference - self.reference) / 2


def settled(
    read: Callable[[], tuple[float | None, str]],
    criteria: Criteria,
    reference: float,
    before: Before | None = None,
    *,
    patience_s: float = 600.0,
    tell: Callable[[Seen], None] = lambda seen: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Read until the reading is at rest; return the window. read() returns (value or None, note).

    Raises NotAccepted when the time is over; its text says which bound was missed.
    """
    detector = Detector(criteria)
    until = clock() + patience_s
    while True:
        value, note = read()
        seen = detector.add(clock(), value, note)
        if seen.full and before and seen.value is not None and not before.followed(reference, seen.value):
            near = f"still near the previous point, {before.reading:.6g} {criteria.unit}: make the next reference"
            seen = replace(seen, stable=False, note=near)
        tell(seen)
        if seen.stable:
            return seen
        if clock() >= until:
            why = seen.note or f"only {seen.seconds:.0f} s of readings"
            raise NotAccepted(
                f"not at rest within {patience_s:g} s: {why}",
                "nothing was stored; correct the cause, then measure again",
            )
        sleep(POLL_S)


def spark(values: list[float | None], width: int = 60, blocks: str = BLOCKS) -> str:
    """Return the newest values as one line of blocks, lowest to highest; a blank where there was no reading."""
    values = values[-width:]
    found = [value for value in values if value is not None and math.isfinite(value)]
    if not found:
        return " " * len(values)
    low, high = min(found), max(found)
    step = (high - low) / (len(blocks) - 1) or 1.0
    return "".join(
        " " if value is None or not math.isfinite(value) else blocks[round((value - low) / step)] for value in values
    )
