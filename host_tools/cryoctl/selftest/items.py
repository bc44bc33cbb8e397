"""What a sheet consists of."""

from dataclasses import asdict, dataclass, field
from typing import Any

PASS, FAIL, SKIPPED = "pass", "fail", "not tested"


@dataclass(frozen=True)
class Item:
    """One line: what was looked at, its limit, what was found; a failed one says what to do."""

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
    """The whole of it. started: ISO 8601 with offset."""

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
        """Whether nothing failed."""
        return all(item.verdict != FAIL for item in self.items)

    @property
    def verdict(self) -> str:
        """In words."""
        counts = {verdict: sum(item.verdict == verdict for item in self.items) for verdict in (PASS, FAIL, SKIPPED)}
        said = "PASS" if self.passed else f"FAIL: {counts[FAIL]} of {len(self.items)} items"
        return said + (f", {counts[SKIPPED]} not tested" if counts[SKIPPED] else "")

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"verdict": self.verdict, "passed": self.passed, **asdict(self)}
