"""Tables as spreadsheets write them: commas, semicolons or tabs between the cells; a line `sep=` may name which."""

import csv
import re
from collections.abc import Collection

from host_tools.cryoctl.problems import Problem

BETWEEN = ",;\t"
_SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a cell that begins like this for a formula


def rows(text: str, name: str, columns: Collection[str]) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return (separator, [(line number, cells)]) of a table; the line of names comes first.

    Empty lines and lines that begin with # are left out. columns: the possible names. Raises Problem.
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip() and not line.startswith("#")]
    named = _SEP.fullmatch(lines[0][1].strip(" \r")) if lines else None
    if named:
        lines = lines[1:]
    between = named[1] if named else _between(lines[0][1] if lines else "", columns)
    if between not in BETWEEN:
        raise Problem(f"{name}:1: {between!r} between cells is not allowed", "use commas, semicolons or tabs")
    out = []
    for number, line in lines:
        try:
            out.append((number, next(csv.reader([line], strict=True, delimiter=between))))
        except (csv.Error, StopIteration) as error:
            raise Problem(f"{name}:{number}: not CSV: {error}") from None
    return between, out


def _between(head, columns):
    for between in BETWEEN:
        cells = [cell.strip().strip('"') for cell in head.split(between)]
        if len(cells) > 1 and any(cell in columns for cell in cells):
            return between
    return ","


def harmless(value: object) -> object:
    """Return a cell for a file: a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith((*_FORMULA, "'")) else value


def told(text: str) -> str:
    """Return a text as it was before harmless()."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text
