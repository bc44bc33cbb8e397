"""The device's log: read record by record while not armed, cleared in service mode."""

from cryo.core import faults, mode, presets, resets, session
from cryo.store import dates, journal, notes
from micropython import const

_MOST = const(4)  # records an answer
_ENDED = ("POWER", "ASKED", "CRASHED", "UNREADABLE")  # of resets.ENDED_...


def _journal(console):
    """Return (Journal, None), or (None, an error's answer)."""
    try:
        return journal.Journal(console.app.board.files), None
    except OSError as error:
        return None, _unread(console, error)


def _unread(console, error):
    return console.error(401, "the log cannot be read: OSError {}".format(error.args[0]))


def _numbers(text):
    """Return (from or None, count), or None."""
    first, comma, count = [part.strip() for part in text.partition(",")]
    for part in (first, count):
        if part and (not part.isdigit() or len(part) > 10):
            return None
    if comma and not count:
        return None
    return int(first) if first else None, int(count) if count else 1


def _ask(console, text):
    given = _numbers(text)
    if given is None:
        return console.error(-104, "write it as from,count: sequence numbers are whole")
    sequence, count = given
    if not 1 <= count <= _MOST or (sequence or 0) > journal.MASK:
        return console.error(-222, "1 to {} records at a time".format(_MOST))
    found, refused = _journal(console)
    if found is None:
        return refused
    if sequence is None:
        sequence = found.first() or 0
    try:
        records = found.since(sequence, count)
    except OSError as error:
        return _unread(console, error)
    return "\n".join([as_line(record) for record in records]) or "NONE"


def _count(console, _):
    found, refused = _journal(console)
    if found is None:
        return refused
    first = found.first()
    last = "NONE" if first is None else found.next() - 1 & journal.MASK
    return "FIRST={};LAST={};LOST={}".format("NONE" if first is None else first, last, console.app.recorder.lost)


def _status(console, _):
    r = console.app.recorder
    return "WAITING={};FAILED={};PROBLEM={}".format(r.waiting, r.failed, r.problem)


class _Clearing:
    """Waits until the log says that it was cleared."""

    def __init__(self, console):
        self._console = console
        self._failed = console.app.recorder.failed

    def poll(self):
        r = self._console.app.recorder
        if r.failed != self._failed:
            return self._console.error(401, "not cleared yet, " + r.problem + "; it is tried again")
        return None if r.waiting else "OK"


def _clear(console, _):
    if console.app.supervisor.mode != mode.SERVICE:
        return console.error(303, "the log is cleared in service mode (SERV:PIN)")
    if not console.app.recorder.put(notes.CLEARED):
        return console.error(401, "too much waits to be written: LOG:STAT? tells why")
    console.job = _Clearing(console)
    return None


# --- a record as text -------------------------------------------------------------------------------------------------
def as_line(record):
    """Return a record (journal.unpacked) as one line of KEY=VALUE."""
    sequence, kind, day, second, uptime_s = record[:5]
    name, figures = _KINDS.get(kind, ("KIND" + str(kind), _plain))
    return "NO={};KIND={};DATE={};TIME={};UPTIME_S={}{}".format(
        sequence,
        name,
        dates.text(day) if 0 <= day <= dates.LAST else "UNKNOWN",
        "{:02d}:{:02d}:{:02d}".format(second // 3600, second // 60 % 60, second % 60) if second >= 0 else "UNKNOWN",
        uptime_s,
        "".join([";{}={}".format(key, value) for key, value in figures(record[5:])]),
    )


def _named(names, n):
    return names[n] if 0 <= n < len(names) else n


def _mdegc(value):
    return "NONE" if value == notes.NONE else value


def _fault(code):
    row = faults.entry(code)
    return row[1] if row else code or "NONE"


def _point(f):
    preset = f[0] & 15
    return (
        ("PRESET", presets.PRESETS[preset][presets.NAME] if preset < len(presets.PRESETS) else preset),
        ("LEVEL", (f[0] >> 4 & 15) + 1),
        ("SITE", _named(presets.SITES, f[0] >> 8 & 255)),
        ("POINT", (f[0] >> 16 & 15) + 1),
        ("END", _named(session.REASONS, f[0] >> 20 & 15)),
        ("REACHED", f[0] >> 24 & 1),
        ("PASSES", f[1] & 255),
        ("BURSTS", f[1] >> 8),
        ("VALVE_ON_MS", f[2]),
        ("TIME_MS", f[3]),
        ("SKIN_MDEGC", _mdegc(f[4])),
        ("SURFACE_MDEGC", _mdegc(f[5])),
        ("TARGET_MDEGC", f[6]),
        ("FLOOR_MDEGC", f[7]),
    )


def _latched(f):
    latched = faults.Codes()
    latched.low, latched.high = f[2], f[3]
    others = faults.others(latched, f[0])
    return (
        ("CODE", f[0]),
        ("FAULT", _fault(f[0])),
        ("MODE", _named(mode.NAMES, f[1])),
        ("ALSO", others),
    )


def _start(f):
    out = (("ENDED", _named(_ENDED, f[0])), ("RESTARTS", f[4]))
    out += (("VERSION", "{}.{}.{}".format(f[5] >> 20, f[5] >> 10 & 1023, f[5] & 1023)),)
    if f[0] == resets.ENDED_CRASHED:
        out += (("MODE", _named(mode.NAMES, f[1])), ("FAULT", _fault(f[2])), ("CRASH_UPTIME_S", f[3]))
    return out


def _letters(figures):
    return b"".join([four.to_bytes(4, "little") for four in figures]).rstrip(b"\0").decode().upper()


def _change(f):
    if f[0] == notes.CALIBRATION:
        return ("WHAT", "CALIBRATION"), ("CHANGED", _letters(f[3:5])), ("VALUE", f[1]), ("DUE", dates.text(f[2]))
    if f[0] == notes.DATE:
        return ("WHAT", "DATE"), ("CHANGED", dates.text(f[2]) + " TO " + dates.text(f[1]))
    if f[0] == notes.PATIENT:
        return (("WHAT", "PATIENT"),)
    key = _letters(f[2:])
    if not key:
        return ("WHAT", "SETTINGS"), ("CHANGED", "{} SETTINGS".format(f[1]))
    return ("WHAT", "SETTINGS"), ("CHANGED", key), ("VALUE", f[1])


def _plain(f):
    return (("FIGURES", ",".join([str(value) for value in f])),)


_KINDS = {
    notes.POINT: ("POINT", _point),
    notes.FAULT: ("FAULT", _latched),
    notes.START: ("START", _start),
    notes.CHANGE: ("CHANGE", _change),
    notes.LOST: ("LOST", lambda f: (("COUNT", f[0]),)),
    notes.CLEARED: ("CLEARED", lambda f: ()),
}

DO = {
    "LOG?": _ask,
    "LOG:COUN?": _count,
    "LOG:STAT?": _status,
    "LOG:CLE": _clear,
}
