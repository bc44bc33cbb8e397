"""The certificate of a calibration: one HTML page without anything outside it, or the same as PDF."""

import datetime
import math
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from host_tools.cryoctl.calibration.points import Left, signed
from host_tools.cryoctl.device import Identity

NOT_CERTIFIED = (
    "The device is not certified and not for treating people or animals. This sheet records one calibration and "
    "says nothing else about the device."
)
_WIDTH, _HEIGHT, _EDGE = 640, 220, 46


@dataclass(frozen=True)
class Certificate:
    """The contents of a certificate. results: the device's judgement; notes: sentences on how it was measured."""

    title: str
    identity: Identity
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[Left, ...]
    results: dict[str, int]
    acceptance: tuple[str, ...]
    date: datetime.date
    due: datetime.date
    technician: str
    instrument: str
    notes: tuple[str, ...] = field(default=())

    def facts(self) -> list[tuple[str, str]]:
        """Return name and text of the entries at its head."""
        return [
            ("Device", f"CO2 cryotherapy applicator, {self.identity.board}"),
            ("Serial number", self.identity.serial),
            ("Application", self.identity.version),
            ("Calibrated on", str(self.date)),
            ("Due on", str(self.due)),
            ("Technician", self.technician),
            ("Instrument", self.instrument),
            ("Result, as judged by the device", ", ".join(f"{name} = {value}" for name, value in self.results.items())),
            ("Tool", f"cryoctl {tool_version()}"),
        ]


def tool_version() -> str:
    """Return the version of these tools."""
    try:
        return version("cryo-applicator")
    except PackageNotFoundError:
        return "unknown"


def targets(path: Path) -> list[Path]:
    """Return the files of a certificate's name: .html, .pdf, or both for a name without ending."""
    if path.suffix.lower() in (".html", ".pdf"):
        return [path]
    return [path.with_name(path.name + ".html"), path.with_name(path.name + ".pdf")]


def made(certificate: Certificate, path: Path) -> bytes:
    """Return the content for a file of that name."""
    return pdf(certificate) if path.suffix.lower() == ".pdf" else html(certificate).encode()


# --- plot -------------------------------------------------------------------------------------------------------------
def _scale(left):
    """Return (y of a deviation 0..1 downward, the accepted bound): the plot's height is the larger of both."""
    most = left[0].most
    high = max([most, *(abs(one.deviation) for one in left)]) * 1.15 or 1.0
    return (lambda deviation: 0.5 - deviation / high / 2), most


def _places(left):
    return [(n + 0.5) / len(left) for n in range(len(left))]


def svg(left: tuple[Left, ...]) -> str:
    """Return the deviations with the band that is accepted, as an SVG picture."""
    at, most = _scale(left)
    wide, high = _WIDTH - 2 * _EDGE, _HEIGHT - _EDGE
    unit = escape(left[0].unit)

    def y(deviation):
        return round(10 + at(deviation) * (high - 10), 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Deviation of each point in {unit}">',
        f'<rect x="{_EDGE}" y="{y(most)}" width="{wide}" height="{y(-most) - y(most):.1f}" fill="#e3f1e3"/>',
    ]
    for value in (most, 0.0, -most):
        out.append(
            f'<line x1="{_EDGE}" x2="{_EDGE + wide}" y1="{y(value)}" y2="{y(value)}" stroke="#888" '
            f'stroke-dasharray="{"none" if value == 0 else "4 3"}"/>'
            f'<text x="{_EDGE - 5}" y="{y(value) + 4}" text-anchor="end">{value:g}</text>'
        )
    out.append(f'<text x="{_EDGE + wide + 5}" y="{y(0) + 4}">{unit}</text>')
    for one, place in zip(left, _places(left), strict=True):
        x = round(_EDGE + place * wide, 1)
        color = "#1f6fb2" if abs(one.deviation) <= one.most else "#b22222"
        out.append(
            f'<line x1="{x}" x2="{x}" y1="{y(0)}" y2="{y(one.deviation)}" stroke="{color}"/>'
            f'<circle cx="{x}" cy="{y(one.deviation)}" r="4" fill="{color}">'
            f"<title>{escape(one.label)}: {signed(one.deviation)} {unit}</title></circle>"
            f'<text x="{x}" y="{_HEIGHT - 16}" text-anchor="middle">{escape(one.label)}</text>'
        )
    return "".join(out) + "</svg>"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 11pt/1.45 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #111 }}
h1 {{ font-size: 1.5em }} h2 {{ font-size: 1.1em; margin-top: 1.6em }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .25em .6em; border-bottom: 1px solid #ccc; vertical-align: top }}
thead th {{ text-align: right }} td.n {{ text-align: right; font-variant-numeric: tabular-nums }}
svg {{ width: 100%; height: auto; font: 11px system-ui, sans-serif }}
.warning {{ border: 2px solid #b22222; padding: .6em .8em; margin-top: 1.6em }}
.sign {{ margin-top: 3em; display: flex; gap: 4em }} .sign span {{ border-top: 1px solid #111; width: 16em }}
@media print {{ @page {{ size: A4; margin: 18mm }} body {{ margin: 0; max-width: none }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>{facts}</table>
<h2>Points</h2>
<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>
<h2>Deviations, with what is accepted</h2>
{plot}
<h2>Accepted when</h2>
<ul>{acceptance}</ul>
{notes}
<p class="warning">{warning}</p>
<div class="sign"><span>Date</span><span>Signature</span></div>
</body>
</html>
"""


def html(certificate: Certificate) -> str:
    """Return the page: no script, nothing loaded from anywhere, made for printing."""
    rows = ["".join(f'<td class="n">{escape(cell)}</td>' for cell in row) for row in certificate.rows]
    notes = "".join(f"<li>{escape(note)}</li>" for note in certificate.notes)
    return _PAGE.format(
        title=escape(_title(certificate)),
        facts="".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in certificate.facts()),
        heads="".join(f"<th>{escape(name)}</th>" for name in certificate.columns),
        rows="".join(f"<tr>{row}</tr>" for row in rows),
        plot=svg(certificate.left),
        acceptance="".join(f"<li>{escape(line)}</li>" for line in certificate.acceptance),
        notes=f"<h2>Notes</h2><ul>{notes}</ul>" if notes else "",
        warning=escape(NOT_CERTIFIED),
    )


def _title(certificate):
    return f"Calibration certificate: {certificate.title}"


# --- PDF --------------------------------------------------------------------------------------------------------------
def pdf(certificate: Certificate) -> bytes:
    """Return the same as PDF, one A4 page where it fits."""
    from fpdf import FPDF

    page = FPDF(format="A4")
    page.set_title(_title(certificate))
    page.set_creator(f"cryoctl {tool_version()}")
    page.set_auto_page_break(True, 15)
    page.add_page()

    def text(words, size=10.0, style="", gap=0.0):
        page.ln(gap)
        page.set_font("helvetica", style, size)
        page.multi_cell(0, size * 0.5, _latin(words), new_x="LMARGIN", new_y="NEXT")

    text(_title(certificate), 16, "B")
    page.ln(2)
    page.set_font("helvetica", size=9)
    with page.table(col_widths=(1, 2), first_row_as_headings=False, borders_layout="HORIZONTAL_LINES") as table:
        for pair in certificate.facts():
            table.row([_latin(cell) for cell in pair])
    text("Points", 12, "B", 3)
    page.set_font("helvetica", size=9)
    with page.table(borders_layout="HORIZONTAL_LINES", text_align="RIGHT") as table:
        for row in (certificate.columns, *certificate.rows):
            table.row([_latin(cell) for cell in row])
    text("Deviations, with what is accepted", 12, "B", 3)
    _plot(page, certificate.left)
    text("Accepted when", 12, "B", 2)
    for line in certificate.acceptance:
        text(f"- {line}", 9)
    if certificate.notes:
        text("Notes", 12, "B", 2)
        for line in certificate.notes:
            text(f"- {line}", 9)
    text(NOT_CERTIFIED, 10, "B", 4)
    text("Date ____________________     Signature ______________________________", 10, "", 10)
    return bytes(page.output())


def _plot(page, left):
    at, most = _scale(left)
    if page.will_page_break(52):
        page.add_page()
    x0, y0, wide, high = page.l_margin + 16, page.get_y() + 2, page.epw - 32, 42
    page.set_font("helvetica", size=8)
    page.set_fill_color(227, 241, 227)
    page.rect(x0, y0 + at(most) * high, wide, (at(-most) - at(most)) * high, style="F")
    page.set_draw_color(136)
    for value in (most, 0.0, -most):
        y = y0 + at(value) * high
        page.line(x0, y, x0 + wide, y)
        page.text(x0 - 14, y + 1, f"{value:g}")
    page.text(x0 + wide + 2, y0 + at(0) * high + 1, _latin(left[0].unit))
    for one, place in zip(left, _places(left), strict=True):
        x, y = x0 + place * wide, y0 + at(one.deviation) * high
        color = (31, 111, 178) if math.fabs(one.deviation) <= one.most else (178, 34, 34)
        page.set_draw_color(*color)
        page.set_fill_color(*color)
        page.line(x, y0 + at(0) * high, x, y)
        page.circle(x=x, y=y, radius=1, style="F")
        page.text(x - page.get_string_width(one.label) / 2, y0 + high + 5, _latin(one.label))
    page.set_draw_color(0)
    page.set_y(y0 + high + 8)


def _latin(text):
    return text.encode("latin-1", "replace").decode("latin-1")
