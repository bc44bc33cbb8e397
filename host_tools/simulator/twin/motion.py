"""The hand that holds the applicator: where its nozzle is, and how it trembles."""

import math

from host_tools.simulator.twin.figures import Figures, figure

TREMOR_HZ = 9.0  # [K] physiological tremor, 8-12 Hz
SWAY_HZ = 0.4  # [E] slow drift of a held arm
TOUCHES_MM = 5.0  # the nozzle cannot come nearer


def moved_mm(mm, goal_mm, step_mm):
    """Return where a hand at mm is after a step of that length towards its goal; it stops at the goal."""
    gap = goal_mm - mm
    if abs(gap) <= step_mm:
        return goal_mm
    return mm + step_mm if gap > 0 else mm - step_mm


def trembling_mm(mm, tremor_mm, sway_mm, now_us):
    """Return where the nozzle is at a time."""
    if tremor_mm or sway_mm:
        turns = now_us / 1e6 * math.tau
        mm += tremor_mm * math.sin(TREMOR_HZ * turns) + sway_mm * math.sin(SWAY_HZ * turns)
    return max(mm, TOUCHES_MM)


class Motion(Figures):
    """Distance of the nozzle from the skin, mm: moves towards a goal at a speed.

    mm                  where the hand is, without tremor and sway
    tremor_mm, sway_mm  amplitudes of what is added to it
    """

    mm, goal_mm, speed_mm_s, tremor_mm, sway_mm = map(figure, range(5))

    def __init__(self, mm):
        super().__init__(5)
        self.mm = mm
        self.goal_mm = mm

    def move(self, goal_mm, speed_mm_s):
        """Go there at this speed."""
        self.goal_mm = goal_mm
        self.speed_mm_s = speed_mm_s

    def arrived(self):
        """True when the hand is at its goal."""
        return self.figures[0] == self.figures[1]

    def true_mm(self, now_us):
        """Return the distance at a time, mm: at least 5, where the nozzle touches."""
        figures = self.figures
        return trembling_mm(figures[0], figures[3], figures[4], now_us)
