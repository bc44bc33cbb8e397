"""Calibration records: what was measured, by whom, with what, until when it holds. Loaded when one is read or given.

The history keeps them all; what the device works with stands in its settings: jet constant, valve delays, and the day on
which the first of the kinds is due. The record goes into the history first, then the settings change: after a power cut
between the two the old calibration is in force, and the history shows one more that never was.
"""

import json

from cryo import config
from cryo.store.slots import Slots

# kind -> what its values are; all of them are due before anything is armed
KINDS = {
    "TC": ("pivot_mdegc", "offset_mdegc", "slope_ppm", "residual_mdegc"),
    "OPEN": ("delay_us",),
    "CLOSE": ("delay_us",),
    "JET": ("nozzle", "distance_mm", "k_mdegc", "k_80_mdegc"),
    "PRESSURE": ("error_mbar",),
    "DISTANCE": ("error_mm",),
}
SETTING = {"OPEN": "valve_open_delay_us", "CLOSE": "valve_close_delay_us", "JET": "jet_k_mdegc"}  # from the last value
_PERSON = 24  # characters of technician and instrument


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


def newest(history):
    """Return kind -> its newest record, from a History."""
    found = {}
    for _, text in history.read():
        record = decode(text)
        if record:
            found[record[0]] = record
    return found


def due(records):
    """Return the first due date of all kinds, or 0 while one of them is missing. records: as newest() returns."""
    days = [records[kind][2] for kind in KINDS if kind in records]
    return min(days) if len(days) == len(KINDS) else 0


def put_in_force(history, settings, text):
    """Add a record's text to the History and change the settings (Slots) for it.

    Return (Config, None): in force after the next start. Or (None, sentence): then the old calibration stays.
    """
    record = decode(text)
    payload, problem = settings.load()
    made = None
    if payload is not None:
        made, problem = config.decode(payload, settings.found)
    if problem or not record:
        return None, problem or "no calibration record"
    values = made._asdict() if hasattr(made, "_asdict") else dict(zip(config.KEYS, made))
    records = newest(history)
    records[record[0]] = record
    values["calibration_due_d"] = due(records)
    key = SETTING.get(record[0])
    if key:
        values[key] = record[-1]
    made, problem = config.build(values)
    problem = problem or history.add(text) or settings.save(config.encode(made))
    return (None, problem) if problem else (made, None)


def slots(files=None, may_write=None):
    """Return the Slots of the settings."""
    return Slots("/", config.NAME, config.VERSION, files, may_write)
