"""The virtual board's one-shot and lease: the port of cryo.valve over the twin's hardware timers."""

import hal
from cryo.core.records import RESTING, RUNNING
from cryo.limits import BURST_MAX_US, LEASE_MAX_US
from cryo.valve import BUSY, CUT, EARLY, OK
from cryo.valve.spacing import Spacing


class Valve:
    """The dose valve's one-shot. The twin times and ends it, and loop channel A ends it, as in hardware."""

    def __init__(self):
        self._spacing = Spacing(hal.ticks_us)
        self._us = 0
        self._running = False  # as far as was asked

    def rearm(self):
        """Allow the next opening."""
        self.result()
        hal.burst_result = RESTING
        return hal.event(hal.OP_REARM, 0)

    def fire(self, us):
        """Open once for us microseconds, clipped to the longest opening. BUSY while one runs, CUT unless re-armed."""
        if self.result() == RUNNING:
            return BUSY
        if hal.burst_result != RESTING:
            return CUT
        if us > BURST_MAX_US:
            us = BURST_MAX_US
        if self._spacing.ask(us):
            return EARLY
        self._us = us
        self._running = True
        hal.burst_result = RUNNING
        return hal.event(hal.OP_FIRE, us)

    def cut(self):
        """Close now; stays cut until re-armed."""
        if self._spacing.kept:
            self._spacing.kept -= 1
        return hal.event(hal.OP_CUT, 0)

    def result(self):
        """Return RUNNING, RESTING, or us that were not delivered."""
        result = hal.burst_result
        if self._running and result != RUNNING:
            self._running = False
            self._spacing.ended(result if 0 <= result <= self._us else self._us)
        return result


class Lease:
    """The shut-off valve's lease."""

    def renew(self):
        """Edges for LEASE_MAX_US from now, replacing what is left."""
        return hal.event(hal.OP_LEASE, LEASE_MAX_US)

    def stop(self):
        """No more edges."""
        return hal.event(hal.OP_LEASE, 0)


__all__ = ("OK", "Lease", "Valve")
