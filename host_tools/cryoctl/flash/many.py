"""Flashes several boards at the same time, each in its own thread. A failure of one does not delay the others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from host_tools.cryoctl.flash import Report, Watch, flashed, run
from host_tools.cryoctl.flash.plan import Run
from host_tools.cryoctl.problems import DONE, Problem

TOGETHER = 16


class Stopped(Problem):
    """Ctrl-C came. The next run uses what is on a board already."""

    code = 130


class _Stoppable(Watch):
    """Passes on the progress. Once `stop` is set it ends the run at the next step, but not while files are renamed."""

    def __init__(self, inner: Watch, stop: threading.Event):
        self._inner = inner
        self._stop = stop

    def part(self, name, total=0):
        self._inner.part(name, total)
        self._end()

    def at(self, done):
        self._inner.at(done)
        self._end()

    def warn(self, text):
        self._inner.warn(text)

    def _end(self):
        if self._stop.is_set():
            raise Stopped("interrupted", "run the same command again to continue")


def flash(planned: Run, watch_of: Callable[[str], Watch]) -> tuple[list[Report], int, list[Problem]]:
    """Do a run; return one report for each board, the worst exit code, and what went wrong."""
    request = planned.request
    ports = [run.by_volume(request, watch_of("volume"))] if planned.by_volume else planned.ports
    problems: list[Problem] = []
    stop = threading.Event()

    def one(at):
        watch = watch_of(at.name)
        report = Report(at.name, usb_serial=at.usb_serial)
        try:
            run.flash(at, request, _Stoppable(watch, stop), report)
        except Problem as problem:
            problems.append(problem)
            report.result = f"failed: {problem.text}"
        watch.part("done" if report.result == "verified" else report.result.partition(":")[0])
        if planned.record:
            flashed.append(planned.record, report)
        return report

    with ThreadPoolExecutor(max(1, min(len(ports), TOGETHER))) as pool:
        try:
            reports = list(pool.map(one, ports))
        except KeyboardInterrupt:
            stop.set()
            raise
    return reports, max((problem.code for problem in problems), default=DONE), problems
