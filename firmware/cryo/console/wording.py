"""Parts of answers that several modules of commands make."""

from cryo import limits
from cryo.core import blockers, presets
from cryo.core.reading import NAMES as STATUS_NAMES


def degc(mdegc):
    """Return a temperature in degC with two digits."""
    sign = "-" if mdegc < 0 else ""
    mdegc = abs(mdegc)
    return "{}{}.{:02d}".format(sign, mdegc // 1000, mdegc % 1000 // 10)


def words_of(rows):
    """Return the names of the rows."""
    return ", ".join(row[0] for row in rows)


def reading(name, r):
    """Return a temperature's field: value and age, or why there is none."""
    if r.status:
        return "{}={}".format(name, STATUS_NAMES[r.status])
    return "{}={},{}ms".format(name, degc(r.value_mdegc), r.age_us // 1000)


def missing(p):
    """Return the rows of the attestations that session p still needs."""
    if p.preset < 0:
        return ()
    need = presets.PRESETS[p.preset][presets.ATTEST] & ~p.attested
    return tuple(row for row in presets.ATTESTATIONS if row[1] & need)


def session_wait(s):
    """Say how long it takes until the session may give gas again, or another one may begin."""
    left_s = s.session.used_up_s()
    if left_s:
        given = (limits.SESSION_VALVE_ON_MAX_MS // 1000, limits.SESSION_MAX_S // 60, left_s)
        return "{} s of gas were given in {} minutes: wait {} s".format(*given)
    return "for another patient TREAT:NEW, in {} s".format(s.session.renewal_s())


def cool_down(s):
    """Say how long the chosen point must still recover."""
    if s.session.site < 0 or s.session.point < 0:
        return "choose site and point first"
    return "{} s left".format(s.session.cool_down_s())


def rest(s):
    """Say how long the rest before the chosen point still takes."""
    return "{} s left".format(s.session.rest_us() // 1_000_000 + 1)


def baseline(s, i):
    """Say what both sensors read of the skin before treatment, and what is allowed."""
    reduced = s.session.reduced()
    low, high = blockers.baseline_min_mdegc(reduced), blockers.baseline_max_mdegc(reduced)
    return "{}, {}; allowed {} to {} degC".format(
        reading("SKIN", i.skin), reading("INFRARED", i.infrared), degc(low), degc(high)
    )
