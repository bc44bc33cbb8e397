"""A campaign's results are kept in a file for each task, with their code, and never mixed with others."""

from dataclasses import asdict

import pyarrow.parquet as pq
import pytest

from host_tools.evidence.campaign import tree
from host_tools.evidence.campaign.run import case, run
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError
from host_tools.evidence.safety import outcomes

HERE, OTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def folder(tmp_path):
    """The folder of a campaign that did three tasks with one run each."""
    path = tmp_path / "out/runs.parquet"
    kept = Store(path, HERE)
    for number in range(3):
        kept.add({f"healthy/{number}": {"lowest_c": 8.1 + number}}, HERE)
    return path


def resumed(path, on=HERE):
    return Store(path, on, resume=True)


def whole(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_each_row_says_on_which_code_its_run_was_made(folder):
    rows = pq.read_table(folder).to_pylist()
    assert [row["code"] for row in rows] == [HERE] * 3
    assert [row["result_of"] for row in rows] == list(resumed(folder).results)
    assert resumed(folder).results["healthy/1"] == {"lowest_c": 9.1}


def test_a_task_s_results_are_in_a_file_of_their_own_before_the_next_one_ends(tmp_path):
    kept = Store(tmp_path / "runs.parquet", HERE)
    kept.add({"healthy/0": {"a": 1}, "healthy/1": {"a": 2}}, HERE)
    assert list(whole(tmp_path / "runs.parquet")) == ["000001.parquet"]
    assert resumed(tmp_path / "runs.parquet").results == {"healthy/0": {"a": 1}, "healthy/1": {"a": 2}}


def test_without_resume_a_campaign_begins_anew(folder):
    assert Store(folder, HERE).results == {}
    assert whole(folder) == {}


def test_a_campaign_that_goes_on_adds_to_what_is_there(folder):
    before = whole(folder)
    kept = resumed(folder)
    kept.add({"healthy/3": {}}, HERE)
    assert list(kept.results) == [f"healthy/{number}" for number in range(4)]
    assert whole(folder).keys() - before.keys() == {"000004.parquet"}
    assert kept.results == resumed(folder).results


def test_a_cut_while_a_file_is_written_loses_the_task_in_work_alone(folder):
    (folder / "000004.new").write_bytes((folder / "000003.parquet").read_bytes()[:50])
    kept = resumed(folder)
    assert list(kept.results) == ["healthy/0", "healthy/1", "healthy/2"] and kept.unread == []


@pytest.mark.parametrize("damage", [b"", b"\0" * 800, None])
def test_a_damaged_file_is_told_and_its_runs_left_to_be_done_again(folder, damage):
    file = folder / "000002.parquet"
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    kept = resumed(folder)
    assert kept.unread == ["000002.parquet"]
    assert list(kept.results) == ["healthy/0", "healthy/2"]
    kept.add({"healthy/1": {"lowest_c": 9.1}}, HERE)
    assert resumed(folder).unread == [] and len(resumed(folder).results) == 3


def test_results_of_other_code_are_refused_by_name_and_stay(folder):
    before = whole(folder)
    with pytest.raises(StoreError) as said:
        resumed(folder, OTHER)
    assert "healthy/0 (code 0123456789ab), healthy/1" in str(said.value)
    assert OTHER in str(said.value) and "without --resume" in str(said.value)
    assert whole(folder) == before


def test_many_results_of_other_code_are_counted(folder, tmp_path):
    other = Store(tmp_path / "other", OTHER)
    other.add({f"single/estop/{number}": {} for number in range(5)}, OTHER)
    (folder / "000004.parquet").write_bytes((tmp_path / "other/000001.parquet").read_bytes())
    with pytest.raises(StoreError, match=r"estop/2 \(code ba9876543210\) and 2 more were made on other code"):
        resumed(folder)


def test_one_name_with_two_results_is_refused(folder, tmp_path):
    Store(tmp_path / "other", HERE).add({"healthy/1": {"lowest_c": 0.0}}, HERE)
    (folder / "000004.parquet").write_bytes((tmp_path / "other/000001.parquet").read_bytes())
    with pytest.raises(StoreError, match="healthy/1 is there with two results"):
        resumed(folder)


def test_a_process_on_other_code_is_refused(folder):
    kept = Store(folder, HERE)
    with pytest.raises(StoreError, match="the code changed meanwhile"):
        kept.add({"healthy/0": {}}, OTHER)
    assert kept.results == {} and whole(folder) == {}


def test_a_result_that_comes_twice_is_refused(folder):
    kept = Store(folder, HERE)
    kept.add({"healthy/0": {}}, HERE)
    with pytest.raises(StoreError, match="healthy/0 came twice"):
        kept.add({"healthy/1": {}, "healthy/0": {}}, HERE)
    assert list(resumed(folder).results) == ["healthy/0"]


def test_a_new_result_equals_the_one_that_is_read_again(tmp_path):
    kept = Store(tmp_path, HERE)
    kept.add({"healthy/0": {"moves": (80.0, 0.1 + 0.2)}}, HERE)
    assert kept.results == resumed(tmp_path).results == {"healthy/0": {"moves": [80.0, 0.1 + 0.2]}}


def test_each_figure_of_an_outcome_has_a_typed_column_and_comes_back_to_the_digit(tmp_path):
    out = asdict(run(case("single/estop/0")))
    kept = Store(tmp_path, HERE)
    kept.add({"single/estop/0": out, "more": {"lowest_c": 1}}, HERE)
    back = resumed(tmp_path).results["single/estop/0"]
    assert back == kept.results["single/estop/0"]
    assert back | {"patient": None} == out | {"patient": None}
    assert back["patient"]["distance_mm"] == out["patient"]["distance_mm"]
    assert [type(back[key]) for key in ("resets", "lowest_c", "came", "fault")] == [int, float, bool, str]
    table = pq.read_table(tmp_path)
    assert [str(table.schema.field(key).type) for key in ("lowest_c", "bursts", "came")] == ["double", "int64", "bool"]
    assert table.column("lowest_c").to_pylist() == [out["lowest_c"], None]


@pytest.fixture
def project(tmp_path):
    """A small project: one file in each folder that a run depends on."""
    for folder in (*outcomes.MEASURED, "host_tools/evidence/campaign"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1\n")
    return tmp_path


@pytest.mark.parametrize("folder", [*outcomes.MEASURED, "host_tools/evidence/campaign"])
def test_the_code_is_other_code_with_any_change_that_a_run_depends_on(project, folder):
    before = outcomes.measured(*tree.CODE, root=project, packages=tree.PACKAGES)
    (project / folder / "a.py").write_text("2\n")
    assert outcomes.measured(*tree.CODE, root=project, packages=tree.PACKAGES) != before


@pytest.mark.parametrize("package", tree.PACKAGES)
def test_the_code_is_other_code_with_another_version_of_a_package(monkeypatch, package):
    before = tree.code()
    version_of = outcomes.version_of
    monkeypatch.setattr(outcomes, "version_of", lambda name: "0.1" if name == package else version_of(name))
    assert tree.code() != before
    assert len(before) == 12


def test_the_code_is_other_code_in_another_python(monkeypatch):
    before = tree.code()
    monkeypatch.setattr(outcomes.platform, "python_version", lambda: "3.0.0")
    assert tree.code() != before


def test_a_package_that_is_not_there_has_a_version_too():
    assert outcomes.version_of("numpy") != "none"
    assert outcomes.version_of("no-such-package") == "none"
