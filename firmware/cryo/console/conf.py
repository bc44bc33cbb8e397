"""Settings: shown at any time while not armed, staged and saved in service mode. Saved settings are in force after the
next start (SYST:REST).
"""

from cryo import config
from cryo.console.units import scaled
from cryo.core import mode
from cryo.store import notes
from cryo.store.settings import BY_CALIBRATION, as_dict, save, stored

_NOTED = 4  # this many notes at one time: the log's queue is short
_LETTERS = 24
_FIXED = ("simulated",)  # no setting: the board itself knows what it is


def _row(key):
    for row in config.FIELDS:
        if row[0] == key:
            return row
    return None


def _shown(key, value, unit):
    return "{}={}{}{}".format(key.upper(), value, " " if unit else "", unit)


def _unknown(console, key):
    known = tuple(row[0] for row in config.FIELDS)
    near = config.nearest(key, known).upper()
    return console.error(-224, "unknown setting {}: nearest is {}".format(key.upper(), near))


def _ask(console, word):
    device = console.app.supervisor.config
    if device is None:
        return console.error(-221, console.app.board.config_error)
    if not word:
        return ";".join(_shown(row[0], value, row[1]) for row, value in zip(config.FIELDS, device))
    key = word.lower()
    for row, value in zip(config.FIELDS, device):
        if row[0] == key:
            return _shown(key, value, row[1])
    return _unknown(console, key)


def _barred(console):
    if console.app.supervisor.mode == mode.SERVICE:
        return None
    return console.error(303, "settings are changed in service mode (SERV:PIN)")


def _found(console):
    """Return (the record's Slots, stored values, None), or in the third place the error of a record that cannot be
    read. The values are empty on a board that never had settings.
    """
    slots = console.app.record(config.NAME, config.VERSION)
    made, sentence = stored(slots, console.app.board.fitted)
    if made and made.simulated and console.app.board.name != "virtual":
        return slots, None, console.error(401, config.FOREIGN)  # each start would refuse what a save stores
    if made:
        return slots, as_dict(made), None
    if slots.blank():
        return slots, {}, None
    return slots, None, console.error(401, sentence)


def _stage(console, words):
    refused = _barred(console)
    if refused:
        return refused
    key, comma, text = words.partition(",")
    key = key.strip().lower()
    if not comma or not text.strip():
        return console.error(-109, "write it as key,value")
    row = _row(key)
    if row is None:
        return _unknown(console, key)
    if key in _FIXED:
        return console.error(-221, "{} is not a setting to be changed".format(key.upper()))
    _, values, refused = _found(console)
    if refused:
        return refused
    if key in BY_CALIBRATION and values:
        return console.error(-221, "{} is set by a calibration, with its date (CAL:MEAS)".format(key.upper()))
    value, problem = scaled(text, row[1])
    if problem:
        return console.error(problem[0], problem[1])
    values.update(console.staged)
    values[key] = value
    _, sentence = config.build(values)
    if sentence:
        return console.error(-222, sentence)
    console.staged[key] = value
    return "OK"


def _staged(console, _):
    rows = [_shown(key, console.staged[key], _row(key)[1]) for key in sorted(console.staged)]
    return ";".join(rows) or "NONE"


def _stored(console, _):
    _, values, refused = _found(console)
    if refused:
        return refused
    return ";".join(_shown(row[0], values[row[0]], row[1]) for row in config.FIELDS if row[0] in values) or "NONE"


def _note(log, staged):
    """Note each key with its value. For many keys, as when a device is provisioned, note only their number."""
    if len(staged) > _NOTED:
        log.put(notes.CHANGE, (notes.SETTINGS, len(staged)))
        return
    for key in sorted(staged):
        letters = key.encode() + bytes(_LETTERS - len(key))
        figures = [int.from_bytes(letters[n : n + 4], "little") for n in range(0, _LETTERS, 4)]
        log.put(notes.CHANGE, [notes.SETTINGS, staged[key]] + figures)


def _save(console, _):
    refused = _barred(console)
    if refused:
        return refused
    if not console.staged:
        return console.error(-221, "nothing is staged (CONF key,value)")
    slots, values, refused = _found(console)
    if refused:
        return refused
    if not values:
        values["simulated"] = 0
        values.update(console.app.board.fitted)
    values.update(console.staged)
    absent = [key.upper() for key in config.KEYS if key not in values]
    if absent:
        return console.error(-221, "this device has no settings yet, give these too: " + ", ".join(absent))
    _, sentence = save(slots, values)
    if sentence:
        return console.error(401, sentence)
    _note(console.app.recorder, console.staged)
    console.staged = {}
    return "OK"


def _cancel(console, _):
    console.staged = {}
    return "OK"


DO = {
    "CONF?": _ask,
    "CONF": _stage,
    "CONF:STAG?": _staged,
    "CONF:STOR?": _stored,
    "CONF:SAVE": _save,
    "CONF:CANC": _cancel,
}
