"""Every error number that the console can answer with has its text in SYST:ERR? and its row on the page."""

import ast
import re
from pathlib import Path

from cryo.console import live, units
from cryo.core import faults
from host_tools.toolchain.console_page import PAGE, ROOT

SOURCES = sorted((ROOT / "firmware").rglob("*.py"))
NOTING = ("error", "note", "_refuse")
# passed on: line.py's own argument, wrap.py's argument to it, and units.py's problems with their number
HANDED_ON = {"number", "problem[0]", "_FAULT + row[0]"}


def noted(tree):
    """Yield the expression of every number that is passed to a function of NOTING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOTING:
            yield ast.unparse(node.args[0])


def numbers():
    """Return every error number in the firmware's sources."""
    found = set()
    for path in SOURCES:
        for expression in noted(ast.parse(path.read_text(encoding="utf-8"))):
            if re.fullmatch(r"-?\d+", expression):
                found.add(int(expression))
            else:
                assert expression in HANDED_ON, f"{path.name}: {expression}"
    problems = re.findall(r"\(0, \((-\d+), |return 0, \((-\d+), ", Path(units.__file__).read_text(encoding="utf-8"))
    assert len(problems) > 2
    return found | {int(a or b) for a, b in problems} | {-350}


def on_page():
    """Return every number of the page's table of errors."""
    table = PAGE.read_text(encoding="utf-8").split("## Errors")[1].split("## Calibrating")[0]
    return {int(n) for line in table.splitlines() for n in re.findall(r"\| (-?\d+) (?=\|)", line)}


def test_numbers_are_found():
    assert {-113, -222, -350, -363, 101, 203, 302, 402} <= numbers()
    assert list(noted(ast.parse("console.error(-1, 'x'); c.note(n)"))) == ["-1", "n"]


def test_every_number_has_a_text_and_a_row():
    assert numbers() | {0} == set(live._TEXTS)
    assert numbers() == on_page()


def test_a_fault_is_named_and_no_fault_s_number_is_an_error_s():
    assert "| 500 + code |" in PAGE.read_text(encoding="utf-8")
    assert max(live._TEXTS) < 500 < 500 + min(row[0] for row in faults.REGISTRY)
