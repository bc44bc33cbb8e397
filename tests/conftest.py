"""Collects each file of tests/portable once per lane: natively by pytest, elsewhere through `tests.lanes`."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import settings

import micropython
from host_tools.evidence.safety import outcomes
from tests import drawn
from tests.lanes import (
    LANES,
    NATIVE,
    PORTABLE,
    LaneMissing,
    Outcome,
    counted,
    end_servers,
    missing,
    order,
    run_file,
    summary,
)
from tests.lanes.discover import NotPortable, PortableTests, discover
from tests.lanes.explain import explained

settings.register_profile("cryo", settings(), deadline=None)  # how busy the machine is says nothing of the code
settings.load_profile("cryo")
drawn.fix()

FAILURES_EXPLAINED = 10


class LaneFailure(Exception):
    """A test failed in its lane; the message is what the interpreter printed."""


class LaneItem(pytest.Item):
    """One test of a portable file in one lane."""

    def __init__(self, *, test: str, lane: str, line: int, skip: str = "", **kwargs):
        super().__init__(name=f"{test}[{lane}]", **kwargs)
        self.test, self.lane, self.line, self.skip = test, lane, line, skip
        self.user_properties.append((summary.LANE, lane))

    def runtest(self) -> None:
        if self.skip:
            pytest.skip(self.skip)
        assert isinstance(self.parent, LaneFile)
        try:
            outcome = self.parent.outcome(self.lane)
        except LaneMissing as gone:
            pytest.skip(str(gone))
        self.user_properties.append((summary.INTERPRETER, outcome.interpreter))
        if outcome.broken:
            raise LaneFailure(outcome.broken)
        printed = outcome.output[self.test]
        if not outcome.passed[self.test]:
            raise LaneFailure(f"in lane {self.lane}:\n{printed}\n{self.parent.explained(self.lane, self.test)}")
        if printed:
            self.add_report_section("call", "stdout", printed)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, LaneFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


class LaneFile(pytest.File):
    """A portable file in the lanes of `only`; runs once per lane, with the tests that are left to run."""

    only: tuple[str, ...] = ()

    def collect(self):
        self.outcomes: dict[str, Outcome] = {}
        self.selected: dict[str, list[str]] = {}
        self.failures = 0
        tests = _discover(self.path)
        for lane in self.only:
            skip = "" if lane in tests.lanes else tests.reason
            for test, line in tests.lines.items():
                yield LaneItem.from_parent(self, test=test, lane=lane, line=line, skip=skip)

    def outcome(self, name: str) -> Outcome:
        if name not in self.outcomes:
            lane = next(lane for lane in LANES if lane.name == name)
            self.outcomes[name] = run_file(lane, self.path, self.selected[name])
        return self.outcomes[name]

    def explained(self, name: str, test: str) -> str:
        """Return the source line and the values of a failed assert, for the first few of a file: each is a run."""
        self.failures += 1
        if self.failures > FAILURES_EXPLAINED:
            return f"(values are told for the first {FAILURES_EXPLAINED} failures of a file)"
        lane = next(lane for lane in LANES if lane.name == name)
        return explained(lane, self.path, test, self.outcomes[name].output[test])


def _discover(file: Path) -> PortableTests:
    try:
        return discover(file)
    except NotPortable as error:
        raise pytest.Collector.CollectError(str(error)) from error


def _is_portable(file: Path) -> bool:
    return file.is_relative_to(PORTABLE) and file.name.startswith("test_") and file.suffix == ".py"


def _lane_file(parent: pytest.Collector, file: Path, only: tuple[str, ...]) -> LaneFile:
    collector = LaneFile.from_parent(parent, path=file)
    collector.only = only
    return collector


def pytest_collect_file(file_path: Path, parent: pytest.Collector):
    if _is_portable(file_path):
        return _lane_file(parent, file_path, tuple(lane.name for lane in LANES))
    return None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector):
    """Keep pytest from importing a portable file that is not for CPython: its tests are counted skips."""
    if _is_portable(module_path):
        try:
            native = NATIVE in discover(module_path).lanes
        except NotPortable:  # the lanes' collector reports it
            return None
        if not native:
            return _lane_file(parent, module_path, (NATIVE,))
    return None


# --- coverage ---------------------------------------------------------------------------------------------------------
@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    counted.pause(session.config)
    counted.import_core(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    with counted.counting(item.config, counted.counts(item.path) and not isinstance(item, LaneItem)):
        done = yield
    if nextitem is not None and nextitem.path != item.path:
        _set_heap_aside()
    return done


# --- lanes ------------------------------------------------------------------------------------------------------------
@pytest.hookimpl(tryfirst=True)  # before `-k` looks at the keywords
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        order.longest_first(items)
    for item in items:
        if _is_portable(item.path) and not isinstance(item, LaneItem):
            item.user_properties.append((summary.LANE, NATIVE))
            item.extra_keyword_matches.add(NATIVE)  # `-k cpython`: its name has no lane in it
        elif item.path.parent.name in summary.FOLDERS:
            item.user_properties.append((summary.LANE, summary.FOLDERS[item.path.parent.name]))


def _set_heap_aside() -> None:
    """Take what is on the heap out of later collections: the firmware collects often, and would walk it each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    _set_heap_aside()  # thousands of tests; later what each file's tests have imported
    for item in session.items:
        if isinstance(item, LaneItem) and isinstance(item.parent, LaneFile):
            item.parent.selected.setdefault(item.lane, []).append(item.test)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """Fail a test that leaves the heap locked, as the MicroPython lanes do."""
    try:
        result = yield
    finally:
        left = micropython.heap_locked()
        while micropython.heap_locked():
            micropython.heap_unlock()
    if left:
        pytest.fail("the test left the heap locked: unlock it in a finally clause", pytrace=False)
    return result


CODE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lanes-required", action="store_true", help="fail at once where a MicroPython lane is missing")


def pytest_configure(config: pytest.Config) -> None:
    """Ask for the lanes where they are required; note on which code the run began.

    Not in a worker, nor in a copy of this project.
    """
    if not hasattr(config, "workerinput") and config.getoption("lanes_required") and (gone := missing()):
        raise pytest.UsageError("; ".join(gone))
    if not hasattr(config, "workerinput") and config.rootpath == outcomes.ROOT:
        config.stash[CODE] = outcomes.digest()


def pytest_unconfigure() -> None:
    end_servers()


def pytest_terminal_summary(terminalreporter) -> None:
    terminalreporter.section("lanes")
    found = outcomes.verdicts(terminalreporter.stats)
    for line in (*summary.lines(terminalreporter.stats), *summary.costs(found)):
        terminalreporter.line(line)
    code = terminalreporter.config.stash.get(CODE, "")
    if code and found and not outcomes.save(code, found):
        terminalreporter.line("The code changed during the run: `make check` does not count its outcomes.")
