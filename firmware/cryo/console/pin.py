"""The PIN: its record, and its check in slices.

Record: version, wrong attempts, 16 bytes of salt, SHA-256 over salt and PIN, repeated to REPEATS times the version's
BLOCKS (the iterated and salted string-to-key of OpenPGP [S: RFC 9580, 3.7.1.3]). One hash object does it, so nothing is
allocated meanwhile. The PIN keeps out a person at the console: wrong attempts are counted before each check and kept
over resets. Somebody who reads the flash can try PINs elsewhere; docs/console.md says how long that takes.
"""

import hashlib

from cryo.core.mode import FAULT, SERVICE, STANDBY
from micropython import const

VERSION = const(2)
SALT = const(16)
DIGEST = const(32)
SIZE = const(2 + SALT + DIGEST)
REPEATS = const(8)  # salt and PIN in one block
BLOCKS = (0, 400, 2_400)  # by version; [C] the newest takes 100 ticks, one second
# Blocks in one tick: at most 5 kB, 5.6 ms of an RP2040 [C: emulated; a block of 208 bytes takes 0.23 ms], in modes that
# no gas follows within seconds, and 1.9 ms in others.
A_TICK = const(24)
UNHURRIED = 1 << STANDBY | 1 << SERVICE | 1 << FAULT
A_TICK_ELSEWHERE = const(8)
LOCKED = const(10)  # wrong attempts; after them only the way back in docs/console.md helps
WAIT_S = (0, 1, 2, 10, 60, 300, 900, 900, 900, 900)  # [E] after so many wrong attempts, from the last one or switch-on


class Digest:
    """poll() in every tick until it returns the digest, as records of that version have it."""

    def __init__(self, salt, pin, version=VERSION):
        self._hash = hashlib.sha256()
        self._block = (salt + pin.encode()) * REPEATS
        self._left = BLOCKS[version]

    def poll(self, blocks=A_TICK):
        """Do so many blocks; return the digest, or None to go on."""
        update = self._hash.update
        block = self._block
        if blocks > self._left:
            blocks = self._left
        for _ in range(blocks):
            update(block)
        self._left -= blocks
        return None if self._left else self._hash.digest()


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


def packed(wrong, salt, digest, version=VERSION):
    """Return a record."""
    return bytes((version, wrong)) + salt + digest


def unpacked(record):
    """Return (wrong attempts, salt, digest, version), or None when it is no record of a PIN."""
    if record is None or len(record) != SIZE or not 1 <= record[0] <= VERSION:
        return None
    return record[1], record[2 : 2 + SALT], record[2 + SALT :], record[0]
