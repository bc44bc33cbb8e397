"""The meaning of the device's numbers and words, from the firmware's own tables: modes, faults, blockers, limits."""

import importlib
from dataclasses import dataclass

from host_tools.toolchain import remedies
from host_tools.toolchain.settings import config as _settings  # puts the firmware on the import path

limits = importlib.import_module("cryo.limits")
_blockers = importlib.import_module("cryo.core.blockers")
_faults = importlib.import_module("cryo.core.faults")
_mode = importlib.import_module("cryo.core.mode")
_presets = importlib.import_module("cryo.core.presets")
VERSION: str = importlib.import_module("cryo").__version__
KINDS: dict[str, tuple[str, ...]] = importlib.import_module("cryo.store.calibration").KINDS
EARLIEST_D: int = _settings.EARLIEST_D

NO_FAULT = "NONE"
MODES: tuple[str, ...] = _mode.NAMES
BUSY, TREATING = (
    frozenset(name for number, name in enumerate(MODES) if modes >> number & 1)
    for modes in (_mode.MAY_GIVE_GAS, _mode.TREATING)  # in the modes of BUSY a device loads no module
)
QUIET = ("STANDBY", "COMPLETE", "FAULT")  # in these states the device may load a module for an answer
BLOCKERS = {name: remedies.BLOCKERS[name] for name in _blockers.NAMES}
REMEDIES = remedies.FAULTS
_FAULT_NAMES = {0: NO_FAULT, **{row[0]: row[1] for row in _faults.REGISTRY}}
_TREATS = _blockers.TO_START | _blockers.TO_STAY | _blockers.TO_TELL


@dataclass(frozen=True)
class Level:
    """One level's figures in mdegC, and the temperatures that end its point."""

    target_mdegc: int
    floor_mdegc: int
    trip_mdegc: int
    lockout_mdegc: int


def mode_name(number: int) -> str:
    """Return a mode's name; for an unknown mode, its number."""
    return MODES[number] if 0 <= number < len(MODES) else f"MODE {number}"


def mode_number(name: str) -> int:
    """Return a mode's number, -1 for an unknown name."""
    return MODES.index(name) if name in MODES else -1


def fault_name(number: int) -> str:
    """Return a fault's name; for an unknown fault, its number."""
    return _FAULT_NAMES.get(number, f"FAULT {number}")


def fault_number(name: str) -> int:
    """Return a fault's number, 0 for NONE, -1 for an unknown name."""
    return next((number for number, known in _FAULT_NAMES.items() if known == name), -1)


def blockers(mask: int, state: str) -> tuple[str, ...]:
    """Return the names of a mask's blockers that count in a state, most important first, as STAT? gives them."""
    mask &= _TREATS if state in TREATING else _blockers.TO_ARM
    return tuple(name for bit, name in enumerate(_blockers.NAMES) if mask >> bit & 1)


def level(preset: str | None, number: int | None, trips: dict[str, int] | None = None) -> Level | None:
    """Return the figures of a preset's level; None when there is no such level, or it is locked.

    trips: setting's key -> the device's own trip, if known; it is tighter than the hard limit.
    """
    rows = {row[_presets.NAME]: row for row in _presets.PRESETS}
    row = rows.get(preset or "")
    levels = row[_presets.LEVELS] if row else ()
    if row is None or not number or not 0 < number <= len(levels) or levels[number - 1] is None:
        return None
    figures = levels[number - 1]
    key = "trip_reduced_mdegc" if row[_presets.REDUCED] else "trip_mdegc"
    limit = limits.SKIN_TRIP_REDUCED_MDEGC if row[_presets.REDUCED] else limits.SKIN_TRIP_MDEGC
    return Level(
        figures[_presets.TARGET_MDEGC],
        figures[_presets.FLOOR_MDEGC],
        max(limit, (trips or {}).get(key, 0)),
        limits.SKIN_LOCKOUT_MDEGC,
    )


def bottle(mbar: int | None) -> str:
    """Return what a bottle's pressure means for a treatment; docs/safety/limits.md has the limits."""
    if mbar is None:
        return "no reading: check the sensor's plug and cable"
    if mbar < limits.BOTTLE_STOP_MIN_MBAR:
        return "empty or closed: the device gives no gas"
    if mbar < limits.BOTTLE_ARM_MIN_MBAR:
        return "too low to arm: change the bottle, or warm it to the room"
    if mbar <= limits.BOTTLE_ARM_MAX_MBAR:
        return "in range to arm; pressure does not show how much liquid remains"
    if mbar <= limits.BOTTLE_STOP_MAX_MBAR:
        return "too warm to arm: let the bottle cool"
    return "too warm: close the bottle, let it cool below 25 degC"
