"""Makes a text from a device, a file or a port name safe for a terminal."""

import re

_HARMFUL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


def clean(text: str) -> str:
    """Return a text in which characters that move the cursor or reverse a line are escaped as in JSON."""
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
