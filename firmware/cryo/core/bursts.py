"""The burst planner: computes before each opening how long it may be, so that the skin stays above the floor.

Skin under a step of heat flux falls by K root t at its surface (semi-infinite solid) [C]. The probe lags by its time
constant and never shows that dip, so each opening is budgeted from the last settled sample between bursts. A jet that
gets stronger in a treatment shows after its first burst at the earliest, so each burst leaves room for one.
"""

from cryo.core.observer import JET_MDEGC, REFERENCE_DROP_DEGC
from cryo.core.records import RESTING
from cryo.limits import (
    BURST_MIN_US,
    DUTY_MAX_US,
    DUTY_WINDOW_US,
    JET_JUMP,
    JET_K_MIN_MDEGC,
    MODEL_MARGIN_MDEGC,
    PROBE_BURST_MAX_US,
)
from micropython import const

_HISTORY = const(8)  # bursts in a duty window: a window of 2 s holds at most 6, off-times being 350 ms or more
# [E] The port opens after a tick's calculations, which take 2 to 4 ms. It counts from the pin and refuses what breaks
# limit 6 (valve/spacing.py). For limit 5 the closing delay, 5 ms at least, gives that margin.
_DUTY_US = DUTY_MAX_US - 5_000
# [E] A one-shot that still runs this long after its time did not end. The pin opened up to 4 ms after its tick began,
# and RMT plays 1.1 ms longer. A cut in the next tick, 10 ms later, is within 20 ms of the end.
END_US = const(6_000)
_LONGEST_ROOT = const(4_000)  # milli root seconds: 16 s, far above every cap; its square is within 31 bits
_NO_SKIN = const(120_000)  # largest fall: an implausible reading plans no burst; times 1000 it fits into 31 bits
_WEAKEST = JET_K_MIN_MDEGC // 8  # no distance gives a weaker jet
_LONG = const(0x02000000)  # 33 s: a longer time makes no difference; the sum of all gaps stays within 31 bits


class Burst:
    """The present burst, or the last one.

    open           the one-shot was told to begin, and has not told its end
    open_us        since it was told
    commanded_us   its length
    planned_mm     distance for which it was planned ...
    shown_mm       ... and that of the last one that was long enough to show the jet
    refused        bursts in a row that the one-shot did not begin
    """

    def __init__(self):
        self.open = False
        self.open_us = 0
        self.commanded_us = 0
        self.planned_mm = 0
        self.shown_mm = 0
        self.refused = 0

    def begin(self, on_us, mm):
        """A burst of on_us is commanded at a distance."""
        self.open = True
        self.open_us = 0
        self.commanded_us = on_us
        self.planned_mm = mm

    def end(self, left_us):
        """The burst ended with left_us left; RESTING: it never began. Return how long the valve was open, us."""
        self.open = False
        self.refused = self.refused + 1 if left_us == RESTING else 0
        given_us = self.commanded_us - left_us if left_us >= 0 else 0
        if given_us >= BURST_MIN_US:
            self.shown_mm = self.planned_mm
        return given_us


class Planner:
    """Plans openings and keeps their account: flow expected now, time since closing, duty, probe bursts."""

    def __init__(self, open_delay_us, close_delay_us):
        self._open_delay_us = open_delay_us
        self._close_delay_us = close_delay_us
        self.probe_due = True
        self.margin_mdegc = MODEL_MARGIN_MDEGC
        self.off_us = _LONG  # since the valve closed, its closing delay included
        self._wait_us = 0  # until gas begins to flow
        self._flow_us = 0  # of flow still expected
        # the last openings, in a ring: length, and start to start of the next one; the newest one's age grows
        self._on_us = [0] * _HISTORY
        self._gap_us = [_LONG] * _HISTORY
        self._newest = 0
        self._since_us = _LONG
        self._recent_us = DUTY_MAX_US  # open in the window up to the last burst's end; the largest value: not known
        self.advance = self.advance  # bound once: every tick calls the first, ...
        self.plan = self.plan  # ... and the longest tick the second

    def advance(self, dt_us):
        """Account for one tick; return how long gas flowed in it, us."""
        if dt_us > _LONG:
            dt_us = _LONG
        if self._since_us < _LONG:
            self._since_us += dt_us
        flow = self._flow_us
        if not flow:
            if self.off_us < _LONG:
                self.off_us += dt_us
            return 0
        left = dt_us
        if self._wait_us:
            step = self._wait_us if self._wait_us < left else left
            self._wait_us -= step
            left -= step
        if flow > left:
            self._flow_us = flow - left
            return left
        self._flow_us = 0
        self.off_us = left - flow
        return flow

    def plan(self, skin_mdegc, floor_mdegc, cap_us, k_mdegc, predicted_mdegc, k_here_mdegc, k_most_mdegc, least_mdegc):
        """Return the longest opening allowed now, us, or 0 when it would be shorter than the shortest burst.

        Three falls are bounded; each allows a flow of (fall / K) squared: from the settled sample skin_mdegc to the
        level's floor with k_mdegc; from the observer's surface predicted_mdegc to the model floor (limit 25,
        margin_mdegc under the level's) with k_here_mdegc, the K at the measured distance; and from skin_mdegc to
        least_mdegc with JET_JUMP times k_most_mdegc, the most that this K may be. K is in mdegC per root second. A jet
        cools cold skin less: to the floor, K counts as the observer's law says for skin_mdegc. cap_us holds limit 4,
        the level's and the settings' caps.
        """
        fall_mdegc = skin_mdegc - floor_mdegc
        modelled_mdegc = predicted_mdegc - floor_mdegc + self.margin_mdegc
        if not (0 < fall_mdegc <= _NO_SKIN and 0 < modelled_mdegc <= _NO_SKIN and k_mdegc >= _WEAKEST <= k_here_mdegc):
            return 0
        k_mdegc = k_mdegc * ((skin_mdegc - JET_MDEGC) // REFERENCE_DROP_DEGC) // 1000
        root = fall_mdegc * 1000 // k_mdegc  # milli root seconds: their squares are us
        other = modelled_mdegc * 1000 // k_here_mdegc
        if other < root:
            root = other
        other = (skin_mdegc - least_mdegc) * 1000 // (k_most_mdegc * JET_JUMP)
        if other < root:
            root = other
        if root > _LONGEST_ROOT:
            root = _LONGEST_ROOT
        on_us = root * root - self._close_delay_us
        if cap_us < on_us:
            on_us = cap_us
        if self.probe_due and on_us > PROBE_BURST_MAX_US:
            on_us = PROBE_BURST_MAX_US
        on_us = self._within_duty(on_us)
        return on_us if on_us >= BURST_MIN_US else 0

    def fired(self, on_us):
        """An opening of on_us was commanded in this tick."""
        self._gap_us[self._newest] = self._since_us
        newest = (self._newest + 1) & (_HISTORY - 1)
        self._newest = newest
        self._on_us[newest] = on_us
        self._since_us = 0
        self._recent_us = DUTY_MAX_US
        self._wait_us = self._open_delay_us
        self._flow_us = on_us + self._close_delay_us - self._open_delay_us
        self.off_us = 0

    def ended(self, undelivered_us):
        """The opening ended early by undelivered_us: gas flows for the closing delay at most.

        The probe burst of limit 7 counts as given once an opening was as long as the shortest burst: a shorter one
        shows nothing.
        """
        self._on_us[self._newest] -= undelivered_us
        if self._on_us[self._newest] >= BURST_MIN_US:
            self.probe_due = False
        if undelivered_us:
            self._wait_us = 0
            if self._flow_us > self._close_delay_us:
                self._flow_us = self._close_delay_us
        self._recent_us = self._inside(DUTY_WINDOW_US)

    def _within_duty(self, on_us):
        # Earlier openings can only leave the window. So the count at the last burst's end mostly leaves enough room.
        if on_us + self._recent_us <= _DUTY_US:
            return on_us
        # A window is fullest when it ends with a burst, so only that one is checked. What leaves the window during the
        # burst depends on the burst's length: shorten it until it fits.
        tries = 0
        while on_us > 0 and tries < _HISTORY:
            total = on_us + self._inside(DUTY_WINDOW_US - on_us)
            if total <= _DUTY_US:
                return on_us
            on_us -= total - _DUTY_US
            tries += 1
        return 0

    def _inside(self, horizon_us):
        """Return how long the valve was open in the last horizon_us."""
        ons = self._on_us
        gaps = self._gap_us
        total = 0
        i = self._newest
        since = self._since_us
        n = 0
        while n < _HISTORY:
            on = ons[i]
            inside = horizon_us - since + on
            if inside <= 0:
                break
            total += inside if inside < on else on
            i = (i - 1) & (_HISTORY - 1)
            since += gaps[i]
            n += 1
        return total
