"""The figures of docs/drivers.md, each computed from the driver's own constants or from the board file that makes it.

The display's driver needs a module that CPython does not have: its text is read.
"""

from __future__ import annotations

import ast
import inspect
from types import SimpleNamespace

from host_tools.places import FIRMWARE
from host_tools.toolchain.board_check import analogue, spi
from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.board_file import constants, imported, made, source
from host_tools.toolchain.board_check.stated_figures import NUMBER, Row, i2c_ms, pio

_MINUS = "\u2212"
_TICK_MS = 10
_BUS = SimpleNamespace(readfrom_mem_into=None, writeto=None)  # that nothing is on
_DISPLAY_BYTES = 32  # of a message at 400 kHz


def _of(driver: str, *names: str, per: float = 1) -> list[float]:
    """Return constants of a driver, in units of `per`."""
    module = vars(imported(f"cryo.drivers.{driver}"))
    return [module[name] / per for name in names]


def _option(board: Board, kind: str, name: str) -> int | None:
    """Return what a board file gives a driver under that name; None where it gives nothing."""
    words = {word.arg: word.value for call in made(source(board), kind) for word in call.keywords}
    return getattr(words.get(name), "value", None)


def _infrared(board: Board) -> list[float]:
    """Return the bytes of a word with its check byte, and in how many polls one is read."""
    driver = imported("cryo.drivers.mlx90614").Mlx90614
    every = _option(board, "Mlx90614", "every") or inspect.signature(driver).parameters["every"].default
    return [len(driver(_BUS, 64_224)._buf), every]


def _distance_bytes() -> list[float]:
    """Return the lengths of the distance sensor's transfers: a result, the end of a flag, the longest of the start."""
    driver = imported("cryo.drivers.vl53l0x").Vl53l0x(_BUS)
    return [len(driver._result), len(driver._pair), len(driver._enable)]


def _max31856_bytes() -> list[float]:
    first, status, count, every = _of("max31856", "_FIRST_DATA", "_STATUS", "_COUNT", "_CHECK_EVERY")
    return [1 + 1, 1 + status + 1 - first, every, 1 + count]  # each with the address before it


def _limit_ms(name: str) -> float:
    return vars(imported("cryo.limits"))[name] / 1000


def _junction_c() -> list[float]:
    low, high = _of("its90", "CJ_MIN_MDEGC", "CJ_MAX_MDEGC", per=1000)
    return [-low, high]


def _display() -> tuple[dict[str, int], int]:
    """Return the constants of the display's driver, and how many messages set it up."""
    tree = ast.parse((FIRMWARE / "cryo/drivers/ssd1306_pages.py").read_text())
    named = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}  # pyright: ignore
    set_up = named["_SET_UP"]
    assert isinstance(set_up, ast.Tuple)
    return constants(tree), len(set_up.elts)


def _polls(board: Board) -> list[float]:
    """Return the bytes of a message at 400 kHz and of this board's, and the polls of a picture with either."""
    found, set_up = _display()
    sizes = _DISPLAY_BYTES, _option(board, "Ssd1306", "at_once") or _DISPLAY_BYTES
    messages = [-(-found["WIDTH"] // n) for n in sizes]  # of a page, behind its drawing and its place
    return [*sizes, *(set_up + found["PAGES"] * (2 + n) for n in messages)]


DRIVERS = "drivers.md"  # of docs/, where the project is a clone
ROWS = (
    # MAX31856
    Row(
        DRIVERS,
        rf"{NUMBER} bytes \(status\) or {NUMBER} \(data\); every {NUMBER}th poll {NUMBER} more \(read-back\)",
        lambda b: _max31856_bytes(),
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER}, {NUMBER} and {NUMBER} µs at 5 MHz \|",
        lambda b: [spi.transfer_us(int(n), 5_000_000) for at, n in enumerate(_max31856_bytes()) if at != 2],
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER} ms \(50 Hz\), {NUMBER} ms \(60 Hz\) \[K\]; typical",
        lambda b: _of("max31856", "_CONVERSION_50_US", "_CONVERSION_60_US", per=1000),
    ),
    Row(DRIVERS, rf"cold junction outside {_MINUS}{NUMBER}\.\.\+{NUMBER} degC, by its flags", lambda b: _junction_c()),
    Row(DRIVERS, rf"outside ±{NUMBER} degC, by its flags", lambda b: _of("max31856", "_LIMIT_MDEGC", per=1000)),
    Row(DRIVERS, rf"it takes at most {NUMBER} polls; no sample looks new", lambda b: _of("max31856", "_CHECK_EVERY")),
    # MLX90614
    Row(
        DRIVERS,
        rf"{NUMBER} data bytes a poll \(`every={NUMBER}` of all boards\)",
        _infrared,
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER} ms at 100 kHz \| {NUMBER} and {NUMBER} ms at 400 kHz \|",
        lambda b: [i2c_ms("mlx90614", 100_000), i2c_ms("vl53l0x", 400_000), (9 * 3 + 1) / 400],
    ),
    Row(DRIVERS, rf"\| {NUMBER} ms \[K\]; its filter lags more \|", lambda b: _of("mlx90614", "_REFRESH_US", per=1000)),
    Row(DRIVERS, rf"read back at `configure\(\)` and every {NUMBER}th transfer", lambda b: _of("mlx90614", "_ROUND")),
    Row(
        DRIVERS,
        rf"object outside {_MINUS}{NUMBER}\.\.\+{NUMBER} degC",
        lambda b: [abs(c) for c in _of("mlx90614", "_MIN_MDEGC", "_MAX_MDEGC", per=1000)],
    ),
    Row(DRIVERS, rf"housing outside {_MINUS}{NUMBER}\.\.\+{NUMBER} degC", lambda b: _junction_c()),
    # VL53L0X
    Row(
        DRIVERS,
        rf"{NUMBER} bytes \(flag and result\) or a write of {NUMBER}; up to {NUMBER} at start-up",
        lambda b: _distance_bytes(),
    ),
    Row(
        DRIVERS,
        rf"\| {NUMBER} ms: {NUMBER}, and a tenth for its clock",
        lambda b: [us for per in (1000, 1100) for us in _of("vl53l0x", "_MEASURES_US", per=per)],
    ),
    Row(
        DRIVERS,
        rf"fifth result on \({NUMBER} ms\), and a silent chip gives none from an age of {NUMBER} ms on \(limit 14\)",
        lambda b: [_of("vl53l0x", "_REPEATS_MAX")[0] * 20, _limit_ms("DISTANCE_AGE_MAX_US")],
    ),
    Row(DRIVERS, rf"and a range of at most {NUMBER} m \|", lambda b: _of("vl53l0x", "_FAR_MM", per=1000)),
    Row(DRIVERS, rf"\| beyond {NUMBER} m \|", lambda b: _of("vl53l0x", "_FAR_MM", per=1000)),
    Row(DRIVERS, rf"two results in a row more than {NUMBER} mm apart", lambda b: _of("vl53l0x", "_JUMP_MM")),
    Row(
        DRIVERS,
        rf"{NUMBER} results in a row with the same range, rates and SPAD count, or {NUMBER} ms of such",
        lambda b: [_of("vl53l0x", "_REPEATS_MAX")[0] + 1, _limit_ms("DISTANCE_AGE_MAX_US")],
    ),
    Row(DRIVERS, rf"a restart when nothing came for {NUMBER} ms", lambda b: _of("vl53l0x", "_PATIENCE_US", per=1000)),
    Row(DRIVERS, rf"or a result, missing for {NUMBER} ms", lambda b: _of("vl53l0x", "_PATIENCE_US", per=1000)),
    # coil current
    Row(DRIVERS, rf"A pull-down of {NUMBER} kOhm at the converter", lambda b: [b.signals["ADC_COIL"].ohms / 1000], pio),
    Row(DRIVERS, rf"{NUMBER} V is {NUMBER} times the coil's peak", lambda b: [analogue.COIL_FULL_V, 1.2], pio),
    # SCD4x
    Row(DRIVERS, rf"Periodic measurement, a result in {NUMBER} s", lambda b: _of("scd4x", "_PERIOD_US", per=1e6)),
    Row(DRIVERS, rf"at start a stop \({NUMBER} ms, may be refused\)", lambda b: _of("scd4x", "_STOPPING_US", per=1000)),
    Row(DRIVERS, rf"Every {NUMBER} ms the driver asks", lambda b: _of("scd4x", "_ASK_US", per=1000)),
    Row(
        DRIVERS,
        rf"{NUMBER} and {NUMBER} ms at 400 kHz, {NUMBER} and {NUMBER} ms at 100",
        lambda b: [9 * n / khz for khz in (400, 100) for n in (3, 4)],
    ),
    Row(
        DRIVERS,
        rf"DEAD_BUS; again after {NUMBER} s, doubled up to {NUMBER} s; two transfers",
        lambda b: _of("scd4x", "_BACK_OFF_US", "_BACK_OFF_MAX_US", per=1e6),
    ),
    Row(DRIVERS, rf"no result for {NUMBER} s: reset", lambda b: _of("scd4x", "_PATIENCE_US", per=1e6)),
    # SSD1306
    Row(DRIVERS, rf"One message a poll, at most {NUMBER} ms", lambda b: [i2c_ms("ssd1306", 100_000, 7)]),
    Row(
        DRIVERS,
        rf"{NUMBER} bytes at once on a bus of 400 kHz, {NUMBER} on one of 100 kHz\. "
        rf"A picture is {NUMBER} polls, or {NUMBER}",
        _polls,
    ),
    Row(
        DRIVERS,
        rf"DEAD_BUS; again after {NUMBER} s, doubled up to {NUMBER} s; one message",
        lambda b: [_display()[0][name] * _TICK_MS / 1000 for name in ("_BACK_OFF", "_BACK_OFF_MAX")],
    ),
)
