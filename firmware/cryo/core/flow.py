"""Program flow: proves that every check of a tick ran once, to its end, and in its order.

Each guard has a step: a number that starts at the guard's place and counts the guard's runs modulo 2**20. The guard
counts when it begins and returns the number when it ends. The supervisor combines the steps in the order in which it
called the guards,

    signature = signature * FACTOR + step, modulo 2**20

The first step is that of the room's sensor, which is checked every 16th tick only. The last steps are one bit each from
causes and blockers, which are functions without memory. A guard that was left out, ended early or ran twice stays one
count behind or ahead of the supervisor's for ever: then the watchdog resets the device. The factor is odd, so the
weight of each place has an inverse: surplus runs of one guard cancel only after 2**20, and those of two after 955 or
more. No guard can run so often within the watchdog's time. IEC 60730 asks class B for such monitoring of the program
sequence [K].
"""

from micropython import const

ROOM = const(0)
TRIGGER = const(1)
EYE = const(2)
SECOND = const(3)
OVERCOOL = const(4)
OBSERVE = const(5)
VALVES = const(6)
FAULTS = const(7)
# a guard counts with: step = step + 1 & STEP_MASK

RAN = const(1)  # what causes.standing returns at its end
RAN_BLOCKERS = const(1 << 29)  # bit of blockers.standing
RAN_ROOM = const(1 << 2)  # bit of room.level

FACTOR = const(955)  # under 2**10, so that all stays within 31 bits
STEP_MASK = const(0xFFFFF)


def strung(steps):
    """Return the signature of these steps, in their order."""
    signature = 0
    for step in steps:
        signature = signature * FACTOR + step & STEP_MASK
    return signature


START = strung((ROOM, TRIGGER, EYE, SECOND, OVERCOOL, OBSERVE, VALVES, FAULTS, 3))  # no tick yet; 3: both have run
TURN = strung((0, 1, 1, 1, 1, 1, 1, 1, 0))  # what a tick adds to the signature ...
TURN_ROOM = strung((1, 1, 1, 1, 1, 1, 1, 1, 0))  # ... and one in which the room's sensor is asked
