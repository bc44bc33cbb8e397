"""The command table and what each command does. Short forms are the capitals of the long ones, as in SCPI."""

import sys

from cryo import __version__, limits
from cryo.config import nearest
from cryo.core import blockers, faults, mode, presets, resets, session, supervisor
from cryo.core.reading import NAMES as STATUS_NAMES


def _degc(mdegc):
    sign = "-" if mdegc < 0 else ""
    mdegc = abs(mdegc)
    return "{}{}.{:02d}".format(sign, mdegc // 1000, mdegc % 1000 // 10)


def _error(number, text):
    return "ERROR {} {}".format(number, text)


def _words(rows):
    return ", ".join(row[0] for row in rows)


def treating(s):
    """True while bursts may be given: then an answer must not make a tick late."""
    return s.mode in (mode.ARMED, mode.DELIVERING, mode.REST)


def _standing(s):
    """Return the rows of the blockers that count now, most important first."""
    treats = blockers.TO_START | blockers.TO_STAY | blockers.TO_TELL
    mask = s.blocked_by & (treats if treating(s) else blockers.TO_ARM)
    return tuple(row for bit, row in enumerate(blockers.NAMES) if mask & 1 << bit)


def _help(console, _):
    return "; ".join(long + (" " + hint if hint else "") for long, hint, _ in TABLE)


def _idn(console, _):
    config = console.app.supervisor.config
    return "CO2 cryotherapy applicator,{},{},{}".format(
        console.app.board.name, config.serial if config else "unprovisioned", __version__
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


def _restart(console, _):
    if not console.app.supervisor.may_choose():  # a fault that asks to be switched off is not to be restarted away
        return _choosable(console)
    console.app.restart()


def _state(console, _):
    s = console.app.supervisor
    p = s.session
    return "STATE={};BLOCKERS={};FAULT={};POINT={};PASS={};BURSTS={};REACHED={};REST_S={};COOL_S={}".format(
        mode.NAMES[s.mode],
        ",".join(row[0] for row in _standing(s)) or "NONE",
        faults.entry(s.faults.first)[1] if s.faults.first else "NONE",
        p.point + 1,
        p.passes,
        p.bursts,
        int(p.reached),
        p.rest_left_us // 1_000_000,
        p.cool_down_s(),
    )


def _why(console, _):
    rows = _standing(console.app.supervisor)
    return "; ".join(name + ": " + text for name, text in rows) or "nothing stands against it"


def _reading(name, r):
    if r.status:
        return "{}={}".format(name, STATUS_NAMES[r.status])
    return "{}={},{}ms".format(name, _degc(r.value_mdegc), r.age_us // 1000)


def _temperature(console, _):
    s = console.app.supervisor
    i = console.app.inputs
    predicted = _degc(s.observer.surface_mdegc) if s.session.point_open else "NONE"
    return "{};{};{};PREDICTED={}".format(
        _reading("SKIN", i.skin), _reading("NOZZLE", i.nozzle), _reading("INFRARED", i.infrared), predicted
    )


def _quantity(q, unit):
    return "INVALID" if q.status else "{} {}".format(q.value, unit)


def _distance(console, _):
    return _quantity(console.app.inputs.distance, "mm")


def _pressure(console, _):
    i = console.app.inputs
    return "BOTTLE={};LINE={}".format(_quantity(i.bottle, "mbar"), _quantity(i.line, "mbar"))


def _room(console, _):
    return _quantity(console.app.inputs.room, "ppm")


def _choosable(console):
    if console.app.supervisor.may_choose():
        return None
    return _error(-221, "not while {}: disarm first (ARM:OFF)".format(mode.NAMES[console.app.supervisor.mode]))


def _preset(console, word):
    p = console.app.supervisor.session
    if word is None:
        return presets.PRESETS[p.preset][presets.NAME] if p.preset >= 0 else "NONE"
    for index, row in enumerate(presets.PRESETS):
        if row[presets.NAME] == word:
            if index != p.preset:
                p.level = -1
                p.attested = 0
            p.preset = index
            return "OK"
    return _error(-224, "unknown preset {}: allowed {}".format(word, _words(presets.PRESETS)))


def _is_open(s, row):
    """A level is locked where the table has none, or where its bursts are longer than this device may give."""
    return row is not None and (s.config is None or row[presets.CAP_US] <= s.config.burst_max_us)


def _open_levels(s):
    rows = presets.PRESETS[s.session.preset][presets.LEVELS]
    return ", ".join(str(n + 1) for n, row in enumerate(rows) if _is_open(s, row)) or "none"


def _level(console, word):
    s = console.app.supervisor
    p = s.session
    if word is None:
        return str(p.level + 1) if p.level >= 0 else "NONE"
    if p.preset < 0:
        return _error(-221, "choose the preset first (TREAT:PRES)")
    rows = presets.PRESETS[p.preset][presets.LEVELS]
    name = presets.PRESETS[p.preset][presets.NAME]
    if not word.isdigit() or not 1 <= int(word) <= len(rows):
        return _error(-222, "unknown level {}: allowed {} for {}".format(word, _open_levels(s), name))
    if not _is_open(s, rows[int(word) - 1]):
        return _error(-222, "level {} is locked for {}: allowed {}".format(word, name, _open_levels(s)))
    p.level = int(word) - 1
    return "OK"


def _site(console, word):
    p = console.app.supervisor.session
    if word is None:
        return presets.SITES[p.site] if p.site >= 0 else "NONE"
    if word in presets.SITES:
        index = presets.SITES.index(word)
        if index != p.site:
            p.attested = 0
            p.point = -1
        p.site = index
        return "OK"
    for part in presets.FORBIDDEN_SITES:
        if part in word.split("-"):
            return _error(-224, "head, face and neck are never treated: allowed " + ", ".join(presets.SITES))
    return _error(-224, "unknown site {}: allowed {}".format(word, ", ".join(presets.SITES)))


def _point(console, word):
    p = console.app.supervisor.session
    if word is None:
        return str(p.point + 1) if p.point >= 0 else "NONE"
    if not word.isdigit() or not 1 <= int(word) <= presets.POINTS_PER_SITE:
        return _error(-222, "unknown point {}: allowed 1 to {}".format(word, presets.POINTS_PER_SITE))
    p.point = int(word) - 1
    return "OK"


def _missing(p):
    if p.preset < 0:
        return ()
    need = presets.PRESETS[p.preset][presets.ATTEST] & ~p.attested
    return tuple(row for row in presets.ATTESTATIONS if row[1] & need)


def _attest(console, words):
    p = console.app.supervisor.session
    if words is None:
        missing = _missing(p)
        return "MISSING " + "; ".join(w + ": " + text for w, _, text in missing) if missing else "COMPLETE"
    if p.preset < 0 or p.site < 0:
        return _error(-221, "choose preset and site first: an attestation is given for them")
    mask = 0
    for word in words.split(","):
        bit = 0
        for row in presets.ATTESTATIONS:
            if row[0] == word.strip():
                bit = row[1]
        if not bit:
            return _error(-224, "unknown attestation {}: allowed {}".format(word, _words(presets.ATTESTATIONS)))
        mask |= bit
    p.attested |= mask
    return "OK"


def _new_session(console, _):
    console.app.supervisor.renew_session()
    return "OK"


def _result(console, _):
    s = console.app.supervisor
    p = s.session
    if not p.bursts and not p.point_open:
        return "NONE"
    return "POINT={};REASON={};REACHED={};BURSTS={};VALVE_ON_US={};DURATION_MS={};PASSES={};JET_K={}".format(
        p.point + 1,
        session.REASONS[p.reason],
        int(p.reached),
        p.bursts,
        p.point_valve_on_us,
        p.point_us // 1000,
        p.passes,
        s.config.jet_k_mdegc * s.jet.kept // 1000,  # as learnt; calibrated where nothing was
    )


def _refusal(s):
    missing = _missing(s.session)
    text = "REFUSED " + (",".join(row[0] for row in _standing(s)) or "state " + mode.NAMES[s.mode])
    if s.blocked_by & blockers.ATTESTATION and missing:
        text += "; missing attestation " + _words(missing)
    return text + "; STAT:WHY? tells what to do"


def _advice(s):
    """Say before the start when the jet is too weak at this distance for the level's target."""
    need = s.session.row()[presets.REACH_K_MDEGC]
    if need and s.k_here_mdegc() < need:
        return "; the target may not be reached from this distance: come closer"
    return ""


def _arm(console, _):
    console.request(
        supervisor.ARM,
        0,
        lambda s: "READY {}{}".format(s.nonce, _advice(s)) if s.mode == mode.READY else _refusal(s),
    )


def _confirm(console, word):
    if not word.isdigit() or len(word) > 6:
        return _error(-104, "confirm with the number that ARM:REQ gave")
    console.request(
        supervisor.CONFIRM,
        int(word),
        lambda s: "ARMED"
        if s.mode == mode.ARMED
        else "REFUSED not armed: state "
        + mode.NAMES[s.mode]
        + ("; its loop test did not run: close the eye shield, ARM:OFF, request anew" if s.loop_due else ""),
    )


def _disarm(console, _):
    console.request(supervisor.DISARM, 0, lambda s: "OK")


def _fault(console, _):
    f = console.app.supervisor.faults
    if not f.latched:
        return "NONE"
    first = faults.entry(f.first)
    others = ",".join(row[1] for row in faults.REGISTRY if f.latched & 1 << row[0] and row[0] != f.first)
    return "{} {};ALSO={};REMEDY={}".format(first[0], first[1], others or "NONE", first[4])


def _acknowledge(console, _):
    console.request(
        supervisor.ACKNOWLEDGE,
        0,
        lambda s: "OK" if not s.faults.latched else "REFUSED " + _fault(console, None),
    )


def _valves(console, _):
    s = console.app.supervisor
    v = s.valves
    left = limits.PROOF_TEST_BURSTS - v.bursts
    return "DOSE={};SHUTOFF={};PROOF={};BURSTS_LEFT={}".format(
        v.dose_cycles, v.shutoff_cycles, "DUE" if v.due(s.session.uptime_s) else "DONE", left if left > 0 else 0
    )


# long form with the short one in capitals; hint of the argument, None when it takes none; function(console, argument)
TABLE = (
    ("HELP?", None, _help),
    ("*IDN?", None, _idn),
    ("SYSTem:INTerpreter?", None, _interpreter),
    ("SYSTem:CRASh?", None, _crash),
    ("SYSTem:RESTart", None, _restart),
    ("TEST?", None, lambda console, _: console.app.loop_test.answer(console.app.tested)),
    ("STATus?", None, _state),
    ("STATus:WHY?", None, _why),
    ("STATus:VALVes?", None, _valves),
    ("MEASure:TEMPerature?", None, _temperature),
    ("MEASure:DISTance?", None, _distance),
    ("MEASure:PRESsure?", None, _pressure),
    ("MEASure:ROOM?", None, _room),
    ("TREATment:PRESet", "name", _preset),
    ("TREATment:LEVel", "1..5", _level),
    ("TREATment:SITE", "name", _site),
    ("TREATment:POINt", "1..8", _point),
    ("TREATment:ATTestation", "word,word", _attest),
    ("TREATment:NEW", None, _new_session),
    ("TREATment:RESult?", None, _result),
    ("ARM:REQuest", None, _arm),
    ("ARM:CONFirm", "number", _confirm),
    ("ARM:OFF", None, _disarm),
    ("STOP", None, _disarm),
    ("FAULT?", None, _fault),
    ("FAULT:ACKnowledge", None, _acknowledge),
)

_CHOICES = (_preset, _level, _site, _point, _attest, _new_session)


def _spellings(long):
    """Return every mix of long and short parts of a command, the long form first."""
    out = [""]
    for part in long.split(":"):
        short = "".join(ch for ch in part if not "a" <= ch <= "z")
        forms = (part.upper(),) if short == part else (part.upper(), short)
        out = [head + ":" + form if head else form for head in out for form in forms]
    return out


_FORMS = {}
_WORDS = []  # in the table's order, which a dictionary does not keep everywhere
for _row in TABLE:
    for _spelling in _spellings(_row[0]):
        _FORMS[_spelling] = (_row[1], _row[2])
        _WORDS.append(_spelling)


def execute(console, line):
    """Execute one line; return its answer, or None when the answer follows after the next tick."""
    head, _, argument = line.partition(" ")
    word = head.upper()
    argument = argument.strip().upper()
    query = False
    found = _FORMS.get(word)
    if found is None and word.endswith("?"):
        found = _FORMS.get(word[:-1])
        query = found is not None and found[0] is not None
        if not query:
            found = None
    if found is None and treating(console.app.supervisor):
        return _error(-113, "unknown command " + head)  # to look for the nearest takes ten ticks
    if found is None:
        return _error(-113, "unknown command {}: nearest is {}".format(head, nearest(word, _WORDS)))
    hint, do = found
    if query or hint is None:
        if argument:
            return _error(-108, "{} takes no argument".format(word))
        if do is _new_session:
            return _choosable(console) or do(console, None)
        if query and do not in _CHOICES:
            return _error(-113, "{} cannot be asked".format(word))
        return do(console, None)
    if not argument:
        return _error(-109, "{} needs an argument: {}".format(word, hint))
    if do in _CHOICES:
        return _choosable(console) or do(console, argument)
    return do(console, argument)
