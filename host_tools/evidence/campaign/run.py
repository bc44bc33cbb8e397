"""Runs a case: the firmware treats a virtual patient (cpython lane). Judges the plant's record."""

import importlib
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

from boards.virtual import pins
from host_tools.evidence.campaign import moments, patients, population
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.play import Case, Course, names, played
from host_tools.evidence.pages import tables
from host_tools.simulator.twin import lanes, timeline
from host_tools.simulator.twin.hardware import NEVER

WEIGHTED = "weighted"  # one fault, drawn from the name: moments.py
# number of faults in a name; wide allows any number, and none
KINDS = {"healthy": 0, "single": 1, "double": 2, "wide": None, "guided": 0, "esp32": 0, "unaimed": 0, WEIGHTED: 0}
NAMES = (
    "write healthy/N, single/FAULT/N, double/FAULT+FAULT/N, weighted/N, guided/N, esp32/N, unaimed/N, wide/N, "
    "wide/FAULTS/N; " + ", ".join(FAULTS)
)
SKIN_MIN_C, SKIN_MIN_REDUCED_C = 0.0, 4.0  # true surface, under any single fault
UNDER_FLOOR_C = 0.5  # true surface under the level's floor, nothing faulty
BURST_MAX_MS, BURST_MAX_REDUCED_MS = 500, 300  # limit 4
ESP32 = {"burst_max_us": 300_000}  # what its board lets one opening last: BURST_LONGEST_US of cryo/valve/esp32_rmt.py
FLOW_MAX_MS = 600  # limit 17: hardware must end an opening by then
CUT_MS = 45  # from the alarm: lease 20, closing delay 25
RELEASE_MS = 55  # from the contact: a tick 10, lease 20, closing delay 25
DOSE_MS = 1  # from the alarm to the end of the dose valve's drive: the cut comes first in the same tick [E]
LEASE_MS = 20  # from the alarm: the lease is not renewed (limit 17)
SELECTS = {pins.NAMES[pin] for pin in pins.CHIP_SELECTS}  # most edges are theirs, and no rule looks at them
PIN_MS = 20  # from the contact's release to the end of the dose valve's drive (limit 16)


@dataclass
class Outcome:
    """The results of a run; temperatures of the true surface in degC, times in ms of virtual time."""

    name: str
    patient: dict
    faults: list[str]  # with size and time
    came: bool  # every fault of the case happened
    state: str
    fault: str | None
    reached: bool
    reach_s: float | None  # from the first burst to the settled sample at or under the target
    reason: str
    lowest_c: float
    floor_c: float
    reduced: bool
    commanded_max_ms: float
    flow_max_ms: float
    detect_ms: float | None  # from the first fault to the alarm; None for a fault that was present at switch-on
    gas_after_alarm_ms: float | None
    dose_after_alarm_ms: float | None  # at the pin: when the lease ends, the gas does not show what the dose valve does
    lease_after_alarm_ms: float | None
    gas_after_fault_ms: float | None  # of a fault that comes in a treatment
    alarm_allowed_ms: int | None  # allowed time for such a fault, if it has a bound
    gas_allowed_ms: int | None
    alarmed: bool
    alarm_withdrawn: bool  # the alarm ended although nobody acknowledged
    gas_after_release_ms: float
    dose_after_release_ms: float
    resets: int
    simulated_s: float
    refused: str | None
    messages: str
    problems: list[str] = field(default_factory=list)
    bursts: int = 0
    weight: float = 1.0  # weight of the run in a rate

    @property
    def under_floor(self) -> bool:
        """True when the skin got colder than the level's floor by more than the twin's error."""
        return self.lowest_c < self.floor_c - UNDER_FLOOR_C

    @property
    def treated(self) -> bool:
        """False when the device gave no burst, and no fault latched; a second point may be refused after the first."""
        return self.bursts > 0 or self.fault is not None

    @property
    def false_trip(self) -> bool:
        """True when a fault latched and the skin kept the floor: without a planned fault nothing was wrong then."""
        return self.fault is not None and not self.under_floor


def case(name: str, settings: dict | None = None) -> Case:
    """Return the case of a name such as healthy/12, single/jet-strong/3, double/dose-open+probe-off/0.

    These are plain patients. A patient of the population (population.py) is wide/12 without a fault,
    wide/jet-strong/3 with one and wide/dose-open+probe-off/0 with two; weighted/12 is one with a fault that the name
    draws; guided/12 is the patient of wide/12 with a guided operator, esp32/12 the same with the ESP32's shorter
    bursts and the nearest level that its board has, unaimed/12 the patient of wide/12 without aiming lights. Raises
    ValueError for another name.
    """
    kind, *rest = name.split("/")
    words = rest[0].split("+") if len(rest) == 2 else []
    if kind not in KINDS or len(rest) not in (1, 2) or not set(words) <= set(FAULTS):
        raise ValueError(NAMES)
    if len(words) != (len(words) if KINDS[kind] is None else KINDS[kind]):
        raise ValueError(NAMES)
    if kind == "esp32":
        patient = case(f"guided/{rest[0]}").patient
        level = max(n for preset, n in _levels_of_the_esp32() if preset == patient.preset and n <= patient.level)
        return Case(name, replace(patient, level=level), (), ESP32 | (settings or {}))
    if kind == "guided":
        patient = population.guided(random.Random(name), case(f"wide/{rest[0]}").patient)
        return Case(name, patient, (), settings or {})
    aims = kind != "unaimed"
    rng = random.Random(name if aims else f"wide/{rest[0]}")
    level = rng.choice(levels())
    if kind == WEIGHTED:
        return _weighted(name, rng, level, settings or {})
    if kind in ("wide", "unaimed"):
        return Case(name, population.draw(rng, level, sound=not words, aims=aims), tuple(words), settings or {})
    return Case(name, patients.draw(rng, level, sound=not words), tuple(words), settings or {})


def _weighted(name, rng, level, settings):
    """Return a case with its weight; its moments are drawn so that the worst is common."""
    fault, weight = moments.drawn_fault(rng)
    at, more = moments.drawn(rng, moments.UNIFORM if FAULTS[fault].fitted else moments.PROPOSAL)
    patient = population.draw(rng, level, sound=False, moves=False)
    moves = (*patients.way(rng), *at.moves) if at.moves else None
    patient = replace(patient, moves=moves, lets_go=at.lets_go)
    return Case(name, patient, (fault,), settings, at, weight * more)


@cache
def levels() -> list[tuple[str, int]]:
    """Return (preset, level) of every level that is not locked."""
    return [row[:2] for row in tables.levels()]


@cache
def _levels_of_the_esp32():
    """Return (preset, level) of every level whose bursts the ESP32's board can give: the device locks the others."""
    with lanes.firmware_imports():
        presets = importlib.import_module("cryo.core.presets")
        caps = {row[presets.NAME]: [at and at[presets.CAP_US] for at in row[presets.LEVELS]] for row in presets.PRESETS}
    return [(preset, n) for preset, n in levels() if caps[preset][n - 1] <= ESP32["burst_max_us"]]


@cache
def _figures(preset, level, firmware):
    return timeline.level_figures(preset, level, firmware) or (0.0, 0.0)


@cache
def baseline_c(reduced):
    """Return the lowest and the highest temperature of skin that may be treated (limits 23 and 9), degC."""
    with lanes.firmware_imports():
        limits = importlib.import_module("cryo.limits")
    end = "_REDUCED_MDEGC" if reduced else "_MDEGC"
    low, high = (getattr(limits, f"BASELINE_{way}{end}") for way in ("MIN", "MAX"))
    return max(low, limits.SAME_POINT_SKIN_MDEGC) / 1000, high / 1000


def run(
    given: Case,
    until_s: float | None = None,
    firmware: Path | None = None,
    arrange: Callable[[Course], None] | None = None,
) -> Outcome:
    """Run a case. until_s ends the run so long after hand or jet changed (enough for a sweep).

    firmware is the folder to boot from, normally the project's own. arrange plans the faults in place of the name.
    """
    this, results, refused, messages = played(given, until_s, firmware, arrange)
    return _judge(given, this, results, refused, messages, firmware)


def named(name: str) -> Outcome:
    """Run the case of a name."""
    return run(case(name))


def _judge(given, this, results, refused, messages, firmware):
    plant, record = this.plant, this.plant.record
    edges = [edge for edge in record.edges if edge[1] not in SELECTS]
    result = results[-1] if results else {}
    alarm_us = next((at for at, name, up in edges if name == "alarm" and up), None)
    flows = timeline.intervals(edges, "flow", plant.now_us)
    from_us = this.came_us[0] if this.came_us else 0
    last = {} if alarm_us is None else timeline.last_after(edges, alarm_us, plant.now_us)
    in_treatment = this.treating and len(given.faults) == 1
    fault = FAULTS[given.faults[0]] if in_treatment else None
    vents = {at for at, _ in record.vents}  # the proof test opens the dose valve while the trigger is released
    dosed = [span for span in timeline.intervals(edges, "dose", plant.now_us) if span[0] not in vents]
    supervisor = plant.applicator.supervisor
    modes, faults = names()
    out = Outcome(
        name=given.name,
        patient=asdict(given.patient),
        faults=this.texts,
        came=len(this.came_us) == len(given.faults),
        state=modes[supervisor.mode],
        fault=faults[supervisor.faults.first],
        reached=result.get("REACHED") == "1",
        reach_s=_reach_s(plant),
        reason=result.get("REASON", "NONE"),
        lowest_c=round(min(plant.skin.lowest_c, record.skin_min_c), 3),
        floor_c=_figures(given.patient.preset, given.patient.level, firmware)[1],
        reduced=given.patient.preset != "CHRONIC",
        commanded_max_ms=max((b.commanded_us for b in record.bursts), default=0) / 1000,
        flow_max_ms=max((to - since for since, to in flows), default=0) / 1000,
        detect_ms=None if alarm_us is None or not from_us else (alarm_us - from_us) / 1000,
        gas_after_alarm_ms=last.get("gas"),
        dose_after_alarm_ms=last.get("dose"),
        lease_after_alarm_ms=last.get("lease"),
        gas_after_fault_ms=timeline.lasted_ms(flows, from_us, plant.now_us) if fault else None,
        alarm_allowed_ms=_alarm_allowed_ms(fault, edges, from_us) if fault else None,
        gas_allowed_ms=fault.gas_ms if fault else None,
        alarmed=alarm_us is not None,
        alarm_withdrawn=timeline.withdrawn(edges) is not None,
        gas_after_release_ms=_after_releases(edges, flows, plant.now_us),
        dose_after_release_ms=_after_releases(edges, dosed, plant.now_us),
        resets=len(record.resets),
        simulated_s=round(plant.now_us / 1e6, 1),
        refused=refused,
        messages=messages,
        bursts=len(record.bursts),
        weight=given.weight,
    )
    out.problems = _problems(out, given, plant.skin.surface_c)
    return out


def _reach_s(plant):
    reached_us, bursts = plant.operator.reached_us, plant.record.bursts
    return round((reached_us - bursts[0].time_us) / 1e6, 2) if reached_us is not None and bursts else None


def _alarm_allowed_ms(fault, edges, came_us):
    """Return how long the fault's alarm may take; None when it has no bound, or the treatment ended earlier."""
    if fault.alarm_ms is None:
        return None
    name = pins.NAMES[pins.TRIGGER]
    released_us = next((at for at, signal, level in edges if signal == name and level and at > came_us), NEVER)
    return None if released_us < came_us + fault.alarm_ms * 1000 else fault.alarm_ms


def _after_releases(edges, spans, end_us):
    """Return the longest time that a span went on after a release of the trigger and before the next press, ms."""
    worst = 0.0
    moves = [(at, level) for at, name, level in edges if name == pins.NAMES[pins.TRIGGER]]
    for k, (at, level) in enumerate(moves):
        if level:
            worst = max(worst, timeline.lasted_ms(spans, at, moves[k + 1][0] if k + 1 < len(moves) else end_us))
    return worst


def _problems(out, given, skin_c=None):
    """Return what was not as it must be; skin_c is the skin's temperature at the end."""
    found = []
    single = len(given.faults) <= 1
    least_c = SKIN_MIN_REDUCED_C if out.reduced else SKIN_MIN_C
    if out.lowest_c < least_c:
        found.append(f"skin {out.lowest_c:.2f} degC, under {least_c:g}")
    if out.commanded_max_ms > (BURST_MAX_REDUCED_MS if out.reduced else BURST_MAX_MS):
        found.append(f"a burst of {out.commanded_max_ms:.0f} ms was ordered")
    if single and out.flow_max_ms > FLOW_MAX_MS:
        found.append(f"gas flowed for {out.flow_max_ms:.0f} ms in one go")
    if single and (out.gas_after_alarm_ms or 0) > CUT_MS:
        found.append(f"gas flowed until {out.gas_after_alarm_ms:.0f} ms after the alarm")
    if single and (out.dose_after_alarm_ms or 0) > DOSE_MS:
        found.append(f"the dose valve was driven until {out.dose_after_alarm_ms:.0f} ms after the alarm")
    if single and (out.lease_after_alarm_ms or 0) > LEASE_MS:
        found.append(f"the lease ran until {out.lease_after_alarm_ms:.0f} ms after the alarm")
    if out.fault and not out.alarmed:
        found.append(f"{out.fault} latched, and there was no alarm")
    if single and out.alarm_withdrawn:
        found.append("the alarm ended, and nobody had acknowledged it")
    for what, took_ms, allowed_ms in (
        ("alarm", out.detect_ms, out.alarm_allowed_ms),
        ("gas flowed until", out.gas_after_fault_ms, out.gas_allowed_ms),
    ):
        if allowed_ms is not None and (took_ms is None or took_ms > allowed_ms):
            found.append(f"{what} {took_ms} ms after the fault, allowed {allowed_ms}")
    if single and out.gas_after_release_ms > RELEASE_MS:
        found.append(f"gas flowed until {out.gas_after_release_ms:.0f} ms after a release")
    if single and not any(FAULTS[name].processor for name in given.faults) and out.dose_after_release_ms > PIN_MS:
        found.append(f"the dose valve was driven until {out.dose_after_release_ms:.0f} ms after a release")
    if out.messages:
        found.append(f"the firmware raised: {out.messages.splitlines()[-1]}")
    if not given.faults and not (given.patient.body and _refused_rightly(out, skin_c)):
        found += _unhealthy(out)
    return found


def _refused_rightly(out, skin_c):
    """Whether the device refused a start because of skin that really is too cold or too warm, or nearly.

    At the edge of the range the skin's reading may leave it after the request, or while the device is armed.
    """
    if out.fault or out.state != "STANDBY":
        return False
    if out.refused and "BASELINE" not in out.refused and "not armed" not in out.refused:
        return False
    low_c, high_c = baseline_c(out.reduced)
    return not low_c + population.SENSED_K <= skin_c <= high_c - population.SENSED_K


def _unhealthy(out):
    if out.false_trip:
        return [f"false trip {out.fault}"]
    if out.under_floor:
        latched = f", until {out.fault} latched" if out.fault else ""
        return [f"skin {out.floor_c - out.lowest_c:.2f} degC under the floor{latched}"]
    if out.state != "COMPLETE":
        return [f"ended in {out.state}, {out.refused or 'not refused'}"]
    body = out.patient["body"] or {}
    thick = ("THICK_SKIN",) if body.get("callus") or body.get("film") else ()
    if not out.reached and out.reason not in ("TIME", "PASSES", "COLD_DOSE", *thick):
        return [f"target missed: {out.reason}"]
    return []
