"""Boards at once, each in its thread; what fails on one holds no other up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from host_tools.cryoctl import found
from host_tools.cryoctl.flash import Report, Request, Watch, record, run
from host_tools.cryoctl.problems import DONE, Problem

TOGETHER = 16


def flash(
    ports: list[found.Found],
    request: Request,
    watch_of: Callable[[str], Watch],
    written: Path | None,
) -> tuple[list[Report], int, list[Problem]]:
    """Return a report a board, the worst exit code, and what went wrong. written: the record; None keeps none."""
    problems: list[Problem] = []

    def one(at):
        watch = watch_of(at.name)
        report = Report(at.name, usb_serial=at.usb_serial)
        try:
            run.flash(at, request, watch, report)
        except Problem as problem:
            problems.append(problem)
            report.result = f"failed: {problem.text}"
        watch.part("done" if report.result == "verified" else report.result.partition(":")[0])
        if written and not request.dry_run:
            record.append(written, report)
        return report

    with ThreadPoolExecutor(max(1, min(len(ports), TOGETHER))) as pool:
        reports = list(pool.map(one, ports))
    return reports, max((problem.code for problem in problems), default=DONE), problems
