"""Older records of the settings, read as the present one, step by step. Nothing is written: the next change does."""

_PARTS = ("infrared_fitted", "line_fitted", "co2_fitted")


def _without_due_date(values, *_):
    """Version 1 knew no due date: the device asks to be calibrated."""
    values["calibration_due_d"] = 0


def _without_offset(values, *_):
    """Version 2 left the reading as the probe gives it."""
    values["skin_offset_mdegc"] = 0


def _without_parts(values, fields, fitted):
    """Version 3 took a silent part for one that is not fitted: the bill of materials of the board says what is."""
    for row in fields:
        if row[0] in _PARTS:
            values[row[0]] = row[2]
    values.update(fitted or {})


STEPS = {1: _without_due_date, 2: _without_offset, 3: _without_parts}  # version -> what makes the next one of it


def migrated(values, version, present, fields, fitted=None):
    """Bring the dict `values` from `version` to `present`; return None, or a sentence where no step leads.

    present, fields: config.VERSION and config.FIELDS, handed in since config imports this module. fitted: as for
    config.decode().
    """
    while version != present:
        step = STEPS.get(version)
        if step is None:
            return "settings: written as version {}, which is not read any more: provision the board".format(version)
        step(values, fields, fitted)
        version += 1
    return None
