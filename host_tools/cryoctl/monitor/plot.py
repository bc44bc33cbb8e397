"""A curve of the skin's temperature in a terminal: braille dots, the level's temperatures across."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from host_tools.cryoctl.monitor.seen import Point

SPAN_S = 120.0
_LEFT = 13  # cells of the axis
_LEAST_C = 6.0  # of height
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # bits of a cell, by row and column
SKIN, SURFACE = "bold cyan", "magenta"


@dataclass(frozen=True)
class Mark:
    """A temperature, drawn as a line across the plot; `below` is the colour from it down to the next one."""

    name: str
    c: float
    style: str
    below: str = ""


def drawn(width: int, height: int, points: Iterable[Point], marks: list[Mark], span_s: float = SPAN_S) -> Text:
    """Return the picture, `height` lines of `width` cells: skin is a line, predicted surface is single dots."""
    rows, columns = height - 1, width - _LEFT
    if rows < 2 or columns < 4:
        return Text("")
    points = list(points)
    end_s = points[-1].t_s if points else 0.0
    points = [point for point in points if point.t_s > end_s - span_s]
    least_c, most_c = _range([c for p in points for c in (p.skin_c, p.surface_c) if c is not None], marks)
    grids = {SURFACE: _Grid(columns, rows), SKIN: _Grid(columns, rows)}

    def place(t_s, c):
        x = (t_s - (end_s - span_s)) / span_s * (columns * 2 - 1)
        y = (most_c - c) / (most_c - least_c) * (rows * 4 - 1)
        return round(x), round(y)

    before = None
    for point in points:
        if point.surface_c is not None:
            grids[SURFACE].dot(*place(point.t_s, point.surface_c))
        here = None if point.skin_c is None else place(point.t_s, point.skin_c)
        if here:
            grids[SKIN].line(before or here, here)
        before = here
    level_of = {place(end_s, mark.c)[1] // 4: mark for mark in marks}
    out = Text(no_wrap=True, overflow="crop")
    for row in range(rows):
        mark = level_of.get(row)
        c = most_c - (row * 4 + 2) / (rows * 4 - 1) * (most_c - least_c)
        label = f"{mark.name:<7}{mark.c:5.1f} " if mark else f"{c:12.1f} " if row % 3 == 0 else " " * _LEFT
        out.append(label, mark.style if mark else "dim")
        tint = next((f" on {m.below}" for m in sorted(marks, key=lambda m: m.c) if m.below and c <= m.c), "")
        skin, surface = grids[SKIN].cells[row], grids[SURFACE].cells[row]
        empty = mark.style + tint if mark else tint.strip()
        run, style = "", empty
        for column in range(columns):
            bits = skin[column] or surface[column]
            wanted = empty if not bits else (SKIN if skin[column] else SURFACE) + tint
            if wanted != style:
                out.append(run, style)
                run, style = "", wanted
            run += chr(_BRAILLE | bits) if bits else "-" if mark and column % 2 else " "
        out.append(run, style)
        out.append("\n")
    left, right = f"-{span_s:.0f} s", "now"
    out.append(" " * _LEFT + left + right.rjust(columns - len(left)), "dim")
    return out


class _Grid:
    """Dots, in cells of four rows and two columns."""

    def __init__(self, columns, rows):
        self.cells = [[0] * columns for _ in range(rows)]

    def dot(self, x, y):
        """Set one dot; a dot outside the picture is ignored."""
        if 0 <= x < len(self.cells[0]) * 2 and 0 <= y < len(self.cells) * 4:
            self.cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]

    def line(self, start, end):
        """Set all dots between two rows."""
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(steps + 1):
            self.dot(*(round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True)))


def _range(values, marks):
    """Return the axis' ends, degC."""
    values = [*values, *(mark.c for mark in marks)] or [20.0, 36.0]
    least, most = min(values) - 1, max(values) + 1
    middle = (least + most) / 2
    half = max(most - least, _LEAST_C) / 2
    return middle - half, middle + half
