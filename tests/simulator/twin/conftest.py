"""A plant, and a stand-in for the firmware on it."""

import pytest

from host_tools.simulator.twin.plant import Plant
from tests.support.firmware_standin import Chip


@pytest.fixture
def plant():
    return Plant()


@pytest.fixture
def chip(plant):
    """Stands for the firmware; the trigger is held, whose second contact supplies the shut-off."""
    plant.trigger(True)
    return Chip(plant)
