"""Every figure of the boards' documents is computed: a single changed figure is found, and so is a changed part."""

import re
from pathlib import Path

import pytest

from host_tools.places import BOARDS, ROOT
from host_tools.toolchain.board_check import stated, stated_drivers
from host_tools.toolchain.board_check.__main__ import check
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.loop import loop_table
from host_tools.toolchain.board_check.rules import DOCUMENTS, RULES
from host_tools.toolchain.board_check.stated import agrees, measured, stated_figures_are_computed, text_of, wrong
from host_tools.toolchain.board_check.stated_drivers import DRIVERS
from host_tools.toolchain.board_check.stated_figures import NUMBER
from host_tools.toolchain.board_check.stated_rows import ALL_BOM, BOM, BRING_UP, README, ROWS
from host_tools.toolchain.board_check.timing import slow_clock_table
from tests.boards.found import HARDWARE
from tests.gate.named import symbols

CASES = [(name, row) for name in HARDWARE for row in ROWS if row.boards(load(BOARDS / name))]


# Figures with an electrical unit that no row computes, and why.
ELSEWHERE = {
    r"24 V limited to 0\.2 A: draws < 50 mA": "the modules that somebody buys",
    r"into a 1 kOhm load|brown-out of the 24 V supply": "equipment and supply of the bring-up",
    r"2\.2 V, and": "a fact of the chip's data sheet: erratum E9",
    r"3\.3 V data|I2C, 3\.3 V|3\.3 V logic|MLX90614, 3 V|24 V DC, isolated|of the 24 V supply": "which variant to buy",
    r"its wire broken reads 0 mA": "coil_reads_right: below what counts as a current",
}
UNIT = re.compile(rf"(?<![\w.]){NUMBER}(?:(?:-| to ){NUMBER})? ?(?:kOhm|Ohm|V|mV|nF|uF|pF|mA|uA|kHz)\b")
PLACES = (BRING_UP, README, BOM, ALL_BOM)


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("file", PLACES)
def test_no_resistance_level_or_current_is_stated_that_nothing_computes(name, file):
    """In the tables of the loop's levels and of a slow clock, each line is compared."""
    board = load(BOARDS / name)
    text = text_of(board, file)
    assert text
    for table in (loop_table(board), slow_clock_table(board)):
        text = text.replace(" ".join(" ".join(table).split()), "")
    patterns = [row.pattern for row in ROWS if row.file == file and row.boards(board)]
    patterns += [*ELSEWHERE, r"[Rr]esistance to (?:ground|3V3): .*? \d\. "]
    known = [found.span() for pattern in patterns for found in re.finditer(pattern, text)]
    said = list(UNIT.finditer(text))
    assert said or file == README
    unknown = [found for found in said if not any(a <= found.start(1) and found.end(1) <= b for a, b in known)]
    assert [text[found.start() - 40 : found.end() + 10] for found in unknown] == []


def figures(text, pattern):
    """Return (start, end) of each number of a sentence."""
    found = re.search(pattern, text)
    assert found, pattern
    return [found.span(n + 1) for n in range(len(found.groups()))]


@pytest.mark.parametrize(("name", "row"), CASES, ids=[f"{name}-{row.file}-{row.pattern[:40]}" for name, row in CASES])
def test_each_figure_that_is_changed_is_told(name, row):
    board = load(BOARDS / name)
    text = text_of(board, row.file)
    assert text and list(wrong(row, board, text)) == []
    for (start, end), expected in zip(figures(text, row.pattern), row.figures(board), strict=True):
        value = float(text[start:end])
        values = [f"{value / 4:g}", f"{value * 4:g}"] if value else ["1"]
        others = [other for other in values if not agrees(other, expected)]
        assert others and (others == values or isinstance(expected, tuple))
        for other in others:
            (said,) = wrong(row, board, text[:start] + other + text[end:])
            assert said.startswith(f"{row.file}: ") and f": {other} is wrong" in said


@pytest.mark.parametrize("name", HARDWARE)
def test_a_sentence_that_is_gone_is_told(monkeypatch, name):
    rows = [row for row in ROWS if row.boards(load(BOARDS / name))]
    monkeypatch.setattr(stated, "text_of", lambda board, file: "")
    said = list(stated_figures_are_computed(load(BOARDS / name)))
    assert sum("has no sentence of the form" in sentence for sentence in said) == len(rows)


def test_a_board_without_documents_has_none_to_check(copied):
    folder = copied("rp2040_pico")
    (folder / README).unlink()
    (folder / BRING_UP).unlink()
    assert check(folder) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        # a part is changed within what its rule allows: what the documents say of it is old then
        ("rp2040_pico", "us = [55, 60]", "us = [56, 60]", "'That pulse: **55-60 us**': 55 is wrong: 56, by the parts"),
        ("rp2040_pico", "540_000, 590_000", "545_000, 590_000", "'high for **540-590 ms**': 540 is wrong: 545"),
        ("esp32_devkitc", "us = [15_000, 20_000]", "us = [14_400, 20_600]", "**15-20 ms**': 20 is wrong: 20.6"),
        ("rp2040_pico", "feed_ohm = 680", "feed_ohm = 560", "2.4 is wrong: from 2."),
        ("rp2350_pico2", "feed_ohm = 470", "feed_ohm = 390", "README.md: the table of the loop's levels is not that"),
        ("rp2040_pico", "upper_ohm = 1_870", "upper_ohm = 1_860", "1.87 is wrong: 1.86, by the parts"),
        ("rp2040_pico", "nf = 330", "nf = 220", "330 is wrong: 220, by the parts"),
        ("rp2040_pico", "amplifier_ohm = 100", "amplifier_ohm = 47", "100 is wrong: 47, by the parts"),
        (
            "rp2040_pico",
            "us = [55, 60]",
            "us = [55, 59]",
            "README.md: the table of a slow clock is not that of [timing]",
        ),
        (
            "esp32_devkitc",
            "ohms = 2_200",
            "ohms = 2_100",
            "bring_up.md: LOOP_A, 2.1 kOhm to ground: the step that measures",
        ),
        (
            "rp2350_pico2",
            '"external up", ohms = 2_200',
            '"external up", ohms = 2_000',
            "SENSOR_SCL, 2 kOhm to 3V3: the step",
        ),
    ],
)
def test_a_changed_part_is_told_where_a_document_has_the_old_one(copied, name, old, new, said):
    folder = copied(name)
    toml = folder / "board.toml"
    text = toml.read_text()
    assert old in text
    toml.write_text(text.replace(old, new))
    found = check(folder)
    assert any(said in sentence for sentence in found), found


@pytest.mark.parametrize("name", HARDWARE)
def test_a_pull_that_no_step_measures_is_told(copied, name):
    folder = copied(name)
    page = folder / BRING_UP
    text = page.read_text()
    for signal in ("LEASE", "TRIGGER"):
        page.write_text(re.sub(rf"(to (?:ground|3V3): [^.]*?)\b{signal}, ", r"\1", text, count=1))
        assert any(f"{BRING_UP}: {signal}, " in said and "does not name it" in said for said in check(folder))


def test_the_drivers_page_is_held_for_the_project_s_own_boards_only(copied):
    assert text_of(load(BOARDS / "rp2040_pico"), DRIVERS) == " ".join((ROOT / "docs" / DRIVERS).read_text().split())
    assert text_of(load(copied("rp2040_pico")), DRIVERS) is None


@pytest.mark.parametrize("name", HARDWARE)
def test_the_drivers_page_says_how_often_the_infrared_sensor_is_read_on_this_board(name, monkeypatch):
    board = load(BOARDS / name)
    row = next(row for row in ROWS if "every=" in row.pattern)
    text = text_of(board, DRIVERS)
    assert list(wrong(row, board, text)) == []
    real = stated_drivers.source

    def fifth(board):
        tree = real(board)
        for call in stated_drivers.made(tree, "Mlx90614"):
            call.keywords = []  # otherwise it is the driver's own figure
        return tree

    monkeypatch.setattr(stated_drivers, "source", fifth)
    assert [said.partition(": ")[2] for said in wrong(row, board, text)] == [
        "'3 data bytes a poll (`every=1` of all boards)': 1 is wrong: 5, by the parts"
    ]


def test_a_board_that_is_named_from_the_project_s_folder_is_held_against_the_drivers_page_too(monkeypatch):
    """The same name as in `make board-check BOARD=rp2040_pico`."""
    monkeypatch.chdir(ROOT)
    assert text_of(load(Path("boards/rp2040_pico")), DRIVERS) == text_of(load(BOARDS / "rp2040_pico"), DRIVERS)
    monkeypatch.chdir(BOARDS / "rp2040_pico")
    assert text_of(load(Path()), DRIVERS) is not None


def test_a_number_agrees_when_it_is_rounded_as_it_is_written_or_within_its_range():
    assert agrees("26.3", 26.3158) and not agrees("26.4", 26.3158) and not agrees("26.32", 26.3)
    assert agrees("18", 18.18) and agrees("2.9", (2.84, 2.95)) and not agrees("2.8", (2.84, 2.95))


def test_the_page_has_each_rule_with_what_it_refuses():
    page = (ROOT / "docs/boards.md").read_text()
    named = re.findall(r"^\| `(\w+)` \| \S.* \| \S.* \|$", page, re.MULTILINE)
    assert named == [rule.__name__ for rule in (*RULES, *DOCUMENTS)]
    places = re.findall(r"`([\w.]+/[\w./]+)(?::(\w+))?`", page)
    assert len(places) > 20
    assert [file for file, name in places if not (ROOT / file).exists()] == []
    assert [name for file, name in places if name and name not in symbols(ROOT / file)] == []


def test_a_step_s_resistances_are_read_by_their_signals():
    step = "DOSE, ADC_COIL (amplifier off) 10 kOhm +-5 %; LOOP_A 2.2 kOhm; the driver's input behind the gate 10 kOhm"
    assert measured(step) == {"DOSE": 10, "ADC_COIL": 10, "LOOP_A": 2.2}
