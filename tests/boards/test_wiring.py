"""Each committed wiring diagram agrees with its pin map, and shows every pin and every safety part."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from host_tools.toolchain.board_check.__main__ import BOARDS
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.parts import left
from host_tools.toolchain.board_check.wiring import draw_board
from tests.boards.found import EXAMPLE, HARDWARE

SAFETY_PARTS = (
    "retriggerable monostable", "Peak-and-hold|peak-and-hold", "Shut-off valve", "Dose valve", "diode and suppressor",
    "trigger contact 2", "E-stop contact 2", "loop, channel A", "loop, channel B", "FAULT", "Relief valve 1",
    "Relief valve 2", "bursts the line",
)  # fmt: skip


def words(svg):
    """Return the texts of a diagram, in drawing order."""
    root = ElementTree.fromstring(svg)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", HARDWARE)
def test_the_committed_diagram_is_the_generated_one(name):
    committed = (BOARDS / name / "wiring.svg").read_text()
    assert committed == draw_board(load(BOARDS / name)), "run: make wiring"


@pytest.mark.parametrize("name", HARDWARE)
def test_each_signal_stands_beside_its_pin_once(name):
    texts = words((BOARDS / name / "wiring.svg").read_text())
    shown = {}
    for signal, pin in pairwise(texts):
        if found := re.match(r"GPIO(\d+)(?: \(|$)", pin):
            assert signal not in shown
            shown[signal] = int(found[1])
    assert shown == {signal.name: signal.pin for signal in load(BOARDS / name).signals.values()}


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("part", SAFETY_PARTS)
def test_each_safety_part_is_drawn(name, part):
    assert any(re.search(part, text) for text in words((BOARDS / name / "wiring.svg").read_text()))


@pytest.mark.parametrize("name", HARDWARE)
def test_the_shut_off_s_supply_goes_through_both_second_contacts(name):
    """The stage of the shut-off valve, from its coil to 24 V; nothing but a board can show that it was built so."""
    texts = words((BOARDS / name / "wiring.svg").read_text())
    stage = texts[texts.index("Shut-off valve, normally closed") :]
    supply = stage[: stage.index("24 V, fuse")]
    contacts = [text.split(",")[0] for text in supply if "contact 2" in text]
    assert contacts == ["trigger contact 2", "E-stop contact 2"]


@pytest.mark.parametrize("name", HARDWARE)
def test_each_i2c_part_is_drawn_at_the_bus_that_the_board_file_makes_it_on(name):
    """board-check holds [i2c] against the board file; the drawing once had the infrared sensor on the other bus."""
    board = load(BOARDS / name)
    drawn = {part.title.split(",")[0].split()[0].lower(): dict(part.rows) for part in left(board)}
    for bus, table in board.design["i2c"].items():
        prefix = bus.removesuffix("BUS")
        for part in table["parts"]:
            assert (drawn[part]["SDA"], drawn[part]["SCL"]) == (f"{prefix}SDA", f"{prefix}SCL")


def test_a_moved_pin_changes_the_diagram(tmp_path):
    source = BOARDS / EXAMPLE
    (tmp_path / "board.toml").write_text((source / "board.toml").read_text())
    (tmp_path / "pins.py").write_text((source / "pins.py").read_text().replace("KEY = 13", "KEY = 22"))
    assert "GPIO13 (pin 17)" not in words(draw_board(load(tmp_path)))
    assert "GPIO15 (pin 20)" in words(draw_board(load(tmp_path)))


@pytest.mark.parametrize("name", HARDWARE)
def test_the_loop_test_stage_is_drawn_where_there_is_one(name):
    drawn = "Loop test stage" in words((BOARDS / name / "wiring.svg").read_text())
    assert drawn == ("LOOP_TEST" in load(BOARDS / name).signals)


def test_there_are_boards_with_a_loop_test_stage_and_without_one():
    assert {"LOOP_TEST" in load(BOARDS / name).signals for name in HARDWARE} == {True, False}
