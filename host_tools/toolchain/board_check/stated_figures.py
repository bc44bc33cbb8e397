"""Computes from a board's parts each kind of figure that its documents state, for the rows of stated_rows.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from host_tools.toolchain.board_check import analogue, i2c, timing
from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.board_file import constants, imported, source
from host_tools.toolchain.board_check.loop import SUPPLIES_V, Fault, Loop, corners

Expected = float | tuple[float, float]  # the figure itself, or the range in which it must lie
Figures = Callable[[Board], Sequence[Expected]]
NUMBER = r"(\d+(?:\.\d+)?)"  # as a document writes it
SLACK_V = 0.13  # width of a level's range: no wider than a meter and a hand need
PPM = 50e-6  # tolerance of a counted time: two crystals
MARGIN = 1.04  # margin of a border that is stated to be beyond it


@dataclass(frozen=True)
class Row:
    """A sentence of a document. `boards`: the boards that must have it; a missing one is reported."""

    file: str
    pattern: str
    figures: Figures
    boards: Callable[[Board], bool] = lambda board: True


def pio(board: Board) -> bool:
    return board.chip.state_machines > 0


def soft(board: Board) -> bool:
    return not pio(board)


def e9(board: Board) -> bool:
    return "leak_a" in board.chip.levels


def selected(board: Board, name: str) -> timing.Selected:
    return timing.Selected.of(board.design["timing"][name])


def ms(board: Board, name: str) -> tuple[float, float]:
    return selected(board, name).least_us / 1000, selected(board, name).most_us / 1000


def own_unit(board: Board, name: str) -> tuple[float, float]:
    """In us, or in ms from a millisecond on."""
    timer = selected(board, name)
    return (timer.least_us, timer.most_us) if timer.most_us < 1000 else ms(board, name)


def edges_hz(board: Board) -> float:
    return 1e6 / board.design["timing"]["edges_us"]


def khz(board: Board) -> float:
    return edges_hz(board) / 1000


def border(board: Board) -> float:
    return timing.no_current_from(selected(board, "monostable").most_us, board.design["timing"]["edges_us"])


def least(board: Board) -> Expected:
    """How much too slow the clock is when Q of some monostable drops out for the first time."""
    first = selected(board, "monostable").least_us / board.design["timing"]["edges_us"]
    return first, MARGIN * first


def slow_table(board: Board) -> bool:
    """The board whose page has the table of a slow clock."""
    return pio(board) and not e9(board)


def drops_out(board: Board) -> tuple[float, float]:
    """A frequency at which Q of each monostable drops out, and the edges are not yet far apart."""
    hz = 1e6 / selected(board, "monostable").most_us
    return (0.75 * hz, hz) if soft(board) else (0.75 * hz / 1000, hz / 1000)


def starts(name: str) -> Figures:
    """The resistor to start with: with the middle of K and the nominal capacitor it gives a time in the range."""

    def figures(board):
        timer = selected(board, name)
        k = sum(timing.K_423) / 2
        return [(timer.least_us / 1e6 / k / timer.farad / 1000, timer.most_us / 1e6 / k / timer.farad / 1000)]

    return figures


def loop_ends(board: Board, made: bool, fault: Fault) -> tuple[list[float], list[float]]:
    """Levels of A and B at all ends of the tolerances."""
    found = [loop.levels(made, fault) for loop in corners(board)]
    return [one.a_v for one in found], [one.b_v for one in found]


def around(volts: list[float]) -> tuple[Expected, Expected]:
    return (min(volts) - SLACK_V, min(volts)), (max(volts), max(volts) + SLACK_V)


def loop_levels(board: Board) -> Sequence[Expected]:
    made_a, made_b = loop_ends(board, True, Fault())
    joined_off = [*loop_ends(board, False, Fault(("A", "B")))[0]]
    joined_on = [*loop_ends(board, True, Fault(("A", "B")))[0]]
    return (*around(made_a), (max(made_b), max(made_b) + SLACK_V), *around(joined_off), *around(joined_on))


def touching(board: Board, leak_a: float = 0.0) -> float:
    return Loop(board, leak_a=leak_a).levels(False, Fault(("A", "B"))).a_v


def contacts_ma(board: Board) -> tuple[float, float]:
    """Through the contacts with the shield in place: the least, of loop B, and the most, of loop A."""
    table = board.design["loop"]
    a_ohm = table.get("source_ohm", 0) + table["feed_ohm"] + board.signals["LOOP_A"].ohms
    b_ohm = table["b_up_ohm"] + table["return_ohm"]
    off = table["percent"] / 100
    return 1000 * SUPPLIES_V[0] / (b_ohm * (1 + off)), 1000 * SUPPLIES_V[1] / (a_ohm * (1 - off))


def kohm(board: Board, name: str) -> float:
    return board.signals[name].ohms / 1000


def transducer(board: Board, volts: float) -> float:
    return volts * analogue.ratio(board.design["converter"])


def divider_kohm(board: Board) -> list[float]:
    return [board.design["converter"][key] / 1000 for key in ("upper_ohm", "lower_ohm")]


def specified_mv(board: Board) -> list[float]:
    return [1000 * board.chip.adc[key] for key in ("low_v", "high_v")]


def told_v(board: Board) -> float:
    """Below this voltage of a transducer the board file counts its wire as loose."""
    mv = constants(source(board))["_NO_SIGNAL_MV"]
    return mv / 1000 / analogue.ratio(board.design["converter"])


def loaded_bar(board: Board, upper_ohm: float, lower_ohm: float) -> float:
    """The reading of 75 bar with that divider and the converter's load, with resistor errors of 0.1 %."""
    table = {"upper_ohm": upper_ohm, "lower_ohm": lower_ohm}
    share = analogue.ratio(table, 1.001, 0.999, board.chip.adc["least_ohm"])
    volts = (0.5 + analogue.BARS[2] / 25) * share
    return (volts / board.chip.adc["full_v"] * 5 - 0.5) * 25


def dividers(board: Board) -> list[float]:
    """The first divider and what it would read, this one and how wrong it may be, and what is not in that."""
    first = [6.19, 12.0, analogue.BARS[2], loaded_bar(board, 6_190, 12_000)]
    return [*first, *divider_kohm(board), analogue.MOST_BAR, 5, board.chip.adc["full_v"]]


def band_v() -> list[float]:
    """What the driver takes for a transducer that is connected, V of 5."""
    driver = vars(imported("cryo.drivers.analog"))
    return [driver[name] / 65_536 * 5 for name in ("_BAND_LOW", "_BAND_HIGH")]


def parts(board: Board, name: str, per_unit: float) -> Sequence[Expected]:
    """Capacitor, its tolerance, and the range of the resistor, of a table of [timing]."""
    table = board.design["timing"][name]
    return [table["nf"] / per_unit, table["percent"], *(ohm / 1000 for ohm in table["ohm"])]


def i2c_ms(part: str, hz: int, at_once: int = 0) -> float:
    return i2c.message_us(part, hz, at_once=at_once) / 1000


def watts(board: Board) -> Sequence[Expected]:
    """The resistor of loop B's contact: what a wire at the supply puts into it, twice that at least."""
    ohm = board.design["loop"]["return_ohm"]
    volts = Loop(board, SUPPLIES_V[1]).levels(True, Fault(("B", "supply"))).b_v
    return [ohm, (2 * volts * volts / ohm, 0.5)]


def width(longest_ms: int, own_us: int) -> list[float]:
    return [own_us, longest_ms, own_us + PPM * longest_ms * 1000]
