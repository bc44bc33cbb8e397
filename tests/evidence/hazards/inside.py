"""`python -m tests.evidence.hazards.inside` in a copy of the project: runs tests, writes each outcome as JSON.

A job is a line of standard input, a JSON list: the file for the answer, and the tests.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

_ARGUMENTS = ("-n0", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-m", "")
LONGEST_S = 150  # of a test: a flaw may make firmware wait for ever, and a test that does not end has failed
_SHARED = ("hypothesis", "numpy", "rich.console", "xdist", "typer", "pydantic", "_pytest.junitxml")


class Verdicts:
    """Notes the worst outcome of each item, and each file that cannot be collected.

    A portable test runs in CPython, and in another lane only if it cannot: a flaw does the same in all lanes.
    """

    def __init__(self):
        self.found: dict[str, str] = {}
        self.broken: list[str] = []

    def pytest_collection_modifyitems(self, config, items):
        native = {item.nodeid for item in items if not hasattr(item, "lane")}
        kept, left = [], []
        for item in items:
            lane = getattr(item, "lane", "")
            again = lane and (lane == "wasm" or item.nodeid.partition("[")[0] in native)
            (left if again else kept).append(item)
        config.hook.pytest_deselected(items=left)
        items[:] = kept

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken.append(f"{report.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")

    def pytest_runtest_setup(self, item):
        signal.alarm(LONGEST_S)

    def pytest_runtest_teardown(self, item):
        signal.alarm(0)

    def pytest_runtest_logreport(self, report):
        node = report.nodeid
        if report.failed:
            self.found[node] = "failed"
        elif report.skipped:
            self.found.setdefault(node, "skipped")
        elif report.when == "call":
            self.found.setdefault(node, "passed")


def _too_long(number, frame):
    raise TimeoutError(f"not ended within {LONGEST_S} s")


def _judge(answer: str, tests: list[str]) -> None:
    signal.signal(signal.SIGALRM, _too_long)
    verdicts = Verdicts()
    status = pytest.main([*_ARGUMENTS, *tests], plugins=[verdicts])
    if not verdicts.found and not verdicts.broken:
        verdicts.broken.append(f"pytest ended with {status} and ran nothing")
    Path(answer).write_text(json.dumps([verdicts.found, verdicts.broken]), encoding="utf-8")


def main() -> int:
    """Read jobs and do each in its own forked process, so that common modules are imported only once."""
    for name in _SHARED:
        importlib.import_module(name)
    for line in sys.stdin:
        answer, *tests = json.loads(line)
        pid = os.fork()
        if pid == 0:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(2, 1)
            try:
                _judge(answer, tests)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
