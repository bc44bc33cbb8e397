"""The device's log: records of one size in two files that take turns: the older file is dropped as a whole.

A record, little-endian: sequence (4 bytes), form (1), kind (1), day since 2000-01-01 (2, 65535 = unknown), second of
the day (4, -1 = unknown), uptime in s (4), eight figures (4 each), CRC-32 over the log's name and all before it (4).

A record's place follows from its sequence: the n-th of a file has the sequence of the first one plus n. So a torn or
damaged record is a gap in the sequence and damages no other record. A file whose first record says CLEARED makes the
other file void. notes.py lists kinds and figures. This module is loaded to write or read, and dropped afterwards.
"""

import binascii
import struct

from cryo import __version__
from cryo.store.notes import CLEARED, START
from cryo.store.slots import FILES
from micropython import const

NAME = "journal"
FORM = const(1)
MASK = const(0x3FFFFFFF)  # of a sequence. It wraps: a number less than half a turn ahead is newer
_HALF = const(0x20000000)
_LAYOUT = "<IBBHiI8i"
BODY = const(48)
RECORD = const(52)
PER_FILE = const(315)  # 16 KB
_VERSION_AT = const(9)  # place in a note of START's last figure
_ENOENT = const(2)
_EIO = const(5)


def packed(sequence, note):
    """Return the bytes of a record; note: kind, day, second, uptime in s, eight figures (recorder.py)."""
    body = struct.pack(_LAYOUT, sequence, FORM, note[0], note[1] & 0xFFFF, *note[2:])
    return body + _sum(body)


def unpacked(data, sequence=None):
    """Return (sequence, kind, day, second, uptime in s, eight figures) of a record's bytes, None for a damaged one.

    day and second are -1 where unknown. sequence: what it must have at its place.
    """
    if len(data) != RECORD or data[BODY:] != _sum(data[:BODY]) or data[4] != FORM:
        return None
    found = struct.unpack(_LAYOUT, data[:BODY])
    if sequence is not None and found[0] != sequence:
        return None
    day = -1 if found[3] == 0xFFFF else found[3]
    return (found[0], found[2], day) + found[4:]


def _sum(body):
    return (binascii.crc32(body, binascii.crc32(NAME.encode())) & 0xFFFFFFFF).to_bytes(4, "little")


def version():
    """Return the application's version as one number, 10 bits a part."""
    parts = [int(part) for part in __version__.split(".")]
    return parts[0] << 20 | parts[1] << 10 | parts[2]


class Journal:
    """The two files as they are, the older one first. Raises OSError.

    spans: (file, first sequence, places, whether it begins with CLEARED); sizes: bytes of each file.
    """

    def __init__(self, files=None):
        self.files = files or FILES
        self.paths = ("/" + NAME + ".0", "/" + NAME + ".1")
        self.sizes = [0, 0]
        a = self._span(0)
        b = self._span(1)
        if a and b and a[1] - b[1] & MASK < _HALF:
            a, b = b, a
        self.spans = [span for span in (a, b) if span]
        if len(self.spans) == 2 and self.spans[1][3]:
            self.spans.pop(0)

    def first(self):
        """Return the oldest sequence; None for an empty log."""
        return self.spans[0][1] if self.spans else None

    def next(self):
        """Return the sequence of the next record."""
        if not self.spans:
            return 1
        _, base, places, _ = self.spans[-1]
        return base + places & MASK

    def since(self, sequence, most):
        """Return up to `most` sound records at or behind a sequence, oldest first."""
        out = []
        for n, base, places, _ in self.spans:
            k = sequence - base & MASK
            if k >= _HALF:
                k = 0
            if k >= places or len(out) >= most:
                continue
            file = self.files.open(self.paths[n], "rb")
            try:
                file.seek(k * RECORD)
                while k < places and len(out) < most:
                    record = unpacked(file.read(RECORD), base + k & MASK)
                    if record:
                        out.append(record)
                    k += 1
            finally:
                file.close()
        return out

    def _span(self, n):
        try:
            file = self.files.open(self.paths[n], "rb")
        except OSError as error:
            if error.args[0] == _ENOENT:
                return None
            raise
        try:
            self.sizes[n] = size = file.seek(0, 2)
            file.seek(0)
            places = (size + RECORD - 1) // RECORD
            for k in range(places):
                record = unpacked(file.read(RECORD))
                if record:
                    return n, record[0] - k & MASK, places, not k and record[1] == CLEARED
        finally:
            file.close()
        return None


class Writer:
    """Appends one note, one step in each poll(). A step delays the next tick by at most about one erase."""

    def __init__(self, files, note):
        self._files = files or FILES
        self._file = None
        self.begin(note)

    def begin(self, note):
        """Take the next note."""
        self._note = note
        if note[0] == START:
            note[_VERSION_AT] = version()
        self._data = b""
        self._path = ""
        self._step = self._find

    def poll(self):
        """Do a step; return True once the record was read back. An OSError means that it is not stored."""
        try:
            self._step = self._step()
        except OSError:
            self._shut()
            raise
        return self._step is None

    def _find(self):
        journal = Journal(self._files)
        n = 0
        size = 0
        if journal.spans:
            n, _, places, _ = journal.spans[-1]
            size = journal.sizes[n]
            if places >= PER_FILE or self._note[0] == CLEARED:
                n = 1 - n
                size = 0
        self._path = journal.paths[n]
        self._other = journal.paths[1 - n]
        self._offset = size + RECORD - 1 - (size + RECORD - 1) % RECORD
        self._data = bytes(self._offset - size) + packed(journal.next(), self._note)  # zeros up to its place
        self._mode = "ab" if size else "wb"
        return self._open

    def _open(self):
        self._file = self._files.open(self._path, self._mode)
        return self._write

    def _write(self):
        self._file.write(self._data)
        return self._close

    def _close(self):
        file = self._file
        self._file = None
        file.flush()
        file.close()
        return self._check

    def _check(self):
        file = self._files.open(self._path, "rb")
        try:
            file.seek(self._offset)
            same = file.read(RECORD + 1) == self._data[-RECORD:]
        finally:
            file.close()
        if not same:
            raise OSError(_EIO)
        return self._remove if self._note[0] == CLEARED else None

    def _remove(self):
        try:
            self._files.remove(self._other)  # it is void already
        except OSError as error:
            if error.args[0] != _ENOENT:
                raise
        return None

    def _shut(self):
        file = self._file
        self._file = None
        if file:
            try:
                file.close()
            except OSError:
                pass
