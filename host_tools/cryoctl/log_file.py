"""A device's log in a file, CSV or JSON lines. A later reading appends only newer records."""

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path

from host_tools.cryoctl import cells as tables
from host_tools.cryoctl.files import Form, content, decoded
from host_tools.cryoctl.files import form_of as text_form
from host_tools.cryoctl.log import COLUMNS, Record, same
from host_tools.cryoctl.problems import Problem

CSV, JSONL = "csv", "jsonl"
MOST = 1 << 26  # bytes of a file: more than 100 000 records
_THEN = "give a file that `cryoctl log -o` wrote, or a new one"
_WHOLE = re.compile("-?[0-9]+")  # int() would also accept 8_1 and other digits
_TYPES = {field.name: field.type for field in dataclasses.fields(Record)}


def form_of(path: Path, given: str | None) -> str:
    """Return CSV or JSONL: as given, or from the file's name. Raises Problem."""
    suffix = path.suffix.lower().lstrip(".")
    form = given or {"csv": CSV, "jsonl": JSONL, "json": JSONL}.get(suffix)
    if form is None:
        raise Problem(f"{path}: the name does not say the format", "name it .csv or .jsonl, or give --csv or --jsonl")
    return form


def line(record: Record, form: str, between: str = ",") -> str:
    """Return a record as one line with its end. between: the character between the cells of CSV."""
    values = dataclasses.asdict(record)
    if form == JSONL:
        return json.dumps({name: value for name, value in values.items() if value is not None}) + "\n"
    return _row(("" if value is None else tables.harmless(value) for value in values.values()), between)


def head() -> str:
    """Return the first line of a CSV file."""
    return _row(COLUMNS)


def _row(cells, between=","):
    out = io.StringIO()
    csv.writer(out, delimiter=between, lineterminator="\n").writerow(cells)
    return out.getvalue()


def read(path: Path, form: str | None = None) -> tuple[list[Record], int]:
    """Return the records of a file, and its length in bytes up to the last whole line.

    Raises Problem for a file that is not a log. An incomplete last line counts as not written.
    """
    found = _read(path, form)
    return found.records, found.length


@dataclasses.dataclass
class _Read:
    """A file's content: records, bytes up to the last whole line, the text's form, and the character between cells."""

    records: list[Record]
    length: int
    text: Form
    between: str


def _read(path, form):
    data = content(path, MOST, _THEN)
    how = text_form(data)
    end, unit = len(data), "\n".encode(how.code)
    while end >= 0:  # the last end of a line that is not made of two halves of UTF-16 characters
        end = data.rfind(unit, 0, end)
        if end < 0 or (end - len(how.mark)) % len(unit) == 0:
            break
        end += len(unit) - 1
    if end < 0 and len(data) > len(how.mark):
        begun = decoded(data, f"{path} is not a log", _THEN)
        first = head() if form_of(path, form) == CSV else '{"serial": '
        if begun[: len(first)] != first[: len(begun)]:
            raise Problem(f"{path} is not a log", _THEN)  # it is also not a log that was cut off in its first line
    data = data[: end + len(unit)] if end >= 0 else b""
    text = decoded(data, f"{path} is not a log", _THEN)
    between, rows = _csv(path, text) if form_of(path, form) == CSV else (",", _jsonl(path, text))
    records = []
    for number, row in rows:
        try:
            records.append(_record(row))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Problem(f"{path}: line {number} is not a record of a log", _THEN) from None
    return _Read(records, len(data), how, between)


def _csv(path, text):
    if not text:
        return ",", []
    between, lines = tables.rows(text, str(path), COLUMNS)
    if not lines or lines[0][1] != list(COLUMNS):
        raise Problem(f"{path} is not a log: its first line does not name the columns", _THEN)
    rows = [(n, dict(zip(COLUMNS, map(tables.told, cells), strict=False)) if len(cells) == len(COLUMNS) else {})
            for n, cells in lines[1:]]  # fmt: skip
    return between, rows


def _jsonl(path, text):
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            row = json.loads(line, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            row = None
        yield number, row if isinstance(row, dict) else {}


def _once(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _record(row):
    values = {}
    for name, value in row.items():
        if name not in COLUMNS or value in ("", None):
            continue
        if "int" in str(_TYPES[name]):
            if isinstance(value, bool | float) or (isinstance(value, str) and not _WHOLE.fullmatch(value)):
                raise ValueError(name)
            values[name] = int(value)
        elif isinstance(value, str):
            values[name] = value
        else:
            raise ValueError(name)
    return Record(**values)  # TypeError when serial, number or kind is missing


class Sink:
    """A file to append to. `last`: the highest number in it, 0 in a new file. Raises Problem."""

    def __init__(self, path: Path, form: str | None):
        self.path = path
        self.form = form_of(path, form)
        self.written = 0
        there = path.exists()
        found = _read(path, self.form) if there else _Read([], 0, Form(), ",")
        self._text, self._between = found.text, found.between
        self.records = records = found.records
        length = found.length
        self.last = records[-1].number if records else 0
        try:
            self._file = path.open("r+b" if there else "xb")
            if there:
                self._file.truncate(length)  # removes half a line of an interrupted reading
                self._file.seek(length)
        except OSError as error:
            raise Problem(f"{path}: {error.strerror}", "name a file that can be written with -o") from None
        if not length and self.form == CSV:
            self._write(head())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def check(self, serial: str, last: int | None) -> None:
        """Raise Problem if the file cannot be this device's log. last: the number of the device's newest record."""
        if self.records and self.records[-1].serial != serial:
            raise Problem(
                f"{self.path} is the log of serial {self.records[-1].serial}, the device is {serial}",
                "name another file with -o",
            )
        if self.last > (last or 0):
            raise Problem(
                f"{self.path} goes up to number {self.last}, the device's log up to {last or 'none'}: that log was "
                "started again",
                "name another file with -o",
            )

    def follows(self, there: Record | None) -> None:
        """Raise Problem if the device has another record with the file's last number. there: that record, or None."""
        if there and self.records and not same(self.records[-1], there):
            raise Problem(
                f"{self.path}: number {self.last} is another record in the device: its log was started again, or the "
                "file is from a board that was erased later",
                "name another file with -o",
            )

    def add(self, records: Iterable[Record]) -> None:
        """Append records. Records that were written stay, whatever happens next."""
        for record in records:
            self._write(line(record, self.form, self._between))
            self.written += 1

    def _write(self, text):
        try:
            self._file.write(self._text.bytes_of(text, begin=False))
            self._file.flush()
        except OSError as error:
            raise Problem(
                f"{self.path}: {error.strerror}; {self.written} new records are in it",
                "free some disk space, then run the command again: it continues there",
            ) from None
