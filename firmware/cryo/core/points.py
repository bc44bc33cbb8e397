"""Point and pass: their data, what begins and ends them, and why."""

from cryo.core import mode, presets, session
from cryo.limits import HOLD_MS, MODEL_MARGIN_MDEGC, PASS_RESUMED_MS, PASSES_MAX, TICK_US

_HOLD_US = HOLD_MS * 1000
_RESUMED_US = PASS_RESUMED_MS * 1000


class Point:
    """What one point is treated to, and its progress. The session counts its time, passes and gas.

    target_mdegc   of the level: bursts go on until the skin settles there
    floor_mdegc    of the level: no burst is planned below it
    lowest_mdegc   the observer's surface may go down to here (limit 25)
    hold_us        since the target was reached
    treated        a burst was given
    over           why it is over, as session.py names it, or session.GOING
    """

    def __init__(self):
        self.target_mdegc = 0
        self.floor_mdegc = 0
        self.lowest_mdegc = 0
        self.hold_us = 0
        self.treated = False
        self.over = session.GOING

    def begin(self):
        """Begin another point with the level that is set."""
        self.lowest_mdegc = self.floor_mdegc - MODEL_MARGIN_MDEGC
        self.hold_us = 0
        self.treated = False

    def end(self, session_, dose_spent, passing):
        """Return why the point is over, or session.GOING. passing: a pass goes on, which may be the last one."""
        over = session_.point_spent
        if session_.reached and self.hold_us >= _HOLD_US:
            over = session.TARGET
        elif dose_spent:
            over = session.DOSE
        elif session_.used_up:
            over = session.SESSION
        elif session_.passes >= PASSES_MAX and not passing:
            over = session.PASSES
        self.over = over
        return over


class Pass:
    """The pass now or last.

    us        its time, with a moment in which the hand let go and pressed again
    late_us   sum of its ticks' lateness that punctual ticks have not made up
    held      the trigger that began it was not released
    over      this tick ends it
    """

    def __init__(self):
        self.us = 0
        self.late_us = 0
        self.held = False
        self.over = False

    def begin(self, resumed):
        """The trigger begins a pass, or continues the last one."""
        if not resumed:
            self.us = 0
        self.us += TICK_US  # this tick gives no gas, and counts
        self.late_us = 0
        self.held = True


def press(session_, point, pass_):
    """A press begins a pass, or continues the last one. Return True when the point begins with it."""
    row = session_.row()
    point.target_mdegc = row[presets.TARGET_MDEGC]
    point.floor_mdegc = row[presets.FLOOR_MDEGC]
    first = not session_.point_open
    if first:
        session_.begin_point()
        point.begin()
    resumed = session_.point_us - session_.let_go_us <= _RESUMED_US
    if not resumed:
        session_.passes += 1
    pass_.begin(resumed)
    return first


def let_go(session_, stayed):
    """A pass is over. Only a hand that stayed at its distance may continue it."""
    session_.let_go_us = session_.point_us if stayed else session.NEVER


def leave(session_, point, after, hold_mm):
    """End the open point: the device goes into the mode `after`, in which no point is treated.

    hold_mm is where to hold the applicator for the learnt jet; 0: the jet is as calibrated. A point that missed its
    target because it was held too near gets that as its reason.
    """
    reason = session.STOPPED
    if after == mode.COMPLETE:
        reason = point.over
        if hold_mm and not session_.reached and (reason == session.TIME or reason == session.PASSES):
            reason = session.THICK_SKIN
    elif after == mode.FAULT:
        reason = session.FAULTED
    session_.end_point(reason)
