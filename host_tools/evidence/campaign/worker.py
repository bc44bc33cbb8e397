"""What each process of a campaign does first: machine code for the plant, a collector that leaves the rest alone."""

import gc
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from host_tools.simulator.twin import compiled, lanes

# One thread each, of NumPy too: more of them wait for each other, for matrices as small as the skin's.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}

_BETWEEN_COLLECTIONS = 50_000  # objects: the rows of a record are no rubbish, and a run makes some 10 000 of them


def ready() -> None:
    """Get this process ready for many runs.

    What is loaded by now stays: a collection that walked it again and again would take a third of a run's time.
    """
    compiled.use()
    lanes.fold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS)


def pool(processes: int | None, first: Callable[[], None] = ready) -> ProcessPoolExecutor:
    """Return processes that are ready; first is what each of them does at its start."""
    os.environ.update(ENVIRONMENT)  # they read it as they start
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=first)
