"""Point and pass: what they keep, what a change of mode does to them, and why a point ends."""

from cryo.core import mode, presets, session
from cryo.core.eye_guard import IN_WINDOW
from cryo.core.mode import DELIVERING, TREATING
from cryo.limits import HOLD_MS, MODEL_MARGIN_MDEGC, PASS_RESUMED_MS, PASSES_MAX, TICK_US

_HOLD_US = HOLD_MS * 1000
_RESUMED_US = PASS_RESUMED_MS * 1000


class Point:
    """What one point is treated to, and how far it has come. The session counts its time, passes and gas.

    target_mdegc   of the level: bursts go on until the skin settles there
    floor_mdegc    of the level: no burst is planned below it
    lowest_mdegc   the observer's surface may go down to here (limit 25)
    hold_us        since the target was reached
    treated        a burst was given
    """

    def __init__(self):
        self.target_mdegc = 0
        self.floor_mdegc = 0
        self.lowest_mdegc = 0
        self.hold_us = 0
        self.treated = False

    def begin(self):
        """Another point of the level that is set."""
        self.lowest_mdegc = self.floor_mdegc - MODEL_MARGIN_MDEGC
        self.hold_us = 0
        self.treated = False


class Pass:
    """The pass now or last.

    us        its time, that of a hand that let go for a moment and went on included
    late_us   of its late ticks, what punctual ones have not made good
    held      the trigger that began it was not let go
    over      this tick ends it
    """

    def __init__(self):
        self.us = 0
        self.late_us = 0
        self.held = False
        self.over = False

    def begin(self, resumed):
        """The trigger begins one, or goes on with the last."""
        if not resumed:
            self.us = 0
        self.us += TICK_US  # this tick gives no gas, and counts
        self.late_us = 0
        self.held = True


def end(sup):
    """Return why the supervisor's point is over, or session.GOING."""
    session_ = sup.session
    if session_.reached and sup.point.hold_us >= _HOLD_US:
        return session.TARGET
    if sup.overcool.dose_spent:
        return session.DOSE
    if session_.used_up:
        return session.SESSION
    if session_.passes >= PASSES_MAX and (sup.mode != DELIVERING or sup.pass_.over):
        return session.PASSES
    return session_.point_spent


def enter(sup, before, after):
    """Take the supervisor from one mode into another."""
    session_ = sup.session
    sup.idle_us = 0
    sup.mode_us = 0
    if after == mode.READY:
        sup.nonce = 1000 + (sup.now_us ^ sup.now_us >> 13) % 9000
        sup.loop_due = sup.loop_tests
        session_.wrong_numbers = 0
    else:
        sup.nonce = 0
        sup.loop_due = False
    if after == DELIVERING:
        row = session_.row()
        sup.point.target_mdegc = row[presets.TARGET_MDEGC]
        sup.point.floor_mdegc = row[presets.FLOOR_MDEGC]
        if not session_.point_open:
            _begin(sup)
        resumed = session_.point_us - session_.let_go_us <= _RESUMED_US
        if not resumed:
            session_.passes += 1
        sup.pass_.begin(resumed)
        sup.planner.probe_due = True
        sup.second.agrees = False
    elif session_.point_open and not TREATING >> after & 1:
        reason = session.STOPPED
        if after == mode.COMPLETE:
            reason = end(sup)
        elif after == mode.FAULT:
            reason = session.FAULTED
        session_.end_point(reason)
        sup.eye.watch(False)
    elif after == mode.REST:
        # Only a hand that stayed at its distance goes on with its pass.
        session_.let_go_us = (
            session_.point_us if sup.eye.range <= IN_WINDOW and not sup.trigger.touched else session.NEVER
        )
    if after == mode.ARMED:
        sup.valves.armed(session_, sup.config)
    sup.mode = after


def _begin(sup):
    sup.session.begin_point()
    sup.overcool.new_point()
    sup.response.reset()
    sup.second.reset()
    sup.eye.watch(True)
    sup.point.begin()
    sup.burst.refused = 0
