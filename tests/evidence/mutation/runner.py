"""Runs the tests with one mutant, in its own forked process, and finds out which tests reach which line."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.evidence.mutation.mutants import Mutant
from tests.lanes import GUEST_FOLDERS, NATIVE, PORTABLE, ROOT
from tests.lanes.discover import NotPortable, discover

FIRMWARE = ROOT / "firmware"
PACKAGE = FIRMWARE / "cryo"
FOLDERS = ("host_tools/simulator/twin/cpython", *GUEST_FOLDERS)
# A mutant that does not end is stopped by its computing time, which other work on the computer does not change.
CPU_LEAST_S = 2.0
CPU_FACTOR = 20.0
UNKNOWN_S = 3.0  # a test whose time is not known
HOST_CPU_S = 120.0
MEMORY_BYTES = 3 << 30
IMPORTING = "import"

Test = tuple[str, str]  # module under tests/portable, function
AT_IMPORT: Test = (IMPORTING, "")


@dataclass
class Survey:
    """The tests of the unchanged firmware: the time of each, s of CPU, and which lines of which module it runs.

    Without `reach` it is only a list of tests: then tests with names like the module come first, and all are run.
    """

    seconds: dict[Test, float] = field(default_factory=dict)
    reach: dict[str, dict[int, set[Test]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    surveyed: bool = False

    def tests(self, mutant: Mutant, own: bool = False) -> list[Test]:
        """Return the tests that may notice the mutant, likeliest and fastest first; none if no test reaches its lines.

        `own`: only those of the files that are named after the module, or that speak of it where there is none.
        """
        reaching = set(self.seconds)
        if self.surveyed:
            lines = self.reach.get(mutant.module, {})
            found = set().union(*(lines.get(line, set()) for line in mutant.lines))
            if AT_IMPORT not in found:
                reaching = found
            elif mutant.users:  # a constant or a table; if only the import uses it, it may count anywhere
                reaching = set().union(*(lines.get(line, set()) for line in mutant.users)) - {AT_IMPORT} or reaching
        likely = _likely(mutant.module.rsplit("/", 1)[-1])
        if own:
            rank = min((likely[test[0]] for test in reaching), default=0)
            reaching = {test for test in reaching if likely[test[0]] == rank}
        return sorted(reaching, key=lambda test: (likely[test[0]], self.seconds[test], test))


@cache
def _likely(name: str) -> dict[str, int]:
    """How soon to try the tests of each file for a module of this name: its own, those that speak of it, the rest."""
    out = {}
    for file in PORTABLE.rglob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        own = file.stem.startswith("test_" + name) or file.stem == "test_power_on"
        out[_module(file)] = 0 if own else 1 if name in text else 2 if "supervisor_rig" in text else 3
    return out


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the mutated module in place of the file."""

    def __init__(self, mutant: Mutant):
        self.name = "cryo." + mutant.module.replace("/", ".")
        self.path = str(PACKAGE / (mutant.module + ".py"))
        self.code = compile(mutant.source, self.path, "exec")

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self.path)

    def exec_module(self, module):
        exec(self.code, module.__dict__)


def prepare() -> None:
    """Import once the modules that every mutant's process needs and no mutant changes."""
    for folder in reversed(FOLDERS):
        sys.path.insert(0, str(ROOT / folder))
    for name in ("coverage", "hypothesis", "micropython", "numpy", "pytest"):
        importlib.import_module(name)


def portable_tests() -> list[Test]:
    """Return all portable tests that run in CPython."""
    found = []
    for file in sorted(PORTABLE.rglob("test_*.py")):
        try:
            tests = discover(file)
        except NotPortable:
            continue
        if NATIVE in tests.lanes:
            found += [(_module(file), name) for name in tests.lines]
    return found


def _module(file: Path) -> str:
    return ".".join(file.relative_to(PORTABLE).with_suffix("").parts)


def _forget_project() -> None:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        kept = name in ("__main__", "micropython") or name.startswith(("tests.evidence.mutation", "tests.lanes"))
        if name == "tests" or kept or not file.startswith(str(ROOT) + os.sep) or "/.venv/" in file:
            continue
        del sys.modules[name]


def _run(test: Test) -> None:
    """Run one portable test as the lanes do."""
    import micropython

    getattr(importlib.import_module(test[0]), test[1])()
    if micropython.heap_locked():
        raise AssertionError("the test left the heap locked")


def _in_child(work: Callable[[], object]) -> tuple[object, str]:
    """Do `work` in a forked process; return its result, or None and what ended it."""
    with tempfile.TemporaryFile() as answer:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                null = os.open(os.devnull, os.O_RDWR)
                for number in (0, 1, 2):
                    os.dup2(null, number)
                sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                result = work()
                answer.write(pickle.dumps(result))
                answer.flush()
                status = 0
            finally:
                os._exit(status)
        _, state = os.waitpid(pid, 0)
        answer.seek(0)
        data = answer.read()
    if os.WIFSIGNALED(state):
        number = os.WTERMSIG(state)
        return None, "time-out" if number in (signal.SIGPROF, signal.SIGKILL) else f"signal {number}"
    return (pickle.loads(data), "") if data else (None, "crash")


def tests_only() -> Survey:
    """Return all portable tests without a run: times and lines are not known."""
    return Survey(dict.fromkeys(portable_tests(), UNKNOWN_S))


def survey(modules: Sequence[str], processes: int) -> Survey:
    """Run every portable test once on the unchanged firmware."""
    names = sorted({test[0] for test in portable_tests()})
    parts = [(names[n::processes], tuple(modules)) for n in range(processes)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        found = pool.starmap(_survey_files, parts)
    out = Survey(surveyed=True)
    for part in found:
        out.seconds.update(part.seconds)
        out.failed += part.failed
        for module, lines in part.reach.items():
            kept = out.reach.setdefault(module, {})
            for line, tests in lines.items():
                kept.setdefault(line, set()).update(tests)
    return out


def _survey_files(names: Sequence[str], modules: Sequence[str]) -> Survey:
    def work() -> Survey:
        import coverage

        out = Survey()
        _forget_project()
        files = [str(PACKAGE / (module + ".py")) for module in modules]
        measured = coverage.Coverage(data_file=None, include=files, config_file=False)
        measured.start()
        measured.switch_context(IMPORTING)
        for name in names:
            importlib.import_module(name)
        for test in portable_tests():
            if test[0] not in names:
                continue
            measured.switch_context(" ".join(test))
            began = time.process_time()
            try:
                _run(test)
            except BaseException as error:
                out.failed.append(f"{test[0]}::{test[1]}: {error!r}")
            out.seconds[test] = time.process_time() - began
        measured.stop()
        data = measured.get_data()
        for measured_file in data.measured_files():
            module = Path(measured_file).relative_to(PACKAGE).with_suffix("").as_posix()
            lines: dict[int, set[Test]] = defaultdict(set)
            for line, contexts in data.contexts_by_lineno(measured_file).items():
                for context in contexts:
                    name, _, function = context.partition(" ")
                    if name:
                        lines[line].add((name, function))
            out.reach[module] = dict(lines)
        return out

    result, ended = _in_child(work)
    if not isinstance(result, Survey):
        raise RuntimeError("the tests did not run to their end on the unchanged firmware: " + ended)
    return result


_called_on_import: set[tuple[str, str]] = set()  # file, name of the function with its class


def import_portable() -> None:
    """Import all portable tests, and the unchanged firmware with them; note which functions the import calls."""
    _forget_project()

    def note(frame, event, argument):
        if event == "call":
            _called_on_import.add((frame.f_code.co_filename, frame.f_code.co_qualname))

    sys.setprofile(note)
    try:
        for name in sorted({test[0] for test in portable_tests()}):
            importlib.import_module(name)
    finally:
        sys.setprofile(None)


def _change_function(mutant: Mutant) -> bool:
    """Give the imported function the mutant's code, if only that changes: all references to the function see it."""
    path = str(PACKAGE / (mutant.module + ".py"))
    if not mutant.function or not _called_on_import or (path, mutant.function) in _called_on_import:
        return False
    there = importlib.import_module("cryo." + mutant.module.replace("/", "."))
    code = compile(mutant.source, str(there.__file__), "exec")
    function: object = there
    for name in mutant.function.split("."):
        function = getattr(function, name, None)
        found = [part for part in code.co_consts if getattr(part, "co_name", "") == name]
        if function is None or len(found) != 1:
            return False
        code = found[0]
    if getattr(function, "__code__", code) == code or code.co_freevars:
        return False
    if code.co_firstlineno in mutant.lines:
        return False  # a default is not part of the code
    function.__code__ = code  # pyright: ignore[reportAttributeAccessIssue]
    return True


def judge(mutant: Mutant, tests: Sequence[Test], survey: Survey, host: Sequence[str], host_first: bool = False) -> str:
    """Return the test that notices the mutant, or what else ended it; "" when it survives `tests` and `host`."""

    def portable() -> str:
        if not _change_function(mutant):
            _forget_project()
            sys.meta_path.insert(0, _Finder(mutant))
        for test in tests:
            signal.setitimer(signal.ITIMER_PROF, max(CPU_LEAST_S, CPU_FACTOR * survey.seconds[test]))
            try:
                _run(test)
            except BaseException:  # after any exception, also SystemExit and MemoryError, the test did not pass
                return "::".join(test)
        return ""

    def hosted() -> str:
        import pytest

        _forget_project()
        sys.meta_path.insert(0, _Finder(mutant))
        signal.setitimer(signal.ITIMER_PROF, HOST_CPU_S)
        # Without the conftest no outcome is recorded: `make check` must not count those of a mutant.
        arguments = ["-n0", "-x", "-q", "-p", "no:cacheprovider", "--noconftest", "--hypothesis-seed=0"]
        return "host" if pytest.main([*arguments, *(str(ROOT / file) for file in host)]) else ""

    rounds = [(portable, tests), (hosted, host)]
    for work, wanted in reversed(rounds) if host_first else rounds:
        if wanted:
            result, ended = _in_child(work)
            if ended or result:
                return ended or str(result)
    return ""
