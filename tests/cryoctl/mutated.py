"""Changes files at random: each reader must give a right answer or a Problem, and must not change the file.

`python -m tests.cryoctl.mutated` tries 10 000 of each kind, `... KIND 3 17` only these two. A case's name is its seed.
"""

import csv
import importlib
import json
import random
import re
import struct
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.cryoctl import config_file, files, log, log_file, recording_file, service
from host_tools.cryoctl.adapters import uf2
from host_tools.cryoctl.calibration import points
from host_tools.cryoctl.calibration.kinds import JET, THERMOCOUPLE
from host_tools.cryoctl.config_file import ROWS, fresh
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.sim import SimError, script
from host_tools.places import ROOT
from tests.cryoctl import logged
from tests.cryoctl.commanded import POINTS

LONG = 10_000
LINE_MOST = 700  # longest message in characters, with the file's name
RP2040 = 0xE48BFF56
_ODD = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b'"', b"'", b",", b";", b"\t", b"=", b"[", b"]", b"{",
    b"}", b"[" * 2000, b"{" * 2000, b"1e999", b"-1e999", b"nan", b"inf", b"-0", b"0x10", b"1_000", b"9" * 400, b"true",
    b"null", "\u22125".encode(), "\u0663".encode(), "\u00b2".encode(), b"\x1b[2J", b"\xed\xa0\x80", b"\\u0000",
    b"\\ud800", b"# ", b"sep=;\n", b"1979-05-27", b'"""', b"..", b"-", b"+", b" ", b"a.b", "\u2028".encode(), b"\x85",
)  # fmt: skip


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return data with one to four changes: bits, bytes; pieces removed, doubled, moved or inserted; an end cut off."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        to = min(len(out), at + chance.choice((1, 1, 2, 4, 16, 64, 512)))
        kind = chance.randrange(8)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(out):
            out[at] = chance.randrange(256)
        elif kind == 2:
            del out[at:to]
        elif kind == 3:
            out[at:at] = out[at:to]
        elif kind == 4:
            piece = out[at:to]
            del out[at:to]
            put = chance.randrange(len(out) + 1)
            out[put:put] = piece
        elif kind == 5:
            out[at : at + chance.randrange(2)] = chance.choice(_ODD)
        elif kind == 6:
            del out[at:]
        else:
            out[at:to] = chance.randbytes(to - at)
    return bytes(out)


@dataclass(frozen=True)
class Kind:
    """A kind of file. read(path) raises Problem or returns what it read; right(that, bytes): whether it is right."""

    name: str
    suffix: str
    good: tuple[bytes, ...]
    read: Callable
    right: Callable


# --- what is right, according to separate readers -------------------------------------------------------------------
def _text(data):
    return files.decoded(data, "file")


def _settings_right(found, data):
    return found == tomllib.loads(_text(data)) and not config_file.wrong(found)


def _points_right(found, data):
    rows = tomllib.loads(_text(data))["points"]
    said = [(_plain(row["flow_us"]), _plain(row["fall_c"])) for row in rows]
    return [(point.reference, point.reading) for point in found.points] == said


def _plain(value):
    """Return a number; from a text, the number before a unit, with a decimal point."""
    if not isinstance(value, str):
        return float(value)
    text = value.strip().replace("\u2212", "-").replace(",", ".")
    return float(re.match(r"[+-]?[0-9.]*(?:[eE][+-]?[0-9]+)?", text)[0])


def _table_right(found, data):
    lines = [line for line in _text(data).split("\n") if line.strip() and not line.startswith("#")]
    named = re.fullmatch('"?sep=(.)"?', lines[0].strip(), re.IGNORECASE)
    between = named[1] if named else next((b for b in ",;\t" if f"reading_c{b}" in lines[0]), ",")
    rows = list(csv.reader(lines[bool(named) :], delimiter=between))
    head = [name.strip() for name in rows[0]]
    rows = [dict(zip(head, row, strict=False)) for row in rows[1:] if any(cell.strip() for cell in row)]
    names = ("reference_c", "reading_c")
    said = [tuple(_plain(row[name]) for name in names if row.get(name, "").strip()) for row in rows]
    return [tuple(x for x in (p.reference, p.reading) if x is not None) for p in found.points] == said


def _log_right(found, data):
    """Each record says what its line says, and is the same when it is written and read again."""
    records, length = found
    lines = _text(data[:length]).split("\n")[:-1]
    told = [{k: v for k, v in json.loads(line).items() if k in log.COLUMNS and v not in ("", None)} for line in lines]
    said = [{k: v for k, v in vars(record).items() if v is not None} for record in records]
    return [{k: str(v) for k, v in one.items()} for one in told] == [{k: str(v) for k, v in o.items()} for o in said]


def _log_table_right(found, data):
    records, length = found
    again = log_file.head() + "".join(log_file.line(record, log_file.CSV) for record in records)
    rows = list(csv.reader(again.split("\n")[:-1]))
    return rows[0] == list(log.COLUMNS) and len(rows) == len(records) + 1 and length <= len(data)


def _recording_right(found, data):
    """Each row says what its line says. A last line without its end may be a row."""
    header, rows = found
    split = data.split(b"\n") if files.form_of(data) == files.Form() else _text(data).split("\n")
    lines = [json.loads(line) for line in split[: len(rows) + 1] if line]
    told = [one for one in lines[1:] if one["kind"] in [row.kind for row in rows]]
    pairs = list(zip(rows, told, strict=False))
    return lines[0]["serial"] == header.serial and all(
        str(getattr(row, name)) == str(tuple(value) if isinstance(value, list) else value)
        for row, one in pairs
        for name, value in one.items()
        if name in type(row).model_fields
    )


def _uf2_right(found, data):
    address, content = found
    blocks = [data[n : n + 512] for n in range(0, len(data), 512)]
    for block in blocks:
        flags, at, size = struct.unpack_from("<3I", block, 8)
        if not flags & 1 and content[at - address : at - address + size] != block[32 : 32 + size]:
            return False
    return len(data) % 512 == 0


def _answers(path):
    """Read a log as a device says it, one record in each line."""
    return [log.decoded(line, "1") for line in files.text_of(path).split("\n") if line]


def _answers_right(found, data):
    return all(isinstance(record.number, int) and record.line() for record in found)


# --- what is changed ------------------------------------------------------------------------------------------------
def _settings():
    return fresh({key: row.default for key, row in ROWS.items()}, "schema.json", "Settings").encode()


def _uf2():
    def block(n, of):
        head = struct.pack("<8I", *uf2.MAGIC, 0x2000, 0x10000000 + 256 * n, 256, n, of, RP2040)
        return head + bytes((n * 7 + k) & 255 for k in range(256)).ljust(476, b"\0") + struct.pack("<I", uf2.MAGIC_END)

    return b"".join(block(n, 4) for n in range(4))


def _records():
    return [
        log.Record("1", 1, "START", uptime_s=0, last_run_ended="POWER", restarts_since_power_on=0, version="0.1.0"),
        log.Record("1", 2, "POINT", "2027-01-01T10:01:40", "recorded", 100, "CHRONIC", 3, "LFOOT-SOLE", 1, "TARGET", 1,
                   2, 14, 2_310, 15_020, 12_500, 11_800, 13_600, 8_000),
        log.Record("1", 3, "FAULT", uptime_s=200, fault_code=1, fault="ESTOP", mode="DELIVERING", remedy="Release it."),
        log.Record("1", 4, "CHANGE", uptime_s=300, what="SETTINGS", changed="ROOM_M3", value=25),
    ]  # fmt: skip


def _lines(form):
    head = log_file.head() if form == log_file.CSV else ""
    return (head + "".join(log_file.line(record, form) for record in _records())).encode()


def _device_lines():
    as_line = importlib.import_module("cryo.console.log").as_line
    data = logged.files()["journal.0"]
    size = logged.journal.RECORD
    return "\n".join(as_line(logged.journal.unpacked(data[n : n + size])) for n in range(0, len(data), size)).encode()


def _thermocouple(path):
    return points.read(path, THERMOCOUPLE)


def _image(path):
    return uf2.content(files.content(path, 1 << 25), RP2040)


def _semicolons(data):
    return b"\xef\xbb\xbf" + data.replace(b",", b";").replace(b".", b",").replace(b"\n", b"\r\n")


def kinds() -> list[Kind]:
    """Return all kinds of files."""
    table, jet = (POINTS[name][1].encode() for name in ("thermocouple", "jet"))
    recording = (ROOT / "docs/cryoctl/treatment.jsonl").read_bytes().split(b"\n")
    short = b"\n".join(recording[:12]) + b"\n"
    return [
        Kind("settings.toml", ".toml", (_settings(), b"trip_mdegc = 5000\n"), config_file.read, _settings_right),
        Kind("points.toml", ".toml", (jet,), lambda path: points.read(path, JET), _points_right),
        Kind("points.csv", ".csv", (table, _semicolons(table)), _thermocouple, _table_right),
        Kind("log.csv", ".csv", (_lines("csv"),), log_file.read, _log_table_right),
        Kind("log.jsonl", ".jsonl", (_lines("jsonl"),), log_file.read, _log_right),
        Kind("recording.jsonl", ".jsonl", (short,), recording_file.read, _recording_right),
        Kind("image.uf2", ".uf2", (_uf2(),), _image, _uf2_right),
        Kind("device's log", ".txt", (_device_lines(),), _answers, _answers_right),
        Kind("PIN", ".txt", (b"47110815\n",), service.pin, lambda found, data: re.fullmatch("[0-9]{4,12}", found)),
        Kind("script", ".txt", (b"0.5 trigger press\n2 distance 80\n# end\n3.5 quit\n",), _script, _script_right),
    ]


class _Agenda(list):
    """Stands for a plant: a script puts (time in us, action) on it."""

    def at(self, us, do):
        self.append(us)


def _script(path):
    """Read a script's times. Raises Problem in place of SimError, as `cryoctl sim` does."""
    agenda = _Agenda()
    try:
        script.load(path, agenda)
    except SimError as error:
        raise Problem(str(error)) from None
    return agenda


def _script_right(found, data):
    lines = [line.partition("#")[0].split() for line in _text(data).split("\n")]
    return found == sorted(found) == [round(_plain(words[0]) * 1e6) for words in lines if words]


# --- one case, and many ---------------------------------------------------------------------------------------------
def tried(kind: Kind, number: int, folder: Path) -> str:
    """Return what is wrong with the result of a case; empty: nothing."""
    chance = random.Random(f"{kind.name}/{number}")
    data = changed(chance.choice(kind.good), chance)
    path = folder / f"file{kind.suffix}"
    path.touch(0o600)
    path.write_bytes(data)
    try:
        found = kind.read(path)
        wrong = "" if kind.right(found, data) else f"it is read as {found!r}"[:300]
    except Problem as problem:
        lines = str(problem).split("\n")  # one line, or one for each error
        wrong = "" if all(0 < len(line) <= LINE_MOST for line in lines) else f"no error of one line: {problem}"[:300]
    except BaseException as error:  # this is the test: no other exception may come
        wrong = f"{type(error).__name__}: {error}"[:300]
    if path.read_bytes() != data:
        wrong = "the file was changed"
    return wrong and f"{kind.name} {number}: {wrong}"


def main(words: list[str]) -> int:
    """Try many cases of each kind, or some again, and print what is wrong."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds():
            numbers = map(int, words[1:]) if words and words[0] == kind.name else () if words else range(LONG)
            found = [said for n in numbers if (said := tried(kind, n, Path(folder)))]
            print(f"{kind.name}: {len(found)} wrong", *found[:20], sep="\n  ", flush=True)
            bad += len(found)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
