"""Only the valves' supervision, in a rig of plain values, for the tests of its figures."""

import micropython
from cryo.core import blockers
from cryo.core.bursts import Burst
from cryo.core.faults import Faults
from cryo.core.records import RESTING, RUNNING, Outputs
from cryo.core.valves import Valves
from support import inputs, taken

BOTTLE_MBAR = 57_001  # odd, so that a half and a quarter are rounded down: 28 500 and 14 250


class Holder:
    """An object with the given attributes."""

    def __init__(self, **given):
        for name in given:
            setattr(self, name, given[name])


class Planner:
    """Remembers the opening that it was told."""

    def __init__(self):
        self.off_us = 1_000_000
        self.told_us = 0

    def fired(self, on_us):
        self.told_us = on_us


class Rig:
    """A supervisor's values for the valves: all conditions for a proof test hold, and no burst is open."""

    def __init__(self):
        self.valves = Valves()
        self.planner = Planner()
        self.s = Holder(
            burst=Burst(), blocked_by=blockers.PROOF, planner=self.planner, trigger=Holder(touched=False),
            session=Holder(point_open=False, uptime_s=0), faults=Faults(), config=Holder(line_fitted=1),
        )  # fmt: skip
        self.i = i = inputs()
        self.o = Outputs()
        for quantity, value in ((i.line, BOTTLE_MBAR), (i.bottle, BOTTLE_MBAR)):
            quantity.status = 0
            quantity.value = value
        i.skin.status = 0
        i.skin.value_mdegc = 30_000
        i.burst = RESTING
        i.estop = i.loop_b = 0

    def watch(self):
        s = self.s
        micropython.heap_lock()
        try:
            self.valves.watch(self.i, s.burst, self.planner.off_us, s.trigger.touched, s.faults.causes)
        finally:
            micropython.heap_unlock()
        return taken(self.s.faults.causes)

    def line(self, mbar, status=0):
        """Give a new sample of the line; return the codes that were found, as a mask."""
        self.i.line.value = mbar
        self.i.line.status = status
        self.i.line.sequence += 1
        return self.watch()

    def coil(self, ma, status=0):
        """Give a new sample of the coil's current."""
        self.i.coil.value = ma
        self.i.coil.status = status
        self.i.coil.sequence += 1
        return self.watch()

    def burst(self, line_mbar, open_us=30_000, given_us=30_000, running=RUNNING, touched=True):
        """Give a burst in which the line was sampled once; it was closed 100 ms ago."""
        s = self.s
        self.valves.fired()
        self.planner.off_us = 0
        s.burst.open = True
        s.burst.open_us = open_us
        s.trigger.touched = touched
        self.i.burst = running
        assert self.line(line_mbar) == 0
        s.burst.open = False
        self.i.burst = 0
        self.valves.ended(given_us)
        self.planner.off_us = 100_000
        return self

    def prove(self, us=0):
        """Do one tick of the proof test after this time; return what the next tick finds."""
        self.o = Outputs()
        s = self.s
        micropython.heap_lock()
        try:
            self.valves.prove(
                us, self.i, self.o, s.blocked_by, s.trigger.touched, self.planner, s.session.uptime_s, s.faults.causes
            )
        finally:
            micropython.heap_unlock()
        return self.watch()

    def begun(self):
        """Arm, and command the test's opening."""
        self.valves.armed(self.s.session, self.s.config)
        assert self.valves.pending
        assert self.prove() == 0 and self.o.fire_us == 60_000
        self.i.burst = RUNNING
        return self

    def vented(self):
        """Let 60 ms pass after the command: the whole opening has ended."""
        self.begun()
        self.i.burst = 0
        assert self.prove(60_000) == 0
        return self
