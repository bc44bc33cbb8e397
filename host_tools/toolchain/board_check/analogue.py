"""Computes what the converter reads from transducers and coil, from the parts of board.toml and the drivers' code.

Tables [converter] and [coil] of board.toml, [adc] of the chip's table. A chip's input loads a divider: the pressure
then reads too low, and the stop for a bottle that is too hot comes too late.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace

from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.board_file import constants, imported, made, source
from host_tools.toolchain.board_check.levels import most_ohm
from host_tools.toolchain.board_check.loop import SUPPLIES_V

FIELDS = ("upper_ohm", "lower_ohm", "percent", "nf")
BARS = (35, 70, 75)  # limit 20: nothing arms below and above, gas stops
MOST_BAR = 1.0  # bring-up list: within 1 bar of a gauge
SUPPLY_V = (4.95, 5.05)  # of the transducers, bring-up list
PIN_ABOVE_V = 0.3  # a pin may be this much above its supply
PIN_V = SUPPLIES_V[0] + PIN_ABOVE_V
LOAD_OHM = 5_000  # a transducer's output drives this, applicator_bom.toml
SETTLES = 7  # time constants until the reading is right to a thousandth
TICK_S = 0.010
COIL_FULL_V = 3.0  # at 1.2 times the coil's peak current
HOLD = 4  # the driver holds with a quarter of the peak


def counts_of(board: Board, tree: ast.Module, call: ast.Call) -> Callable[[float], int]:
    """How the board file converts a voltage at the pin to 16 bits: with the converter itself, or with its own class."""
    first = call.args[0]
    name = first.func.id if isinstance(first, ast.Call) and isinstance(first.func, ast.Name) else "ADC"
    adc = board.chip.adc
    if name == "ADC":
        return lambda volts: min(65_535, max(0, int(volts / adc["full_v"] * 65_536)))
    level = SimpleNamespace(uv=0)
    parts = {
        **constants(tree),
        "Pin": lambda number: number,
        "ADC": type("ADC", (), {"ATTN_11DB": 0, "__init__": lambda *_, **__: None, "read_uv": lambda _: level.uv}),
    }
    body: list[ast.stmt] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    exec(compile(ast.Module(body, []), str(board.folder / "board.py"), "exec"), parts)
    reads = parts[name](0)

    def counts(volts):
        level.uv = int(max(volts, adc.get("floor_v", 0.0)) * 1e6)
        return reads.read_u16()

    return counts


def not_made(board: Board, tree: ast.Module, kind: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield each of these signals for which the board file makes no such part: no later rule can check its figures."""
    on = [node.attr for call in made(tree, kind) for node in ast.walk(call) if isinstance(node, ast.Attribute)]
    for name in names:
        if tree.body and name in board.signals and name not in on:
            yield (
                f"board.py: no {kind}(...) on pins.{name}, so what it reads cannot be checked: "
                "make it in one line as boards/rp2040_pico does, or delete the signal"
            )


def ratio(table: dict, upper: float = 1.0, lower: float = 1.0, load_ohm: float = float("inf")) -> float:
    """The divider's ratio, with its resistors at these factors and a load across the lower one."""
    down = 1 / (1 / (table["lower_ohm"] * lower) + 1 / load_ohm)
    return down / (down + table["upper_ohm"] * upper)


def source_ohm(table: dict) -> float:
    """The divider's resistance as a source: both resistors in parallel."""
    return table["upper_ohm"] * table["lower_ohm"] / (table["upper_ohm"] + table["lower_ohm"])


def transducers_read_right(board: Board) -> Iterator[str]:
    """The dividers give the converter what the driver's figures mean, and a loose or shorted wire is detected."""
    if board.chip.modelled:
        return
    table = board.design.get("converter", {})
    missing = [key for key in FIELDS if key not in table]
    if missing:
        yield f"[converter] of board.toml lacks {', '.join(missing)}: copy the table of boards/rp2040_pico"
        return
    tree = source(board)
    yield from not_made(board, tree, "Transducer", ("ADC_BOTTLE", "ADC_LINE"))
    off = table["percent"] / 100
    loads = (float("inf"), board.chip.adc.get("least_ohm", float("inf")))
    ratios = [ratio(table, 1 + a, 1 - a, load) for a, load in product((off, -off), loads)]
    yield from _pin(board, table, ratios)
    for call in made(tree, "Transducer"):
        name = ast.unparse(call.args[0])
        counts = counts_of(board, tree, call)
        driver = imported("cryo.drivers.analog")
        quantity = imported("cryo.core.records").Quantity()

        def read(volts, call=call, counts=counts, driver=driver, quantity=quantity):
            numbers = [ast.literal_eval(arg) for arg in call.args[1:]]
            driver.Transducer(SimpleNamespace(read_u16=lambda: counts(volts)), *numbers).poll(0, quantity)
            return quantity

        for bar in BARS:
            found = [read((0.5 + bar / 25) * share).value for share in ratios]
            worst = max((abs((value or 0) / 1000 - bar), (value or 0) / 1000) for value in found)
            if worst[0] > MOST_BAR:
                yield (
                    f"{name}: {bar} bar may read {worst[1]:.1f} with the divider's tolerance and the converter's load, "
                    f"{MOST_BAR:g} is allowed: change the resistors of [converter]"
                )
        leaks_v = board.chip.adc.get("leak_a", 0.0) * table["lower_ohm"]
        for what, volts, wanted in (
            ("the signal's wire off", leaks_v, driver.WIRE_LOW),
            ("the signal at the supply", SUPPLY_V[0] * min(ratios), driver.WIRE_HIGH),
            ("0 bar", 0.5 * min(ratios), driver.OK),
            ("100 bar", 4.5 * max(ratios), driver.OK),
        ):
            if read(volts).status != wanted:
                yield f"{name}: {what} is {volts:.3f} V at the pin and is not read as that: change [converter]"


def _pin(board: Board, table: dict, ratios: list[float]) -> Iterator[str]:
    """The pin stays within the limits of converter and pad; the transducer can drive the divider, and it settles."""
    adc = board.chip.adc
    if SUPPLY_V[1] * max(ratios) > PIN_V:
        yield f"transducer divider: {SUPPLY_V[1] * max(ratios):.2f} V at the pin, {PIN_V:g} are allowed: change it"
    for volts in (0.5, 4.5):
        if not adc["low_v"] <= volts * ratio(table) <= adc["high_v"]:
            yield (
                f"transducer divider: {volts:g} V of the transducer are {volts * ratio(table):.2f} V at the pin, where "
                f"{board.chip.name} converts {adc['low_v']:g} to {adc['high_v']:g} V: change [converter]"
            )
    if table["upper_ohm"] + table["lower_ohm"] < LOAD_OHM:
        yield f"transducer divider: less than {LOAD_OHM} ohm load the transducer's output: larger resistors"
    settled_s = SETTLES * source_ohm(table) * table["nf"] * 1e-9
    if settled_s > TICK_S:
        yield f"transducer divider: settles in {settled_s * 1000:.1f} ms, a tick is 10: a smaller capacitor"


def coil_reads_right(board: Board) -> Iterator[str]:
    """The coil's current: the figure of the board file, a broken wire, and the hold current behind the amplifier."""
    if board.chip.modelled or "ADC_COIL" not in board.signals:
        return
    table = board.design.get("coil", {})
    missing = [key for key in ("peak_ma", "amplifier_ohm") if key not in table]
    if missing:
        yield f"[coil] of board.toml lacks {', '.join(missing)}: copy the table of boards/rp2040_pico"
        return
    tree = source(board)
    yield from not_made(board, tree, "Coil", ("ADC_COIL",))
    signal = board.signals["ADC_COIL"]
    least_ma = vars(imported("cryo.core.valves"))["_COIL_MIN_MA"]
    for call in made(tree, "Coil"):
        full_ma = constants(tree).get(ast.unparse(call.args[1]), 0)
        if full_ma != table["peak_ma"] * 12 // 10:
            yield f"board.py: the coil's full reading is {full_ma} mA, 1.2 times the peak of {table['peak_ma']} is not"
            return
        counts = counts_of(board, tree, call)
        quantity = imported("cryo.core.records").Quantity()

        def read(volts, counts=counts, full_ma=full_ma, quantity=quantity):
            converter = SimpleNamespace(read_u16=lambda: counts(volts))
            imported("cryo.drivers.coil").Coil(converter, full_ma).poll(0, quantity)
            return quantity.value or 0

        broken_v = broken_coil_wire_v(board)
        if read(broken_v) >= least_ma:
            yield (
                f"ADC_COIL (GPIO{signal.pin}): with its wire off {signal.ohms:g} ohm leave {broken_v:.2f} V, "
                f"{read(broken_v)} mA, which reads as a current: a smaller pull-down"
            )
        hold_v = COIL_FULL_V / 1.2 / HOLD * signal.ohms / (signal.ohms + table["amplifier_ohm"])
        if abs(read(hold_v) - table["peak_ma"] / HOLD) > 0.02 * table["peak_ma"] / HOLD:
            yield (
                f"ADC_COIL (GPIO{signal.pin}): the hold current reads {read(hold_v)} mA for "
                f"{table['peak_ma'] / HOLD:g}: {table['amplifier_ohm']} ohm before {signal.ohms:g} are too much"
            )


def broken_coil_wire_v(board: Board) -> float:
    """The level of ADC_COIL with a loose wire: the pin's leakage through the pull-down."""
    return board.chip.adc.get("leak_a", 0.0) * most_ohm(board.signals["ADC_COIL"])
