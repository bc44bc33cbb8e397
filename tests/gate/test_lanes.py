"""The lanes fail tests that must fail: allocation and overflow under the heap lock, a crash, a hang."""

import textwrap

import pytest

import micropython
from tests.lanes import LANE_NAMES, LANES, LaneMissing, find_node, parse, run_file
from tests.support.i31 import I31

UNDER_LOCK = """
    import micropython

    def test_it():
        number = 1 << 29
        micropython.heap_lock()
        try:
            {statement}
        finally:
            micropython.heap_unlock()
"""
BOTH = pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
BY_NAME = {lane.name: lane for lane in LANES}


def run(lane, folder, source, names=("test_it",), timeout_s=300):
    file = folder / "test_planted.py"
    file.write_text(textwrap.dedent(source))
    try:
        return run_file(lane, file, names, timeout_s)
    except LaneMissing as missing:
        pytest.skip(f"{lane.name}: {missing}")


@BOTH
def test_an_allocation_under_the_heap_lock_fails(lane, tmp_path):
    outcome = run(lane, tmp_path, UNDER_LOCK.format(statement="[number, 2]"))
    assert outcome.broken == ""
    assert outcome.passed == {"test_it": False}
    assert "MemoryError" in outcome.output["test_it"]


@BOTH
def test_small_integer_work_under_the_heap_lock_passes(lane, tmp_path):
    outcome = run(lane, tmp_path, UNDER_LOCK.format(statement="number + (number >> 1)"))
    assert (outcome.broken, outcome.passed) == ("", {"test_it": True})


def test_an_integer_beyond_31_bits_fails_only_where_it_allocates(tmp_path):
    source = UNDER_LOCK.format(statement="number * 4")
    assert run(BY_NAME["unix"], tmp_path, source).passed == {"test_it": True}
    outcome = run(BY_NAME["wasm"], tmp_path, source)
    assert (outcome.broken, outcome.passed) == ("", {"test_it": False})
    assert "MemoryError" in outcome.output["test_it"]


def test_an_integer_beyond_31_bits_is_refused_in_cpython():
    with pytest.raises(OverflowError):
        I31(1 << 29) * 4


@BOTH
def test_the_interpreter_is_micropython_and_each_test_has_its_own_verdict(lane, tmp_path):
    source = """
        import sys

        def test_it():
            assert sys.implementation.name == "micropython"

        def test_other():
            print("seen")
            assert False
    """
    outcome = run(lane, tmp_path, source, ("test_it", "test_other"))
    assert outcome.interpreter.startswith("micropython 1.")
    assert ("32-bit" in outcome.interpreter) == (lane.name == "wasm")
    assert outcome.passed == {"test_it": True, "test_other": False}
    assert "seen" in outcome.output["test_other"]
    assert "AssertionError" in outcome.output["test_other"]


@BOTH
@pytest.mark.parametrize(
    "body",
    ["raise SystemExit(0)", "micropython.heap_lock()", "micropython.heap_lock(); [1]"],
    ids=["exit", "left locked", "raised and left locked"],
)
def test_a_test_that_exits_or_leaves_the_heap_locked_fails_alone(lane, body, tmp_path):
    source = f"""
        import micropython

        def test_it():
            {body}

        def test_next():
            assert [1] == [1]
    """
    outcome = run(lane, tmp_path, source, ("test_it", "test_next"))
    assert (outcome.broken, outcome.passed) == ("", {"test_it": False, "test_next": True})


@BOTH
def test_a_hang_breaks_the_file_and_says_so(lane, tmp_path):
    source = """
        print("before the hang")

        def test_it():
            while True:
                pass
    """
    for timeout_s in (3, 30, 300):  # on a busy machine the interpreter needs more than the first wait to come so far
        outcome = run(lane, tmp_path, source, timeout_s=timeout_s)
        assert f"still running after {timeout_s} s" in outcome.broken
        if "before the hang" in outcome.broken:
            return
    raise AssertionError(outcome.broken)


def test_after_a_hang_or_a_crash_the_next_file_gets_a_new_process(tmp_path):
    lane = BY_NAME["wasm"]
    good = "def test_it():\n    pass\n"
    for bad, said in (
        ("def test_it():\n    while True:\n        pass\n", "still running after 3 s"),
        ("import js\n\ndef test_it():\n    js.process.exit(0)\n", "ended with code 1"),
        ("import js\n\ndef test_it():\n    js.process.abort()\n", "ended with code -6"),
        ("raise ValueError('loaded badly')\n", "loaded badly"),
    ):
        outcome = run(lane, tmp_path, bad, timeout_s=3)
        assert said in outcome.broken and not any(outcome.passed.values())
        outcome = run(lane, tmp_path, good)
        assert (outcome.broken, outcome.passed) == ("", {"test_it": True})


@BOTH
def test_a_file_leaves_nothing_to_the_next(lane, tmp_path):
    source = """
        import builtins
        import gc
        import os
        import sys

        import micropython

        def test_it():
            gc.collect()
            assert gc.mem_free() > 7_000_000
            assert not hasattr(builtins, "left") and "left" not in sys.modules and "left" not in os.listdir()
            builtins.left = sys.modules["left"] = bytearray(2_000_000)
            if sys.platform == "webassembly":  # its files are in its memory
                open("left", "w").close()
            micropython.heap_lock()
    """
    for _ in range(2):
        outcome = run(lane, tmp_path, source, ("test_it",))
        assert outcome.broken == "" and "left the heap locked" in outcome.output["test_it"]


@BOTH
@pytest.mark.parametrize("line", ["import no_such_module", "def broken(:", "raise SystemExit(0)"])
def test_a_file_that_does_not_load_breaks_the_file(lane, line, tmp_path):
    assert run(lane, tmp_path, f"{line}\n").broken


def test_a_crash_of_the_interpreter_breaks_the_file(tmp_path):
    source = """
        import uctypes

        def test_fine():
            pass

        def test_it():
            uctypes.bytearray_at(0, 4)[0] = 1
    """
    outcome = run(BY_NAME["unix"], tmp_path, source, ("test_fine", "test_it"))
    assert "ended with code" in outcome.broken


def test_another_interpreter_or_a_missing_verdict_is_not_a_pass():
    other = "#lane interpreter cpython 3.11\n"
    real = "#lane interpreter micropython 1.27\n"
    assert "not micropython" in parse(other + "#lane ok test_it\n#lane end\n", ["test_it"]).broken
    assert "every test" in parse(real + "#lane end\n", ["test_it"]).broken
    assert "every test" in parse(real + "#lane ok test_it\n", ["test_it"]).broken
    assert parse(real + "#lane ok test_it\n#lane end\n", ["test_it"]).broken == ""


@pytest.mark.parametrize("version", [None, "v16.20.2", "not a version"])
def test_no_node_or_an_old_one_is_a_missing_lane(version, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    if version:
        node = tmp_path / "node"
        node.write_text(f"#!/bin/sh\necho {version}\n")
        node.chmod(0o755)
    with pytest.raises(LaneMissing, match="no Node >= 18 found: run `make setup`"):
        find_node()


def test_lane_names_are_distinct():
    assert len(set(LANE_NAMES)) == len(LANE_NAMES)


def test_the_stand_in_counts_the_nesting_of_the_heap_lock():
    micropython.heap_lock()
    micropython.heap_lock()
    assert micropython.heap_locked() == 2
    micropython.heap_unlock()
    micropython.heap_unlock()
    with pytest.raises(RuntimeError, match="without heap_lock"):
        micropython.heap_unlock()


def test_the_stand_in_schedules_at_once():
    called = []
    micropython.schedule(called.append, 7)
    assert called == [7]
