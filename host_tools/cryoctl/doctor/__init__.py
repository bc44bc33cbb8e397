"""Finds what keeps cryoctl from a board, each finding with its remedy."""

from dataclasses import asdict, dataclass

PASS = "pass"
WARN = "warn"
FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. verdict: PASS, WARN or FAIL; remedy: what to do about the last two."""

    name: str
    verdict: str
    text: str
    remedy: str = ""

    def as_json(self) -> dict:
        """Return it as it is printed."""
        return asdict(self)
