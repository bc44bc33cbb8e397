"""The SPI bus of a board: its board file's clock against the parts that it makes on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.board_file import made, source

PARTS_HZ = {"Max31855": 5_000_000, "Max31856": 5_000_000}  # [S] both data sheets, by the drivers' classes


def transfer_us(count: int, hz: int) -> float:
    """How long so many bytes take."""
    return 8 * count * 1e6 / hz


def spi_is_slow_enough(board: Board) -> Iterator[str]:
    """The clock is one that each part bears."""
    if board.chip.modelled:
        return
    tree = source(board)
    clocks = [word.value for call in made(tree, "SPI") for word in call.keywords if word.arg == "baudrate"]
    for part, most in PARTS_HZ.items():
        for clock in clocks if made(tree, part) else ():
            hz = clock.value if isinstance(clock, ast.Constant) and isinstance(clock.value, int) else 0
            if not 0 < hz <= most:
                yield f"board.py: SPI at {ast.unparse(clock)} Hz, {part} bears {most}: slow it down"
