"""The stored settings, read and written while the device runs. Stored settings are in force after the next start.

A change starts from the stored settings, never from those of the last start: a calibration may have changed them.
"""

from cryo import config

# only a calibration changes these, with its date and its record
BY_CALIBRATION = (
    "skin_offset_mdegc",
    "jet_k_mdegc",
    "valve_open_delay_us",
    "valve_close_delay_us",
    "calibration_due_d",
)


def stored(slots, fitted=None):
    """Return (Config, None) as the Slots hold it now, or (None, sentence). fitted: as for config.decode()."""
    payload, problem = slots.load()
    if payload is None:
        return None, problem
    return config.decode(payload, slots.found, fitted)


def as_dict(made):
    """Return key -> value of a Config."""
    values = {}
    for key in config.KEYS:
        values[key] = getattr(made, key)
    return values


def save(slots, values):
    """Store a record of these values, every key given; return (Config, None), or (None, sentence): nothing changed."""
    for key in config.KEYS:
        if key not in values:
            return None, key + " is missing: a record has every setting"
    made, problem = config.build(values)
    if not problem:
        from cryo.store import writing  # most readers never write

        problem = writing.save(slots, config.encode(made))
    return (None, problem) if problem else (made, None)
