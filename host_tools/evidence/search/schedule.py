"""A schedule: one fault or several, with everything about the run as free variables. Its name describes it completely.

A name is FAULT/normal/SEED/VARIABLE=N,VARIABLE=N: N in thousandths of the variable's range, faults joined by "+". A
variable that is not named has its plain value, so a short name is a run with few parts.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.evidence.campaign import patients, population
from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.patients import RANGES, WALK_MM_S, Patient
from host_tools.evidence.campaign.run import Case, Course, Outcome, levels, run
from host_tools.simulator.twin import timeline

SCALE = 1_000  # a variable's values: 0 to this
HEALTHY = "healthy"  # a row without a fault
KINDS = {"normal": False, "reduced": True}
ANCHORS = ("burst", "pass", "motion", "release", "time", "switch-on")  # from which the first fault's begin counts
BURSTS, PASSES, TIME_S = 36, 5, 45.0  # the last one; a point has fewer
OFFSET_MS = 700.0  # within a burst's cycle
LAG_MS = (-300.0, 700.0)  # from the motion's or the release's beginning to the fault's
GAP_S = 12.0  # from the first fault to the others
SPEED_MM_S = (5.0, WALK_MM_S)
DRIFT_MM, DRIFT_MM_S = 60.0, (0.5, 10.0)  # nearer, slowly, from the first burst on
PAUSE_MS = (50.0, 2_500.0)  # from release to the next press
MOVES_UP_TO, RELEASES_UP_TO = 700, 500  # of move and release: above this the hand stays, or the trigger is held


@dataclass(frozen=True)
class Variable:
    """One free variable: the meaning of its ends, and the plain value (in the same unit)."""

    name: str
    low: float
    high: float
    plain: float
    unit: str = ""
    log: bool = False

    def value(self, chosen: int | None) -> float:
        """Return the value of so many thousandths of the range; None: the plain one."""
        if chosen is None:
            return self.plain
        share = chosen / SCALE
        if self.log:
            return self.low * (self.high / self.low) ** share
        return self.low + share * (self.high - self.low)


_PLAIN = Patient("", 0, 100.0)
# Variables of patient and device, from the one population.
_PATIENT = {
    "epidermis_mm": _PLAIN.layers_mm[0],
    "dermis_mm": _PLAIN.layers_mm[1],
    "fat_mm": _PLAIN.layers_mm[2],
    "conduction": _PLAIN.conduction,
    "perfusion": _PLAIN.perfusion,
    "strength": _PLAIN.strength,
    "probe_tau_s": _PLAIN.probe_tau_s,
    "probe_noise_c": _PLAIN.probe_noise_c,
    "tremor_mm": _PLAIN.tremor_mm,
    "sway_mm": _PLAIN.sway_mm,
    "light_sway": _PLAIN.light_sway,
    "dose_open_ms": _PLAIN.open_ms[0],
    "dose_close_ms": _PLAIN.close_ms[0],
    "shutoff_open_ms": _PLAIN.open_ms[1],
    "shutoff_close_ms": _PLAIN.close_ms[1],
    "distance_mm": _PLAIN.distance_mm,
}
# Variables of the body, from the population's table. Skin of one column, without any of them, is the plain patient.
_BODY = {
    "half_mm": Body.half_mm,
    "probe_off_mm": Body.probe_off_mm,
    "eye_half_mm": Body.eye_half_mm,
    "ambient_c": Body.ambient_c,
    "bottle_c": 20.0,
    "humidity": Body.humidity,
    "box_k": Body.box_k,
    "q10": Body.q10,
    "callus_mm": 1.0,
    "callus_k": 0.12,
    "callus_mj_m3k": 2.9,
    "film_mm": 0.05,
    "film_s": 30.0,
    "baseline_c": 28.0,
    "deep_over_k": 3.0,
}
# A part of the skin and its figures; the skin has it where the part's own variable is in the population's share.
_PARTS = {
    "callus": ("callus_mm", "callus_k", "callus_mj_m3k"),
    "film": ("film_mm", "film_s"),
    "cold": ("baseline_c", "deep_over_k"),
}
_PART_OF = {figure: part for part, figures in _PARTS.items() for figure in figures}
_UNITS = {"mm": "mm", "c": "degC", "s": "s", "ms": "ms", "k": "K"}

def _most(name):
    """Return the upper end of a figure of the body. Operators aim by the lights: a probe farther off is another row."""
    return population.WIDE[name].high * (population.AIMED if name == "probe_off_mm" else 1.0)


_ALWAYS = (
    Variable("level", 0, 1, 1),  # from the warmest floor to the coldest
    Variable("when", 0, 1, 0.5),
    Variable("offset", 0, OFFSET_MS, 0, "ms"),
    Variable("lag", *LAG_MS, 0, "ms"),
    Variable("h", patients.H_MIN, patients.H_MAX, 400.0, "W/m2K", log=True),  # of the jet where the hand moves to
    Variable("speed", *SPEED_MM_S, WALK_MM_S, "mm/s", log=True),
    Variable("move", 0, SCALE, SCALE),
    Variable("release", 0, SCALE, SCALE),
    Variable("pause", *PAUSE_MS, 400.0, "ms", log=True),
    Variable("drift", 0, DRIFT_MM, 0, "mm"),
    Variable("drift_speed", *DRIFT_MM_S, 2.0, "mm/s", log=True),
    Variable("phase", 0, 99.0, 0, "ms"),
    *(Variable(name, *RANGES[name], plain, _UNITS.get(name.split("_")[-1], "")) for name, plain in _PATIENT.items()),
    *(
        Variable(name, population.WIDE[name].low, _most(name), plain, population.WIDE[name].unit)
        for name, plain in _BODY.items()
    ),
    *(Variable(name, 0, 1, 1) for name in _PARTS),
)
_ANCHOR = Variable("anchor", 0, len(ANCHORS), 0)


class _Chosen(random.Random):
    """Takes the place of a generator: gives the chosen shares one after the other, and counts them."""

    def __init__(self, shares):
        super().__init__(0)
        self._shares = list(shares)
        self.asked = 0

    def random(self):
        self.asked += 1
        return self._shares.pop(0) if self._shares else 0.5

    def uniform(self, a, b):
        return a + self.random() * (b - a)

    def randrange(self, start, stop=None, step=1):
        low, high = (0, start) if stop is None else (start, stop)
        return low + step * min(int(self.random() * (high - low) / step), (high - low - 1) // step)


@cache
def _sizes(fault: str) -> int:
    """Return how many figures a fault draws for its size."""
    counting = _Chosen(())
    FAULTS[fault].draw(counting)
    return counting.asked


@dataclass(frozen=True)
class Schedule:
    """What is run: chosen has thousandths by the variable's name."""

    faults: tuple[str, ...]
    reduced: bool
    seed: int
    chosen: Mapping[str, int]

    @property
    def name(self) -> str:
        """The text from which anybody can repeat the run."""
        words = "+".join(self.faults) or HEALTHY
        kind = "reduced" if self.reduced else "normal"
        return f"{words}/{kind}/{self.seed}/" + ",".join(f"{k}={n}" for k, n in self.chosen.items())

    def without(self, *names: str) -> "Schedule":
        """Return the schedule with some variables at their plain values."""
        return Schedule(self.faults, self.reduced, self.seed, {k: n for k, n in self.chosen.items() if k not in names})

    def having(self, more: Mapping[str, int]) -> "Schedule":
        """Return the schedule with other values of some variables."""
        return Schedule(self.faults, self.reduced, self.seed, {**self.chosen, **more})

    def on(self, base: "Schedule") -> "Schedule":
        """Return this fault, with its size and time, and everything else of another schedule."""
        others = {k: n for k, n in base.chosen.items() if not of_the_fault(k)}
        mine = {k: n for k, n in self.chosen.items() if of_the_fault(k) or k not in others}
        return Schedule(self.faults, self.reduced, base.seed, {k: (mine | others)[k] for k in self.chosen})


def late(bursts: int) -> dict[str, int]:
    """Return the variables of a fault that begins with the last of so many bursts."""
    when = (min(max(bursts, 1), BURSTS) - 1) / (BURSTS - 1)
    return {"anchor": by("burst"), "when": round(when * SCALE)}


def by(anchor: str) -> int:
    """Return the value of the variable "anchor" for the event that a fault's begin counts from: its share's middle."""
    return (2 * ANCHORS.index(anchor) + 1) * SCALE // (2 * len(ANCHORS))


def of_the_patient(name: str) -> bool:
    """Return whether a variable is the patient's or the device's own."""
    return name in _PATIENT or of_the_body(name)


def of_the_body(name: str) -> bool:
    """Return whether a variable is of the body or of the room around it."""
    return name in _BODY or name in _PARTS


def of_the_fault(name: str) -> bool:
    """Return whether a variable says how and when a fault happens."""
    return name.startswith(("size", "gap")) or name in ("anchor", "when", "offset", "lag")


@cache
def variables(faults: tuple[str, ...]) -> dict[str, Variable]:
    """Return the free variables of these faults by name."""
    out = list(_ALWAYS)
    for number, fault in enumerate(faults, 1):
        out += [Variable(f"size{number}" + "b" * k, 0, 1, 0.5) for k in range(_sizes(fault))]
        if number > 1:
            out.append(Variable(f"gap{number}", 0, GAP_S, 0, "s"))
    if faults and not FAULTS[faults[0]].fitted:
        out.append(_ANCHOR)
    return {variable.name: variable for variable in out}


def parse(name: str) -> Schedule:
    """Return the schedule of a name. Raises ValueError that says what is wrong with it."""
    how = "write FAULT[+FAULT]/normal|reduced/SEED/VARIABLE=N,..."
    parts = name.split("/")
    if len(parts) != 4 or parts[1] not in KINDS or not parts[2].isdigit():
        raise ValueError(f"schedule {name!r}: {how}")
    faults = () if parts[0] == HEALTHY else tuple(parts[0].split("+"))
    wrong = set(faults) - set(FAULTS)
    if wrong:
        raise ValueError(f"schedule {name!r}: no fault {', '.join(sorted(wrong))}; {how}")
    known = variables(faults)
    chosen = {}
    for text in filter(None, parts[3].split(",")):
        key, _, number = text.partition("=")
        if key not in known or not number.isdigit() or int(number) > SCALE:
            raise ValueError(f"schedule {name!r}: {text!r} is none of {', '.join(known)} with 0 to {SCALE}")
        chosen[key] = int(number)
    return Schedule(faults, KINDS[parts[1]], int(parts[2]), chosen)


@cache
def _levels(reduced: bool) -> list[tuple[str, int]]:
    """Return the levels with normal or with reduced sensation, the one with the coldest floor last."""
    mine = [level for level in levels() if (level[0] != "CHRONIC") == reduced]
    return sorted(mine, key=lambda level: -floor_c(level))


@cache
def floor_c(level: tuple[str, int]) -> float:
    """Return a level's floor, degC."""
    figures = timeline.level_figures(*level)
    return figures[1] if figures else 0.0


class _Plan:
    """A schedule's values, and their effect on patient, hand and faults."""

    def __init__(self, schedule: Schedule):
        self._schedule = schedule
        known = variables(schedule.faults)
        self.v = {name: variable.value(schedule.chosen.get(name)) for name, variable in known.items()}
        self.anchor = ANCHORS[min(int(self.v.get("anchor", 0)), len(ANCHORS) - 1)]
        if schedule.faults and FAULTS[schedule.faults[0]].fitted:
            self.anchor = "switch-on"
        self.offset_us = round(self.v["offset"] * 1000)
        self.lag_us = round(self.v["lag"] * 1000)
        self.burst = 1 + round(self.v["when"] * (BURSTS - 1))
        self.move = self._event("motion", "move", MOVES_UP_TO)
        self.release = self._event("release", "release", RELEASES_UP_TO)

    def _event(self, anchor, name, up_to):
        """Return (burst, offset us) of the hand's motion or release, or None."""
        if self.anchor == anchor:
            return self.burst, self.offset_us
        at = self.v[name]
        return (1 + round(at / up_to * (BURSTS - 1)), self.offset_us) if at <= up_to else None

    def patient(self) -> Patient:
        v = self.v
        among = _levels(self._schedule.reduced)
        preset, level = among[min(int(v["level"] * len(among)), len(among) - 1)]
        moves = None if self.move is None else (round(patients.near_mm(v["h"]), 1), round(v["speed"], 1), *self.move)
        body = self._body()
        tau_s, perfusion = v["probe_tau_s"], v["perfusion"]
        if body and body.film:
            tau_s = self._share_of("film_tau_s", "probe_tau_s", tau_s)
        if body and body.cold:
            perfusion = self._share_of("low_perfusion", "perfusion", perfusion)
        return Patient(
            preset,
            level,
            round(v["distance_mm"], 1),
            strength=round(v["strength"], 3),
            bottle_room_c=round(v["bottle_c"], 1),
            layers_mm=(round(v["epidermis_mm"], 3), round(v["dermis_mm"], 3), round(v["fat_mm"], 3)),
            conduction=round(v["conduction"], 3),
            perfusion=round(perfusion, 2),
            probe_tau_s=round(tau_s, 3),
            probe_noise_c=round(v["probe_noise_c"], 3),
            tremor_mm=round(v["tremor_mm"], 2),
            sway_mm=round(v["sway_mm"], 2),
            light_sway=round(v["light_sway"], 3),
            open_ms=(round(v["dose_open_ms"], 1), round(v["shutoff_open_ms"], 1)),
            close_ms=(round(v["dose_close_ms"], 1), round(v["shutoff_close_ms"], 1)),
            phase_us=round(v["phase"] * 1000),
            moves=moves,
            seed=self._schedule.seed + 1,
            body=body,
        )

    def _share_of(self, figure, name, plain):
        """Return the same share of the range of another figure: wet skin and cold feet have ranges of their own."""
        chosen = self._schedule.chosen.get(name)
        row = population.WIDE[figure]
        return Variable(name, row.low, row.high, min(max(plain, row.low), row.high)).value(chosen)

    def has(self, part: str | None) -> bool:
        """Return whether the skin has this part; None is the skin itself."""
        return part is None or self.v[part] < population.SHARE

    def _body(self):
        """Return the body; None, skin of one column, when no variable of the body is named."""
        if not any(of_the_body(name) for name in self._schedule.chosen):
            return None
        v = {name: round(self.v[name], population.WIDE[name].digits) for name in _BODY}
        parts: dict[str, Any] = {
            part: tuple(v[name] for name in names) for part, names in _PARTS.items() if self.has(part)
        }
        return Body(**{name: v[name] for name in _BODY if name not in _PART_OF and name != "bottle_c"}, **parts)

    def arrange(self, course: Course):
        """Plan hand and faults. The patient's own motion is there already."""
        plant, v = course.plant, self.v
        if v["drift"]:
            to_mm = max(v["distance_mm"] - v["drift"], 5.0)
            plant.on_burst(1, 0, lambda p: p.hand.move(to_mm, v["drift_speed"]))
        if self.release is not None:
            plant.on_burst(*self.release, self._let_go)
        for number, fault in enumerate(self._schedule.faults, 1):
            shares = [v[f"size{number}" + "b" * k] for k in range(_sizes(fault))]
            size, action = FAULTS[fault].draw(_Chosen(shares))
            come = course.coming(action)
            title = f"{fault} {size}".rstrip()
            if number > 1:
                course.texts.append(f"{title} {v[f'gap{number}']:.2f} s later")
                course.after_first(round(v[f"gap{number}"] * 1e6), come)
            else:
                course.texts.append(f"{title} {self._begins(course, come)}")

    def _let_go(self, plant):
        plant.trigger(False)
        plant.at(plant.now_us + self.v["pause"] * 1000, _press_anew)

    def _begins(self, course, come):
        """Plan when the first fault comes; return that as text."""
        plant, offset_us = course.plant, self.offset_us
        if self.anchor == "switch-on":
            plant.at(0, come)
            return "from switch-on"
        if self.anchor in ("pass", "time"):
            number = 1 + round(self.v["when"] * (PASSES - 1)) if self.anchor == "pass" else 1
            after_us = max(self.lag_us, 0) if self.anchor == "pass" else round(self.v["when"] * TIME_S * 1e6)
            course.on_pass.setdefault(number, []).append(lambda p: p.at(p.now_us + after_us, come))
            return f"{after_us / 1e6:.2f} s into pass {number}"
        if self.anchor in ("motion", "release"):
            offset_us = max(0, offset_us + self.lag_us)
        plant.on_burst(self.burst, offset_us, come)
        return f"at burst {self.burst} + {offset_us / 1000:.0f} ms, by the {self.anchor}"


def _press_anew(plant):
    if plant.applicator is not None and not plant.power_off:
        plant.trigger(True)


def simulate(schedule: Schedule, firmware: Path | None = None) -> Outcome:
    """Run a schedule. firmware is the folder to boot from, normally the project's own."""
    plan = _Plan(schedule)
    given = Case(schedule.name, plan.patient(), schedule.faults)
    return run(given, firmware=firmware, arrange=plan.arrange)


def told(schedule: Schedule) -> str:
    """Return the meaning of a schedule's named variables, in words."""
    known = variables(schedule.faults)
    plan = _Plan(schedule)
    words = []
    for name in schedule.chosen:
        variable = known[name]
        if name == "anchor":
            words.append(f"begins by {plan.anchor}")
        elif name in _PARTS:
            words += [name] if plan.has(name) else []
        elif name not in ("move", "release", "level") and plan.has(_PART_OF.get(name)):
            words.append(f"{name} {variable.value(schedule.chosen[name]):.3g} {variable.unit}".rstrip())
    patient = plan.patient()
    return ", ".join([f"{patient.preset} L{patient.level}", *words])
