"""A NOR flash in memory whose power fails at a chosen program or erase. For real MicroPython (vfs.VfsLfs2)."""

import vfs

from micropython import const

BLOCK = const(4_096)
BLOCKS = const(48)

# what becomes of the last operation
NOT_DONE = const(0)
TORN = const(1)  # its first half is done
FLIPPED = const(2)  # all is done but for one bit
ALIVE = const(3)  # as FLIPPED, and the power stays
WAYS = ("not done", "torn", "flipped", "flipped, power stays")

_ERASED = b"\xff" * BLOCK


class Flash:
    """unit: bytes of a program operation; data: an image, or None for an erased chip."""

    def __init__(self, unit, data=None):
        self._unit = unit
        self.data = bytearray(BLOCK * BLOCKS) if data is None else bytearray(data)
        if data is None:
            for n in range(BLOCKS):
                self.data[n * BLOCK : n * BLOCK + BLOCK] = _ERASED
        self.programs = 0
        self.erases = 0
        self._left = -1
        self._way = NOT_DONE
        self._dead = False

    def cut(self, k, way):
        """The power fails at the k-th program or erase, k from 1."""
        self._left = k
        self._way = way

    def _ends(self):
        if self._dead:
            raise OSError(5)
        self._left -= 1
        return self._left == 0

    def readblocks(self, n, buffer, offset=0):
        """As MicroPython's block devices."""
        if self._dead:
            raise OSError(5)
        at = n * BLOCK + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def writeblocks(self, n, buffer, offset=0):
        """Program, unit by unit: bits can only be cleared."""
        view = memoryview(buffer)
        for at in range(0, len(buffer), self._unit):
            self._program(n * BLOCK + offset + at, view[at : at + self._unit])

    def _program(self, at, data):
        ends = self._ends()
        self.programs += 1
        length = len(data)
        if ends and self._way == NOT_DONE:
            length = 0
        elif ends and self._way == TORN:
            length //= 2
        if self.data[at : at + length] == _ERASED[:length]:
            self.data[at : at + length] = data[:length]
        else:
            for i in range(length):
                self.data[at + i] &= data[i]
        self._end(ends, at, length)

    def ioctl(self, op, n):
        """As MicroPython's block devices."""
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            ends = self._ends()
            self.erases += 1
            length = BLOCK
            if ends and self._way == NOT_DONE:
                length = 0
            elif ends and self._way == TORN:
                length //= 2
            self.data[n * BLOCK : n * BLOCK + length] = memoryview(_ERASED)[:length]
            self._end(ends, n * BLOCK, length)
        return 0

    def _end(self, ends, at, length):
        if not ends:
            return
        if self._way >= FLIPPED:
            self.data[at + length // 3] ^= 4
        if self._way != ALIVE:
            self._dead = True
            raise OSError(5)


def mounted(flash, program):
    """Return the file system on a flash, as a board mounts it; program: bytes of one program operation."""
    return vfs.VfsLfs2(flash, readsize=32, progsize=program, lookahead=32)


def formatted(program):
    """Return a Flash with an empty file system."""
    flash = Flash(program)
    vfs.VfsLfs2.mkfs(flash, readsize=32, progsize=program, lookahead=32)
    return flash
