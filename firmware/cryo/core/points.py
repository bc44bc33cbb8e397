"""What a change of mode does to point, pass and accounts, and why a point ends. Beside the supervisor, for its size."""

from cryo.core import mode, presets, session
from cryo.core.eye_guard import IN_WINDOW
from cryo.core.mode import DELIVERING, TREATING
from cryo.limits import HOLD_MS, MODEL_MARGIN_MDEGC, PASS_RESUMED_MS, PASSES_MAX, TICK_US

_HOLD_US = HOLD_MS * 1000
_RESUMED_US = PASS_RESUMED_MS * 1000


def end(sup):
    """Return why the supervisor's point is over, or session.GOING."""
    session_ = sup.session
    if session_.reached and sup.hold_us >= _HOLD_US:
        return session.TARGET
    if sup.overcool.dose_spent:
        return session.DOSE
    if session_.used_up:
        return session.SESSION
    if session_.passes >= PASSES_MAX and (sup.mode != DELIVERING or sup.pass_over):
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
        sup.target_mdegc = row[presets.TARGET_MDEGC]
        sup.floor_mdegc = row[presets.FLOOR_MDEGC]
        if not session_.point_open:
            _begin(sup)
        if session_.point_us - session_.let_go_us > _RESUMED_US:
            session_.passes += 1
            sup.pass_us = 0
        sup.pass_us += TICK_US  # this tick gives no gas, and counts
        sup.late_us = 0
        sup.held = True
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
        sup.valves.armed(sup)
    sup.mode = after


def _begin(sup):
    sup.session.begin_point()
    sup.overcool.new_point()
    sup.response.reset()
    sup.second.reset()
    sup.eye.watch(True)
    sup.lowest_mdegc = sup.floor_mdegc - MODEL_MARGIN_MDEGC
    sup.treated = False
    sup.refused = 0
    sup.hold_us = 0
