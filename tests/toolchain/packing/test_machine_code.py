"""Functions marked as machine code: which functions, the place of the mark, and what is refused."""

import re

import pytest

from host_tools import places
from host_tools.toolchain import packing
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.packing.machine_code import FUNCTIONS, marked
from tests.toolchain.packing.test_packing import BOARDS


def test_the_mark_takes_the_line_in_front():
    text = (
        "class C:\n    # why\n    def f(self):\n        pass\n\n    def g(self):\n        pass\n\n\n"
        "def h():\n    pass\n"
    )
    assert marked(text, ("f", "h")) == (
        "class C:\n    @micropython.native\n    def f(self):\n        pass\n\n    def g(self):\n        pass\n\n"
        "@micropython.native\ndef h():\n    pass\n"
    )
    assert marked(text, ()) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def f():\n    pass\n", "line 1: f needs an empty line"),
        ("class C:\n    def f(self):\n        pass\n", "line 2: f needs an empty line"),
        ("@cached\ndef f():\n    pass\n", "line 2: f needs"),
        ("\ndef g():\n    pass\n", "no function f"),
    ],
)
def test_a_function_that_cannot_be_marked_is_named(text, why):
    with pytest.raises(ValueError, match=why):
        marked(text, ("f",))


@pytest.mark.parametrize("board", [*BOARDS, places.BOARDS / "virtual"], ids=lambda board: board.name)
def test_each_board_with_a_processor_of_its_own_has_them_all(board):
    made = packing.sources(board)
    for path, text in made.items():
        due = len(FUNCTIONS.get(path, ())) if load(board).chip.architecture else 0
        assert len(re.findall(r"^ *@micropython\.native$", text, re.MULTILINE)) == due, path


def test_machine_code_is_in_the_file_where_it_is_marked():
    text = "\ndef f(a):\n    return a + 1\n"
    plain = packing.compiled_text("f.py", text, "armv6m")
    native = packing.compiled_text("f.py", marked(text, ("f",)), "armv6m")
    assert plain[2] >> 2 == 0 and native[2] >> 2 != 0  # the header's architecture: 0 is bytecode alone
    assert len(native) > len(plain)
    with pytest.raises(packing.subprocess.CalledProcessError, match="returned non-zero"):
        packing.compiled_text("f.py", marked(text, ("f",)))
