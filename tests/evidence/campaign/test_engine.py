"""A campaign's processes: when one dies, no result is lost or doubled; their number does not change the table."""

import io
import json
import sys

import pytest

from host_tools.evidence.campaign import __main__ as campaign
from host_tools.evidence.campaign import engine, page, tree, worker
from host_tools.evidence.campaign.engine import DiedError, Engine, Progress
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError
from host_tools.evidence.campaign.worker import Processes
from tests.evidence.campaign import standin

COUNTS = (3, 0, 1)


def lean(count):
    """Processes for work without a treatment."""
    return Processes(count, worker.on)


def done(tmp_path, tries, processes=2):
    """Do pieces of work; return the results, the number of dead processes, and the rows of the store."""
    kept = Store(tmp_path / "runs.parquet", tree.code())
    with lean(processes) as farm:
        found = Engine(farm, kept)
        return found.do("work", standin.work, standin.items(tmp_path, tries)), found.died


def test_a_process_that_is_killed_loses_and_doubles_nothing(tmp_path, capfd):
    found, died = done(tmp_path, {"n22": 1})
    assert died == 1
    assert found == standin.RESULTS
    assert sorted(Store(tmp_path / "runs.parquet", tree.code(), resume=True).results) == sorted(standin.NAMES)
    assert (tmp_path / "n22").read_text() == "xx"
    assert "a process died" in capfd.readouterr().err


def test_a_run_that_always_ends_its_process_is_named_and_the_rest_is_kept(tmp_path):
    with pytest.raises(DiedError, match="n7 ended its process 2 times"):
        done(tmp_path, {"n7": 99}, processes=1)
    assert (tmp_path / "n7").read_text() == "xxx"
    kept = Store(tmp_path / "runs.parquet", tree.code(), resume=True).results
    assert {f"n{k}" for k in range(7)} <= kept.keys() and "n7" not in kept


class Here:
    """Does the work in this process, and notes the tasks."""

    broken = ()
    count = 2

    def __init__(self):
        self.tasks = []

    def submit(self, work, items):
        self.tasks.append(len(items))
        future = engine.Future()
        future.set_result(worker.told(work, items))
        return future


@pytest.mark.parametrize(("count", "batch", "tasks"), [(1_000, 25, {25}), (40, 25, {2}), (5, 25, {1}), (100, 1, {1})])
def test_many_runs_make_a_task_where_there_are_enough_of_them(tmp_path, count, batch, tasks):
    farm = Here()
    items = {f"n{k}": k for k in range(count)}
    found = Engine(farm, Store(tmp_path, tree.code())).do("work", standin.told, items, batch)
    assert found == [{"value": k} for k in range(count)]
    assert set(farm.tasks) == tasks and sum(farm.tasks) == count


def test_what_the_store_has_is_not_done_again(tmp_path):
    kept = Store(tmp_path, tree.code())
    kept.add({"n0": {"value": 7}}, kept.on)
    farm = Here()
    assert Engine(farm, kept).do("work", standin.told, {"n1": 1, "n0": 0}) == [{"value": 1}, {"value": 7}]
    assert farm.tasks == [1]


def test_each_process_tells_its_own_code(tmp_path):
    with pytest.raises(StoreError, match=f"n0 was made on code {tree.code()}"):
        Engine(Here(), Store(tmp_path, "0123456789ab")).do("work", standin.told, {"n0": 0})


def test_a_cluster_that_is_gone_is_told_and_what_was_done_is_kept(tmp_path):
    class Gone(Here):
        def submit(self, work, items):
            future = super().submit(work, items)
            if len(self.tasks) == 2:
                future = engine.Future()
                future.cancel()
                future.set_running_or_notify_cancel()
            return future

    kept = Store(tmp_path, tree.code())
    with pytest.raises(StoreError, match="the cluster is gone: --resume"):
        Engine(Gone(), kept).do("work", standin.told, {"n0": 0, "n1": 1})
    assert kept.results in ({}, {"n0": {"value": 0}})


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


def told(counts, times, out, monkeypatch):
    """Return the messages for tasks that end at these times."""
    monkeypatch.setattr(sys, "stderr", out)
    clock = iter(times)
    progress = Progress("healthy", sum(counts), lambda: next(clock))
    for count in counts:
        progress.more(count)
    return out.getvalue()


def test_progress_is_one_line_on_a_terminal_written_anew_each_second(monkeypatch):
    said = told((1, 1, 1, 1), (0.0, 0.5, 2.0, 2.9, 400.0), Terminal(), monkeypatch)
    assert said == ("\rhealthy: 2 of 4, 2 s, about 2 s left\x1b[K\rhealthy: 4 of 4, 7 min, about 0 s left\x1b[K\n")


def test_progress_is_a_line_at_every_tenth_run_where_nobody_watches(monkeypatch):
    said = told([10] * 40, [20.0 * k for k in range(41)], io.StringIO(), monkeypatch).splitlines()
    assert len(said) == 10
    assert said[0] == "healthy: 40 of 400, 80 s, about 12 min left"
    assert said[-1] == "healthy: 400 of 400, 13 min, about 0 s left"


def test_hours_are_told_as_hours(monkeypatch):
    assert "about 2.5 h left" in told((1, 9), (0.0, 1_000.0, 1_000.0), io.StringIO(), monkeypatch)


def table(made):
    """Return a summary without the figures about its making."""
    return {key: value for key, value in made.items() if key != "made"}


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A very small campaign in one process, and its folder."""
    path = tmp_path_factory.mktemp("one") / "runs.parquet"
    with Processes(1) as farm:
        return campaign.campaign(COUNTS, farm, path=path, kinds=(), lanes=()), path


def test_two_processes_give_the_same_table_to_the_digit(one, tmp_path):
    with Processes(2) as farm:
        made = campaign.campaign(COUNTS, farm, path=tmp_path / "runs.parquet", kinds=(), lanes=())
    assert json.dumps(table(made)) == json.dumps(table(one[0]))
    assert made["healthy"]["n"] == 3 and made["double"]["n"] == 1


def test_a_campaign_that_was_cut_goes_on_to_the_same_table(one, tmp_path):
    path = tmp_path / "runs.parquet"
    path.mkdir()
    first, second, *_ = sorted(one[1].iterdir())
    for file in (first, second):
        (path / file.name).write_bytes(file.read_bytes())
    with Processes(1) as farm:
        made = campaign.campaign(COUNTS, farm, resume=True, path=path, kinds=(), lanes=())
    assert made["made"]["kept"] == 2
    assert json.dumps(table(made)) == json.dumps(table(one[0]))


def test_a_sweep_of_this_code_does_not_come_beside_runs_of_other_code():
    with pytest.raises(StoreError, match="was made on code 0123456789ab, and this is"):
        campaign.resweep({"made": {"code": "0123456789ab"}, "sweeps": []}, "no-such-sweep", None)


def test_work_that_stands_in_a_program_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(standin.work, "__module__", "host_tools.evidence.campaign.__main__")
    with pytest.raises(ValueError, match="work stands in a program"):
        done(tmp_path, {})
    assert not list(tmp_path.glob("n*"))


@pytest.mark.parametrize("on", ["0123456789ab", None])
def test_the_page_is_refused_when_its_runs_are_of_another_tree(tmp_path, monkeypatch, capsys, on):
    data = json.loads((campaign.ROOT / page.DATA).read_text(encoding="utf-8"))
    (tmp_path / page.DATA).parent.mkdir(parents=True)
    monkeypatch.setattr(campaign, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["campaign", "--page"])
    for code, written in ((on, False), (tree.code(), True)):
        (tmp_path / page.DATA).write_text(json.dumps(data | {"made": data["made"] | {"code": code}}))
        assert (campaign.main() == 2) == (not written)
        assert (tmp_path / page.PAGE).exists() == written
    said = capsys.readouterr()
    assert "no page shows runs of another tree" in said.err and (on or "that it does not name") in said.err
