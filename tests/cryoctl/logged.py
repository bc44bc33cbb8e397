"""Makes a device's log on the host, as the firmware writes it, for an image that starts with a log."""

import importlib

from host_tools.toolchain.settings import config as _config  # puts the firmware on the import path

journal = importlib.import_module("cryo.store.journal")
notes = importlib.import_module("cryo.store.notes")
DAY = 9_862  # 2027-01-01
EARLIEST_D = _config.EARLIEST_D


def point(number=1, reached=1, skin=12_500, surface=11_800, level=2, reason=1):
    """Return kind and figures of a treated point."""
    choice = 0 | level << 4 | 9 << 8 | (number - 1) << 16 | reason << 20 | reached << 24
    return notes.POINT, (choice, 1 | 14 << 8, 2_310, 15_020, skin, surface, 13_600, 8_000)


def start(ended=0):
    """Return kind and figures of a start."""
    return notes.START, (ended, 5, 1, 812, 1, 1 << 10)


FAULT = (notes.FAULT, (1, 5, 1 << 1 | 1 << 5))
CALIBRATION = (notes.CHANGE, (notes.CALIBRATION, 18_000, DAY + 365, int.from_bytes(b"OPEN", "little")))
_LETTERS = [int.from_bytes(b"room_m3\0"[n : n + 4], "little") for n in (0, 4)]
SETTINGS = (notes.CHANGE, (notes.SETTINGS, 25, *_LETTERS))
LOST = (notes.LOST, (3,))
USUAL = (start(), point(1), point(2, 0, 8_400, 7_900, reason=2), FAULT, SETTINGS, CALIBRATION, start(2), LOST)


def files(events=USUAL, first=1, clock=True):
    """Return path -> bytes of a log with these events. Uptimes are 100 s apart; the clock is set from the second on."""
    data = b""
    uptime_s = 0
    for n, (kind, figures) in enumerate(events):
        uptime_s = 0 if kind == notes.START else uptime_s + 100
        known = clock and kind != notes.START
        dated = [DAY, 36_000 + uptime_s] if known else [-1, -1]
        data += journal.packed(first + n, [kind, *dated, uptime_s, *figures, *[0] * (8 - len(figures))])
    return {"journal.0": data}
