"""The supervisor's attributes leave room in MicroPython's table of them.

A method call looks into the instance's table first; to find that a full one lacks the name it walks through all of it,
once a call, which cost a tenth of the tick when 47 attributes filled a table of 47.
"""

from cryo.core.supervisor import Supervisor

SIZES = (2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97)  # [S] MicroPython 1.28, py/map.c


def test_the_supervisor_s_table_is_not_full():
    used = len(vars(Supervisor(None)))
    size = next(size for size in SIZES if size >= used)
    assert size - used >= 4, f"{used} attributes in a table of {size}: bind another method, or take some away"
