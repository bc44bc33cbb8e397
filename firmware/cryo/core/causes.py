"""Finds the causes of faults in this tick. Each has two lines: what a guard says; then its fault and when it counts.

When: a set of modes (mode.py), and beside them AFTER_GAS and KEPT (faults.py). A KEPT cause counts in every mode once
its fault is latched: an acknowledge is refused until the operator has done what the remedy asks for.
"""

from cryo.core import faults
from cryo.core.bursts import END_US
from cryo.core.faults import AFTER_GAS, KEPT
from cryo.core.flow import RAN
from cryo.core.mode import BOOTING, EVER, PASS, SELF_TEST, TREATING
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
_CUT_TICKS = const(2)  # a one-shot that was cut has ended in the next tick; after the tether it may take two ticks
_MODES = const(15)
_REFUSALS = const(3)  # [E] a bouncing loop may make the one-shot refuse once, not three times in a row


def standing(s, dt_us, i):
    """Add every present cause to s.faults.causes, from the supervisor s and its Inputs i; return flow.RAN."""
    registry = s.faults
    burst = s.burst
    mode = s.mode
    off_us = s.planner.off_us
    touched = s.trigger.touched
    s.valves.watch(i, burst, off_us, touched, registry.causes)
    # A memory error may have changed the mode. Four bits of it make no long integer; program flow finds the error
    # (PROGRAM_FLOW).
    now = 1 << (mode & _MODES)
    registry.now = now | AFTER_GAS if off_us < AFTERMATH_US else now

    if i.estop:
        registry.found(faults.ESTOP, EVER)
    if s.observer.torn:
        registry.found(faults.MEMORY, EVER)
    if s.reset_loop:
        registry.found(faults.RESET_LOOP, EVER)
    if i.self_test == 2:
        registry.found(faults.SELF_TEST, EVER)
    if i.tasks_late > TASKS_LATE_MAX:
        registry.found(faults.TASK_STOPPED, EVER)
    if dt_us > LATE_TICK_US or s.pass_.late_us > LATE_SUM_US:
        registry.found(faults.TICK_LATE, PASS)
    if s.room == STOP:  # in every mode: people breathe this air
        registry.found(faults.ROOM_CO2, EVER)

    running = i.burst == RUNNING
    if i.port_status or (running and s.cut_ticks >= _CUT_TICKS):
        registry.found(faults.VALVE_PORT, EVER)
    if burst.refused >= _REFUSALS:
        registry.found(faults.VALVE_PORT, PASS)
    if running and burst.open and burst.open_us + dt_us > burst.commanded_us + END_US:
        registry.found(faults.VALVE_PORT, PASS)

    # The skin chip can open channel B through gates of its own. Then the fault names the skin chip, not the shield.
    skin = i.skin
    eye = s.eye
    if not (skin.cut and i.loop_a):
        if eye.discordant:
            registry.found(faults.LOOP_DISCORD, EVER)
        if not eye.made:
            registry.found(faults.LOOP_OPEN, TREATING | KEPT)

    overcool = s.overcool
    if skin.cut:
        when = EVER if registry.latched.meets(_OF_THE_SKIN) else TREATING
        registry.found(faults.SKIN_TRIP if overcool.valid else faults.SKIN_SENSOR, when)
    if overcool.locked_out:
        registry.found(faults.SKIN_LOCKOUT, TREATING | AFTER_GAS)
    if overcool.tripped:
        registry.found(faults.SKIN_TRIP, TREATING | AFTER_GAS)
    if overcool.sensor_failed:
        registry.found(faults.SKIN_SENSOR, TREATING)
    if s.second.discordant:
        registry.found(faults.INFRARED_DISCORD, TREATING)
    response = s.response
    if response.missing:
        registry.found(faults.NO_RESPONSE, TREATING)
    if response.weak:
        registry.found(faults.RESPONSE_WEAK, TREATING)
    if response.strong:
        registry.found(faults.RESPONSE_STRONG, TREATING)
    # Skin at rest, between passes too, may give the same frame for longer.
    if overcool.stale and response.open and response.owed(s.observer.probe_mdegc()):
        registry.found(faults.SKIN_STALE, PASS)

    bottle = i.bottle
    if bottle.status:
        registry.found(faults.BOTTLE_SENSOR, TREATING | KEPT)
    elif bottle.value < BOTTLE_STOP_MIN_MBAR:
        registry.found(faults.BOTTLE_LOW, TREATING | KEPT)
    elif bottle.value > BOTTLE_STOP_MAX_MBAR:
        registry.found(faults.BOTTLE_HIGH, TREATING | KEPT)
    if i.line.status and not burst.open and s.config and s.config.line_fitted:
        registry.found(faults.LINE_SENSOR, PASS)

    # Only in these modes: in a pass the trigger is pressed and a burst runs, so neither call could find anything.
    if mode <= SELF_TEST:
        if touched:
            registry.found(faults.TRIGGER_BOOT, BOOTING)
        if i.burst != RESTING:
            registry.found(faults.SELF_TEST, 1 << SELF_TEST)
    if registry.first:
        _kept(s, i)
    return RAN


def _kept(s, i):
    """Add the causes that only keep a fault that is latched already."""
    registry = s.faults
    overcool = s.overcool
    if s.trigger.touched:
        registry.found(faults.TRIGGER_BOOT, KEPT)
    if s.room != CLEAR:  # a silent sensor clears no fault
        registry.found(faults.ROOM_CO2, KEPT)
    # the cause ends when the skin has recovered, not when it is just above the trip
    if not overcool.valid or s.second.colder(i.skin.value_mdegc) < SAME_POINT_SKIN_MDEGC:
        registry.found(faults.SKIN_TRIP, KEPT)
    if not overcool.valid:
        registry.found(faults.SKIN_SENSOR, KEPT)
