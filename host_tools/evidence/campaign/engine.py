"""Does a campaign's runs in several processes, many a task. A process that dies loses no run and doubles none.

Results come in the order of their end; the table is made in the order of names, so neither the number of processes nor
where they are shows in it.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Protocol

from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError

AHEAD = 2  # tasks a process: one in work, one that waits, so that it need not
ALONE_MAX = 2  # so often a run may end its process with no other run beside it
BATCH = 25  # runs a task, at most ...
TASKS = 8  # ... and at least so many tasks a process, so that none waits long for the last one
TOLD = 10  # so often a group of runs is told of where nobody watches
SAY_S = 1.0  # how often where somebody does


class DiedError(StoreError):
    """A run ends its process each time."""


class Farm(Protocol):
    """Processes that do pieces of work: of this machine (worker.py), or of a cluster (cluster.py)."""

    @property
    def broken(self) -> tuple[type[BaseException], ...]:
        """What a piece of work raises whose process died."""
        ...

    @property
    def count(self) -> int:
        """Return how many processes there are."""
        ...

    def submit(self, work: Callable, items: Sequence) -> Future:
        """Let a process do pieces of work: a future of what worker.told() returns."""
        ...

    def renew(self) -> None:
        """After a process died."""
        ...


def _span(seconds: float) -> str:
    """Write a time in the unit that fits."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


class Progress:
    """Says on stderr how far a group of runs is and how long the rest takes.

    On a terminal that is one line, written anew each second; else a line at every tenth of the runs.
    """

    def __init__(self, title: str, count: int, clock: Callable[[], float] = time.monotonic):
        self._title = title
        self._count = count
        self._clock = clock
        self._began = self._said_s = clock()
        self._done = self._said = 0
        self._watched = sys.stderr.isatty()

    def more(self, count: int) -> None:
        """Count some that are done."""
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
        self.cpu_s = 0.0  # that the work took, in all processes

    def do(self, title: str, work: Callable, items: Mapping[str, object], batch: int = BATCH) -> list:
        """Do the work on the items that the store lacks; return all results, in the order of the items.

        batch is how many at most make a task.
        """
        if work.__module__.rpartition(".")[2] == "__main__":  # also where a test imports it under its long name
            raise ValueError(f"{work.__name__} stands in a program: its processes find work in a module alone")
        left = [name for name in items if name not in self._store.results]
        progress = Progress(title, len(left))
        size = max(1, min(batch, len(left) // (TASKS * self._farm.count)))
        tasks = deque(left[k : k + size] for k in range(0, len(left), size))
        lost: deque[list[str]] = deque()
        alone: dict[str, int] = {}
        while tasks or lost:
            # What was in work as a process died is tried one at a time: so the run that ends it has a name.
            queue, most = (lost, 1) if lost else (tasks, AHEAD * self._farm.count)
            broken = self._through(work, items, queue, most, progress)
            if broken and most == 1:
                alone[broken[0]] = alone.get(broken[0], 0) + 1
                if alone[broken[0]] >= ALONE_MAX:
                    raise DiedError(f"{broken[0]} ended its process {ALONE_MAX} times, alone: run it with --again")
            lost.extendleft([name] for name in reversed(broken))
        return [self._store.results[name] for name in items]

    def _through(self, work, items, queue, most, progress) -> list[str]:
        """Do what is queued; return the names that were in work as a process died (none: all is done)."""
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
