"""Power cuts in real MicroPython on littlefs: the short form of `make powercut`, and that it finds broken code."""

import re

import pytest

from host_tools.evidence.powercut import __main__ as powercut
from host_tools.simulator.twin import lanes


@pytest.fixture(scope="module", autouse=True)
def micropython():
    if lanes.micropython_path() is None:
        pytest.skip("real MicroPython is missing: run `make setup`")


@pytest.fixture(scope="module")
def rows():
    return powercut.run("short")


def test_after_every_cut_there_is_the_old_record_the_new_one_or_a_refusal(rows):
    assert [text for row in rows for text in row.texts] == []
    assert sum(row.violations for row in rows) == 0
    assert {row.program for row in rows} == set(powercut.PROGRAMS)


def test_every_operation_of_every_write_is_cut_in_four_ways(rows):
    for row in rows:
        assert row.points == 4 * (row.programs + row.erases) > 0
        assert sum(row.outcomes.values()) == row.points


def test_every_outcome_occurs_and_erases_are_among_the_cuts(rows):
    for outcome in powercut.OUTCOMES:
        assert any(row.outcomes[outcome] for row in rows), outcome
    assert any(row.erases for row in rows)


def test_only_a_board_without_settings_or_pin_refuses(rows):
    assert {row.write for row in rows if row.outcomes["refused"]} == {"settings, first of all", "PIN, first of all"}


@pytest.mark.parametrize(
    ("planted", "found"), [("defaults", "defaults are in force"), ("deaf", "a write that was cut says it is done")]
)
def test_a_broken_store_is_found(planted, found):
    broken = powercut.run("short", (256,), planted)
    for name in ("settings",) if planted == "defaults" else ("settings", "calibration", "PIN"):
        assert any(found in text for row in broken if row.write.startswith(name) for text in row.texts), name
    assert powercut.total(broken).endswith(f" {sum(row.violations for row in broken)} violations.")


def test_the_page_is_of_the_long_form_and_without_violations():
    text = powercut.PAGE.read_text()
    assert text.startswith(powercut.HEAD)
    names = {
        row.split(" | ")[0].removeprefix("| ")
        for row in text.splitlines()
        if re.match(r"\| (settings|cali|PIN|log)", row)
    }
    assert names == {row.write for row in powercut.run("short", (256,))}
    totals = re.findall(r"^\d+ writes, \d+ cuts, (\d+) violations\.$", text, re.MULTILINE)
    assert totals == ["0"]
