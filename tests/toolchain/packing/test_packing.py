"""What goes onto a board: everything that is imported, and a boot.py that needs no other file."""

import ast
import subprocess

import pytest

from host_tools import places
from host_tools.toolchain import packing
from host_tools.toolchain.board_check.board import files_of, load
from tests.boards.found import HARDWARE

BOARDS = [places.BOARDS / name for name in HARDWARE]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_boot_drives_exactly_the_safe_outputs_low_and_imports_nothing_from_a_file(board):
    text = packing.application(board)["boot.py"].decode()
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in imported] == ["umachine"]

    driven = []

    class Pin:
        OUT = 1

        def __init__(self, number, mode, value):
            driven.append((number, mode, value))

    exec(text.replace("from umachine import Pin\n", ""), {"Pin": Pin})
    assert driven == [(number, Pin.OUT, 0) for number in load(board).safe_low]
    assert driven


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_all_that_the_application_imports_is_in_it_compiled(board):
    modules = packing.modules(board)
    texts = [(packing.FIRMWARE / "main.py").read_text(), *packing.sources(board).values()]
    known = {packing.dotted(path) for path in (*_paths(packing.FIRMWARE), *files_of(board))}
    imported = known & {name for text in texts for name in _imports(text)}
    assert {packing.dotted(path) for path in modules} == imported - {"boot", "main"}
    assert all(data[:2] == b"M\x06" for data in modules.values())
    assert {"cryo.core.supervisor", "cryo.selftest", "board", "archive"} <= imported


def _paths(root):
    return [source.relative_to(root).as_posix() for source in root.rglob("*.py")]


def _imports(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from names
            yield from ("".join(node.module.split(".")[:1]), ".".join(node.module.split(".")[:2]))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_what_a_board_has_no_use_for_stays_behind(board):
    valves = {path for path in packing.modules(board) if path.startswith("cryo/valve/") and "__init__" not in path}
    shared = {"cryo/valve/spacing.mpy"}
    assert shared < valves and len(valves - shared) == 1


def test_modules_come_in_the_order_of_their_imports():
    modules = {"a": "import b\nfrom c import d", "b": "", "c": "", "c.d": "def f():\n    import e", "e": "", "f": ""}
    assert packing.needed(modules, "import a") == ["b", "c", "e", "c.d", "a"]


def test_main_mounts_the_archive_before_it_imports_what_is_in_it():
    names = list(_imports((packing.FIRMWARE / "main.py").read_text()))
    assert names.index("archive") < min(names.index("board"), names.index("cryo.app"))


def test_names_of_pins_become_numbers_wherever_they_are_used(tmp_path):
    (tmp_path / "pins.py").write_text("A = 3\nB = (1, A)\n")
    text = '"""About."""\nfrom machine import Pin\nfrom pins import A, B as C  # why\nPin(A)\nfor n in C:\n    Pin(n)\n'
    assert packing.packed(text, tmp_path / "pins.py").decode() == (
        "from umachine import Pin\nPin(3)\nfor n in (1, 3):\n    Pin(n)\n"
    )


def test_a_name_that_pins_lacks_is_told(tmp_path):
    (tmp_path / "pins.py").write_text("A = 3\n")
    with pytest.raises(AttributeError, match="has no SAFE_LOW"):
        packing.packed("from pins import SAFE_LOW\n", tmp_path / "pins.py")


def test_a_source_with_errors_is_not_packed(tmp_path):
    (tmp_path / "broken.py").write_text("def f(:\n")
    with pytest.raises(subprocess.CalledProcessError) as problem:
        packing.compiled(tmp_path / "broken.py")
    assert "SyntaxError" in problem.value.stderr


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_no_module_of_the_interpreter_is_looked_for_among_the_files(board):
    own = {"array", "binascii", "collections", "errno", "io", "json", "machine", "os", "select", "struct", "time"}
    found = set()
    for text in packing.sources(board).values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module)
    assert found & own == set()
    assert {"utime", "umachine", "ujson"} <= found


def test_built_in_modules_keep_the_name_that_they_are_used_by():
    for text, made in (
        ("import time\nimport timer\n", "import utime as time\nimport timer\n"),
        ("def f():\n    import json  # late\n", "def f():\n    import ujson as json  # late\n"),
        ("from machine import Pin, ADC\nx = 'import os'\n", "from umachine import Pin, ADC\nx = 'import os'\n"),
    ):
        assert packing.built_in(text) == made
