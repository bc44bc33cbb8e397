"""The certificate of a calibration: one HTML page that loads nothing from outside, or the same as PDF."""

import datetime
import math
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from host_tools.cryoctl import meant
from host_tools.cryoctl.calibration.points import Left, signed
from host_tools.cryoctl.device import Identity
from host_tools.toolchain import webpage

NOT_CERTIFIED = (
    "The device is not certified and not for treating people or animals. This sheet records one calibration and "
    "says nothing else about the device."
)
_TOP, _ROW = 6, 44  # of the plot: above its first row, and each row's height, CSS pixels
_EDGE = 12  # empty space at the plot's sides, percent


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
        """Return name and text of the entries at the head of the certificate."""
        return [
            ("Device", f"CO2 cryotherapy applicator, {self.identity.board}"),
            ("Serial number", self.identity.serial),
            ("Application", self.identity.version),
            ("Calibrated on", str(self.date)),
            ("Due on", str(self.due)),
            ("Technician", self.technician),
            ("Instrument", self.instrument),
            ("Result, as judged by the device", meant.listed(self.results)),
            ("Tool", f"cryoctl {tool_version()}"),
        ]


def tool_version() -> str:
    """Return the version of these tools."""
    try:
        return version("cryo-applicator")
    except PackageNotFoundError:
        return "unknown"


def targets(path: Path) -> list[Path]:
    """Return the files for a certificate's name: .html, .pdf, or both for a name without ending."""
    if path.suffix.lower() in (".html", ".pdf"):
        return [path]
    return [path.with_name(path.name + ".html"), path.with_name(path.name + ".pdf")]


def made(certificate: Certificate, path: Path) -> bytes:
    """Return the content for a file of that name."""
    return pdf(certificate) if path.suffix.lower() == ".pdf" else html(certificate).encode()


# --- plot -------------------------------------------------------------------------------------------------------------
def _scale(left):
    """Return (a function: deviation -> y, 0..1 downward; the accepted bound). The larger of both fills the plot."""
    most = left[0].most
    high = max([most, *(abs(one.deviation) for one in left)]) * 1.15 or 1.0
    return (lambda deviation: 0.5 - deviation / high / 2), most


def svg(left: tuple[Left, ...]) -> str:
    """Return the deviations and the accepted band as an SVG picture: one row for each point, as wide as its place."""
    at, most = _scale(left)
    unit = escape(left[0].unit)
    foot = _TOP + _ROW * len(left)

    def x(deviation):
        return f"{_EDGE + (1 - at(deviation)) * (100 - 2 * _EDGE):.2f}%"

    wide = (at(-most) - at(most)) * (100 - 2 * _EDGE)
    out = [
        f'<svg class="residuals" xmlns="http://www.w3.org/2000/svg" height="{foot + 40}" role="img" '
        f'aria-label="Deviation of each point in {unit}">',
        f'<rect class="band" x="{x(-most)}" y="{_TOP}" width="{wide:.2f}%" height="{foot - _TOP}"></rect>',
    ]
    for value in (-most, 0.0, most):
        dash = "" if value == 0 else ' stroke-dasharray="4 3"'
        said = f"{value:+g}" if value else f"0 {unit}"
        out.append(
            f'<line class="axis" x1="{x(value)}" x2="{x(value)}" y1="{_TOP}" y2="{foot}"{dash}></line>'
            f'<text x="{x(value)}" y="{foot + 18}" text-anchor="middle">{said}</text>'
        )
    for n, one in enumerate(left):
        y = _TOP + _ROW * n
        kind = "within" if abs(one.deviation) <= one.most else "beyond"
        out.append(
            f'<text x="0" y="{y + 14}">{escape(one.label)}</text>'
            f'<text x="100%" y="{y + 14}" text-anchor="end">{signed(one.deviation)} {unit}</text>'
            f'<line class="{kind}" x1="{x(0)}" x2="{x(one.deviation)}" y1="{y + 28}" y2="{y + 28}"></line>'
            f'<circle class="{kind}" cx="{x(one.deviation)}" cy="{y + 28}" r="5"></circle>'
        )
    return "".join(out) + "</svg>"


def html(certificate: Certificate) -> str:
    """Return the page: it has no script and loads nothing."""
    title = _title(certificate)
    few = len(certificate.columns) <= 3
    body = (
        f"<h1>{escape(title)}</h1><div class='box'>{webpage.pairs(certificate.facts())}</div>"
        + webpage.section("Points", webpage.table(certificate.columns, certificate.rows, numbers=few))
        + webpage.section("Deviations, with what is accepted", svg(certificate.left))
        + f"<h2>Accepted when</h2>{_list(certificate.acceptance)}"
        + (f"<h2>Notes</h2>{_list(certificate.notes)}" if certificate.notes else "")
        + f"<p class='fault'>{escape(NOT_CERTIFIED)}</p>"
        + "<p class='sign'><span>Date</span><span>Signature</span></p>"
    )
    return webpage.document(title, body.replace("degC", "°C"))


def _list(lines):
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _title(certificate):
    return f"Calibration certificate: {certificate.title}"


# --- PDF --------------------------------------------------------------------------------------------------------------
def pdf(certificate: Certificate) -> bytes:
    """Return the same as PDF, on one A4 page if it fits."""
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
    for n, one in enumerate(left):
        x, y = x0 + (n + 0.5) / len(left) * wide, y0 + at(one.deviation) * high
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
