"""Writes a record into the slot that does not count, reads it back and compares it. Loaded for a write."""

from cryo.store.slots import CONTRADICTION, FORM, HIDDEN, LONGEST, checksum, current
from micropython import const

_ENOENT = const(2)
GAS = "nothing is written while gas may flow: disarm first"


def slot(name, version, sequence, payload):
    """Return the bytes of a slot. version 0 .. 255, sequence 0 .. 65535, payload up to LONGEST bytes."""
    head = b"cs" + bytes((FORM, version, sequence & 255, sequence >> 8, len(payload) & 255, len(payload) >> 8))
    return head + payload + checksum(name, head + payload)


def save(slots, payload):
    """Make payload the record of these Slots.

    Return None when it was read back, or a sentence: then it is not stored.
    """
    if slots.may_write is None or not slots.may_write():
        return GAS
    if len(payload) > LONGEST:
        return "{}: too long, {} bytes, at most {}".format(slots.name, len(payload), LONGEST)
    a = slots.read(0)
    b = slots.read(1)
    at = current(a, b)
    if at == HIDDEN:  # the slot may hold something newer than what would be written
        return slots.name + ": not stored, " + slots.hidden()
    if at == CONTRADICTION:
        at = 1
    sequence = 0 if at < 0 else ((a, b)[at][2] + 1) & 0xFFFF
    target = 0 if at < 0 else 1 - at
    problem = _written(slots.files, slots.paths[target], slot(slots.name, slots.version, sequence, payload))
    if problem:
        try:
            slots.files.remove(slots.paths[target])  # it may still read as valid another time
        except OSError as error:
            if error.args[0] != _ENOENT:  # the slot may be whole; then it would be in force
                return slots.name + ": " + problem + ": it is not known whether it is stored; look again, then repeat"
        return slots.name + ": not stored, " + problem + "; the record before stays"
    return None


def _written(files, path, data):
    try:
        file = files.open(path, "wb")
        try:
            file.write(data)
            file.flush()
        finally:
            file.close()
        file = files.open(path, "rb")
        try:
            same = file.read(len(data) + 1) == data
        finally:
            file.close()
    except OSError as error:
        return "the file system says OSError {}".format(error.args[0])
    return None if same else "it did not read back as written"
