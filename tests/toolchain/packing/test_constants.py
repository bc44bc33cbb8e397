"""Constants that packing puts into other modules: what changes, what stays, and that lines keep their numbers."""

import pytest

from host_tools.places import BOARDS
from host_tools.toolchain import packing
from host_tools.toolchain.packing.constants import Constants
from tests.boards.found import PIO_BOARDS

LIMITS = "from micropython import const\nA = const(5)\nB = const(-A * 2)\nNAMES = ('x', 'y')\n"


def folded(user, limits=LIMITS):
    out = Constants({"p": "", "p.limits": limits, "user": user}).folded()
    for name, text in (("p.limits", limits), ("user", user)):
        assert out[name].count("\n") == text.count("\n")
    return out


@pytest.mark.parametrize(
    ("user", "becomes"),
    [
        ("from p.limits import A\nprint(A + 1)\n", "pass\nprint(5 + 1)\n"),
        ("from p.limits import A as Z\nprint(Z)\n", "pass\nprint(5)\n"),
        ("from p.limits import A, NAMES\nprint(A, NAMES)\n", "from p.limits import NAMES\nprint(5, NAMES)\n"),
        ("from p import limits\nprint(limits.A)\n", "pass\nprint(5)\n"),
        ("from p import limits\nprint(limits.A, limits.NAMES)\n", "from p import limits\nprint(5, limits.NAMES)\n"),
        ("from p.limits import B\nprint(2 ** B)\n", "pass\nprint(2 ** (-10))\n"),
        ("from p.limits import (\n    A,\n    B,\n)\nprint(A, B)\n", "pass\n\n\n\nprint(5, (-10))\n"),
        (
            "from p.limits import A\n_C = A << 1\nprint(_C)  # \u00b5s, \u2264 9\n",
            "pass\npass\nprint(10)  # \u00b5s, \u2264 9\n",
        ),
    ],
)
def test_a_number_stands_where_its_name_stood(user, becomes):
    assert folded(user)["user"] == becomes


@pytest.mark.parametrize(
    ("user", "becomes"),
    [
        ("from p.limits import A\nprint('{} mm'.format(A))\n", "pass\nprint(('5 mm'))\n"),
        ("from p import limits\nprint('{:03d}'.format(limits.B // -2), 'x')\n", "pass\nprint(('005'), 'x')\n"),
        (
            "from p.limits import A\nX = (\n    '{} '\n    'mm'.format(\n        A\n    ),\n)\n",
            "pass\nX = (\n    ('5 mm'\n\n\n),\n)\n",
        ),
        ("from p.limits import A\nprint('it\\'s {}\\n'.format(A))\n", 'pass\nprint(("it\'s 5\\n"))\n'),
    ],
)
def test_a_text_stands_with_its_figures_in_it(user, becomes):
    assert folded(user)["user"] == becomes


@pytest.mark.parametrize(
    ("user", "becomes"),
    [
        ("from p.limits import A\nprint('{} {}'.format(A, x))\n", "pass\nprint('{} {}'.format(5, x))\n"),
        ("from p.limits import A\nprint('{a}'.format(a=A))\n", "pass\nprint('{a}'.format(a=5))\n"),
        ("from p.limits import A\nprint(text.format(A))\n", "pass\nprint(text.format(5))\n"),
        ("from p.limits import A\nprint('{} {}'.format(A))\n", "pass\nprint('{} {}'.format(5))\n"),
        ("from p.limits import A\nprint('{x}'.format(A))\n", "pass\nprint('{x}'.format(5))\n"),
        ("from p.limits import A\nprint('{{{}}}'.format(A))\n", "pass\nprint('{{{}}}'.format(5))\n"),
        ("from p.limits import A\nprint('{:_>9}'.format(A))\n", "pass\nprint('{:_>9}'.format(5))\n"),
        ("from p.limits import A\nprint(b'{}'.join(A))\n", "pass\nprint(b'{}'.join(5))\n"),
    ],
)
def test_a_text_that_is_known_only_at_run_time_stays_one(user, becomes):
    assert folded(user)["user"] == becomes


@pytest.mark.parametrize(
    "user",
    [
        "from p.limits import A\ndef f(A):\n    return A\n",  # another A
        "from p.limits import A\ndef f():\n    global A\n    A = 3\nprint(A)\n",
        "from p import limits\nlimits = f(limits)\nprint(limits.A)\n",
        "from p.limits import A\nprint(f'{A}')\n",
        "from p.limits import NAMES\nprint(NAMES)\n",
        "X = 3\nX = 4\nprint(X)\n",
        "X = 3\ndef f():\n    global X\n    X = 4\nprint(X)\n",
    ],
)
def test_what_is_no_number_everywhere_is_left_alone(user):
    assert folded(user)["user"] == user


@pytest.mark.parametrize(
    "binding",
    [
        "def f():\n    try:\n        g()\n    except E as A:\n        print(A)",
        "try:\n    from q import A\nexcept E:\n    pass",
        "def f():\n    from q import B as A\n    return A",
        "def f():\n    import A\n    return A",
        "def f():\n    import A.b\n    return A",
        "from q import A",
        "import q as A",
        "def f():\n    def A():\n        pass\n    return A",
        "async def A():\n    pass",
        "def f():\n    class A:\n        pass\n    return A",
        "class C:\n    A = 6\n    b = A",
        "def f(t):\n    for A in t:\n        print(A)",
        "def f(t):\n    return [A for A in t]",
        "def f():\n    with g() as (A, b):\n        print(A)",
        "def f():\n    if (A := g()):\n        print(A)",
        "def f():\n    print(A)\n    del A",
        "def f():\n    A: int = g()\n    A += 1",
        "def f():\n    global A\n    from q import A",
        "def f():\n    def h():\n        nonlocal A\n    return A",
        "f = lambda *A: A",
    ],
)
@pytest.mark.parametrize("first", ["from p.limits import A", "A = 5"])
def test_a_name_that_is_bound_twice_is_left_alone(first, binding):
    user = f"{first}\n{binding}\nprint(A)\n"
    assert folded(user)["user"] == user


@pytest.mark.parametrize(
    "binding",
    ["def f():\n    from q import limits\n    return limits.A", "try:\n    g()\nexcept E as limits:\n    limits.A"],
)
def test_a_module_s_name_that_is_bound_twice_is_left_alone(binding):
    user = f"from p import limits\n{binding}\nprint(limits.A)\n"
    assert folded(user)["user"] == user


def test_a_nested_import_that_binds_another_name_hinders_nothing():
    user = "from p.limits import A\ndef f():\n    from q import other\n    return other + A\n"
    assert folded(user)["user"] == user.replace("from p.limits import A", "pass").replace("+ A", "+ 5")


def test_an_import_of_whatever_there_is_is_refused():
    with pytest.raises(ValueError, match=r"user imports \*"):
        folded("from p.limits import A\nfrom q import *\nprint(A)\n")


def test_a_board_s_name_that_is_bound_twice_is_left_alone():
    modules = {"board_name": 'NAME = "mine"\nNAME = f()\n', "board": "import board_name\nprint(board_name.NAME)\n"}
    assert Constants(modules).folded() == modules


ROWS = "ROWS = (\n    (A := 5, 'a'),\n    (B := A + 1, 'b'),\n)\n"


def test_a_number_that_a_table_s_row_names_stands_where_its_name_stood_and_the_row_stays():
    out = Constants({"p": "", "p.limits": ROWS, "user": "from p import limits\nprint(limits.A, limits.B)\n"}).folded()
    assert out["user"] == "from p import limits\nprint(5, limits.B)\n"
    assert out["p.limits"] == ROWS.replace("A + 1", "5 + 1")


def test_a_row_s_name_that_is_bound_elsewhere_too_is_left_alone():
    rows = "ROWS = ((A := 5, 'a'),)\nA = f(A)\n"
    out = Constants({"p": "", "p.limits": rows, "user": "from p.limits import A\nprint(A)\n"}).folded()
    assert out["user"] == "from p.limits import A\nprint(A)\n"


def test_a_definition_goes_when_nobody_looks_it_up_any_more():
    text = folded("from p.limits import A, B\nprint(A, B)\n")["p.limits"]
    assert text == "from micropython import const\npass\npass\npass\n"


def test_a_table_stays_while_somebody_looks_it_up_and_so_does_what_is_none():
    for use in ("from p.limits import NAMES\nprint(NAMES)\n", "from p import limits\nprint(limits.NAMES)\n"):
        assert folded(use)["p.limits"].endswith("pass\npass\nNAMES = ('x', 'y')\n")
    assert folded("", "TABLE = (1, f())\n")["p.limits"] == "TABLE = (1, f())\n"


@pytest.mark.parametrize("use", ["print(f'{A}')", "def f(A): return A\nprint(A)"])
def test_a_definition_stays_while_somebody_does(use):
    assert "A = const(5)" in folded("from p.limits import A\n" + use + "\n")["p.limits"]


def test_a_constant_that_another_module_sets_is_refused():
    with pytest.raises(ValueError, match=r"user sets limits\.A"):
        folded("from p import limits\nlimits.A = 6\n")


def test_the_board_s_name_is_put_in_and_no_other_text():
    """Otherwise a module would be loaded for only one text."""
    modules = {
        "board_name": 'NAME = "mine"\n',
        "pins": "LED = 4\n",
        "other": 'NAME = "theirs"\n',
        "board": "import pins\nimport other\nfrom board_name import NAME\n"
        "class B:\n    name = NAME\n    led = pins.LED\n    of = other.NAME\n",
    }
    out = Constants(modules).folded()
    assert out["board"] == (
        'pass\nimport other\npass\nclass B:\n    name = (\'mine\')\n    led = 4\n    of = other.NAME\n'
    )
    assert out["board_name"] == out["pins"] == "pass\n" and out["other"] == 'NAME = "theirs"\n'


@pytest.mark.parametrize("name", PIO_BOARDS)
def test_neither_pin_map_nor_registers_are_loaded_on_a_board(name):
    assert not {"pins.py", "registers.py", "board_name.py"} & packing.sources(BOARDS / name).keys()
