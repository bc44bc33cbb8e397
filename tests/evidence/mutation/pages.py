"""Writes docs/safety/mutation.md after a full run without an error."""

from __future__ import annotations

from collections import defaultdict

from host_tools.evidence.safety import outcomes
from tests.evidence.mutation.review import Key
from tests.lanes import ROOT

PAGE = ROOT / "docs" / "safety" / "mutation.md"
HEAD = """# Mutation testing of the safety core

Written by `make mutation`; do not edit. A mutant is one small change of one module: a comparison, an operator, a
number, a condition, a call left out. It is killed when a test fails on it. The survivors are the reviewed ones of
`tests/evidence/mutation/survivors.toml`; any other fails the target, and so does an entry whose mutant is killed.

Not mutated: messages, `raise` statements, and the generated tables of `its90.py`, which are compared with their
generator as a whole; of the larger sensor drivers only what decodes a result (`tests/evidence/mutation/targets.toml`).

| module | mutants | killed | survivors, all reviewed |
|---|---|---|---|
"""


def write(rows: list[tuple[str, int, int, int, int]], allowed: dict[Key, tuple[int, str]], quick: bool) -> None:
    """Write the page from the run's table and the reviewed list. quick: as on the command line."""
    lines = [f"| {name} | {made} | {killed} | {survived} |" for name, made, killed, survived, _ in rows]
    if quick:
        lines += ["", "In the run of this table the reviewed survivors were put to the tests of their own module only."]
    on = outcomes.measured("tests/portable", "tests/firmware/core", "tests/evidence/mutation")
    lines += ["", f"The run was made on the code and tests of digest `{on}`.", "", "## Survivors", ""]
    by_reason: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key, (_, reason) in allowed.items():
        by_reason[key[0], reason].append(key)
    last = ""
    for (module, reason), keys in sorted(by_reason.items()):
        if module != last:
            lines += [f"### {module}", ""]
            last = module
        lines += [f"{reason}", "", "```diff"]
        for _, function, was, becomes in keys:
            lines += [f"@@ {function or 'module'}", f"-{was}", f"+{becomes}"]
        lines += ["```", ""]
    PAGE.write_text(HEAD + "\n".join(lines).rstrip() + "\n", encoding="utf-8")
