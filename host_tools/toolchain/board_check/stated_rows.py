"""The sentences of a board's documents that state a figure, and what its parts' values give for each: stated.py checks.

A row has a pattern with a group for each number. What is expected of a number is the figure itself, to which it must
round as it is written, or a pair: the range in which it must lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from host_tools.toolchain.board_check import analogue, i2c, spi, timing
from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.loop import SUPPLIES_V, Fault, Loop, corners

Expected = float | tuple[float, float]
Figures = Callable[[Board], Sequence[Expected]]
NUMBER = r"(\d+(?:\.\d+)?)"
RANGE = rf"{NUMBER}-{NUMBER}"
SLACK_V = 0.13  # of the range of a level: no wider than a meter and a hand need
PPM = 50e-6  # of a counted time: two crystals
MARGIN = 1.04  # of a border that is stated to be beyond it


@dataclass(frozen=True)
class Row:
    """A sentence of a document. `boards`: which have it; one that should and has not is told."""

    file: str
    pattern: str
    figures: Figures
    boards: Callable[[Board], bool] = lambda board: True


def _pio(board: Board) -> bool:
    return board.chip.state_machines > 0


def _soft(board: Board) -> bool:
    return not _pio(board)


def _e9(board: Board) -> bool:
    return "leak_a" in board.chip.levels


def _timer(board: Board, name: str) -> timing.Selected:
    return timing.Selected.of(board.design["timing"][name])


def _ms(board: Board, name: str) -> tuple[float, float]:
    return _timer(board, name).least_us / 1000, _timer(board, name).most_us / 1000


def _own_unit(board: Board, name: str) -> tuple[float, float]:
    """In us, or in ms from a millisecond on."""
    timer = _timer(board, name)
    return (timer.least_us, timer.most_us) if timer.most_us < 1000 else _ms(board, name)


def _edges_hz(board: Board) -> float:
    return 1e6 / board.design["timing"]["edges_us"]


def _khz(board: Board) -> float:
    return _edges_hz(board) / 1000


def _border(board: Board) -> float:
    return timing.no_current_from(_timer(board, "monostable").most_us, board.design["timing"]["edges_us"])


def _least(board: Board) -> Expected:
    """How much too slow the clock is at which Q of some monostable drops out, and not before it does."""
    first = _timer(board, "monostable").least_us / board.design["timing"]["edges_us"]
    return first, MARGIN * first


def _slow_table(board: Board) -> bool:
    """The board whose page has the table of a slow clock."""
    return _pio(board) and not _e9(board)


def _drops_out(board: Board) -> tuple[float, float]:
    """A frequency at which Q of each monostable drops out, and the edges are not yet far apart."""
    hz = 1e6 / _timer(board, "monostable").most_us
    return (0.75 * hz, hz) if _soft(board) else (0.75 * hz / 1000, hz / 1000)


def _starts(name: str) -> Figures:
    """The resistor to begin with: with the middle of K and the nominal capacitor it gives a time in the range."""

    def figures(board):
        timer = _timer(board, name)
        k = sum(timing.K_423) / 2
        return [(timer.least_us / 1e6 / k / timer.farad / 1000, timer.most_us / 1e6 / k / timer.farad / 1000)]

    return figures


def _levels(board: Board, made: bool, fault: Fault) -> tuple[list[float], list[float]]:
    """Levels of A and B at all ends of the tolerances."""
    found = [loop.levels(made, fault) for loop in corners(board)]
    return [one.a_v for one in found], [one.b_v for one in found]


def _around(volts: list[float]) -> tuple[Expected, Expected]:
    return (min(volts) - SLACK_V, min(volts)), (max(volts), max(volts) + SLACK_V)


def _loop_levels(board: Board) -> Sequence[Expected]:
    made_a, made_b = _levels(board, True, Fault())
    joined_off = [*_levels(board, False, Fault(("A", "B")))[0]]
    joined_on = [*_levels(board, True, Fault(("A", "B")))[0]]
    return (*_around(made_a), (max(made_b), max(made_b) + SLACK_V), *_around(joined_off), *_around(joined_on))


def _touching(board: Board) -> float:
    return Loop(board).levels(False, Fault(("A", "B"))).a_v


def _transducer(board: Board, volts: float) -> float:
    return volts * analogue.ratio(board.design["converter"])


def _i2c_ms(part: str, hz: int, at_once: int = 0) -> float:
    return i2c.message_us(part, hz, at_once=at_once) / 1000


def _watts(board: Board) -> Sequence[Expected]:
    """The resistor of loop B's contact: what a wire at the supply puts into it, twice that at least."""
    ohm = board.design["loop"]["return_ohm"]
    volts = Loop(board, SUPPLIES_V[1]).levels(True, Fault(("B", "supply"))).b_v
    return [ohm, (2 * volts * volts / ohm, 0.5)]


def _width(longest_ms: int, own_us: int) -> Sequence[Expected]:
    return [own_us, longest_ms, own_us + PPM * longest_ms * 1000]


BRING_UP, README, BOM, ALL_BOM = "bring_up.md", "README.md", "bom.toml", "../applicator_bom.toml"
DRIVERS = "drivers.md"  # of docs/, where the project is a clone
ROWS = (
    # times that parts give
    Row(BRING_UP, rf"That pulse: \*\*{RANGE} (?:us|ms)\*\*", lambda b: _own_unit(b, "monostable")),
    Row(BRING_UP, rf"(?:high|on) for \*\*{RANGE} ms\*\*", lambda b: _ms(b, "opening")),
    Row(
        BRING_UP,
        rf"{NUMBER} kHz square, loop made: Q steadily high\. {NUMBER} kHz: Q drops out",
        lambda b: [_khz(b), _drops_out(b)],
        _pio,
    ),
    Row(
        BRING_UP,
        rf"{NUMBER} Hz square, loop made: Q steadily high\. {NUMBER} Hz: Q drops out",
        lambda b: [_edges_hz(b), _drops_out(b)],
        _soft,
    ),
    Row(
        BRING_UP,
        rf"connected, {NUMBER} kHz until it is open, then lower: it lets go at _+ kHz, at {NUMBER} kHz \({NUMBER} ",
        lambda b: [_khz(b), (_khz(b) / _border(b) / MARGIN, _khz(b) / _border(b)), (_border(b), MARGIN * _border(b))],
        _pio,
    ),
    Row(
        BRING_UP,
        rf"Between {NUMBER} and {NUMBER} kHz it may stay open",
        lambda b: [1 / _ms(b, "monostable")[0], (_khz(b) / _border(b) / MARGIN, _khz(b) / _border(b))],
        _pio,
    ),
    Row(BRING_UP, rf"coil's current is gone after <= {NUMBER} ms", lambda b: [_ms(b, "opening")[1]], _pio),
    Row(BRING_UP, rf"Q low\s+<= {NUMBER} ms after it", lambda b: [(_ms(b, "monostable")[1], 0.1)], _pio),
    Row(
        BRING_UP,
        rf"within {NUMBER} us \+ 50 ppm on a counter \({NUMBER} ms: {NUMBER} us",
        lambda b: _width(500, 1),
        _pio,
    ),
    Row(
        BRING_UP,
        rf"within {NUMBER} us \+ 50 ppm on a counter \({NUMBER} ms: {NUMBER} us",
        lambda b: _width(300, 10),
        _soft,
    ),
    Row(
        BRING_UP,
        rf"generator at {NUMBER} and {NUMBER} Hz: the shut-off valve may flutter but does not stay open at {NUMBER} Hz",
        lambda b: [
            (_edges_hz(b) / timing.MISSED, 1000 / _ms(b, "monostable")[0]),
            _edges_hz(b) / timing.MISSED,
            _edges_hz(b) / timing.MISSED,
        ],
        _soft,
    ),
    Row(README, rf"monostable {RANGE} ms", lambda b: _ms(b, "monostable"), _pio),
    Row(README, rf"a monostable of {RANGE} ms", lambda b: _ms(b, "monostable"), _soft),
    Row(README, rf"{RANGE} ms after `DOSE` rose", lambda b: _ms(b, "opening")),
    Row(README, rf"clipped to {NUMBER} ms", lambda b: [b.design["timing"]["one_shot_us"] / 1000], _pio),
    Row(README, rf"RMT plays it out, at most {NUMBER} ms", lambda b: [b.design["timing"]["one_shot_us"] / 1000], _soft),
    Row(
        BOM,
        rf"measures {NUMBER} to {NUMBER} (?:us|ms); begin|measures {NUMBER} to",
        lambda b: _own_unit(b, "monostable"),
    ),
    Row(BOM, rf"measures {NUMBER} to {NUMBER} ms, begin", lambda b: _ms(b, "opening")),
    Row(BOM, rf"to \d+ [um]s; begin with {NUMBER} kOhm", _starts("monostable")),
    Row(BOM, rf"to \d+ ms, begin with {NUMBER} kOhm", _starts("opening")),
    Row(BOM, rf"edges come {NUMBER} us apart", lambda b: [b.design["timing"]["edges_us"]], _pio),
    Row(BOM, rf"a clock {NUMBER} times too slow or more", lambda b: [(_border(b), MARGIN * _border(b))], _pio),
    # coils
    Row(ALL_BOM, rf"a suppressor of {NUMBER} to {NUMBER} V", lambda b: timing.CLAMP_V),
    Row(ALL_BOM, rf"transistor stands {NUMBER} V", lambda b: [timing.TRANSISTOR_V]),
    Row(ALL_BOM, rf"million cycles, {NUMBER} V DC", lambda b: [timing.COIL_V]),
    Row(
        BRING_UP,
        rf"clamps to {RANGE} V",
        lambda b: [timing.clamped_v()[0], (timing.clamped_v()[1], timing.TRANSISTOR_V)],
    ),
    # supplies
    Row(BRING_UP, rf"5 V: {RANGE} V\. 3V3 from a bench supply: {RANGE} V", lambda b: (*analogue.SUPPLY_V, *SUPPLIES_V)),
    # a slow clock
    Row(
        README,
        rf"a clock {NUMBER} times too slow on, .*?Between {NUMBER} and {NUMBER} Q drops",
        lambda b: [(_border(b), MARGIN * _border(b)), _least(b), (_border(b), MARGIN * _border(b))],
        _slow_table,
    ),
    Row(README, rf"48 instead of 125 MHz is {NUMBER} times", lambda b: [125 / 48], _slow_table),
    Row(README, rf"48 instead of 150 MHz is {NUMBER} times", lambda b: [150 / 48], _e9),
    Row(README, rf"Coil: {NUMBER} V, suppressor {RANGE} V", lambda b: (timing.COIL_V, *timing.CLAMP_V), _slow_table),
    # the loop
    Row(
        BRING_UP,
        rf"shield in place A {RANGE} V, B under {NUMBER} V; A and B joined, shield off: both {RANGE} V, LOOP_A 0 and "
        rf"LOOP_B 0; joined, shield in place: both {RANGE} V, LOOP_A 0",
        _loop_levels,
    ),
    Row(BOM, rf"shorted together are {NUMBER} V", lambda b: [_touching(b)]),
    Row(BOM, rf"{NUMBER} Ohm 1 %, {NUMBER} W", _watts),
    Row(
        README,
        rf"`LOOP_A` has {NUMBER} kOhm",
        lambda b: [b.signals["LOOP_A"].ohms / 1000],
        lambda b: _pio(b) and not _e9(b),
    ),
    Row(README, rf"`LOOP_A` is held by {NUMBER} kOhm", lambda b: [b.signals["LOOP_A"].ohms / 1000], _e9),
    Row(
        README,
        rf"holds a digital pin low is {NUMBER} kOhm here, `LOOP_A`'s {NUMBER} kOhm: {NUMBER} kOhm is the most",
        lambda b: [b.signals[name].ohms / 1000 for name in ("DOSE", "LOOP_A")] + [b.chip.pull_down_most_ohm / 1000],
        _e9,
    ),
    # the converter
    Row(BRING_UP, rf"lines open to air: {NUMBER} V at the pin", lambda b: [_transducer(b, 0.5)]),
    Row(
        BRING_UP,
        rf"calibrator in the transducer's place at {NUMBER}, {NUMBER} and {NUMBER} V: {NUMBER}, {NUMBER} and "
        rf"{NUMBER} bar \+-{NUMBER}\.",
        lambda b: (0.5, 2.5, *((3.5, 0, 50, 75) if _pio(b) else (4.5, 0, 50, 100)), analogue.MOST_BAR),
    ),
    Row(
        BOM,
        rf"{NUMBER} kOhm over {NUMBER} kOhm, {NUMBER} %, and {NUMBER} nF: {NUMBER} V reads as",
        lambda b: [
            b.design["converter"]["upper_ohm"] / 1000,
            b.design["converter"]["lower_ohm"] / 1000,
            b.design["converter"]["percent"],
            b.design["converter"]["nf"],
            (4.75, 5.0),
        ],
    ),
    Row(BOM, rf"4\.75 V reads as {NUMBER} V", lambda b: [_transducer(b, 4.75)], _soft),
    Row(README, rf"is halved to {RANGE} V", lambda b: [_transducer(b, 0.5), _transducer(b, 4.5)], _soft),
    Row(README, rf"Nothing at the pin reads as {NUMBER} mV", lambda b: [b.chip.adc["floor_v"] * 1000], _soft),
    Row(
        README,
        rf"is told from {NUMBER} V downward",
        lambda b: [
            analogue.constants(analogue.source(b))["_NO_SIGNAL_MV"] / 1000 / analogue.ratio(b.design["converter"])
        ],
        _soft,
    ),
    Row(BOM, rf"the converter's input takes {NUMBER} kOhm at least", lambda b: [b.chip.adc["least_ohm"] / 1000], _pio),
    Row(
        BOM,
        rf"{NUMBER} V at 1\.2 times the peak current, .*?output of {NUMBER} Ohm at most, {NUMBER} kOhm to ground",
        lambda b: [analogue.COIL_FULL_V, b.design["coil"]["amplifier_ohm"], b.signals["ADC_COIL"].ohms / 1000],
        _pio,
    ),
    Row(
        BRING_UP,
        rf"to ADC_COIL off: under {NUMBER} V at the pin",
        lambda b: [(analogue.broken_coil_wire_v(b), 2 * analogue.broken_coil_wire_v(b))],
        _pio,
    ),
    # buses
    Row(BRING_UP, rf"SDA and SCL rise from {NUMBER} to {NUMBER} V", lambda b: [0.3 * 3.3, 0.7 * 3.3]),
    Row(BRING_UP, rf"sensor <= {NUMBER} ns, panel <= {NUMBER} ns", lambda b: [i2c.MODES[1][1], i2c.MODES[0][1]], _pio),
    Row(BRING_UP, rf"V in <= {NUMBER} us, oscilloscope", lambda b: [i2c.MODES[0][1] / 1000], _soft),
    Row(
        README,
        rf"distance {NUMBER} ms \({NUMBER} at 400 kHz\), the infrared sensor {NUMBER}, 7 bytes of the display {NUMBER}",
        lambda b: [
            _i2c_ms("vl53l0x", 100_000),
            _i2c_ms("vl53l0x", 400_000),
            _i2c_ms("mlx90614", 100_000),
            _i2c_ms("ssd1306", 100_000, 7),
        ],
        _soft,
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER}, {NUMBER} and {NUMBER} µs at 5 MHz \|",
        lambda b: [spi.transfer_us(n, 5_000_000) for n in (2, 7, 11)],
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER} ms at 100 kHz \| {NUMBER} and {NUMBER} ms at 400 kHz \|",
        lambda b: [_i2c_ms("mlx90614", 100_000), _i2c_ms("vl53l0x", 400_000), (9 * 3 + 1) / 400],
    ),
    Row(DRIVERS, rf"One message a poll, at most {NUMBER} ms", lambda b: [_i2c_ms("ssd1306", 100_000, 7)]),
    Row(
        DRIVERS,
        rf"{NUMBER} and {NUMBER} ms at 400 kHz, {NUMBER} and {NUMBER} ms at 100",
        lambda b: [
            (9 * 3) / 400,
            (9 * 4) / 400,
            (9 * 3) / 100,
            (9 * 4) / 100,
        ],
    ),
    Row(
        DRIVERS, rf"A pull-down of {NUMBER} kOhm at the converter", lambda b: [b.signals["ADC_COIL"].ohms / 1000], _pio
    ),
    Row(DRIVERS, rf"{NUMBER} V is {NUMBER} times the coil's peak", lambda b: [analogue.COIL_FULL_V, 1.2], _pio),
)
