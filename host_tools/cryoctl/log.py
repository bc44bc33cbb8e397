"""Reads the device's log over wrapped lines, record by record, with names and dates."""

import dataclasses
import datetime
import importlib
import time
from collections.abc import Callable, Iterable, Iterator

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import Problem, Refused

_ROOM = 2 * importlib.import_module("cryo.store.journal").PER_FILE  # no board has room for more records
AT_ONCE = 4  # records in one answer: as many as the console gives
_NOT_NOW = -221
_KEEP_S = 0.5  # a tool that sends nothing for 2 s disarms the device
RECORDED, DERIVED = "recorded", "derived"
# the device's key -> the column's name, if they differ; all values but _TEXTS are whole numbers
_NAMES = {
    "NO": "number", "END": "ended_by", "TIME_MS": "duration_ms", "SKIN_MDEGC": "coldest_skin_mdegc",
    "SURFACE_MDEGC": "coldest_predicted_surface_mdegc", "ALSO": "other_faults", "ENDED": "last_run_ended",
    "RESTARTS": "restarts_since_power_on", "CODE": "fault_code",
}  # fmt: skip
_TEXTS = (
    "kind", "date", "time", "preset", "site", "ended_by", "fault", "mode", "other_faults", "last_run_ended", "version",
    "what", "changed", "due", "figures",
)  # fmt: skip
_NOTHING = ("NONE", "UNKNOWN")


@dataclasses.dataclass
class Record:
    """One record. A field that its kind does not have is None. when: ISO 8601, by the device's own clock; when_is:
    RECORDED, or DERIVED from a later record of the same run and the uptimes; None: nobody set the clock in that run.
    """

    serial: str
    number: int
    kind: str
    when: str | None = None
    when_is: str | None = None
    uptime_s: int | None = None
    preset: str | None = None
    level: int | None = None
    site: str | None = None
    point: int | None = None
    ended_by: str | None = None
    reached: int | None = None
    passes: int | None = None
    bursts: int | None = None
    valve_on_ms: int | None = None
    duration_ms: int | None = None
    coldest_skin_mdegc: int | None = None
    coldest_predicted_surface_mdegc: int | None = None
    target_mdegc: int | None = None
    floor_mdegc: int | None = None
    fault_code: int | None = None
    fault: str | None = None
    mode: str | None = None
    other_faults: str | None = None
    remedy: str | None = None
    last_run_ended: str | None = None
    restarts_since_power_on: int | None = None
    crash_uptime_s: int | None = None
    version: str | None = None
    what: str | None = None
    changed: str | None = None
    value: int | None = None
    due: str | None = None
    count: int | None = None
    figures: str | None = None

    def line(self) -> str:
        """Return number, time, kind and sentence as one line, for people."""
        return f"{self.number:<6}  {self.when or f'up {self.uptime_s} s':<19}  {self.kind:<7}  {self.sentence()}"

    def sentence(self) -> str:
        """Return the record's content as a sentence, for people."""
        if self.kind == "POINT":
            reached = "reached" if self.reached else "not reached"
            return (
                f"{self.preset} level {self.level}, {self.site} point {self.point}: target {reached}, ended by"
                f" {self.ended_by}, {self.bursts} bursts, valve on {self.valve_on_ms} ms,"
                f" coldest {degc(self.coldest_skin_mdegc)} degC"
            )
        if self.kind == "FAULT":
            return f"{self.fault} in {self.mode}: {self.remedy or 'see the manual of its version'}"
        if self.kind == "START":
            crash = f" in {self.mode}, fault {self.fault or 'NONE'}" if self.last_run_ended == "CRASHED" else ""
            return f"version {self.version}; last run ended: {self.last_run_ended}{crash}"
        if self.kind == "CHANGE":
            value = "" if self.value is None else f" = {self.value}"
            if self.what == "PATIENT":
                return "another patient's session began"
            return f"{self.what}: {self.changed}{value}{f', due {self.due}' if self.due else ''}"
        if self.kind == "LOST":
            return f"{self.count} records are lost: they had no room to wait"
        return "log cleared" if self.kind == "CLEARED" else self.figures or ""


COLUMNS = tuple(field.name for field in dataclasses.fields(Record))


def degc(mdegc: int | None) -> str:
    """Return mdegC as degC for people."""
    return "-" if mdegc is None else f"{mdegc / 1000:.2f}"


def decoded(line: str, serial: str) -> Record:
    """Return the record in a line of an answer; unknown fields are left out. Raises Problem for any other line."""
    said = {_NAMES.get(key, key.lower()): value for key, value in wire.fields(line).items()}
    values: dict = {}
    for name, value in said.items():
        if name not in COLUMNS or value in _NOTHING:
            continue
        try:
            values[name] = value if name in _TEXTS else int(value)
        except ValueError:
            raise _strange(line) from None
    if "number" not in values or "kind" not in values:
        raise _strange(line)
    if said.get("date", "UNKNOWN") != "UNKNOWN" and said.get("time", "UNKNOWN") != "UNKNOWN":
        values |= {"when": f"{said['date']}T{said['time']}", "when_is": RECORDED}
    fault = values.get("fault")
    if values["kind"] == "FAULT" and isinstance(fault, str):
        values["remedy"] = names.REMEDIES.get(fault)
    return Record(serial=serial, **values)


def _strange(line):
    return Problem(f"the device's answer is not a record of its log: {line[:80]!r}", "update cryoctl")


def dated(records: Iterable[Record]) -> list[Record]:
    """Give dates, from their uptimes, to the records of each run in which the clock was set. Return all records.

    A run ends at a START, and where a START may be missing: at a hole in the numbers, or where the uptime falls.
    """
    records = list(records)
    runs: list[list[Record]] = [[]]
    before = None
    for record in records:
        if before is None or record.kind == "START" or record.number != before.number + 1 or _fell(before, record):
            runs.append([])
        runs[-1].append(record)
        before = record
    for run in runs:
        zero = next((zero for zero in map(_zero, run) if zero), None)
        for record in run:
            if zero and record.when is None and record.uptime_s is not None:
                record.when = (zero + datetime.timedelta(seconds=record.uptime_s)).isoformat(timespec="seconds")
                record.when_is = DERIVED
    return records


def _fell(before, record):
    return None not in (before.uptime_s, record.uptime_s) and record.uptime_s < before.uptime_s


def strange(records: Iterable[Record]) -> list[str]:
    """Return sentences on records that no device writes, as seen without a key. Missing numbers are not among them."""
    out, before, newest = [], None, None
    for record in records:
        out += [f"number {record.number}: {said}" for said in _impossible(record)]
        if before and record.number <= before.number:
            out.append(f"number {record.number} comes after {before.number}: it was renumbered, or added by somebody")
        elif before and record.number == before.number + 1 and record.kind != "START" and _fell(before, record):
            out.append(
                f"number {record.number} has an earlier uptime than {before.number}, but there is no start between them"
            )
        if before and record.serial != before.serial:
            out.append(f"number {record.number} is of serial {record.serial}, {before.number} of {before.serial}")
        if before and record.number != before.number + 1:
            newest = None  # the record that set the date back may be missing
        if record.when_is == RECORDED and record.when:
            day = record.when[:10]
            if newest and day < newest and record.what != _DATE_SET_BACK:
                out.append(f"number {record.number} has the date {day}, after {newest}, but no date was set back")
            newest = day
        before = record
    return out


_DATE_SET_BACK = "DATE"
# what each kind always has; an unknown kind may have anything
_HAS = {
    "POINT": (
        "preset", "level", "site", "point", "ended_by", "reached", "passes", "bursts", "valve_on_ms", "duration_ms",
        "target_mdegc", "floor_mdegc",
    ),
    "FAULT": ("fault_code", "fault", "mode"),
    "START": ("last_run_ended", "restarts_since_power_on", "version"),
    "CHANGE": ("what",),
    "LOST": ("count",),
}  # fmt: skip


def _impossible(record):
    """Return the errors in one record that no device makes."""
    missing = [name for name in _HAS.get(record.kind, ()) if getattr(record, name) is None]
    out = [f"a {record.kind} without {', '.join(missing)}"] if missing else []
    below = [name for name in _COUNTS if (getattr(record, name) or 0) < 0]
    out += [f"{name} is below 0" for name in below]
    if record.when is not None and not _is_time(record.when):
        out.append(f"{record.when} is not a time")
    on_ms, all_ms = record.valve_on_ms, record.duration_ms
    if on_ms is not None and all_ms is not None and on_ms > all_ms:
        out.append(f"valve on for {on_ms} ms within {all_ms} ms")
    if on_ms is not None and record.bursts is not None and on_ms > record.bursts * _BURST_MS:
        out.append(f"valve on for {on_ms} ms in {record.bursts} bursts, but a burst has at most {_BURST_MS} ms")
    code = record.fault_code
    if record.fault and code and names.fault_number(record.fault) > 0 and names.fault_name(code) != record.fault:
        out.append(f"fault {code} is {names.fault_name(code)}, not {record.fault}")
    return out


_BURST_MS = 590  # a board's opening timer ends longer ones: [timing] of boards/*/board.toml
_COUNTS = (
    "number", "uptime_s", "level", "point", "passes", "bursts", "valve_on_ms", "duration_ms", "fault_code",
    "restarts_since_power_on", "crash_uptime_s", "count",
)  # fmt: skip


def _is_time(text):
    try:
        return datetime.datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


# these may differ when a record is read again: `when` may be derived, the remedy may come from another cryoctl
_TOLD = frozenset(("when", "when_is", "remedy"))


def same(one: Record, other: Record) -> bool:
    """Return whether two readings of one number are the same record."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in COLUMNS if name not in _TOLD]
    told = all(a == b for a, b in pairs if None not in (a, b)) and one.uptime_s == other.uptime_s
    dates = [record.when for record in (one, other) if record.when_is == RECORDED]
    return told and len(set(dates)) < 2


def _zero(record):
    """Return when the run of a record began, according to that record; None if it does not say."""
    if record.when_is != RECORDED or record.uptime_s is None:
        return None
    try:
        return datetime.datetime.fromisoformat(record.when) - datetime.timedelta(seconds=record.uptime_s)
    except ValueError:
        return None


@dataclasses.dataclass(frozen=True)
class Extent:
    """The log's oldest and newest number, None for an empty log, and how many records were lost since switch-on."""

    first: int | None
    last: int | None
    lost: int


def extent(device: Device) -> Extent:
    """Return the answer to LOG:COUN?. Raises Refused while the device is armed or treating."""
    state = device.state().get("STATE", "unknown")
    if state in names.BUSY:
        raise Refused(
            f"the device is {state}: its log is not read while it is armed", "wait until the treatment has ended"
        )
    said = wire.fields(device.tell("LOG:COUN?"))
    try:
        first, last = (None if said[key] == "NONE" else int(said[key]) for key in ("FIRST", "LAST"))
        there = Extent(first, last, int(said["LOST"]))
        if first is not None and last is not None and not 0 < first <= last < first + _ROOM:
            raise ValueError(said)
        return there
    except (KeyError, ValueError):
        raise _strange(str(said)) from None


def at(device: Device, found: Extent, number: int) -> Record | None:
    """Return the device's record with that number; None if there is none."""
    if not number or found.first is None or not found.first <= number <= (found.last or 0):
        return None
    answer = device.tell(f"LOG? {number}")
    record = None if answer == "NONE" else decoded(answer, device.identity.serial)
    return record if record and record.number == number else None


def records(
    device: Device, found: Extent, since: int = 0, waits: Callable[[str], None] = lambda text: None
) -> Iterator[Record]:
    """Yield the records with numbers above `since`, oldest first, as the device answers.

    If somebody arms the device meanwhile, this waits, and keeps the tool's session alive, because silence would disarm.
    waits: gets a sentence about that. Raises Refused, NoDevice.
    """
    if found.first is None or found.last is None:
        return
    number = max(found.first, since + 1)
    while number <= found.last:
        try:
            answer = device.tell(f"LOG? {number},{AT_ONCE}")
        except Refused as refused:
            if refused.number != _NOT_NOW:
                raise
            waits("the device was armed meanwhile: reading continues when the treatment has ended")
            while wire.fields(device.tell("STAT?")).get("STATE") in names.BUSY:
                time.sleep(_KEEP_S)
            continue
        if answer == "NONE":
            return
        for line in answer.split(" | "):
            record = decoded(line, device.identity.serial)
            if record.number < number:
                raise _strange(line)
            number = record.number + 1
            if record.number <= found.last:
                yield record


def holes(records: Iterable[Record]) -> list[tuple[int, int]]:
    """Return the runs (from, to) of numbers that are missing between the records, which may be in any order."""
    numbers = sorted({record.number for record in records})
    return missing(numbers, numbers[0] - 1, Extent(numbers[0], numbers[-1], 0)) if numbers else []


def missing(numbers: Iterable[int], since: int, found: Extent) -> list[tuple[int, int]]:
    """Return the runs (from, to) of numbers above `since` that the log should have but does not have."""
    out = []
    expected = since + 1 if since else found.first or 1
    for number in [*numbers, (found.last or 0) + 1]:
        if number > expected:
            out.append((expected, number - 1))
        expected = number + 1
    return out
