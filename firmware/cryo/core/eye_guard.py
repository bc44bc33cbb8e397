"""Keeps gas from eyes: the two antivalent channels of the eye-shield loop, and a surface at the right distance."""

from cryo.core.flow import EYE
from cryo.core.ticks import grown
from cryo.limits import (
    CONTINUE_MAX_MM,
    CONTINUE_MIN_MM,
    DISTANCE_AGE_MAX_US,
    LOOP_DISCORDANCE_US,
    START_MAX_MM,
    START_MIN_MM,
)
from micropython import const

# what the distance sensor says, most usable first
IN_START = const(0)  # a treatment may start here
IN_WINDOW = const(1)  # a treatment may go on here
OUTSIDE = const(2)  # a surface, but too close or too far
LOST = const(3)  # no surface, or no fresh measurement


class EyeGuard:
    """Judges loop and distance once a tick; `made` and `range` hold for that tick, `discordant` has its time-out."""

    def __init__(self):
        self.step = EYE  # see flow.py
        self.made = False
        self.discordant = False
        self.range = LOST
        self.lost_us = 0
        self._disagree_us = 0

    def update(self, dt_us, inputs):
        """Read the channels: made is A high and B low. Broken or shorted wires read as open, or as disagreeing.

        Return the step that this run is.
        """
        self.step = self.step + 1 & 0xFFFFF
        a = inputs.loop_a
        b = inputs.loop_b
        self.made = a == 1 and b == 0
        if a == b:
            self._disagree_us = grown(self._disagree_us, dt_us)
        else:
            self._disagree_us = 0
        self.discordant = self._disagree_us >= LOOP_DISCORDANCE_US

        distance = inputs.distance
        if distance.status or distance.age_us > DISTANCE_AGE_MAX_US:
            self.range = LOST
            self.lost_us = grown(self.lost_us, dt_us)
            return self.step
        self.lost_us = 0
        mm = distance.value
        if START_MIN_MM <= mm <= START_MAX_MM:
            self.range = IN_START
        elif CONTINUE_MIN_MM <= mm <= CONTINUE_MAX_MM:
            self.range = IN_WINDOW
        else:
            self.range = OUTSIDE
        return self.step
