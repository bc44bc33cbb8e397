"""How pytest collects portable files: once for each lane, with skips counted by reason and mistakes named."""

import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from host_tools.evidence.safety.planted import SKIPS
from host_tools.evidence.safety.table import Hazard, Row, Table
from tests.lanes import LANES, ROOT, LaneMissing, order, summary
from tests.lanes.discover import NotPortable, discover


@pytest.fixture
def project(tmp_path):
    """A copy of the gate with an empty tests/portable. Return a function that runs pytest in it."""
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py", "tests/drawn.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("tests/lanes", "host_tools/simulator/twin/cpython"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "host_tools/toolchain").mkdir()
    (tmp_path / "host_tools/toolchain/node").symlink_to(ROOT / "host_tools/toolchain/node")
    (tmp_path / "tests/portable").mkdir()

    def run(source, *arguments, room="tests/portable"):
        (tmp_path / room).mkdir(exist_ok=True)
        (tmp_path / room / "test_a.py").write_text(textwrap.dedent(source))
        argv = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-rA", *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
        done = subprocess.run(
            argv, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    return run


def lane_lines(text):
    return [line for line in text.splitlines() if line.startswith(("cpython ", "unix ", "wasm ", "skipped "))]


def need_every_lane():
    for lane in LANES:
        try:
            lane.command()
        except LaneMissing as missing:
            pytest.skip(f"{lane.name}: {missing}")


TWO_TESTS = """
    import sys

    def test_everywhere():
        assert True

    def test_only_cpython_passes():
        assert sys.implementation.name == "cpython"
"""


def test_each_test_runs_once_in_each_lane(project):
    need_every_lane()
    text = project(TWO_TESTS)
    cpython, unix, wasm = lane_lines(text)
    assert "2 passed, 0 failed, 0 skipped: CPython 3." in cpython
    assert "1 passed, 1 failed, 0 skipped: micropython 1." in unix
    assert "1 passed, 1 failed, 0 skipped: micropython 1." in wasm
    assert "FAILED tests/portable/test_a.py::test_only_cpython_passes[unix]" in text
    assert "2 failed, 4 passed" in text
    failures = text.split("= FAILURES =")[1].split("= short test summary info =")[0]  # in CI the summary repeats it
    assert failures.count("\n      sys.implementation.name = 'micropython'\n") == 2


def test_a_name_selects_the_test_in_every_lane(project):
    need_every_lane()
    assert "3 passed, 3 deselected" in project(TWO_TESTS, "-k", "everywhere")
    assert "1 passed" in project(TWO_TESTS, "tests/portable/test_a.py::test_everywhere[unix]")


def test_cpython_selects_its_lane(project):
    text = project(TWO_TESTS, "-k", "cpython and everywhere")
    assert "1 passed" in text and "5 deselected" in text
    assert "PASSED tests/portable/test_a.py::test_everywhere\n" in text


def test_a_collection_of_garbage_does_not_walk_what_pytest_collected(project):
    source = """
        import gc

        def test_it():
            assert gc.get_freeze_count() > 10_000
    """
    assert "1 passed" in project(source, "-k", "cpython")


def test_nor_what_an_earlier_file_left(project, tmp_path):
    source = """
        import gc

        def test_it():
            assert gc.get_freeze_count() > 100_000
            assert len(gc.get_objects()) < 50_000
    """
    before = tmp_path / "tests/firmware/app/test_before.py"
    before.parent.mkdir(parents=True)
    before.write_text("LEFT = []\n\ndef test_it():\n    LEFT.extend([] for _ in range(100_000))\n")
    order = ("tests/firmware/app/test_before.py", "tests/portable/core/test_a.py")
    assert "2 passed" in project(source, "-k", "not unix and not wasm", *order, room="tests/portable/core")


CORE = """
    ANSWER = 42


    def halved(number):
        if number:
            return number // 2
        return 0
"""
APP = """
    import sys

    from cryo.core.a import halved


    def test_it():
        assert sys.gettrace() is None, "traced without need, and slow"
"""
BOTH_BRANCHES = "halved(4) == 2 and halved(0) == 0"


@pytest.mark.parametrize(
    ("room", "here", "there", "passes"),
    [
        ("tests/portable/core", BOTH_BRANCHES, "True", True),
        ("tests/portable/core", "halved", BOTH_BRANCHES, False),
        ("tests/portable/console", BOTH_BRANCHES, "True", False),
    ],
)
def test_coverage_counts_the_tests_of_the_core_alone(project, tmp_path, room, here, there, passes):
    for file, source in (
        ("firmware/cryo/core/a.py", CORE),
        ("firmware/cryo/__init__.py", ""),
        ("firmware/cryo/core/__init__.py", ""),
        ("tests/firmware/app/test_before.py", APP + f"        assert {there}\n"),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(textwrap.dedent(source))
    source = f"from cryo.core.a import ANSWER, halved\n\ndef test_it():\n    assert ANSWER and {here}\n"
    text = project(source, "--cov", "-k", "not unix and not wasm", "-n", "2", room=room)
    assert "2 passed" in text
    assert ("Required test coverage of 100.0% reached" in text) == passes
    assert ("FAIL Required test coverage of 100.0% not reached" in text) != passes


def test_a_restriction_is_a_counted_skip_and_keeps_cpython_from_importing(project):
    source = """
        import uctypes

        LANES = ("unix",)
        LANES_REASON = "uctypes exists on the boards and in unix only"

        def test_it():
            assert uctypes
    """
    text = project(source)
    assert "1 passed, 2 skipped" in text
    assert "skipped  1 in cpython: uctypes exists on the boards and in unix only" in text
    assert "skipped  1 in wasm: uctypes exists on the boards and in unix only" in text


def test_a_lane_that_is_not_installed_is_skipped_and_says_so(project, tmp_path):
    (tmp_path / "host_tools/toolchain/node").unlink()
    text = project("def test_it():\n    pass\n")
    assert "2 passed, 1 skipped" in text
    assert "wasm     0 passed, 0 failed, 1 skipped: did not run" in text
    reason = r"skipped  1 in wasm: .*: run `make setup`"
    assert re.search(reason, text)


def test_where_the_lanes_are_required_a_missing_one_fails_the_run_and_says_what_to_do(project, tmp_path):
    source = "def test_it():\n    pass\n"
    assert "3 passed" in project(source, "--lanes-required")
    (tmp_path / "host_tools/toolchain/node").unlink()
    text = project(source, "--lanes-required")
    assert re.search("ERROR: lane wasm is missing: .*: run `make setup`; without it no portable test runs in", text)
    assert "passed" not in text


def test_a_skip_says_which_control_was_not_shown():
    row = Row(control="it trips", tests=(f"{SKIPS[0]}test_a.py::test_trips", "tests/test_b.py::test_trips"))
    table = Table((Hazard("H1", "Cold", "It hurts.", "", (row,)),), (), {}, {})
    ran = {row.tests[0]: "skipped", row.tests[1]: "passed"}
    (line,) = summary.costs(ran, table)
    assert line == f"not shown in this run: H1 row 1 by {row.tests[0]} (it trips); 1 other tests of it ran"
    assert list(summary.costs(ran | {row.tests[0]: "passed"}, table)) == []


def test_a_broken_file_fails_every_test_and_shows_the_output(project):
    source = """
        import sys

        if sys.implementation.name != "cpython":
            print("the reason is here")
            raise SystemExit(3)

        def test_one():
            pass

        def test_two():
            pass
    """
    text = project(source, "-k", "unix or not wasm")
    assert "2 failed, 2 passed" in text
    assert text.count("the reason is here") >= 2


def test_leaving_the_heap_locked_fails_in_cpython_too(project):
    source = "import micropython\n\ndef test_it():\n    micropython.heap_lock()\n"
    assert "FAILED tests/portable/test_a.py::test_it - " in project(source, "-k", "not unix and not wasm")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def test_it(tmp_path):\n    pass\n", "must take no arguments"),
        ("@wrap\ndef test_it():\n    pass\n", "no decorators"),
        ("class TestIt:\n    pass\n", "plain functions"),
        ("import pytest\n", "bare asserts"),
        ("from pytest import raises\n", "bare asserts"),
        ("def test_it():\n    pass\n\ndef test_it():\n    pass\n", "defined twice"),
        ("LANES = ('moon',)\nLANES_REASON = 'why'\n", "some of cpython, unix, wasm"),
        ("LANES = ('unix',)\n", "needs LANES_REASON"),
        ("LANES = tuple(x)\n", "must be a literal"),
        ("def broken(:\n", "test_a.py:1:"),
    ],
)
def test_what_is_not_portable_is_named(source, message, tmp_path):
    file = tmp_path / "test_a.py"
    file.write_text(source)
    with pytest.raises(NotPortable, match=r"test_a\.py") as error:
        discover(file)
    assert message in str(error.value)


def test_a_file_that_is_not_portable_stops_the_run(project):
    text = project("import pytest\n\ndef test_it():\n    pass\n")
    assert "bare asserts" in text
    assert "1 error" in text


def test_the_longest_files_come_first_in_a_run_by_several_processes(project, tmp_path):
    assert [name for name in order.LONGEST if not (ROOT / "tests" / name).is_file()] == []
    for name in ("firmware/app/test_a.py", order.LONGEST[1], order.LONGEST[0]):
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / name).write_text("def test_it():\n    pass\n")
    many = "".join(f"def test_{number}():\n    pass\n\n" for number in range(9))
    text = project(many + "def test_it():\n    pass\n", "-v", "-n", "1", "-k", "not unix and not wasm")
    ran = re.findall(r"PASSED tests/(\S+)::test_it *$", text.partition("short test summary")[0], re.MULTILINE)
    assert ran[:2] == list(order.LONGEST[:2]) and len(ran) == 4, text
