"""A campaign's processes: one that dies loses and doubles nothing, and their number does not show in the table."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from host_tools.evidence.campaign import __main__ as campaign
from host_tools.evidence.campaign import page, store
from host_tools.evidence.campaign.engine import DiedError, Engine, Progress
from host_tools.evidence.campaign.store import Store, StoreError

COUNTS = (3, 0, 1)


def work(item):
    """Note in a file that it was begun; end the own process at the first try, or always."""
    folder, name, tries = item
    note = Path(folder, name)
    note.write_text(note.read_text() + "x" if note.exists() else "x")
    if len(note.read_text()) <= tries:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"name": name}


def done(tmp_path, tries, processes=2):
    """Do six pieces of work; tries: how often the one of that name ends its process."""
    items = {f"n{k}": (str(tmp_path), f"n{k}", tries.get(f"n{k}", 0)) for k in range(6)}
    with Store(tmp_path / "runs.jsonl", store.code()) as kept, Engine(processes, kept) as engine:
        return engine.do("work", work, items), engine.died


def test_a_process_that_is_killed_loses_and_doubles_nothing(tmp_path, capfd):
    found, died = done(tmp_path, {"n2": 1})
    assert died == 1
    assert found == [{"name": f"n{k}"} for k in range(6)]
    rows = [json.loads(text)["name"] for text in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert sorted(rows) == [f"n{k}" for k in range(6)]
    assert (tmp_path / "n2").read_text() == "xx"
    assert "a process died" in capfd.readouterr().err


def test_a_run_that_always_ends_its_process_is_named_and_the_rest_is_kept(tmp_path):
    with pytest.raises(DiedError, match="n0 ended its process 2 times"):
        done(tmp_path, {"n0": 99}, processes=1)
    assert (tmp_path / "n0").read_text() == "xxx"


def test_what_the_store_has_is_not_done_again(tmp_path):
    with Store(tmp_path / "runs.jsonl", store.code()) as kept, Engine(1, kept) as engine:
        kept.add("n0", {"name": "kept"}, kept.on)
        found = engine.do("work", work, {name: (str(tmp_path), name, 0) for name in ("n1", "n0")})
    assert found == [{"name": "n1"}, {"name": "kept"}]
    assert not (tmp_path / "n0").exists()


def test_each_process_tells_its_own_code(tmp_path):
    with (
        Store(tmp_path / "runs.jsonl", "0123456789ab") as kept,
        Engine(1, kept) as engine,
        pytest.raises(StoreError, match=f"n0 was made on code {store.code()}"),
    ):
        engine.do("work", work, {"n0": (str(tmp_path), "n0", 0)})


def test_progress_says_how_long_the_rest_takes(capsys):
    times = iter((0.0, 4.0, 12.0, 14.0, 16.0))
    progress = Progress("healthy", 4, lambda: next(times))
    for _ in range(4):
        progress.one_more()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "healthy: 2 of 4, 12 s, about 12 s left",
        "healthy: 4 of 4, 16 s, about 0 s left",
    ]


def table(made):
    """Return a summary without what tells how it was made."""
    return {key: value for key, value in made.items() if key != "made"}


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A very small campaign in one process, and its file."""
    path = tmp_path_factory.mktemp("one") / "runs.jsonl"
    return campaign.campaign(COUNTS, 1, path=path, kinds=()), path


def test_two_processes_give_the_same_table_to_the_digit(one, tmp_path):
    made = campaign.campaign(COUNTS, 2, path=tmp_path / "runs.jsonl", kinds=())
    assert json.dumps(table(made)) == json.dumps(table(one[0]))
    assert made["healthy"]["n"] == 3 and made["double"]["n"] == 1


def test_a_campaign_that_was_cut_goes_on_to_the_same_table(one, tmp_path):
    path = tmp_path / "runs.jsonl"
    whole = one[1].read_bytes()
    path.write_bytes(whole[: len(b"".join(whole.splitlines(True)[:2])) + 40])
    made = campaign.campaign(COUNTS, 1, resume=True, path=path, kinds=())
    assert made["made"]["kept"] == 2
    assert json.dumps(table(made)) == json.dumps(table(one[0]))
    assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_sweep_of_this_code_does_not_come_beside_runs_of_other_code():
    with pytest.raises(StoreError, match="was made on code 0123456789ab, and this is"):
        campaign.resweep({"made": {"code": "0123456789ab"}, "sweeps": []}, "no-such-sweep", 1)


def test_work_that_stands_in_a_program_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "__module__", "host_tools.evidence.campaign.__main__")
    with pytest.raises(ValueError, match="work stands in a program"):
        done(tmp_path, {})
    assert not list(tmp_path.glob("n*"))


@pytest.mark.parametrize("on", ["0123456789ab", None])
def test_the_page_is_refused_when_its_runs_are_of_another_tree(tmp_path, monkeypatch, capsys, on):
    data = json.loads((campaign.ROOT / page.DATA).read_text(encoding="utf-8"))
    (tmp_path / page.DATA).parent.mkdir(parents=True)
    monkeypatch.setattr(campaign, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["campaign", "--page"])
    for code, written in ((on, False), (store.code(), True)):
        (tmp_path / page.DATA).write_text(json.dumps(data | {"made": data["made"] | {"code": code}}))
        assert (campaign.main() == 2) == (not written)
        assert (tmp_path / page.PAGE).exists() == written
    said = capsys.readouterr()
    assert "no page shows runs of another tree" in said.err and (on or "that it does not name") in said.err
