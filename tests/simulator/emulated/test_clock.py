"""The emulator's alarms are on edges of the system clock, whenever they are planned. This needs no image."""

import itertools
from types import SimpleNamespace

import pytest

from host_tools.simulator.emulator.rp2040 import CLOCK_NS, Rp2040Board


@pytest.mark.parametrize("now", [0.0, 8.0, 13.3, 1e9 + 5])
def test_an_alarm_comes_at_a_whole_clock_and_not_before_its_time(now):
    clock = SimpleNamespace(nanos=now)
    for ns in (0.0, 1.0, 8.0, 200.0, 1_333.4, 5_000.0):
        planned = []
        Rp2040Board.schedule(SimpleNamespace(clock=clock), SimpleNamespace(schedule=planned.append), ns)
        at = now + planned[0]
        assert at % CLOCK_NS == pytest.approx(0.0, abs=1e-6) and ns - 1e-6 <= planned[0] < ns + CLOCK_NS


def test_periods_of_different_alarms_split_no_clock():
    """PIO gets whole clocks between two alarms: what is between them is lost while the processor sleeps."""
    alarms = []
    clock = SimpleNamespace(nanos=0.0, create_alarm=lambda callback: alarms.append(callback) or made(len(alarms) - 1))
    due = {}

    def made(number):
        return SimpleNamespace(schedule=lambda ns: due.__setitem__(number, clock.nanos + ns))

    board = SimpleNamespace(clock=clock)
    board.schedule = lambda alarm, ns: Rp2040Board.schedule(board, alarm, ns)
    clock.nanos = 3.7  # out of step with the clock when the first is planned
    Rp2040Board.every(board, 5.0, lambda: None)
    clock.nanos = 1_201.9
    Rp2040Board.every(board, 0.2, lambda: None)
    times = []
    for _ in range(400):
        number = min(due, key=lambda n: due[n])
        clock.nanos = due[number]
        times.append(clock.nanos)
        alarms[number]()
    lost = sum((b - a) % CLOCK_NS for a, b in itertools.pairwise(times))
    assert lost == pytest.approx(0.0, abs=1e-6)
