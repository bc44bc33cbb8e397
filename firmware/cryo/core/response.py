"""Does the skin answer the bursts as predicted? Limit 13 (no response) and the residual over a window of bursts.

The fall of the reading within a burst's cycle is compared with the fall of the observer's predicted probe: levels may
differ by the model's error, falls may not.
"""

from cryo.limits import (
    BURST_MIN_US,
    RESPONSE_MIN_MDEGC,
    RESPONSE_MISSES,
    RESPONSE_STRONG_MARGIN_MDEGC,
    RESPONSE_STRONG_TENTHS,
    RESPONSE_WEAK_TENTHS,
    RESPONSE_WINDOW_MARGIN_MDEGC,
    RESPONSE_WINDOW_MDEGC,
    RESPONSE_WINDOW_STRONG_TENTHS,
)


class Response:
    """Judges each burst when the next one is due. Verdicts stay until `reset`; open: one is still to be judged."""

    def __init__(self):
        self.missing = False
        self.weak = False
        self.strong = False
        self.reset()

    def reset(self):
        """Forget everything: another point begins."""
        self.missing = False
        self.weak = False
        self.strong = False
        self._misses = 0
        self._observed = 0
        self._predicted = 0
        self._steps = 0  # one step of the converter for each burst in the window
        self._delivered_us = 0
        self._before = 0
        self._lowest = 0
        self._probe_before = 0
        self._probe_lowest = 0
        self._probe_seen = 0  # predicted reading at the newest sample
        self.open = False

    def failed(self):
        """True when any verdict forbids another burst."""
        return self.missing or self.weak or self.strong

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
        """The burst delivered this much."""
        self._delivered_us = us

    def sample(self, skin_mdegc, probe_mdegc):
        """A new sample since the burst began, with the predicted reading of its time."""
        self._probe_seen = probe_mdegc
        if self.open:
            if skin_mdegc < self._lowest:
                self._lowest = skin_mdegc
            if probe_mdegc < self._probe_lowest:
                self._probe_lowest = probe_mdegc
            # an early verdict on a jet that is too strong: every sample may tell, and waiting costs skin
            observed = self._observed + self._before - self._lowest - self._steps - RESPONSE_MIN_MDEGC
            predicted = self._predicted + self._probe_before - self._probe_lowest
            if observed > predicted * RESPONSE_STRONG_TENTHS // 10 + RESPONSE_STRONG_MARGIN_MDEGC:
                self.strong = True

    def close(self):
        """The cycle of the burst is over: judge it."""
        if not self.open:
            return
        self.open = False
        if self._delivered_us < BURST_MIN_US:
            return  # cut short: proves nothing
        fall = self._before - self._lowest
        if fall < RESPONSE_MIN_MDEGC:
            self._misses += 1
            if self._misses >= RESPONSE_MISSES:
                self.missing = True
        else:
            self._misses = 0
        self._observed += fall
        self._predicted += self._probe_before - self._probe_lowest
        self._steps += RESPONSE_MIN_MDEGC
        if self._predicted >= RESPONSE_WINDOW_MDEGC:
            if self._observed * 10 < self._predicted * RESPONSE_WEAK_TENTHS:
                self.weak = True
            most = self._predicted * RESPONSE_WINDOW_STRONG_TENTHS // 10 + RESPONSE_WINDOW_MARGIN_MDEGC
            if self._observed - self._steps > most:
                self.strong = True
            self._observed >>= 1
            self._predicted >>= 1
            self._steps >>= 1
