"""Does a campaign's runs in several processes. A process that dies loses no run and doubles none.

Results come in the order of their end; the table is made in the order of names, so the number of processes does not
show in it.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.store import Store, StoreError, code

AHEAD = 2  # runs a process: one in work, one that waits, so that it need not
ALONE_MAX = 2  # so often a run may end its process with no other run beside it
SAY_S = 10.0

_on = ""  # of this process


class DiedError(StoreError):
    """A run ends its process each time."""


def _ready() -> None:
    """Get a process ready, and take what code it runs: read once, as it is loaded once."""
    global _on
    _on = code()
    worker.ready()


def _told(work: Callable[[object], object], item: object) -> tuple[str, object]:
    """Do one piece of work; return the code of this process and the result."""
    return _on, work(item)


class Progress:
    """Says on stderr how far a group of runs is and how long the rest takes, every ten seconds and at the end."""

    def __init__(self, title: str, count: int, clock: Callable[[], float] = time.monotonic):
        self._title = title
        self._count = count
        self._clock = clock
        self._began = self._said = clock()
        self._done = 0

    def one_more(self) -> None:
        """Count one that is done."""
        self._done += 1
        now = self._clock()
        if self._done < self._count and now - self._said < SAY_S:
            return
        self._said = now
        took = now - self._began
        left = took / self._done * (self._count - self._done)
        print(f"{self._title}: {self._done} of {self._count}, {took:.0f} s, about {left:.0f} s left",
              file=sys.stderr, flush=True)  # fmt: skip


class Engine:
    """Processes that do named pieces of work and give the results to a store."""

    def __init__(self, processes: int | None, store: Store):
        self._processes = processes or os.cpu_count() or 1
        self._store = store
        self._pool: ProcessPoolExecutor | None = None
        self.died = 0

    def do(self, title: str, work: Callable, items: Mapping[str, object]) -> list:
        """Do the work on the items that the store lacks; return all results, in the order of the items."""
        if work.__module__.rpartition(".")[2] == "__main__":  # also where a test imports it under its long name
            raise ValueError(f"{work.__name__} stands in a program: its processes find work in a module alone")
        left = deque(name for name in items if name not in self._store.results)
        progress = Progress(title, len(left))
        lost: deque[str] = deque()
        alone: dict[str, int] = {}
        while left or lost:
            # What was in work as a process died is tried one at a time: so the run that ends it has a name.
            queue, most = (lost, 1) if lost else (left, AHEAD * self._processes)
            broken = self._through(work, items, queue, most, progress)
            if broken and most == 1:
                alone[broken[0]] = alone.get(broken[0], 0) + 1
                if alone[broken[0]] >= ALONE_MAX:
                    raise DiedError(f"{broken[0]} ended its process {ALONE_MAX} times, alone: run it with --again")
            lost.extendleft(reversed(broken))
        return [self._store.results[name] for name in items]

    def _through(self, work, items, queue, most, progress) -> list[str]:
        """Do what is queued; return the names that were in work as a process died (none: all is done)."""
        running: dict[Future, str] = {}
        broken = []
        while queue or running:
            while queue and len(running) < most and not broken:
                name = queue.popleft()
                try:
                    running[self._ready_pool().submit(_told, work, items[name])] = name
                except BrokenProcessPool:
                    broken.append(name)
            done = wait(running, return_when=FIRST_COMPLETED).done if running else set()
            for future in done:
                name = running.pop(future)
                try:
                    on, result = future.result()
                except BrokenProcessPool:
                    broken.append(name)
                    continue
                self._store.add(name, result, on)
                progress.one_more()
            if broken and not running:
                self._renew()
                return broken
        return []

    def _ready_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = worker.pool(self._processes, _ready)
        return self._pool

    def _renew(self) -> None:
        self.died += 1
        print("a process died: what it had in work is done again", file=sys.stderr, flush=True)
        self._close()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
