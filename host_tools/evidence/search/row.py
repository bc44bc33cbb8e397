"""One row of the table: a fault drawn at random, then searched for the coldest skin with as many treatments.

Both use the same space and simulate the same number of treatments. The search starts with the first part of the drawn
treatments. Then it tries the coldest of them with the patient and the hand from the search without a fault (whose
treatments count in its own row), lets the fault come with their last burst, tries the ends of the fault's strength, and
continues from the coldest of all with CMA-ES.
"""

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from host_tools.evidence.campaign.run import SKIN_MIN_C, SKIN_MIN_REDUCED_C, UNDER_FLOOR_C, Outcome
from host_tools.evidence.search.schedule import (
    ANCHORS,
    HEALTHY,
    SCALE,
    Schedule,
    by,
    late,
    of_the_fault,
    of_the_patient,
    simulate,
    variables,
)

with warnings.catch_warnings():  # CMA-ES looks for a plotting library that nobody needs here
    warnings.simplefilter("ignore")
    import cma

FIRST_SHARE = 3  # the first third of the budget: the treatments that were drawn first
POPULATION = 4  # samples of one step: the budget is small, and more steps help more than more samples
MANY = 40  # with this many treatments a step may have CMA-ES's own number of samples
SIGMA = 0.2  # width of the first step, in shares of a range ...
PATIENT_SIGMA = 0.3  # ... times this for variables that the search without a fault has already searched
NOT_COME = 50.0  # degC: the value of a run in which a fault never happened; warmer than any skin

Simulate = Callable[[Schedule], Outcome]
Pairs = list[tuple[Schedule, Outcome]]


@dataclass
class Row:
    """The results for one fault. Temperatures of the true surface in mdegC; --run repeats a run by its name."""

    fault: str
    reduced: bool
    drawn_mdegc: int | None  # None: the fault never happened
    searched_mdegc: int | None
    allowed_mdegc: int
    residual: bool  # colder than allowed: a residual risk, in docs/safety/hazards.toml with its figure
    counter_example: str | None  # the run with the fewest parts that is still colder than allowed
    drawn: str
    searched: str
    floor_mdegc: int = 0  # of the level in which the coldest one was found
    treatments: int = 0  # treatments in each of the two
    came: list[int] = field(default_factory=list)  # number of them in which the fault happened: drawn, searched
    other: list[str] = field(default_factory=list)  # runs in which something else was not as it must be
    counter_mdegc: int | None = None  # the counter-example's own surface
    bursts: int = 0  # of the coldest one of the search


@dataclass(frozen=True)
class Base:
    """The coldest schedule without a fault, and its number of bursts."""

    schedule: Schedule
    bursts: int


def lowest_c(out: Outcome) -> float:
    """Return the value to minimise: the lowest true surface, of a run in which every fault happened."""
    return out.lowest_c if out.came else NOT_COME


def allowed_c(faults: tuple[str, ...], out: Outcome) -> float:
    """Return the least allowed surface: without a fault the floor, with a fault 0 or 4 degC."""
    least_c = SKIN_MIN_REDUCED_C if out.reduced else SKIN_MIN_C
    return least_c if faults else max(least_c, out.floor_c - UNDER_FLOOR_C)


def draw(faults: tuple[str, ...], reduced: bool, seed: int, number: int) -> Schedule:
    """Return one drawn schedule. The kinds of event from which a fault's begin counts take turns."""
    kind = "reduced" if reduced else "normal"
    rng = random.Random(f"{'+'.join(faults) or HEALTHY}/{kind}/{seed}/{number}")
    chosen = {name: rng.randrange(SCALE + 1) for name in variables(faults)}
    if "anchor" in chosen:
        chosen["anchor"] = by(ANCHORS[number % len(ANCHORS)])
    return Schedule(faults, reduced, seed, chosen)


class _Search:
    """One search: the simulated runs, and the number of treatments that are left."""

    def __init__(self, first: Pairs, budget: int, run: Simulate):
        self.done = list(first)
        self._budget = budget
        self._run = run

    @property
    def left(self) -> int:
        """How many treatments may still be simulated."""
        return self._budget - len(self.done)

    @property
    def best(self) -> Schedule:
        """The coldest schedule up to now."""
        return _coldest(self.done)[0]

    def try_one(self, schedule: Schedule) -> float:
        """Simulate a schedule and return its surface; do nothing when no treatment is left."""
        if self.left <= 0:
            return NOT_COME
        out = self._run(schedule)
        self.done.append((schedule, out))
        return lowest_c(out)


def _searched(first: Pairs, seed: int, budget: int, base: Base | None, run: Simulate) -> Pairs:
    """Return the first schedules and those that were simulated after them, `budget` in all."""
    search = _Search(first, budget, run)
    if base is not None:
        mixed = search.best.on(base.schedule)
        search.try_one(mixed)
        if "anchor" in mixed.chosen:
            search.try_one(mixed.having(late(base.bursts)))
        _try_ends(search)
    _descend(search, seed, base is not None)
    return search.done


def _try_ends(search: _Search) -> None:
    """Try both ends of each figure of the fault's size: either end may give the coldest skin."""
    for name in [name for name in search.best.chosen if name.startswith("size")]:
        for end in (SCALE, 0):
            before_c = lowest_c(_coldest(search.done)[1])
            if search.try_one(search.best.having({name: end})) < before_c:
                break


def _descend(search: _Search, seed: int, small: bool) -> None:
    """Continue from the coldest with CMA-ES. small: vary patient and hand less, because they were already searched."""
    start = search.best
    names = list(start.chosen)
    options = {
        "bounds": [0.0, 1.0],
        "seed": seed + 1,  # a seed of 0 would mean the clock
        "CMA_diagonal": True,  # many more variables than steps: no correlation can be learnt
        "CMA_elitist": True,
        "CMA_stds": [PATIENT_SIGMA if small and not of_the_fault(name) else 1.0 for name in names],
        "verbose": -9,
    }
    if search.left < MANY:
        options["popsize"] = POPULATION
    strategy = cma.CMAEvolutionStrategy([start.chosen[name] / SCALE for name in names], SIGMA, options)
    while search.left > 0:
        asked = strategy.ask()
        tried = [start.having(dict(zip(names, map(_thousandths, x), strict=True))) for x in asked]
        found = [search.try_one(schedule) for schedule in tried]
        strategy.tell(asked, found)  # the last step may be shorter: nothing follows it


def _thousandths(share: float) -> int:
    return min(max(round(share * SCALE), 0), SCALE)


def _coldest(done: Pairs) -> tuple[Schedule, Outcome]:
    return min(done, key=lambda pair: lowest_c(pair[1]))


def find(
    faults: tuple[str, ...],
    reduced: bool,
    seed: int,
    budget: int,
    base: Base | None = None,
    firmware: Path | None = None,
) -> Row:
    """Draw, search, and shrink results that are colder than allowed. budget: treatments for drawing and for searching.

    base: the coldest schedule without a fault; None in the search for that one.
    """
    run = partial(simulate, firmware=firmware)
    drawn = [(schedule, run(schedule)) for schedule in (draw(faults, reduced, seed, k) for k in range(budget))]
    first = drawn[: max(1, budget // FIRST_SHARE)]
    searched = _searched(first, seed, budget, base, run)
    coldest = [_coldest(drawn), _coldest(searched)]
    schedule, out = min(coldest, key=lambda pair: lowest_c(pair[1]))
    least_c = SKIN_MIN_REDUCED_C if reduced else SKIN_MIN_C
    row = Row(
        "+".join(faults) or HEALTHY,
        reduced,
        *(_mdegc(pair[1]) for pair in coldest),
        allowed_mdegc=round(least_c * 1000),
        residual=lowest_c(out) < least_c,
        counter_example=None,
        drawn=coldest[0][0].name,
        searched=coldest[1][0].name,
        floor_mdegc=round(out.floor_c * 1000),
        treatments=budget,
        came=[sum(o.came for _, o in done) for done in (drawn, searched)],
        other=_others([*drawn, *searched[len(first) :]]),
        bursts=coldest[1][1].bursts,
    )
    if lowest_c(out) < allowed_c(faults, out):
        small, again = shrink(schedule, out, run)
        row.counter_example, row.counter_mdegc = small.name, _mdegc(again)
    return row


def _mdegc(out: Outcome) -> int | None:
    return round(out.lowest_c * 1000) if out.came else None


def _others(done: Pairs) -> list[str]:
    """Return the names of runs, with everything except the skin's temperature that was not as it must be."""
    out = []
    for schedule, outcome in done:
        found = [text for text in outcome.problems if not text.startswith("skin ")]
        out += [f"{schedule.name}: {'; '.join(found)}"] if found and schedule.faults else []
    return out


def shrink(schedule: Schedule, out: Outcome, run: Simulate = simulate) -> tuple[Schedule, Outcome]:
    """Return the schedule with the fewest parts that is still colder than allowed, and its result.

    First the patient's variables together, then each variable alone gets its plain value. It keeps that value if the
    skin still gets too cold.
    """
    for names in ([name for name in schedule.chosen if of_the_patient(name)], *([name] for name in schedule.chosen)):
        simpler = schedule.without(*names)
        if simpler.chosen == schedule.chosen:
            continue
        again = run(simpler)
        if lowest_c(again) < allowed_c(schedule.faults, again):
            schedule, out = simpler, again
    return schedule, out
