"""Files, symbols and tests that pages name exist; docs/architecture.md lists all imports that are not one-way."""

import re

import pytest

from host_tools.toolchain import imports
from tests.gate.named import missing, symbols

UNTRUTHS = "docs/cryoctl/kinds.md"
PAGES = ("docs/architecture.md", "docs/glossary.md", UNTRUTHS)
ROOT = imports.ROOT
USERS, SIMULATOR, TOOLCHAIN, EVIDENCE = "users' tools", "simulator", "toolchain", "evidence"
MAY = {(USERS, TOOLCHAIN), (SIMULATOR, TOOLCHAIN)} | {(EVIDENCE, other) for other in (USERS, SIMULATOR, TOOLCHAIN)}
TARGETS = ("firmware", "boards")  # host tools and boards exist for it
PIO = "firmware/cryo/valve/rp2_pio.py"  # one valve for two chips: the board has the addresses
STARTS = ("firmware/boot.py", "firmware/main.py")  # they import modules that each board's folder has
SHARED = "host_tools"  # files that belong to no room
DOOR = "host_tools/cryoctl/sim/"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_symbol_that_a_page_names_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text.count("`") > 100 and list(missing(text, ROOT)) == []


def test_each_untruth_has_a_test_that_forbids_it():
    text = (ROOT / UNTRUTHS).read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if re.match(r"\|(?!---| what may not happen )", line)]
    assert len(rows) > 60 and all(len(row) == 3 for row in rows)
    for what, tests, others in rows:
        named = re.findall(r"`(tests/[\w/]+\.py::test_\w+)`", tests)
        assert named and tests.count("`") == 2 * len(named), what
        assert others.strip() == "-" or re.findall(r"`(tests/[\w/]+\.py::test_\w+)`", others), what


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("firmware/cryo/gone.py", "no file firmware/cryo/gone.py"),
        ("firmware/gone/", "no file firmware/gone/"),
        ("docs/gone*.md", "no file docs/gone*.md"),
        ("firmware/cryo/a.py:two", "no two in firmware/cryo/a.py"),
        ("firmware/cryo/a.py:A.gone", "no A.gone in firmware/cryo/a.py"),
        ("firmware/cryo/a.py::test_gone", "no test_gone in firmware/cryo/a.py"),
        ("firmware/cryo/gone.py::one", "no file firmware/cryo/gone.py"),
        ("firmware/cryo/a.py::one", ""),
        ("firmware/cryo/a.py:inner", "no inner in firmware/cryo/a.py"),
        ("CODE", "neither a file, nor a symbol in one, nor a command"),
        ("50%", "neither a file, nor a symbol in one, nor a command"),
        ("make one gone X=gone", "no target gone"),
        ("python -m host_tools.gone", "no module host_tools.gone"),
        (".venv/bin/pytest -k unix tests/gone.py", "no file tests/gone.py"),
        ("firmware/cryo/a.py:A.kept", ""),
        ("firmware/cryo/a.py:A.called", ""),
        ("firmware/cryo/a.py:CODE", ""),
        ("firmware/cryo/a.py:A", ""),
        ("firmware/c*/*.py", ""),
        ("make one", ""),
        ("firmware/cryo/", ""),
    ],
)
def test_what_is_not_there_is_found(tmp_path, named, problem):
    (tmp_path / "firmware/cryo").mkdir(parents=True)
    (tmp_path / "Makefile").write_text("one: two\n\ttrue\n")
    (tmp_path / "firmware/cryo/a.py").write_text(
        "ROWS = ((CODE := 1, 'x'),)\nclass A:\n    def called(self):\n        self.kept, self.more = 1, 2\n"
        "def one():\n    inner = 1\n"
    )
    assert list(missing(f"Text `{named}` text.", tmp_path)) == ([f"`{named}`: {problem}"] if problem else [])


def test_a_symbol_is_what_a_module_defines_not_what_it_mentions(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("from b import c\nd: int = 1\ne, f = 2, 3\nprint(g)\nclass H:\n    i = 'j'\n")
    assert symbols(file) == {"d", "e", "f", "H", "H.i"}


def rooms():
    """Return folder -> purpose of the host tools, from the table in docs/architecture.md."""
    table = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (users' tools|simulator|toolchain|evidence): ([^|]+)\|", table, re.MULTILINE)
    return {folder: room for room, cell in rows for folder in re.findall(r"`([^`]+)`", cell)}


def against(graph, purposes):
    """Yield (module, other) of each import that is not allowed between the rooms."""

    def room(module):
        known = (purpose for folder, purpose in purposes.items() if module.startswith(folder))
        return next(known, module.partition("/")[0])

    for module, imported in graph.items():
        here = room(module)
        for other in imported:
            there = room(other)
            may = here == there or (here, there) in MAY or other.endswith("/__init__.py")
            may |= there in TARGETS and here != "firmware"
            may |= there == "boards" and module in STARTS
            may |= module == PIO and other.endswith("/registers.py")
            may |= there == SHARED and module.startswith("host_tools/")
            may |= (here, there) == (USERS, SIMULATOR) and module.startswith(DOOR)
            if not may:
                yield module, other


def test_the_table_has_each_room_of_the_host_tools():
    folders = {module.rpartition("/")[0] for module in imports.graph() if module.count("/") > 1}
    wanted = {"/".join(folder.split("/")[:2]) + "/" for folder in folders if folder.startswith("host_tools/")}
    assert set(rooms()) == wanted and set(rooms().values()) == {USERS, SIMULATOR, TOOLCHAIN, EVIDENCE}


def test_what_is_listed_as_not_one_way_is_all_of_it():
    text = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    listed = re.findall(r"^- `(\S+)` -> `(\S+)`$", text, re.MULTILINE)
    assert sorted(listed) == sorted(against(imports.graph(), rooms()))


@pytest.mark.parametrize(
    ("module", "other"),
    [
        ("firmware/cryo/app.py", "host_tools/places.py"),
        ("firmware/cryo/app.py", "boards/virtual/pins.py"),
        ("firmware/cryo/app.py", "boards/rp2040_pico/registers.py"),
        ("firmware/cryo/valve/rp2_pio.py", "boards/rp2040_pico/pins.py"),
        ("boards/virtual/board.py", "host_tools/toolchain/packing/names.py"),
        ("host_tools/toolchain/packing/names.py", "host_tools/simulator/twin/plant.py"),
        ("host_tools/places.py", "host_tools/cryoctl/wire.py"),
        ("host_tools/simulator/twin/plant.py", "host_tools/evidence/safety/code.py"),
        ("host_tools/simulator/twin/plant.py", "host_tools/cryoctl/wire.py"),
        ("host_tools/toolchain/packing/names.py", "host_tools/evidence/safety/code.py"),
        ("host_tools/cryoctl/wire.py", "host_tools/simulator/twin/plant.py"),
        ("host_tools/cryoctl/wire.py", "host_tools/evidence/safety/code.py"),
    ],
)
def test_an_import_against_the_one_way_is_found(module, other):
    assert list(against({module: {other}}, rooms())) == [(module, other)]
