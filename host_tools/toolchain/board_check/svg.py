"""Primitives of the wiring diagrams: text, boxes, wires, resistors, contacts, as lines of SVG."""

from __future__ import annotations

from html import escape

INK = "#1c2733"
MUTED = "#5a6775"
SAFETY = "#b3261e"  # nets that can open or close a valve
BUS = "#1f5fa8"
ANALOGUE = "#2b7a3d"


class Drawing:
    """Collects elements; text() and the rest append in drawing order. Units are pixels."""

    def __init__(self) -> None:
        self.items: list[str] = []

    def text(self, x: float, y: float, words: str, *, size=12, anchor="start", bold=False, fill=INK) -> None:
        weight = ' font-weight="700"' if bold else ""
        self.items.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{weight}>'
            f"{escape(words)}</text>"
        )

    def box(self, x: float, y: float, w: float, h: float, *, stroke=INK, fill="#ffffff", dash="") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.items.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="4" fill="{fill}" stroke="{stroke}" '
            f'stroke-width="1.4"{dashed}/>'
        )

    def line(self, *points: tuple[float, float], stroke=INK, width=1.6, dash="") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.items.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'
        )

    def dot(self, x: float, y: float, fill=INK) -> None:
        self.items.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.2" fill="{fill}"/>')

    def arrow(self, x1: float, x2: float, y: float, stroke=INK, width=1.6) -> None:
        """A horizontal line from x1 to x2 with its head at x2."""
        back = -8 if x2 > x1 else 8
        self.line((x1, y), (x2, y), stroke=stroke, width=width)
        self.items.append(f'<path d="M{x2:g},{y:g} l{back},-4 v8 z" fill="{stroke}"/>')

    def resistor_down(self, x: float, y: float, value="10k") -> None:
        """From the wire at y to ground, 24 high."""
        self.dot(x, y)
        self.line((x, y), (x, y + 4), width=1.2)
        self.box(x - 3, y + 4, 6, 11)
        self.line((x, y + 15), (x, y + 19), width=1.2)
        self.line((x - 6, y + 19), (x + 6, y + 19), width=1.4)
        self.line((x - 3, y + 22), (x + 3, y + 22), width=1.4)
        self.text(x + 7, y + 14, value, size=10, fill=MUTED)

    def resistor_up(self, x: float, y: float, value="10k") -> None:
        """From the wire at y to 3.3 V, 22 high."""
        self.dot(x, y)
        self.line((x, y), (x, y - 4), width=1.2)
        self.box(x - 3, y - 15, 6, 11)
        self.line((x, y - 15), (x, y - 19), width=1.2)
        self.line((x - 6, y - 19), (x + 6, y - 19), width=1.4)
        self.text(x + 7, y - 7, value, size=10, fill=MUTED)
        self.text(x + 8, y - 17, "3V3", size=9, fill=MUTED)

    def coil(self, x: float, y: float) -> None:
        """A solenoid with its flyback path (diode and suppressor) beside it, 40 x 50 from its upper left corner."""
        self.line((x + 8, y), (x + 8, y + 12), width=1.3)
        self.box(x, y + 12, 16, 26)
        self.line((x, y + 38), (x + 16, y + 12), width=1.2)
        self.line((x + 8, y + 38), (x + 8, y + 50), width=1.3)
        self.line((x + 8, y + 4), (x + 38, y + 4), (x + 38, y + 46), (x + 8, y + 46), width=1.1)
        self.items.append(f'<path d="M{x + 38:g},{y + 11:g} l-5,8 h10 z" fill="{INK}"/>')
        self.line((x + 32, y + 11), (x + 44, y + 11), width=1.6)
        self.items.append(f'<path d="M{x + 38:g},{y + 37:g} l-5,-8 h10 z" fill="{INK}"/>')
        self.line((x + 31, y + 34), (x + 32, y + 37), (x + 44, y + 37), (x + 45, y + 40), width=1.4)

    def render(self, width: float, height: float, title: str) -> str:
        """The SVG document."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" font-family="Helvetica, Arial, sans-serif" role="img">\n'
            f"<title>{escape(title)}</title>\n"
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n'
        )
        return head + "\n".join(self.items) + "\n</svg>\n"
