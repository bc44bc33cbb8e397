"""Test pulses on the eye-shield loop: they find a channel that is shorted to a supply before it is needed.

With the shield in place such a channel reads as made, and it still does when the shield opens. A pulse removes the
supply of channel A and the return of channel B (boards: `loop_test`, high): both must open, and close again after it.
"""

import time

from cryo.core import faults, mode
from micropython import const

OPEN_US = const(3_000)  # [E] thirty times the settling time of 10 kOhm and 10 nF of cable
BACK_US = const(2_000)  # [E]


class ShieldLoopTest:
    """Pulses in SELF_TEST and in READY, so before each ARMED. `problem` names what did not follow, or is empty.

    A board without `loop_test` works without the test: TEST? says so, and such a fault shows only when the shield
    opens.
    """

    def __init__(self, board, supervisor):
        self._board = board
        self._supervisor = supervisor
        self._pin = getattr(board, "loop_test", None)
        supervisor.loop_tests = self._pin is not None
        self.problem = ""

    def enter(self, now):
        """Call once when the mode has become `now`, between two ticks. Takes 5 ms where a pulse is due."""
        if self._pin is None or (now != mode.READY and now != mode.SELF_TEST) or self._supervisor.faults.first:
            return
        board = self._board
        board.valve.cut()  # both are at rest in these modes, whatever happened before
        board.lease.stop()
        problem = self._pulse()
        if problem is None:
            return  # the shield is not in place: READY ends by itself, and SELF_TEST is not the last test
        if problem:
            self.problem = "FAILED LOOP: " + problem
            self._supervisor.faults.add(faults.LOOP_TEST)
        elif now == mode.READY:
            self._supervisor.loop_due = False

    def answer(self, tested):
        """Return the answer to TEST?; it begins with the result of the other self-tests."""
        if self.problem:
            return tested + "; " + self.problem if tested[0] == "F" else self.problem
        return tested if self._pin is not None else tested + "; no loop test on this board"

    def _pulse(self):
        """Return an empty text when both channels followed and came back, else what did not; None: nothing to test."""
        a = self._board.loop_a
        b = self._board.loop_b
        if a.value() != 1 or b.value() != 0:
            return None
        self._pin.value(1)
        time.sleep_us(OPEN_US)
        stays_a = a.value() == 1
        stays_b = b.value() == 0
        self._pin.value(0)
        time.sleep_us(BACK_US)
        if stays_a:
            return "channels A and B do not open" if stays_b else "channel A does not open"
        if stays_b:
            return "channel B does not open"
        gone_a = a.value() != 1
        gone_b = b.value() != 0
        if gone_a and gone_b:
            return None  # the shield opened meanwhile, or the pulse does not end: open for ever
        if gone_a:
            return "channel A does not come back"
        return "channel B does not come back" if gone_b else ""
