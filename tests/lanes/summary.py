"""The lines that end a test run: which lanes ran, in which interpreter, with what result, and every skip."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

import pytest

from host_tools.evidence.safety.outcomes import of
from host_tools.evidence.safety.table import Table, load
from tests.lanes import LANE_NAMES, NATIVE

HOST = "host"
FOLDERS = {"pio": "pio", "emulated": "emulated"}  # lanes that are a folder of tests
LANE, INTERPRETER = "lane", "interpreter"
NATIVE_VERSION = f"{platform.python_implementation()} {' '.join(sys.version.split())}"
_COUNTED = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
    "xfailed": "skipped",
    "xpassed": "passed",
}


def lines(stats: Mapping[str, Iterable[object]]) -> Iterator[str]:
    """Yield the summary lines from pytest's reports by category."""
    counts = {name: Counter[str]() for name in (*LANE_NAMES, *FOLDERS, HOST)}
    interpreters = {NATIVE: NATIVE_VERSION, HOST: NATIVE_VERSION, "pio": f"rp2040py {version('rp2040py')}, no image"}
    skips: Counter[tuple[str, str]] = Counter()
    for category, verdict in _COUNTED.items():
        for report in stats.get(category, ()):
            properties = dict(report.user_properties) if isinstance(report, pytest.TestReport) else {}
            lane = properties.get(LANE, HOST)
            interpreters.setdefault(lane, properties.get(INTERPRETER))
            if interpreters[lane] is None:
                interpreters[lane] = properties.get(INTERPRETER)
            counts[lane][verdict] += 1
            if verdict == "skipped":
                skips[lane, _reason(report)] += 1
    for lane, count in counts.items():
        ran = interpreters.get(lane) if count["passed"] + count["failed"] else None
        numbers = ", ".join(f"{count[verdict]} {verdict}" for verdict in ("passed", "failed", "skipped"))
        yield f"{lane:8} {numbers}: {ran or 'did not run'}"
    for (lane, reason), number in sorted(skips.items()):
        yield f"skipped  {number} in {lane}: {reason}"


def costs(verdicts: Mapping[str, str], table: Table | None = None) -> Iterator[str]:
    """Yield a line for each control of the hazard table of which a named test was skipped: what was not shown."""
    for hazard in (table or load()).hazards:
        for number, row in enumerate(hazard.rows, 1):
            left = [test for test in row.tests if of(test, verdicts) == "skipped"]
            if left:
                others = sum(of(test, verdicts) == "passed" for test in row.tests)
                yield (
                    f"not shown in this run: {hazard.id} row {number} by {', '.join(left)} ({row.control}); "
                    f"{others} other tests of it ran"
                )


def _reason(report: object) -> str:
    if getattr(report, "wasxfail", ""):
        return f"expected failure: {report.wasxfail}"  # type: ignore[attr-defined]
    detail = getattr(report, "longrepr", None)
    text = detail[2] if isinstance(detail, tuple) else str(detail)
    return text.removeprefix("Skipped: ")
