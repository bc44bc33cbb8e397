"""The population: virtual patients with all kinds of skin, also callus, moist and cold skin.

A patient of it has a body in addition to what patients.py draws: a jet of finite radius over skin with a radius, the
probe off its axis, another room. Reach, search and campaign draw from it; docs/population.md has its ranges.
"""

import math
import random
from dataclasses import dataclass, replace
from functools import partial

from host_tools.evidence.campaign import patients
from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.patients import Patient
from host_tools.simulator.twin.bottle import saturation_bar
from host_tools.simulator.twin.jet import REFERENCE_H_W_M2K, REFERENCE_MM, h_at


@dataclass(frozen=True)
class Range:
    """The range from which a figure is drawn, evenly; what the figure is; the basis of the range."""

    low: float
    high: float
    unit: str
    what: str
    basis: str
    digits: int = 2


WIDE = {
    "half_mm": Range(7, 14, "mm", "radius at which the jet's coefficient is half that on its axis, at 100 mm; it grows "
                     "with the distance", "[K] free jets: a tenth of the distance; [E] a diffuser adds to it", 1),
    "probe_off_mm": Range(0, 8, "mm", "the probe off the jet's axis without aiming lights: as two errors of 3 mm"
                          " each, cut off at 8", "[E] hand and tape"),
    "eye_half_mm": Range(4, 8, "mm", "radius at which the infrared sensor sees half as well", "[K] 5 degree field", 1),
    "ambient_c": Range(10, 30, "degC", "the room", "[E] from an unheated to a hot one", 1),
    "bottle_c": Range(5, 28, "degC", "the bottle, which may come from elsewhere", "[C] 40 to 69 bar; 70 is refused", 1),
    "humidity": Range(0.2, 0.8, "", "relative, of the room's air", "[K]"),
    "box_k": Range(1, 6, "K", "the converters' box over the room", "[E]", 1),
    "q10": Range(1.0, 3.0, "", "blood flow falls by it with each 10 K of the dermis", "[K] 2 in models of the body"),
    "callus_mm": Range(0.6, 1.5, "mm", "callus, on one in four", "[E] soles"),
    "callus_k": Range(0.10, 0.15, "W/mK", "its conductivity", "[C] first bursts answer 1.3 to 2 times as much", 3),
    "callus_mj_m3k": Range(2.2, 3.6, "MJ/m3K", "its heat capacity", "[C] as its conductivity"),
    "film_mm": Range(0.02, 0.10, "mm", "water on the skin, on one in four", "[E] washed and dabbed, or sweat", 3),
    "film_s": Range(10, 180, "s", "how long it has lain there", "[E]", 0),
    "film_tau_s": Range(0.05, 0.20, "s", "lag of a probe in water", "[S] 0.02 s in water, 0.25 s in air"),
    "low_perfusion": Range(0.0, 0.15, "", "share of the usual blood flow, of one in four", "[E] near none"),
    "baseline_c": Range(24, 30, "degC", "what such skin has when its sock comes off", "[E] cold feet", 1),
    "deep_over_k": Range(1, 6, "K", "such a foot's depth over its skin", "[E]", 1),
    "next_point_k": Range(0, 5, "K", "another point of the site, colder by it: one patient in six has two points",
                          "[E]", 1),
    "moves_in_mm": Range(130, 180, "mm", "where the hand is that still moves in, as one in four does", "[E]", 1),
    "moves_in_mm_s": Range(20, 150, "mm/s", "its speed", "[E] an unhurried hand", 0),
    "drift_mm": Range(5, 20, "mm", "how far a hand drifts, as one in four does, within 80 to 130 mm", "[E]", 1),
    "drift_mm_s": Range(0.3, 3.0, "mm/s", "its speed", "[E]", 1),
}  # fmt: skip
REACTION_S = (0.25, 0.4)  # [K] of a person, to a tone
FOLLOWS_MM_S = (8.0, 20.0)  # [E] of a hand that follows the guidance
IGNORES = 0.05  # [E] share of the operators who do not follow it
AIMED = 0.4  # [E] of the probe's distance from the axis, where two aiming lights meet on the probe
SHARE = 0.25  # [E] share of the patients with callus; the same share has wet skin, and the same very little blood flow
TWO_POINTS = 1 / 6
PROBE_OFF_SD_MM = 3.0
HAND_MM = (80.0, 130.0)
JET_MIN = 0.95  # relative strength of the jet for which the levels are made; a weaker one is a kind of its own
SENSED_K = 2.5  # [E] largest error of a reading of skin at rest: probe off the axis, and its own error
MEANT = "as meant"  # skin and jet for which the levels are made
KINDS = (MEANT, "callus", "water film", "low perfusion", "weak jet", "reduced")
_PARTS = {"callus": "callus", "water film": "film", "low perfusion": "cold"}
# Meaning and basis of the figures that patients.py draws; its ranges are there.
_MORE = {
    "distance_mm": ("mm", "where the treatment starts; without a fault 85 to 130", "[E]"),
    "strength": ("", "of the jet, over its calibration at 57.3 bar", "[E] 10 % of a calibration"),
    "epidermis_mm": ("mm", "its thickness; without a fault 0.06 to 0.15", "[K] soles are the thickest"),
    "dermis_mm": ("mm", "its thickness; without a fault 1 to 2", "[K]"),
    "fat_mm": ("mm", "its thickness; without a fault 3 to 12", "[K]"),
    "conduction": ("", "of heat, over the usual", "[E]"),
    "perfusion": ("", "flow of blood, over the usual", "[E]"),
    "probe_tau_s": ("s", "the probe's lag; without a fault 0.2 to 0.3", "[S] 0.25 for 40 AWG in air"),
    "probe_noise_c": ("degC", "the probe's noise, beside the converter's 0.05", "[E]"),
    "tremor_mm": ("mm", "of the hand", "[E]"),
    "sway_mm": ("mm", "of the hand", "[E]"),
    "dose_open_ms": ("ms", "delay of the dose valve", "[S] valves: 5 to 25"),
    "dose_close_ms": ("ms", "delay of the dose valve", "[S] valves: 5 to 25"),
    "shutoff_open_ms": ("ms", "delay of the shut-off valve", "[S] valves: 5 to 25"),
    "shutoff_close_ms": ("ms", "delay of the shut-off valve", "[S] valves: 5 to 25"),
    "light_sway": ("", "sway of the light that the distance sensor gets back", "[E]"),
}


def within(rng: random.Random, name: str) -> float:
    """Draw one figure of the table."""
    row = WIDE[name]
    return round(rng.uniform(row.low, row.high), row.digits)


def draw_body(rng: random.Random) -> Body:
    """Draw a body of the population."""
    some = partial(within, rng)
    off_mm = math.hypot(rng.gauss(0.0, PROBE_OFF_SD_MM), rng.gauss(0.0, PROBE_OFF_SD_MM))
    while off_mm > WIDE["probe_off_mm"].high:
        off_mm = math.hypot(rng.gauss(0.0, PROBE_OFF_SD_MM), rng.gauss(0.0, PROBE_OFF_SD_MM))
    has = [rng.random() < SHARE for _ in range(3)]
    return Body(
        probe_off_mm=round(off_mm, 2),
        **{name: some(name) for name in ("half_mm", "eye_half_mm", "ambient_c", "humidity", "box_k", "q10")},
        callus=(some("callus_mm"), some("callus_k"), some("callus_mj_m3k")) if has[0] else None,
        film=(some("film_mm"), some("film_s")) if has[1] else None,
        cold=(some("baseline_c"), some("deep_over_k")) if has[2] else None,
        next_point_k=some("next_point_k") if rng.random() < TWO_POINTS else None,
    )


def draw(
    rng: random.Random, level: tuple[str, int], *, sound: bool, moves: bool = True, aims: bool = True
) -> Patient:
    """Draw a patient of the population: a patient of patients.draw with a body. Each name gives another draw.

    aims: two lights meet on the probe, and the operator aims by them.
    """
    plain = patients.draw(rng, level, sound=sound, moves=moves)
    body = draw_body(rng)
    if aims:
        body = replace(body, probe_off_mm=round(body.probe_off_mm * AIMED, 2))
    some = partial(within, rng)
    more = {"body": body, "bottle_room_c": some("bottle_c")}
    if body.film:
        more["probe_tau_s"] = some("film_tau_s")
    if body.cold:
        more["perfusion"] = some("low_perfusion")
    if sound:
        more |= _hand(rng, plain.distance_mm)
    return replace(plain, **more)


def guided(rng: random.Random, patient: Patient) -> Patient:
    """Return the same patient with an operator who follows the guidance, or ignores it."""
    follows = (round(rng.uniform(*REACTION_S), 3), round(rng.uniform(*FOLLOWS_MM_S), 1))
    return replace(patient, guided=None if rng.random() < IGNORES else follows)


def _hand(rng, mm):
    """Draw what the hand does in a treatment without a fault: it moves in, drifts, or stays."""
    way, burst, offset_us = rng.random(), rng.randrange(1, 6), rng.randrange(700_000)
    if way < SHARE:
        return {
            "distance_mm": within(rng, "moves_in_mm"),
            "moves": (mm, within(rng, "moves_in_mm_s"), burst, offset_us),
        }
    if way < 2 * SHARE:
        far = within(rng, "drift_mm") * rng.choice((-1, 1))
        to_mm = round(min(max(mm + far, HAND_MM[0]), HAND_MM[1]), 1)
        return {"moves": (to_mm, within(rng, "drift_mm_s"), burst, offset_us)}
    return {}


def table() -> dict[str, Range]:
    """Return every range of the population, by name."""
    return {name: Range(*patients.RANGES[name], *told) for name, told in _MORE.items()} | WIDE


def jet(patient: dict) -> float:
    """Return the relative strength of a patient's jet: calibration, times what the bottle's pressure makes of it."""
    return patient["strength"] * h_at(REFERENCE_MM, bar=saturation_bar(patient["bottle_room_c"])) / REFERENCE_H_W_M2K


def kinds(patient: dict) -> tuple[str, ...]:
    """Return the kinds of skin and jet that a patient has, from an outcome; there may be several."""
    body = patient["body"] or {}
    found = [kind for kind, part in _PARTS.items() if body.get(part)]
    if jet(patient) < JET_MIN:
        found.append("weak jet")
    if not {"callus", "water film", "weak jet"} & set(found):
        found.insert(0, MEANT)
    return (*found, "reduced") if patient["preset"] != "CHRONIC" else tuple(found)
