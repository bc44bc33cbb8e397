"""How long values may take to come before the shown ones count as old."""

POLLED_S = 2.5  # a device that is armed is asked two things a second: its temperatures come in so much at the latest
BANNER_S = 1.0  # the screen says so, its values dimmed, with their age
GAP_S = 3.0  # the recording says so: as long as an answer is waited for
_NONE = "no values for"


def told(seconds: float) -> str:
    """Return a sentence that says for how long no values came."""
    return f"{_NONE} {seconds:.0f} s"


def counted(gap: str, seconds: float) -> str:
    """Return why nothing comes, with the time until now. gap: as it was recorded, whose time stands still, or empty."""
    return told(seconds) if not gap or gap.startswith(_NONE) else f"{gap}; {told(seconds)}"


def every_s(stream: str | None, period_ms: int) -> float:
    """Return how often values come. stream: what STRM? says, None where it is not known."""
    number = (stream or "").removesuffix(" ms")
    if stream is None:
        return max(POLLED_S, period_ms / 1000)
    return int(number) / 1000 if number.isdigit() else POLLED_S
