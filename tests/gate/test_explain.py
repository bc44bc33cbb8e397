"""A failed assert in a MicroPython lane is reported with its source and its values."""

import textwrap

import pytest

from tests.lanes import LANES, LaneMissing, run_file
from tests.lanes.explain import explained

BOTH = pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
RIG = """
    def same(value, wanted):
        assert value == wanted


    class Counter:
        count = 0

        def next(self):
            self.count += 1
            return self.count
"""


def told(lane, folder, body):
    """Return the report of a failing test with this body."""
    (folder / "rig.py").write_text(textwrap.dedent(RIG))
    file = folder / "test_planted.py"
    head = "import micropython\nfrom rig import Counter, same\n\nNUMBERS = [1, 2]\n\ndef test_it():\n"
    file.write_text(head + textwrap.indent(textwrap.dedent(body), "    "))
    try:
        outcome = run_file(lane, file, ["test_it"], 60)
    except LaneMissing as missing:
        pytest.skip(f"{lane.name}: {missing}")
    assert (outcome.broken, outcome.passed) == ("", {"test_it": False})
    return explained(lane, file, "test_it", outcome.output["test_it"]).replace(f"{folder}/", "")


@BOTH
def test_source_and_both_values(lane, tmp_path):
    body = """
        for number in range(3):
            left, right = number * 2, number + 1
            if number: assert left == right, "not the same"; print("after")
    """
    assert told(lane, tmp_path, body).splitlines() == [
        "test_planted.py:10:",
        '    assert left == right, "not the same"',
        "      left = 4",
        "      right = 3",
    ]


@BOTH
@pytest.mark.parametrize(
    ("asserted", "values"),
    [
        ("NUMBERS[1] in (1, 3)", ["NUMBERS[1] = 2", "(1, 3) = (1, 3)"]),
        ("0 < NUMBERS[0] < NUMBERS[0] < nothing_there", ["NUMBERS[0] = 1", "NUMBERS[0] = 1"]),
        ("NUMBERS and not NUMBERS[1]", ["NUMBERS = [1, 2]", "NUMBERS[1] = 2"]),
        ("NUMBERS == [3] or NUMBERS is None", ["NUMBERS == [3] or NUMBERS is None = False"]),
        ("count.next() - count.next() == count.next()", ["count.next() - count.next() = -1", "count.next() = 3"]),
        ("all([number == 1 for number in NUMBERS])", ["all([number == 1 for number in NUMBERS]) = False"]),
        ("(\n        NUMBERS,\n        'µ') == (\n        None)", ["(NUMBERS, 'µ') = ([1, 2], '\\xb5')"]),
        ("False", []),
    ],
)  # fmt: skip
def test_each_operand_is_evaluated_as_the_assert_does(lane, tmp_path, asserted, values):
    lines = told(lane, tmp_path, f"count = Counter()\nassert {asserted}\n").splitlines()
    assert lines[0] == "test_planted.py:8:"
    assert [line[6:] for line in lines[2:] if line.startswith("      ") and " = " in line] == values


@BOTH
def test_an_assert_in_a_rig(lane, tmp_path):
    assert told(lane, tmp_path, "same(NUMBERS, None)").splitlines() == [
        "rig.py:3:",
        "    assert value == wanted",
        "      value = [1, 2]",
        "      wanted = None",
    ]


@BOTH
def test_where_nothing_can_be_told_it_is_said_why(lane, tmp_path):
    assert told(lane, tmp_path, "raise ValueError(1)") == ""
    once = f"import sys\nassert sys.path[0] != {str(tmp_path)!r}\n"
    assert told(lane, tmp_path, once).splitlines()[-1] == "      (in a second run, alone, it passed)"
    later = f"import sys\nif sys.path[0] != {str(tmp_path)!r}: raise ValueError(7)\nassert False\n"
    assert told(lane, tmp_path, later).splitlines()[-1] == "      (in a second run, alone: ValueError: 7)"
