"""Numbers as people write them: signs of a word processor, a decimal comma, a unit behind; or a Problem that says why.

Taken where the meaning is certain. 1,234 is not: it may be 1234.
"""

import re
import unicodedata

from host_tools.cryoctl.problems import Problem

_SIGNS = dict.fromkeys("\u2212\u2013\u2011\ufe63\uff0d", "-") | {"\uff0b": "+"}  # a minus sign, a dash, ...
_SPACES = dict.fromkeys("\t\u00a0\u2007\u2009\u202f", " ")
_MICRO = dict.fromkeys("\u00b5\u03bc", "u")
_SAME = str.maketrans(_SIGNS | _SPACES | _MICRO | {"\u2103": "degC"})
_DEGREE = re.compile("[\u00b0\u00ba] ?C")
_ALONE = re.compile("(?<=[0-9.]) ?C$")
_NUMBER = re.compile(r"([+-]?)([0-9]*)([.,]?)([0-9]*)((?:[eE][+-]?[0-9]+)?)")
_UNITS = {"degC": ("degc", "deg c", "c"), "us": ("us",), "mbar": ("mbar",), "mm": ("mm",)}


def plain(text: str, where: str) -> str:
    """Return a number, with or without unit, in the form for a device. Raises Problem that names a wrong sign."""
    out = _DEGREE.sub("degC", text.strip().translate(_SAME)).replace("m\u00b3", "m3").strip()
    out = _ALONE.sub("degC", out)
    strange = next((sign for sign in out if not " " <= sign <= "~"), "")
    if strange:
        raise _problem(where, text, f"{strange!r} ({unicodedata.name(strange, 'without a name')}) is not taken")
    found = re.match(_NUMBER, out)
    if found and found[3] == ",":
        _, whole, _, behind, _ = found.groups()
        if len(behind) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0"):
            raise _problem(where, text, "',' may stand before decimals or between thousands")
        if not behind or not whole or out[found.end() :].startswith((",", ".")):
            raise _problem(where, text, "',' is not taken there")
        out = out.replace(",", ".", 1)
    return out


def number(text: str, where: str, unit: str = "") -> float:
    """Return a number in `unit`, which may stand behind it. Raises Problem, as plain() does, for anything else."""
    out = plain(text, where)
    found = re.match(_NUMBER, out)
    if not found or not (found[2] or (found[3] and found[4])):
        raise _problem(where, text, f"{out[:1]!r} begins no number" if out else "nothing is written", unit)
    behind = out[found.end() :].strip()
    if behind and behind.lower() not in _UNITS.get(unit, ()):
        said = f"{behind!r} is not taken behind it" if len(behind) < len(out) else "no number"
        raise _problem(where, text, said, unit)
    return float(found[0])


def _problem(where, text, why, unit=""):
    taken = f"digits 0 to 9, a point or comma before decimals, a sign before them{f', {unit} behind' if unit else ''}"
    return Problem(f"{where}{' = ' if where else ''}{text.strip()!r} is no number: {why}", f"write {taken}")
