"""`python -m tests.hazards.inside ANSWER TEST...` in a copy of the project: what became of each test, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

_ARGUMENTS = ("-n0", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-m", "")


class Verdicts:
    """Notes the worst outcome of each item, and each file that cannot be collected.

    A portable test runs in CPython, in another lane only where it cannot: what a flaw does is the same in all.
    """

    def __init__(self):
        self.found: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
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

    def pytest_runtest_logreport(self, report):
        node = report.nodeid
        self.seconds[node] = round(self.seconds.get(node, 0.0) + report.duration, 2)
        if report.failed:
            self.found[node] = "failed"
        elif report.skipped:
            self.found.setdefault(node, "skipped")
        elif report.when == "call":
            self.found.setdefault(node, "passed")


def main() -> int:
    answer, *tests = sys.argv[1:]
    verdicts = Verdicts()
    status = pytest.main([*_ARGUMENTS, *tests], plugins=[verdicts])
    if not verdicts.found and not verdicts.broken:
        verdicts.broken.append(f"pytest ended with {status} and ran nothing")
    Path(answer).write_text(json.dumps([verdicts.found, verdicts.seconds, verdicts.broken]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
