"""Shows a device's numbers in the units that people use: settings, and the values of calibrations.

Nothing is rounded. Files and --json have the device's own whole numbers.
"""

import datetime

_EPOCH = datetime.date(2000, 1, 1)  # day 0 of the device
_WORDS = {
    "tc_type": {0: "type K", 1: "type T"},
    "simulated": {0: "no", 1: "yes: a virtual board"},
    "jet_k_mdegc": {0: "not calibrated"},
    "calibration_due_d": {0: "not calibrated"},
    **{f"{part}_fitted": {0: "not fitted", 1: "fitted"} for part in ("infrared", "line", "co2")},
}
_NAMES = {"k_mdegc": "K", "k_80_mdegc": "K at 80 mm"}
_UNITS = {"mdegc": "mdegC", **{unit: unit for unit in ("us", "ms", "s", "mbar", "mm", "m3", "d", "ppm")}}
_LARGER = {"mdegC": "degC", "us": "ms", "mbar": "bar", "mdegC/rt s": "degC/rt s"}  # a thousand of them are one of these


def meant(key: str, value: int, unit: str = "") -> str:
    """Return a value for people: "4 degC" for trip_mdegc and 4000, "type K" for tc_type and 0, a date for days.

    unit: of the setting; without it, the end of the key gives the unit. A jet's constant is per root second.
    """
    key = key.lower()
    words = _WORDS.get(key, {})
    if value in words:
        return words[value]
    unit = unit or ("mdegC/rt s" if key.startswith(("jet_k", "k_")) else _UNITS.get(key.rpartition("_")[2], ""))
    if unit == "d":
        return str(_EPOCH + datetime.timedelta(value))
    if unit in _LARGER:
        return f"{_thousandth(value)} {_LARGER[unit]}"
    return f"{value} {unit}".rstrip()


def told(key: str, text: str) -> str:
    """Return the same for a value as the device writes it, such as "4000 mdegC"; a text without a number stays."""
    number, _, unit = text.partition(" ")
    try:
        return meant(key, int(number), unit)
    except (ValueError, OverflowError):
        return text


def listed(values: dict[str, int]) -> str:
    """Return the values of a calibration as "offset -0.12 degC, slope 1000120 ppm"."""
    return ", ".join(f"{plain(name)} {meant(name, value)}" for name, value in values.items())


def plain(key: str) -> str:
    """Return a key's name in words, without the unit at its end: "skin offset"."""
    words = key.lower().split("_")
    if key in _NAMES:
        return _NAMES[key]
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in _UNITS else words)


def _thousandth(value):
    return f"{value / 1000:.3f}".rstrip("0").rstrip(".")
