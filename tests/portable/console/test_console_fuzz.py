"""The short form of `make fuzz`, and its corpus, in every interpreter."""

import gc
import sys

from console_fuzz import CORPUS, Rig, line_of
from support import Random


def test_the_corpus_changes_nothing_and_leaves_the_console_answering():
    rig = Rig()
    before = rig.app.choice()
    for line in CORPUS:
        rig.send(line)
        assert rig.send(b"MEAS:DIST?") in (b"100 mm\n", b"X" if rig.console.editor else b"100 mm\n"), line
    assert rig.app.choice()[1:] == before[1:]


def test_random_lines():
    rig = Rig()
    random = Random(20_261)
    answered = 0
    for _ in range(1_500):
        answered += rig.send(line_of(random)) != b""
    assert answered > 1_000


def test_malformed_lines_leave_no_memory_behind():
    if not hasattr(gc, "mem_free") or sys.platform == "webassembly":  # there a collection waits for the script's end
        return
    rig = Rig()

    def replay():
        for line in CORPUS:
            rig.send(line)
        rig.send(b"*CLS")
        rig.app.stream.written = b""
        gc.collect()
        return gc.mem_free()

    replay()  # the first time modules are loaded and names are kept
    replay()
    assert replay() == replay()
