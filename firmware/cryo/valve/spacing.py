"""Limits 5 and 6 at the valve itself: an opening that no planner may ask for is not begun.

Each board's valve asks before it opens, and tells what was delivered. Time is the board's own microseconds at the pin,
whatever the tick believes. Nothing here allocates; every intermediate stays within 31 bits.
"""

from cryo.core.ticks import diff
from cryo.limits import BURST_MAX_US, DUTY_MAX_US, DUTY_WINDOW_US, OFF_MIN_US
from cryo.valve import EARLY, OK
from micropython import const

_MASK = const(0x3FFFFFFF)  # of core/ticks.py, here for the sake of the tick
_HALF = const(0x20000000)
_KEPT = const(8)  # openings: 2 s hold at most 6, off-times being 350 ms or more
_CALL_US = const(200)  # [E] from asking to the pin's edge, and what two of them may differ by
_OFF_US = OFF_MIN_US + _CALL_US
_ON_US = DUTY_MAX_US - _CALL_US
# Calls of `shut`, one a tick of 10 ms: 100 s. Then nothing of old counts any more, long before microseconds wrap
# (17.9 min), and not before 2 s even if a tick took 0.2 ms only.
_FORGOTTEN = const(10_000)


class Spacing:
    """When the valve was open lately, by the board's ticks_us. `kept`: something of it may still count."""

    def __init__(self, ticks_us):
        self.kept = False
        self._ticks_us = ticks_us
        self._start_us = [0] * _KEPT
        self._on_us = [0] * _KEPT
        self._newest = 0
        self._count = 0
        self._clear_us = 0  # from then on every opening is within both limits
        self._shut = 0

    def ask(self, us):
        """Return OK, and book an opening of us that begins now; or EARLY."""
        now_us = self._ticks_us()
        if not self.kept:
            self._count = 0
            self.kept = True
        elif (now_us - self._clear_us) & _HALF and self._early(now_us, us):
            return EARLY
        self._shut = 0
        newest = self._newest = (self._newest + 1) & (_KEPT - 1)
        if self._count < _KEPT:
            self._count += 1
        self._start_us[newest] = now_us
        self._on_us[newest] = us
        self._clear_us = now_us ^ _HALF  # never, until `ended`
        return OK

    def ended(self, left_us):
        """The last opening ended, left_us of it undelivered. It takes longer than `ask`, in a tick that has the time."""
        n = self._newest
        start_us = self._start_us[n]
        on_us = self._on_us[n] = self._on_us[n] - left_us
        after_us = on_us + _OFF_US  # from its start on: limit 5
        # Limit 6 is kept by the longest opening, and so by every shorter one, once the part of the window before it
        # holds no more than it leaves: walk back to the moment since which the valve was open for so long.
        room_us = _ON_US - BURST_MAX_US
        count = self._count
        while True:
            if on_us > room_us:
                other_us = diff(self._start_us[n], start_us) + on_us - room_us + DUTY_WINDOW_US - BURST_MAX_US
                if other_us > after_us:
                    after_us = other_us
                break
            room_us -= on_us
            count -= 1
            if not count:
                break
            n = (n - 1) & (_KEPT - 1)
            on_us = self._on_us[n]
        self._clear_us = ((start_us - _HALF + after_us) & _MASK) ^ _HALF

    def shut(self):
        """Call once a tick in which the valve is told to be shut, while `kept`."""
        self._shut += 1
        if self._shut >= _FORGOTTEN:
            self.kept = False

    def _early(self, now_us, us):
        """Return True when an opening of us from now on would break limit 5 or 6."""
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
