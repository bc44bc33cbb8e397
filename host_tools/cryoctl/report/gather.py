"""Collects the data of a report: from a device that is not armed, or from files."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.cryoctl import log, log_file, recording_file, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import Problem, Refused
from host_tools.cryoctl.recording_file import Choice, Gap, Header, Row, Sample

_LEAD_MS = 10_000  # time shown before a point's first armed sample, and after its last
_TREATED = ("DELIVERING", "REST")
_SHOWN = ("ARMED", *_TREATED)


@dataclass(frozen=True)
class Calibration:
    """The newest calibration of a kind. Days are ISO 8601; left_d: days until it is due, negative when overdue."""

    kind: str
    day: str = ""
    due: str = ""
    technician: str = ""
    instrument: str = ""
    values: str = ""
    left_d: int | None = None


@dataclass(frozen=True)
class Course:
    """One treated point of a recording: its choice, and its samples; None stands for lost samples."""

    recording: str
    started: str
    choice: Choice
    samples: list[Sample | None]


@dataclass
class Found:
    """All data. settings: key -> value with unit; counts, valves: the device's own words; faults: latched now."""

    made: str
    board: str = ""
    serial: str = ""
    version: str = ""
    state: str = ""
    latched: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)
    due: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    records: list[log.Record] = field(default_factory=list)
    logged: bool = False  # True when a log was read: without a log, the missing records say nothing about the device
    missing: list[tuple[int, int]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # sentences on records that no device writes
    courses: list[Course] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


def now() -> str:
    """Return the host's date and time."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def latched(answer: str) -> str:
    """Return the answer to FAULT? as a sentence; empty when no fault is latched."""
    head, _, remedy = answer.partition(";REMEDY=")
    first, _, also = head.partition(";ALSO=")
    others = f", also {also.replace(',', ', ')}" if also not in ("", "NONE") else ""
    return "" if answer == "NONE" else f"{first.partition(' ')[2]}{others}: {remedy}"


def from_device(device: Device, found: Found, waits: Callable[[str], None] = lambda text: None) -> None:
    """Ask a device for everything. Raises Refused while it is armed, NoDevice, Problem."""
    _same(found, device.identity.serial, device.port.name)
    there = log.extent(device)  # first, because it is refused while armed
    standing(device, found)
    found.settings = wire.fields(_told(device, "CONF?"))
    found.counts = wire.fields(_told(device, "DIAG:STAT?"))
    before = {record.number for record in found.records}
    since = max(before, default=0)
    if since > (there.last or 0):
        raise Problem(
            f"the given log goes up to number {since}, the device's up to {there.last or 'none'}: its log was "
            "started again",
            "leave --log out",
        )
    ours = log.at(device, there, since)
    if ours and not log.same(found.records[-1], ours):
        raise Problem(
            f"number {since} of the given log is another record in the device: its log was started again",
            "leave --log out",
        )
    fresh = list(log.records(device, there, since, waits))
    found.missing += log.missing([record.number for record in fresh], since, there)
    found.records = log.dated([*found.records, *fresh])
    found.strange = log.strange(found.records)  # the device has the record that was cut off in the file
    found.logged = True
    found.sources.append(f"device on {device.port.name}")


def standing(device: Device, found: Found) -> None:
    """Ask a device who it is, what is latched, and how its calibrations stand. Raises Refused, NoDevice."""
    identity = device.identity
    found.board, found.serial, found.version = identity.board, identity.serial, identity.version
    found.state = wire.fields(device.tell("STAT?")).get("STATE", "")
    found.latched = latched(device.tell("FAULT?"))
    found.due = wire.fields(_told(device, "CAL?")).get("DUE", "")
    found.calibrations = calibrations(wire.fields(_told(device, "CAL:LIST?")), _today(device))


def from_log(path: Path, found: Found) -> None:
    """Read a file that `cryoctl log` wrote. Raises Problem."""
    records, length = log_file.read(path)
    if not records:
        raise Problem(f"{path} has no record", "give a file that `cryoctl log -o` wrote")
    serials = {record.serial for record in records}
    if len(serials) > 1:
        raise Problem(
            f"{path} is of several devices: {', '.join(sorted(serials))}", "give a file with one device's records"
        )
    _same(found, serials.pop(), str(path))
    found.missing += log.holes(records)
    found.strange = log.strange(records)
    if length < path.stat().st_size:
        found.strange.append(f"the last line of {path.name} is cut off: that record is not known")
    found.records = log.dated(records)
    found.logged = True
    found.sources.append(f"log {path.name}")


def from_recording(path: Path, found: Found) -> None:
    """Read a file that `cryoctl monitor --record` wrote. Raises Problem."""
    header, rows = recording_file.read(path)
    _same(found, header.serial, str(path))
    found.board, found.version = found.board or header.board, found.version or header.version
    found.courses += courses(path.name, header, rows)
    found.sources.append(f"recording {path.name}")


def _same(found, serial, source):
    if found.serial and found.serial != serial:
        raise Problem(
            f"{source} is from serial {serial}, but the report is about serial {found.serial}",
            "make one report for each device",
        )
    found.serial = serial


def _told(device, command):
    try:
        return device.tell(command)
    except Refused:
        return ""  # a device without settings answers a word in their place


def _today(device) -> datetime.date:
    try:
        return datetime.date.fromisoformat(_told(device, "SYST:DATE?").replace(",", "-"))
    except ValueError:
        return datetime.date.today()


def calibrations(told: dict[str, str], today: datetime.date) -> list[Calibration]:
    """Return the answer to CAL:LIST?, including kinds that were never calibrated."""
    out = []
    for kind, text in told.items():
        parts = text.split(",", 4)
        try:
            left_d = (datetime.date.fromisoformat(parts[1]) - today).days
        except (IndexError, ValueError):
            out.append(Calibration(kind))
            continue
        day, due, technician, instrument, values = (parts + [""] * 5)[:5]
        out.append(Calibration(kind, day, due, technician, instrument, values, left_d))
    return out


def courses(name: str, header: Header, rows: Iterable[Row]) -> list[Course]:
    """Return the treated points of a recording; if none was treated, one course of the whole recording."""
    choice = header.choice
    every: list[tuple[Choice, Sample | None]] = []
    for row in rows:
        if isinstance(row, Choice):
            choice = row
        elif isinstance(row, Sample):
            every.append((choice, row))
        elif isinstance(row, Gap):
            every.append((choice, None))
    out = []
    for begin, end, chosen in _treatments(every):
        out.append(Course(name, header.started, chosen, [sample for _, sample in every[begin:end]]))
    if not out and any(sample for _, sample in every):
        out.append(Course(name, header.started, choice, [sample for _, sample in every]))
    return out


def _treatments(every):
    """Yield (begin, end, choice) of each stretch in which one point was treated, with some time around it.

    An armed device keeps its choice, so the last known choice in a stretch belongs to the whole stretch.
    """
    samples = [sample for _, sample in every]
    for begin, end in _joined(every, list(_parts(samples))):
        inside = [sample for sample in samples[begin:end] if sample]
        if any(sample.state in _TREATED for sample in inside):
            around = _around(samples, begin, end, inside[0].t_ms - _LEAD_MS, inside[-1].t_ms + _LEAD_MS)
            yield *around, _chosen(every[begin:end])


def _parts(samples):
    """Yield (begin, end) of consecutive armed samples, without a gap and without a count that started again."""
    begin = None
    for at, sample in enumerate([*samples, None]):
        armed = sample is not None and sample.state in _SHOWN
        if begin is not None and (not armed or _fell(samples[at - 1], sample)):
            yield begin, at
            begin = None
        if armed and begin is None:
            begin = at


def _joined(every, parts):
    """Yield the parts, joined again where only a gap was between them and the same point continued."""
    before = None
    for begin, end in parts:
        if before and _goes_on(every, before, (begin, end)):
            before = before[0], end
            continue
        if before:
            yield before
        before = begin, end
    if before:
        yield before


def _goes_on(every, before, behind):
    gap = every[before[1] : behind[0]]
    if not gap or any(sample for _, sample in gap) or _fell(every[before[1] - 1][1], every[behind[0]][1]):
        return False
    chosen = _chosen(every[slice(*before)])
    return chosen.point is not None and _what(chosen) == _what(_chosen(every[slice(*behind)]))


def _what(choice):
    return choice.preset, choice.level, choice.site, choice.point


def _fell(before: Sample, sample: Sample | None) -> bool:
    """Return whether a point's counts started again between two samples."""
    if sample is None or sample.bursts < before.bursts:
        return sample is not None
    return before.on_us is not None and sample.on_us is not None and sample.on_us < before.on_us


def _chosen(part):
    """Return the last complete choice of a part, or what is known of it."""
    known = [choice for choice, sample in part if sample]
    return next((choice for choice in reversed(known) if choice.point is not None), known[-1])


def _around(samples, first, last, from_ms, to_ms):
    """Return (begin, end) with some samples before and after that were not armed."""

    def shown(sample):
        return sample is not None and sample.state not in _SHOWN

    while first and shown(samples[first - 1]) and samples[first - 1].t_ms >= from_ms:
        first -= 1
    while last < len(samples) and shown(samples[last]) and samples[last].t_ms <= to_ms:
        last += 1
    return first, last
