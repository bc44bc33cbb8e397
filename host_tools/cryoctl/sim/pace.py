"""Relates virtual time to the wall clock."""

import time

BEHIND_S = 0.05  # a simulator that is later than this does not catch up: it continues from the present time


class Pace:
    """Says when a virtual time is due on the wall clock. speed: 1 real time, 10 ten times as fast, 0 does not wait."""

    def __init__(self, speed, clock=time.monotonic):
        self.speed = speed
        self.clock = clock
        self._wall = clock()
        self._us = 0

    def due(self, virtual_us):
        """Return the wall time, s, at which virtual_us is due."""
        now = self.clock()
        if not self.speed:
            return now
        due = self._wall + (virtual_us - self._us) / 1e6 / self.speed
        if now - due > BEHIND_S:
            self._wall, self._us = now, virtual_us
            return now
        return due

    def idle_s(self, us):
        """Return the length of a pause at the prompt, s: people do not type faster when virtual time is fast."""
        return us / 1e6 / (self.speed or 1)

    def idle_us(self, seconds):
        """Return the virtual time for so many seconds of such a pause."""
        return int(seconds * 1e6 * (self.speed or 1))
