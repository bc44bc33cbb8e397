"""The bills of materials hold every safety part, count the pull resistors of the pin map, and add up."""

import math
import tomllib

import pytest

from host_tools.toolchain.board_check.__main__ import BOARDS
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.loop import loop_table
from tests.boards.found import EXAMPLE, HARDWARE

SAFETY_PARTS = (
    "dose valve", "series shut-off valve", "relief valve, between the two valves", "retriggerable monostable",
    "trigger", "E-stop", "pull resistor, 10 kOhm", "flyback diode and suppressor, each coil",
    "peak-and-hold driver, dose valve", "eye-shield loop contact", "monostable's timing parts", "opening timer",
)  # fmt: skip


def bom(name):
    """All parts of a board, by name, and the shared file."""
    own = tomllib.loads((BOARDS / name / "bom.toml").read_text())
    shared = tomllib.loads((BOARDS / name / own["with"]).read_text())
    parts = shared["part"] + own["part"]
    assert len({part["name"] for part in parts}) == len(parts)
    return {part["name"]: part for part in parts}, shared


@pytest.mark.parametrize("name", HARDWARE)
def test_every_part_says_how_many_what_and_why(name):
    for part in bom(name)[0].values():
        assert part["quantity"] >= 1 and part["requirement"] and part["why"]


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("part", SAFETY_PARTS)
def test_every_safety_part_is_listed_as_one(name, part):
    assert bom(name)[0][part]["safety"] is True


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("part", ["trigger", "E-stop"])
def test_both_stops_have_a_second_contact_for_the_shut_off_s_current(name, part):
    assert "contact 2 for the shut-off coil's current" in bom(name)[0][part]["requirement"]


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("place", ["between the two valves", "before the shut-off valve"])
def test_each_volume_that_closed_valves_enclose_has_its_relief_valve(name, place):
    part = bom(name)[0][f"relief valve, {place}"]
    assert part["quantity"] == 1 and part["safety"] is True


@pytest.mark.parametrize("name", HARDWARE)
def test_pull_resistors_are_those_of_the_pin_map_and_the_named_ones(name):
    signals = load(BOARDS / name).signals.values()
    pulled = [signal for signal in signals if signal.pull.startswith("external") or signal.pull_down]
    pulls = sum(signal.ohms == 10_000 for signal in pulled)
    row = bom(name)[0]["pull resistor, 10 kOhm"]
    tolerance, mapped, *beside = row["requirement"].split("; ")
    assert (tolerance, mapped) == ("1 %", "one for each pull of board.toml without `ohms`")
    assert row["quantity"] == pulls + len(beside)


def test_a_board_with_a_loop_test_has_its_parts():
    for name in HARDWARE:
        assert ("LOOP_TEST" in load(BOARDS / name).signals) == ("loop test stage" in bom(name)[0])
        assert bom(name)[0].get("loop test stage", {"safety": True})["safety"] is True


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize(("row", "key"), [("monostable's timing parts", "monostable"), ("opening timer", "opening")])
def test_the_timing_parts_are_those_that_board_check_reckons_with(name, row, key):
    table = load(BOARDS / name).design["timing"][key]
    words = bom(name)[0][row]["requirement"]
    least, most = table["us"]
    time = f"{least} to {most} us" if least < 1000 else f"{least // 1000} to {most // 1000} ms"
    capacitor = f"{table['nf']} nF" if table["nf"] < 1000 else f"{table['nf'] / 1000:g} uF"
    low, high = (f"{ohm / 1000:g}" for ohm in table["ohm"])
    for text in (f"measures {time}", capacitor, f"{table['percent']} %", f"a resistor of {low} to {high} kOhm"):
        assert text in words


@pytest.mark.parametrize("name", HARDWARE)
def test_the_loop_s_resistors_are_those_that_board_check_reckons_with(name):
    board = load(BOARDS / name)
    row = "loop test stage" if "LOOP_TEST" in board.signals else "loop's series resistors"
    loop, words = board.design["loop"], bom(name)[0][row]["requirement"]
    for key in ("source_ohm", "feed_ohm", "return_ohm"):
        assert key not in loop or f"{loop[key]} Ohm {loop['percent']} %" in words
    kohm = f"{board.signals['LOOP_A'].ohms / 1000:g} kOhm"
    pull = bom(name)[0][f"loop A's pull-down, {kohm}"]
    assert pull["safety"] is True and kohm in pull["requirement"]


@pytest.mark.parametrize("name", HARDWARE)
def test_the_board_s_page_has_the_loop_s_levels(name):
    table = loop_table(load(BOARDS / name))
    page = (BOARDS / name / "README.md").read_text().splitlines()
    at = page.index(table[0])
    assert page[at : at + len(table)] == table


@pytest.mark.parametrize("name", HARDWARE)
def test_each_line_of_an_i2c_bus_has_its_pull_up_in_the_bill(name):
    wanted: dict[str, int] = {}
    for signal in load(BOARDS / name).signals.values():
        if signal.function in ("i2c_sda", "i2c_scl"):
            row = f"I2C pull-up, {signal.ohms / 1000:g} kOhm"
            wanted[row] = wanted.get(row, 0) + 1
            assert signal.name in bom(name)[0][row]["requirement"]
    assert {row: bom(name)[0][row]["quantity"] for row in wanted} == wanted


def test_cycle_life_adds_up():
    life = bom(EXAMPLE)[1]["cycle_life"]
    bursts = life["bursts_a_point"] * life["points_a_day"]
    assert life["bursts_a_point"] == round((60 - 2 * 3) / (0.350 + 0.285))
    assert life["bursts_a_point_most"] == int((60 - 2 * 3) / (0.350 + 0.030))
    assert life["proof_tests_a_day"] == 1 + bursts // 500
    assert life["cycles_a_day"] == bursts + life["proof_tests_a_day"]
    assert life["cycles_a_year"] == life["cycles_a_day"] * life["days_a_year"]
    assert life["replace_at_cycles"] * 2 == life["rated_cycles"]
    assert life["replace_after_years"] == math.floor(life["replace_at_cycles"] / life["cycles_a_year"] * 10) / 10
    assert life["replace_after_years_rated_1e6"] == math.floor(500_000 / life["cycles_a_year"] * 10) / 10
