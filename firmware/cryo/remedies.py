"""What a person does about a fault or a blocker, read from remedies.txt beside this module: the heap has no room for
all sentences. host_tools/toolchain/remedies.py has the table, makes the file, and says how it is made.

The file is opened at boot. A read takes no import, no search and no heap, so the display can show a fault at once.
"""

from micropython import const

COLUMNS = const(16)  # of the display
LINES = const(8)  # of the longest sentence
BLOCKERS = const(33)  # number of the first blocker; faults have their codes
_LINE = const(17)  # COLUMNS and a line feed
_RECORD = const(136)  # LINES of them

_file = None
try:
    _file = open(__file__.rpartition(".")[0] + ".txt", "rb")
except OSError:
    pass  # a text that is missing ends no treatment; the self-test compares the application's file


def line(number, at, into):
    """Read line `at`, from 0, of a sentence into `into`, COLUMNS bytes. Return False behind the last line, and when the
    file cannot be read. Does not allocate.
    """
    return at < LINES and _read(number * _RECORD + at * _LINE, into) and into[0] != 32


def sentence(number):
    """Return a whole sentence; "" when the file cannot be read."""
    record = bytearray(_RECORD)
    return " ".join(bytes(record).decode().split()) if _read(number * _RECORD, record) else ""


def _read(place, into):
    if _file is None:
        return False
    try:
        _file.seek(place)
        return _file.readinto(into) == len(into)
    except OSError:
        return False
