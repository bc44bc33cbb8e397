"""Numbers as people and their programs write them: taken where the meaning is certain, else refused."""

import re
import unicodedata

from host_tools.cryoctl.problems import Problem

TAKEN = "taken are digits 0 to 9, a point or a comma before decimals, a sign, and the unit"
_SIGNS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\uff0d"), "-")  # hyphens, dash, minus
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_UNITS = {0xB5: "u", 0x3BC: "u", 0x2103: "degC"}  # micro, mu, degree Celsius in one character
_DEGREE = re.compile("\u00b0 ?[Cc]")
_NUMBER = re.compile(r"([+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?) *([A-Za-z]*)")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_CELSIUS = ("c", "degc", "cel")


def plain(text: str) -> str:
    """Return a text with typographic signs, spaces and units as on a keyboard. Raises Problem for what is left."""
    out = _DEGREE.sub("degC", text.strip()).replace("m\u00b3", "m3").translate({**_SIGNS, **_SPACES, **_UNITS}).strip()
    for at, sign in enumerate(out, 1):
        if not " " <= sign <= "~":
            name = unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
            raise Problem(f"{out!a} is no number: character {at} is {name}", TAKEN)
    return out


def number(text: str, unit: str = "") -> float:
    """Return a number, perhaps with `unit` behind it. Raises Problem with the reason for what is none.

    A comma with three digits behind it may separate thousands: it is refused.
    """
    said = plain(text)
    found = _NUMBER.fullmatch(said)
    if not found:
        raise Problem(f"{said!r} is no number", TAKEN)
    value, suffix = found.groups()
    if _THOUSANDS.fullmatch(value):
        raise Problem(f"{said!r} is no number for certain: its comma may separate thousands", "write a point, or none")
    same = _CELSIUS if unit.lower() in _CELSIUS else (unit.lower(),)
    if suffix and suffix.lower() not in same:
        raise Problem(f"{said!r} is no number: {suffix} is no unit here", f"give it in {unit}" if unit else TAKEN)
    return float(value.replace(",", "."))
