"""A rig with gas between two valves, for the tests of valve supervision."""

from cryo.core.records import RUNNING
from supervisor_rig import Rig as SupervisorRig

BOTTLE = 57_000
VENT_US = 60_000


class Rig(SupervisorRig):
    """A rig with gas: both valves fill and empty the line immediately; its pressure is sampled every third tick."""

    def __init__(self):
        super().__init__(proved=False)
        self.dose = None  # how it is stuck: "open", "shut"
        self.shutoff = None
        self.line_mbar = BOTTLE
        self.held_mbar = None  # what the line reads instead
        self.coil_ma = None  # (without command, with command): sampled every third tick too
        self.vents = []

    def _hardware(self, dt_us):
        i = self.i
        running = i.burst == RUNNING
        held = self.lease_us > 0 and i.trigger and not i.estop  # contact 2 of the trigger supplies the shut-off
        super()._hardware(dt_us)
        if self.shutoff == "open" or (held and self.shutoff is None):
            self.line_mbar = BOTTLE
        elif self.dose == "open" or (running and self.dose is None):
            self.line_mbar = 1_000
        if self.ticks % 3 == 0:
            i.line.sequence = (i.line.sequence + 1) & 0xFFFF
            if i.line.status == 0:
                i.line.value = self.line_mbar if self.held_mbar is None else self.held_mbar
            if self.coil_ma:
                i.coil.sequence = (i.coil.sequence + 1) & 0xFFFF
                i.coil.status = 0
                i.coil.value = self.coil_ma[running]

    def _act(self):
        if self.o.fire_us and not self.i.trigger:
            self.vents.append(self.o.fire_us)
        super()._act()

    def to_vent(self):
        """Arm, and wait for the indication; the test's opening is commanded in this tick."""
        self.arm()
        return self.until_vent()

    def until_vent(self):
        count = len(self.vents)
        for _ in range(300):
            self.tick()
            if len(self.vents) > count:
                return self
        raise AssertionError("no vent")

    def proved(self):
        """Do the whole test."""
        self.to_vent()
        self.tick(55)
        assert not self.sup.valves.pending
        return self

    def first(self):
        """Return the first latched fault, or 0."""
        return self.sup.faults.first
