"""Pages of HTML that need no other file and load nothing: for a phone, a desk, the dark, and paper.

What all of them share stands here: frame, style, tables, plots. page.css says what each part looks like, page.js draws
the plots. A page with plots holds plotly.js, in the bundle with lines and bars only, which keeps it below SIZE_MAX.
"""

import functools
from collections.abc import Iterable
from html import escape
from pathlib import Path

from plotly.graph_objects import Figure

from host_tools.places import PLOTLY, REPAIR

SIZE_MAX = 1_500_000  # bytes of a page: it goes by mail, and a phone reads it
HERE = Path(__file__).parent
# No address may be loaded, whatever the plotting library would do: only what stands in the page runs.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
# Colours of lines and marks. Each has a contrast of 3 and more against white and against the dark page (a test asks).
RED, BROWN, GREY, VIOLET, TEAL, GREEN, ORANGE, BLUE = (
    "#d9483d", "#a06f5a", "#6f7d8a", "#9a63d0", "#3f8f78", "#2f9354", "#cf6a1f", "#3585c6",
)  # fmt: skip
COLOURS = (RED, BROWN, GREY, VIOLET, TEAL, GREEN, ORANGE, BLUE)
_WIDE = 6  # columns; a table with more does not fit a tablet
_GRID = "#e1e5ea"  # page.css has the one of the dark page


@functools.cache
def library() -> str:
    """Return plotly.js. Raises FileNotFoundError that says how to get it."""
    try:
        return PLOTLY.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(f"{PLOTLY} is missing, which draws the plots of a page: {REPAIR}") from None


def start(title: str = "") -> str:
    """Return how a page begins whose title begins so."""
    return f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'


def document(title: str, body: str) -> str:
    """Return the page; body is HTML. plotly.js is in it only where the body has a plot."""
    plotted = 'class="chart"' in body
    head = f"<script>{library()}</script>" if plotted else ""
    script = f"<script>{(HERE / 'page.js').read_text(encoding='utf-8')}</script>" if plotted else ""
    return (
        f"{start(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{(HERE / 'page.css').read_text(encoding='utf-8')}</style>{head}</head>"
        f"<body><main>{body}</main>{script}</body></html>\n"
    )


def section(title: str, body: str) -> str:
    """Return a heading with a box under it; body is HTML."""
    return f"<h2>{escape(title)}</h2><div class='box'>{body}</div>"


def cards(pairs: Iterable[tuple[str, str]]) -> str:
    """Return figures side by side: (name, value)."""
    return (
        "<div class='cards'>"
        + "".join(f"<div class='card'><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in pairs)
        + "</div>"
    )


def table(header: Iterable[str], rows: Iterable[Iterable[object]], none: str = "none", numbers: bool = False) -> str:
    """Return a table; a cell that is a tuple is (text, class), an empty one is a dash.

    On a phone each row stands as a list of name and value; with `numbers` it stays a table: short numbers only.
    """
    names = [escape(name) for name in header]
    told = [""] * len(names) if numbers else [f" data-name='{name}'" for name in names]
    body = "".join(
        f"<tr>{''.join(_cell(cell, name) for cell, name in zip(row, told, strict=True))}</tr>" for row in rows
    )
    if not body:
        return f"<p>{escape(none)}</p>"
    head = "".join(f"<th>{name}</th>" for name in names)
    kind = "numbers" if numbers else "rows wide" if len(names) > _WIDE else "rows"
    return f"<table class='{kind}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell, name):
    text, kind = cell if isinstance(cell, tuple) else (cell, "")
    shown = "-" if text in (None, "") else escape(str(text))
    return f"<td{f' class={kind!r}' if kind else ''}{name}>{shown}</td>"


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """Return a table of names and values."""
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<table class='pairs'><tbody>{body}</tbody></table>"


def styled(figure: Figure, height: int) -> Figure:
    """Give a figure what all have: height in CSS pixels, margins, no colour of its own behind it. Returns it.

    The key stands above the figure as HTML: it wraps on a phone, and never covers a title.
    """
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, title_font_size=13)
    figure.update_yaxes(gridcolor=_GRID, zeroline=False, title_font_size=13)
    figure.update_annotations(font={"size": 13})
    figure.update_layout(
        template="none", height=height, margin={"l": 52, "r": 34, "t": 26, "b": 48}, showlegend=False,
        plot_bgcolor="rgba(0,0,0,0)", paper_bgcolor="rgba(0,0,0,0)",
        modebar={"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": BLUE},
        font={"family": "system-ui, sans-serif", "size": 13},
    )  # fmt: skip
    return figure


def plot(figure: Figure, name: str) -> str:
    """Return a figure as HTML, with the key of its lines, marks and bars: each hides and shows what it names.

    What has showlegend False is left out of the key.
    """
    data = str(figure.to_json()).replace("</", "<\\/").replace("<!--", "<\\!--")
    return (
        f"<figure class='plot'><ul class='key' id='{name}-key'>{''.join(_key(figure))}</ul>"
        f'<div class="chart" id="{name}" style="height:{figure.layout.height}px"></div></figure>'  # pyright: ignore
        f"<script type='application/json' id='{name}-data'>{data}</script>"
    )


def _key(figure):
    named = set()
    for trace in figure.data:
        if trace.name in named or not trace.name or trace.showlegend is False:
            continue
        named.add(trace.name)
        text = escape(trace.name)
        yield f"<li><label><input type='checkbox' checked value='{text}'>{_sign(trace)}{text}</label></li>"


def _sign(trace):
    """Return what stands before a name of the key: a piece of what is drawn."""
    if trace.type == "bar":
        return f"<i class='area' style='background:{trace.marker.color}'></i>"
    if trace.mode != "markers":
        return f"<i class='{trace.line.dash or 'solid'}' style='border-color:{trace.line.color}'></i>"
    symbol = trace.marker.symbol or "circle"
    kind = "solid" if symbol.startswith("line") else f"mark {symbol.replace('-', ' ')}"
    return f"<i class='{kind}' style='color:{trace.marker.color}'></i>"
