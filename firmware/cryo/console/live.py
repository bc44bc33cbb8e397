"""The commands that always work, also while armed and treating."""

from cryo import __version__, limits, remedies
from cryo.console import topics
from cryo.console.wording import baseline, cool_down, degc, missing, reading, rest, session_wait, words_of
from cryo.core import blockers, faults, guidance, mode, supervisor
from cryo.core.eye_guard import LOST
from cryo.core.reading import NAMES as STATUS_NAMES
from cryo.core.session import PROBE_SEAT, WRONG_NUMBERS_MAX
from micropython import const


def treating(s):
    """True while bursts may be given: then an answer must not make a tick late."""
    return mode.TREATING >> s.mode & 1


def _standing(s):
    """Return the bits of the blockers that count now, most important first."""
    treats = blockers.TO_START | blockers.TO_STAY | blockers.TO_TELL
    mask = s.blocked_by & (treats if treating(s) else blockers.TO_ARM)
    return [bit for bit in range(len(blockers.NAMES)) if mask & 1 << bit]


def _names(s):
    return ",".join([blockers.NAMES[bit] for bit in _standing(s)])


def _idn(console, _):
    config = console.app.supervisor.config
    return "CO2 cryotherapy applicator,{},{},{}".format(
        console.app.board.name, config.serial if config else "unprovisioned", __version__
    )


def _state(console, _):
    s = console.app.supervisor
    p = s.session
    return "STATE={};BLOCKERS={};FAULT={};POINT={};PASS={};BURSTS={};REACHED={};REST_S={};COOL_S={};HOLD_MM={}".format(
        mode.NAMES[s.mode],
        _names(s) or "NONE",
        faults.entry(s.faults.first)[1] if s.faults.first else "NONE",
        p.point + 1,
        p.passes,
        p.bursts,
        int(p.reached),
        p.rest_us() // 1_000_000,
        p.cool_down_s(),
        guidance.hold_mm(s) or "NONE",
    )


def _why(console, _):
    s = console.app.supervisor
    why = None
    if topics.loadable(console):
        from cryo.console import why
    said = []
    for bit in _standing(s):
        name = blockers.NAMES[bit]
        text = name + ": " + remedies.sentence(remedies.BLOCKERS + bit)
        more = why.detail(console, name) if why else ""
        said.append("{} ({})".format(text, more) if more else text)
    topics.drop("why")
    mm = guidance.hold_mm(s)
    if mm:
        said.append("HOLD: thick skin or strong jet: hold at {} mm".format(mm))
    if s.session.reason == PROBE_SEAT:
        todo = "dry the skin, check the nozzle, fix the probe flat to the skin, in the middle of the jet"
        said.append("PROBE_SEAT: " + todo)
    if said:
        return "; ".join(said)
    tells = s.session.row() and not treating(s)  # from the first burst on it would be wrong
    return "no blocker" + (_advice(console, s) if tells else "")


class _Temperatures:
    """Makes the answer with one reading a tick: all readings at once would make the next tick late."""

    def __init__(self, app):
        self._app = app
        self._said = []

    def poll(self):
        """Return the answer once it is whole."""
        said = self._said
        i = self._app.inputs
        n = len(said)
        if n < 3:
            said.append(reading(("SKIN", "NOZZLE", "INFRARED")[n], (i.skin, i.nozzle, i.infrared)[n]))
            return None
        s = self._app.supervisor
        said.append("PREDICTED=" + (degc(s.observer.surface_mdegc) if s.session.point_open else "NONE"))
        return ";".join(said)


def _temperature(console, _):
    console.job = _Temperatures(console.app)


def _figures(name, r):
    if r.status:
        return "{}={}".format(name, STATUS_NAMES[r.status])
    return "{}={},{},#{},{}ms".format(
        name,
        degc(r.raw_mdegc) if r.raw_mdegc is not None else "NONE",
        degc(r.cold_junction_mdegc) if r.cold_junction_mdegc is not None else "NONE",
        r.sequence,
        r.age_us // 1000,
    )


def _raw(console, _):
    i = console.app.inputs
    return ";".join((_figures("SKIN", i.skin), _figures("NOZZLE", i.nozzle), _figures("INFRARED", i.infrared)))


def _quantity(q, unit):
    return "INVALID" if q.status else "{} {}".format(q.value, unit)


def _distance(console, _):
    return _quantity(console.app.inputs.distance, "mm")


def _pressure(console, _):
    i = console.app.inputs
    return "BOTTLE={};LINE={}".format(_quantity(i.bottle, "mbar"), _quantity(i.line, "mbar"))


def _room(console, _):
    return _quantity(console.app.inputs.room, "ppm")


def _ages(console, _):
    i = console.app.inputs
    rows = (("DISTANCE", i.distance), ("BOTTLE", i.bottle), ("LINE", i.line), ("ROOM", i.room))
    return ";".join([name + "=" + ("INVALID" if q.status else str(q.age_us // 1000) + "ms") for name, q in rows])


def _refusal(console, s):
    console.note(101)
    rows = missing(s.session)
    text = "REFUSED " + (_names(s) or "state " + mode.NAMES[s.mode])
    if s.blocked_by & blockers.ATTESTATION and rows:
        text += "; missing attestation " + words_of(rows)
    if s.blocked_by & blockers.SESSION:
        text += "; " + session_wait(s)
    if s.blocked_by & blockers.COOL_DOWN:
        text += "; COOL_DOWN: " + cool_down(s)
    if s.blocked_by & blockers.REST:
        text += "; REST: " + rest(s)
    if s.blocked_by & blockers.BASELINE:
        text += "; BASELINE: " + baseline(s, console.app.inputs)
    return text + "; STAT:WHY? tells what to do"


_SOONER_S = const(5)  # [E] at another distance, and it is said


def _advice(console, s):
    """Say before the start how long the level will take at this distance, and what would make it faster."""
    if s.eye.range == LOST:
        return "; no distance yet: asked over the skin, ARM:REQ says how long the target takes"
    bottle = console.app.inputs.bottle
    if bottle.status:
        return ""  # the sensor fell silent after the decision: the next tick ends the request
    mm = s.eye.mm
    here_s = guidance.target_s(s, mm, bottle.value)
    best_mm = guidance.best_mm(s)
    best_s = guidance.target_s(s, best_mm, bottle.value)
    text = "; about {} s at {} mm".format(here_s, mm) if here_s else "; the target may not be reached"
    if best_s and (not here_s or here_s >= best_s + _SOONER_S):
        text += ": hold at {} mm: about {} s".format(best_mm, best_s)
    elif not here_s and s.session.level:
        text += ": choose a lower level"
    if guidance.jet_pm(bottle.value) < guidance.WEAK_PM:
        text += "; a warmer bottle is faster ({} bar)".format(bottle.value // 1000)
    return text


def _arm(console, _):
    topics.forget()  # before the collection that precedes READY
    console.request(
        supervisor.ARM,
        0,
        lambda s: "READY {}{}".format(s.nonce, _advice(console, s)) if s.mode == mode.READY else _refusal(console, s),
    )


def _confirm(console, word):
    if not word.isdigit() or len(word) > 6:
        return console.error(-104, "confirm with the number that ARM:REQ gave")
    console.request(supervisor.CONFIRM, int(word), lambda s: "ARMED" if s.mode == mode.ARMED else _unarmed(console, s))


def _unarmed(console, s):
    console.note(101)
    text = "REFUSED not armed: state " + mode.NAMES[s.mode]
    if s.loop_due:
        text += "; its loop test did not run: close the eye shield, ARM:OFF, request anew"
    wrong = s.session.wrong_numbers
    if s.mode == mode.READY and wrong:
        text += "; wrong number, {} more end the request".format(WRONG_NUMBERS_MAX - wrong)
    elif wrong >= WRONG_NUMBERS_MAX:
        text += "; {} wrong numbers ended the request: ARM:REQ gives another one".format(WRONG_NUMBERS_MAX)
    return text


def _disarm(console, _):
    console.request(supervisor.DISARM, 0, lambda s: "OK")


def _fault(console, _):
    f = console.app.supervisor.faults
    if not f.first:
        return "NONE"
    first = faults.entry(f.first)
    return "{} {};ALSO={};REMEDY={}".format(
        first[0], first[1], faults.others(f.latched, f.first), remedies.sentence(f.first)
    )


def _acknowledge(console, _):
    console.request(supervisor.ACKNOWLEDGE, 0, lambda s: _acknowledged(console, s))


def _acknowledged(console, s):
    if not s.faults.first:
        return "OK"
    console.note(102)
    return "REFUSED " + _fault(console, "")


def _valves(console, _):
    s = console.app.supervisor
    v = s.valves
    left = limits.PROOF_TEST_BURSTS - v.bursts
    return "DOSE={};SHUTOFF={};PROOF={};BURSTS_LEFT={}".format(
        v.dose_cycles, v.shutoff_cycles, "DUE" if v.due(s.session.uptime_s) else "DONE", left if left > 0 else 0
    )


# --- what every instrument has (IEEE 488.2, the status model of SCPI) -------------------------------------------------
_NO_MASK = "give the sum of the bits, 0 to 255"
_FAULT = const(500)  # plus a fault's code, as line.py notes it
_TEXTS = {
    0: "No error",
    -101: "Invalid character",
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -131: "Invalid suffix",
    -200: "Execution error",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    101: "Not armed",
    102: "Fault not cleared",
    201: "Check sum wrong",
    202: "Check sum needed",
    203: "Sequence number",
    301: "Wrong PIN",
    302: "PIN locked",
    303: "Service mode needed",
    304: "No PIN",
    401: "Not stored",
    402: "Measurement not accepted",
}


def _oldest(console, _):
    number = console.errors.pop(0) if console.errors else 0
    text = "Fault " + faults.entry(number - _FAULT)[1] if number > _FAULT else _TEXTS[number]
    return '{},"{}"'.format(number, text)


def _clear(console, _):
    console.errors = []
    console.events = 0
    return "OK"


def _events(console, _):
    events = console.events
    console.events = 0
    return str(events)


def _completed(console, _):
    console.events |= 1
    return "OK"


def _status_byte(console, _):
    s = console.app.supervisor
    byte = (
        (128 if treating(s) else 0)
        | (32 if console.events & console.events_told else 0)
        | (8 if s.faults.first else 0)
        | (4 if console.errors else 0)
    )
    return str(byte | 64 if byte & console.status_asked else byte)


def _mask(console, word):
    """Return (a mask of 8 bits, None), or (None, the error's answer)."""
    if not word.isdigit():
        return None, console.error(-104, _NO_MASK)
    if len(word) > 3 or int(word) > 255:
        return None, console.error(-222, _NO_MASK)
    return int(word), None


def _tell_events(console, word):
    if not word:
        return str(console.events_told)
    mask, refused = _mask(console, word)
    if refused:
        return refused
    console.events_told = mask
    return "OK"


def _ask_status(console, word):
    if not word:
        return str(console.status_asked)
    mask, refused = _mask(console, word)
    if refused:
        return refused
    console.status_asked = mask & ~64  # the bit that sums up the others is no reason by itself
    return "OK"


def _self_test(console, _):
    found = console.app.inputs.self_test
    if found == 1:
        return console.error(-221, "the self-test is still running")
    return "1" if found else "0"


def _reset(console, _):
    console.request(supervisor.DISARM, 0, lambda s: _forgotten(console, s))


def _forgotten(console, s):
    if not s.may_choose():
        return topics.barred(console)
    console.human = False
    if console.telemetry:
        console.telemetry.period = 0
    p = s.session
    p.preset = p.level = p.site = p.point = -1
    p.attested = 0
    return "OK"


def _stream(console, word):
    telemetry = console.telemetry
    if not word:
        return "{} ms".format(telemetry.period * 10) if telemetry and telemetry.period else "OFF"
    if word == "OFF":
        if telemetry:
            telemetry.period = 0
        return "OK"
    if not topics.loadable(console):
        return console.error(-221, "telemetry is started before arming")
    from cryo.console import telemetry as module

    telemetry = module.start(console, word)
    return telemetry if isinstance(telemetry, str) else "OK"


DO = {
    "*IDN?": _idn,
    "*CLS": _clear,
    "*RST": _reset,
    "*TST?": _self_test,
    "*OPC": _completed,
    "*OPC?": lambda console, _: "1",
    "*WAI": lambda console, _: "OK",
    "*ESE": _tell_events,
    "*ESE?": _tell_events,
    "*ESR?": _events,
    "*SRE": _ask_status,
    "*SRE?": _ask_status,
    "*STB?": _status_byte,
    "SYST:ERR?": _oldest,
    "TEST?": lambda console, _: console.app.loop_test.answer(console.app.tested),
    "STAT?": _state,
    "STAT:WHY?": _why,
    "STAT:VALV?": _valves,
    "MEAS:TEMP?": _temperature,
    "MEAS:RAW?": _raw,
    "MEAS:DIST?": _distance,
    "MEAS:PRES?": _pressure,
    "MEAS:ROOM?": _room,
    "MEAS:AGE?": _ages,
    "ARM:REQ": _arm,
    "ARM:CONF": _confirm,
    "ARM:OFF": _disarm,
    "STOP": _disarm,
    "FAULT?": _fault,
    "FAULT:ACK": _acknowledge,
    "STRM": _stream,
    "STRM?": _stream,
}
