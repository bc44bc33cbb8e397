"""Checks that the skin responds to the bursts as predicted: limit 13 (no response), and the residual over a window.

The fall of the reading within a burst's cycle is compared with the fall of the observer's predicted probe: levels may
differ by the model's error, falls may not.

From its first burst on, callus responds as normal skin does to a jet of 1.3 to 2 times: that is learnt (jet.py) and is
no fault. A jet that gets stronger within a point is a fault: each window is compared with the one that fell least for
its prediction.

Under water, or beside the jet's axis, a probe feels less than half of the bursts from the first window on. Wet callus
feels more than 2.2 times of them, because the jet dries it. Wet skin that dries slowly feels more in window after
window, or all the time, without a step. The point ends then, and the operator dries the skin and seats the probe. The
same in the next point is a fault, and so is less than a quarter, a step, or too little after the first window.
"""

from cryo.limits import (
    BURST_MIN_US,
    RESPONSE_MIN_MDEGC,
    RESPONSE_MISSES,
    RESPONSE_MOST_TENTHS,
    RESPONSE_STRONG_MARGIN_MDEGC,
    RESPONSE_STRONG_TENTHS,
    RESPONSE_WEAK_TENTHS,
    RESPONSE_WINDOW_MARGIN_MDEGC,
    RESPONSE_WINDOW_MDEGC,
    RESPONSE_WINDOW_STRONG_TENTHS,
)
from micropython import const

_SHOWN_FROM_MDEGC = const(700)  # of predicted fall: a probe burst from 80 to 110 mm; half a step is a fifth of it [E]
_MOST_PM = RESPONSE_MOST_TENTHS * 100
_RISEN = const(4)  # [E] windows: a jet that jumps is found in three, as each holds half of what came before it
_WELL_PM = const(900)  # [E] a probe that felt so much of the bursts once was seated well: less is a fault
# values of `seat`
GOOD = const(0)
WAS_BAD = const(1)  # the point before ended with BAD
BAD = const(2)


class Response:
    """Judges each burst when the next one is due. Verdicts stay until `reset`. open: a burst is not judged yet.

    seat is the verdict BAD when the probe felt a quarter to half of the bursts from the first window on, or too much of
    them without a step within the point. If the next point shows the same, it is weak or strong instead.
    """

    def __init__(self):
        self.missing = False
        self.weak = False
        self.strong = False
        self.seat = GOOD
        self._least_pm = 0
        self.reset()

    def reset(self):
        """Forget everything but a bad seat: another point begins, or somebody acknowledges."""
        # A fault that latched for it, or a whole window that was judged, clears it: a point that somebody gives up at
        # once shows nothing.
        cleared = self.weak or self.strong or self._least_pm
        self.seat = WAS_BAD if self.seat == BAD or (self.seat == WAS_BAD and not cleared) else GOOD
        self.missing = False
        self.weak = False
        self.strong = False
        self.shown_pm = 0
        # observed over predicted of the windows so far, in thousandths: the least, 0 while none is full yet, and the
        # most
        self._least_pm = 0
        self._highest_pm = 0
        self._risen = 0  # windows in a row that showed the share of a strong one, and no more than its margin
        self._misses = 0
        self._observed = 0
        self._predicted = 0
        self._steps = 0  # one step of the converter for each burst in the window
        self._old_observed = 0  # what the last judgement left in the window, less its steps
        self._old_predicted = 0
        self._delivered_us = 0
        self._before = 0
        self._lowest = 0
        self._probe_before = 0
        self._probe_lowest = 0
        self._probe_seen = 0  # predicted reading at the newest sample
        self.open = False

    def failed(self):
        """True when any verdict forbids another burst."""
        return self.missing or self.weak or self.strong or self.seat == BAD

    def begin(self, skin_mdegc, probe_mdegc):
        """A burst begins on this reading and this predicted reading."""
        self.open = True
        self._before = skin_mdegc
        self._lowest = skin_mdegc
        self._probe_before = probe_mdegc
        self._probe_lowest = probe_mdegc
        self._probe_seen = probe_mdegc
        self._delivered_us = 0

    def owed(self, probe_mdegc):
        """True when the predicted reading has moved by a step since the newest sample: a live probe gives another.

        At the bottom of a short burst's dip a sound one may repeat its frame for a second: nothing moves there.
        """
        moved = probe_mdegc - self._probe_seen
        return not -RESPONSE_MIN_MDEGC < moved < RESPONSE_MIN_MDEGC

    def delivered(self, us):
        """Take how long the burst let gas flow, us."""
        self._delivered_us = us

    def sample(self, skin_mdegc, probe_mdegc):
        """A new sample since the burst began, with the predicted reading of its time."""
        self._probe_seen = probe_mdegc
        if self.open:
            if skin_mdegc < self._lowest:
                self._lowest = skin_mdegc
            if probe_mdegc < self._probe_lowest:
                self._probe_lowest = probe_mdegc
            # an early verdict on a jet that is too strong: every sample may show it, and waiting harms the skin
            observed = self._observed + self._before - self._lowest - self._steps - RESPONSE_MIN_MDEGC
            predicted = self._predicted + self._probe_before - self._probe_lowest
            most_pm = self._most_pm(RESPONSE_STRONG_TENTHS)
            if observed > predicted * most_pm // 1000 + RESPONSE_STRONG_MARGIN_MDEGC:
                self._too_strong(observed, predicted)

    def _too_strong(self, observed, predicted):
        """Without a step within the point it may be wet skin that the jet dries: one point is ended for it."""
        step_pm = self._least_pm * RESPONSE_WINDOW_STRONG_TENTHS // 10
        new = observed - self._old_observed  # of the bursts that no window has judged yet
        stepped = step_pm and self._risen < _RISEN and new > (predicted - self._old_predicted) * step_pm // 1000
        if self.seat == GOOD and not stepped:
            self.seat = BAD
        elif self.seat != BAD:
            self.strong = True

    def _most_pm(self, tenths):
        most_pm = self._least_pm * tenths // 10
        return most_pm if 0 < most_pm < _MOST_PM else _MOST_PM

    def show(self):
        """Return what the window shows of the jet, in thousandths of the calibrated one; 0: too little fell.

        Half a step of the converter is subtracted for each burst: the lowest of several noisy samples lies under their
        mean.
        """
        if self.open and self._delivered_us >= BURST_MIN_US:
            predicted = self._predicted + self._probe_before - self._probe_lowest
            if predicted >= _SHOWN_FROM_MDEGC and not self.strong:
                observed = self._observed + self._before - self._lowest - (self._steps + RESPONSE_MIN_MDEGC >> 1)
                self.shown_pm = observed * 1000 // predicted
        return self.shown_pm

    def close(self):
        """The cycle of the burst is over: judge it."""
        if not self.open:
            return
        self.open = False
        if self._delivered_us < BURST_MIN_US:
            return  # cut short: proves nothing
        fall = self._before - self._lowest
        promised = self._probe_before - self._probe_lowest
        if fall < RESPONSE_MIN_MDEGC:
            if promised >= RESPONSE_MIN_MDEGC:  # a burst that promises less than a step proves nothing
                self._misses += 1
                if self._misses >= RESPONSE_MISSES:
                    self.missing = True
        else:
            self._misses = 0
        self._observed += fall
        self._predicted += promised
        self._steps += RESPONSE_MIN_MDEGC
        if self._predicted >= RESPONSE_WINDOW_MDEGC:
            if self._observed * 10 < self._predicted * RESPONSE_WEAK_TENTHS:
                # a probe that feels less than a quarter [E] lies off the skin
                if self._observed * 4 >= self._predicted and self._highest_pm < _WELL_PM and self.seat == GOOD:
                    self.seat = BAD
                else:
                    self.weak = True
            most_pm = self._most_pm(RESPONSE_WINDOW_STRONG_TENTHS)
            observed = self._observed - self._steps
            if observed > self._predicted * most_pm // 1000 + RESPONSE_WINDOW_MARGIN_MDEGC:
                self._too_strong(observed, self._predicted)
            else:
                pm = self._observed * 1000 // self._predicted
                if pm < self._least_pm or not self._least_pm:
                    self._least_pm = pm
                if pm > self._highest_pm:
                    self._highest_pm = pm
                self._risen = self._risen + 1 if pm * 10 >= self._least_pm * RESPONSE_WINDOW_STRONG_TENTHS else 0
            self._observed >>= 1
            self._predicted >>= 1
            self._steps >>= 1
            self._old_observed = self._observed - self._steps
            self._old_predicted = self._predicted
