"""Finds lines that hold a PIN, or may hold one: they are never stored, shown or written as typed."""

import re

_HOLDS = re.compile(r"\S*(?:SERV|PIN)[A-Z:?]*", re.IGNORECASE)


def holds(line: str) -> bool:
    """Return whether a line may hold a PIN. A misspelt command counts: `SER:PIN`."""
    return bool(_HOLDS.search(line)) or line.strip().upper().startswith("SER")


def masked(line: str) -> str:
    """Return a line as it may be shown, of the same length: after the command, a star for each character."""
    if not holds(line):
        return line
    found = _HOLDS.search(line) or re.search(r"\S+", line)
    end = found.end() if found else 0
    return line[:end] + re.sub(r"\S", "*", line[end:])
