"""Measures how long a whole foot takes: eight points of one foot by the device, and the same foot under an ice pack.

Each preset's middle level, the guided hand and the operator of the scenario `foot`, in real MicroPython with the
virtual board's display. `make reach` calls it; docs/foot.json has the figures, docs/foot.svg the slowest preset.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from host_tools.evidence.campaign.run import UNDER_FLOOR_C
from host_tools.evidence.pages import foot_picture, tables
from host_tools.evidence.safety.pages import NOT_CERTIFIED, head, line
from host_tools.places import ROOT
from host_tools.simulator.twin import compiled, icepack, session, session_file, timeline
from host_tools.simulator.twin.foot import HALF_MM, NEXT_K, NEXT_MM, PROBE_OFF_MM, Q10, Foot
from host_tools.simulator.twin.people import fields
from host_tools.simulator.twin.scenarios import SCENARIOS

DATA = ROOT / "docs/foot.json"
PICTURE = ROOT / "docs/foot.svg"
TITLE = "## A whole foot, and an ice pack"
FOOT_MAX_S = 480.0  # [E] for eight points
PROCESSES = 2
ROW = SCENARIOS["foot"]
PACK_STEP_S = 5.0


def middle_levels() -> dict[str, int]:
    """Return the middle one of each preset's levels that are not locked; of four, the colder one of the middle two."""
    levels: dict[str, list[int]] = {}
    for preset, level, *_ in tables.levels():
        levels.setdefault(preset, []).append(level)
    return {preset: found[len(found) // 2] for preset, found in levels.items()}


def treated(preset: str, level: int, lane: str = "unix", **plan: Any) -> session.Session:
    """Treat the foot's points."""
    compiled.use()
    return session.run_scenario(ROW, lane, plan=replace(ROW.plan, preset=preset, level=level, **plan))


def told(run: session.Session) -> dict:
    """Return the figures of a run. Seconds count from the first request to arm."""
    d = session_file.describe(run)
    floor_c = d["floor_mdegc"] / 1000
    asked_us = [at for at, command in run.operator.sent if command == "ARM:REQ"]
    ends_us = [at for at, _, state in timeline.states(run.operator.lines, run.plant.now_us) if state == "COMPLETE"]
    skins = run.plant.foot.look()
    places = [place for _, place in run.plant.record.visits]
    points = [
        {
            "point": row["point"],
            "reached": row["target_reached"],
            "reach_s": _reach_s(run, place),
            "lowest_c": round(skins[place].lowest_c, 2),
        }
        for row, place in zip(d["points"], places, strict=False)
    ]
    return {
        "level": d["level"],
        "target_c": d["target_mdegc"] / 1000,
        "floor_c": floor_c,
        "points": points,
        "reached": sum(point["reached"] for point in points),
        "lowest_c": min((point["lowest_c"] for point in points), default=None),
        "foot_s": round((ends_us[-1] - asked_us[0]) / 1e6, 1) if len(ends_us) == len(run.plan.points) else None,
        "waited_s": round(sum(at - end for end, at in zip(ends_us, asked_us[1:], strict=False)) / 1e6, 1),
        "ice_s": d["ice_pack_s"],
        "problems": run.problems() + ([run.refused] if run.refused else []),
        "interpreter": run.interpreter,
    }


def _reach_s(run, place):
    """Return the seconds from a point's first burst to the device's first word that the target is reached, or None."""
    first_us = next((burst.time_us for burst in run.plant.record.bursts if burst.point == place), None)
    number = str(run.plan.points[place])
    for at, text in run.operator.lines:
        if first_us is not None and at > first_us and text.startswith("STATE="):
            said = fields(text)
            if said["POINT"] == number and said["REACHED"] == "1":
                return round((at - first_us) / 1e6, 1)
    return None


def courses(run: session.Session) -> dict:
    """Return what the picture draws: (s, degC) of each point and of the pack, s from the first request to arm."""
    zero_us = timeline.first_armed_us(run) or 0
    end_s = (run.plant.now_us - zero_us) / 1e6
    points = [
        [[round((at - zero_us) / 1e6, 1), round(surface_c, 2)] for at, surface_c in course if at >= zero_us]
        for course in run.plant.foot.courses(500_000)
    ]
    pack = icepack.curve(end_s, PACK_STEP_S, skin=Foot.skin(icepack.STEP_S))
    return {"points": points, "pack": [[s, round(c, 2)] for s, c in pack]}


def one(job: tuple[str, int]) -> tuple[str, dict, dict]:
    """Treat the foot by one preset; return the preset, its figures and its courses."""
    run = treated(*job)
    return job[0], told(run), courses(run)


def slowest(rows: dict[str, dict]) -> str:
    """Return the preset whose foot took longest; one that was not finished counts as the slowest."""
    return max(rows, key=lambda preset: float("inf") if rows[preset]["foot_s"] is None else rows[preset]["foot_s"])


def measured() -> tuple[dict, dict]:
    """Treat a foot by each preset; return foot_s, ice_s and the table, and the courses of the slowest preset."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(one, middle_levels().items()))
    rows = {preset: row for preset, row, _ in found}
    last = slowest(rows)
    figures = {"foot_s": rows[last]["foot_s"], "ice_s": rows[last]["ice_s"], "foot": rows}
    return figures, {preset: drawn for preset, _, drawn in found}[last]


def missed(made: dict) -> list[str]:
    """Return what is not as it must be, a sentence each."""
    found = []
    if made["foot_s"] is None or made["foot_s"] > FOOT_MAX_S:
        found.append(f"a whole foot: {made['foot_s']} s ({slowest(made['foot'])}), goal {FOOT_MAX_S:g}")
    for preset, row in made["foot"].items():
        count = len(ROW.plan.points)
        if row["reached"] < count:
            found.append(f"a whole foot, {preset}: {row['reached']} of {count} points reach their target")
        if row["lowest_c"] is not None and row["lowest_c"] < row["floor_c"] - UNDER_FLOOR_C:
            found.append(f"a whole foot, {preset}: {row['lowest_c']} degC, floor {row['floor_c']:g}")
        found += [f"a whole foot, {preset}: {problem}" for problem in row["problems"]]
    return found


def minutes(seconds: float | None) -> str:
    """Write a time as minutes and seconds."""
    return "no end" if seconds is None else f"{round(seconds) // 60} min {round(seconds) % 60} s"


def sentence(made: dict) -> str:
    """Return what the README says."""
    preset = slowest(made["foot"])
    row = made["foot"][preset]
    return (
        f"Eight points of a foot took {minutes(made['foot_s'])} in the slowest preset, of which"
        f" {minutes(row['waited_s'])} passed between the points; under an ice pack the same foot was at the same"
        f" {row['target_c']:g} degC after {minutes(made['ice_s'])}. Simulated; no person was treated, and nothing here"
        " says that either helps."
    )


def title(made: dict) -> str:
    """Return the picture's title."""
    preset = slowest(made["foot"])
    row = made["foot"][preset]
    points = f"{len(row['points'])} points: {minutes(made['foot_s'])}"
    return f"{preset} level {row['level']}, {points}; ice pack: {minutes(made['ice_s'])}"


def write(made: dict, drawn: dict) -> None:
    """Write the figures, and the picture of the slowest preset's courses."""
    DATA.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    row = made["foot"][slowest(made["foot"])]
    foot_picture.draw(PICTURE, title(made), drawn, row["target_c"], row["floor_c"], row["ice_s"])


def section(made: dict) -> list[str]:
    """Return the lines of docs/reach.md about the foot."""
    plan = ROW.plan
    reaction_s, speed_mm_s = plan.guided or (0.0, 0.0)
    interpreters = {row["interpreter"] for row in made["foot"].values()}
    out = [
        TITLE,
        "",
        f"{len(plan.points)} points of one foot in the places of a template, each preset's middle level, under"
        f" {', '.join(sorted(interpreters))} with the virtual board's display. The hand comes from"
        f" {plan.distance_mm:g} mm to each point as the clicks guide it (it reacts after {reaction_s:g} s, moves at"
        f" {speed_mm_s:g} mm/s); moving the probe to the next point takes {plan.probe_s:g} s. The operator asks which"
        " point may begin first, and arms the moment the device allows it. Each point is a skin of its own, which"
        f" re-warms while others are treated: a jet with half its strength {HALF_MM:g} mm off its axis, the probe"
        f" {PROBE_OFF_MM:g} mm off it, blood flow that falls by {Q10:g} with each 10 K. The ice pack covers the whole"
        " of the same foot.",
        "",
        "![Eight points by the device, and the same foot under an ice pack](foot.svg)",
        "",
        *head(
            "preset", "target, degC", "reached", "foot, s", "of it between points, s", "each point to its target, s",
            "lowest, degC", "floor", "ice pack to the target, s",
        ),
    ]  # fmt: skip
    for preset, row in made["foot"].items():
        each = ", ".join("-" if p["reach_s"] is None else f"{p['reach_s']:.0f}" for p in row["points"])
        times = (row["foot_s"], row["waited_s"], each, row["lowest_c"], f"{row['floor_c']:g}", row["ice_s"])
        reached = f"{row['reached']} of {len(plan.points)}"
        out.append(line(f"{preset} L{row['level']}", f"{row['target_c']:g}", reached, *map(str, times)))
    last = slowest(made["foot"])
    bad = missed(made)
    return [
        *out,
        "",
        "A foot's seconds count from the first request to arm to the end of the last point; a point's from its first"
        f" burst. `foot_s` and `ice_s` of `out/reach.json` are those of the slowest preset, {last}: {made['foot_s']} s"
        f" and {made['ice_s']} s. The pack's contact is fitted to one published curve, on skin of one column whose"
        " blood flow is constant; here it falls, so the pack is sooner than there. Points next to each other on the"
        f" template are {NEXT_MM:g} mm apart and take {NEXT_K:g} degC from each other, which is left out. A comparison"
        " of speed of cooling: it says nothing of a benefit.",
        "",
        f"Simulated; no person was treated. {NOT_CERTIFIED}",
        "",
        f"Missed: {'; '.join(bad)}." if bad else "Its goals are met.",
        "",
    ]
