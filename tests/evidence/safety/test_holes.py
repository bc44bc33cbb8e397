"""The frame of `make holes`: a row's figure, when it is valid, what is refused."""

from types import SimpleNamespace

import pytest

from host_tools.evidence.safety import holes
from host_tools.evidence.safety.holes import Heard, Hole, Wrong

ROW = Hole("a", 1, "behaviour", "what was seen", "<= 0", "tests/x.py::test_a")


def heard(*reports):
    found = Heard()
    for node, outcome, *figures in reports:
        properties = [("now", figure) for figure in figures]
        found.pytest_runtest_logreport(
            SimpleNamespace(
                nodeid=node, outcome=outcome, passed=outcome == "passed", when="call", user_properties=properties
            )
        )
    return found


@pytest.mark.parametrize(
    ("limit", "reports", "now", "holds"),
    [
        ("<= 0", [("tests/x.py::test_a", "passed"), ("tests/x.py::test_a[unix]", "passed")], 0, True),
        ("<= 0", [("tests/x.py::test_a", "passed"), ("tests/x.py::test_a[unix]", "failed")], 1, False),
        ("<= 0", [("tests/x.py::test_ab", "passed")], None, False),
        ("<= 0", [("tests/x.py::test_a", "skipped")], None, False),
        (">= 4", [("tests/x.py::test_a[1]", "passed", 4.5, 4.0), ("tests/x.py::test_a[2]", "passed", 5)], 4.0, True),
        (">= 4", [("tests/x.py::test_a[1]", "failed", 3.9)], 3.9, False),
        ("<= 20", [("tests/x.py::test_a[1]", "passed", 3, 19), ("tests/x.py::test_a[2]", "passed", 21)], 21, False),
    ],
)
def test_a_rows_figure_is_the_worst_and_holds_within_its_limit(limit, reports, now, holds):
    hole = Hole("a", 1, "behaviour", "what was seen", limit, "tests/x.py::test_a")
    (row,) = holes.measured([hole], heard(*reports))
    assert (row["now"], row["holds"]) == (now, holds)
    assert set(row) >= {"name", "kind", "seen", "now", "limit", "holds", "residual", "test"}


def test_a_failure_in_set_up_or_tear_down_counts():
    found = heard(("tests/x.py::test_a", "passed"))
    found.pytest_runtest_logreport(
        SimpleNamespace(nodeid=ROW.test, outcome="failed", passed=False, when="teardown", user_properties=[])
    )
    assert found.now(ROW) == 1


def test_an_emulated_row_without_an_image_is_left_out_and_no_other_one():
    skipped = heard(("tests/x.py::test_a", "skipped"))
    assert holes.measured([Hole("a", 1, "emulated", "s", "<= 0", "tests/x.py::test_a")], skipped) == []
    assert holes.measured([ROW], skipped)[0]["holds"] is False


def test_more_than_three_open_rows_of_a_table_or_one_without_a_word_are_problems():
    def rows(count, residual="known", table=1):
        row = {"table": table, "test": "t", "now": 1.0, "limit": "<= 0", "holds": False, "residual": residual}
        return [row | {"name": str(n)} for n in range(count)]

    assert holes.problems(rows(3) + rows(3, table=2) + rows(8, table=3)) == []
    assert len(holes.problems(rows(9, table=3))) == 1
    assert len(holes.problems(rows(4))) == 1
    assert len(holes.problems(rows(1, residual=""))) == 1
    assert "has no test" in holes.problems([rows(1)[0] | {"test": ""}])[0]
    assert "did not run" in holes.problems([rows(1)[0] | {"now": None}])[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "Expected"),
        ("[[hole]]\nname = 'a'\n", "missing"),
        ("[[hole]]\nname='a'\ntable=5\nkind='surface'\nseen=''\nlimit='<= 0'\n", "table is 1, 2, 3, 4"),
        ("[[hole]]\nname='a'\ntable=1\nkind='odd'\nseen=''\nlimit='<= 0'\n", "kind is one of"),
        ("[[hole]]\nname='a'\ntable=1\nkind='surface'\nseen=''\nlimit='4'\n", "write the limit"),
        (2 * "[[hole]]\nname='a'\ntable=1\nkind='surface'\nseen=''\nlimit='<= 0'\n", "several rows"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, said):
    source = tmp_path / "holes.toml"
    source.write_text(text)
    with pytest.raises(Wrong, match=said):
        holes.load(source)


def test_every_row_s_test_is_there():
    for hole in holes.load():
        file, _, name = hole.test.partition("::")
        assert not hole.test or name.split("[")[0] in holes.outcomes.functions(holes.ROOT / file), hole.name


def test_the_page_tells_open_rows_and_what_remains():
    found = heard(("tests/x.py::test_a", "failed"))
    hole = Hole("a", 1, "behaviour", "what was seen", "<= 0", "tests/x.py::test_a", "it is rare")
    text = holes.page(holes.measured([hole], found), "0123456789ab")
    assert "0 of 1 rows hold" in text and "**no**" in text and "`a`: it is rare" in text and "`0123456789ab`" in text
