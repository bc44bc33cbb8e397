"""`python -m tests.evidence.hazards [--every N] [--only KEY] [--rest]`: each row's tests with its control disabled.

Without an option it runs all rows, and writes docs/safety/hazards_live.json again, row by row. --only: the rows whose
key fits; --rest: the rows whose record is out of date; both replace only their part of the record. --every N: a sample
without the slow tests, which is another one for another state of the code; nothing is written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from queue import Queue

from host_tools.evidence.safety import outcomes, planted, table
from host_tools.evidence.safety.table import Flaw, Row
from tests.evidence.hazards.runner import Broken, Copy

PROCESSES = 2
_SLOW = ("tests/simulator/", "tests/evidence/test_powercut.py", "tests/boards/pio/")  # left out of a sample


def judge(copy: Copy, row: Row, sound: dict[str, str]) -> dict:
    """Return the row's part of the record: for each flaw how many tests failed, for each test which flaws failed it."""
    by = {test: planted.SKIPPED if sound[test] == "skipped" else planted.SURVIVED for test in row.tests}
    flaws = {}
    for flaw in row.flaws:
        name = planted.flaw_digest(flaw)
        open_ = [test for test in row.tests if by[test] == planted.SURVIVED]
        failed = _failed(copy, open_, flaw)
        by |= dict.fromkeys(failed, name)
        # a test that failed with an earlier flaw may also find this one
        again = [test for test in row.tests if by[test] not in (planted.SURVIVED, planted.SKIPPED) and not _slow(test)]
        flaws[name] = len(failed or _failed(copy, again, flaw))
    return {
        "flaws": flaws,
        "tests": {test: {"text": planted.test_digest(test), "by": by[test]} for test in row.tests},
    }


def _failed(copy: Copy, tests: list[str], flaw: Flaw) -> list[str]:
    verdicts = copy.run(tests, flaw) if tests else {}
    return [test for test in tests if verdicts[test] == "failed"]


def _slow(test: str) -> bool:
    return test.startswith(_SLOW)


class Run:
    """Judges rows in PROCESSES copies of the project."""

    def __init__(self, folder: Path):
        self._copies: Queue[Copy] = Queue()
        for n in range(PROCESSES):
            self._copies.put(Copy(folder / f"copy{n}"))

    def close(self) -> None:
        """End the processes in the copies."""
        while not self._copies.empty():
            self._copies.get().close()

    def _with_copy(self, work):
        copy = self._copies.get()
        try:
            return work(copy)
        finally:
            self._copies.put(copy)

    def sound(self, tests: list[str]) -> dict[str, str]:
        """Return the tests' outcomes without a flaw. Raises Broken when one fails: then a failure shows nothing."""
        files = sorted({test.partition("::")[0] for test in tests})
        parts = [[t for t in tests if t.partition("::")[0] in files[n::PROCESSES]] for n in range(PROCESSES)]
        parts = [part for part in parts if part]
        found: dict[str, str] = {}
        with ThreadPoolExecutor(PROCESSES) as pool:
            for ran in pool.map(lambda part: self._with_copy(lambda copy: copy.run(part)), parts):
                found |= ran
        bad = [test for test, verdict in found.items() if verdict not in ("passed", "skipped")]
        if bad:
            raise Broken(f"{', '.join(bad)}: failed or did not run without any flaw: mend that first")
        return found

    def rows(self, chosen: list[tuple[str, str, Row]], sound: dict[str, str]):
        """Yield key, place and the row's part of the record, or the text of what is wrong."""

        def one(entry):
            name, place, row = entry
            try:
                return name, place, self._with_copy(lambda copy: judge(copy, row, sound))
            except (Broken, ValueError) as error:
                return name, place, str(error)

        with ThreadPoolExecutor(PROCESSES) as pool:
            for done in as_completed([pool.submit(one, entry) for entry in chosen]):
                yield done.result()


def _keep(made: dict[str, dict], order: list[str], part_of: object) -> None:
    """Write the record after each row: so a long run may be stopped, and continued with --rest."""
    merged = (planted.load()["rows"] if part_of else {}) | made
    whole = {"rows": {name: merged[name] for name in order if name in merged}}
    planted.RECORD.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _told(place: str, part: dict | str) -> list[str]:
    if isinstance(part, str):
        return [f"{place}: {part}"]
    found = [
        f"{place}: {test} passes with the control disabled"
        for test, result in part["tests"].items()
        if result["by"] == planted.SURVIVED
    ]
    return found + [
        f"{place}: no test fails with flaw {n}" for n, kills in enumerate(part["flaws"].values(), 1) if not kills
    ]


def _sampled(entry: tuple[str, str, Row], record: dict) -> tuple[str, str, Row] | None:
    """Return the row with its quick tests, and with the flaws that made one of those fail."""
    name, place, row = entry
    tests = tuple(test for test in row.tests if not _slow(test))
    known = record["rows"].get(name, {"tests": {}})["tests"]
    needed = {known[test]["by"] for test in tests if test in known}
    flaws = tuple(flaw for flaw in row.flaws if planted.flaw_digest(flaw) in needed)
    if not tests or not flaws:
        return None
    return name, place, replace(row, tests=tests, flaws=flaws)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="a sample: every so manieth row")
    parser.add_argument("--rest", action="store_true", help="the rows of which the record does not hold")
    parser.add_argument("--quick", action="store_true", help="without the slow tests; nothing is written")
    parser.add_argument("--only", default="", help="the rows in whose key this regular expression is found")
    options = parser.parse_args()
    began = time.monotonic()
    rows = [entry for entry in planted.rows(table.load()) if entry[2].flaws]
    record, code = planted.load(), outcomes.digest()
    chosen = rows
    if options.every > 1:
        first = int(code[:8], 16) % options.every
        chosen = [entry for entry in (_sampled(e, record) for e in rows[first :: options.every]) if entry]
    elif options.only:
        chosen = [entry for entry in rows if re.search(options.only, entry[0])]
    if options.rest:
        chosen = [entry for entry in chosen if any(planted.row_holes(entry[2], record["rows"].get(entry[0])))]
    if options.quick:
        chosen = [(n, p, replace(row, tests=tuple(t for t in row.tests if not _slow(t)))) for n, p, row in chosen]
        chosen = [entry for entry in chosen if entry[2].tests]
    wrong: list[str] = []
    made: dict[str, dict] = {}
    tests = list(dict.fromkeys(test for _, _, row in chosen for test in row.tests))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        try:
            for name, place, part in run.rows(chosen, run.sound(tests)):
                told = _told(place, part)
                wrong += told
                print(f"{place}: as it must be" if not told else "\n".join(told), flush=True)
                if isinstance(part, dict):
                    made[name] = {"code": code[:12]} | part
                    if options.every == 1 and not options.quick:
                        _keep(made, [name for name, _, _ in rows], part_of=options.only or options.rest)
        except Broken as error:
            print(error)
            return 1
        finally:
            run.close()
    seconds = round(time.monotonic() - began)
    killed = sum(r["by"] not in (planted.SURVIVED, planted.SKIPPED) for p in made.values() for r in p["tests"].values())
    flaws = sum(len(part["flaws"]) for part in made.values())
    print(
        f"{len(chosen)} rows, {flaws} flaws; {killed} times a test failed as it must; {len(wrong)} wrong; {seconds} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
