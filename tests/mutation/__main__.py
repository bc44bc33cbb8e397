"""`python -m tests.mutation [--every N] [MODULE ...]`: all mutants, or one in N; 1 when a survivor is not reviewed."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.lanes import ROOT
from tests.mutation import pages, review, runner
from tests.mutation.mutants import Mutant, mutants

TARGETS = Path(__file__).with_name("targets.toml")
OUT = ROOT / "out" / "mutation.json"
PROCESSES = 2


def targets() -> dict[str, dict]:
    """Module -> its target in targets.toml."""
    out = {}
    for target in tomllib.loads(TARGETS.read_text(encoding="utf-8"))["target"]:
        for file in target["files"]:
            out[(ROOT / file).relative_to(runner.PACKAGE).with_suffix("").as_posix()] = target
    return out


class _Judge:
    """Judges in a worker; the tests that noticed the last mutants of a module are tried first."""

    def __init__(self, survey: runner.Survey, hosts: dict[str, dict]):
        self._survey, self._hosts = survey, hosts
        self._last: dict[str, list[str]] = {}

    def __call__(self, mutant: Mutant) -> str:
        tests = self._survey.tests(mutant)
        last = self._last.setdefault(mutant.module, [])
        tests.sort(key=lambda test: last.index(name) if (name := "::".join(test)) in last else len(last))
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


def _judged(chosen: list[Mutant], survey: runner.Survey, hosts: dict[str, dict]) -> Iterator[review.Result]:
    global _judge
    _judge = _Judge(survey, hosts)
    with multiprocessing.get_context("fork").Pool(PROCESSES, _begin_worker) as pool:
        for number, by in pool.imap_unordered(_judge_one, list(enumerate(chosen))):
            yield review.Result(chosen[number], by)


def main(argv: list[str] | None = None) -> int:
    """Run, print the table and what is wrong; write out/mutation.json, and the page after a full run."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="a fixed sample of one mutant in N")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="core/bursts, limits, drivers/its90, ...")
    asked = parser.parse_args(argv)
    known = targets()
    if unknown := [name for name in asked.modules if name not in known]:
        parser.error(f"unknown module {unknown[0]}; there are: {', '.join(known)}")
    began = time.monotonic()
    allowed = review.read()
    made = []
    for module in asked.modules or known:
        made += mutants(module, (runner.PACKAGE / (module + ".py")).read_text(encoding="utf-8"))
    chosen = [mutant for mutant in made if mutant.share() % asked.every == 0]
    if asked.every > 1:  # a listed survivor takes every test there is: the full run looks at those
        chosen = [mutant for mutant in chosen if mutant.key not in allowed]
    runner.prepare()
    survey = runner.tests_only() if asked.every > 1 else runner.survey(list(known), PROCESSES)
    if survey.failed:
        print("These tests fail on the unchanged firmware:", *survey.failed, sep="\n  ", file=sys.stderr)
        return 1

    results = []
    for result in _judged(chosen, survey, known):
        results.append(result)
        if not result.by and result.mutant.key not in allowed:
            print(f"survives: {result.mutant}", flush=True)
    minutes = (time.monotonic() - began) / 60
    rows = review.table(results, allowed)
    wrong = review.complaints(made, results, allowed)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(_as_json(results, allowed), indent=1), encoding="utf-8")
    if asked.every == 1 and not asked.modules and not wrong:
        pages.write(rows, allowed)
    print(f"{'module':24}{'mutants':>8}{'killed':>8}{'survive':>8}{'reviewed':>9}")
    for name, *numbers in rows:
        print(f"{name:24}{numbers[0]:8}{numbers[1]:8}{numbers[2]:8}{numbers[3]:9}")
    part = "all mutants" if asked.every == 1 else f"one mutant in {asked.every} of {len(made)}"
    print(f"{part}, {minutes:.1f} min; {OUT.relative_to(ROOT)}")
    for text in wrong:
        print("\n" + text, file=sys.stderr)
    return 1 if wrong else 0


def _as_json(results: list[review.Result], allowed: dict) -> list[dict]:
    out = []
    for result in sorted(results, key=lambda result: result.mutant.key):
        module, function, was, becomes = result.mutant.key
        row = {"module": module, "function": function, "was": was, "becomes": becomes, "by": result.by}
        if not result.by and result.mutant.key in allowed:
            row["reason"] = allowed[result.mutant.key][1]
        out.append(row)
    return out


if __name__ == "__main__":
    sys.exit(main())
