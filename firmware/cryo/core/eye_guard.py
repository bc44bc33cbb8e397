"""Keeps gas from eyes: the two antivalent channels of the eye-shield loop, and a surface at the right distance.

No hand makes the distance jump. After a jump, the sensor sees another surface, or it reads wrong from now on. In both
cases the pass must not go on. Until the point is over, the skin may be nearer than the reading by the size of the jump.

A sensor that drifts does not jump. The light that comes back shows the drift: it grows with the square as the hand
comes nearer, and stays the same while only the reading moves. If there is more light for the distance than at the
point's begin, the pass must not go on.
"""

from cryo.core.flow import EYE, STEP_MASK
from cryo.core.ticks import grown
from cryo.limits import (
    CONTINUE_MAX_MM,
    CONTINUE_MIN_MM,
    DISTANCE_AGE_MAX_US,
    DISTANCE_JUMP_MM,
    DISTANCE_LIGHT_PC,
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

_NO_LIMIT = const(0x3FFFFFFF)
_FAR_MM = const(9_999)  # no measurement yet
_US_A_MM = const(2_500)  # without a measurement the hand may have moved on, at 0.3 m/s and a third more


class EyeGuard:
    """Judges loop and distance once a tick; `made` and `range` hold for that tick, `discordant` has its time-out.

    mm          distance that counts: as measured, less the jumps away; keeps its value while range is LOST
    near_mm     the nearest of the last three results, jumps not taken away: one of them may read too far by its noise
    watching    jumps count: a point is open. Before it, the applicator may be moved in any way
    """

    def __init__(self):
        self.step = EYE  # see flow.py
        self.made = False
        self.discordant = False
        self.range = LOST
        self.lost_us = 0
        self.mm = START_MIN_MM
        self.watching = False
        self._jumped_mm = 0
        self._light = 0
        self._most_light = _NO_LIMIT
        self._measured_mm = 0
        self._before_mm = _FAR_MM
        self._earlier_mm = _FAR_MM
        self.near_mm = START_MIN_MM
        self._sequence = -1
        self._disagree_us = 0
        self.update = self.update  # bound once: every tick calls it

    def watch(self, on):
        """Begin or end the watch for jumps and drifts; the distance counts as measured, its light as the point's."""
        self.watching = on
        self._jumped_mm = 0
        self._most_light = self._light * DISTANCE_LIGHT_PC // 100 if on and self._light else _NO_LIMIT

    def update(self, dt_us, inputs):
        """Read the channels: made is A high and B low. Broken or shorted wires read as open, or as disagreeing.

        Return the step that this run is.
        """
        self.step = self.step + 1 & STEP_MASK
        a = inputs.loop_a
        b = inputs.loop_b
        self.made = a == 1 and b == 0
        if a == b:
            self._disagree_us = grown(self._disagree_us, dt_us)
            self.discordant = self._disagree_us >= LOOP_DISCORDANCE_US
        else:
            self._disagree_us = 0
            self.discordant = False

        distance = inputs.distance
        if distance.status or distance.age_us > DISTANCE_AGE_MAX_US:
            self.range = LOST
            self.lost_us = grown(self.lost_us, dt_us)
            return self.step
        lost_us = self.lost_us
        self.lost_us = 0
        mm = distance.value
        if distance.sequence != self._sequence:
            self._sequence = distance.sequence
            near_mm = self._before_mm if self._before_mm < mm else mm
            self.near_mm = self._earlier_mm if self._earlier_mm < near_mm else near_mm
            self._earlier_mm = self._before_mm
            self._before_mm = mm
            further = mm - self._measured_mm
            self._measured_mm = mm
            if self.watching and not -DISTANCE_JUMP_MM <= further <= DISTANCE_JUMP_MM:
                most = DISTANCE_JUMP_MM + lost_us // _US_A_MM
                if not -most <= further <= most:
                    further += self._jumped_mm  # a jump away and back again leaves it where it was
                    self._jumped_mm = further if further > 0 else 0
                    self.range = OUTSIDE
                    return self.step
        mm -= self._jumped_mm
        self.mm = mm
        light = self._light = distance.light
        if light > self._most_light:
            self.range = OUTSIDE
        elif START_MIN_MM <= mm <= START_MAX_MM:
            self.range = IN_START
        elif CONTINUE_MIN_MM <= mm <= CONTINUE_MAX_MM:
            self.range = IN_WINDOW
        else:
            self.range = OUTSIDE
        return self.step
