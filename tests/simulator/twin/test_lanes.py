"""The runner of the firmware: how it handles an interpreter that does not work correctly."""

import shutil

import pytest

from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.plant import Plant


def test_an_interpreter_that_neither_speaks_nor_ends_is_ended_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "_STUCK_WALL_S", 1)
    monkeypatch.setattr(lanes, "_END_WALL_S", 1)
    firmware = tmp_path / "firmware"
    shutil.copytree(lanes.ROOT / "firmware", firmware)
    (firmware / "main.py").write_text("while True:\n    pass\n")
    with pytest.raises(lanes.LaneError, match="hangs"):
        lanes.run(Plant(), "unix", firmware=firmware)


def test_an_unknown_lane_is_an_error():
    with pytest.raises(KeyError):
        lanes.run(Plant(), "cobol")
