"""report.html: one page with plots, summary and a table of bursts, that needs no network and no other file."""

from html import escape

from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from host_tools.simulator.twin import timeline

NOTICE = "Simulation. The device is not certified and not for treating people; no claim of efficacy is made."
STATE_COLOURS = {
    "STANDBY": "#9aa5b1", "READY": "#d9c27a", "ARMED": "#e0a526", "DELIVERING": "#2f7fc1", "REST": "#8fb8dd",
    "COMPLETE": "#3a9a5b", "FAULT": "#c8372d",
}  # fmt: skip
OTHER_STATE = "#5b6570"
GAS = "rgba(47,127,193,0.22)"

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;background:#f3f5f7;margin:0}
main{max-width:1180px;margin:0 auto;padding:24px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:28px 0 8px}.sub{color:#5b6570;margin:2px 0 16px}
.notice{background:#fff4d6;border-left:4px solid #e0a526;padding:8px 14px;margin:0 0 16px}
.fault{background:#fde8e6;border-left:4px solid #c8372d;padding:8px 14px;margin:0 0 16px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px}
.card{background:#fff;border:1px solid #dde2e7;border-radius:6px;padding:8px 14px}
.card b{display:block;font-size:18px;white-space:nowrap;font-weight:600}.card span{color:#5b6570;font-size:13px}
.box{background:#fff;border:1px solid #dde2e7;border-radius:6px;padding:6px 10px;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:3px 12px;border-bottom:1px solid #eceff2}
th{color:#5b6570;font-weight:500;font-size:13px}th:first-child,td:first-child{text-align:left}
summary{cursor:pointer}
"""
# The page may load no address, whatever the plotting library tries: only code in the page runs.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)


def write(session, description, path):
    """Write the page for a run and its description (session_file.describe)."""
    path.write_text(page(session, description), encoding="utf-8")


def page(session, description):
    """Return the page's HTML."""
    d = description
    plot = figure(session, d).to_html(
        full_html=False, include_plotlyjs=False, include_mathjax=False, div_id="plots",
        config={"displaylogo": False, "responsive": True},
    )  # fmt: skip
    title = f"{d['scenario']}: {d['title']}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body><main>"
        f'<h1>{escape(title)}</h1><p class="sub">{escape(_subtitle(d))}</p><p class="notice">{escape(NOTICE)}</p>'
        f"{_faults(d)}<div class='cards'>{_cards(d)}</div>"
        f"<h2>Course</h2><div class='box'>{plot}</div>"
        f"<h2>Points</h2><div class='box'>{_points(d)}</div>"
        f"<h2>Ice pack</h2><p>An ice pack: {escape(ice_pack_text(d))}</p>"
        f"<h2>Bursts</h2><details class='box'{' open' if len(d['bursts']) <= 20 else ''}>"
        f"<summary>{len(d['bursts'])} bursts, commanded and delivered</summary>{_bursts(d)}</details>"
        f"<h2>About this run</h2><p>{escape(_about(d))}</p></main></body></html>\n"
    )


def ice_pack_text(description):
    """Return how long an ice pack takes to the same target on the same skin, and what that does not mean."""
    d = description
    if d["target_mdegc"] is None:
        return "no target: the device has no such level"
    seconds = d["ice_pack_s"]
    took = "does not reach it within an hour" if seconds is None else f"takes {seconds:.0f} s ({seconds / 60:.0f} min)"
    return (
        f"to {d['target_mdegc'] / 1000:.1f} degC on the same virtual skin it {took}."
        " Fitted to a published curve of a pack of frozen peas;"
        " a comparison of speed of cooling, it says nothing about efficacy."
    )


def _subtitle(d):
    return f"{d['preset']} level {d['level']}, {d['site']}, nozzle at {d['distance_mm']:g} mm"


def _about(d):
    return (
        f"Firmware {d['firmware_version']} under {d['interpreter']} (lane {d['lane']}), seed {d['seed']}. Times are"
        " virtual. Delivered and valve-on time, gas and surface are taken from the simulated plant, not from commands."
    )


def _faults(d):
    rows = [f"<b>{f['code']} {escape(f['name'])}</b> {escape(f['remedy'])}" for f in d["faults"]]
    rows += [f"<b>PROBLEM</b> {escape(problem)}" for problem in d["problems"]]
    if d["refused"]:
        rows.append(f"<b>refused</b> {escape(d['refused'])}")
    return "".join(f"<p class='fault'>{row}</p>" for row in rows)


def _cards(d):
    cards = [
        ("outcome", d["outcome"]),
        ("target reached", "yes" if d["target_reached"] else "no"),
        ("lowest true surface", f"{d['skin_min_mdegc'] / 1000:.2f} °C"),
        ("first burst to end", f"{d['duration_ms'] / 1000:.1f} s"),
        ("bursts", str(len(d["bursts"]))),
        ("gas flowed", f"{d['valve_on_us'] / 1e6:.2f} s"),
        ("gas used", f"{d['gas_g']:.1f} g"),
    ]
    if d["detect_ms"] is not None:
        cards.append((f"event to alarm, {d['detect_allowed_ms']} allowed", f"{d['detect_ms']:.0f} ms"))
    if d["gas_stopped_ms"] is not None:
        cards.append(("event to end of gas", f"{d['gas_stopped_ms']:.0f} ms"))
    return "".join(f"<div class='card'><b>{escape(b)}</b><span>{escape(name)}</span></div>" for name, b in cards)


def _rows(header, rows):
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _points(d):
    return _rows(
        ("point", "ended by", "target", "time s", "passes", "bursts", "valve on s", "lowest surface °C"),
        [
            (
                p["point"], p["reason"], "reached" if p["target_reached"] else "not reached",
                f"{p['duration_ms'] / 1000:.1f}", p["passes"], p["bursts"], f"{p['valve_on_us'] / 1e6:.2f}",
                "-" if p["skin_min_mdegc"] is None else f"{p['skin_min_mdegc'] / 1000:.2f}",
            )
            for p in d["points"]
        ],
    )  # fmt: skip


def _bursts(d):
    first_us = d["bursts"][0]["time_us"] if d["bursts"] else 0
    return _rows(
        ("burst", "point", "s after the first", "commanded ms", "delivered ms", "difference ms"),
        [
            (
                number, b["point"], f"{(b['time_us'] - first_us) / 1e6:.2f}", f"{b['commanded_us'] / 1000:.1f}",
                f"{b['delivered_us'] / 1000:.1f}", f"{(b['delivered_us'] - b['commanded_us']) / 1000:+.1f}",
            )
            for number, b in enumerate(d["bursts"], 1)
        ],
    )  # fmt: skip


# --- the plots --------------------------------------------------------------------------------------------------------
def figure(session, description):
    """Return the plots: temperatures with bursts, distance, bottle, state; s from 5 s before the first arming."""
    from_us = timeline.shown_from_us(session)
    zero_us = timeline.first_armed_us(session) or from_us
    end_us = session.plant.now_us

    def seconds(at_us):
        return round((at_us - zero_us) / 1e6, 3)

    fig = make_subplots(
        rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.045, row_heights=[0.62, 0.13, 0.13, 0.12],
        subplot_titles=("Skin temperature, bands: gas flowing", "Distance", "Bottle pressure", "State of the device"),
    )  # fmt: skip
    samples = timeline.thinned(session, from_us)
    at = [seconds(sample[0]) for sample in samples]
    readings = [row for row in timeline.readings(session.operator.lines) if row[0] >= from_us]
    read_at = [seconds(row[0]) for row in readings]
    lines = (
        ("true surface", at, [round(s[1], 3) for s in samples], "#c8372d", 2.0, "solid", "linear", 1),
        ("probe bead", at, [round(s[2], 3) for s in samples], "#8a5a44", 1.2, "solid", "linear", 1),
        ("device's reading", read_at, [row[1] for row in readings], "#1f2933", 1.4, "solid", "hv", 1),
        ("predicted surface", read_at, [row[2] for row in readings], "#7b3fb5", 1.2, "dot", "linear", 1),
        ("distance mm", at, [round(s[3], 1) for s in samples], "#3a6b5b", 1.4, "solid", "linear", 2),
        ("bottle bar", at, [round(s[4], 2) for s in samples], "#3a6b5b", 1.4, "solid", "linear", 3),
    )
    for name, x, y, colour, width, dash, shape, row in lines:
        fig.add_scatter(
            x=x, y=y, name=name, mode="lines", row=row, col=1, showlegend=row == 1, connectgaps=False,
            line={"color": colour, "width": width, "dash": dash, "shape": shape},
        )  # fmt: skip
    _gas(fig, session, seconds)
    for key, colour in (("target_mdegc", "#3a9a5b"), ("floor_mdegc", "#e07b26")):
        if description[key] is not None:
            value = description[key] / 1000
            fig.add_hline(
                y=value, row=1, col=1, line={"color": colour, "width": 1.2, "dash": "dash"},  # pyright: ignore
                annotation={"text": f"{key.partition('_')[0]} {value:g} °C", "font": {"color": colour}},
                annotation_position="bottom left",
            )  # fmt: skip
    for event_us in session.plant.record.injected_us:
        if event_us >= from_us:
            fig.add_vline(
                x=seconds(event_us), row=1, col=1, line={"color": "#c8372d", "width": 1.2, "dash": "dot"},  # pyright: ignore
                annotation={"text": "event", "font": {"color": "#c8372d"}}, annotation_position="top left",
            )  # fmt: skip
    _states(fig, session, seconds, from_us)
    fig.update_xaxes(range=[seconds(from_us), seconds(end_us)], gridcolor="#e5e9ed")
    fig.update_xaxes(title="s of virtual time after the first arming request", row=4, col=1)
    fig.update_yaxes(gridcolor="#e5e9ed", zeroline=False)
    fig.update_yaxes(title="°C", row=1, col=1, rangemode="tozero")
    fig.update_yaxes(title="mm", row=2, col=1, rangemode="tozero")
    fig.update_yaxes(title="bar", row=3, col=1, rangemode="tozero")
    fig.update_yaxes(visible=False, row=4, col=1)
    fig.update_layout(
        height=850, margin={"l": 60, "r": 45, "t": 90, "b": 50}, barmode="overlay", hovermode="x",
        plot_bgcolor="#ffffff", paper_bgcolor="#ffffff", font={"family": "system-ui, sans-serif", "size": 13},
        legend={"orientation": "h", "x": 0, "y": 1.05, "yanchor": "bottom", "font": {"size": 11}},
        modebar={"orientation": "v"},
    )  # fmt: skip
    return fig


def _gas(fig, session, seconds):
    """Draw each flow of gas as a band behind the temperatures."""
    shapes = [
        {
            "type": "rect", "xref": "x", "yref": "y domain",
            "x0": seconds(since_us), "x1": seconds(to_us), "y0": 0, "y1": 1,
            "fillcolor": GAS, "line": {"width": 0}, "layer": "below",
        }
        for since_us, to_us in timeline.intervals(session.plant.record.edges, "flow", session.plant.now_us)
    ]  # fmt: skip
    fig.update_layout(shapes=shapes)


def _states(fig, session, seconds, from_us):
    """Draw the state as one row of coloured bars."""
    named = set()
    for since_us, to_us, state in timeline.states(session.operator.lines, session.plant.now_us):
        if to_us <= from_us:
            continue
        start = seconds(max(since_us, from_us))
        length = seconds(to_us) - start
        fig.add_bar(
            base=[start], x=[length], y=[""], orientation="h", row=4, col=1, name=state, showlegend=state not in named,
            legendgroup=state, marker={"color": STATE_COLOURS.get(state, OTHER_STATE)},
            hovertemplate=f"{state}<extra></extra>",
        )  # fmt: skip
        named.add(state)
