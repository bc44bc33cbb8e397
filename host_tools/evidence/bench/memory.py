"""Reads the interpreter's heap from outside: its lock, its collections, its free bytes, without any guest code.

MicroPython holds the tick's heap lock as a number in SRAM. Reading it every few microseconds shows when a tick begins
and ends; its lowest bit is set while a collection runs. The addresses belong to one image. To find them, the guest
locks the heap and allocates known amounts [S] MicroPython 1.28, py/mpstate.h and py/gc.c; its own mem_free() confirms
them.
"""

import struct
from dataclasses import dataclass

from host_tools.simulator.emulator.rp2040 import Rp2040Board

RAM = 0x2000_0000
RAM_BYTES = 264 * 1024
BLOCK = 16
COLLECTING = 1
HEAD = 1  # in the table: the first block of an allocation
MARK = 23  # not on the Pico's connector
FIND = """
import gc, micropython
from machine import Pin
mark = Pin(23, Pin.OUT, value=0).value
def go():
    v = 1
    for n in (1, 2, 3):
        for _ in range(n):
            micropython.heap_lock()
        mark(v)
        v ^= 1
        for _ in range(n):
            micropython.heap_unlock()
    mark(v)
    bytearray(160)
    mark(v ^ 1)
    bytearray(320)
    mark(v)
    print(gc.mem_free())
go()
"""


@dataclass(frozen=True)
class Layout:
    """Offsets in SRAM: the lock (16 bits), the blocks allocated since the last collection, the allocation table."""

    lock: int
    allocated: int
    table: int
    table_bytes: int


def find(uf2) -> Layout:
    """Return the layout of an image. Raises LookupError when it cannot be found."""
    board = Rp2040Board(uf2, {"boot.py": b""})
    seen: list[bytes] = []
    board.watch(MARK, callback=lambda _: seen.append(bytes(board.mcu.sram)))
    board.boot_to_prompt()
    free = int(board.exec(FIND))
    halves = [struct.unpack(f"<{len(s) // 2}H", s) for s in seen[1:4]]
    words = [struct.unpack(f"<{len(s) // 4}I", s) for s in seen[4:7]]
    locks = [2 * i for i, at in enumerate(zip(*halves, strict=True)) if at == (2, 4, 6)]
    grown = [4 * i for i, (a, b, c) in enumerate(zip(*words, strict=True)) if (b - a, c - b) == (11, 21)]
    tables = [t for t in _tables(words[2]) if _free(seen[6], *t) == free]
    if not len(locks) == len(grown) == len(tables) == 1:
        raise LookupError(f"this image's heap cannot be found: {len(locks)}, {len(grown)}, {len(tables)} candidates")
    return Layout(locks[0], grown[0], *tables[0])


def _tables(words):
    """Yield (offset, bytes) of possible allocation tables: a byte for every four blocks of the pool behind it."""
    for at in range(len(words) - 7):
        start, length = words[at] - RAM, words[at + 1]
        if 0 <= start < RAM_BYTES and 1000 < length < RAM_BYTES // (4 * BLOCK):
            for pool, end in ((words[at + n], words[at + n + 1]) for n in (2, 3, 4)):
                if start < pool - RAM < end - RAM <= RAM_BYTES and abs((end - pool) // (4 * BLOCK) - length) < 2:
                    yield start, length
                    break


def _free(sram, table, length):
    return sum(_FREE_IN[byte] for byte in sram[table : table + length]) * BLOCK


_FREE_IN = tuple(sum(byte >> shift & 3 == 0 for shift in (0, 2, 4, 6)) for byte in range(256))


class HeapWatch:
    """Reads a board's heap every period_us and keeps the changes.

    locks        (begin us, end us, bytes allocated meanwhile) of each time the heap was locked
    collections  (begin us, end us) of each collection
    """

    def __init__(self, board: Rp2040Board, layout: Layout, period_us: float = 5):
        self.locks: list[tuple[float, float, int]] = []
        self.collections: list[tuple[float, float]] = []
        self._board = board
        self._sram = board.mcu.sram
        self._layout = layout
        self._word = 0
        self._locked = (0.0, 0)
        self._began = 0.0
        board.every(period_us, self._look)

    @property
    def collecting(self) -> bool:
        """Whether a collection was running at the last look."""
        return bool(self._word & COLLECTING)

    def free(self) -> int:
        """Return the bytes that are free now."""
        return _free(self._sram, self._layout.table, self._layout.table_bytes)

    def allocated(self) -> int:
        """Return the bytes allocated since the last collection."""
        at = self._layout.allocated
        return int.from_bytes(self._sram[at : at + 4], "little") * BLOCK

    def take(self, leave: int) -> None:
        """Mark free blocks as taken, the lowest first, until `leave` bytes are free: as garbage without a reference.

        Once something was allocated behind them, the next collection frees them again [S] py/gc.c: it sweeps up to the
        last block that was used.
        """
        surplus = (self.free() - leave) // BLOCK
        for at in range(self._layout.table, self._layout.table + self._layout.table_bytes):
            for shift in (0, 2, 4, 6):
                if surplus > 0 and not self._sram[at] >> shift & 3:
                    self._sram[at] |= HEAD << shift
                    surplus -= 1

    def _look(self):
        at = self._layout.lock
        word = self._sram[at] | self._sram[at + 1] << 8
        if word == self._word:
            return
        before, self._word = self._word, word
        now = self._board.us
        if (word ^ before) & COLLECTING:
            if word & COLLECTING:
                self._began = now
            else:
                self.collections.append((self._began, now))
        if bool(word >> 1) != bool(before >> 1):
            if word >> 1:
                self._locked = (now, self.allocated())
            else:
                begin, bytes_then = self._locked
                self.locks.append((begin, now, self.allocated() - bytes_then))
