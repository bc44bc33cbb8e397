"""What STAT:WHY? adds to a blocker's sentence while nothing is armed: the value now, the allowed range, the time that
remains, the command that clears it. Loaded for the question and dropped again.
"""

from cryo import limits
from cryo.console.wording import baseline, cool_down, degc, missing, reading, rest, session_wait, words_of
from cryo.core import blockers, faults, presets


def detail(console, name):
    """Return the addition to the sentence of a blocker; "" when there is none."""
    make = _OF.get(name)
    return make(console.app.supervisor, console.app.inputs) if make else ""


def _fault(s, _):
    return "{}; once its cause is gone: FAULT:ACK".format(faults.entry(s.faults.first)[1])


def _skin(_, i):
    return "{}, at most {} ms old".format(reading("SKIN", i.skin), blockers.SKIN_AGE_MAX_US // 1000)


def _bottle(_, i):
    return _quantity(i.bottle, "mbar")


def _quantity(q, unit):
    return "now no reading" if q.status else "now {} {}".format(q.value, unit)


def _room(_, i):
    return _quantity(i.room, "ppm")


def _setup(s, _):
    p = s.session
    rows = (("PRES", p.preset), ("LEV", p.level), ("SITE", p.site), ("POIN", p.point))
    return "missing: " + ", ".join(["TREAT:" + word for word, chosen in rows if chosen < 0])


def _attestation(s, _):
    rows = missing(s.session)
    return "missing: TREAT:ATT " + words_of(rows) if rows else "they come after the preset"


def _cool_down(s, _):
    return cool_down(s)


def _rest(s, _):
    p = s.session
    text = rest(s)
    ready = [str(point + 1) for point in range(presets.POINTS_PER_SITE) if not p.wait_s(point)]
    return text + ("; ready now: point " + ", ".join(ready) if ready else "")


def _contact(s, i):
    return "{}, {}; at most {} degC apart".format(
        reading("SKIN", i.skin), reading("INFRARED", i.infrared), degc(limits.INFRARED_REST_MDEGC)
    )


_OF = {
    "FAULT": _fault,
    "SELF_TEST": lambda s, i: "TEST? names the part",
    "UNPROVISIONED": lambda s, i: "in service mode: CONF, CONF:SAVE",
    "CALIBRATION": lambda s, i: "CAL:LIST? has the due dates; SYST:DATE and SYST:TIME set the clock",
    "SKIN_PROBE": _skin,
    "BOTTLE": _bottle,
    "ROOM_GAS": _room,
    "SETUP": _setup,
    "ATTESTATION": _attestation,
    "SESSION": lambda s, i: session_wait(s),
    "COOL_DOWN": _cool_down,
    "REST": _rest,
    "BASELINE": baseline,
    "ROOM_AIR": _room,
    "CONTACT": _contact,
}
