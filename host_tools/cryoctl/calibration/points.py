"""Points of a calibration: from a file, as the device takes them, and what they leave."""

import csv
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.cryoctl.calibration.kinds import JET, THERMOCOUPLE, Kind, measured
from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.wire import LINE_MAX

FROM_FILE = "from a file"
_DIGITS = 8  # of one number that the device takes


@dataclass(frozen=True)
class Point:
    """One point in its kind's unit. A delay is a reading without reference; of a burst they are flow and fall.

    reading None: it is still to be taken. cold_junction_c: of a thermocouple's converter meanwhile, where known.
    """

    reference: float | None
    reading: float | None
    cold_junction_c: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Given:
    """What a file gave; nozzle and distance_mm are a jet's."""

    points: tuple[Point, ...]
    nozzle: int | None = None
    distance_mm: int | None = None


def read(path: Path, kind: Kind) -> Given:
    """Return the points of a .csv or .toml file. Raises Problem that names line or point and what is wrong."""
    text = text_of(path)
    if path.suffix.lower() == ".toml":
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Problem(f"{path}: no TOML: {error}") from None
        rows, heads = document.get("points"), document
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Problem(f"{path}: it has no [[points]]", f"write [[points]], with {', '.join(kind.columns)}")
        named = [(f"{path}: point {n}", row) for n, row in enumerate(rows, 1)]
    elif path.suffix.lower() == ".csv":
        named, heads = _csv(path, text), {}
    else:
        raise Problem(f"{path}: points are read from .csv or .toml", f"columns: {', '.join(kind.columns)}")
    if not named:
        raise Problem(f"{path}: no points in it", f"columns: {', '.join(kind.columns)}")
    points = tuple(_point(where, row, kind) for where, row in named)
    if kind is not JET:
        return Given(points)
    return Given(points, _head(path, heads, "nozzle"), _head(path, heads, "distance_mm"))


def _csv(path, text):
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    try:
        rows = list(csv.reader([line for _, line in lines], strict=True))
    except csv.Error as error:
        raise Problem(f"{path}: no CSV: {error}") from None
    head = [name.strip() for name in rows[0]] if rows else []
    named = []
    for (number, _), row in zip(lines[1:], rows[1:], strict=False):
        if len(row) != len(head):
            raise Problem(f"{path}:{number}: {len(row)} cells under {len(head)} columns", "commas between, dots inside")
        cells = {name: cell.strip() for name, cell in zip(head, row, strict=True) if cell.strip()}
        named.append((f"{path}:{number}", cells))
    return named


def _point(where, row: Mapping[str, Any], kind: Kind) -> Point:
    unknown = [name for name in row if name not in kind.columns]
    missing = [name for name in kind.columns[: kind.needed] if name not in row]
    if unknown or missing:
        said = f"unknown column {unknown[0]}" if unknown else f"{missing[0]} is missing"
        raise Problem(f"{where}: {said}", f"columns: {', '.join(kind.columns)}")
    found = [_number(f"{where}: {name}", row[name]) if name in row else None for name in kind.columns]
    if kind.criteria is None and kind is not JET:
        return Point(None, found[0])
    return Point(found[0], found[1], found[2] if kind is THERMOCOUPLE else None, FROM_FILE)


def _number(where, value) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise Problem(f"{where} = {value!r} is no number", "write it with a dot, without a unit")
    return number


def _head(path, heads, name):
    value = heads.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Problem(f"{path}: {name} = {value!r} is no whole number")
    return value


def numbers(kind: Kind, points: Sequence[Point], nozzle: int = 0, distance_mm: int = 0) -> list[int]:
    """Return the numbers behind CAL:MEAS kind. Raises Problem when the device could not take such a line."""
    out = [nozzle, distance_mm] if kind is JET else []
    for point in points:
        if kind is JET:
            out += [round(point.reference or 0), round((point.reading or 0) * 1000)]
        elif point.reference is None:
            out.append(round((point.reading or 0) * kind.factor))
        else:
            out += [round(point.reference * kind.factor), round((point.reading or 0) * kind.factor)]
    longest = max((len(str(number)) for number in out), default=0)
    if longest > _DIGITS:
        raise Problem(f"a number of {longest} digits", f"the device takes {_DIGITS}: look at the units")
    if len(command(kind, out)) > LINE_MAX - len("@999999  *FFFF"):
        raise Problem(f"{len(points)} points are more than a line of the device holds", "give fewer")
    return out


def command(kind: Kind, given: Sequence[int]) -> str:
    """Return the device's command that judges a measurement."""
    return f"CAL:MEAS {kind.code},{','.join(map(str, given))}"


@dataclass(frozen=True)
class Left:
    """What one point leaves: deviation and the largest that is accepted, in `unit`; fit: off the line, in `unit`."""

    label: str
    deviation: float
    most: float
    unit: str
    fit: float | None = None


def left(kind: Kind, points: Sequence[Point]) -> list[Left]:
    """Return the deviations by which a measurement is judged, with the firmware's own formulas and limits.

    Errors of readings; distance of a delay from the one that counts; K of a burst against the strongest, in percent.
    """
    if kind is JET:
        found = [_k(round(p.reference or 0), round((p.reading or 0) * 1000)) for p in points]
        top = max(found, default=0) or 1
        return [Left(f"K {k} mdegC/rt s", (k - top) / top * 100, float(measured.JET_SPREAD), "%") for k in found]
    if kind.error is None:
        found = [p.reading or 0.0 for p in points]
        counts = (max if kind.code == "CLOSE" else min)(found, default=0.0)
        most = float(measured.DELAY_SPREAD_US)
        return [Left(f"{value:.0f} us", value - counts, most, "us") for value in found]
    fits: list[float | None] = [None] * len(points)
    pairs = [(round((p.reference or 0) * 1000), round((p.reading or 0) * 1000)) for p in points]
    if kind is THERMOCOUPLE and len({reading for _, reading in pairs}) > 1:
        fits = [residual / 1000 for residual in measured.line(pairs)[3]]
    return [
        Left(f"{p.reference:g} {kind.unit}", (p.reading or 0) - (p.reference or 0), kind.error, kind.unit, fit)
        for p, fit in zip(points, fits, strict=True)
    ]


def _k(flow_us, fall_mdegc):
    return fall_mdegc * 1000 // measured.root(flow_us) if flow_us > 0 and fall_mdegc > 0 else 0
