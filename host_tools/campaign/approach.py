"""An operator who moves in: the speed at which the true skin gets too cold, for each level."""

from dataclasses import dataclass

from host_tools.campaign.patients import Patient
from host_tools.campaign.run import SKIN_MIN_C, SKIN_MIN_REDUCED_C, Case, levels, run

SPEEDS_MM_S = (300, 500, 750, 1_000, 1_500, 2_000, 3_000)
TO_MM = 20.0
FROM_MM = 100.0
BURSTS = (12, 25)  # the skin before target, and near it
OFFSETS_MS = (0, 60, 150, 350)
WATCH_S = 3.0


@dataclass
class Approach:
    """The lowest true surface at each speed, and the first speed that is too fast (None: none of those tried)."""

    preset: str
    level: int
    least_c: float
    lowest_c: dict[int, float]
    fails_mm_s: int | None
    runs: int


def case(name: str) -> Case:
    """Return the case of a name such as approach/CHRONIC/5/300/25/60: speed, burst, offset ms. Raises ValueError."""
    _, preset, level, *numbers = name.split("/")
    if (preset, int(level)) not in levels() or len(numbers) != 3:
        raise ValueError(f"case {name!r}: write approach/PRESET/LEVEL/MM_PER_S/BURST/OFFSET_MS")
    speed_mm_s, burst, offset_ms = map(int, numbers)
    moves = (TO_MM, float(speed_mm_s), burst, offset_ms * 1000)
    patient = Patient(preset, int(level), FROM_MM, moves=moves, phase_us=offset_ms * 271 % 100_000)
    return Case(name, patient)


def cases(preset: str, level: int, speed_mm_s: int) -> list[Case]:
    """Return the runs of one speed: the hand sets off at different moments of a burst's cycle."""
    return [case(f"approach/{preset}/{level}/{speed_mm_s}/{burst}/{ms}") for burst in BURSTS for ms in OFFSETS_MS]


def sweep(level: tuple[str, int]) -> Approach:
    """Try the speeds of one level, slowest first, up to the first that is too fast."""
    preset, number = level
    least_c = SKIN_MIN_C if preset == "CHRONIC" else SKIN_MIN_REDUCED_C
    found = Approach(preset, number, least_c, {}, None, 0)
    for speed_mm_s in SPEEDS_MM_S:
        lowest = [run(given, until_s=WATCH_S).lowest_c for given in cases(preset, number, speed_mm_s)]
        found.runs += len(lowest)
        found.lowest_c[speed_mm_s] = min(lowest)
        if min(lowest) < least_c:
            found.fails_mm_s = speed_mm_s
            break
    return found
