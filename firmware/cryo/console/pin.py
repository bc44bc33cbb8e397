"""The PIN: its record, and its check in slices.

Record: version, wrong attempts, 16 bytes of salt, SHA-256 over salt and PIN, repeated to ROUNDS x REPEATS times (the
iterated and salted string-to-key of OpenPGP [S: RFC 9580, 3.7.1.3]). One hash object does it, so nothing is allocated
meanwhile. Somebody who reads the flash has time to try all PINs of a few digits. The PIN keeps out a person at the
console: wrong attempts are counted before each check and kept over resets.
"""

import hashlib

from micropython import const

VERSION = const(1)
SALT = const(16)
DIGEST = const(32)
SIZE = const(2 + SALT + DIGEST)
REPEATS = const(8)  # salt and PIN in one block
ROUNDS = const(400)  # blocks
_ROUNDS_A_TICK = const(8)  # [C] about 1.5 kB: 1 to 2 ms on an RP2040
LOCKED = const(10)  # wrong attempts; after them only the way back in docs/console.md helps
WAIT_S = (0, 1, 2, 10, 60, 300, 900, 900, 900, 900)  # [E] after so many wrong attempts, from the last one or switch-on


class Digest:
    """poll() in every tick until it returns the digest."""

    def __init__(self, salt, pin):
        self._hash = hashlib.sha256()
        self._block = (salt + pin.encode()) * REPEATS
        self._left = ROUNDS

    def poll(self):
        """Do a slice; return the digest, or None to go on."""
        update = self._hash.update
        block = self._block
        for _ in range(_ROUNDS_A_TICK):
            update(block)
        self._left -= _ROUNDS_A_TICK
        return None if self._left > 0 else self._hash.digest()


def same(a, b):
    """Compare two digests. The time that it takes does not show where they differ."""
    differ = len(a) ^ len(b)
    for x, y in zip(a, b):
        differ |= x ^ y
    return not differ


def fits(text):
    """True for a PIN that may be set: 4 to 10 digits."""
    return text.isdigit() and 4 <= len(text) <= 10


def new_salt():
    """Return 16 bytes that no other record has. They need not be secret."""
    try:
        from os import urandom
    except ImportError:
        from random import getrandbits

        return bytes([getrandbits(8) for _ in range(SALT)])
    return urandom(SALT)


def packed(wrong, salt, digest):
    """Return a record."""
    return bytes((VERSION, wrong)) + salt + digest


def unpacked(record):
    """Return (wrong attempts, salt, digest), or None when it is no record of a PIN."""
    if record is None or len(record) != SIZE or record[0] != VERSION:
        return None
    return record[1], record[2 : 2 + SALT], record[2 + SALT :]
