"""The applicator in CPython with mocked pins, drivers and valves, on virtual time."""

import ast
import importlib
import shutil
from types import SimpleNamespace
from unittest import mock

import pytest

from host_tools.simulator.twin import lanes
from host_tools.toolchain.board_check.contract import sensors

DRIVERS = tuple(sensors((lanes.ROOT / "firmware/cryo/core/records.py").read_text()))


class Clock:
    """A link that only lets virtual time pass; it starts just before the counter's wrap."""

    def __init__(self, hal):
        self._hal = hal
        self.now_us = 0
        self.slept_us = []

    def exchange(self, out, tx, received, rx):
        self.now_us += out[1] + out[2]
        self.slept_us.append(out[2])
        received[self._hal.IN_TICKS_US] = (2**30 - 30_000 + self.now_us) & self._hal.TICKS_MASK


@pytest.fixture
def virtual():
    """The firmware's modules on a clock: import_module finds them; hal and clock are there."""
    with lanes.firmware_imports() as hal:
        clock = Clock(hal)
        hal.attach(clock, {})
        clock.slept_us.clear()
        yield SimpleNamespace(hal=hal, clock=clock, app=importlib.import_module("cryo.app"))


@pytest.fixture
def pins():
    """Mocked pins by name: the shield is closed, nothing is pressed."""
    levels = {"loop_a": 1, "loop_b": 0, "trigger": 1, "estop": 0, "key": 0, "led": None, "buzzer": None, "alarm": None}
    return {name: mock.Mock(**{"value.return_value": level}) for name, level in levels.items()}


@pytest.fixture
def calls():
    """Every call to a collaborator, in order; attach mocks to it by name."""
    return mock.Mock()


@pytest.fixture
def board(virtual, pins, calls):
    """A board; `calls` watches each of its parts."""
    config, problem = importlib.import_module("cryo.config").build({"jet_k_mdegc": 16_000})
    assert problem is None
    board = SimpleNamespace(name="mocked", config=config, **pins)
    board.valve = mock.Mock(**{f"{name}.return_value": 0 for name in ("rearm", "fire", "cut")})
    board.valve.result.return_value = -2
    board.lease = mock.Mock(**{"renew.return_value": 0, "stop.return_value": 0})
    for name in DRIVERS:
        setattr(board, name, mock.Mock())
    watchdog = mock.Mock()
    board.watchdog = mock.Mock(return_value=watchdog)
    board.display = board.pixel = board.scratch = board.today_d = None
    board.files = importlib.import_module("storage").RamFiles()
    board.application = board.clock = board.core_c = board.stack_bytes = None
    board.low_outputs = ()
    board.console = mock.Mock(**{"any.return_value": 0, "write.return_value": 0})
    for name in (*pins, "valve", "lease", *DRIVERS):
        calls.attach_mock(getattr(board, name), name)
    calls.attach_mock(watchdog, "watchdog")
    return board


@pytest.fixture
def applicator(virtual, board, calls):
    """A started applicator; `calls` watches its supervisor, too, and begins empty."""
    applicator = virtual.app.Applicator(board)
    applicator.start()
    calls.attach_mock(mock.Mock(wraps=applicator.supervisor.tick), "decide")
    applicator.supervisor.tick = calls.decide
    calls.reset_mock()
    return applicator


@pytest.fixture
def firmware(tmp_path):
    """A copy of the firmware's folder, to be changed."""
    folder = tmp_path / "firmware"
    shutil.copytree(lanes.ROOT / "firmware", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def planted(firmware):
    """Return a function that plants code at the start of a function of the copied firmware, and returns the folder."""

    def plant_code(file, function, code):
        path = firmware / file
        body = ast.parse(path.read_text()).body
        for name in function.split("."):
            (found,) = (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name)
            body = found.body
        first = body[1] if isinstance(body[0], ast.Expr) else body[0]  # after the docstring
        lines = path.read_text().splitlines()
        lines[first.lineno - 1 : first.lineno - 1] = [" " * first.col_offset + line for line in code.splitlines()]
        path.write_text("\n".join(lines) + "\n")
        return firmware

    return plant_code
