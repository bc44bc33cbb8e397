"""Slots as files of the interpreter's own."""

import os

from cryo.store.slots import FILES, Slots
from cryo.store.writing import save
from store_rig import always

LANES = ("cpython", "unix")
LANES_REASON = "a missing file is error 44 to WebAssembly's file system, and no board runs on it"


def test_on_the_interpreter_s_own_files():
    folder = "cryo-test-slots"
    os.mkdir(folder)
    try:
        slots = Slots(folder + "/", "settings", 1, None, always)
        assert slots.load() == (None, "no settings on this board: provision it")
        for payload in (b"old", b"new", b"third"):
            assert save(slots, payload) is None
            assert slots.load() == (payload, None)
    finally:
        for path in slots.paths:
            FILES.remove(path)
        os.rmdir(folder)
