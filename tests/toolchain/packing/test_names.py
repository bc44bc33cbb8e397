"""Short private names: which names become short, what stays, and that lines keep their numbers."""

import ast
import re

import pytest

from host_tools.toolchain import packing
from host_tools.toolchain.packing.names import shortened
from tests.toolchain.packing.test_packing import BOARDS


def short(text, **others):
    made = shortened({"own": text, **others})["own"]
    assert made.count("\n") == text.count("\n")
    return made


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("_LONGEST = 3\nprint(_LONGEST)\n", "_a = 3\nprint(_a)\n"),
        ("class C:\n    def __init__(self):\n        self._age_us = 0  # _age_us\n", None),
        ("def _grown(a, _by):\n    return a + _by\n", "def _a(a, _b):\n    return a + _b\n"),
        ("_a = 1\n_beta = 2\n", "_a = 1\n_b = 2\n"),
        ("_first = 1\nprint('\u00b5s', _first)\n", "_a = 1\nprint('\u00b5s', _a)\n"),
        ("import b\n_b = b._a\n_own = 2\n", "import b\n_b = b._a\n_c = 2\n"),
    ],
)
def test_a_private_name_becomes_a_short_one(text, becomes):
    assert short(text) == (becomes or text.replace("self._age_us", "self._a"))


@pytest.mark.parametrize(
    "text",
    [
        "public = 1\n__double = 2\n_ = 3\nclass C:\n    def __init__(self):\n        self.x = 1\n",
        "_x = 1\nprint(f'{_x}')\n",  # its parts have no reliable places
        "_name = 1\nprint(globals()['_name'])\n",
        "from b import _other\n_other = 2\n",
        "import b\nb.thing._inner()\nprint(b._inner)\n",  # another module's
        "from b import Base\nclass C(Base):\n    def __init__(self):\n        self._mine = 1\n",
    ],
)
def test_what_others_may_look_for_stays_as_it_is(text):
    assert short(text) == text


def test_a_name_that_another_module_uses_stays_in_both():
    both = shortened({"a": "def _f():\n    pass\n_g = 1\n", "b": "import a\na._f()\n_g = 2\n"})
    assert both == {"a": "def _f():\n    pass\n_a = 1\n", "b": "import a\na._f()\n_a = 2\n"}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("def f(_by=1):\n    return _by\n", "import a\na.f(_by=2)\n"),
        ("class C:\n    def __init__(self):\n        self._x = 1\n", "import a\nc = a.C()\nc._x = 2\n"),
    ],
)
def test_a_name_that_another_module_gives_or_sets_stays_in_both(theirs, ours):
    assert shortened({"a": theirs, "b": ours}) == {"a": theirs, "b": ours}
    assert shortened({"a": theirs, "b": "import a\n"})["a"] != theirs


def test_a_base_class_keeps_its_names_where_another_module_derives_from_it():
    base = "class Base:\n    def __init__(self):\n        self._mine = 1\n"
    assert shortened({"p.b": base, "own": "from p.b import Base\nclass C(Base):\n    pass\n"})["p.b"] == base


def test_two_names_of_one_module_never_become_one():
    names = [f"_name_{n}" for n in range(300)]
    made = short("".join(f"{name} = {n}\n" for n, name in enumerate(names)))
    left = re.findall(r"^(_\w+) = ", made, re.MULTILINE)
    assert len(set(left)) == 300 and max(map(len, left)) == 3


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_a_board_s_modules_are_the_same_programs(board, monkeypatch):
    made = packing.sources(board)
    monkeypatch.setattr(packing, "shortened", lambda modules: modules)
    longer = shorter = 0
    for path, text in packing._sources.__wrapped__(board, packing.FIRMWARE).items():  # made anew
        old, new = (list(names(ast.parse(source))) for source in (text, made[path]))
        assert len(old) == len(new), path
        pairs = set(zip(old, new, strict=True))
        assert len({before for before, _ in pairs}) == len({after for _, after in pairs}) == len(pairs), path
        assert all(before == after or before[0] == after[0] == "_" != before[1] for before, after in pairs), path
        longer += len({before for before, after in pairs if before != after})
        shorter += len({after for before, after in pairs if before != after and len(after) > 2})
    assert longer > 500 and shorter < longer // 5


def names(tree):
    """Yield the parts of a tree, in order; every name is a text."""
    for node in ast.walk(tree):
        yield type(node).__name__
        yield from (value for _, value in ast.iter_fields(node) if isinstance(value, str))
