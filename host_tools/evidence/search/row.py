"""One row of the table: a fault drawn at random, and searched for the coldest skin with as many treatments.

Both see the same space, and simulate equally many treatments. The search takes the first part of what was drawn as the
first part of its own. Then it tries the coldest of it with the patient and the hand that the search without a fault
found (that one's treatments stand in its own row), lets the fault come with their last burst, tries the ends of the
fault's strength, and goes on from the coldest of all by CMA-ES.
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

with warnings.catch_warnings():  # it looks for a plotting library that nobody here asks for
    warnings.simplefilter("ignore")
    import cma

FIRST_SHARE = 3  # the first third of the budget is what was drawn first
POPULATION = 4  # of one step: the budget is small, and steps are worth more than samples
MANY = 40  # treatments from which on a step may have the samples that CMA-ES takes by itself
SIGMA = 0.2  # of the first step, in shares of a range ...
PATIENT_SIGMA = 0.3  # ... times this for what the search without a fault has looked for before
NOT_COME = 50.0  # degC: what a run counts in which a fault never came about; warmer than any skin

Simulate = Callable[[Schedule], Outcome]
Pairs = list[tuple[Schedule, Outcome]]


@dataclass
class Row:
    """What was found for one fault. Temperatures in mdegC of the true surface; names run again with --run."""

    fault: str
    reduced: bool
    drawn_mdegc: int | None  # None: the fault never came about
    searched_mdegc: int | None
    allowed_mdegc: int
    residual: bool  # colder than allowed: a risk that stays, in docs/safety/hazards.toml with its figure
    counter_example: str | None  # the fewest parts that still show it
    drawn: str
    searched: str
    floor_mdegc: int = 0  # of the level in which the coldest one was found
    treatments: int = 0  # in each of the two
    came: list[int] = field(default_factory=list)  # in how many of them the fault came about: drawn, searched
    other: list[str] = field(default_factory=list)  # runs in which something else was not as it must be
    counter_mdegc: int | None = None  # the counter-example's own surface
    bursts: int = 0  # of the coldest one that was searched


@dataclass(frozen=True)
class Base:
    """The coldest schedule without a fault, and how many bursts it had."""

    schedule: Schedule
    bursts: int


def lowest_c(out: Outcome) -> float:
    """Return what is searched for: the lowest true surface, of a run in which every fault came about."""
    return out.lowest_c if out.came else NOT_COME


def allowed_c(faults: tuple[str, ...], out: Outcome) -> float:
    """Return the least surface that is allowed: nothing faulty keeps the floor, anything else 0 or 4 degC."""
    least_c = SKIN_MIN_REDUCED_C if out.reduced else SKIN_MIN_C
    return least_c if faults else max(least_c, out.floor_c - UNDER_FLOOR_C)


def draw(faults: tuple[str, ...], reduced: bool, seed: int, number: int) -> Schedule:
    """Return one drawn schedule. Its beginning goes by each kind of event in turn."""
    kind = "reduced" if reduced else "normal"
    rng = random.Random(f"{'+'.join(faults) or HEALTHY}/{kind}/{seed}/{number}")
    chosen = {name: rng.randrange(SCALE + 1) for name in variables(faults)}
    if "anchor" in chosen:
        chosen["anchor"] = by(ANCHORS[number % len(ANCHORS)])
    return Schedule(faults, reduced, seed, chosen)


class _Search:
    """One search: what it has simulated, and how many treatments are left."""

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
        """Simulate a schedule and return its surface; without a treatment left nothing is done."""
        if self.left <= 0:
            return NOT_COME
        out = self._run(schedule)
        self.done.append((schedule, out))
        return lowest_c(out)


def _searched(first: Pairs, seed: int, budget: int, base: Base | None, run: Simulate) -> Pairs:
    """Return the first schedules and what was simulated after them, `budget` in all."""
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
    """The stronger a fault, the colder the skin, or the other way round: try both ends of each figure of its size."""
    for name in [name for name in search.best.chosen if name.startswith("size")]:
        for end in (SCALE, 0):
            before_c = lowest_c(_coldest(search.done)[1])
            if search.try_one(search.best.having({name: end})) < before_c:
                break


def _descend(search: _Search, seed: int, small: bool) -> None:
    """Go on from the coldest by CMA-ES. small: patient and hand move less, as they were looked for before."""
    start = search.best
    names = list(start.chosen)
    options = {
        "bounds": [0.0, 1.0],
        "seed": seed + 1,  # 0 would be the clock
        "CMA_diagonal": True,  # far more variables than steps: no correlation can be learnt
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
        strategy.tell(asked, found)  # the last step may be cut short: nothing follows it


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
    """Draw, search, and shrink what is colder than allowed. budget: treatments each of drawing and searching.

    base: the coldest schedule without a fault, which is found with None.
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
    """Return the names of runs, with what was not as it must be beside the skin's temperature."""
    out = []
    for schedule, outcome in done:
        found = [text for text in outcome.problems if not text.startswith("skin ")]
        out += [f"{schedule.name}: {'; '.join(found)}"] if found and schedule.faults else []
    return out


def shrink(schedule: Schedule, out: Outcome, run: Simulate = simulate) -> tuple[Schedule, Outcome]:
    """Return the schedule with the fewest parts that is still colder than allowed, and what it showed.

    The patient's variables together, then one variable after the other get their plain values, and keep them where the
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
