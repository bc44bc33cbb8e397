"""Clock, counts, and how the console behaves: loaded for a command of SYSTem, FORMat or DIAGnostic."""

import gc
import sys

from cryo import limits, recorder, store
from cryo.console import topics
from cryo.core import blockers, faults, mode, resets
from cryo.store import dates, notes
from cryo.store.journal import MASK
from micropython import const

_DAY_S = const(86_400)
_AT_ONCE = const(8)  # records of the log read in a tick

# optional part, its setting, the blocker when it is silent, what is missing without it
_PARTS = (
    ("INFRARED", "infrared_fitted", blockers.INFRARED, "no second channel watches the skin beside the probe"),
    ("LINE", "line_fitted", blockers.LINE, "no proof test: a valve that leaks or sticks is not found"),
    (
        "CO2",
        "co2_fitted",
        blockers.CO2_SENSOR,
        "no alarm of CO2 in the room: only the budget of gas for room_m3 limits it",
    ),
)


# --- clock: no chip keeps it, so it is unknown until date and time were given since switch-on -------------------------
def _now(console):
    """Return (days, second of the day), each None when it was not set."""
    if console.day_s is None:
        return console.days, None
    total_s = console.day_s + console.app.supervisor.session.uptime_s - console.set_s
    days = console.days
    return (None if days is None else days + total_s // _DAY_S), total_s % _DAY_S


def _three(text):
    """Return the three numbers of a text, or None."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3:
        return None
    for part in parts:
        if not part.isdigit() or len(part) > 4:
            return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def _date(console, text):
    days, day_s = _now(console)
    if not text:
        return "UNKNOWN" if days is None or day_s is None else dates.text(days).replace("-", ",")
    given = _three(text)
    if given is None:
        return console.error(-104, "write it as yyyy,mm,dd")
    days = dates.days(*given)
    if days is None:
        return console.error(-222, "no such date: 2000 to 2099")
    console.job = _Dating(console, days)
    return None


class _Dating:
    """Sets the date. A date before today's or before the newest record's is set in service mode only, and noted:
    otherwise an overdue calibration would hold again once the date is set back.
    """

    def __init__(self, console, days):
        self._console = console
        self._days = days
        self._newest = -1 if console.app.today_d is None else console.app.today_d
        self._log = None
        self._next = 0  # sequence of the record after those that are still to be read

    def poll(self):
        """Read some records, the newest first, until one has a day; then return the answer."""
        console = self._console
        from cryo.store import journal

        try:
            if self._log is None:
                found = _calibrated(console)
                if isinstance(found, str):
                    return self._unread(found)
                self._newest = max(self._newest, found)
                self._log = journal.Journal(console.app.board.files)
                self._next = self._log.next()
                return None
            first = self._log.first()
            left = 0 if first is None else self._next - first & MASK
            if left:
                count = min(left, _AT_ONCE)
                self._next = self._next - count & MASK
                records = self._log.since(self._next, count)
                days = [record[2] for record in records if record[2] >= 0]
                if not days:
                    return None
                self._newest = max(self._newest, days[-1])
        except OSError as error:
            return self._unread("the log cannot be read: OSError {}".format(error.args[0]))
        return self._done()

    def _unread(self, sentence):
        if self._console.app.supervisor.mode == mode.SERVICE:
            return self._done()
        return self._console.error(401, sentence)

    def _done(self):
        for name in ("journal", "calibration"):
            sys.modules.pop("cryo.store." + name, None)
            if hasattr(store, name):
                delattr(store, name)
        console = self._console
        back = self._days < self._newest
        if back:
            if console.app.supervisor.mode != mode.SERVICE:
                said = "not before {}, the newest record's or today's, but in service mode (SERV:PIN)"
                return console.error(303, said.format(dates.text(self._newest)))
            if console.app.recorder.waiting == recorder.QUEUE_MAX:
                return console.error(401, "too much waits to be written: LOG:STAT? tells why")
        _set(console, self._days, _now(console)[1])
        if back:
            console.app.recorder.put(notes.CHANGE, (notes.DATE, self._days, self._newest))
        return "OK"


def _calibrated(console):
    """Return the newest day on which anything was calibrated, -1 for never, or a sentence when it is not known."""
    from cryo.store import calibration

    slots = console.app.record("calibration", 1)
    found = calibration.newest(slots)
    if slots.unread:
        return slots.name + ": " + slots.hidden()
    return max([record[1] for record in found.values()] or [-1])


def _time(console, text):
    days, day_s = _now(console)
    if not text:
        if days is None or day_s is None:
            return "UNKNOWN"
        return "{:02d},{:02d},{:02d}".format(day_s // 3600, day_s // 60 % 60, day_s % 60)
    given = _three(text)
    if given is None:
        return console.error(-104, "write it as hh,mm,ss")
    hours, minutes, seconds = given
    if hours > 23 or minutes > 59 or seconds > 59:
        return console.error(-222, "no such time of day")
    _set(console, days, hours * 3600 + minutes * 60 + seconds)
    return "OK"


def _set(console, days, day_s):
    console.days = days
    console.day_s = day_s
    console.set_s = console.app.supervisor.session.uptime_s
    if days is not None and day_s is not None:
        console.midnight_s = console.set_s + _DAY_S - day_s
    if days is not None:
        console.app.set_today(days)


# --- counts -----------------------------------------------------------------------------------------------------------
def _statistics(console, _):
    app = console.app
    session = app.supervisor.session
    valves = app.supervisor.valves
    tenths = session.gas_mg * 10 // limits.GAS_MG_PER_S
    return (
        "DOSE={};SHUTOFF={};BURSTS={};GAS_S={}.{};UPTIME_S={};LATE_US={};DROPPED={};TELEMETRY_LOST={};HEAP_FREE={}"
    ).format(
        valves.dose_cycles,
        valves.shutoff_cycles,
        session.bursts_total,
        tenths // 10,
        tenths % 10,
        session.uptime_s,
        app.late_us_max,
        console.dropped,
        console.telemetry.lost if console.telemetry else 0,
        gc.mem_free() if hasattr(gc, "mem_free") else "UNKNOWN",
    )


def _interpreter(console, _):
    i = sys.implementation
    return "{} {}; {}".format(i.name, ".".join(str(v) for v in i.version if v != ""), sys.version)


def _crash(console, _):
    r = console.app.resets
    if r.ended == resets.ENDED_CRASHED:
        text = "MODE={};FAULT={};UPTIME_S={}".format(
            mode.NAMES[r.mode], faults.entry(r.fault)[1] if r.fault else "NONE", r.uptime_s
        )
    else:
        text = "UNREADABLE" if r.ended == resets.ENDED_UNREADABLE else "NONE"
    return "{};RESTARTS={}".format(text, r.count)


def _fitted(console, _):
    app = console.app
    s = app.supervisor
    if s.config is None:
        return console.error(-221, app.board.config_error)
    said = []
    for name, key, silent, gone in _PARTS:
        if getattr(s.config, key):
            text = "SILENT" if s.blocked_by & silent else "FITTED"
        else:
            text = "NOT FITTED, " + gone
        said.append(name + "=" + text)
    return ";".join(said)


def _restart(console, _):
    refused = topics.barred(console)  # a restart must not clear a fault that only switching off may clear
    if refused:
        return refused
    console.app.restart()


# --- the console itself -----------------------------------------------------------------------------------------------
def _echo(console, word):
    if not word:
        return "ON" if console.editor else "OFF"
    if word == "ON":
        from cryo.console.edit import Editor

        console.editor = Editor(console.send)
    elif word == "OFF":
        console.editor = None
    else:
        return console.error(-224, "echo is ON or OFF")
    return "OK"


def _guide(console, word):
    if not word:
        return "ON" if console.app.guides else "OFF"
    if word != "ON" and word != "OFF":
        return console.error(-224, "guidance's tone is ON or OFF")
    console.app.guides = word == "ON"
    return "OK"


def _human(console, _):
    console.human = True
    return "OK"


def _machine(console, _):
    console.human = False
    return "OK"


def _local(console, _):
    if console.tool:
        console.tool.close()
    return "OK"


DO = {
    "SYST:DATE": _date,
    "SYST:DATE?": _date,
    "SYST:TIME": _time,
    "SYST:TIME?": _time,
    "SYST:ECHO": _echo,
    "SYST:ECHO?": _echo,
    "SYST:GUID": _guide,
    "SYST:GUID?": _guide,
    "SYST:LOC": _local,
    "SYST:INT?": _interpreter,
    "SYST:FITT?": _fitted,
    "SYST:CRAS?": _crash,
    "SYST:REST": _restart,
    "FORM:HUM": _human,
    "FORM:MACH": _machine,
    "DIAG:STAT?": _statistics,
}
