"""What Hypothesis draws beside random values: the constants of the firmware's files, the same in each process.

By itself it takes those of every module that is loaded. Then a test's examples depend on which tests ran before it, so
on how busy the machine was, even with a fixed seed. Private names are used, so exactly the pinned version.
"""

import functools

from hypothesis.internal import constants_ast
from hypothesis.internal.conjecture import providers

from tests.lanes import ROOT


@functools.cache
def constants() -> providers.Constants:
    """Return the constants of every file of the firmware, in an order of their own."""
    found = providers.Constants(
        integers=providers.SortedSet(),
        floats=providers.SortedSet(key=providers.float_to_int),
        bytes=providers.SortedSet(),
        strings=providers.SortedSet(),
    )
    for file in sorted((ROOT / "firmware").rglob("*.py")):
        found |= constants_ast._constants_from_source(file.read_bytes(), limit=True)
    return found


def fix() -> None:
    """Draw from these alone from now on."""
    providers._get_local_constants = constants
