"""The `gc` module of the firmware in CPython. A real collection would search the host's heap, which is far larger.

CPython frees the firmware's objects by their reference counts, and the rest at its own times.
"""


def collect():
    """Nothing to do."""
    return 0
