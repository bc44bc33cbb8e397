"""Checks the trace from hazard to test: every limit, fault and blocker has a test, every test ran, and no test passed
while the control for which it is named was disabled.

    python -m host_tools.evidence.safety [--quiet]

Outcomes come from out/tests.json, where test runs (`make pytest`) left them for exactly this code. Prints the table
(not with --quiet), open entries, and every hole; exits with 1 on a hole.
"""

import argparse
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from host_tools.evidence.safety import check, code, detection, outcomes, planted, table
from host_tools.places import ROOT

NOT_CERTIFIED = "The device is not certified and not for treating people; no claim of efficacy is made."
_FILE_WIDTH = 200  # columns when the output is no terminal: test ids are long
_STYLE = {"passed": "green", "failed": "bold red", "skipped": "yellow", "": "bold red"}


def named(rows: table.Table) -> list[str]:
    """Return every existing test that a row names, each once."""
    tests = dict.fromkeys(test for h in rows.hazards for row in h.rows for test in row.tests)
    return [t for t in tests if t.split("::")[-1].split("[")[0] in outcomes.functions(ROOT / t.split("::")[0])]


def show(rows: table.Table, verdicts: dict[str, str], console: Console) -> None:
    """Print the trace table, one block for each hazard."""
    for hazard in rows.hazards:
        title = f"{hazard.id} {hazard.name}: {hazard.harm}"
        grid = Grid(title=escape(title), title_justify="left", expand=True, show_lines=True)
        for head, ratio in (("cause", 4), ("control", 6), ("limits, faults, blockers", 4), ("tests", 8)):
            grid.add_column(head, ratio=ratio, overflow="fold")
        for row in hazard.rows:
            rests = [f"limit {n}" for n in row.limits]
            rests += [f"fault {name}" for name in row.faults] + [f"blocker {name}" for name in row.blockers]
            tests = []
            for test in row.tests:
                verdict = outcomes.of(test, verdicts)
                tests.append(f"{escape(test)} [{_STYLE[verdict]}]{verdict or 'did not run'}[/]")
            control = f"[bold]{row.layer}[/]: {escape(row.control)}"
            grid.add_row(escape(row.cause), control, "\n".join(rests), "\n".join(tests))
        console.print(grid)
        if hazard.left:
            console.print(f"[dim]left over: {escape(hazard.left)}[/]")


def main() -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check the trace from hazard to test.")
    parser.add_argument("--quiet", action="store_true", help="print no table")
    quiet = parser.parse_args().quiet
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_FILE_WIDTH)
    try:
        rows, firmware = table.load(), code.read()
    except ValueError as error:
        console.print(f"[bold red]hole[/] {escape(str(error))}")
        return 1
    verdicts = outcomes.load(outcomes.digest())
    record = planted.load()
    found = check.holes(rows, firmware, verdicts, record=record)
    if not quiet:
        show(rows, verdicts, console)
    for entry in rows.open:
        console.print(f"[yellow]open[/] {entry.id}, limit {entry.limit}: {escape(entry.what)}")
    for place, row in ((place, row) for _, place, row in planted.rows(rows) if row.rests_on):
        words = f"{place}: {row.control}: its tests look at the boards' data only"
        console.print(f"[yellow]{row.rests_on}[/] {escape(words)}")
    if stale := detection.stale():
        console.print(f"[yellow]stale[/] {escape(stale)}")
    for hole in found:
        console.print(f"[bold red]hole[/] {escape(hole)}")
    controls = sum(len(hazard.rows) for hazard in rows.hazards)
    console.print(
        f"{len(rows.hazards)} hazards, {controls} controls, {len(named(rows))} tests; {len(firmware.numbers)} limits, "
        f"{len(firmware.faults)} faults, {len(firmware.blockers)} blockers; {len(rows.open)} open, {len(found)} holes"
    )
    console.print(planted.counts(rows, record))
    console.print(NOT_CERTIFIED)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
