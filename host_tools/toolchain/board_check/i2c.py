"""The I2C buses of a board: clock, parts, pull-ups and capacitance, from board.toml, table [i2c], and its board file.

Only the pull-ups raise a line; a part that pulls it low must sink their current. Bounds: UM10204 (NXP), table 10.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from host_tools.toolchain.board_check.board import Board, Signal, file_of
from host_tools.toolchain.board_check.board_file import constants
from host_tools.toolchain.board_check.levels import PERCENT
from host_tools.toolchain.board_check.loop import SUPPLIES_V

PARTS = tomllib.loads(Path(__file__).with_name("i2c_parts.toml").read_text())
FIELDS = ("hz", "parts", "wiring_pf")
CHIP_PF = 10  # [K] capacitance of the processor's pin
MOST_PF = 400
SINK_A = 0.003
LOW_V = 0.4
RISE = 0.8473  # rise time over R x C, from 0.3 to 0.7 of the supply [C]
OHM_PERCENT = 5  # of modules' own resistors; a pull-up of the board has PERCENT
BITS = 9  # a byte and its acknowledge
MODES = ((100_000, 1000), (400_000, 300))  # up to this clock, Hz: the longest rise, ns


def pull_up_ohm(signal: Signal, table: dict) -> float:
    """The line's resistor and those of the modules on it, in parallel; infinite when there is none."""
    found = [signal.ohms] if signal.pull == "external up" else []
    through = sum(1 / ohm for ohm in (*found, *table.get("modules_ohm", ())))
    return 1 / through if through else float("inf")


def capacitance_pf(table: dict) -> float:
    """The capacitance of a line: wires, each part's pin, and the processor's."""
    return table["wiring_pf"] + CHIP_PF + sum(PARTS[part]["pf"] for part in table["parts"])


def rise_ns(ohm: float, pf: float) -> float:
    """How long a line takes from low to high."""
    return RISE * ohm * pf / 1000


def message_us(part: str, hz: int, rise: float = 0.0, at_once: int = 0) -> float:
    """How long a part's longest message takes; rise: of the lines, ns; the clock waits for it."""
    row = PARTS[part]
    size = row["bytes"] if "bytes" in row else row["at_once"] + at_once
    return (BITS * size + 2) * (1e6 / hz + rise / 1000)  # start and stop


def buses_are_right(board: Board) -> Iterator[str]:
    """Each I2C bus has a clock that all its parts allow, and pull-ups that suit its capacitance and its drivers."""
    if board.chip.modelled:
        return
    tables = board.design.get("i2c", {})
    lines: dict[str, list[Signal]] = {}
    for signal in board.signals.values():
        if signal.function in ("i2c_sda", "i2c_scl"):
            lines.setdefault(f"{signal.name.rpartition('_')[0]}_BUS", []).append(signal)
    for bus, signals in lines.items():
        table = tables.get(bus, {})
        missing = [key for key in FIELDS if key not in table]
        if missing:
            yield f"[i2c.{bus}] of board.toml lacks {', '.join(missing)}: copy the table of boards/rp2040_pico"
            continue
        unknown = [part for part in table["parts"] if part not in PARTS]
        if unknown:
            yield f"{bus}: {', '.join(unknown)} is not in host_tools/toolchain/board_check/i2c_parts.toml: add it there"
            continue
        yield from _clock(bus, table)
        for signal in signals:
            yield from _line(signal, table)
        yield from _as_coded(board, bus, signals, table, only=len(lines) == 1)


def _clock(bus: str, table: dict) -> Iterator[str]:
    slow = [part for part in table["parts"] if PARTS[part]["hz"] < table["hz"]]
    for part in slow:
        yield (
            f"{bus}: {table['hz'] // 1000} kHz is too fast for {part}, which bears {PARTS[part]['hz'] // 1000}: "
            "slow the bus down, or give the part another"
        )
    addresses = [PARTS[part]["address"] for part in table["parts"]]
    for part in table["parts"]:
        if addresses.count(PARTS[part]["address"]) > 1:
            yield f"{bus}: address {PARTS[part]['address']:#x} of {part} is taken twice: give it another bus"


def _line(signal: Signal, table: dict) -> Iterator[str]:
    at = f"{signal.name} (GPIO{signal.pin})"
    ohm, pf = pull_up_ohm(signal, table), capacitance_pf(table)
    if ohm == float("inf"):
        yield f"{at}: the line has no pull-up: fit one, and say pull and ohms in board.toml"
        return
    most = next((most for hz, most in MODES if table["hz"] <= hz), 0)
    took = rise_ns(ohm * (1 + PERCENT / 100), pf)
    if took > most:
        yield f"{at}: {ohm:.0f} ohm with {pf:.0f} pF rise in {took:.0f} ns, {most} are allowed: lower the resistor"
    sunk = (SUPPLIES_V[1] - LOW_V) / (ohm * (1 - OHM_PERCENT / 100))
    if sunk > SINK_A:
        yield f"{at}: {ohm:.0f} ohm let {sunk * 1000:.1f} mA flow, a part sinks 3: take pull-ups off modules"
    if pf > MOST_PF:
        yield f"{at}: {pf:.0f} pF on one line, {MOST_PF} are allowed: shorten the wires"


def _in_time(file: str, tree: ast.Module, signals: list[Signal], table: dict, made: ast.Call) -> Iterator[str]:
    """If a bus's time-out counts for a whole message (`message_us`), each part's longest message is within it."""
    if "message_us" not in table:
        return
    part = made.func.id.lower()  # pyright: ignore[reportAttributeAccessIssue]
    numbers = constants(tree)
    if numbers.get("_I2C_TIMEOUT_US") != table["message_us"]:
        yield f"{file}: _I2C_TIMEOUT_US is not the message_us of board.toml: make them equal"
    if not {"bytes", "at_once"} & PARTS[part].keys():
        yield f"i2c_parts.toml: say the bytes of {part}: {file} makes it on a bus that ends a long message"
        return
    if "at_once" in PARTS[part] and not any(word.arg == "at_once" for word in made.keywords):
        yield f"{file}: {part} is made without at_once=..., so its longest message is not known: say it"
        return
    at_once = sum(ast.literal_eval(word.value) for word in made.keywords if word.arg == "at_once")
    rise = max(rise_ns(pull_up_ohm(signal, table) * (1 + PERCENT / 100), capacitance_pf(table)) for signal in signals)
    took = message_us(part, table["hz"], rise, at_once)
    if took > table["message_us"]:
        yield f"{file}: a message of {part} takes {took:.0f} us, its bus ends it at {table['message_us']}: shorten it"


def _as_coded(board: Board, bus: str, signals: list[Signal], table: dict, only: bool) -> Iterator[str]:
    """The board file makes its drivers on that bus with that clock."""
    source = file_of(board.folder, "board.py")
    try:
        tree = ast.parse(source.read_text())
    except (OSError, SyntaxError) as problem:
        yield f"{source.name} cannot be read for its buses: {problem}"
        return
    named: dict[str, ast.Call] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_bus(node.value) and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id] = node.value  # pyright: ignore[reportArgumentType]
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.lower() in PARTS):
            continue
        made = node.args[0] if node.args else None
        call = named.get(made.id) if isinstance(made, ast.Name) else made
        if not isinstance(call, ast.Call) or not _is_bus(call):
            yield f"{source.name}: {node.func.id} is not made with _bus(...): write it as the other boards do"
            continue
        on = [arg.attr for arg in call.args if isinstance(arg, ast.Attribute) and arg.attr.endswith("_BUS")]
        if on != [bus] and not only:
            continue
        yield from _in_time(source.name, tree, signals, table, node)
        hz = call.args[-1].value if isinstance(call.args[-1], ast.Constant) else None
        if node.func.id.lower() not in table["parts"]:
            yield f"{source.name}: {node.func.id} is on {bus}, and [i2c.{bus}] does not name it: add it to parts"
        if hz != table["hz"]:
            yield f"{source.name}: {node.func.id} runs {bus} at {hz} Hz, board.toml says {table['hz']}: make them equal"


def _is_bus(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_bus"
