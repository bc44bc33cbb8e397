"""Shared by all tests of the twin: its cells as machine code, if Numba is installed.

Treatments then take half the time. closed_loop/test_speed.py shows that plain Python gives the same results.
"""

import pytest

from host_tools.simulator.twin import compiled


@pytest.fixture(scope="session", autouse=True)
def machine_code():
    """Switch it on once in each process."""
    compiled.use()
