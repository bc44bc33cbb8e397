"""The virtual board's one-shot and lease: the port of cryo.valve over the twin's hardware timers."""

import hal
from cryo.limits import BURST_MAX_US, LEASE_MAX_US
from cryo.valve import BUSY, CUT, OK, RESTING, RUNNING


class Valve:
    """The dose valve's one-shot. The twin times it, ends it, and lets loop channel A end it, as hardware would."""

    def rearm(self):
        """Allow the next opening."""
        hal.burst_result = RESTING
        return hal.event(hal.OP_REARM, 0)

    def fire(self, us):
        """Open once for us microseconds, clipped to the longest opening. BUSY while one runs, CUT unless re-armed."""
        if hal.burst_result == RUNNING:
            return BUSY
        if hal.burst_result != RESTING:
            return CUT
        hal.burst_result = RUNNING
        return hal.event(hal.OP_FIRE, us if us < BURST_MAX_US else BURST_MAX_US)

    def cut(self):
        """Close now; stays cut until re-armed."""
        return hal.event(hal.OP_CUT, 0)

    def result(self):
        """Return RUNNING, RESTING, or us that were not delivered."""
        return hal.burst_result


class Lease:
    """The shut-off valve's lease."""

    def renew(self):
        """Edges for LEASE_MAX_US from now, replacing what is left."""
        return hal.event(hal.OP_LEASE, LEASE_MAX_US)

    def stop(self):
        """No more edges."""
        return hal.event(hal.OP_LEASE, 0)


__all__ = ("OK", "Lease", "Valve")
