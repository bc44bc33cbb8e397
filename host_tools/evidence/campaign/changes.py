"""What each of the budget's rules brings that let healthy skin reach its target: `make changes`.

    python -m host_tools.evidence.campaign.changes [--healthy N] [--each N] [--pairs N]

The campaign's cases on copies of the firmware in which one rule alone holds, all of them, or none. A rule is switched
off by an edit of the source, as flaws are planted (tests/evidence/hazards). Writes docs/levels.md; minutes.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.summary import spare_c
from host_tools.evidence.safety import outcomes
from host_tools.evidence.safety.pages import head, line
from host_tools.evidence.safety.planted import Flaw, planted
from host_tools.places import ROOT

PAGE = ROOT / "docs/levels.md"
_COPIED = ("firmware", "boards", "host_tools")
_LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__")
_LIMITS = "firmware/cryo/limits.py"
_PRESETS, _BURSTS, _SUPERVISOR = (f"firmware/cryo/core/{name}.py" for name in ("presets", "bursts", "supervisor"))


@dataclass(frozen=True)
class Rule:
    """One rule of the budget, and the edits that switch it off."""

    name: str
    off: tuple[Flaw, ...]


def _levels(*pairs: tuple[str, str]) -> tuple[Flaw, ...]:
    """Return edits of the levels' rows: the beginning of a row as it is, and as it was."""
    return tuple(Flaw(_PRESETS, find, put) for find, put in pairs)


_NEXT = ", 90, 7_312),\n            "  # of the rows that begin alike, the one before this
RULES = (
    Rule(
        "K at the measured distance",
        (Flaw(_SUPERVISOR, "k_floor_mdegc = k_most_mdegc if k_most_mdegc < k_mdegc else k", "k_floor_mdegc = k"),),
    ),
    Rule(
        "flux falls with the skin",
        (Flaw(_BURSTS, "k_mdegc = k_mdegc * ((skin_mdegc - JET_MDEGC) // REFERENCE_DROP_DEGC) // 1000", "pass"),),
    ),
    Rule(
        "target and floor further apart",
        _levels(
            ("(15_000, 8_000, 300_000", "(15_000, 9_000, 300_000"),
            ("(13_600, 7_000, 400_000", "(13_600, 8_000, 400_000"),
            ("(12_000, 5_500, 500_000", "(12_000, 6_000, 500_000"),
            (f"(18_000, 12_000, 200_000{_NEXT}(16_000", f"(17_000, 12_000, 200_000{_NEXT}(15_000"),
            (f"(18_000, 12_000, 200_000{_NEXT}(17_000", f"(18_000, 12_000, 150_000{_NEXT}(17_000"),
            ("(20_000, 14_000, 200_000, 90, 6_560)", "(20_000, 14_000, 150_000, 90, 6_560)"),
            ("(20_000, 14_000, 200_000, 90, 6_224)", "(20_000, 14_000, 150_000, 90, 6_224)"),
        ),
    ),
    Rule(
        "weaker jets while both sensors agree",
        (Flaw(_SUPERVISOR, "        agrees = self.second.agrees\n", "        agrees = False\n"),),
    ),
    Rule(
        "8 passes, short rests",
        (
            Flaw(_LIMITS, "PASSES_MAX = const(8)", "PASSES_MAX = const(3)"),
            Flaw(_LIMITS, "PASS_REST_MS = const(1_000)", "PASS_REST_MS = const(3_000)"),
            Flaw(_LIMITS, "PASS_RESUMED_MS = const(2_000)", "PASS_RESUMED_MS = const(0)"),
        ),
    ),
)

# In a process of its own, in a copy: one case a line, its outcome a line.
_RUNNER = """
import json, sys
from dataclasses import asdict
from host_tools.evidence.campaign import worker
from host_tools.evidence.campaign.run import named
worker.ready()
for name in sys.stdin:
    print(json.dumps(asdict(named(name.strip()))), flush=True)
"""


def switched_off(folder: Path, rules: Iterable[Rule]) -> None:
    """Edit a copy of the project. Raises what planted() raises where a rule's text does not stand there once."""
    for rule in rules:
        for flaw in rule.off:
            (folder / flaw.file).write_text(planted(flaw, folder), encoding="utf-8")


def copied(folder: Path) -> None:
    """Copy what a campaign needs."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)


def outs(folder: Path, cases: list[str]) -> list[Outcome]:
    """Run cases on the firmware of this copy."""
    environment = {**os.environ, **worker.ENVIRONMENT, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER],
        cwd=folder, env=environment, input="\n".join(cases), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [Outcome(**json.loads(out)) for out in done.stdout.splitlines()]


def row(name: str, found: list[Outcome]) -> str:
    """Return a line of the table: what was healthy, single faults that came, pairs."""
    by_kind = {kind: [out for out in found if out.name.startswith(kind)] for kind in ("healthy", "single", "double")}
    healthy = [out for out in by_kind["healthy"] if out.refused is None]
    times = [out.reach_s for out in healthy if out.reached and out.reach_s is not None]
    cells = [
        f"{sum(out.reached for out in healthy)} of {len(healthy)}",
        f"{statistics.median(times):.1f}" if times else "-",
        f"{min((out.lowest_c - out.floor_c for out in healthy), default=0.0):+.2f}",
        str(sum(out.fault is not None for out in healthy)),
    ]
    for kind in ("single", "double"):
        worst = min((out for out in by_kind[kind] if out.came), key=spare_c, default=None)
        cells.append("-" if worst is None else f"{spare_c(worst):+.2f} ({worst.name.split('/')[1]})")
    return line(name, *cells)


def _least(outs_: list[Outcome]) -> dict[str, float]:
    """Return the least spare of each single fault that came."""
    least: dict[str, float] = {}
    for out in outs_:
        if out.name.startswith("single") and out.came:
            name = out.name.split("/")[1]
            least[name] = min(spare_c(out), least.get(name, spare_c(out)))
    return least


def _cost(before: list[Outcome], after: list[Outcome]) -> list[str]:
    """Return lines that tell which single faults leave less spare with all rules than with none."""
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


def measure(forms: dict[str, set[int]], cases: list[str], processes: int) -> dict[str, list[Outcome]]:
    """Return the outcomes by form: name -> the rules that hold."""

    def one(held: set[int]) -> list[Outcome]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copied(folder)
            switched_off(folder, (rule for n, rule in enumerate(RULES) if n not in held))
            return outs(folder, cases)

    with ThreadPoolExecutor(processes) as pool:
        return dict(zip(forms, pool.map(one, forms.values()), strict=True))


def page(found: dict[str, list[Outcome]], healthy: int, each: int, pairs: int) -> str:
    """Return docs/levels.md."""
    return "\n".join(
        [
            "# What lets healthy skin reach its target",
            "",
            f"Made by `make changes`: {healthy} healthy virtual patients of the campaign, each of its {len(FAULTS)}"
            f" single faults {each} times, and {pairs} of its pairs of faults, on the firmware with each of five rules"
            " alone, with none and with all of them. Spare is what the true skin stayed above 0 degC, or above 4 degC"
            " for reduced sensation. Simulated; no person was treated."
            f" Measured on code {outcomes.measured('host_tools/evidence/campaign')}.",
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
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    args = parser.parse_args(argv)
    every = set(range(len(RULES)))
    forms = {"none": set(), **{rule.name: {n} for n, rule in enumerate(RULES)}, "all": every}
    drawn = names(args.healthy, args.each, args.pairs)
    found = measure(forms, [case for kind in drawn.values() for case in kind], args.processes)
    PAGE.write_text(page(found, args.healthy, args.each, args.pairs), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
