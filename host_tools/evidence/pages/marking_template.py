"""Draws the marking template in its true size: docs/marking_template.svg, for one sheet of A4.

    python -m host_tools.evidence.pages.marking_template

Its points are in the places that the virtual foot is treated at (host_tools/simulator/twin/foot.py).
"""


from host_tools.places import ROOT
from host_tools.simulator.twin.foot import PITCH_MM, PLACES_MM

FILE = ROOT / "docs/marking_template.svg"
BAR_MM = 50.0  # to measure after printing
HOLE_MM = 3.0  # radius, for a skin marker
_WIDTH_MM, _HEIGHT_MM = 210.0, 297.0
_LEFT_MM, _TOP_MM = 70.0, 75.0
_INK = "#1f2933"


def places() -> list[tuple[float, float]]:
    """Return where each point is on the sheet, mm from its upper left corner, from point 1 on."""
    return [(_LEFT_MM + across, _TOP_MM + along) for across, along in PLACES_MM]


def drawn() -> str:
    """Return the sheet as SVG."""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_MM:g}mm" height="{_HEIGHT_MM:g}mm"'
        f' viewBox="0 0 {_WIDTH_MM:g} {_HEIGHT_MM:g}" font-family="sans-serif" fill="{_INK}" stroke="none">',
        f"<title>Marking template: eight points, each two of them {PITCH_MM:g} mm apart or more</title>",
        f'<rect width="{_WIDTH_MM:g}" height="{_HEIGHT_MM:g}" fill="white"/>',
        _text(20, 24, "Marking template", 7),
        _text(20, 34, "Print at 100 %. Measure the bar: use the sheet only if the bar is 50 mm long.", 4.2),
        f'<rect x="20" y="40" width="{BAR_MM:g}" height="3"/>',
        _text(20 + BAR_MM + 3, 43, f"{BAR_MM:g} mm", 4.2),
        _text(20, 54, "Print it on a transparent sheet. Cut out the circles.", 4.2),
        _text(20, 61, "Lay the sheet flat on the skin, and mark through the circles.", 4.2),
    ]  # fmt: skip
    for number, (x, y) in enumerate(places(), start=1):
        out += [
            f'<circle cx="{x:g}" cy="{y:g}" r="{HOLE_MM:g}" fill="none" stroke="{_INK}" stroke-width="0.4"/>',
            f'<path d="M{x - 6:g} {y:g}h12M{x:g} {y - 6:g}v12" stroke="{_INK}" stroke-width="0.2"/>',
            _text(x + 8, y - 2, str(number), 6),
        ]
    out += [
        _text(20, 235, "Points 1 to 4: wrist, ankle. Points 1 to 6: hand (dorsum, palm), knee, shoulder.", 4.2),
        _text(20, 243, "Points 1 to 8: foot (dorsum, sole), forearm, leg, back. Not on fingers and toes.", 4.2),
        _text(20, 251, "The device is not certified and not for treating people.", 4.2),
        "</svg>",
        "",
    ]
    return "\n".join(out)


def _text(x: float, y: float, words: str, size_mm: float) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size_mm:g}">{words}</text>'


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
    print(f"written: {FILE.relative_to(ROOT)}")
