"""The state machine, as one pure function of the mode and a set of conditions.

Timers are conditions (elapsed or not), so the machine is finite and a test can visit all of it.
"""

from micropython import const

BOOT = const(0)
SELF_TEST = const(1)
STANDBY = const(2)
READY = const(3)  # first step: the arm request was accepted, its confirmation is awaited
ARMED = const(4)  # second step done: light and tone, a fresh press of the trigger starts a pass
DELIVERING = const(5)  # a pass, its off-phases included
REST = const(6)  # between two passes
COMPLETE = const(7)  # a point ended; its result is shown
FAULT = const(8)
SERVICE = const(9)
# sets of modes
EVER = const(0xFFFF)  # every mode, and any value that a memory error makes of it: causes.py takes four bits
BOOTING = const(1 << BOOT | 1 << SELF_TEST)
TREATING = const(1 << ARMED | 1 << DELIVERING | 1 << REST)
PASS = const(1 << DELIVERING)
MAY_GIVE_GAS = const(TREATING | 1 << READY)  # gas now, or soon: only a number and a press are missing
NAMES = ("BOOT", "SELF_TEST", "STANDBY", "READY", "ARMED", "DELIVERING", "REST", "COMPLETE", "FAULT", "SERVICE")

# conditions
FAULTED = const(1 << 0)  # a fault is latched
ACKNOWLEDGED = const(1 << 1)  # the operator acknowledged in this tick
TESTED = const(1 << 2)  # the self-test passed, now or earlier
BLOCKED = const(1 << 3)  # a blocker is present that counts in this mode
REQUESTED = const(1 << 4)  # arm request in this tick
CONFIRMED = const(1 << 5)  # confirmation with the right number in this tick
CONFIRM_LATE = const(1 << 6)  # the request is too old
DISARMED = const(1 << 7)  # the operator disarmed or stopped in this tick
PRESSED = const(1 << 8)  # a fresh, debounced press in this tick
HELD = const(1 << 9)  # the trigger was never released since the pass began, and the pass ended by its own time
START_BLOCKED = const(1 << 10)  # something delays a pass: indication, distance, sample
PASS_OVER = const(1 << 11)  # time, release, or a guard ended the pass
RESTED = const(1 << 12)  # the rest between passes is over
POINT_OVER = const(1 << 13)  # the point is done, reached or not
IDLE = const(1 << 14)  # unused for the idle time
SERVICED = const(1 << 15)  # service mode asked for
CONDITIONS = const(16)


def next_mode(mode, c):
    """Return the mode after one tick. Gas may flow in DELIVERING only. Only an acknowledge leaves FAULT.

    In ARMED the proof test (valves.py) may let out the gas between the valves, while the shut-off has no supply.
    """
    if mode == FAULT:
        if not c & ACKNOWLEDGED or c & FAULTED:
            return FAULT
        return STANDBY if c & TESTED else SELF_TEST
    if c & FAULTED:
        return FAULT
    if mode == BOOT:
        return SELF_TEST
    if mode == SELF_TEST:
        return STANDBY if c & TESTED else SELF_TEST
    if mode == SERVICE:
        return STANDBY if c & DISARMED else SERVICE
    if mode == STANDBY or mode == COMPLETE:
        if c & REQUESTED and not c & BLOCKED:
            return READY
        if c & SERVICED:
            return SERVICE
        return STANDBY if mode == COMPLETE and c & (IDLE | DISARMED) else mode
    # READY, ARMED, DELIVERING, REST: check for a way back before any way forward
    if c & (DISARMED | BLOCKED):
        return STANDBY
    if mode == READY:
        if c & CONFIRM_LATE:
            return STANDBY
        return ARMED if c & CONFIRMED else READY
    if c & POINT_OVER:
        return COMPLETE
    if mode == ARMED:
        if c & IDLE:
            return STANDBY
        return DELIVERING if c & PRESSED and not c & START_BLOCKED else ARMED
    if mode == DELIVERING:
        return REST if c & PASS_OVER else DELIVERING
    if not c & RESTED:
        return REST
    if not c & HELD:
        return ARMED
    return REST if c & START_BLOCKED else DELIVERING
