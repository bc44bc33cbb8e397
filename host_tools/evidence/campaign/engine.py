"""Does a campaign's runs in several processes, many runs in each task. If a process dies, no run is lost or done twice.

Results come in the order in which they end. The table is in the order of names, so it does not depend on the number of
processes or on where they run.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Protocol

from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError

AHEAD = 2  # tasks for each process: one in work, and one that waits, so that the process never waits
ALONE_MAX = 2  # how often a run may end its process while it runs alone
BATCH = 25  # runs in one task, at most ...
TASKS = 8  # ... and at least so many tasks for each process, so that none waits long for the last one
TOLD = 10  # how many reports of progress a group of runs has without a terminal
SAY_S = 1.0  # seconds between two reports on a terminal


class DiedError(StoreError):
    """A run ends its process each time."""


class Farm(Protocol):
    """Processes that do pieces of work: of this machine (worker.py), or of a cluster (cluster.py)."""

    @property
    def broken(self) -> tuple[type[BaseException], ...]:
        """The exception of a piece of work whose process died."""
        ...

    @property
    def count(self) -> int:
        """Return how many processes there are."""
        ...

    def submit(self, work: Callable, items: Sequence) -> Future:
        """Let a process do pieces of work; return a future of the result of worker.told()."""
        ...

    def renew(self) -> None:
        """Recover after a process died."""
        ...


def _span(seconds: float) -> str:
    """Write a time in the unit that fits."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


class Progress:
    """Reports on stderr how many runs of a group are done and how long the rest takes.

    On a terminal this is one line that is written anew each second; otherwise a line at every tenth of the runs.
    """

    def __init__(self, title: str, count: int, clock: Callable[[], float] = time.monotonic):
        self._title = title
        self._count = count
        self._clock = clock
        self._began = self._said_s = clock()
        self._done = self._said = 0
        self._watched = sys.stderr.isatty()

    def more(self, count: int) -> None:
        """Count some runs as done."""
        self._done += count
        now = self._clock()
        ended = self._done >= self._count
        waits = now - self._said_s < SAY_S if self._watched else (self._done - self._said) * TOLD < self._count
        if waits and not ended:
            return
        self._said, self._said_s = self._done, now
        took = now - self._began
        left = took / self._done * (self._count - self._done)
        text = f"{self._title}: {self._done} of {self._count}, {_span(took)}, about {_span(left)} left"
        if self._watched:
            text = f"\r{text}\x1b[K"
        print(text, end="\n" if ended or not self._watched else "", file=sys.stderr, flush=True)


class Engine:
    """Gives named pieces of work to processes and the results to a store."""

    def __init__(self, farm: Farm, store: Store):
        self._farm = farm
        self._store = store
        self.died = 0
        self.done = 0
        self.cpu_s = 0.0  # processor time of the work, in all processes

    def do(self, title: str, work: Callable, items: Mapping[str, object], batch: int = BATCH) -> list:
        """Do the work on the items that are not in the store; return all results, in the order of the items.

        batch is the largest number of items in a task.
        """
        if work.__module__.rpartition(".")[2] == "__main__":  # also when a test imports it under its long name
            raise ValueError(f"{work.__name__} stands in a program: its processes find work in a module alone")
        left = [name for name in items if name not in self._store.results]
        progress = Progress(title, len(left))
        size = max(1, min(batch, len(left) // (TASKS * self._farm.count)))
        tasks = deque(left[k : k + size] for k in range(0, len(left), size))
        lost: deque[list[str]] = deque()
        alone: dict[str, int] = {}
        while tasks or lost:
            # What was in work when a process died is tried one by one: this finds the run that ended it.
            queue, most = (lost, 1) if lost else (tasks, AHEAD * self._farm.count)
            broken = self._through(work, items, queue, most, progress)
            if broken and most == 1:
                alone[broken[0]] = alone.get(broken[0], 0) + 1
                if alone[broken[0]] >= ALONE_MAX:
                    raise DiedError(f"{broken[0]} ended its process {ALONE_MAX} times, alone: run it with --again")
            lost.extendleft([name] for name in reversed(broken))
        return [self._store.results[name] for name in items]

    def _through(self, work, items, queue, most, progress) -> list[str]:
        """Do what is queued; return the names that were in work when a process died (none: all is done)."""
        running: dict[Future, list[str]] = {}
        broken: list[str] = []
        while queue or running:
            while queue and len(running) < most and not broken:
                names = queue.popleft()
                try:
                    running[self._farm.submit(work, [items[name] for name in names])] = names
                except self._farm.broken:
                    broken += names
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                names = running.pop(future)
                try:
                    on, cpu_s, found = future.result()
                except self._farm.broken:
                    broken += names
                    continue
                except CancelledError:
                    raise StoreError("the cluster is gone: --resume goes on with what was done") from None
                self._store.add(dict(zip(names, found, strict=True)), on)
                self.done += len(names)
                self.cpu_s += cpu_s
                progress.more(len(names))
            if broken and not running:
                self.died += 1
                print("a process died: what it had in work is done again", file=sys.stderr, flush=True)
                self._farm.renew()
                return broken
        return []
