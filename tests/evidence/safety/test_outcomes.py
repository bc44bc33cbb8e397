"""The tests' outcomes are recorded for one state of the code, and never used for another."""

from types import SimpleNamespace

import pytest

from host_tools.evidence.safety import outcomes

FILES = ("firmware/a.py", "boards/b.py", "host_tools/c.py", "tests/test_d.py", "pyproject.toml")


@pytest.fixture
def project(tmp_path):
    """A small project with a record beside it."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    return tmp_path


def saved(project, found, code=None):
    return outcomes.save(code or outcomes.digest(project), found, project / "out/tests.json", project)


def loaded(project):
    return outcomes.load(outcomes.digest(project), project / "out/tests.json")


def test_two_runs_on_the_same_code_add_up_and_the_later_counts(project):
    assert saved(project, {"a": "passed", "b": "failed"})
    assert saved(project, {"b": "passed", "c": "skipped"})
    assert loaded(project) == {"a": "passed", "b": "passed", "c": "skipped"}


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_any_code_begins_anew(project, name):
    saved(project, {"a": "passed"})
    (project / name).write_text("2\n")
    assert loaded(project) == {}
    saved(project, {"b": "passed"})
    assert loaded(project) == {"b": "passed"}


def test_a_file_that_moves_is_a_change(project):
    before = outcomes.digest(project)
    (project / "firmware/a.py").rename(project / "firmware/z.py")
    assert outcomes.digest(project) != before


def test_a_run_during_which_the_code_changed_is_dropped(project):
    began = outcomes.digest(project)
    (project / "firmware/a.py").write_text("2\n")
    assert not saved(project, {"a": "passed"}, began)
    assert loaded(project) == {}


@pytest.mark.parametrize("text", ["", "{}", "[", '{"code": "other", "outcomes": {"a": "passed"}}'])
def test_a_record_that_cannot_be_read_is_none(project, text):
    (project / "out").mkdir()
    (project / "out/tests.json").write_text(text)
    assert loaded(project) == {}


def test_the_worst_report_of_a_test_is_its_verdict():
    def reports(*nodes):
        return [SimpleNamespace(nodeid=node) for node in nodes]

    stats = {
        "error": reports("torn_down"),
        "passed": reports("good", "torn_down"),
        "failed": reports("bad"),
        "skipped": reports("left"),
        "xfailed": reports("known"),
        "warnings": [SimpleNamespace()],
        "": reports("good", "bad"),
    }
    assert outcomes.verdicts(stats) == {
        "good": "passed", "bad": "failed", "torn_down": "failed", "left": "skipped", "known": "skipped",
    }  # fmt: skip


def test_a_test_has_one_outcome_over_its_lanes_and_parameters():
    found = {"f::a[unix]": "passed", "f::a[wasm]": "failed", "f::ab": "skipped", "f::c[1]": "skipped", "f::c": "passed"}
    assert [outcomes.of(name, found) for name in ("f::a", "f::ab", "f::c", "f::c[1]", "f::d")] == [
        "failed", "skipped", "passed", "skipped", "",
    ]  # fmt: skip


def test_the_tests_of_a_file(tmp_path):
    file = tmp_path / "test_a.py"
    file.write_text("def test_a(): pass\ndef other(): pass\nclass TestB:\n    def test_c(self): pass\n")
    assert outcomes.functions(file) == {"test_a", "TestB::test_c"}
    assert outcomes.functions(tmp_path / "none.py") == frozenset()
