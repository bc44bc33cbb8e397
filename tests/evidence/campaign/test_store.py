"""A campaign's results are kept a line each, with the code they were made on, and never mixed with others."""

import json

import pytest

from host_tools.evidence.campaign import store
from host_tools.evidence.campaign.store import Store, StoreError
from host_tools.evidence.safety import outcomes

HERE, OTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def file(tmp_path):
    """The file of a campaign that did three runs."""
    path = tmp_path / "out/runs.jsonl"
    with Store(path, HERE) as kept:
        for number in range(3):
            kept.add(f"healthy/{number}", {"lowest_c": 8.1 + number}, HERE)
    return path


def resumed(path, on=HERE):
    with Store(path, on, resume=True) as kept:
        return kept


def test_each_line_says_on_which_code_its_run_was_made(file):
    rows = [json.loads(text) for text in file.read_text().splitlines()]
    assert [row["code"] for row in rows] == [HERE] * 3
    assert resumed(file).results == {row["name"]: row["result"] for row in rows}


def test_a_result_is_in_the_file_before_the_next_run_ends(tmp_path):
    with Store(tmp_path / "runs.jsonl", HERE) as kept:
        kept.add("healthy/0", {}, HERE)
        assert (tmp_path / "runs.jsonl").read_text().endswith("}\n")


def test_without_resume_a_campaign_begins_anew(file):
    with Store(file, HERE) as kept:
        assert kept.results == {}
    assert file.read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_cut_in_a_line_loses_the_run_in_work_alone(file, cut):
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    with Store(file, HERE, resume=True) as kept:
        assert list(kept.results) == ["healthy/0", "healthy/1"]
        assert kept.unread == []
        kept.add("healthy/2", {"lowest_c": 10.1}, HERE)
    assert file.read_bytes() == whole


@pytest.mark.parametrize("damage", [b"\0" * 8, b"[1]", b"{}", b'{"code": "0123456789ab", "name": "healthy/1"}'])
def test_a_damaged_line_is_told_and_its_run_left_to_be_done_again(file, damage):
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join((lines[0], damage, lines[2], b"")))
    kept = resumed(file)
    assert kept.unread == [2]
    assert list(kept.results) == ["healthy/0", "healthy/2"]


def test_results_of_other_code_are_refused_by_name_and_stay(file):
    before = file.read_bytes()
    with pytest.raises(StoreError) as said:
        resumed(file, OTHER)
    assert "healthy/0 (code 0123456789ab), healthy/1" in str(said.value)
    assert OTHER in str(said.value) and "without --resume" in str(said.value)
    assert file.read_bytes() == before


def test_many_results_of_other_code_are_counted(file):
    with file.open("a") as more:
        for number in range(5):
            more.write(json.dumps({"code": OTHER, "name": f"single/estop/{number}", "result": {}}) + "\n")
    with pytest.raises(StoreError, match=r"estop/2 \(code ba9876543210\) and 2 more were made on other code"):
        resumed(file)


def test_a_result_that_names_no_code_is_refused(file):
    file.write_text('{"name": "healthy/0", "lowest_c": 8.0}\n')
    with pytest.raises(StoreError, match=r"healthy/0 \(code not noted\)"):
        resumed(file)


def test_one_name_with_two_results_is_refused(file):
    with file.open("a") as more:
        more.write(json.dumps({"code": HERE, "name": "healthy/1", "result": {"lowest_c": 0.0}}) + "\n")
    with pytest.raises(StoreError, match="healthy/1 is there with two results"):
        resumed(file)


def test_a_process_on_other_code_is_refused(file):
    with Store(file, HERE) as kept:
        with pytest.raises(StoreError, match="the code changed meanwhile"):
            kept.add("healthy/0", {}, OTHER)
        assert kept.results == {}


def test_a_result_that_comes_twice_is_refused(file):
    with Store(file, HERE) as kept:
        kept.add("healthy/0", {}, HERE)
        with pytest.raises(StoreError, match="healthy/0 came twice"):
            kept.add("healthy/0", {}, HERE)


def test_a_new_result_equals_the_one_that_is_read_again(tmp_path):
    with Store(tmp_path / "runs.jsonl", HERE) as kept:
        kept.add("healthy/0", {"moves": (80.0, 0.1 + 0.2)}, HERE)
    assert kept.results == resumed(tmp_path / "runs.jsonl").results


@pytest.fixture
def project(tmp_path):
    """A small project: a file of each folder that a run depends on."""
    for folder in (*outcomes.MEASURED, "host_tools/evidence/campaign"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1\n")
    return tmp_path


@pytest.mark.parametrize("folder", [*outcomes.MEASURED, "host_tools/evidence/campaign"])
def test_the_code_is_other_code_with_any_change_that_a_run_depends_on(project, folder):
    before = outcomes.measured(*store.CODE, root=project, packages=store.PACKAGES)
    (project / folder / "a.py").write_text("2\n")
    assert outcomes.measured(*store.CODE, root=project, packages=store.PACKAGES) != before


@pytest.mark.parametrize("package", store.PACKAGES)
def test_the_code_is_other_code_with_another_version_of_a_package(monkeypatch, package):
    before = store.code()
    version_of = outcomes.version_of
    monkeypatch.setattr(outcomes, "version_of", lambda name: "0.1" if name == package else version_of(name))
    assert store.code() != before
    assert len(before) == 12


def test_the_code_is_other_code_in_another_python(monkeypatch):
    before = store.code()
    monkeypatch.setattr(outcomes.platform, "python_version", lambda: "3.0.0")
    assert store.code() != before


def test_a_package_that_is_not_there_has_a_version_too():
    assert outcomes.version_of("numpy") != "none"
    assert outcomes.version_of("no-such-package") == "none"
