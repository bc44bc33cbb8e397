"""Calibration records: what was measured, by whom, with which instrument, and how long it holds. Loaded on demand.

The history keeps them one after the other. The device works with its settings: skin probe's offset, jet constant, valve
delays, and the first day on which a kind is due. The newest record of each kind is also kept separately, because the
history drops its oldest records. They are written in this order. After a power cut between two writes, either the old
calibration is in force and the history shows one record more; or the new one is in force, at worst with an earlier due
date than necessary.
"""

import json

from cryo import config
from cryo.store.history import History
from cryo.store.settings import as_dict, save, stored
from cryo.store.slots import Slots

# kind -> the names of its values; every kind is needed before anything arms
KINDS = {
    "TC": ("pivot_mdegc", "offset_mdegc", "slope_ppm", "residual_mdegc", "skin_offset_mdegc"),
    "OPEN": ("delay_us",),
    "CLOSE": ("delay_us",),
    "JET": ("nozzle", "distance_mm", "k_mdegc", "k_80_mdegc"),
    "PRESSURE": ("error_mbar",),
    "DISTANCE": ("error_mm",),
}
# from the last value
SETTING = {
    "TC": "skin_offset_mdegc",
    "OPEN": "valve_open_delay_us",
    "CLOSE": "valve_close_delay_us",
    "JET": "jet_k_mdegc",
}
_PERSON = 24  # characters of technician and of instrument


def encode(kind, values, day, due_d, technician, instrument):
    """Return (text of a record, None), or (None, sentence). day and due_d: days since 2000-01-01."""
    if kind not in KINDS:
        return None, "unknown calibration {}: nearest is {}".format(kind, config.nearest(kind, sorted(KINDS)))
    if len(values) != len(KINDS[kind]):
        return None, "{} needs {}".format(kind, ", ".join(KINDS[kind]))
    if day is None or day < config.EARLIEST_D:
        return None, "the date is unknown: set the clock"
    if config.expired(day, due_d):
        return None, "a calibration must be due after the day on which it is done"
    for name, said in (("technician", technician), ("instrument", instrument)):
        if not 0 < len(said) <= _PERSON or not all(" " <= ch <= "~" and ch not in '"\\' for ch in said):
            return None, name + ": 1 to 24 characters, no quotes"
    numbers = ",".join(str(value) for value in values)
    return '["{}",{},{},"{}","{}",{}]'.format(kind, day, due_d, technician, instrument, numbers), None


def decode(text):
    """Return (kind, day, due_d, technician, instrument, values...) of a record's text, or None."""
    try:
        record = json.loads(text)
    except ValueError:
        return None
    known = isinstance(record, list) and len(record) > 5 and record[0] in KINDS
    return tuple(record) if known and len(record) == 5 + len(KINDS[record[0]]) else None


def newest(current):
    """Return kind -> its newest record, from the Slots of them; none while their `unread` is set."""
    found = {}
    payload, _ = current.load()
    for text in (payload or b"").decode().split("\n"):
        record = decode(text)
        if record:
            found[record[0]] = record
    return found


def due(records):
    """Return the first due date of all kinds, or 0 while one of them is missing. records: as newest() returns."""
    days = [records[kind][2] for kind in KINDS if kind in records]
    return min(days) if len(days) == len(KINDS) else 0


def put_in_force(store, text):
    """Put a record's text into the history, the settings, and the Store's newest records.

    Return (Config, None): in force after the next start. (None, sentence): the old calibration stays.
    (Config, sentence): in force, but its due date was not kept: repeat it.
    """
    record = decode(text)
    made, problem = stored(store.settings, store.fitted)
    if problem or not record:
        return None, problem or "no calibration record"
    values = as_dict(made)
    records = newest(store.newest)
    if store.newest.unread:  # records of the other kinds would be lost
        return None, store.newest.name + ": " + store.newest.hidden()
    records[record[0]] = record
    values["calibration_due_d"] = due(records)
    key = SETTING.get(record[0])
    if key:
        values[key] = record[-1]
    made, problem = config.build(values)
    problem = problem or store.history.add(text)
    if not problem:
        made, problem = save(store.settings, values)
    if problem:
        return None, problem
    lines = [encode(r[0], r[5:], r[1], r[2], r[3], r[4])[0] or "" for r in records.values()]
    from cryo.store import writing  # most readers never write

    return made, writing.save(store.newest, "\n".join(lines).encode())


class Store:
    """Where calibrations are: `history`, `settings`, `newest`.

    files, may_write    as for Slots
    fitted              as for config.decode(), for settings of an older form
    """

    def __init__(self, files=None, may_write=None, fitted=None):
        self.fitted = fitted
        self.history = History("/", "calibration", files, may_write)
        self.settings = Slots("/", config.NAME, config.VERSION, files, may_write)
        self.newest = Slots("/", "calibration", 1, files, may_write)
