"""A board's files agree with its chip's table: another chip's files are refused, and each wrong fact is named."""

import re
import shutil
import tomllib

import pytest

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.__main__ import check
from host_tools.toolchain.board_check.board import CHIPS, file_of, files_of, load
from tests.boards.found import HARDWARE, PIO_BOARDS

PICO = "rp2040_pico"
PICO_2 = "rp2350_pico2"
REGISTERS = tomllib.loads((CHIPS / f"{PICO}.toml").read_text())["registers"]
OTHERS = tomllib.loads((CHIPS / f"{PICO_2}.toml").read_text())["registers"]
WRONG = sorted(name for name in REGISTERS if REGISTERS[name] != OTHERS[name])
OUTPUTS = ("DOSE", "LEASE", "LED", "BUZZER", "ALARM", "LOOP_TEST", "RGB")


def named(found, sentence):
    """Return how many of the sentences have these words."""
    return sum(bool(re.search(sentence, one)) for one in found)


def test_the_two_chips_tables_differ_in_each_fact_that_differs():
    assert WRONG == ["IO_BANK0", "KEPT_WORDS", "PAD_FROM_BLOCK", "PAD_LEVELS", "PAD_LOW", "PIO_PADOUT"]
    assert REGISTERS.keys() == OTHERS.keys()


def test_a_copy_of_the_pico_s_folder_is_no_pico_2_and_each_wrong_fact_is_named(copied):
    folder = copied(PICO, to=PICO_2)
    toml = folder / "board.toml"
    toml.write_text(toml.read_text().replace(f'chip = "{PICO}"', f'chip = "{PICO_2}"'))
    found = check(folder)
    for name in WRONG:
        sentence = rf"^registers\.py: {name} is {REGISTERS[name]:#x}, on {PICO_2} it is {OTHERS[name]:#x}: change it$"
        assert named(found, sentence) == 1, name
    for name in OUTPUTS:
        assert named(found, rf"^{name} \(GPIO\d+\): 10000 ohm down are too weak for {PICO_2}") == 1, name
        assert named(found, rf"^{name} \(GPIO\d+\): 10000 ohm leave 1\.21 V, 0\.8 is low") == 1, name
    assert named(found, "the board calls itself 'rp2040_pico': its folder's name is 'rp2350_pico2'") == 1
    assert named(found, "bom.toml asks for no RP2350") == 1
    assert named(found, r"^loop, shield off, A and B shorted together: A 0\.8\d V, .* is neither low nor high") == 1
    assert len(found) == len(WRONG) + 2 * len(OUTPUTS) + 3


def test_the_pico_s_python_files_alone_in_the_pico_2_s_folder_are_named_too(copied):
    folder = copied(PICO_2)
    for name, source in files_of(BOARDS / PICO).items():
        shutil.copy(source, folder / name)
    found = check(folder)
    assert [named(found, rf"^registers\.py: {name} is ") for name in WRONG] == [1] * len(WRONG)
    assert named(found, "board_name.py: the board calls itself 'rp2040_pico'") == 1
    assert len(found) == len(WRONG) + 1


@pytest.mark.parametrize("board", PIO_BOARDS)
@pytest.mark.parametrize("name", sorted(REGISTERS))
def test_each_register_is_held_against_the_table(copied, board, name):
    source = copied(board) / "registers.py"
    text = source.read_text()
    changed, count = re.subn(rf"^{name} = (\w+)", lambda m: f"{name} = {int(m[1], 0) ^ 0x1000:#x}", text, flags=re.M)
    assert count == 1
    source.write_text(changed)
    assert named(check(source.parent), rf"^registers\.py: {name} is ") == 1
    source.write_text(re.sub(rf"^{name} = .*\n", "", text, flags=re.M))
    assert named(check(source.parent), rf"^registers\.py: {name} is missing: ") == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("scratch.py", "_FIRST + 4", "0x40058010", r"^scratch\.py, line \d+: 0x40058010 is no register of"),
        ("chip.py", "0xE000E018", "0xE000E01C", r"^chip\.py, line \d+: 0xe000e01c is no register of rp2350_pico2"),
        ("registers.py", "PAD_LOW", "PADS_LOW", r"^registers\.py: PADS_LOW is in no table of rp2350_pico2"),
        ("board_name.py", 'NAME = "rp2350_pico2"', 'NAME = "mine"', r"^board_name\.py: the board calls itself 'mine'"),
        ("board.toml", '"4.7 kOhm at the mono', '"10 kOhm at the mono', r"^LEASE \(GPIO3\): ohms = 4700 and .10 kOhm"),
        ("board.toml", '"external down", ohms = 1_500', '"internal down"', r"^LOOP_A \(GPIO7\): 10000 ohm down are"),
        ("board.toml", "ohms = 1_500", "ohms = 8_300", r"^LOOP_A \(GPIO7\): 8300 ohm down are too weak"),
        ("board.toml", "feed_ohm = 470", "feed_ohm = 680", r"^loop, shield in place, no fault: A 1\.98 V"),
        ("board.toml", "ohms = 1_500", "ohms = 2_200", r"^loop, shield off, A and B shorted together: A 0\.8"),
        ("bom.toml", "RP2350, ", "", r"^bom\.toml asks for no RP2350"),
    ],
)
def test_a_wrong_fact_of_the_pico_2_is_named(copied, file, old, new, sentence):
    folder = copied(PICO_2)
    source = folder / file
    text = file_of(folder, file).read_text()
    assert old in text
    source.write_text(text.replace(old, new))
    found = check(folder)
    assert named(found, sentence) == 1, found


def test_a_board_without_its_registers_is_told_where_they_come_from(copied):
    folder = copied(PICO_2)
    (folder / "registers.py").unlink()
    (folder.parent / PICO / "registers.py").unlink()
    assert named(check(folder), r"^registers\.py is missing: it holds the addresses of RP2350") == 1


@pytest.mark.parametrize("name", [name for name in HARDWARE if "like" in (BOARDS / name / "board.toml").read_text()])
def test_a_board_that_shares_files_has_no_copy_of_them(name):
    shared = {path: source for path, source in files_of(BOARDS / name).items() if source.parent != BOARDS / name}
    assert {"board.py", "pins.py", "chip.py", "scratch.py"} <= shared.keys()
    texts = [source.read_text() for source in (BOARDS / name).parent.glob("*/*.py")]
    assert len(set(texts)) == len(texts)
    assert load(BOARDS / name).chip.processor != load(next(iter(shared.values())).parent).chip.processor
