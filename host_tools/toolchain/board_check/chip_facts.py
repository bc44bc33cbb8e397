"""Compares a board's files with the chip's table: registers, resistors that its pads need, its name.

Boards of two chips look alike. If a file of one is in the folder of the other, it is found here, and each wrong fact is
named.
"""

from __future__ import annotations

import ast
import runpy
import tomllib
from collections.abc import Iterator

from host_tools.toolchain.board_check.board import Board, files_of

REGISTERS = "registers.py"
FIRST_ADDRESS = 0x4000_0000  # an Arm processor's peripherals begin here; no other number of a board is as large


def registers_are_the_chips(board: Board) -> Iterator[str]:
    """registers.py agrees with the chip's table, and no other file of the board holds an address."""
    wanted = board.chip.registers
    if not wanted:
        return
    files = files_of(board.folder)
    if REGISTERS not in files:
        yield f"{REGISTERS} is missing: it holds the addresses of {board.chip.processor}; copy that of such a board"
        return
    said = {name: value for name, value in runpy.run_path(str(files[REGISTERS])).items() if name.isupper()}
    for name in wanted.keys() | said.keys():
        if name not in said:
            yield f"{REGISTERS}: {name} is missing: {wanted[name]:#x} on {board.chip.name}"
        elif name not in wanted:
            yield f"{REGISTERS}: {name} is in no table of {board.chip.name}: delete it, or add it to [registers] there"
        elif said[name] != wanted[name]:
            yield f"{REGISTERS}: {name} is {said[name]:#x}, on {board.chip.name} it is {wanted[name]:#x}: change it"
    known = {*board.chip.core_registers, *wanted.values()}
    for name, source in files.items():
        try:
            tree = ast.parse(source.read_text())
        except SyntaxError as problem:
            yield f"{name} cannot be read: {problem}"
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or name == REGISTERS:
                continue
            value = node.value
            if type(value) is int and value >= FIRST_ADDRESS and value not in known:
                place = f"{name}, line {node.lineno}"
                yield f"{place}: {value:#x} is no register of {board.chip.name}: take it from {REGISTERS}"


def bill_names_the_chip(board: Board) -> Iterator[str]:
    """The bill of materials lists the processor of the pin map."""
    if not board.chip.processor:
        return
    path = board.folder / "bom.toml"
    try:
        rows = tomllib.loads(path.read_text()).get("part", [])
    except (OSError, tomllib.TOMLDecodeError):
        return  # another rule reports it
    if not any(board.chip.processor in str(row.get("requirement", "")) for row in rows):
        yield f"bom.toml asks for no {board.chip.processor}, which {board.chip.name} has: name it in its row"


def pull_downs_are_strong(board: Board) -> Iterator[str]:
    """Resistors that hold a digital pin low are strong enough for the chip's pads; their text has the same value."""
    if board.chip.modelled:
        return
    most = board.chip.pull_down_most_ohm
    for signal in board.signals.values():
        if signal.pull_down and not signal.pull_down.startswith(f"{signal.ohms / 1000:g} kOhm"):
            yield f"{signal.name} (GPIO{signal.pin}): ohms = {signal.ohms:g} and {signal.pull_down!r} do not agree"
        down = signal.pull_down or (signal.pull.endswith("down") and signal.function != "adc")
        if down and most and (signal.ohms > most or signal.pull.startswith("internal")):
            yield (
                f"{signal.name} (GPIO{signal.pin}): {signal.ohms:g} ohm down are too weak for {board.chip.name}, "
                f"whose pad may hold itself at 2.2 V: {most:g} at most, outside the chip"
            )
