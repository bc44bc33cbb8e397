"""The `gc` module of the firmware in CPython, where a collection would walk the host's heap, far larger than a board's.

What the firmware leaves is freed by its counts of references, the rest by CPython's own rhythm.
"""


def collect():
    """Nothing to do."""
    return 0
