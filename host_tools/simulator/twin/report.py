"""report.html: one page with plots, summary and a table of bursts, that needs no network and no other file."""

from html import escape

from plotly.subplots import make_subplots

from host_tools.simulator.twin import timeline
from host_tools.toolchain import webpage

NOTICE = "Simulation. The device is not certified and not for treating people; no claim of efficacy is made."
STATE_COLOURS = {
    "STANDBY": "#9aa5b1", "READY": "#d9c27a", "ARMED": "#e0a526", "DELIVERING": "#2f7fc1", "REST": "#8fb8dd",
    "COMPLETE": "#3a9a5b", "FAULT": "#c8372d",
}  # fmt: skip
# A quantity is drawn anew where it has moved by so much: it is drawn to the pixel, and the page stays small.
_STEP_MM = 0.5
_STEP_BAR = 0.05
_SAMPLES_MAX = 6_000
OTHER_STATE = "#5b6570"
GAS = "rgba(47,127,193,0.22)"


def write(session, description, path):
    """Write the page for a run and its description (session_file.describe)."""
    path.write_text(page(session, description), encoding="utf-8")


def page(session, description):
    """Return the page's HTML."""
    d = description
    title = f"{d['scenario']}: {d['title']}"
    open_ = " open" if len(d["bursts"]) <= 20 else ""
    return webpage.document(
        title,
        f'<h1>{escape(title)}</h1><p class="sub">{escape(_subtitle(d))}</p><p class="notice">{escape(NOTICE)}</p>'
        f"{_faults(d)}{webpage.cards(_cards(d))}"
        f"{webpage.section('Course', webpage.plot(figure(session, d), 'plots'))}"
        f"{webpage.section('Points', _points(d))}"
        f"<h2>Ice pack</h2><p>An ice pack: {escape(ice_pack_text(d).replace('degC', '°C'))}</p>"
        f"<h2>Bursts</h2><details class='box'{open_}>"
        f"<summary>{len(d['bursts'])} bursts, commanded and delivered</summary>{_bursts(d)}</details>"
        f"<h2>About this run</h2><p>{escape(_about(d))}</p>",
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
    guided = "" if d["window_mm"] is None else ", then guided to {} to {} mm".format(*d["window_mm"])
    return f"{d['preset']} level {d['level']}, {d['site']}, nozzle at {d['distance_mm']:g} mm{guided}"


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
    return cards


def _points(d):
    return webpage.table(
        ("point", "ended by", "target", "time s", "passes", "bursts", "valve on s", "lowest surface °C"),
        [
            (
                p["point"], p["reason"], "reached" if p["target_reached"] else "not reached",
                f"{p['duration_ms'] / 1000:.1f}", p["passes"], p["bursts"], f"{p['valve_on_us'] / 1e6:.2f}",
                "-" if p["skin_min_mdegc"] is None else f"{p['skin_min_mdegc'] / 1000:.2f}",
            )
            for p in d["points"]
        ],
        none="no point was treated",
    )  # fmt: skip


def _bursts(d):
    first_us = d["bursts"][0]["time_us"] if d["bursts"] else 0
    return webpage.table(
        ("burst", "point", "s after the first", "commanded ms", "delivered ms", "difference ms"),
        [
            (
                number, b["point"], f"{(b['time_us'] - first_us) / 1e6:.2f}", f"{b['commanded_us'] / 1000:.1f}",
                f"{b['delivered_us'] / 1000:.1f}", f"{(b['delivered_us'] - b['commanded_us']) / 1000:+.1f}",
            )
            for number, b in enumerate(d["bursts"], 1)
        ],
        none="no gas was given",
        numbers=True,
    )  # fmt: skip


# --- the plots --------------------------------------------------------------------------------------------------------
def figure(session, description):
    """Return the plots: temperatures with bursts, distance, bottle, state; s from 5 s before the first arming.

    In a run in which nobody asked to arm the seconds count from switch-on, and its last 30 are shown.
    """
    from_us = timeline.shown_from_us(session)
    armed_us = timeline.first_armed_us(session)
    zero_us, zero = (0, "switch-on") if armed_us is None else (armed_us, "the first arming")
    end_us = session.plant.now_us

    def seconds(at_us):
        return round((at_us - zero_us) / 1e6, 3)

    distance = "Distance" if description["window_mm"] is None else "Distance; dashed: where the device guides the hand"
    fig = make_subplots(
        rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.045, row_heights=[0.62, 0.13, 0.13, 0.12],
        subplot_titles=("Skin temperature; blue bands: gas", distance, "Bottle pressure", "State of the device"),
    )  # fmt: skip
    samples = timeline.thinned(session, from_us)
    drawn = _fewer(samples)
    at = [seconds(sample[0]) for sample in drawn]
    readings = [row for row in timeline.readings(session.operator.lines) if row[0] >= from_us]
    read_at = [seconds(row[0]) for row in readings]
    moved = [_moved(samples, column, step) for column, step in ((3, _STEP_MM), (4, _STEP_BAR))]
    lines = (
        ("true surface", at, [round(s[1], 2) for s in drawn], webpage.RED, 2.0, "solid", "linear", 1),
        ("probe bead", at, [round(s[2], 2) for s in drawn], webpage.BROWN, 1.2, "solid", "linear", 1),
        ("device's reading", read_at, [row[1] for row in readings], webpage.GREY, 1.6, "solid", "hv", 1),
        ("predicted surface", read_at, [row[2] for row in readings], webpage.VIOLET, 1.4, "dot", "linear", 1),
        ("distance", [seconds(s[0]) for s in moved[0]], [round(s[3], 1) for s in moved[0]], webpage.TEAL, 1.4,
         "solid", "linear", 2),
        ("bottle", [seconds(s[0]) for s in moved[1]], [round(s[4], 2) for s in moved[1]], webpage.TEAL, 1.4,
         "solid", "linear", 3),
    )  # fmt: skip
    for name, x, y, colour, width, dash, shape, row in lines:
        unit = ("°C", "mm", "bar")[row - 1]
        fig.add_scatter(
            x=x, y=y, name=name, mode="lines", row=row, col=1, connectgaps=False, showlegend=row == 1,
            line={"color": colour, "width": width, "dash": dash, "shape": shape},
            hovertemplate=f"%{{x:.2f}} s: {name} %{{y}} {unit}<extra></extra>",
        )  # fmt: skip
    _gas(fig, session, seconds)
    for key, colour in (("target_mdegc", webpage.GREEN), ("floor_mdegc", webpage.ORANGE)):
        if description[key] is not None:
            value = description[key] / 1000
            name = f"{key.partition('_')[0]} {value:g} °C"
            fig.add_scatter(
                x=[seconds(from_us), seconds(end_us)], y=[value, value], name=name, mode="lines", row=1, col=1,
                line={"color": colour, "width": 1.4, "dash": "dash"}, hovertemplate=f"{name}<extra></extra>",
            )  # fmt: skip
    for edge_mm in description["window_mm"] or ():
        fig.add_scatter(
            x=[seconds(from_us), seconds(end_us)], y=[edge_mm, edge_mm], mode="lines", row=2, col=1, showlegend=False,
            line={"color": webpage.GREEN, "width": 1.2, "dash": "dash"},
            hovertemplate=f"edge of the guidance's window: {edge_mm} mm<extra></extra>",
        )  # fmt: skip
    for event_us in session.plant.record.injected_us:
        if event_us >= from_us:
            fig.add_vline(
                x=seconds(event_us), row=1, col=1, line={"color": webpage.RED, "width": 1.2, "dash": "dot"},  # pyright: ignore
                annotation={"text": "event"}, annotation_position="top left",
            )  # fmt: skip
    _states(fig, session, seconds, from_us)
    fig.update_xaxes(range=[seconds(from_us), seconds(end_us)])
    fig.update_xaxes(title=f"s after {zero}, virtual", row=4, col=1)
    fig.update_yaxes(title="°C", row=1, col=1, rangemode="tozero")
    fig.update_yaxes(title="mm", row=2, col=1, rangemode="tozero")
    fig.update_yaxes(title="bar", row=3, col=1, rangemode="tozero")
    fig.update_yaxes(visible=False, row=4, col=1)
    fig.update_layout(barmode="overlay", hovermode="x")
    return webpage.styled(fig, 820)


def _fewer(samples):
    """Return at most about _SAMPLES_MAX of the samples: of each stretch the coldest and the warmest surface."""
    stretch = -(-2 * len(samples) // _SAMPLES_MAX)
    if stretch <= 2:
        return samples
    out = samples[:1]
    for begin in range(1, len(samples), stretch):
        part = samples[begin : begin + stretch]
        low, high = (pick(part, key=lambda sample: sample[1]) for pick in (min, max))
        out += [low, high] if low[0] < high[0] else [high] if low is high else [high, low]
    return out if out[-1] is samples[-1] else [*out, samples[-1]]


def _moved(samples, column, step):
    """Return the samples at which a quantity has moved by a step since the last one here, and those before them."""
    out = samples[:1]
    for k, sample in enumerate(samples[1:], 1):
        if abs(sample[column] - out[-1][column]) >= step or k == len(samples) - 1:
            if out[-1] is not samples[k - 1]:
                out.append(samples[k - 1])
            out.append(sample)
    return out


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
    for since_us, to_us, state in timeline.states(session.operator.lines, session.plant.now_us):
        if to_us <= from_us:
            continue
        start = seconds(max(since_us, from_us))
        length = seconds(to_us) - start
        fig.add_bar(
            base=[start], x=[length], y=[""], orientation="h", row=4, col=1, name=state,
            marker={"color": STATE_COLOURS.get(state, OTHER_STATE)},
            hovertemplate=f"{state}, {length:.1f} s<extra></extra>",
        )  # fmt: skip
