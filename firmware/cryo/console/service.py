"""Service mode by PIN. The PIN is a record in two slots (store/slots.py). No answer, note or telemetry holds it."""

from cryo.console import pin, topics
from cryo.core import mode, supervisor
from cryo.store import writing
from micropython import const

_LAST_WORDS_TICKS = const(30)  # for the answer to reach the host


def _slice(console, digest):
    """Do a tick's part of a digest; return the digest, or None to go on."""
    now = console.app.supervisor.mode
    return digest.poll(pin.A_TICK if pin.UNHURRIED >> now & 1 else pin.A_TICK_ELSEWHERE)


def _ended(console):
    """Return the error of a PIN whose mode ended before its digest."""
    return console.error(-221, "not while {}: nothing was changed".format(mode.NAMES[console.app.supervisor.mode]))


class _Entry:
    """Checks a PIN. The attempt was already counted as a wrong one, before the check.

    A right PIN writes a record of the newest version. One cut in between leaves the old record, with that attempt.
    """

    def __init__(self, console, store, record, text):
        self._console = console
        self._store = store
        self._record = record
        self._text = text
        self._salt = None  # of the record that takes the place of an older version's
        self._digest = pin.Digest(record[1], text, record[3])

    def poll(self):
        console = self._console
        if not console.app.supervisor.may_choose():
            return _ended(console)
        digest = _slice(console, self._digest)
        if digest is None:
            return None
        wrong, salt, expected, version = self._record
        if self._salt:
            salt = self._salt
        elif not pin.same(digest, expected):
            return _wrong(console, wrong + 1)
        elif version != pin.VERSION:
            self._salt = pin.new_salt()
            self._digest = pin.Digest(self._salt, self._text)
            return None
        sentence = writing.save(self._store, pin.packed(0, salt, digest))
        if sentence:
            return console.error(401, sentence)
        console.job = _Request(console)
        return None


class _Request:
    """Asks the supervisor for service mode, and says what came of it."""

    def __init__(self, console):
        self._console = console
        self._asked = False

    def poll(self):
        app = self._console.app
        if not self._asked:
            self._asked = True
            app.inputs.request = supervisor.SERVICE
            return None
        if app.supervisor.mode == mode.SERVICE:
            return "SERVICE"
        return self._console.error(-221, "not while " + mode.NAMES[app.supervisor.mode])


class _Setting:
    """Makes the record of a new PIN: of the first while the emergency stop is pressed, of another in service mode."""

    def __init__(self, console, store, text, first):
        self._console = console
        self._store = store
        self._first = first
        self._salt = pin.new_salt()
        self._digest = pin.Digest(self._salt, text)

    def poll(self):
        app = self._console.app
        if not (app.inputs.estop if self._first else app.supervisor.mode == mode.SERVICE):
            return _ended(self._console)
        digest = _slice(self._console, self._digest)
        if digest is None:
            return None
        sentence = writing.save(self._store, pin.packed(0, self._salt, digest))
        return self._console.error(401, sentence) if sentence else "OK"


class _Leaving:
    """Restarts into the prompt once the answer is out."""

    def __init__(self, console):
        self._app = console.app
        self._ticks = _LAST_WORDS_TICKS
        self._console = console

    def poll(self):
        if self._ticks == _LAST_WORDS_TICKS:
            self._console.reply("OK restarting to the prompt")
        self._ticks -= 1
        if not self._ticks:
            self._app.restart(True)
            return ""
        return None


def _record(console):
    """Return (store, record, None), or the error when the flash cannot be read: nobody can set another PIN then. The
    record is None when no PIN was ever set, or when every copy of it is damaged.
    """
    store = console.app.record("pin", pin.VERSION)
    payload, sentence = store.load()
    return store, pin.unpacked(payload), console.error(401, sentence) if store.unread else None


def _wrong(console, wrong):
    console.pin_failed_s = console.app.supervisor.session.uptime_s
    if wrong >= pin.LOCKED:
        return console.error(302, "wrong PIN: locked. The way back is in docs/console.md")
    return console.error(
        301, "wrong PIN: {} attempts are left, the next in {} s".format(pin.LOCKED - wrong, pin.WAIT_S[wrong])
    )


def _enter(console, text):
    s = console.app.supervisor
    if s.mode == mode.SERVICE:
        return "SERVICE"
    refused = topics.barred(console)
    if refused:
        return refused
    if not pin.fits(text):
        return console.error(-104, "a PIN has 4 to 10 digits")
    store, record, refused = _record(console)
    if refused:
        return refused
    if record is None:
        return console.error(304, "no PIN is set: press the emergency stop and send SERV:NEWP")
    wrong = record[0]
    if wrong >= pin.LOCKED:
        return console.error(302, "locked by wrong PINs. The way back is in docs/console.md")
    left_s = console.pin_failed_s + pin.WAIT_S[wrong] - s.session.uptime_s
    if left_s > 0:
        return console.error(302, "wait {} s".format(left_s))
    counted = pin.packed(wrong + 1, record[1], record[2], record[3])
    sentence = writing.save(store, counted)  # first: a reset gives no free attempt
    if sentence:
        return console.error(401, sentence)
    console.job = _Entry(console, store, record, text)
    return None


def _set(console, text):
    if not pin.fits(text):
        return console.error(-104, "a PIN has 4 to 10 digits")
    store, record, refused = _record(console)
    if refused:
        return refused
    first = console.app.supervisor.mode != mode.SERVICE
    if first:
        if record is not None:
            return console.error(303, "a PIN is set: enter service mode first (SERV:PIN)")
        if not console.app.inputs.estop:
            return console.error(303, "the first PIN is set while the emergency stop is pressed")
    console.job = _Setting(console, store, text, first)
    return None


def _leave(console, _):
    if console.app.supervisor.mode != mode.SERVICE:
        return console.error(-221, "not in service mode")
    console.request(supervisor.DISARM, 0, lambda s: "OK" if s.mode == mode.STANDBY else "REFUSED " + mode.NAMES[s.mode])


def _prompt(console, _):
    if console.app.supervisor.mode != mode.SERVICE:
        return console.error(303, "only in service mode (SERV:PIN)")
    if console.app.board.scratch is None:
        return console.error(-221, "this board remembers nothing over a reset")
    console.job = _Leaving(console)


DO = {
    "SERV:PIN": _enter,
    "SERV:NEWP": _set,
    "SERV:EXIT": _leave,
    "SERV:REPL": _prompt,
}
