"""Finds the lines that stop gas: STOP and ARM:OFF, bare or wrapped by a tool (wrap.py). It is called in a pass that is
short of heap, so nothing here allocates. A wrapped line counts only with a right sum: otherwise it would be executed,
be refused, and use some heap each time.
"""

from cryo.console.crc import START, added
from micropython import const

LONGEST = const(24)  # bytes; "@123456 ARM:OFF *0000" has 21
_SUM = const(6)  # bytes of " *0000"
_WORDS = (b"STOP", b"ARM:OFF")


def bare(data, start, end):
    """Return True when data[start:end] is such a word, in capitals or not, with spaces around it or not."""
    while start < end and data[start] == 32:
        start += 1
    while start < end and data[end - 1] == 32:
        end -= 1
    for word in _WORDS:
        if len(word) == end - start:
            n = 0
            while n < len(word) and _capital(data[start + n]) == word[n]:
                n += 1
            if n == len(word):
                return True
    return False


def wrapped(data, end):
    """Return True when data[:end] is such a word with a number and the right sum."""
    while end and data[end - 1] == 32:
        end -= 1
    at = end - _SUM
    if at < 2 or data[0] != 64 or data[at] != 32 or data[at + 1] != 42:  # @, space, *
        return False
    n = 1
    while 48 <= data[n] <= 57:
        n += 1
    if not 1 < n <= 7 or data[n] != 32 or not bare(data, n, at):
        return False
    given = 0
    for k in range(at + 2, end):
        ch = data[k]
        if not (48 <= ch <= 57 or 65 <= ch <= 70):
            return False
        given = given << 4 | (ch - 48 if ch <= 57 else ch - 55)
    return given == added(START, data, 0, at)


def _capital(ch):
    return ch - 32 if 97 <= ch <= 122 else ch
