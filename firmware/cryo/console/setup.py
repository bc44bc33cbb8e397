"""The commands of TREATment, which choose what is treated. Loaded at the first of them, and kept."""

from cryo.console import topics
from cryo.console.wording import missing, words_of
from cryo.core import presets, session
from cryo.limits import NEW_PATIENT_S
from cryo.store import notes


def _choosing(choose):
    """Return the command that chooses while nothing is armed."""

    def command(console, argument):
        return topics.barred(console) or choose(console, argument)

    return command


def _preset(console, word):
    p = console.app.supervisor.session
    if not word:
        return presets.PRESETS[p.preset][presets.NAME] if p.preset >= 0 else "NONE"
    for index, row in enumerate(presets.PRESETS):
        if row[presets.NAME] == word:
            if index != p.preset:
                p.level = -1
                p.attested = 0
            p.preset = index
            return "OK"
    return console.error(-224, "unknown preset {}: allowed {}".format(word, words_of(presets.PRESETS)))


def _is_open(s, row):
    """A level is locked where the table has none, or where its bursts are longer than this device may give."""
    return row is not None and (s.config is None or row[presets.CAP_US] <= s.config.burst_max_us)


def _open_levels(s):
    rows = presets.PRESETS[s.session.preset][presets.LEVELS]
    return ", ".join(str(n + 1) for n, row in enumerate(rows) if _is_open(s, row)) or "none"


def _level(console, word):
    s = console.app.supervisor
    p = s.session
    if not word:
        return str(p.level + 1) if p.level >= 0 else "NONE"
    if p.preset < 0:
        return console.error(-221, "choose the preset first (TREAT:PRES)")
    rows = presets.PRESETS[p.preset][presets.LEVELS]
    name = presets.PRESETS[p.preset][presets.NAME]
    if not word.isdigit() or not 1 <= int(word) <= len(rows):
        return console.error(-222, "unknown level {}: allowed {} for {}".format(word, _open_levels(s), name))
    if not _is_open(s, rows[int(word) - 1]):
        return console.error(-222, "level {} is locked for {}: allowed {}".format(word, name, _open_levels(s)))
    p.level = int(word) - 1
    return "OK"


def _site(console, word):
    p = console.app.supervisor.session
    if not word:
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
            return console.error(-224, "head, face and neck are never treated: allowed " + ", ".join(presets.SITES))
    return console.error(-224, "unknown site {}: allowed {}".format(word, ", ".join(presets.SITES)))


def _point(console, word):
    p = console.app.supervisor.session
    if not word:
        return str(p.point + 1) if p.point >= 0 else "NONE"
    if not word.isdigit() or not 1 <= int(word) <= presets.POINTS_PER_SITE:
        return console.error(-222, "unknown point {}: allowed 1 to {}".format(word, presets.POINTS_PER_SITE))
    p.point = int(word) - 1
    return "OK"


def _ready(console, _):
    p = console.app.supervisor.session
    if p.site < 0:
        return console.error(-221, "choose the site first (TREAT:SITE)")
    return ",".join([str(p.wait_s(point)) for point in range(presets.POINTS_PER_SITE)])


def _attest(console, words):
    p = console.app.supervisor.session
    if not words:
        rows = missing(p)
        return "MISSING " + "; ".join(w + ": " + text for w, _, text in rows) if rows else "COMPLETE"
    if p.preset < 0 or p.site < 0:
        return console.error(-221, "choose preset and site first: an attestation is given for them")
    mask = 0
    for word in words.split(","):
        bit = 0
        for row in presets.ATTESTATIONS:
            if row[0] == word.strip():
                bit = row[1]
        if not bit:
            allowed = words_of(presets.ATTESTATIONS)
            return console.error(-224, "unknown attestation {}: allowed {}".format(word, allowed))
        mask |= bit
    if mask & presets.TEMPLATE and not presets.APART[p.site]:
        text = "the marking template has no points for {}: attest without TEMPLATE, the rests stay long"
        return console.error(-221, text.format(presets.SITES[p.site]))
    p.attest(mask)
    return "OK"


def _new_session(console, _):
    app = console.app
    left_s = app.supervisor.session.renewal_s()
    if not app.supervisor.renew_session():
        text = "another patient takes {} s without a burst: {} s are left; each attestation is asked anew then"
        return console.error(-221, text.format(NEW_PATIENT_S, left_s))
    app.recorder.put(notes.CHANGE, (notes.PATIENT,))
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
        s.config.jet_k_mdegc * s.jet.kept // 1000,  # the learnt jet; the calibrated one when nothing was learnt
    )


DO = {
    "TREAT:PRES": _choosing(_preset),
    "TREAT:PRES?": _preset,
    "TREAT:LEV": _choosing(_level),
    "TREAT:LEV?": _level,
    "TREAT:SITE": _choosing(_site),
    "TREAT:SITE?": _site,
    "TREAT:POIN": _choosing(_point),
    "TREAT:POIN?": _point,
    "TREAT:READ?": _ready,
    "TREAT:ATT": _choosing(_attest),
    "TREAT:ATT?": _attest,
    "TREAT:NEW": _choosing(_new_session),
    "TREAT:RES?": _result,
}
