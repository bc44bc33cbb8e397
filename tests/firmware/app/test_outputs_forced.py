"""The supervisor's outputs overwritten in every tick: the valve keeps limits 5 and 6, and the refusal latches."""

import importlib
import itertools

import pytest

from cryo.core import faults
from cryo.limits import DUTY_MAX_US, DUTY_WINDOW_US, OFF_MIN_US


class OneShot:
    """Stands between the clock and the chip: an opening needs time, as in the twin's hardware."""

    def __init__(self, hal, clock):
        self._hal, self._exchange, self._clock = hal, clock.exchange, clock
        self._result = -2
        self.openings = []  # (start us, length us)
        clock.exchange = self.exchange

    def exchange(self, out, tx, received, rx):
        hal = self._hal
        now_us = self._clock.now_us
        for k in range(out[0]):
            at = hal.OUT_HEADER + k * hal.EVENT_INTS
            if out[at + 1] == hal.OP_FIRE:
                self.openings.append((now_us + out[at], out[at + 2]))
                self._result = -1
            elif out[at + 1] == hal.OP_REARM:
                self._result = -2
        self._exchange(out, tx, received, rx)
        if self._result == -1 and self._clock.now_us >= sum(self.openings[-1]):
            self._result = 0
        received[hal.IN_BURST] = self._result


@pytest.mark.parametrize("us", [30_000, 200_000, 500_000])
def test_forced_outputs_open_no_sooner_and_no_longer_than_limits_5_and_6_allow(virtual, board, us):
    one_shot = OneShot(virtual.hal, virtual.clock)
    valves = importlib.import_module("valves")
    board.valve, board.lease = valves.Valve(), valves.Lease()
    applicator = virtual.app.Applicator(board)
    applicator.start()
    decide = applicator.supervisor.tick

    def forced(now_us, inputs, o):
        decide(now_us, inputs, o)
        o.cut = 0
        if inputs.burst != -1:
            o.rearm = o.lease = 1
            o.fire_us = us

    applicator.supervisor.tick = forced
    while virtual.clock.now_us < 5_000_000:
        applicator.step()
    openings = one_shot.openings
    assert len(openings) >= 4 and {length for _, length in openings} == {us}
    assert all(b - a - us >= OFF_MIN_US for (a, _), (b, _) in itertools.pairwise(openings))
    for start, _ in openings:
        end = start + us
        inside = (min(s + us, end) - max(s, end - DUTY_WINDOW_US) for s, _ in openings if s < end)
        assert sum(part for part in inside if part > 0) <= DUTY_MAX_US
    assert applicator.supervisor.faults.latched.has(faults.VALVE_PORT)
