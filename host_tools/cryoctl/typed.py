"""Reads numbers as people write them: a word processor's signs, a decimal comma, a unit after them. Or raises Problem.

A number is accepted only if its meaning is certain. 1,234 is not certain: it may be 1234.
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
    """Return a number, with or without unit, in a device's form. Raises Problem that names the wrong character."""
    out = _DEGREE.sub("degC", text.strip().translate(_SAME)).replace("m\u00b3", "m3").strip()
    out = _ALONE.sub("degC", out)
    strange = next((sign for sign in out if not " " <= sign <= "~"), "")
    if strange:
        raise _problem(where, text, f"{strange!r} ({unicodedata.name(strange, 'without a name')}) is not allowed")
    found = re.match(_NUMBER, out)
    if found and found[3] == ",":
        _, whole, _, behind, _ = found.groups()
        if len(behind) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0"):
            raise _problem(where, text, "',' could mean decimals or thousands")
        if not behind or not whole or out[found.end() :].startswith((",", ".")):
            raise _problem(where, text, "',' is not allowed there")
        out = out.replace(",", ".", 1)
    return out


def number(text: str, where: str, unit: str = "") -> float:
    """Return a number in `unit`, which may follow it. Raises Problem, as plain() does, for anything else."""
    out = plain(text, where)
    found = re.match(_NUMBER, out)
    if not found or not (found[2] or (found[3] and found[4])):
        raise _problem(where, text, f"a number does not begin with {out[:1]!r}" if out else "it is empty", unit)
    behind = out[found.end() :].strip()
    if behind and behind.lower() not in _UNITS.get(unit, ()):
        said = f"{behind!r} after it is not allowed" if len(behind) < len(out) else "it has no digits"
        raise _problem(where, text, said, unit)
    return float(found[0])


def _problem(where, text, why, unit=""):
    taken = f"digits 0 to 9, a point or comma before decimals, a sign first{f', {unit} last' if unit else ''}"
    return Problem(f"{where}{' = ' if where else ''}{text.strip()!r} is not a number: {why}", f"write {taken}")
