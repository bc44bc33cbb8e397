"""Each board keeps the contract of firmware/cryo/board.py, and the application needs nothing else."""

import ast
from pathlib import Path

import pytest

from cryo.board import OFFERS
from cryo.core.records import SLOW
from host_tools.places import BOARDS, FIRMWARE
from host_tools.toolchain.board_check import contract as contract_module
from host_tools.toolchain.board_check.__main__ import check
from host_tools.toolchain.board_check.board import file_of
from host_tools.toolchain.board_check.contract import contract, given, sensors
from host_tools.toolchain.type_check import configuration
from tests.boards.found import ALL, EXAMPLE, HARDWARE

CONTRACT = contract()
NAMES = {row[0] for row in CONTRACT}


def asked():
    """Yield (file, attribute) of what firmware reads of a board: `board.X`, `app.board.X`, `_board.X`; `b.X` in app."""
    for file in sorted(FIRMWARE.rglob("*.py")):
        tree = ast.parse(file.read_text())
        packages = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names = {"board", "_board"} | ({"b"} if file.name == "app.py" else set()) - packages
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                owner = node.value
                name = getattr(owner, "id", getattr(owner, "attr", ""))
                if name in names and file.name != "main.py":
                    yield file.name, node.attr
            elif isinstance(node, ast.Call) and ast.unparse(node) == "getattr(b, name, None)":
                yield from ((file.name, name) for name in SLOW)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and "board" in ast.unparse(node):
                yield file.name, ast.literal_eval(node.args[1])


def test_the_application_asks_a_board_for_what_the_contract_has_and_for_nothing_else():
    found = {name for _, name in asked()}
    assert found - NAMES == set()
    assert NAMES - found == set()  # and the contract has nothing that nobody needs


def test_the_contract_is_a_table_of_known_kinds():
    assert len(NAMES) == len(CONTRACT)
    assert {row[1] for row in CONTRACT} == OFFERS.keys()
    assert {row[2] for row in CONTRACT} == {"required", "absent", None}
    assert all(row[3] for row in CONTRACT)


def test_each_input_has_turns_or_every_tick_and_says_what_a_board_needs():
    inputs = sensors((FIRMWARE / "cryo/core/records.py").read_text())
    assert len(set(SLOW)) == len(SLOW) and set(SLOW) | {"skin", "distance"} == inputs.keys()
    text = "class Inputs:\n    def __init__(self):\n        self.wind = Quantity()  # mm/s, {}\n        self.key = 0\n"
    for need in ("needed", "or None", "or absent"):
        assert sensors(text.format(need + ": draught: in the room")) == {"wind": (need, "draught: in the room")}
    with pytest.raises(ValueError, match="wind"):
        sensors(text.format("perhaps: draught"))


def test_a_board_need_not_name_what_it_may_be_without_and_must_say_none_of_the_others(monkeypatch):
    rows = (*CONTRACT, ("wind", "sensor", "absent", "draught"), ("rain", "sensor", None, "water"))
    monkeypatch.setattr(contract_module, "contract", lambda: rows)
    assert [said.partition(":")[2] for said in check(BOARDS / EXAMPLE)] == [
        " Board has no rain (water): add it, None where that will do"
    ]


def test_there_are_boards_to_hold_against_it():
    assert len(HARDWARE) >= 2 and "virtual" in set(ALL) - set(HARDWARE)


@pytest.mark.parametrize("name", ALL)
def test_each_board_file_gives_what_the_contract_asks(name):
    found = given(ast.parse(file_of(BOARDS / name, "board.py").read_text()))
    assert {row[0] for row in CONTRACT if row[2] != "absent"} <= found.keys()
    assert check(BOARDS / name) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("self.bottle = ", "self._bottle = ", "board.py: Board has no bottle (pressure of the bottle): add it"),
        ("self.coil = ", "self._coil = ", "Board has no coil (current of the dose valve's coil): add it, None where"),
        ("self.coil = ", "self.coils = ", "board.py: the application knows no coils: delete it, or add it to"),
        ("    def watchdog(", "    def watch_dog(", "board.py: Board has no watchdog (starts the watchdog"),
        ("self.lease = Lease(", "self.lease = None\n        self._l = Lease(", "board.py: lease is None, and no"),
        ("def build()", "def make()", "board.py has no function build()"),
        ("class Board:", "class Boards:", "board.py: Board has no valve"),
        ("class Board:", "class Board", "board.py cannot be read"),
    ],
)
def test_a_board_file_that_breaks_it_is_named(copied, old, new, sentence):
    source = copied(EXAMPLE) / "board.py"
    text = source.read_text()
    assert text.count(old) == 1
    source.write_text(text.replace(old, new))
    assert any(sentence in found for found in check(source.parent)), check(source.parent)


def test_a_board_without_a_loop_test_keeps_it_too(copied):
    source = copied(EXAMPLE) / "board.py"
    gone = [line for line in source.read_text().split("\n") if "loop_test" not in line]
    source.write_text("\n".join(gone))
    assert check(source.parent) == []


def listed(text):
    """Yield each list, tuple or set of a source that names two boards."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            words = {part.value for part in node.elts if isinstance(part, ast.Constant)}
            if len(words & set(ALL)) > 1:
                yield ast.unparse(node)


def test_nothing_lists_the_boards():
    """A new folder in boards/ is tested, checked, offered and drawn without an edit anywhere."""
    root = BOARDS.parent
    files = [file for folder in ("tests", "host_tools") for file in (root / folder).rglob("*.py")]
    files = [file for file in files if "node_modules" not in file.parts]
    assert {file.name: lists for file in files if (lists := list(listed(file.read_text())))} == {}
    assert list(listed(f"X = ({ALL[0]!r}, {ALL[1]!r})"))


def test_the_type_check_finds_the_imports_of_each_board():
    made = configuration()["executionEnvironments"]
    assert [Path(entry["root"]).name for entry in made] == [*ALL, "firmware"]
