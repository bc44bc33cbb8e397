"""Summarises thousands of outcomes for the page: plain values, with the names that run each example again."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict

from host_tools.evidence.campaign import intervals
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.run import SKIN_MIN_C, SKIN_MIN_REDUCED_C, Outcome

EXAMPLES = 5
SPARE_C = (0.0, 4.0, 6.0, 8.0)  # the share of runs with less spare than this is estimated


def least_c(out: Outcome) -> float:
    """Return how cold the true skin may get in this run."""
    return SKIN_MIN_REDUCED_C if out.reduced else SKIN_MIN_C


def spare_c(out: Outcome) -> float:
    """Return by how much the skin stayed above its least allowed temperature; negative: it went below."""
    return round(out.lowest_c - least_c(out), 3)


def too_cold(outs: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes whose skin got too cold, worst first."""
    return sorted((out for out in outs if spare_c(out) < 0), key=spare_c)


def level(out: Outcome) -> str:
    """Return the preset and level of a run."""
    return f"{out.patient['preset']} L{out.patient['level']}"


def short(out: Outcome) -> dict:
    """Return the fields that describe an example."""
    moves = out.patient["moves"]
    return {
        "name": out.name,
        "level": level(out),
        "distance_mm": out.patient["distance_mm"],
        "moves": f"to {moves[0]:g} mm at {moves[1]:g} mm/s from burst {moves[2]}" if moves else "",
        "faults": out.faults,
        "latched": out.fault,
        "lowest_c": out.lowest_c,
        "problems": out.problems,
    }


def healthy(outs: list[Outcome]) -> dict:
    """Return the results of the runs without a fault."""
    levels = {}
    for out in outs:
        row = levels.setdefault(level(out), {"n": 0, "refused": 0, "reached": 0, "room_c": 1e9, "floor_c": out.floor_c})
        row["n"] += 1
        row["refused"] += not out.treated
        row["reached"] += out.reached
        row["room_c"] = min(row["room_c"], round(out.lowest_c - out.floor_c, 2))
    trips = [out for out in outs if out.false_trip]
    return {
        "n": len(outs),
        "refused": sum(not out.treated for out in outs),
        "complete": sum(out.state == "COMPLETE" for out in outs),
        "reached": sum(out.reached for out in outs),
        "reasons": dict(Counter(out.reason for out in outs if out.treated)),
        "false_trips": dict(Counter(out.fault for out in trips)),
        "levels": dict(sorted(levels.items())),
        "problems": [short(out) for out in outs if out.problems],
    }


def single(outs: list[Outcome]) -> dict:
    """Return the results of the runs with one fault, by fault and by level."""
    rows = {}
    for name, fault in FAULTS.items():
        mine = [out for out in outs if out.name.split("/")[1] == name]
        came = [out for out in mine if out.came]
        times = [out.detect_ms for out in came if out.detect_ms is not None and out.detect_ms >= 0]
        rows[name] = {
            "title": fault.title,
            "n": len(mine),
            "came": len(came),
            "latched": dict(Counter(out.fault or out.state for out in came).most_common()),
            "alarm_median_ms": round(statistics.median(times)) if times else None,
            "alarm_max_ms": round(max(times)) if times else None,
            "spare_c": min((spare_c(out) for out in came), default=None),
            "too_cold": len(too_cold(came)),
        }
    levels = {}
    for out in outs:
        row = levels.setdefault(level(out), {"n": 0, "lowest_c": 1e9, "least_c": least_c(out), "too_cold": []})
        row["n"] += 1
        row["lowest_c"] = min(row["lowest_c"], out.lowest_c)
        if spare_c(out) < 0:
            row["too_cold"].append(out.name)
    return {
        "n": len(outs),
        "refused": sum(out.refused is not None for out in outs),
        "came": sum(out.came for out in outs),
        "faults": rows,
        "levels": dict(sorted(levels.items())),
        "flow_max_ms": max((out.flow_max_ms for out in outs), default=0),
        "gas_after_alarm_max_ms": max((out.gas_after_alarm_ms or 0 for out in outs), default=0),
        "gas_after_release_max_ms": max((out.gas_after_release_ms for out in outs), default=0),
        "problems": [short(out) for out in outs if out.problems],
    }


def double(outs: list[Outcome]) -> dict:
    """Return the results of the runs with two faults."""
    cold = too_cold(outs)
    in_pairs = Counter(word for out in cold for word in out.name.split("/")[1].split("+"))
    return {
        "n": len(outs),
        "pairs": len({out.name.split("/")[1] for out in outs}),
        "came": sum(out.came for out in outs),
        "too_cold": len(cold),
        "by_fault": dict(in_pairs.most_common(8)),
        "raised": [short(out) for out in outs if out.messages][:EXAMPLES],
    }


def _events() -> dict[str, Callable[[Outcome], bool]]:
    """Return the events that are counted in runs with one fault: name -> function that says whether it happened."""
    cold = {f"spare under {least:g} degC": lambda out, least=least: spare_c(out) < least for least in SPARE_C}
    return {"not as it must be": lambda out: bool(out.problems)} | cold


def weighted(outs: list[Outcome], plain: list[Outcome]) -> dict:
    """Return how often each event happens with one fault: from weighted runs, and by count of the plain runs."""
    weights = [out.weight for out in outs]
    return {
        "n": len(outs),
        "plain": len(plain),
        "came": sum(out.came for out in outs),
        "faults": dict(Counter(out.faults[0].partition(" ")[0] for out in too_cold(outs)).most_common()),
        "rates": {
            name: {
                "weighted": asdict(intervals.weighted(weights, [event(out) for out in outs])),
                "counted": asdict(intervals.counted(sum(map(event, plain)), len(plain))),
            }
            for name, event in _events().items()
        },
        "worst": [short(out) | {"weight": round(out.weight, 4)} for out in sorted(outs, key=spare_c)[:EXAMPLES]],
        "problems": [short(out) for out in outs if out.problems],
    }
