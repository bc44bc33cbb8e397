"""Changing the stored settings, for a console. What is stored is in force after the next start. Loaded when needed."""

from cryo import config

# put in force by a calibration, with its date and its record
BY_CALIBRATION = ("jet_k_mdegc", "valve_open_delay_us", "valve_close_delay_us", "calibration_due_d")


def stored(slots):
    """Return (Config, None) as the Slots hold it now, or (None, sentence)."""
    payload, problem = slots.load()
    if payload is None:
        return None, problem
    return config.decode(payload, slots.found)


def as_dict(made):
    """Return key -> value of a Config."""
    values = {}
    for key in config.KEYS:
        values[key] = getattr(made, key)
    return values


def change(slots, key, value):
    """Store one changed setting; return (Config, None), or (None, sentence): then nothing has changed."""
    if key in BY_CALIBRATION:
        return None, key + " is set by a calibration, with its date"
    if key == "simulated":
        return None, "simulated is given by the virtual board"
    made, problem = stored(slots)
    if problem:
        return None, problem
    values = as_dict(made)
    values[key] = value
    return _save(slots, values)


def provision(slots, values):
    """Store a whole record, every key of it given; return as change() does."""
    for key in config.KEYS:
        if key not in values:
            return None, key + " is missing: a record has every setting"
    return _save(slots, values)


def _save(slots, values):
    made, problem = config.build(values)
    problem = problem or slots.save(config.encode(made))
    return (None, problem) if problem else (made, None)
