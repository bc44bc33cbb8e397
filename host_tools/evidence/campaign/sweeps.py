"""Finds how much is too much: a hand that moves in, a lost diffuser, a distance sensor that errs or stands still.

Each is increased step by step, for every level, until the skin is too cold.
"""

from dataclasses import dataclass

from host_tools.evidence.campaign.patients import WALK_MM_S, Patient
from host_tools.evidence.campaign.run import SKIN_MIN_C, SKIN_MIN_REDUCED_C, Case, levels, run

STEPS = {
    "approach": (300, 500, 750, 1_000, 1_500, 2_000, 3_000),  # mm/s
    "diffuser": (1.5, 2.0, 2.5, 3.0, 4.0),  # times as strong a jet
    "range": (20, 35, 50, 70, 100, 120),  # mm too far, from switch-on on; then the hand moves in
    "frozen": (300, 500, 750, 1_000),  # mm/s; the sensor repeats its last figure from the moment that the hand moves on
}
TO_MM = 20.0
NEAR_MM = 72.0  # by the sensor's reading: the nearest at which bursts go on ...
FAR_MM = 195.0  # ... and the farthest at which they begin, for the longest way in
FARTHEST_MM = 150.0
FROM_MM = {"approach": 100.0, "diffuser": 82.0, "frozen": 100.0}  # the nearest at which a hand can start and stay
FROZEN_MM = 85.0  # at a walking hand's speed
BURSTS = (12, 25)  # the skin before the target, and near it
OFFSETS_MS = (0, 60, 150, 350)
WATCH_S = 3.0


@dataclass
class Sweep:
    """The lowest true surface at each step, and the first step that is too much (None: none of the steps)."""

    kind: str
    preset: str
    level: int
    least_c: float
    lowest_c: dict[str, float]
    fails: float | None
    runs: int


def case(name: str) -> Case:
    """Return the case of a name: KIND/PRESET/LEVEL/STEP/BURST/OFFSET_MS. Raises ValueError for another."""
    kind, _, rest = name.partition("/")
    parts = rest.split("/")
    if kind not in STEPS or len(parts) != 5 or (parts[0], int(parts[1])) not in levels():
        raise ValueError(f"case {name!r}: write {' or '.join(STEPS)}/PRESET/LEVEL/STEP/BURST/OFFSET_MS")
    preset, level = parts[0], int(parts[1])
    step, burst, offset_ms = float(parts[2]), int(parts[3]), int(parts[4])
    phase_us = offset_ms * 271 % 100_000
    if kind == "range":
        to_mm = max(NEAR_MM - step, TO_MM)
        from_mm = min(FAR_MM - step, FARTHEST_MM)
        moves = (to_mm, WALK_MM_S, burst, offset_ms * 1000)
        return Case(name, Patient(preset, level, from_mm, moves=moves, phase_us=phase_us, reads_far_mm=step))
    if kind in ("approach", "frozen"):
        frozen = kind == "frozen"
        from_mm = FROZEN_MM if frozen and step <= WALK_MM_S else FROM_MM[kind]
        moves = (TO_MM, step, burst, offset_ms * 1000)
        return Case(name, Patient(preset, level, from_mm, moves=moves, phase_us=phase_us, freezes=frozen))
    return Case(name, Patient(preset, level, FROM_MM[kind], jump=(step, burst, offset_ms * 1000), phase_us=phase_us))


def cases(kind: str, preset: str, level: int, step: float) -> list[Case]:
    """Return the runs of one step: the change comes at different moments of a burst's cycle."""
    return [case(f"{kind}/{preset}/{level}/{step:g}/{burst}/{ms}") for burst in BURSTS for ms in OFFSETS_MS]


def sweep(job: tuple[str, tuple[str, int]]) -> Sweep:
    """Try the steps of one kind on one level, up to the first that is too much."""
    kind, (preset, level) = job
    least_c = SKIN_MIN_C if preset == "CHRONIC" else SKIN_MIN_REDUCED_C
    found = Sweep(kind, preset, level, least_c, {}, None, 0)
    for step in STEPS[kind]:
        lowest = [run(given, until_s=WATCH_S).lowest_c for given in cases(kind, preset, level, step)]
        found.runs += len(lowest)
        found.lowest_c[f"{step:g}"] = min(lowest)
        if min(lowest) < least_c:
            found.fails = step
            break
    return found
