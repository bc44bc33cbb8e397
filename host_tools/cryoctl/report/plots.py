"""Draws the plots: each point's coldest value and floor, and recorded points over time. They react to the pointer."""

from plotly.graph_objects import Figure
from plotly.subplots import make_subplots

from host_tools.cryoctl.log import Record
from host_tools.cryoctl.report.gather import Course
from host_tools.toolchain import webpage

SKIN, SURFACE, TARGET, FLOOR, GAS = webpage.GREY, webpage.VIOLET, webpage.GREEN, webpage.ORANGE, webpage.BLUE


def _degc(values):
    return [None if value is None else round(value / 1000, 3) for value in values]


def points(records: list[Record]) -> Figure:
    """Return a plot of the coldest skin and predicted surface of each treated point, with its target and floor."""
    x = [str(r.number) for r in records]
    about = [
        f"{r.when or 'date unknown'}<br>{r.preset} level {r.level}, {r.site} point {r.point}<br>"
        f"{r.bursts} bursts, valve on {r.valve_on_ms} ms<br>target {'reached' if r.reached else 'not reached'},"
        f" ended by {r.ended_by}"
        for r in records
    ]
    fig = Figure()
    for name, values, colour, symbol, size in (
        ("target", [r.target_mdegc for r in records], TARGET, "line-ew-open", 16),
        ("floor", [r.floor_mdegc for r in records], FLOOR, "line-ew-open", 16),
        ("coldest predicted surface", [r.coldest_predicted_surface_mdegc for r in records], SURFACE, "diamond-open", 9),
        ("coldest skin", [r.coldest_skin_mdegc for r in records], SKIN, "circle", 9),
    ):
        fig.add_scatter(
            x=x, y=_degc(values), name=name, mode="markers", customdata=about,
            marker={"color": colour, "symbol": symbol, "size": size, "line": {"width": 2, "color": colour}},
            hovertemplate=f"record %{{x}}, {name} %{{y:.2f}} °C<br>%{{customdata}}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title="number of the record", type="category")
    fig.update_yaxes(title="°C")
    return webpage.styled(fig, 420)


MONTHLY = (
    ("points, target reached", TARGET, lambda r: r.kind == "POINT" and bool(r.reached)),
    ("points, target missed", GAS, lambda r: r.kind == "POINT" and not r.reached),
    ("faults", FLOOR, lambda r: r.kind == "FAULT"),
    ("restarts unasked for", SURFACE, lambda r: r.last_run_ended in ("CRASHED", "UNREADABLE")),
)


def by_month(records: list[Record]) -> dict[str, list[Record]]:
    """Return the records by month, yyyy-mm, from the first to the last month. Records without a date are left out."""
    dated = [(r.when[:7], r) for r in records if r.when]
    if not dated:
        return {}
    first, last = min(month for month, _ in dated), max(month for month, _ in dated)
    numbers = range(int(first[:4]) * 12 + int(first[5:]) - 1, int(last[:4]) * 12 + int(last[5:]))
    out: dict[str, list[Record]] = {f"{number // 12}-{number % 12 + 1:02}": [] for number in numbers}
    for month, record in dated:
        out[month].append(record)
    return out


def months(records: list[Record]) -> Figure:
    """Return a plot of each month: points that reached their target or not, faults, unasked restarts."""
    found = by_month(records)
    fig = Figure()
    for name, colour, counts in MONTHLY:
        fig.add_bar(
            x=list(found), y=[sum(map(counts, mine)) for mine in found.values()], name=name,
            marker={"color": colour}, hovertemplate=f"%{{x}}: %{{y}} {name}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="group")
    fig.update_xaxes(type="category")
    fig.update_yaxes(title="number", rangemode="tozero")
    return webpage.styled(fig, 320)


def course(course: Course) -> Figure:
    """Return a plot of one recorded point over time: temperatures with target and floor, and the valve's open time."""
    samples = course.samples
    first_ms = next(sample.t_ms for sample in samples if sample)
    at, last = [], 0.0
    for sample in samples:
        last = last if sample is None else round((sample.t_ms - first_ms) / 1000, 3)
        at.append(last)
    fig = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.74, 0.26])
    shows = [f"{sample.state}, {sample.bursts} bursts" if sample else "" for sample in samples]
    for name, key, colour, dash in (
        ("skin", "skin_mdegc", SKIN, "solid"),
        ("predicted surface", "surface_mdegc", SURFACE, "dot"),
        ("infrared", "infrared_mdegc", webpage.BROWN, "dash"),
    ):
        values = _degc([getattr(sample, key) if sample else None for sample in samples])
        if all(value is None for value in values):
            continue
        fig.add_scatter(
            x=at, y=values, name=name, mode="lines+markers", row=1, col=1, connectgaps=False, customdata=shows,
            line={"color": colour, "dash": dash, "width": 1.6}, marker={"size": 3},
            hovertemplate=f"%{{x:.1f}} s, {name} %{{y:.2f}} °C<br>%{{customdata}}<extra></extra>",
        )  # fmt: skip
    for name, value, colour in (
        ("target", course.choice.target_mdegc, TARGET),
        ("floor", course.choice.floor_mdegc, FLOOR),
    ):
        if value is not None:
            fig.add_scatter(
                x=[at[0], at[-1]], y=_degc([value, value]), name=name, mode="lines", row=1, col=1,
                line={"color": colour, "dash": "dash", "width": 1.4},
                hovertemplate=f"{name} %{{y:.1f}} °C<extra></extra>",
            )  # fmt: skip
    fig.add_bar(
        x=at, y=opened_ms(samples), name="valve on since the last sample", row=2, col=1, marker={"color": GAS},
        customdata=shows, hovertemplate="%{x:.1f} s, valve on %{y:.0f} ms<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    if all(sample is None or sample.on_us is None for sample in samples):
        fig.add_annotation(
            text="not known: telemetry was off, because the recording began while armed", showarrow=False,
            xref="x2 domain", yref="y2 domain", x=0.5, y=0.5,
        )  # fmt: skip
    webpage.styled(fig, 470)
    fig.update_yaxes(title="°C", row=1, col=1)
    fig.update_yaxes(title="ms", row=2, col=1)
    fig.update_xaxes(title="s", row=2, col=1)
    return fig


def opened_ms(samples) -> list[float | None]:
    """Return for each sample how long the valve was open since the previous one, ms; None if not known.

    It is not known without a count, and for the first count after a gap or at the beginning, unless that is 0.
    """
    out: list[float | None] = []
    before = None
    for sample in samples:
        now = sample.on_us if sample else None
        if now is None:
            out.append(None)
        elif before is None:
            out.append(None if now else 0.0)
        elif now < before:  # the count starts again with each point
            out.append(now / 1000)
        else:
            out.append((now - before) / 1000)
        before = now
    return out
