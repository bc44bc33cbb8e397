"""The processes of a campaign on Dask: of this machine (--dask local), or of a cluster (--scheduler ADDRESS).

    .venv/bin/dask scheduler
    .venv/bin/dask worker ADDRESS --nworkers 8 --nthreads 1

The second command runs on each machine of the cluster, from a clone of exactly this code. A worker on other code is
refused.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin

from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.tree import StoreError

PATIENCE_S = 60  # longest wait until a scheduler answers and has a worker
LOCAL = "local"


class Ready(WorkerPlugin):
    """Prepares each worker when it joins, also one that comes later. A worker on other code does not join."""

    name = "cryo-campaign"

    def __init__(self, on: str, first: Callable[[], object] = worker.ready):
        self.on = on
        self.first = first

    def setup(self, worker: object) -> None:
        """Called by Dask in the worker."""
        refuse({getattr(worker, "address", "this worker"): told()}, self.on)
        self.first()


def told() -> str:
    """Return the code of this worker."""
    return worker.on()


def refuse(workers: dict[str, str], on: str) -> None:
    """Raise StoreError when a worker is on other code than the campaign. workers: address -> code."""
    others = [f"{address} (code {was})" for address, was in workers.items() if was != on]
    if others:
        raise StoreError(
            f"refused: {', '.join(others)} is on other code than this campaign, which is {on}. "
            "Bring it to this code and these packages, and start it anew"
        )


class Cluster:
    """Workers of a Dask scheduler, as an engine uses them."""

    broken = (KilledWorker,)  # raised when a task ended more workers than Dask tries

    def __init__(self, scheduler: str, processes: int | None, on: str, first: Callable[[], object] = worker.ready):
        """Meet the scheduler at this address; "local" starts one with so many processes."""
        self._local = None
        if scheduler == LOCAL:
            self._local = LocalCluster(
                n_workers=processes, threads_per_worker=1, processes=True, memory_limit=0, silence_logs=50,
                dashboard_address="127.0.0.1:0",
            )  # fmt: skip
        try:
            self._meet(scheduler, on, first)
        except BaseException:
            self.__exit__()
            raise

    def _meet(self, scheduler, on, first):
        try:
            self.client = Client(self._local or scheduler, timeout=PATIENCE_S, set_as_default=False)
            self.client.wait_for_workers(1, timeout=PATIENCE_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise StoreError(f"no Dask scheduler with a worker at {scheduler}: {error}") from None
        threads: Any = self.client.nthreads()
        if many := [address for address, count in threads.items() if count != 1]:
            raise StoreError(f"{', '.join(many)} has several threads: start it with --nthreads 1")
        codes: Any = self.client.run(told)
        refuse(codes, on)
        self.client.register_plugin(Ready(on, first))
        self.count = len(threads)
        self._executor = self.client.get_executor(pure=False)

    def submit(self, work: Callable, items: Sequence) -> Future:
        """Let a worker do pieces of work. If it dies, Dask gives them to another one."""
        return self._executor.submit(worker.told, work, items)

    def renew(self) -> None:
        """Do nothing: whoever started the workers starts new ones."""

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        client = getattr(self, "client", None)
        if client is not None:
            client.close()
        if self._local is not None:
            self._local.close()
