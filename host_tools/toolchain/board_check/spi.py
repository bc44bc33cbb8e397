"""The SPI bus of a board: compares the clock of its board file with the parts on the bus."""

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
    """Each part allows the clock; a clock or a part that the board file's text does not show is reported."""
    if board.chip.modelled:
        return
    tree = source(board)
    parts = {part: most for part, most in PARTS_HZ.items() if made(tree, part)}
    if tree.body and "SPI_SCK" in board.signals and not parts:
        yield (
            f"board.py makes no {' and no '.join(PARTS_HZ)}, so no clock of SPI_SCK can be checked: "
            "make them by these names, or add the part to PARTS_HZ of spi.py"
        )
    clocks: list[ast.expr] = []
    for call in made(tree, "SPI"):
        named = [word.value for word in call.keywords if word.arg == "baudrate"]
        clocks += named
        if not named:
            yield "board.py: SPI(...) names no baudrate, so its clock cannot be checked: write baudrate=..."
    if parts and not made(tree, "SPI"):
        yield f"board.py: {', '.join(parts)} without SPI(...), so its clock cannot be checked: make it with SPI(...)"
    for part, most in parts.items():
        for clock in clocks:
            hz = clock.value if isinstance(clock, ast.Constant) and isinstance(clock.value, int) else 0
            if not 0 < hz <= most:
                yield f"board.py: SPI at {ast.unparse(clock)} Hz, {part} bears {most}: slow it down"
