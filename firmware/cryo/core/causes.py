"""Which causes of faults stand in this tick: what each guard means for the registry."""

from cryo.core import faults
from cryo.core.bursts import END_US
from cryo.core.flow import RAN
from cryo.core.mode import DELIVERING, SELF_TEST, TREATING
from cryo.core.records import RESTING, RUNNING
from cryo.core.room import CLEAR, STOP
from cryo.limits import (
    AFTERMATH_US,
    BOTTLE_STOP_MAX_MBAR,
    BOTTLE_STOP_MIN_MBAR,
    LATE_SUM_US,
    LATE_TICK_US,
    SAME_POINT_SKIN_MDEGC,
    TASKS_LATE_MAX,
)
from micropython import const

_OF_THE_SKIN = faults.Codes(faults.SKIN_TRIP, faults.SKIN_SENSOR)
_CUT_TICKS = const(2)  # a one-shot that was cut in a tick has ended in the next; a tethered one may take two looks
_REFUSALS = const(3)  # [E] a bouncing loop may make the one-shot refuse once, not three times in a row


def standing(s, dt_us, i):
    """Add every cause that stands to s.faults.causes, from the supervisor s and its Inputs i; return flow.RAN.

    A latched fault keeps its cause until what it asks for is there again, so that an acknowledge can be refused.
    """
    causes = s.faults.causes
    touched = s.trigger.touched
    burst = s.burst
    off_us = s.planner.off_us
    s.valves.watch(i, burst, off_us, touched, causes)
    treating = TREATING >> s.mode & 1
    latched = s.faults.latched
    if i.estop:
        causes.add(faults.ESTOP)
    if s.observer.torn:
        causes.add(faults.MEMORY)
    if s.reset_loop:
        causes.add(faults.RESET_LOOP)
    if i.self_test == 2:
        causes.add(faults.SELF_TEST)
    if i.tasks_late > TASKS_LATE_MAX:
        causes.add(faults.TASK_STOPPED)
    # The chip's demand opens channel B by gates of its own; it is named, not the shield.
    cut = i.skin.cut
    demanded = cut and i.loop_a
    eye = s.eye
    if eye.discordant and not demanded:
        causes.add(faults.LOOP_DISCORD)
    running = i.burst == RUNNING
    if i.port_status or (running and s.cut_ticks >= _CUT_TICKS):
        causes.add(faults.VALVE_PORT)
    if not eye.made and not demanded and (treating or latched.has(faults.LOOP_OPEN)):
        causes.add(faults.LOOP_OPEN)
    if s.mode <= SELF_TEST:
        if touched:
            causes.add(faults.TRIGGER_BOOT)
        if s.mode == SELF_TEST and i.burst != RESTING:
            causes.add(faults.SELF_TEST)
    if s.room == STOP:  # in every mode: it is the air that people breathe
        causes.add(faults.ROOM_CO2)
    overcool = s.overcool
    if s.faults.first:
        if touched and latched.has(faults.TRIGGER_BOOT):
            causes.add(faults.TRIGGER_BOOT)
        if latched.has(faults.ROOM_CO2) and s.room != CLEAR:  # a sensor that fell silent clears nothing
            causes.add(faults.ROOM_CO2)
        # gone when the skin has recovered, not when it is just above the trip
        if latched.has(faults.SKIN_TRIP) and (
            not overcool.valid or s.second.colder(i.skin.value_mdegc) < SAME_POINT_SKIN_MDEGC
        ):
            causes.add(faults.SKIN_TRIP)
        if latched.has(faults.SKIN_SENSOR) and not overcool.valid:
            causes.add(faults.SKIN_SENSOR)
    if cut and (treating or latched.meets(_OF_THE_SKIN)):
        causes.add(faults.SKIN_TRIP if overcool.valid else faults.SKIN_SENSOR)
    if treating or off_us < AFTERMATH_US:
        if overcool.locked_out:
            causes.add(faults.SKIN_LOCKOUT)
        if overcool.tripped:
            causes.add(faults.SKIN_TRIP)
    bottle = i.bottle
    if bottle.status or not BOTTLE_STOP_MIN_MBAR <= bottle.value <= BOTTLE_STOP_MAX_MBAR:
        code = _bottle(bottle)
        if treating or latched.has(code):
            causes.add(code)
    if not treating:
        return RAN

    if overcool.sensor_failed:
        causes.add(faults.SKIN_SENSOR)
    if s.second.discordant:
        causes.add(faults.INFRARED_DISCORD)
    response = s.response
    if response.missing:
        causes.add(faults.NO_RESPONSE)
    if response.weak:
        causes.add(faults.RESPONSE_WEAK)
    if response.strong:
        causes.add(faults.RESPONSE_STRONG)
    if s.mode == DELIVERING:
        # Skin at rest, between passes too, may give the same frame for longer.
        if overcool.stale and response.open and response.owed(s.observer.probe_mdegc()):
            causes.add(faults.SKIN_STALE)
        if dt_us > LATE_TICK_US or s.pass_.late_us > LATE_SUM_US:
            causes.add(faults.TICK_LATE)
        if burst.open:
            if running and burst.open_us + dt_us > burst.commanded_us + END_US:
                causes.add(faults.VALVE_PORT)
        elif i.line.status and s.config.line_fitted:
            causes.add(faults.LINE_SENSOR)
        if burst.refused >= _REFUSALS:
            causes.add(faults.VALVE_PORT)
    return RAN


def _bottle(bottle):
    """Return the code of what is wrong with the bottle."""
    if bottle.status:
        return faults.BOTTLE_SENSOR
    return faults.BOTTLE_LOW if bottle.value < BOTTLE_STOP_MIN_MBAR else faults.BOTTLE_HIGH
