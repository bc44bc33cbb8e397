"""Draws boards/NAME/wiring.svg from pins and parts: `python -m host_tools.toolchain.board_check.wiring`."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from host_tools.places import BOARDS
from host_tools.toolchain.board_check import parts
from host_tools.toolchain.board_check.board import Board, Signal, load
from host_tools.toolchain.board_check.parts import Part, Stage
from host_tools.toolchain.board_check.svg import ANALOGUE, BUS, INK, MUTED, SAFETY, Drawing

WIDTH = 1610
TOP = 96
PITCH = 30
GAP = 16
HEAD = 40  # of a part, above its first row
PART_W = 300
LEFT_X = 30
CHIP_X = 520
CHIP_W = 260
RIGHT_X = 950
STAGE_X = 1330
STAGE_W = 262
GAS_H = 300
SAFETY_NETS = frozenset((
    "DOSE", "LEASE", "LOOP_A", "LOOP_B", "TRIGGER", "ESTOP", "FAULT_SKIN", "B_MADE", "LOOP_TEST", "LOOP_FEED",
    "LOOP_RETURN",
))  # fmt: skip


@dataclass
class Row:
    """A row of a part, placed."""

    label: str
    net: str
    y: float


def _colour(net: str, board: Board) -> str:
    if net in SAFETY_NETS:
        return SAFETY
    function = board.signals[net].function if net in board.signals else ""
    return BUS if function.startswith(("spi", "i2c")) else ANALOGUE if function == "adc" else INK


def _height(part: Part) -> float:
    rows = HEAD + PITCH * len(part.rows)
    notes = HEAD + 15 * len(part.notes) + 6
    return max(rows, notes)


def _place(column: list[Part]) -> tuple[list[tuple[Part, float, list[Row]]], float]:
    placed = []
    y = TOP
    for part in column:
        rows = [Row(label, net, y + HEAD + PITCH * index + 6) for index, (label, net) in enumerate(part.rows)]
        placed.append((part, y, rows))
        y += _height(part) + GAP
        if part.drives:  # its supply hangs below the coil
            y = max(y, rows[0].y + 64 + 34 * len(part.drives.supply) + GAP)
    return placed, y


def _part(draw: Drawing, part: Part, x: float, y: float, rows: list[Row], edge: float) -> None:
    draw.box(x, y, PART_W, _height(part), dash="6 4" if part.optional else "", fill="#fbfcfd")
    inner = edge == x  # its rows are on the chip's left side
    text_x, anchor = (x + PART_W - 12, "end") if inner else (x + 12, "start")
    draw.text(text_x, y + 20, part.title, bold=True, size=13, anchor=anchor)
    for index, note in enumerate(part.notes):
        draw.text(text_x, y + HEAD + 10 + 15 * index, note, size=11, anchor=anchor, fill=MUTED)
    for row in rows:
        draw.text(edge + (8 if inner else -8), row.y + 4, row.label, size=11, anchor="start" if inner else "end")


def _pulls(draw: Drawing, signal: Signal, x: float, y: float) -> None:
    if signal.pull_down or signal.pull == "external down":
        draw.resistor_down(x, y, f"{signal.ohms / 1000:g}k")
    elif signal.pull == "external up":
        draw.resistor_up(x, y, f"{signal.ohms / 1000:g}k")


def _wires(draw: Drawing, board: Board, rows: list[Row], edge: float, chip: float, seen: dict[str, float]) -> None:
    """Straight wires to the chip for the first row of a signal, a trunk down the gap for every later row of it."""
    step = 1 if chip > edge else -1
    nets: dict[str, list[Row]] = {}
    for row in rows:
        nets.setdefault(row.net, []).append(row)
    trunk = edge + step * 18
    for net, where in nets.items():
        colour = _colour(net, board)
        if net.startswith(">"):
            for row in where:
                end = edge + (64 if step > 0 else -24)  # on the left, beyond the trunks
                draw.line((edge, row.y), (end, row.y), stroke=SAFETY)
                anchor = "start" if step > 0 else "end"
                draw.text(end + step * 6, row.y + 4, net[1:], size=11, anchor=anchor, fill=SAFETY)
            continue
        first = where[0].y
        if net in board.signals:
            draw.line((edge, first), (chip, first), stroke=colour)
            seen[net] = first
        if len(where) > 1:
            last = where[-1].y
            if net not in board.signals:
                draw.line((edge, first), (trunk, first), stroke=colour)
            else:
                draw.dot(trunk, first, colour)
            draw.line((trunk, first), (trunk, last), stroke=colour)
            for row in where[1:]:
                draw.line((edge, row.y), (trunk, row.y), stroke=colour)
                if row is not where[-1]:
                    draw.dot(trunk, row.y, colour)
            trunk += step * 13


def _chip(draw: Drawing, board: Board, seen_left: dict, seen_right: dict, bottom: float, name: str) -> None:
    draw.box(CHIP_X, TOP, CHIP_W, bottom - TOP - GAP, fill="#eef3f8")
    draw.text(CHIP_X + CHIP_W / 2, TOP + 22, name, bold=True, size=15, anchor="middle")
    for seen, x, anchor in ((seen_left, CHIP_X, "start"), (seen_right, CHIP_X + CHIP_W, "end")):
        for net, y in seen.items():
            signal = board.signals[net]
            shift = 8 if anchor == "start" else -8
            header = board.chip.header.get(str(signal.pin), "")
            number = f"GPIO{signal.pin}" + (f" ({header})" if header else "")
            draw.text(x + shift, y - 1, net, size=12, anchor=anchor, bold=True)
            draw.text(x + shift, y + 11, number, size=10, anchor=anchor, fill=MUTED)
            pull_x = x + (-46 if anchor == "start" else 14)
            _pulls(draw, signal, pull_x, y)


def _stage(draw: Drawing, stage: Stage, y: float) -> None:
    """The coil at the part's first row, and its supply below it."""
    top = y - 22
    draw.box(STAGE_X, top, STAGE_W, 72, fill="#fbf3f2", stroke=SAFETY)
    draw.text(STAGE_X + 68, top + 22, stage.title, bold=True, size=12)
    for index, note in enumerate(stage.notes):
        draw.text(STAGE_X + 68, top + 40 + 14 * index, note, size=11, fill=MUTED)
    draw.coil(STAGE_X + 12, top + 11)
    draw.arrow(RIGHT_X + PART_W, STAGE_X, y, stroke=SAFETY, width=2)
    draw.text((RIGHT_X + PART_W + STAGE_X) / 2 - 3, y - 7, stage.link, size=11, anchor="middle", fill=SAFETY)
    place = top + 72
    for words in stage.supply:
        draw.line((STAGE_X + 20, place), (STAGE_X + 20, place + 10), stroke=SAFETY)
        draw.box(STAGE_X, place + 10, STAGE_W, 24, stroke=SAFETY)
        draw.text(STAGE_X + 12, place + 26, words, size=11)
        place += 34


def _gas(draw: Drawing, y: float) -> None:
    """The gas path from the bottle to the skin."""
    draw.text(LEFT_X, y + 18, "Gas path", bold=True, size=15)
    rule = "every part for liquid CO2, 100 bar or more; a relief on each volume that closed valves can enclose"
    draw.text(LEFT_X + 90, y + 18, rule, fill=MUTED)
    pipe = y + 130
    steps = (
        ("CO2 bottle", "with dip tube (liquid)", INK),
        ("Hand valve", "of the bottle", INK),
        ("Filter", "10-40 um, sintered", INK),
        ("Shut-off valve", "normally closed", SAFETY),
        ("Dose valve", "normally closed", SAFETY),
        ("Diffuser nozzle", "with its thermocouple", INK),
    )
    width, space = 168, 106
    for index, (title, note, colour) in enumerate(steps):
        x = LEFT_X + index * (width + space)
        draw.box(x, pipe - 26, width, 52, stroke=colour, fill="#fbf3f2" if colour == SAFETY else "#fbfcfd")
        draw.text(x + width / 2, pipe - 5, title, bold=True, size=13, anchor="middle")
        draw.text(x + width / 2, pipe + 13, note, size=11, anchor="middle", fill=MUTED)
        if index < len(steps) - 1:
            draw.arrow(x + width, x + width + space, pipe, width=3)
    for index, title, why in (
        (2, "Relief valve 1, 90 bar", ("hose shut in between hand valve", "and shut-off valve")),
        (3, "Relief valve 2, 90 bar", ("liquid CO2 trapped between two shut", "valves bursts the line as it warms")),
    ):
        x = LEFT_X + index * (width + space) + width + space / 2 - 6
        draw.line((x, pipe), (x, pipe - 44), width=3)
        draw.dot(x, pipe)
        draw.box(x - 90, pipe - 90, 180, 46, stroke=SAFETY)
        draw.text(x, pipe - 71, title, bold=True, size=12, anchor="middle")
        draw.text(x, pipe - 54, "outlet away from people", size=11, anchor="middle", fill=MUTED)
        gauge = "Pressure, bottle" if index == 2 else "Pressure, between valves"
        draw.line((x, pipe), (x, pipe + 44), width=2)
        draw.box(x - 90, pipe + 44, 180, 26, stroke=ANALOGUE)
        draw.text(x, pipe + 61, gauge, size=12, anchor="middle")
        for line, words in enumerate(why):
            draw.text(x, pipe + 90 + 15 * line, words, size=11, anchor="middle", fill=SAFETY)
    end = LEFT_X + 5 * (width + space) + width
    draw.text(end, pipe + 52, "skin at 80-200 mm", size=12, anchor="end", fill=MUTED)


def draw_board(board: Board) -> str:
    """The wiring diagram of a board, as SVG."""
    draw = Drawing()
    name = board.folder.name
    title = f"Wiring of the board {name}"
    draw.text(LEFT_X, 36, title, bold=True, size=22)
    origin = "Generated from pins.py and board.toml. Not certified: not for treating people or animals."
    draw.text(LEFT_X, 58, origin, fill=MUTED)
    for index, (words, colour) in enumerate(
        (("valves, lease, interlocks", SAFETY), ("SPI, I2C", BUS), ("analogue", ANALOGUE), ("other", INK))
    ):
        x = RIGHT_X + (0, 200, 330, 440)[index]
        draw.line((x, 50), (x + 26, 50), stroke=colour, width=3)
        draw.text(x + 32, 54, words)
    bottom = TOP
    seen: list[dict[str, float]] = []
    for column, x, edge, chip in (
        (parts.left(board), LEFT_X, LEFT_X + PART_W, CHIP_X),
        (parts.right(board), RIGHT_X, RIGHT_X, CHIP_X + CHIP_W),
    ):
        placed, end = _place(column)
        bottom = max(bottom, end)
        for part, y, rows in placed:
            _part(draw, part, x, y, rows, edge)
            if part.drives:
                _stage(draw, part.drives, rows[0].y)
        here: dict[str, float] = {}
        _wires(draw, board, [row for _, _, rows in placed for row in rows], edge, chip, here)
        seen.append(here)
    used = {signal.pin for signal in board.signals.values()}
    free = [pin for pin in board.chip.unsteady if int(pin) not in used]
    bottom += 18 * len(free)
    _chip(draw, board, seen[0], seen[1], bottom, name)
    for index, pin in enumerate(free):
        words = f"GPIO{pin} stays unconnected"
        draw.text(CHIP_X + CHIP_W / 2, bottom - GAP - 8 - 18 * index, words, size=11, anchor="middle", fill=SAFETY)
    _gas(draw, bottom + 6)
    return draw.render(WIDTH, bottom + GAS_H, title)


def main() -> int:
    """Write wiring.svg into every board folder that has hardware."""
    for source in sorted(BOARDS.glob("*/board.toml")):
        board = load(source.parent)
        if board.chip.name == "virtual":
            continue
        target = source.with_name("wiring.svg")
        target.write_text(draw_board(board))
        print(f"{target.relative_to(BOARDS.parent)}: {len(board.signals)} signals")
    return 0


if __name__ == "__main__":
    sys.exit(main())
