"""Draws docs/foot.svg: eight points of a foot by the device, and the same foot under an ice pack."""

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from host_tools.evidence.pages.picture import FLOOR, STYLE, SURFACE, TARGET

PACK = "#2f7fc1"
SIZE_IN = (5.4, 5.6)  # as wide as a telephone's page: its letters are not made smaller there
FELL_K = 2.0  # a treatment began
_COLD_C, _WARM_C = 0, 36


def draw(path, title, drawn, target_c, floor_c, ice_s):
    """Write the picture of a run's courses: `drawn` has "points" and "pack", (s, degC) each."""
    with matplotlib.rc_context(STYLE | {"font.size": 10}):  # pyright: ignore[reportArgumentType]
        figure, (device, pack) = plt.subplots(2, 1, figsize=SIZE_IN, sharex=True, sharey=True, layout="constrained")
        for number, course in enumerate(drawn["points"], 1):
            at, degc = _minutes(course), [c for _, c in course]
            device.plot(at, degc, color=SURFACE, lw=0.7, alpha=0.45 + 0.55 * (number % 2))
            fell = next((k for k, c in enumerate(degc) if c < degc[0] - FELL_K), None)
            if fell is not None:
                device.text(at[fell], _WARM_C - 0.5, str(number), color=SURFACE, ha="center", va="top", fontsize=9)
        pack.plot(_minutes(drawn["pack"]), [c for _, c in drawn["pack"]], color=PACK, lw=1.6)
        if ice_s is not None:
            pack.plot([ice_s / 60], [target_c], marker="o", color=PACK, ms=5)
        for axes, name in ((device, "Device: points 1 to 8, each one's surface"), (pack, "Ice pack on the whole foot")):
            axes.set_title(name, loc="left", fontsize=10)
            axes.axhline(target_c, color=TARGET, lw=1.1, ls=(0, (5, 3)))
            axes.set_ylabel("°C", rotation=0, labelpad=10, color="#5b6570")
            axes.grid(axis="y", color="#e9edf0", lw=0.8)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        device.axhline(floor_c, color=FLOOR, lw=1.1, ls=(0, (5, 3)))
        device.text(0, floor_c - 0.8, f"floor {floor_c:g} °C", color=FLOOR, va="top", fontsize=10)
        pack.text(pack.get_xlim()[1], target_c + 0.6, f"target {target_c:g} °C", color=TARGET, ha="right", fontsize=10)
        pack.set_ylim(_COLD_C, _WARM_C)
        pack.set_xlim(left=-0.2)
        pack.set_xlabel("minutes (simulated; no person was treated)", color="#5b6570")
        figure.suptitle(title, x=0.02, ha="left", fontsize=11)
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _minutes(course):
    return [s / 60 for s, _ in course]
