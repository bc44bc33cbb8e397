"""What all tests of the twin share: its cells as machine code, where Numba is there.

Treatments take half the time. closed_loop/test_speed.py shows that plain Python gives the same.
"""

import pytest

from host_tools.simulator.twin import compiled


@pytest.fixture(scope="session", autouse=True)
def machine_code():
    """Ask for it once a process."""
    compiled.use()
