"""No module of firmware, boards and host tools imports itself through others; the finder sees a planted circle."""

import pytest

from host_tools.toolchain import imports

A, B, C = (f"firmware/cryo/{name}.py" for name in "abc")
GUEST_MACHINE = "host_tools/simulator/twin/guest/machine.py"
PACKAGE, X, Y = "host_tools/all/__init__.py", "host_tools/all/x.py", "host_tools/y.py"


def planted(root, sources):
    """Return the graph of modules, path -> source, written under a root."""
    for path, source in sources.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return imports.graph(root)


@pytest.fixture(scope="module")
def modules():
    return imports.graph()


def test_no_module_imports_itself_through_others(modules):
    assert imports.circles(modules) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("firmware/cryo/recorder.py", "firmware/cryo/store/journal.py"),  # in a function
        ("firmware/main.py", "boards/esp32_devkitc/board.py"),  # the name that each board has
        ("boards/rp2040_pico/board.py", "boards/rp2040_pico/chip.py"),
        ("firmware/cryo/valve/rp2_pio.py", "boards/rp2350_pico2/registers.py"),
        ("boards/virtual/board.py", "host_tools/simulator/twin/guest/hal.py"),
        ("host_tools/cryoctl/names.py", "firmware/cryo/limits.py"),  # the name is in a text
        ("host_tools/cryoctl/doctor/environment.py", "host_tools/cryoctl/adapters/mpremote.py"),  # its end is computed
        ("host_tools/evidence/powercut/guest/cuts.py", "host_tools/evidence/powercut/guest/pins.py"),
        ("host_tools/toolchain/settings/pin.py", "host_tools/toolchain/settings/__init__.py"),
    ],
)
def test_the_graph_has_the_project_s_imports(modules, module, imported):
    assert imported in modules[module]


def test_the_graph_has_no_import_that_nobody_makes(modules):
    assert not [name for name in modules["boards/rp2040_pico/board.py"] if name.startswith("boards/virtual")]
    assert not [name for file in modules if file.startswith("firmware") for name in modules[file] if "/twin/" in name]
    assert "boards/virtual/pins.py" not in modules["host_tools/evidence/powercut/guest/cuts.py"]
    assert "host_tools/evidence/powercut/guest/pins.py" not in modules["firmware/boot.py"]


@pytest.mark.parametrize(
    "source",
    [
        "from cryo import b",
        "import cryo.b",
        "import cryo.b as other",
        "from cryo.b import NAME",
        "from . import b",
        "from .b import NAME",
        "from ..cryo import b",
        "def later():\n    from cryo import b",
        "class Late:\n    def poll(self):\n        import cryo.b",
        "if TYPE_CHECKING:\n    from cryo.b import Name",
        "b = importlib.import_module('cryo.b')",
        "b = __import__('cryo.b')",
        "b = import_module(f'cryo.b{rest}')",
    ],
)
def test_a_circle_is_found_whatever_way_a_module_is_imported(tmp_path, source):
    assert imports.circles(planted(tmp_path, {A: source, B: "from cryo import a"})) == [[A, B, A]]


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({A: "from cryo import a"}, [A, A]),
        ({A: "from cryo import b", B: "from cryo import c", C: "from cryo import a"}, [A, B, C, A]),
        ({A: "from cryo import b", B: "from cryo import c", C: "from cryo import a, b"}, [B, C, B]),  # the shortest
        ({PACKAGE: "from host_tools.all.x import X", X: "from host_tools.all import NAME"}, [PACKAGE, X, PACKAGE]),
        (
            {PACKAGE: "import host_tools.y", X: "", Y: "import host_tools.all.x"},
            [PACKAGE, Y, PACKAGE],
        ),  # on the way to x
        ({A: "import pins", "boards/one/pins.py": "import cryo.a"}, ["boards/one/pins.py", A, "boards/one/pins.py"]),
    ],
)
def test_a_circle_of_any_length_and_place_is_named_once_by_its_shortest_way(tmp_path, sources, circle):
    assert imports.circles(planted(tmp_path, sources)) == [circle]


def test_each_circle_is_named(tmp_path):
    found = planted(
        tmp_path, {A: "import cryo.b", B: "import cryo.a", X: "import host_tools.y", Y: "import host_tools.all.x"}
    )
    assert imports.circles(found) == [[A, B, A], [X, Y, X]]


@pytest.mark.parametrize(
    "sources",
    [
        {A: "from cryo import b, c", B: "from cryo import c", C: ""},
        {A: "# from cryo import b", B: "'''from cryo import a'''\nfrom cryo import a"},
        {PACKAGE: "from host_tools.all.x import X", X: "import host_tools.y", Y: ""},
        {A: "from machine import Pin", GUEST_MACHINE: "import cryo.a"},  # on a board it is built in
        {A: "from time import sleep", B: "from cryo import a"},
        {"boards/one/pins.py": "import cryo.a", "boards/one/board.py": "import pins", A: ""},
    ],
)
def test_what_is_no_circle_is_none(tmp_path, sources):
    assert imports.circles(planted(tmp_path, sources)) == []


def test_the_command_prints_the_rooms_and_fails_with_a_circle(tmp_path, capsys):
    sources = {
        A: "import cryo.core.d",
        "firmware/cryo/core/d.py": "",
        Y: "import host_tools.all.x",
        X: "",
        B: "import cryo.a",
    }
    planted(tmp_path, sources)
    assert imports.main(tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "firmware/cryo -> firmware/cryo/core",
        "firmware/cryo/core -> nothing",
        "host_tools -> host_tools/all",
        "host_tools/all -> nothing",
        "5 modules, 0 circles",
    ]
    planted(tmp_path, {X: "import host_tools.y"})
    assert imports.main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [f"circle: {X} -> {Y} -> {X}", "5 modules, 1 circle"]
