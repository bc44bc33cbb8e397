"""Attributes of the largest objects leave room in MicroPython's table of them.

A method call looks into the instance's table first; to find that a full one lacks the name it walks through all of it,
once a call, which cost a tenth of the tick when 47 attributes filled a table of 47.
"""

import pytest

from cryo.core.bursts import Planner
from cryo.core.session import Session
from cryo.core.supervisor import Supervisor

SIZES = (2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97)  # [S] MicroPython 1.28, py/map.c


@pytest.mark.parametrize(("made", "free"), [(Supervisor(None), 4), (Session(), 2), (Planner(0, 0), 1)])
def test_the_table_is_not_full(made, free):
    used = len(vars(made))
    size = next(size for size in SIZES if size >= used)
    assert size - used >= free, f"{used} attributes in a table of {size}: bind another method, or take some away"
