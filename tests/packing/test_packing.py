"""What goes onto a board: everything that is imported, and a boot.py that needs no file but itself."""

import ast
import subprocess

import pytest

from host_tools import packing
from host_tools.board_check.board import load

BOARDS = [packing.ROOT / "boards" / name for name in ("rp2040_pico", "esp32_devkitc")]


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
def test_every_module_of_firmware_and_board_is_there_compiled(board):
    files = packing.application(board)
    for root in (packing.FIRMWARE, board):
        for source in root.rglob("*.py"):
            name = source.relative_to(root)
            if source.name in packing.TEXT:
                assert files[name.as_posix()]
            else:
                assert files[name.with_suffix(".mpy").as_posix()][:2] == b"M\x06"


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
