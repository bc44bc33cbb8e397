"""`python -m tests.evidence.mutation [--every N] [MODULE ...]`: all or one in N. Exit 1: a survivor is not reviewed."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import tomllib
from collections.abc import Container, Iterator
from pathlib import Path

from tests.evidence.mutation import pages, review, runner
from tests.evidence.mutation.mutants import Mutant, mutants
from tests.lanes import ROOT

TARGETS = Path(__file__).with_name("targets.toml")
PROCESSES = 2


def targets() -> dict[str, dict]:
    """Return module -> its target in targets.toml."""
    out = {}
    for target in tomllib.loads(TARGETS.read_text(encoding="utf-8"))["target"]:
        for file in target["files"]:
            out[(ROOT / file).relative_to(runner.PACKAGE).with_suffix("").as_posix()] = target
    return out


def made_of(module: str, target: dict) -> list[Mutant]:
    """Return all mutants of a module, or of the functions that its target names."""
    made = mutants(module, (runner.PACKAGE / (module + ".py")).read_text(encoding="utf-8"))
    only = target.get("functions")
    return [mutant for mutant in made if only is None or mutant.function in only]


class _Judge:
    """Judges in a worker. It tries first the test that noticed this mutant last time, then those of its neighbours."""

    def __init__(self, survey: runner.Survey, hosts: dict[str, dict], listed: Container[review.Key]):
        self._survey, self._hosts, self._listed = survey, hosts, listed
        self._before = review.noticed_before()
        self._last: dict[str, list[str]] = {}

    def __call__(self, mutant: Mutant) -> str:
        last = self._last.setdefault(mutant.module, [])
        first = [self._before.get(mutant.key, ""), *last]
        place = {name: n for n, name in reversed(list(enumerate(first)))}
        tests = self._survey.tests(mutant, own=mutant.key in self._listed)
        tests.sort(key=lambda test: place.get("::".join(test), len(first)))
        target = self._hosts[mutant.module]
        by = runner.judge(mutant, tests, self._survey, target["host"], target.get("host_first", False))
        if by in last:
            last.remove(by)
        if "::" in by:
            last.insert(0, by)
            del last[12:]
        return by


_judge: _Judge


def _begin_worker() -> None:
    runner.import_portable()


def _judge_one(numbered: tuple[int, Mutant]) -> tuple[int, str]:
    return numbered[0], _judge(numbered[1])


def judged(
    chosen: list[Mutant], survey: runner.Survey, hosts: dict[str, dict], listed: Container[review.Key]
) -> Iterator[review.Result]:
    """Judge the mutants in all processes, one after the other."""
    global _judge
    _judge = _Judge(survey, hosts, listed)
    with multiprocessing.get_context("fork").Pool(PROCESSES, _begin_worker) as pool:
        for number, by in pool.imap_unordered(_judge_one, list(enumerate(chosen))):
            yield review.Result(chosen[number], by)


def main(argv: list[str] | None = None) -> int:
    """Run; print the table and what is wrong; keep the results in out/; write the page when there are all results."""
    parser = argparse.ArgumentParser(prog="python -m tests.evidence.mutation", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a fixed sample of one mutant in N")
    parser.add_argument("--quick", action="store_true", help="ask only a module's own tests about reviewed survivors")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="core/bursts, limits, drivers/its90, ...")
    asked = parser.parse_args(argv)
    known = targets()
    if unknown := [name for name in asked.modules if name not in known]:
        parser.error(f"unknown module {unknown[0]}; there are: {', '.join(known)}")
    began = time.monotonic()
    allowed = review.read()
    made = [mutant for module in asked.modules or known for mutant in made_of(module, known[module])]
    chosen = [mutant for mutant in made if mutant.share() % asked.every == 0]
    if asked.every > 1:  # a listed survivor needs all tests: only the full run checks it
        chosen = [mutant for mutant in chosen if mutant.key not in allowed]
    runner.prepare()
    survey = runner.tests_only() if asked.every > 1 else runner.survey(list(known), PROCESSES)
    if survey.failed:
        print("These tests fail on the unchanged firmware:", *survey.failed, sep="\n  ", file=sys.stderr)
        return 1

    results = []
    for result in judged(chosen, survey, known, allowed if asked.quick else ()):
        results.append(result)
        if not result.by and result.mutant.key not in allowed:
            print(f"survives: {result.mutant}", flush=True)
    minutes = (time.monotonic() - began) / 60
    if asked.every == 1:
        review.keep(results)
    wrong = review.complaints(made, results, allowed)
    rows = review.table(results, allowed)
    print(f"{'module':24}{'mutants':>8}{'killed':>8}{'survive':>8}{'reviewed':>9}")
    for name, *numbers in rows:
        print(f"{name:24}{numbers[0]:8}{numbers[1]:8}{numbers[2]:8}{numbers[3]:9}")
    part = "all mutants" if asked.every == 1 else f"one mutant in {asked.every} of {len(made)}, reviewed ones left out"
    print(f"{part}, {minutes:.1f} min")
    for text in wrong:
        print("\n" + text, file=sys.stderr)
    if not wrong and asked.every == 1 and not asked.modules:
        pages.write(rows, allowed, asked.quick)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
