"""One record in two slot files, `name.0` and `name.1`: the newer valid one counts, the other is written next.

This module only reads. store/writing.py writes; a boot does not need it.

A slot: "cs", its form (1 byte), version of the payload (1), sequence (2), length (2), payload, CRC-32 (4), all
little-endian. The CRC is over the record's name and everything before the CRC, so a slot of another record is not
valid. Every later form keeps these places and the CRC, so that an older application can tell "newer" from "damaged".

A slot that cannot be read (an OSError other than "no such file") is neither missing nor damaged: it may be the one that
counts. So the other one never takes its place, and nothing is written beside it.
"""

import binascii
import os

from micropython import const

FORM = const(1)
CONTRADICTION = const(-2)
HIDDEN = const(-3)
HEAD = const(8)
LONGEST = const(1_024)  # bytes of a payload; up to about 500 littlefs keeps them beside the name, in one commit
_AROUND = const(12)
_OPPOSITE = const(0x8000)
_ENOENT = const(2)

MISSING = const(0)
DAMAGED = const(1)
UNREAD = const(2)


class Files:
    """The board's own files. A mounted file system object (VfsLfs2) may take its place."""

    def open(self, path, mode):
        """As the built-in open()."""
        return open(path, mode)

    def remove(self, path):
        """As os.remove."""
        os.remove(path)


FILES = Files()


class Slots:
    """A record of up to 1024 bytes under `folder` ("/" or one that ends in "/" and exists) and `name`.

    version     of the payload, 0 .. 255: what the caller writes, and the newest that it can read
    files       has open(path, mode) and remove(path); None: the board's own
    may_write   called before a write: False means that gas may flow; without it nothing is ever written
    """

    def __init__(self, folder, name, version, files=None, may_write=None):
        self.name = name
        self.version = version
        self.found = version  # version of the payload that load() returned
        self.unread = 0  # number of the last OSError that kept a slot from being read
        self.files = files or FILES
        self.may_write = may_write
        self.paths = (folder + name + ".0", folder + name + ".1")

    def load(self):
        """Return (payload, None), or (None, sentence) that says what is wrong and what to do. Never raises."""
        self.unread = 0
        slots = (self.read(0), self.read(1))
        at = current(slots[0], slots[1])
        if at == HIDDEN:
            return None, self.name + ": " + self.hidden()
        if at < 0:
            if slots == (MISSING, MISSING):
                return None, "no {} on this board: provision it".format(self.name)
            if at == CONTRADICTION:
                return None, self.name + ": the two copies contradict each other: provision the board anew"
            return None, self.name + ": no copy can be read: provision the board anew"
        found = slots[at]
        self.found = found[1]
        if found[0] != FORM or self.found > self.version:
            newer = "{}: written by a newer version ({}.{}): update the application, or provision the board"
            return None, newer.format(self.name, found[0], self.found)
        return found[3], None

    def hidden(self):
        """Say that a slot cannot be read."""
        return "a copy cannot be read, OSError {}: switch off and on; if it stays, provision the board anew".format(
            self.unread
        )

    def blank(self):
        """True when neither slot was ever written: only then a new record cannot replace anything."""
        return self.read(0) == self.read(1) == MISSING

    def read(self, n):
        """Return (form, version, sequence, payload) of slot n, MISSING, DAMAGED or UNREAD."""
        try:
            file = self.files.open(self.paths[n], "rb")
        except OSError as error:
            if error.args[0] == _ENOENT:
                return MISSING
            self.unread = error.args[0]
            return UNREAD
        try:
            try:
                data = file.read(LONGEST + _AROUND + 1)
            finally:
                file.close()
        except OSError as error:
            self.unread = error.args[0]
            return UNREAD
        end = len(data) - 4
        if not HEAD <= end <= LONGEST + HEAD or data[:2] != b"cs" or data[end:] != checksum(self.name, data[:end]):
            return DAMAGED
        if data[6] | data[7] << 8 != end - HEAD:
            return DAMAGED
        return data[2], data[3], data[4] | data[5] << 8, data[HEAD:end]


def current(a, b):
    """Return which of two slots counts, 0 or 1; -1 for none, HIDDEN while one of them is unread, CONTRADICTION where
    their order cannot be told.

    Sequences are serial numbers of 16 bits: the one that is less than half a turn ahead is newer.
    """
    if a == UNREAD or b == UNREAD:
        return HIDDEN
    if not isinstance(a, tuple):
        return 1 if isinstance(b, tuple) else -1
    if not isinstance(b, tuple):
        return 0
    ahead = b[2] - a[2] & 0xFFFF
    if not ahead or ahead == _OPPOSITE:
        return 0 if a == b else CONTRADICTION
    return 1 if ahead < _OPPOSITE else 0


def checksum(name, data):
    """Return the four bytes that end a slot of the record `name`."""
    return binascii.crc32(data, binascii.crc32(name.encode())).to_bytes(4, "little")
