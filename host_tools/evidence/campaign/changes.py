"""Measures how much each rule of the budget helps healthy skin to reach its target: `make changes`.

    python -m host_tools.evidence.campaign.changes [--healthy N] [--each N] [--pairs N] [--resume]

Runs the campaign's cases on copies of the firmware in which only one of the rules, all of them, or none hold. Writes
out/campaign/changes.parquet and docs/levels.md; minutes. Exit status 2: the runs are of other code.
"""

import argparse
import statistics
import sys

from host_tools.evidence.campaign import runs
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.rules import RULES, held
from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.summary import spare_c
from host_tools.evidence.campaign.tree import of_this_tree
from host_tools.evidence.safety.pages import head, line
from host_tools.places import ROOT

PAGE = ROOT / "docs/levels.md"
RUNS = ROOT / "out/campaign/changes.parquet"


def row(name: str, found: list[Outcome]) -> str:
    """Return a line of the table: what was healthy, single faults that came, pairs."""
    by_kind = {kind: [out for out in found if out.name.startswith(kind)] for kind in ("healthy", "single", "double")}
    healthy = [out for out in by_kind["healthy"] if out.refused is None]
    times = [out.reach_s for out in healthy if out.reached and out.reach_s is not None]
    cells = [
        f"{sum(out.reached for out in healthy)} of {len(healthy)}",
        f"{statistics.median(times):.1f}" if times else "-",
        f"{min((out.lowest_c - out.floor_c for out in healthy), default=0.0):+.2f}",
        str(sum(out.false_trip for out in healthy)),
    ]
    for kind in ("single", "double"):
        worst = min((out for out in by_kind[kind] if out.came), key=spare_c, default=None)
        cells.append("-" if worst is None else f"{spare_c(worst):+.2f} ({worst.name.split('/')[1]})")
    return line(name, *cells)


def _least(outs_: list[Outcome]) -> dict[str, float]:
    """Return the smallest spare of each single fault that came about."""
    least: dict[str, float] = {}
    for out in outs_:
        if out.name.startswith("single") and out.came:
            name = out.name.split("/")[1]
            least[name] = min(spare_c(out), least.get(name, spare_c(out)))
    return least


def _cost(before: list[Outcome], after: list[Outcome]) -> list[str]:
    """Return lines that name the single faults that leave less spare with all rules than with none."""
    was, now = _least(before), _least(after)
    lost = {name: was[name] - now[name] for name in was.keys() & now.keys() if now[name] < was[name] - 0.1}
    rows = [
        line(name, f"{was[name]:+.2f}", f"{now[name]:+.2f}", f"{lost[name]:.2f}")
        for name in sorted(lost, key=lambda name: (-lost[name], name))
    ]
    return [
        f"Of {len(was.keys() & now.keys())} single faults that came, {len(lost)} leave the skin more than 0.1 degC"
        " colder with all rules than with none: healthy skin gets to its target, and a fault finds it there.",
        "",
        *head("fault", "spare with none, degC", "with all", "less"),
        *rows,
    ]


def measure(
    forms: dict[str, set[int]], cases: list[str], args: argparse.Namespace
) -> tuple[str, dict[str, list[Outcome]]]:
    """Return the code and the outcomes by form: name -> the rules that hold."""
    items = {f"{form}/{case}": (tuple(sorted(rules)), case) for form, rules in forms.items() for case in cases}
    code, outs = runs.done("rules", items, RUNS, args, work=held)
    found = iter(outs)
    return code, {form: [next(found) for _ in cases] for form in forms}


def page(found: dict[str, list[Outcome]], code: str, healthy: int, each: int, pairs: int) -> str:
    """Return docs/levels.md; code is what the runs were made on."""
    return "\n".join(
        [
            "# What lets healthy skin reach its target",
            "",
            f"Made by `make changes`: {healthy} healthy virtual patients of the campaign, each of its {len(FAULTS)}"
            f" single faults {each} times, and {pairs} of its pairs of faults, on the firmware with each of five rules"
            " alone, with none and with all of them. Spare is what the true skin stayed above 0 degC, or above 4 degC"
            " for reduced sensation. Simulated; no person was treated."
            f" Measured on code {code}.",
            "",
            *head(
                "rules that hold", "reach", "median s", "least over the floor, degC", "false trips",
                "least spare, one fault", "least spare, two faults",
            ),
            *(row(name, outs_) for name, outs_ in found.items()),
            "",
            *_cost(found["none"], found["all"]),
            "",
        ]
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    from host_tools.evidence.campaign.__main__ import names

    parser = argparse.ArgumentParser(prog="changes", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--healthy", type=int, default=120, help="healthy patients (default 120)")
    parser.add_argument("--each", type=int, default=2, help="runs of each single fault (default 2)")
    parser.add_argument("--pairs", type=int, default=40, help="pairs of faults (default 40)")
    runs.add_options(parser)
    args = parser.parse_args(argv)
    every = set(range(len(RULES)))
    forms = {"none": set(), **{rule.name: {n} for n, rule in enumerate(RULES)}, "all": every}
    drawn = names(args.healthy, args.each, args.pairs)
    names_ = [name for kind in drawn.values() for name in kind]

    def written() -> int:
        code, found = measure(forms, names_, args)
        of_this_tree(code, str(RUNS))
        PAGE.write_text(page(found, code, args.healthy, args.each, args.pairs), encoding="utf-8")
        print(f"written: {PAGE.relative_to(ROOT)}")
        return 0

    return runs.told(written)


if __name__ == "__main__":
    sys.exit(main())
