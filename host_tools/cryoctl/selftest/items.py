"""The parts of a sheet."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

# LEFT_OUT: a person chose not to test a part that the device has. SKIPPED: it has no such part, or cannot answer
PASS, FAIL, LEFT_OUT, SKIPPED = "pass", "fail", "left out", "not tested"


@dataclass(frozen=True)
class Item:
    """One line: what was tested, its limit, what was found; a failed item says what to do."""

    name: str
    limit: str
    found: str
    verdict: str
    remedy: str = ""


def judged(name: str, limit: str, found: str, good: bool, remedy: str) -> Item:
    """Return an item that passed or failed."""
    return Item(name, limit, found, PASS if good else FAIL, "" if good else remedy)


@dataclass
class Sheet:
    """The whole sheet. started: ISO 8601 with offset."""

    board: str
    serial: str
    version: str
    port: str
    started: str
    operator: str
    tool: str
    items: list[Item] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True when nothing failed and nothing was left out."""
        return all(item.verdict not in (FAIL, LEFT_OUT) for item in self.items)

    @property
    def failed(self) -> bool:
        """True when something failed."""
        return any(item.verdict == FAIL for item in self.items)

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        counts = Counter(item.verdict for item in self.items)
        said = "PASS"
        if counts[FAIL]:
            said = f"FAIL: {counts[FAIL]} of {len(self.items)} items"
        elif counts[LEFT_OUT]:
            names = ", ".join(item.name for item in self.items if item.verdict == LEFT_OUT)
            said = f"INCOMPLETE: {counts[LEFT_OUT]} left out: {names}"
        return said + (f"; {counts[SKIPPED]} not tested" if counts[SKIPPED] else "")

    def as_dict(self) -> dict[str, Any]:
        """Return the sheet for JSON."""
        return {"verdict": self.verdict, "passed": self.passed, **asdict(self)}
