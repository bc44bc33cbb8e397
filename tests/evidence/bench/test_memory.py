"""The heap, seen from outside, compared with what the guest does to it. Skipped without the image, with a reason."""

from functools import partial

import pytest

from host_tools.toolchain.uf2 import image

LOCKED_US = (700, 2_500)
GUEST = f"""
import gc, micropython, time
from machine import Pin
mark = Pin(24, Pin.OUT, value=0).value
def hold(us):
    micropython.heap_lock()
    mark(1)
    time.sleep_us(us)
    mark(0)
    micropython.heap_unlock()
def go():
    for us in {LOCKED_US}:
        hold(us)
        time.sleep_us(500)
    for _ in range(3):
        gc.collect()
        time.sleep_us(500)
"""


def at_prompt():
    """Return (a board at its prompt, a function that makes its HeapWatch); skips without the image."""
    uf2 = image.find_image()
    if uf2 is None:
        pytest.skip(image.MISSING)
    from host_tools.evidence.bench.memory import HeapWatch, find
    from host_tools.simulator.emulator.rp2040 import Rp2040Board

    board = Rp2040Board(uf2, {"boot.py": b""})
    board.boot_to_prompt()
    return board, partial(HeapWatch, board, find(uf2))


@pytest.fixture(scope="module")
def taken():
    """Return (free bytes before, with all but 20 000 taken, after a collection), as the guest measures them."""
    board, watch = at_prompt()
    heap = watch(1_000)
    before = int(board.exec("import gc\ngc.collect()\nprint(gc.mem_free())"))
    board.watch(25, callback=lambda level: level and heap.take(20_000))
    said = board.exec("from machine import Pin\nPin(25, Pin.OUT, value=1)\nprint(gc.mem_free())")
    return before, int(said), int(board.exec("gc.collect()\nprint(gc.mem_free())"))


@pytest.fixture(scope="module")
def seen():
    """Return one run's (locks, collections, edges of the mark in us, free bytes by the guest, and from outside)."""
    board, watch = at_prompt()
    board.exec(GUEST)
    free = []
    board.watch(25, callback=lambda _: free.append(heap.free()))
    heap = watch()
    board.watch(24)
    board.edges.clear()
    said = board.exec("go()\nled = Pin(25, Pin.OUT, value=0)\nnow = gc.mem_free()\nled.value(1)\nprint(now)")
    marks = [(ns / 1000, level) for ns, pin, level in board.edges if pin == 24]
    return heap.locks, heap.collections, marks, int(said), free[-1]


def test_a_locked_heap_is_seen_for_as_long_as_it_lasts(seen):
    locks, _, marks, _, _ = seen
    held = [lock for lock in locks if lock[1] - lock[0] > 300]
    assert len(held) == len(LOCKED_US) == len(marks) // 2
    for (begin, end, allocated), (up, _), (down, _) in zip(held, marks[::2], marks[1::2], strict=True):
        assert begin <= up + 5 and down <= end + 5  # read every 5 us
        assert end - begin - (down - up) < 60  # two calls
        assert allocated == 0


def test_every_collection_is_seen(seen):
    _, collections, _, _, _ = seen
    assert len(collections) == 3
    assert all(end - begin > 300 for begin, end in collections)


def test_what_is_taken_from_outside_is_not_free_until_the_next_collection(taken):
    before, after, collected = taken
    assert 0 <= 20_000 - after < 1_024  # its own answer takes a little
    assert abs(collected - before) < 2_048  # code and names of the commands between


def test_free_bytes_are_the_guests_own(seen):
    *_, guests, outside = seen
    assert 0 <= guests - outside <= 64  # the answer itself may take a block
