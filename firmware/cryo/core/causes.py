"""Which causes of faults stand in this tick: the table of what each guard means for the registry."""

from cryo.core import faults
from cryo.core.flow import RAN, TASKS_LATE_MAX
from cryo.core.mode import DELIVERING, SELF_TEST, TREATING
from cryo.core.records import RESTING, RUNNING
from cryo.core.room import CLEAR, STOP
from cryo.limits import BOTTLE_STOP_MAX_MBAR, BOTTLE_STOP_MIN_MBAR, LATE_TICK_US, SAME_POINT_SKIN_MDEGC
from micropython import const

_AFTERMATH_US = const(5_000_000)  # after the last gas the skin readings still count, whatever the mode [E]
_OF_THE_SKIN = 1 << faults.SKIN_TRIP | 1 << faults.SKIN_SENSOR
_PORT_GRACE_US = const(30_000)  # a one-shot that is this late did not end
_REFUSALS = const(3)  # [E] a bouncing loop may make the one-shot refuse once, not three times in a row


def standing(s, dt_us, i):
    """Return the mask of causes (1 << fault code) that stand, from the supervisor s and its Inputs i, and flow.RAN.

    A latched fault keeps its cause until what it asks for is there again, so that an acknowledge can be refused.
    """
    mask = RAN | (s.valves.watch(s, i) or 0)
    treating = TREATING >> s.mode & 1
    latched = s.faults.latched
    if i.estop:
        mask |= 1 << faults.ESTOP
    if s.reset_loop:
        mask |= 1 << faults.RESET_LOOP
    if i.self_test == 2:
        mask |= 1 << faults.SELF_TEST
    if i.tasks_late > TASKS_LATE_MAX:
        mask |= 1 << faults.TASK_STOPPED
    # The chip's demand opens channel B by gates of its own; it is named, not the shield.
    demanded = i.skin.cut and i.loop_a
    if s.eye.discordant and not demanded:
        mask |= 1 << faults.LOOP_DISCORD
    if i.port_status:
        mask |= 1 << faults.VALVE_PORT
    if not s.eye.made and not demanded and (treating or latched >> faults.LOOP_OPEN & 1):
        mask |= 1 << faults.LOOP_OPEN
    if s.trigger.touched and (s.mode <= SELF_TEST or latched >> faults.TRIGGER_BOOT & 1):
        mask |= 1 << faults.TRIGGER_BOOT
    if s.mode == SELF_TEST and i.burst != RESTING:
        mask |= 1 << faults.SELF_TEST
    if s.room == STOP:  # in every mode: it is the air that people breathe
        mask |= 1 << faults.ROOM_CO2
    overcool = s.overcool
    if latched:
        if latched >> faults.ROOM_CO2 & 1 and s.room != CLEAR:  # a sensor that fell silent clears nothing
            mask |= 1 << faults.ROOM_CO2
        # gone when the skin has recovered, not when it is just above the trip
        if latched >> faults.SKIN_TRIP & 1 and (not overcool.valid or i.skin.value_mdegc < SAME_POINT_SKIN_MDEGC):
            mask |= 1 << faults.SKIN_TRIP
        if latched >> faults.SKIN_SENSOR & 1 and not overcool.valid:
            mask |= 1 << faults.SKIN_SENSOR
    if i.skin.cut and (treating or latched & _OF_THE_SKIN):
        mask |= 1 << (faults.SKIN_TRIP if overcool.valid else faults.SKIN_SENSOR)
    if treating or s.planner.off_us < _AFTERMATH_US:
        if overcool.locked_out:
            mask |= 1 << faults.SKIN_LOCKOUT
        if overcool.tripped:
            mask |= 1 << faults.SKIN_TRIP
    if not treating:
        return mask | (_bottle(i) & latched)

    if overcool.sensor_failed:
        mask |= 1 << faults.SKIN_SENSOR
    if s.second.discordant:
        mask |= 1 << faults.INFRARED_DISCORD
    response = s.response
    if response.missing:
        mask |= 1 << faults.NO_RESPONSE
    if response.weak:
        mask |= 1 << faults.RESPONSE_WEAK
    if response.strong:
        mask |= 1 << faults.RESPONSE_STRONG
    if s.mode == DELIVERING:
        if overcool.stale and response.open:  # skin at rest, between passes too, may give the same frame for longer
            mask |= 1 << faults.SKIN_STALE
        if dt_us > LATE_TICK_US:
            mask |= 1 << faults.TICK_LATE
        if s.open:
            if i.burst == RUNNING and s.open_us > s.burst_us + _PORT_GRACE_US:
                mask |= 1 << faults.VALVE_PORT
        elif i.line.status:
            mask |= 1 << faults.LINE_SENSOR
        if s.refused >= _REFUSALS:
            mask |= 1 << faults.VALVE_PORT
    return mask | _bottle(i)


def _bottle(i):
    if i.bottle.status:
        return 1 << faults.BOTTLE_SENSOR
    if i.bottle.value < BOTTLE_STOP_MIN_MBAR:
        return 1 << faults.BOTTLE_LOW
    if i.bottle.value > BOTTLE_STOP_MAX_MBAR:
        return 1 << faults.BOTTLE_HIGH
    return 0
