"""How long the tool waits for values before the shown ones count as old."""

POLLED_S = 2.5  # an armed device is asked two questions a second: its temperatures come after this time at the latest
BANNER_S = 1.0  # then the screen says so: values are dimmed, with their age
GAP_S = 3.0  # then the recording says so: it is the longest wait for an answer
_NONE = "no values for"


def told(seconds: float) -> str:
    """Return a sentence that says how long no values came."""
    return f"{_NONE} {seconds:.0f} s"


def counted(gap: str, seconds: float) -> str:
    """Return why no values come, with the time until now. gap: as recorded, with the time at that moment, or empty."""
    return told(seconds) if not gap or gap.startswith(_NONE) else f"{gap}; {told(seconds)}"


def every_s(stream: str | None, period_ms: int) -> float:
    """Return how often values come. stream: the answer to STRM?, None if not known."""
    number = (stream or "").removesuffix(" ms")
    if stream is None:
        return max(POLLED_S, period_ms / 1000)
    return int(number) / 1000 if number.isdigit() else POLLED_S
