"""One row of the table: a fault drawn at random, and searched for the coldest skin with as many treatments.

Both see the same space. The search takes the first part of what was drawn as the first part of its own budget, begins
at the coldest of it and goes on by CMA-ES: it simulates exactly as many treatments as drawing does.
"""

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from host_tools.evidence.campaign.run import SKIN_MIN_C, SKIN_MIN_REDUCED_C, UNDER_FLOOR_C, Outcome
from host_tools.evidence.search.schedule import ANCHORS, HEALTHY, SCALE, Schedule, simulate, variables

with warnings.catch_warnings():  # it looks for a plotting library that nobody here asks for
    warnings.simplefilter("ignore")
    import cma

FIRST_SHARE = 3  # the first third of the budget is what was drawn first
POPULATION = 6  # of one step: the budget is small, and steps are worth more than samples
SIGMA = 0.2  # of the first step, in shares of a range
NOT_COME = 50.0  # degC: what a run counts in which a fault never came about; warmer than any skin

Simulate = Callable[[Schedule], Outcome]


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
        chosen["anchor"] = (number % len(ANCHORS) * 2 + 1) * SCALE // (2 * len(ANCHORS))
    return Schedule(faults, reduced, seed, chosen)


def _searched(start: Schedule, seed: int, budget: int, run: Simulate) -> list[tuple[Schedule, Outcome]]:
    """Simulate `budget` schedules that CMA-ES chooses, from start on."""
    names = list(start.chosen)
    options = {
        "bounds": [0.0, 1.0],
        "seed": seed + 1,  # 0 would be the clock
        "popsize": POPULATION,
        "CMA_diagonal": True,  # far more variables than steps: no correlation can be learnt
        "CMA_elitist": True,
        "verbose": -9,
    }
    strategy = cma.CMAEvolutionStrategy([start.chosen[name] / SCALE for name in names], SIGMA, options)
    done: list[tuple[Schedule, Outcome]] = []
    while len(done) < budget:
        asked = strategy.ask()
        tried = [
            Schedule(start.faults, start.reduced, start.seed, dict(zip(names, map(_thousandths, x), strict=True)))
            for x in asked[: budget - len(done)]
        ]
        outs = [run(schedule) for schedule in tried]
        done += zip(tried, outs, strict=True)
        if len(outs) == len(asked):
            strategy.tell(asked, [lowest_c(out) for out in outs])
    return done


def _thousandths(share: float) -> int:
    return min(max(round(share * SCALE), 0), SCALE)


def _coldest(done: list[tuple[Schedule, Outcome]]) -> tuple[Schedule, Outcome]:
    return min(done, key=lambda pair: lowest_c(pair[1]))


def find(faults: tuple[str, ...], reduced: bool, seed: int, budget: int, firmware: Path | None = None) -> Row:
    """Draw, search, and shrink what is colder than allowed. budget: treatments each of drawing and searching."""
    run = partial(simulate, firmware=firmware)
    drawn = [(schedule, run(schedule)) for schedule in (draw(faults, reduced, seed, k) for k in range(budget))]
    first = drawn[: max(1, budget // FIRST_SHARE)]
    searched = first + _searched(_coldest(first)[0], seed, budget - len(first), run)
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
    )
    if lowest_c(out) < allowed_c(faults, out):
        small, again = shrink(schedule, out, run)
        row.counter_example, row.counter_mdegc = small.name, _mdegc(again)
    return row


def _mdegc(out: Outcome) -> int | None:
    return round(out.lowest_c * 1000) if out.came else None


def _others(done: list[tuple[Schedule, Outcome]]) -> list[str]:
    """Return the names of runs, with what was not as it must be beside the skin's temperature."""
    out = []
    for schedule, outcome in done:
        found = [text for text in outcome.problems if not text.startswith("skin ")]
        out += [f"{schedule.name}: {'; '.join(found)}"] if found and schedule.faults else []
    return out


def shrink(schedule: Schedule, out: Outcome, run: Simulate = simulate) -> tuple[Schedule, Outcome]:
    """Return the schedule with the fewest parts that is still colder than allowed, and what it showed.

    One variable after the other gets its plain value, and keeps it where the skin still gets too cold.
    """
    for name in list(schedule.chosen):
        simpler = schedule.without(name)
        again = run(simpler)
        if lowest_c(again) < allowed_c(schedule.faults, again):
            schedule, out = simpler, again
    return schedule, out
