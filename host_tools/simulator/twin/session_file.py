"""The files of a run. session.json describes it with the plant's true numbers; the device's own account is separate."""

import json
from importlib import import_module
from itertools import pairwise

from host_tools.simulator.twin import icepack, lanes, report, timeline, trace, trace_view
from host_tools.simulator.twin.people import fields
from host_tools.toolchain import remedies

FORMAT = 1
FIRST = "treatment"  # the files of this scenario lie directly in the common folder


def describe(session):
    """Return a run as a dictionary of plain values; units in the names, times of virtual time.

    bursts, valve_on_us, skin_min_mdegc, gas_g and the points' figures are integrals and extremes of the plant;
    target_reached and each point's reason are the device's own judgement, and `device` is its own account.
    """
    plan = session.plan
    record = session.plant.record
    figures = timeline.level_figures(plan.preset, plan.level)
    points = _points(session)
    foot = session.plant.foot
    ice_s = icepack.seconds_to(figures[0], skin=foot and foot.skin(icepack.STEP_S)) if figures else None
    return {
        "format": FORMAT,
        "simulated": True,
        "scenario": session.scenario.name,
        "title": session.scenario.title,
        "outcome": session.final.get("STATE", "NONE"),
        "refused": session.refused,
        "preset": str(plan.preset).upper(),
        "level": int(plan.level) if str(plan.level).isdigit() else str(plan.level),
        "site": str(plan.site).upper(),
        "distance_mm": plan.distance_mm,
        "window_mm": timeline.window_mm(plan.preset, plan.level) if plan.guided else None,
        "target_mdegc": round(figures[0] * 1000) if figures else None,
        "floor_mdegc": round(figures[1] * 1000) if figures else None,
        "target_reached": len(points) == len(plan.points) and all(point["target_reached"] for point in points),
        "points": points,
        "bursts": [
            {
                "time_us": burst.time_us,
                "point": _point_name(plan, burst.point),
                "commanded_us": burst.commanded_us,
                "delivered_us": burst.delivered_us,
            }
            for burst in record.bursts
        ],
        "skin_min_mdegc": round(record.skin_min_c * 1000),
        "valve_on_us": record.valve_on_us,
        "gas_g": round(timeline.gas_g(session), 3),
        "duration_ms": _duration_ms(session),
        "faults": _faults(session.fault),
        "injected_ms": [at / 1000 for at in record.injected_us],
        "detect_ms": session.detect_ms,
        "detect_allowed_ms": session.scenario.detect_ms,
        "gas_stopped_ms": _gas_stopped_ms(session),
        "resets": [{"time_us": at, "why": why} for at, why in record.resets],
        "problems": session.problems(),
        "ice_pack_s": None if ice_s is None else round(ice_s, 1),
        "firmware_version": session.identity.rpartition(",")[2],
        "interpreter": session.interpreter,
        "lane": session.lane,
        "seed": session.seed,
    }


def write(description, path):
    """Write the dictionary of describe() to a file."""
    path.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def write_all(session, description, out):
    """Write report.html, session.json, trace.vcd and trace.gtkw to out, or to out/<scenario>; return their paths."""
    folder = out if session.scenario.name == FIRST else out / session.scenario.name
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / name for name in ("report.html", "session.json", "trace.vcd", "trace.gtkw")]
    report.write(session, description, files[0])
    write(description, files[1])
    trace.write(session, files[2])
    trace_view.write(session, files[3], files[2])
    return files


def _point_name(plan, index):
    """Return the operator's number of a point."""
    name = plan.points[index]
    return int(name) if str(name).isdigit() else str(name)


def _windows(record):
    """Return [(point, from us, to us)] of each point that was visited, in their order."""
    end = (record.plant.now_us, None)
    return [(point, at, to) for (at, point), (to, _) in pairwise([*record.visits, end])]


def _end_us(edges, from_us, to_us):
    """Return when the indication ended for the last time in a window: nothing is armed after that."""
    falls = [at for at, name, level in edges if name == "led" and not level and from_us <= at <= to_us]
    return falls[-1] if falls else to_us


def _points(session):
    record = session.plant.record
    out = []
    for result, (index, from_us, to_us) in zip(session.results, _windows(record), strict=False):
        bursts = [burst for burst in record.bursts if burst.point == index]
        begin_us = bursts[0].time_us if bursts else to_us
        samples = [sample[1] for sample in record.samples if begin_us <= sample[0] <= to_us]
        out.append(
            {
                "point": _point_name(session.plan, index),
                "reason": result.get("REASON", "NONE"),
                "target_reached": result.get("REACHED") == "1",
                "passes": int(result.get("PASSES", 0)),
                "bursts": len(bursts),
                "valve_on_us": sum(burst.delivered_us for burst in bursts),
                "duration_ms": (_end_us(record.edges, from_us, to_us) - begin_us) / 1000 if bursts else 0,
                "skin_min_mdegc": round(min(samples) * 1000) if samples else None,
                "device": {
                    "bursts": int(result.get("BURSTS", 0)),
                    "valve_on_us": int(result.get("VALVE_ON_US", 0)),
                    "duration_ms": int(result.get("DURATION_MS", 0)),
                },
            }
        )
    return out


def _duration_ms(session):
    """First burst's command to the end of the last point, ms; 0 without a burst."""
    record = session.plant.record
    if not record.bursts:
        return 0
    begin_us = record.bursts[0].time_us
    return (_end_us(record.edges, begin_us, session.plant.now_us) - begin_us) / 1000


def _faults(answer):
    """Return the latched faults of FAULT?'s answer, the first cause first, with codes and remedies."""
    if not answer or answer == "NONE":
        return []
    with lanes.firmware_imports():
        registry = import_module("cryo.core.faults").REGISTRY
    codes = {row[1]: row[0] for row in registry}
    first, also = answer.partition(";")[0].split()[1], fields(answer).get("ALSO", "NONE")
    names = [first, *([] if also == "NONE" else also.split(","))]
    return [{"code": codes[name], "name": name, "remedy": remedies.FAULTS[name]} for name in names]


def _gas_stopped_ms(session):
    """Time from the injected event to the end of the last gas flow, ms; None when nothing had to stop it."""
    record = session.plant.record
    if not record.injected_us or session.final.get("STATE") != "FAULT":
        return None
    begin_us = record.injected_us[-1]
    ends = [at for at, name, level in record.edges if name == "flow" and not level and at >= begin_us]
    if session.plant.flowing():
        return None
    return (ends[-1] - begin_us) / 1000 if ends else 0.0
