"""Points of a calibration: reads them from a file, converts them for the device, and computes their deviations."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from host_tools.cryoctl import cells, typed
from host_tools.cryoctl.calibration.kinds import JET, JET_RANGES, THERMOCOUPLE, Kind, measured
from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.wire import LINE_MAX

FROM_FILE = "from a file"
_DIGITS = 8  # of one number that the device takes
OFFSET_C = (-measured.TC_ERROR_MDEGC / 1000, 0.0)  # the offset that a device may add to a reading
_UNITS = {"c": "degC", "us": "us", "mbar": "mbar", "mm": "mm"}  # by the end of a column's name


@dataclass(frozen=True)
class Point:
    """One point in its kind's unit. A delay is a reading without a reference; a burst has flow and fall in their place.

    reading: None means that it must still be taken. A thermocouple's is what the device shows, with its offset.
    cold_junction_c: of the thermocouple's converter at that time, if known.
    offset_c: that offset, if a file gives it; otherwise the offset in force counts.
    """

    reference: float | None
    reading: float | None
    cold_junction_c: float | None = None
    note: str = ""
    offset_c: float | None = None


@dataclass(frozen=True)
class Given:
    """The content of a file; only a jet has nozzle and distance_mm."""

    points: tuple[Point, ...]
    nozzle: int | None = None
    distance_mm: int | None = None


def read(path: Path, kind: Kind) -> Given:
    """Return the points of a .csv or .toml file. Raises Problem that names the line or point and what is wrong."""
    text = text_of(path)
    if path.suffix.lower() == ".toml":
        try:
            document = tomllib.loads(text)
        except RecursionError:
            raise Problem(f"{path}: not TOML: brackets are nested too deeply") from None
        except ValueError as error:
            raise Problem(f"{path}: not TOML: {error}") from None
        rows, heads = document.get("points"), document
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Problem(f"{path} has no [[points]]", f"write [[points]], with {', '.join(kind.columns)}")
        named = [(f"{path}: point {n}", row) for n, row in enumerate(rows, 1)]
    elif path.suffix.lower() == ".csv":
        named, heads = _csv(path, text, kind), {}
    else:
        raise Problem(f"{path}: points are read from .csv or .toml", f"columns: {', '.join(kind.columns)}")
    if not named:
        raise Problem(f"{path} has no points", f"columns: {', '.join(kind.columns)}")
    points = tuple(_point(where, row, kind) for where, row in named)
    if kind is not JET:
        return Given(points)
    return Given(points, _head(path, heads, "nozzle"), _head(path, heads, "distance_mm"))


def _csv(path, text, kind):
    _, lines = cells.rows(text, str(path), kind.columns)
    head = [name.strip() for name in lines[0][1]] if lines else []
    twice = [name for name in head if head.count(name) > 1]
    if twice:
        said = f"{path}:{lines[0][0]}: the column {twice[0] or 'without a name'} is there twice"
        raise Problem(said, "name each column once")
    named = []
    for number, row in lines[1:]:
        if not any(cell.strip() for cell in row):
            continue  # an empty row of a spreadsheet
        if len(row) != len(head):
            said = f"{path}:{number}: {len(row)} cells under {len(head)} columns"
            raise Problem(
                said,
                "put commas between the cells and points in the numbers; with semicolons or tabs between, both work",
            )
        found = {name: cell.strip() for name, cell in zip(head, row, strict=True) if cell.strip()}
        named.append((f"{path}:{number}", found))
    return named


def _point(where, row: Mapping[str, Any], kind: Kind) -> Point:
    unknown = [name for name in row if name not in kind.columns]
    missing = [name for name in kind.columns[: kind.needed] if name not in row]
    if unknown or missing:
        said = f"unknown column {unknown[0]}" if unknown else f"{missing[0]} is missing"
        raise Problem(f"{where}: {said}", f"columns: {', '.join(kind.columns)}")
    found = [_number(f"{where}: {name}", row[name], name) if name in row else None for name in kind.columns]
    if kind.criteria is None and kind is not JET:
        return Point(None, found[0])
    if kind is not THERMOCOUPLE:
        return Point(found[0], found[1], None, FROM_FILE)
    if found[3] is not None and not OFFSET_C[0] <= found[3] <= OFFSET_C[1]:
        said = f"{where}: offset_c = {found[3]:g} is outside {OFFSET_C[0]:g} .. {OFFSET_C[1]:g}"
        raise Problem(said, "the command CAL? shows the offset")
    return Point(found[0], found[1], found[2], FROM_FILE, found[3])


def _number(where, value, name) -> float:
    if isinstance(value, str):
        number = typed.number(value, where, _UNITS[name.rpartition("_")[2]])
    else:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
    if not math.isfinite(number):
        raise Problem(f"{where} = {value!r} is not a number", "write it with a decimal point, without a unit")
    return number


def _head(path, heads, name):
    value = heads.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Problem(f"{path}: {name} = {value!r} is not a whole number")
    return value if value is None else in_range(name, value, f"{path}: ")


def in_range(name: str, value: int, where: str = "") -> int:
    """Return a jet's nozzle or distance_mm. Raises Problem for a value outside the allowed range."""
    allowed = JET_RANGES[name]
    if value not in allowed:
        raise Problem(
            f"{where}{name} = {value} is outside {allowed[0]} .. {allowed[-1]}", "give the value that the bursts had"
        )
    return value


def uncorrected(kind: Kind, points: Sequence[Point], offset_c: float) -> list[Point]:
    """Return the points with the probe's own readings: what the device shows has its offset added.

    offset_c: the offset in force. Raises Problem for a file whose readings may have another offset in them: if the same
    file were used twice, its offset would count twice.
    """
    if kind is not THERMOCOUPLE:
        return list(points)
    out = []
    for p in points:
        if p.reading is None:
            out.append(p)
            continue
        if p.offset_c is None and p.note == FROM_FILE and offset_c:
            raise Problem(
                f"the device adds {signed(offset_c)} degC to each reading now, by the previous calibration: "
                "with which offset were the file's readings shown?",
                "give it in the column offset_c: 0 for readings before the first calibration",
            )
        out.append(replace(p, reading=round(p.reading - (offset_c if p.offset_c is None else p.offset_c), 6)))
    return out


def shown(kind: Kind, read: Sequence[Point], offset_c: float) -> list[Point]:
    """Return the points as the device would show them now; the device subtracts the offset in force itself."""
    if kind is not THERMOCOUPLE:
        return list(read)
    return [p if p.reading is None else replace(p, reading=p.reading + offset_c) for p in read]


def signed(value: float, digits: int = 3) -> str:
    """Return a deviation as text for people, without a power of ten."""
    return f"{value:+.{digits}f}".rstrip("0").rstrip(".")


def refused(kind: Kind, points: Sequence[Point]) -> str:
    """Return why a measurement must not be accepted, from its unrounded values; "" if it may be accepted.

    The device gets whole units: for 79.5 mm and a reading of 85.49 mm it would get 80 and 85.
    """
    for one in left(kind, points):
        if abs(one.deviation) > one.most + 1e-9:
            return f"{one.label}: {signed(one.deviation, 6)} {one.unit} off, at most {one.most:g}"
    found = [point.reference for point in points if point.reference is not None]
    if kind.span and max(found) - min(found) < kind.span - 1e-9:
        return f"the points are {max(found) - min(found):g} {kind.unit} apart, at least {kind.span:g} are needed"
    return ""


def numbers(kind: Kind, points: Sequence[Point], nozzle: int = 0, distance_mm: int = 0) -> list[int]:
    """Return the numbers that follow CAL:MEAS kind. Raises Problem when the line is too long for the device."""
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
        raise Problem(f"a number of {longest} digits", f"the device takes at most {_DIGITS}: check the units")
    if len(command(kind, out)) > LINE_MAX - len("@999999  *FFFF"):
        raise Problem(f"{len(points)} points are more than a line of the device holds", "give fewer")
    return out


def command(kind: Kind, given: Sequence[int]) -> str:
    """Return the device's command that judges a measurement."""
    return f"CAL:MEAS {kind.code},{','.join(map(str, given))}"


@dataclass(frozen=True)
class Left:
    """The deviation of one point and the largest accepted one; fit: its distance from the line. All are in `unit`."""

    label: str
    deviation: float
    most: float
    unit: str
    fit: float | None = None


def left(kind: Kind, points: Sequence[Point]) -> list[Left]:
    """Return the deviations by which a measurement is judged, with the firmware's own formulas and limits.

    For a reading: its error. For a delay: the difference to the one that counts. For a burst: its K against the
    strongest K, in percent.
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
    off = [round((p.reading or 0) - (p.reference or 0), 9) for p in points]
    return [
        Left(f"{p.reference:g} {kind.unit}", error, kind.error, kind.unit, fit)
        for p, error, fit in zip(points, off, fits, strict=True)
    ]


def _k(flow_us, fall_mdegc):
    return fall_mdegc * 1000 // measured.root(flow_us) if flow_us > 0 and fall_mdegc > 0 else 0
