"""A campaign on Dask: exactly the same table, also when a worker is killed. A worker with other code is refused."""

import json
import os
import signal

import pytest

from host_tools.evidence.campaign import __main__ as campaign
from host_tools.evidence.campaign import cluster, tree, worker
from host_tools.evidence.campaign.cluster import Cluster
from host_tools.evidence.campaign.engine import Engine
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError
from host_tools.evidence.campaign.worker import Processes
from tests.evidence.campaign import standin

COUNTS = (6, 0, 0, 2)


@pytest.fixture(scope="module")
def two():
    """Two workers on this computer."""
    with Cluster("local", 2, tree.code()) as farm:
        yield farm


def test_a_worker_that_is_killed_in_its_work_loses_and_doubles_nothing(two, tmp_path):
    kept = Store(tmp_path / "runs.parquet", tree.code())
    assert Engine(two, kept).do("work", standin.work, standin.items(tmp_path, {"n22": 1})) == standin.RESULTS
    assert (tmp_path / "n22").read_text() == "xx"
    assert Store(tmp_path / "runs.parquet", tree.code(), resume=True).results == kept.results


class Killing(Store):
    """A store that kills a worker when the first result comes."""

    pids = ()

    def add(self, results, on):
        """Keep results."""
        super().add(results, on)
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        Killing.pids = ()


def table(made):
    """Return a summary without the figures about its making."""
    return json.dumps({key: value for key, value in made.items() if key != "made"})


def test_a_cluster_with_a_worker_killed_half_way_gives_the_table_of_one_process(two, tmp_path, monkeypatch):
    with Processes(1) as farm:
        alone = campaign.campaign(COUNTS, farm, path=tmp_path / "one", kinds=(), lanes=())
    before = two.client.run(os.getpid)
    monkeypatch.setattr(Killing, "pids", (next(iter(before.values())),))
    monkeypatch.setattr("host_tools.evidence.campaign.runs.Store", Killing)
    made = campaign.campaign(COUNTS, two, path=tmp_path / "two", kinds=(), lanes=())
    assert Killing.pids == ()
    two.client.wait_for_workers(2, timeout=60)
    assert two.client.run(os.getpid).keys() != before.keys()
    assert table(made) == table(alone)
    assert made["healthy"]["n"] == 6 and made["weighted"]["n"] == 2


def test_each_worker_is_ready_as_a_process_of_a_campaign_is(two):
    threads = two.client.run(lambda: (os.environ["OPENBLAS_NUM_THREADS"], __import__("gc").get_freeze_count() > 0))
    assert set(threads.values()) == {("1", True)}
    assert set(two.client.nthreads().values()) == {1}
    assert set(two.client.run(cluster.told).values()) == {tree.code()}


def test_a_worker_on_other_code_is_refused_by_its_address(two):
    address = two.client.scheduler.address
    with pytest.raises(StoreError) as said:
        Cluster(address, None, "0123456789ab", worker.on)
    assert all(f"{name} (code {tree.code()})" in str(said.value) for name in two.client.nthreads())
    assert "which is 0123456789ab" in str(said.value)


def test_a_worker_that_joins_later_on_other_code_does_not_join():
    with pytest.raises(StoreError, match="is on other code than this campaign, which is 0123456789ab"):
        cluster.Ready("0123456789ab", worker.on).setup(None)
    cluster.Ready(tree.code(), worker.on).setup(None)


def test_a_worker_with_several_threads_is_refused():
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0") as other,
        pytest.raises(StoreError, match="several threads: start it with --nthreads 1"),
    ):
        Cluster(other.scheduler_address, None, tree.code(), worker.on)


def test_an_address_without_a_scheduler_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.3)
    with pytest.raises(StoreError, match=r"no Dask scheduler with a worker at tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9", None, tree.code(), worker.on)
