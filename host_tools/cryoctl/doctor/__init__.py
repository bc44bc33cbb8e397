"""Finds what keeps cryoctl from reaching a board; each finding has its remedy."""

from dataclasses import asdict, dataclass

PASS = "pass"
WARN = "warn"
FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """The result of one check. verdict: PASS, WARN or FAIL; remedy: what to do after WARN or FAIL."""

    name: str
    verdict: str
    text: str
    remedy: str = ""

    def as_json(self) -> dict:
        """Return the check as --json prints it."""
        return asdict(self)
