"""Older records of the settings, read as the present one, step by step. Nothing is written: the next change does."""

from cryo.config import VERSION


def _without_due_date(values):
    """Version 1 knew no due date: the device asks to be calibrated."""
    values["calibration_due_d"] = 0


def _without_offset(values):
    """Version 2 left the reading as the probe gives it."""
    values["skin_offset_mdegc"] = 0


STEPS = {1: _without_due_date, 2: _without_offset}  # version -> what makes the next one of it


def migrated(values, version):
    """Bring the dict `values` from `version` to the present form; return None, or a sentence where no step leads."""
    while version != VERSION:
        step = STEPS.get(version)
        if step is None:
            return "settings: written as version {}, which is not read any more: provision the board".format(version)
        step(values)
        version += 1
    return None
