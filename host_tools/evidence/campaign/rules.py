"""The budget's rules that let healthy skin reach its target, and firmware in which some of them do not hold.

An edit of the source switches a rule off, in the same way as flaws are planted (tests/evidence/hazards).
"""

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from host_tools.evidence.campaign.run import case, run
from host_tools.evidence.safety.planted import Flaw, planted
from host_tools.places import FIRMWARE
from host_tools.simulator.twin import lanes

_LIMITS = "firmware/cryo/limits.py"
_PRESETS, _BURSTS, _SUPERVISOR = (f"firmware/cryo/core/{name}.py" for name in ("presets", "bursts", "supervisor"))


@dataclass(frozen=True)
class Rule:
    """One rule of the budget, and the edits that switch it off."""

    name: str
    off: tuple[Flaw, ...]


def _levels(*pairs: tuple[str, str]) -> tuple[Flaw, ...]:
    """Return edits of the levels' rows: the beginning of a row as it is, and as it was before."""
    return tuple(Flaw(_PRESETS, find, put) for find, put in pairs)


_ALIKE = "12_000, 200_000, 90, 7_312, 95"  # two rows begin alike: the first of their seconds tells them apart
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
            ("(12_800, 5_500, 500_000", "(12_000, 6_000, 500_000"),
            (f"(18_000, {_ALIKE}, 23", f"(17_000, {_ALIKE}, 23"),
            ("(16_000, 10_000, 300_000", "(15_000, 10_000, 300_000"),
            (f"(18_000, {_ALIKE}, 22", "(18_000, 12_000, 150_000, 90, 7_312, 95, 22"),
            ("(20_000, 14_000, 200_000, 90, 6_560", "(20_000, 14_000, 150_000, 90, 6_560"),
            ("(20_000, 14_000, 200_000, 90, 6_224", "(20_000, 14_000, 150_000, 90, 6_224"),
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


def switched_off(folder: Path, rules: Iterable[Rule]) -> None:
    """Edit a copy of the project. Raises what planted() raises where a rule's text does not stand there once."""
    for rule in rules:
        for flaw in rule.off:
            (folder / flaw.file).write_text(planted(flaw, folder), encoding="utf-8")


def copied(folder: Path) -> None:
    """Copy what a rule is a part of."""
    shutil.copytree(FIRMWARE, folder / "firmware", ignore=shutil.ignore_patterns("__pycache__"))


class _Copies:
    """Firmware of the form that this process runs. The cases of a form follow each other, so one copy is kept."""

    def __init__(self):
        self._held: tuple[int, ...] | None = None
        self._folder: tempfile.TemporaryDirectory | None = None
        self._firmware: Path | None = None

    def of(self, held: tuple[int, ...]) -> Path | None:
        """Return firmware in which only the rules with these numbers hold; None: the project's own: all hold."""
        if held != self._held:
            if self._folder is not None:
                self._folder.cleanup()
            self._folder = self._firmware = None
            if len(held) < len(RULES):
                self._folder = tempfile.TemporaryDirectory(prefix="cryo-rules-")
                copied(Path(self._folder.name))
                switched_off(Path(self._folder.name), (rule for n, rule in enumerate(RULES) if n not in held))
                self._firmware = Path(self._folder.name, "firmware")
            lanes.fold(self._firmware)
            self._held = held
        return self._firmware


_copies = _Copies()


def held(item: tuple[tuple[int, ...], str]) -> dict:
    """Run a case on firmware in which only the rules with these numbers hold."""
    rules, name = item
    return asdict(run(case(name), firmware=_copies.of(tuple(rules))))
