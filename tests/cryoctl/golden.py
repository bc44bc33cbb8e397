"""One treatment whose values are all different, and every place that shows one of them.

A script treats with the virtual board while a monitor records. The plant's true state is noted at each moment; the
firmware is not asked for it. `Golden.values` holds each quantity with the plant's truth and what each place says.
`python -m tests.cryoctl.golden` writes docs/cryoctl/golden.md.
"""

import asyncio
import csv
import dataclasses
import datetime
import io
import itertools
import json
import math
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from boards.virtual import pins
from host_tools.cryoctl import log, log_file, recording_file, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.monitor import answers, feed, seen
from host_tools.cryoctl.monitor.screen import MonitorApp
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.report import gather
from host_tools.cryoctl.report.page import page
from host_tools.cryoctl.sim import image
from host_tools.places import ROOT
from tests.cryoctl import logged, treating
from tests.cryoctl.conftest import until
from tests.cryoctl.monitored import HEADER, shown

PAGE = ROOT / "docs/cryoctl/golden.md"
FIRST = 41  # the log's first number: no other value is near it
CHOICE = {"PRES": "CHRONIC", "LEV": "4", "SITE": "RHAND-PALM", "POIN": "7"}
ATTESTED = "SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND"
LEVEL = {"target": 12.8, "floor": 5.5, "trip": 4.0, "lockout": 2.0}  # degC, of CHRONIC level 4, typed once more
TICKS = 1 << 30
CONVERSION_US = 100_000
FRESH_MS = 20  # a conversion is read within this time
INFRARED_US = 800_000  # a word of the infrared sensor is at most so old
SURFACE_C = 1.5  # the model of the skin is at most so far from it
CUT_US = 60_000  # for a cut burst, the given gas is an estimate
DISTANCE_MM = 93
DATE, TIME = (2027, 3, 4), (17, 42, 13)


@dataclasses.dataclass
class Value:
    """One quantity. truth: the plant's; off: how far a reading may be from it; places: place -> what it shows."""

    unit: str
    truth: float | str
    off: float = 0.0
    places: dict[str, float | str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Moment:
    """The plant at one exchange. Temperatures in degC, pressures in mbar, times in us.

    age_ms: since the skin's converter had a new value, because a repeated value shows no age; older_ms: the one before.
    seen: by the infrared sensor; infrared: its newest word.
    """

    us: int
    ticks: int
    bead: float
    surface: float
    seen: float
    mm: float
    bottle: float
    line: float
    bursts: int
    gas_us: int
    age_ms: float
    older_ms: float
    infrared: float
    stopped: int  # 1: the emergency stop is pressed


class Truth:
    """The plant's side, noted at each exchange."""

    def __init__(self, plant):
        self._plant = plant
        self._frame, self._changed_us, self._older_us = None, 0, 0
        self.moments: list[Moment] = []

    def step(self):
        """Note the present moment."""
        p = self._plant
        ticks = (p.ticks_origin + p.now_us) % TICKS
        if p.chips[0].frame != self._frame:
            self._frame, self._older_us = p.chips[0].frame, self._changed_us
            self._changed_us = p.chips[0].due_us - CONVERSION_US
        self.moments.append(
            Moment(
                p.now_us, ticks, p.probe.bead_c, p.skin.surface_c, p.thermopile.seen_c, p.hand.true_mm(p.now_us),
                p.bar * 1000, p._line_bar_now() * 1000, len(p.record.bursts), p.record.valve_on_us,
                (p.now_us - self._changed_us) / 1000, (p.now_us - self._older_us) / 1000,
                (p.thermopile.words[0] & 0xFFFF) / 50 - 273.15, p.levels[pins.ESTOP],
            )
        )  # fmt: skip


@dataclasses.dataclass
class Run:
    """The results of the treatment, as each place has them. answers: command -> the device's answer."""

    moments: list[Moment]
    begun_us: int
    ended_us: int
    set_us: int
    sent: bytes
    recording: Path
    jsonl: Path
    table: Path
    answers: dict[str, str]
    at_answers: Moment
    air_c: float

    def at(self, ticks):
        """Return the newest moment that is not after a tick's clock."""
        return min(self.moments, key=lambda moment: (ticks - moment.ticks) % TICKS)


def _sent(port):
    """Return a buffer that gets each byte that the board sends to the tool from now on."""
    sent, write = bytearray(), port.write

    def kept(data):
        taken = write(data)
        sent.extend(data[:taken])
        return taken

    port.write = kept
    return sent


def _watching(board, path, stop):
    """Start a monitor that records; return its thread."""
    watch = feed.Feed(str(board.link))
    known = seen.Seen(watch.connect(), watch.every_s)
    recorder = seen.Recorder(known)
    recorder.start(path)

    def sink(row):
        known.add(row)
        recorder.add(row)

    def run():
        try:
            watch.run(sink, stop)
        finally:
            recorder.stop()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def treated(packed, folder) -> Run:
    """Treat: two passes, an emergency stop in the second. packed: an image with the application."""
    stop = threading.Event()
    path = folder / "recording.jsonl"
    with treating.board(packed, folder, logged.files(first=FIRST)) as board:
        plant = board.plant
        truth = plant.operator = Truth(plant)
        sent = _sent(board.port)
        board.hand(f"distance {DISTANCE_MM}")
        board.wait(lambda state: state["STATE"] == "STANDBY")
        board.speed(1)
        board.told("SYST:DATE {},{},{}".format(*DATE), "OK")
        board.told("SYST:TIME {},{},{}".format(*TIME), "OK")
        set_us = plant.now_us
        for word, value in CHOICE.items():
            board.told(f"TREAT:{word} {value}", "OK")
        board.told(f"TREAT:ATT {ATTESTED}", "OK")
        board.speed(2)
        thread = _watching(board, path, stop)
        try:
            until(path.read_text, lambda text: '"kind":"gas"' in text and f'"preset":"{CHOICE["PRES"]}"' in text)
            board.arm()
            begun_us = plant.now_us
            board.hand("trigger press")
            until(lambda: len(plant.record.bursts), lambda count: count > 7)
            board.hand("trigger release")
            until(path.read_text, lambda text: '"state":"REST"' in text)
            board.let_pass(1.5)
            board.speed(2)
            board.hand("trigger press")
            until(lambda: len(plant.record.bursts), lambda count: count > 11)
            board.hand("estop press")
            (ended_us, *_) = until(lambda: [m.us for m in truth.moments if m.us > begun_us and m.stopped], bool)
            board.hand("bath 37")  # the probe is taken off: it reads another value than the infrared sensor
            until(path.read_text, lambda text: text.count('"kind":"gas"') > 1 and '"fault_name":"ESTOP"' in text)
        finally:
            stop.set()
            thread.join()
        board.speed(0)
        until(lambda: board.told("LOG:COUN?", "FIRST"), lambda said: f"LAST={FIRST + 10}" in said)
        said = {command: board.told(command, begins) for command, begins in _ASKED}
        moment = truth.moments[-1]
        board.told("FORM:HUM", "Done.")
        said |= {f"{command} in words": board.told(command) for command in _IN_WORDS}
        board.told("FORM:MACH", "OK")
        files = folder / "log.jsonl", folder / "log.csv"
        for file in files:
            _logged(board.link, file)
    return Run(truth.moments, begun_us, ended_us, set_us, bytes(sent), path, *files, said, moment, plant.air_c)


_IN_WORDS = ("MEAS:TEMP?", "MEAS:PRES?", "MEAS:DIST?", "STAT?")
_ASKED = (
    ("MEAS:TEMP?", "SKIN="), ("MEAS:PRES?", "BOTTLE="), ("MEAS:DIST?", ""), ("STAT?", "STATE="),
    ("TREAT:RES?", "POINT="), (f"LOG? {FIRST + 10}", "NO="),
)  # fmt: skip


def _logged(link, path):
    sink = log_file.Sink(path, None)
    with Device(Port(str(link))) as device, sink:
        sink.add(log.dated(log.records(device, log.extent(device))))


# --- what each place says ---------------------------------------------------------------------------------------------
LOG = FIRST + 10
# Bottle and line are equal in a pass, and the skin's temperatures after it: so each has its own moment.
_APART = (("temperatures", "degC"), ("pressures", "mbar"))
WORDS = "the console's words"  # the questions are asked one after the other
# the steps in which places show a unit
STEPS = {"degC": 0.006, "mbar": 100, "us": 5_001, "ms": 10, "s": 0.06, "": 0, "mm": 0, "time": 0}
_NUMBER = r"(-?\d+(?:\.\d+)?)"


def values(run: Run) -> dict[str, dict[str, Value]]:
    """Return what is known of the treatment, by chapter and name. In a chapter no two values may be equal."""
    _, rows = recording_file.read(run.recording)
    html = _report(run)
    return {
        **{f"a moment, its {what} apart": _moment(run, *_sample(run, rows, unit), rows, html) for what, unit in _APART},
        "what was chosen": _chosen(rows, html),
        "counters": _counters(run, rows),
        "the log's record": _record(run, html),
        WORDS: _words(run),
    }


def _near(run, moment, name, back_us):
    """Return mean and half width of a quantity in the time before a moment: a sensor saw one of these values."""
    seen_then = [getattr(m, name) for m in run.moments if moment.us - back_us <= m.us <= moment.us]
    return (max(seen_then) + min(seen_then)) / 2, (max(seen_then) - min(seen_then)) / 2


def _truths(run, sample):
    """Return what telemetry should say in a sample; None during a burst."""
    moment = run.at(sample.tick_us)
    if sample.bursts != moment.bursts:
        return None
    age_ms = moment.age_ms
    if age_ms < FRESH_MS and sample.skin_age_ms > age_ms + CONVERSION_US / 1000 + FRESH_MS:  # it was not read yet
        age_ms = moment.older_ms
    converted = next(m for m in reversed(run.moments) if m.us <= moment.us - age_ms * 1000)
    words = {m.infrared for m in run.moments if moment.us - INFRARED_US <= m.us <= moment.us}
    line, line_off = _near(run, moment, "line", 60_000)
    return {
        "skin": Value("degC", converted.bead, 0.35),  # a step of the converter is 0.25 degC
        "skin age": Value("ms", age_ms + CONVERSION_US / 1000, 15),
        "predicted surface": Value("degC", moment.surface, SURFACE_C),
        "infrared": Value("degC", min(words, key=lambda word: abs(word - sample.infrared_mdegc / 1000)), 0.03),
        "distance": Value("mm", moment.mm, 7),
        "bottle": Value("mbar", moment.bottle, 5),
        "line": Value("mbar", line, line_off + 5),
        "bursts": Value("", moment.bursts),
        "valve on": Value("us", moment.gas_us, CUT_US),
    }


def margin(values: Mapping[str, Value], unit: str) -> float:
    """Return the distance of the nearest two numbers of a unit, minus what they may be off and their display step."""
    found = [value for value in values.values() if value.unit == unit and not isinstance(value.truth, str)]
    pairs = itertools.combinations(found, 2)
    return min((abs(a.truth - b.truth) - a.off - b.off - STEPS[unit] for a, b in pairs), default=math.inf)


def _sample(run, rows, unit):
    """Return the sample whose values of that unit are farthest apart, and what they should be."""
    found = []
    for row in rows:
        if isinstance(row, recording_file.Sample) and row.surface_mdegc is not None and row.bursts > 2:
            truths = _truths(run, row)
            if truths:
                found.append((margin(truths, unit), row.t_ms, row, truths))
    return max(found)[2:]


def wrong(chapters: Mapping[str, Mapping[str, Value]]) -> list[str]:
    """Return sentences on places that do not agree with the plant, or with the first place."""
    out = []
    for chapter, values in chapters.items():
        for name, value in values.items():
            first = next(iter(value.places.values()), None)
            for place, said in value.places.items():
                about = f"{chapter}: {name}: {place} says {said}"
                if not _agree(said, value.truth, value.off + STEPS[value.unit], value.unit):
                    out.append(f"{about}, the plant is {value.truth}")
                if chapter != WORDS and not _agree(said, first, STEPS[value.unit], value.unit):
                    out.append(f"{about}, the first place {first}")
    return out


def _agree(said, other, off, unit):
    if unit == "time":
        one, two = map(datetime.datetime.fromisoformat, (said, other))
        return abs(one - two).total_seconds() <= off
    return said == other if isinstance(said, str) else abs(said - other) <= off


def alike(chapters: Mapping[str, Mapping[str, Value]]) -> list[str]:
    """Return the chapters and units in which two values are too near to each other to be distinguished."""
    moments = [chapter for chapter in chapters if chapter.startswith("a moment")]
    units = {value.unit for values in chapters.values() for value in values.values()} - {"time"}
    out = [f"{c}: {unit}" for c in chapters if c not in moments for unit in units if margin(chapters[c], unit) <= 0]
    return out + [unit for unit in units if all(margin(chapters[c], unit) <= 0 for c in moments)]


def _placed(values, places):
    """Add what a place says, name -> value, to the values."""
    for place, said in places.items():
        for name, value in said.items():
            values[name].places[place] = value
    return values


def _found(text, **patterns):
    """Return name -> number for each pattern in a text. A pattern has one group; _ in a name is a blank."""
    out = {}
    for name, pattern in patterns.items():
        found = re.search(pattern.replace("#", _NUMBER), text)
        assert found, (name, pattern, text)
        out[name.replace("_", " ")] = float(found[1])
    return out


def _scaled(values, **factors):
    """Return name -> value, some multiplied by a factor: a place may show bar, s, or thousandths."""
    factors = {name.replace("_", " "): factor for name, factor in factors.items()}
    return {name: round(value * factors.get(name, 1), 6) for name, value in values.items()}


# --- a moment of it -----------------------------------------------------------------------------------------------
_TELEMETRY = {
    "skin": "skin", "skin age": "age", "predicted surface": "surface", "infrared": "infrared", "distance": "mm",
    "bottle": "bottle", "line": "line", "bursts": "bursts", "valve on": "on_us",
}  # fmt: skip
_RECORDED = {
    "skin": "skin_mdegc", "skin age": "skin_age_ms", "predicted surface": "surface_mdegc", "infrared": "infrared_mdegc",
    "distance": "distance_mm", "bottle": "bottle_mbar", "line": "line_mbar", "bursts": "bursts", "valve on": "on_us",
}  # fmt: skip
_MILLI = {"skin": 0.001, "predicted_surface": 0.001, "infrared": 0.001}


def _moment(run, sample, truths, rows, html):
    lines = [json.loads(line) for line in run.sent.splitlines() if line.startswith(b'{"seq":')]
    told = next(line for line in lines if line["us"] == sample.tick_us)
    known = seen.Seen(recording_file.read(run.recording)[0])
    known.add(sample)
    curve = known.points[-1]
    places = {
        "telemetry": _scaled({name: told[key] for name, key in _TELEMETRY.items()}, **_MILLI),
        "recording": _scaled({name: getattr(sample, key) for name, key in _RECORDED.items()}, **_MILLI),
        "monitor's screen": _scaled(
            _found(
                _screen([*_last(rows), sample])[1], skin="skin +# degC", skin_age="degC, # ms ago",
                infrared="infrared +# degC", predicted_surface="surface +# degC, predicted",
                distance="distance +# mm", bottle="bottle +# bar", line="line +# bar", bursts="bursts +#, valve on",
                valve_on="valve on # of",
            ),
            bottle=1000, line=1000, valve_on=1e6,
        ),
        "monitor's curve": {"skin": curve.skin_c, "predicted surface": curve.surface_c},
        "monitor's lines": _scaled(
            _found(
                seen.plain(sample), skin="skin +#", predicted_surface="surface +#", distance="distance # mm",
                bottle="bottle # bar", bursts="bursts #", valve_on="on # s",
            ),
            bottle=1000, valve_on=1e6,
        ),
        "report's course": _course(html, sample, rows),
    }  # fmt: skip
    return _placed(truths, places)


def _course(html, sample, rows):
    """Return what the report draws at the time of a sample; its axis begins with the first shown sample."""
    traces = _traces(html, "course0")
    samples = [row for row in rows if isinstance(row, recording_file.Sample)]
    said = traces["skin"]["customdata"]
    begins = next(
        first for first in range(len(samples))
        if [f"{row.state}, {row.bursts} bursts" for row in samples[first : first + len(said)]] == said
    )  # fmt: skip
    at = samples.index(sample) - begins
    assert traces["skin"]["x"][at] == round((sample.t_ms - samples[begins].t_ms) / 1000, 3)
    opened = traces["valve on since the last sample"]["y"][: at + 1]
    return {name: traces[name]["y"][at] for name in ("skin", "predicted surface", "infrared")} | {
        "bursts": int(said[at].split()[1]),
        "valve on": round(sum(opened) * 1000),
    }


# --- what was chosen ----------------------------------------------------------------------------------------------
def _chosen(rows, html):
    choice = [row for row in rows if isinstance(row, recording_file.Choice)][-1]
    axis, screen = _screen(_last(rows))
    traces, title = _traces(html, "course0"), re.search("<h3>(.*?);", html)[1]
    records = _traces(html, "points")
    at = records["target"]["x"].index(str(LOG))
    words = {"preset": CHOICE["PRES"], "site": CHOICE["SITE"]}
    out = {name: Value("", word) for name, word in words.items()}
    out |= {"level": Value("", int(CHOICE["LEV"])), "point": Value("", int(CHOICE["POIN"]))}
    out |= {name: Value("degC", value) for name, value in LEVEL.items()}
    kept = {name: getattr(choice, name) for name in ("preset", "level", "site", "point")}
    kept |= {name: getattr(choice, f"{name}_mdegc") / 1000 for name in LEVEL}
    places = {
        "recording": kept,
        "monitor's screen": _choice_words(screen, "chosen +")
        | _found(screen, target="target #,", floor="floor # degC"),
        "monitor's axis": _found(axis, **{name: f"{name} +# " for name in LEVEL}),
        "monitor's lines": _choice_words(seen.plain(choice), "s  ")
        | _found(seen.plain(choice), target="target #", floor="floor #"),
        "report's title": _choice_words(title, ""),
        "report's course": {name: traces[name]["y"][0] for name in ("target", "floor")},
        "report's plot of points": {name: records[name]["y"][at] for name in ("target", "floor")},
    }  # fmt: skip
    return _placed(out, places)


def _choice_words(text, before):
    found = re.search(before + r"([A-Z]+) level (\d+), ([A-Z-]+),? point (\d+)", text)
    assert found, text
    return {"preset": found[1], "level": int(found[2]), "site": found[3], "point": int(found[4])}


# --- counters -----------------------------------------------------------------------------------------------------
REST_S, COOL_S = 90, 300  # of CHRONIC level 4; limit 9


def _counters(run, rows):
    """Return the answer to STAT?, and the text of a screen that got only that answer."""
    state = run.answers["STAT?"]
    status = answers.status(wire.fields(state), rows[-1].t_ms)
    _, screen = _screen([*_last(rows), status])
    gas = [row for row in rows if isinstance(row, recording_file.Gas)][-1]
    since_s = (run.at_answers.us - run.ended_us) / 1e6
    out = {
        "point": Value("", int(CHOICE["POIN"])),
        "passes": Value("", 2),
        "bursts": Value("", run.at_answers.bursts),
        "rest": Value("s", REST_S - since_s, 3),
        "cool-down": Value("s", COOL_S - since_s, 3),
        "gas": Value("s", run.at_answers.gas_us / 1e6, 0.15),
    }
    keys = {"point": "POINT", "passes": "PASS", "bursts": "BURSTS", "rest": "REST_S", "cool-down": "COOL_S"}
    said = wire.fields(state)
    recorded = {"point": status.point, "passes": status.passes, "bursts": status.bursts, "rest": status.rest_s}
    shown = _found(screen, point="point +#, pass", passes="pass # of", rest="rest +# s", gas="gas +# s of flow")
    shown |= {"cool-down": _found(screen, cool="cool-down # s")["cool"], "bursts": _found(screen, n="in # bursts")["n"]}
    places = {
        "STAT?": {name: int(said[key]) for name, key in keys.items()},
        "recording": recorded | {"cool-down": status.cool_s, "gas": gas.gas_s},
        "monitor's screen": shown,
        "STAT? in words": _found(run.answers["STAT? in words"], point="Point #:", bursts=": # bursts"),
    }
    return _placed(out, places)


# --- the log's record ---------------------------------------------------------------------------------------------
_ANSWERED = {
    "number": "NO", "preset": "PRESET", "level": "LEVEL", "site": "SITE", "point": "POINT", "ended by": "END",
    "passes": "PASSES", "bursts": "BURSTS", "valve on": "VALVE_ON_MS", "duration": "TIME_MS",
    "coldest skin": "SKIN_MDEGC", "coldest surface": "SURFACE_MDEGC", "target": "TARGET_MDEGC", "floor": "FLOOR_MDEGC",
}  # fmt: skip
_COLUMNS = {
    "number": "number", "preset": "preset", "level": "level", "site": "site", "point": "point", "ended by": "ended_by",
    "passes": "passes", "bursts": "bursts", "valve on": "valve_on_ms", "duration": "duration_ms",
    "coldest skin": "coldest_skin_mdegc", "coldest surface": "coldest_predicted_surface_mdegc",
    "target": "target_mdegc", "floor": "floor_mdegc", "when": "when",
}  # fmt: skip
_WORDS = ("preset", "site", "ended by", "when")
_MDEGC = ("coldest skin", "coldest surface", "target", "floor")


def _record(run, html):
    answer = wire.fields(run.answers[f"LOG? {LOG}"])
    lines = [json.loads(line) for line in run.jsonl.read_text().splitlines()]
    table = list(csv.DictReader(io.StringIO(run.table.read_text())))
    line, row = (next(one for one in found if int(one["number"]) == LOG) for found in (lines, table))
    said = {name: _of(name, answer[key]) for name, key in _ANSWERED.items()}
    places = {
        "LOG?": said | {"when": f"{answer['DATE']}T{answer['TIME']}"},
        "JSON lines": {name: _of(name, line[key]) for name, key in _COLUMNS.items()},
        "CSV": {name: _of(name, row[key]) for name, key in _COLUMNS.items()},
        "cryoctl log": _sentence(next(r for r in log_file.read(run.jsonl)[0] if r.number == LOG).line()),
        "report's table": _table(html),
        "report's plot": _plotted(html),
        "TREAT:RES?": _result(wire.fields(run.answers["TREAT:RES?"])),
    }
    return _placed(_recorded_truths(run), places)


def _recorded_truths(run):
    treated = [m for m in run.moments if run.begun_us <= m.us <= run.ended_us + 100_000]
    first = next(m for m in treated if m.bursts)
    end = datetime.datetime(*DATE, *TIME) + datetime.timedelta(microseconds=run.ended_us - run.set_us)
    return {
        "number": Value("", LOG),
        "preset": Value("", CHOICE["PRES"]),
        "level": Value("", int(CHOICE["LEV"])),
        "site": Value("", CHOICE["SITE"]),
        "point": Value("", int(CHOICE["POIN"])),
        "ended by": Value("", "FAULT"),
        "passes": Value("", 2),
        "bursts": Value("", treated[-1].bursts),
        "valve on": Value("ms", treated[-1].gas_us / 1000, CUT_US / 1000),
        "duration": Value("ms", (run.ended_us - first.us) / 1000, 100),
        "coldest skin": Value("degC", min(m.bead for m in treated), 0.5),
        "coldest surface": Value("degC", min(m.surface for m in treated), 1.0),
        "target": Value("degC", LEVEL["target"]),
        "floor": Value("degC", LEVEL["floor"]),
        "when": Value("time", end.isoformat(timespec="seconds"), 2),
    }


def _of(name, text):
    return str(text) if name in _WORDS else int(text) / (1000 if name in _MDEGC else 1)


def _sentence(line):
    words = re.search(r"^(\d+) +(\S+) +POINT +([A-Z]+) level (\d+), ([A-Z-]+) point (\d+): .* by ([A-Z_]+),", line)
    assert words, line
    names = ("number", "when", "preset", "level", "site", "point", "ended by")
    said = {name: text if name in _WORDS else int(text) for name, text in zip(names, words.groups(), strict=True)}
    return said | _found(line, bursts="# bursts", valve_on="valve on # ms", coldest_skin="coldest # degC")


def _table(html):
    cells = next(
        dict(found)
        for row in re.findall("<tr>(.*?)</tr>", html)
        if (found := re.findall("<td[^>]* data-name='([^']*)'>(.*?)</td>", row)) and found[0] == ("no.", str(LOG))
    )
    choice, _, where = cells["preset, site, point"].partition(", ")
    preset, level = choice.split()
    site, point = where.split()
    passes, bursts = map(int, cells["passes, bursts"].split(", "))
    return {
        "number": LOG, "when": cells["when"].replace(" ", "T", 1), "preset": preset, "level": int(level), "site": site,
        "point": int(point), "ended by": cells["target"].rpartition(" ")[2], "passes": passes, "bursts": bursts,
        "valve on": round(float(cells["valve on s"]) * 1000),
        "coldest skin": float(cells["coldest skin °C"].split()[0]),
        "coldest surface": float(cells["coldest predicted °C"].split()[0]), "floor": float(cells["floor °C"]),
    }  # fmt: skip


def _plotted(html):
    traces = _traces(html, "points")
    at = traces["target"]["x"].index(str(LOG))
    said = traces["target"]["customdata"][at].replace("<br>", "\n")
    drawn = {"coldest surface": "coldest predicted surface"}
    return {name: traces[drawn.get(name, name)]["y"][at] for name in _MDEGC} | _found(
        said, level="level #,", point="point #", bursts="# bursts", valve_on="valve on # ms"
    )


def _result(said):
    return {
        "point": int(said["POINT"]), "ended by": said["REASON"], "bursts": int(said["BURSTS"]),
        "valve on": int(said["VALVE_ON_US"]) / 1000, "duration": int(said["DURATION_MS"]),
        "passes": int(said["PASSES"]),
    }  # fmt: skip


# --- the console's answers, and the same in words -----------------------------------------------------------------
def _words(run):
    moment = run.at_answers
    skin, skin_off = _near(run, moment, "bead", 400_000)
    infrared, infrared_off = _near(run, moment, "seen", 400_000)
    line, line_off = _near(run, moment, "line", 400_000)
    out = {
        "skin": Value("degC", skin, skin_off + 0.4),
        "nozzle": Value("degC", run.air_c, 0.4),
        "infrared": Value("degC", infrared, infrared_off + 0.4),
        "bottle": Value("mbar", moment.bottle, 5),
        "line": Value("mbar", line, line_off + 100),  # the bottle loses gas, and the words come a little later
        "distance": Value("mm", moment.mm, 7),
    }
    asked, said = (
        {name: run.answers[f"MEAS:{name}?{words}"] for name in ("TEMP", "PRES", "DIST")} for words in ("", " in words")
    )
    places = {
        "MEAS:...?": _found(asked["TEMP"], skin="SKIN=#,", nozzle="NOZZLE=#,", infrared="INFRARED=#,")
        | _found(asked["PRES"], bottle="BOTTLE=# mbar", line="LINE=# mbar")
        | _found(asked["DIST"], distance="# mm"),
        "in words": _found(said["TEMP"], skin="Skin # degC", nozzle="Nozzle # degC", infrared="Infrared # degC")
        | _scaled(_found(said["PRES"], bottle="Bottle # bar", line="Line # bar"), bottle=1000, line=1000)
        | _found(said["DIST"], distance="# mm away"),
    }
    return _placed(out, places)


# --- screen and page ----------------------------------------------------------------------------------------------
def _last(rows):
    """Return the last row of each kind, without samples: what a screen has at that time."""
    return list({row.kind: row for row in rows if row.kind not in ("sample", "gap", "back", "status")}.values()) + [
        row for row in rows if row.kind == "sample"
    ][-1:]


def _screen(rows):
    """Return what a monitor's screen shows after these rows: the axis of its curve, and the text beside it."""

    async def go():
        known = seen.Seen(HEADER, lambda: 1.0, clock=lambda: 0.0)
        sent = threading.Event()

        def run(sink, stop, _):
            for row in rows:
                sink(row)
            sent.set()
            stop.wait()

        app = MonitorApp(known, seen.Recorder(known), run)
        async with app.run_test(size=(200, 90)) as pilot:
            while not sent.is_set() or not app._rows.empty():
                await pilot.pause(0.02)
            app.show()
            await pilot.pause(0.1)
            left = app.query_one("#side").region.x
            lines = shown(app).split("\n")
            return "\n".join(line[:left] for line in lines), " ".join(" ".join(line[left:] for line in lines).split())

    return asyncio.run(go())


def _report(run):
    found = gather.Found("2027-03-05T10:00:00+00:00")
    gather.from_log(run.jsonl, found)
    gather.from_recording(run.recording, found)
    return page(found)


def _traces(html, name):
    """Return name -> trace of a plot of the report, as the page holds it."""
    data = re.search(rf"<script type='application/json' id='{name}-data'>(.*?)</script>", html, re.DOTALL)[1]
    return {trace["name"]: trace for trace in json.loads(data)["data"]}


# --- the page -----------------------------------------------------------------------------------------------------
_HEAD = """# A treatment whose values all differ

Written by `python -m tests.cryoctl.golden`, from one treatment on the virtual board with the virtual patient: a
simulation. No two values of a chapter are alike, so a place that shows another quantity's value shows a wrong one.
`tests/cryoctl/test_golden.py` runs such a treatment, and compares each place with the plant and with the first place.
The plant is what the simulation is at that moment; a sensor has noise, steps and an age, so a reading may lie as far
from it as the third column says.
"""


_COLUMNS_OF_PAGE = "| value | plant | within | place: what it says |\n|---|---|---|---|\n"


def written(chapters: Mapping[str, Mapping[str, Value]]) -> str:
    """Return the page."""
    out = [_HEAD]
    for chapter, values in chapters.items():
        out.append(f"\n## {chapter[0].upper()}{chapter[1:]}\n\n{_COLUMNS_OF_PAGE}")
        for name, value in values.items():
            unit = "" if value.unit in ("", "time") else f" {value.unit}"
            places = "; ".join(f"{place}: {_shown(said)}" for place, said in value.places.items())
            off = f"{_shown(value.off)}{unit}" if value.off else "same"
            out.append(f"| {name} | {_shown(value.truth)}{unit} | {off} | {places} |\n")
    return "".join(out)


def _shown(value):
    return value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")


def main() -> int:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed.img"
        with image.locked(packed):
            image.deploy(packed)
        chapters = values(treated(packed, Path(folder)))
    for said in [*wrong(chapters), *alike(chapters)]:
        print(said, file=sys.stderr)
    PAGE.write_text(written(chapters), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
