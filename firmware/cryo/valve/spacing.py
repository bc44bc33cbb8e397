"""Limits 5 and 6 at the valve itself: it does not begin an opening that no planner may request.

Each board's valve asks here before it opens, and reports what was delivered. Time is the board's own microseconds at
the pin; the tick's time does not count. Nothing here allocates; every intermediate stays within 31 bits.
"""

from cryo.core.ticks import diff
from cryo.limits import BURST_MAX_US, DUTY_MAX_US, DUTY_WINDOW_US, OFF_MIN_US
from cryo.valve import EARLY, OK
from micropython import const

_MASK = const(0x3FFFFFFF)  # as in core/ticks.py, repeated here to keep the tick short
_HALF = const(0x20000000)
_KEPT = const(8)  # openings: 2 s hold at most 6, off-times being 350 ms or more
_CALL_US = const(200)  # [E] time from asking to the pin's edge, and the most that two such times differ
_OFF_US = OFF_MIN_US + _CALL_US
_ON_US = DUTY_MAX_US - _CALL_US
# Cuts, one in each tick of 10 ms: 100 s. After that no old opening counts any more. This is long before microseconds
# wrap (17.9 min), and not before 2 s even if a tick took only 0.2 ms.
_CUTS = const(10_000)


class Spacing:
    """When the valve was open lately, by the board's ticks_us.

    kept    openings are remembered for so many more cuts: each cut subtracts one. 0: nothing counts any more
    """

    def __init__(self, ticks_us):
        self.kept = 0
        self._ticks_us = ticks_us
        self._begun_us = 0  # of the opening now or last
        self._asked_us = 0  # its length, until `ended`
        self._start_us = [0] * _KEPT  # openings that ended, in a ring
        self._on_us = [0] * _KEPT
        self._newest = 0
        self._count = 0
        self._clear_us = 0  # ticks_us from which every opening is within both limits

    def ask(self, us):
        """Return OK, and book an opening of us that begins now; or EARLY."""
        now_us = self._ticks_us()
        if not self.kept:
            self._count = 0
        elif (now_us - self._clear_us) & _HALF or self._asked_us:
            if self._asked_us:  # its end was never reported
                self.ended(0)
            if self._early(now_us, us):
                return EARLY
        self._begun_us = now_us
        self._asked_us = us
        self.kept = _CUTS
        return OK

    def ended(self, left_us):
        """The last opening ended, left_us of it undelivered. It takes longer than `ask`; its tick has the time."""
        start_us = self._begun_us
        on_us = self._asked_us - left_us
        self._asked_us = 0
        n = self._newest = (self._newest + 1) & (_KEPT - 1)
        self._start_us[n] = start_us
        self._on_us[n] = on_us
        count = self._count
        if count < _KEPT:
            count = self._count = count + 1
        after_us = on_us + _OFF_US  # from its start on: limit 5
        # The longest opening keeps limit 6, and so does every shorter one, when the part of the window before it holds
        # no more than it leaves. So go back to the moment since which the valve was open for that long.
        spare_us = _ON_US - BURST_MAX_US
        while True:
            if on_us > spare_us:
                other_us = diff(self._start_us[n], start_us) + on_us - spare_us + DUTY_WINDOW_US - BURST_MAX_US
                if other_us > after_us:
                    after_us = other_us
                break
            spare_us -= on_us
            count -= 1
            if not count:
                break
            n = (n - 1) & (_KEPT - 1)
            on_us = self._on_us[n]
        self._clear_us = ((start_us - _HALF + after_us) & _MASK) ^ _HALF

    def _early(self, now_us, us):
        """Return True when an opening of us that begins now would break limit 5 or 6."""
        n = self._newest
        total_us = us
        count = self._count
        if diff(now_us, self._start_us[n]) < self._on_us[n] + _OFF_US:
            return True
        while count:
            on_us = self._on_us[n]
            inside_us = DUTY_WINDOW_US - us - diff(now_us, self._start_us[n]) + on_us
            if inside_us <= 0:
                break
            total_us += inside_us if inside_us < on_us else on_us
            n = (n - 1) & (_KEPT - 1)
            count -= 1
        return total_us > _ON_US
