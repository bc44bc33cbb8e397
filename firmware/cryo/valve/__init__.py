"""The port to the valves. It never waits: each call returns at once, with a status; nothing here raises.

A board gives two objects (the virtual board's are in boards/virtual/valves.py):

`valve`, the dose valve's one-shot, timed by hardware
    rearm() -> status     allow the next fire after a cut; the only way back from a cut
    fire(us) -> status    one opening, at most limits.BURST_MAX_US; it ends by itself, by a cut, or by loop channel A;
                          EARLY, and none, where limits 5 and 6 forbid it (spacing.py)
    cut() -> status       close now and stay closed until re-armed; queued openings are dropped
    result() -> int       RUNNING, RESTING (nothing fired since the last re-arm or reset), or us not delivered (0 = all)
                          (the two numbers: core/records.py)

`lease`, the series shut-off valve, held open by edges only
    renew() -> status     open for limits.LEASE_MAX_US from now: replaces what is left, never adds; channel B ends it
    stop() -> status      let it close now
"""

from micropython import const

# statuses
OK = const(0)
BUSY = const(1)  # an opening is still running, or the hardware's queue is full: nothing was queued
CUT = const(2)  # not re-armed
DEAD = const(3)  # the hardware does not answer
EARLY = const(4)  # too soon after the last opening, or too long open in 2 s: nothing was opened
