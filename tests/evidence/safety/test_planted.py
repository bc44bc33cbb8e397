"""Each way in which the record of planted flaws does not support a row is reported; unrelated tests are refused."""

from dataclasses import replace

import pytest

from host_tools.evidence.safety import planted, table
from host_tools.evidence.safety.table import Flaw, Hazard, Row, Table

TRIPS, WARNS = "tests/test_a.py::test_trips", "tests/test_a.py::test_warns"
SOURCE = "LIMIT = 4\n\n\ndef trips(c):\n    return c <= LIMIT\n"
FLAW = Flaw("firmware/trip.py", "c <= LIMIT", "False")
OTHER = Flaw("firmware/trip.py", "LIMIT = 4", "LIMIT = 3")
ROW = Row("too cold", "it trips", "tick", (1,), (), (), (TRIPS, WARNS), (FLAW, OTHER))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for name, text in (
        ("firmware/trip.py", SOURCE),
        ("boards/bom.toml", "relief = 1\n"),
        ("tests/test_a.py", "def test_trips():\n    assert trips(4)\n\n\ndef test_warns():\n    assert warns(5)\n"),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def of(row):
    return Table((Hazard("H1", "Cold", "It hurts.", "", (row,)),), (), {}, {})


def record(root, row=ROW, by=None, kills=1):
    """Return the record of a run in which each test failed with the row's first flaw."""
    first = planted.flaw_digest(row.flaws[0]) if row.flaws else ""
    tests = {test: {"text": planted.test_digest(test, root), "by": by or first} for test in row.tests}
    flaws = {planted.flaw_digest(flaw): kills for flaw in row.flaws}
    return {"rows": {"H1 too cold": {"code": "c", "flaws": flaws, "tests": tests}}}


def holes(root, row=ROW, result=None):
    return list(planted.holes(of(row), record(root) if result is None else result, root))


def test_a_row_whose_tests_all_failed_with_its_flaws_has_no_hole(root):
    assert holes(root) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"flaws": ()}, "no flaw disables its control"),
        ({"flaws": (replace(FLAW, find="c < LIMIT"), OTHER)}, "has 0 times 'c < LIMIT', not once"),
        ({"flaws": (replace(FLAW, find="LIMIT"), OTHER)}, "has 2 times 'LIMIT', not once"),
        ({"flaws": (replace(FLAW, put="c <="), OTHER)}, "is no Python"),
        ({"flaws": (replace(FLAW, file="firmware/gone.py"), OTHER)}, "firmware/gone.py is not there"),
        ({"flaws": (FLAW,)}, "its flaws changed since"),
        ({"flaws": (FLAW, replace(OTHER, put="LIMIT = 2"))}, "its flaws changed since"),
        ({"tests": (TRIPS, WARNS, "tests/test_a.py::test_new")}, "test_new was never run with the control disabled"),
        ({"cause": "too warm"}, "its tests were never run with its control disabled"),
        ({"rests_on": "paper"}, "rests_on 'paper' is none"),
        ({"rests_on": "drawing"}, "plant it in boards/"),
    ],
)
def test_what_a_changed_row_lacks_is_told(root, changes, sentence):
    assert any(sentence in hole for hole in holes(root, replace(ROW, **changes)))


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"by": planted.SURVIVED}, f"{TRIPS} passes with the control disabled"),
        ({"by": planted.SKIPPED}, "name a test that runs on every machine"),
        ({"kills": 0}, "no test of it fails with its flaw 1"),
    ],
)
def test_what_the_run_did_not_show_is_told(root, made, sentence):
    assert any(sentence in hole for hole in holes(root, result=record(root, **made)))


def test_a_test_whose_own_text_changed_has_to_be_run_again(root):
    result = record(root)
    result["rows"]["H1 too cold"]["tests"][WARNS]["text"] = "older"
    (hole,) = holes(root, result=result)
    assert f"{WARNS} changed since" in hole


def test_a_row_that_is_gone_leaves_nothing_in_the_record(root):
    result = record(root)
    result["rows"]["H1 gone"] = result["rows"]["H1 too cold"]
    (hole,) = holes(root, result=result)
    assert "a row that is gone, 'H1 gone'" in hole


def test_a_control_that_rests_on_a_drawing_is_counted_as_such(root):
    row = replace(ROW, flaws=(Flaw("boards/bom.toml", "relief = 1", "relief = 0"),), rests_on="drawing")
    assert holes(root, row, record(root, row)) == []
    assert planted.counts(of(row), record(root, row)).startswith("0 controls of software and 1 that rest on a drawing")


def test_the_shipped_record_bears_every_row():
    assert list(planted.holes(table.load(), planted.load())) == []


def test_an_unrelated_test_in_61_rows_is_refused_61_times():
    """Somebody once did this, because only the words of the files were compared."""
    shipped = table.load()
    unrelated = ("tests/boards/test_bom.py::test_cycle_life_adds_up",)
    left = 61
    changed = []
    for hazard in shipped.hazards:
        rows = tuple(replace(row, tests=unrelated) if n < left else row for n, row in enumerate(hazard.rows))
        left = max(0, left - len(rows))
        changed.append(replace(hazard, rows=rows))
    found = list(planted.holes(replace(shipped, hazards=tuple(changed)), planted.load()))
    assert len({hole.partition(":")[0] for hole in found}) == 61
