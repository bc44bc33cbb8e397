"""Draws the documentation's picture of a treatment from a real run of the firmware: docs/treatment.svg.

    python -m host_tools.evidence.pages.picture [file]

The same firmware, plant and seed give the same file, byte by byte.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.patches import Patch

from host_tools.simulator.twin import timeline
from host_tools.simulator.twin.report import OTHER_STATE, STATE_COLOURS
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import Plan

FILE = Path("docs/treatment.svg")
LEAD_US = 2_200_000  # shown before the first burst: armed, light and tone
SURFACE, READING, PREDICTED = "#c8372d", "#1f2933", "#7b3fb5"
TARGET, FLOOR, GAS = "#2c8049", "#c2621a", "#bcd7ee"
STYLE = {
    "svg.hashsalt": "cryo-applicator",  # ids of the file do not change from run to run
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.edgecolor": "#9aa5b1",
    "axes.linewidth": 0.8,
    "xtick.color": "#5b6570",
    "ytick.color": "#5b6570",
    "path.simplify_threshold": 0.3,
}


def draw(path, session=None):
    """Write the picture of a one-point run (by default a new one) as SVG."""
    session = session or run("treatment", "cpython", plan=Plan(points=(1,), warm_up=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        figure = _figure(session)
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _figure(session):
    plan = session.plan
    record = session.plant.record
    zero_us = record.bursts[0].time_us
    from_us = zero_us - LEAD_US
    end_us = session.plant.now_us

    def seconds(at_us):
        return (at_us - zero_us) / 1e6

    samples = [s for s in timeline.thinned(session, from_us, 200_000) if s[5] or s[0] % 40_000 == 0]
    readings = [row for row in timeline.readings(session.operator.lines) if row[0] >= from_us][::3]
    figure, (main, bar) = plt.subplots(
        2, 1, figsize=(10, 5.2), sharex=True, height_ratios=(12, 1), layout="constrained"
    )
    flows = timeline.intervals(record.edges, "flow", end_us)
    main.broken_barh([(seconds(a), (b - a) / 1e6) for a, b in flows], (0, 1.6), color=GAS, linewidth=0)
    main.text(seconds(from_us) + 0.3, 0.8, "gas", color="#4d7ea8", va="center", fontsize=10)
    at = [seconds(s[0]) for s in samples]
    read_at = [seconds(row[0]) for row in readings]
    main.plot(at, [s[1] for s in samples], color=SURFACE, lw=1.1, label="skin surface (true)")
    dashes = (0, (2, 1))
    main.plot(
        read_at, [_value(r[2]) for r in readings], color=PREDICTED, lw=1.0, ls=dashes, label="predicted by the firmware"
    )
    main.step(read_at, [_value(r[1]) for r in readings], color=READING, lw=1.0, where="post", label="device's reading")
    figures = timeline.level_figures(plan.preset, plan.level)
    if figures:
        for value, name, colour in zip(figures, ("target", "floor"), (TARGET, FLOOR), strict=True):
            main.axhline(value, color=colour, lw=1.1, ls=(0, (5, 3)))
            main.text(seconds(from_us) + 0.3, value - 0.25, f"{name} {value:g} °C", color=colour, va="top", fontsize=10)
    main.set_ylim(0, 36)
    main.set_xlim(seconds(from_us), seconds(end_us))
    main.set_ylabel("°C", rotation=0, labelpad=12, color="#5b6570")
    main.grid(axis="y", color="#e9edf0", lw=0.8)
    main.set_axisbelow(True)
    main.legend(loc="upper right", frameon=False, ncols=3, fontsize=10)
    title = f"One point, {plan.preset.lower()} level {plan.level}, nozzle at {plan.distance_mm:g} mm (simulation)"
    main.set_title(title, loc="left", fontsize=12)
    _states(bar, session, from_us, seconds)
    for axes in (main, bar):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _states(bar, session, from_us, seconds):
    shown = {}
    for since_us, to_us, state in timeline.states(session.operator.lines, session.plant.now_us):
        if to_us > from_us:
            start_us = max(since_us, from_us)
            shown[state] = STATE_COLOURS.get(state, OTHER_STATE)
            bar.broken_barh([(seconds(start_us), (to_us - start_us) / 1e6)], (0, 1), color=shown[state], linewidth=0)
    bar.set_ylim(0, 1)
    bar.set_yticks([])
    bar.spines["left"].set_visible(False)
    bar.set_xlabel("s after the first burst", color="#5b6570")
    bar.legend(
        handles=[Patch(color=colour, label=state) for state, colour in shown.items()],
        loc="upper center", bbox_to_anchor=(0.5, -1.6), ncols=len(shown), frameon=False, fontsize=10,
    )  # fmt: skip


def _value(celsius):
    return float("nan") if celsius is None else celsius


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
