"""The processes of a campaign on this machine, and their preparation: machine code, fewer garbage collections."""

import gc
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from multiprocessing import get_context

from host_tools.evidence.campaign import tree
from host_tools.simulator.twin import compiled, lanes

# One thread for each process, also for NumPy: with matrices as small as the skin's, several threads wait for each
# other.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
_BETWEEN_COLLECTIONS = 200_000  # objects: the rows of a record are no garbage; a run makes about 10 000

_on = ""  # the code of this process


def ready() -> None:
    """Get this process ready for many runs.

    Objects that are loaded by now stay for ever: collections that search them each time would take a third of a run.
    """
    compiled.use()
    lanes.fold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS)


def on() -> str:
    """Return the code of this process. It is read once, because the process loads its code once."""
    global _on
    _on = _on or tree.code()
    return _on


def told(work: Callable, items: Sequence) -> tuple[str, float, list]:
    """Do pieces of work; return the code of this process, the processor time of the work, and the results."""
    began = time.process_time()
    found = [work(item) for item in items]
    return on(), time.process_time() - began, found


def _first() -> None:
    on()
    ready()


def pool(processes: int | None, first: Callable[[], object] = ready) -> ProcessPoolExecutor:
    """Return processes that are ready; each of them calls `first` at its start."""
    os.environ.update(ENVIRONMENT)  # the processes read it at their start
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=first)


class Processes:
    """Processes of this machine, as an engine uses them."""

    broken = (BrokenProcessPool,)  # the exception of a piece of work whose process died

    def __init__(self, count: int | None = None, first: Callable[[], object] = _first):
        self.count = count or os.cpu_count() or 1
        self._first = first
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, work: Callable, items: Sequence) -> Future:
        """Let a process do pieces of work."""
        if self._pool is None:
            self._pool = pool(self.count, self._first)
        return self._pool.submit(told, work, items)

    def renew(self) -> None:
        """Recover after a process died: the others are given up too; new ones start with the next work."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        self.renew()
