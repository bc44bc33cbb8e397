"""Guides the hand: nearer, right or farther, from the arm request until the point is over.

Each level has its best distance (presets.py). Where a stronger jet or thick skin was learnt, best is farther: 80 mm
times the learnt ratio to the power 2/3 (jet.py). Guidance opens no valve and delays nothing.
"""

from cryo.core import presets
from cryo.core.eye_guard import LOST
from cryo.core.mode import MAY_GIVE_GAS
from micropython import const

NONE = const(0)  # not armed, or no distance
FARTHER = const(1)  # the hand is too near
RIGHT = const(2)
NEARER = const(3)  # the hand is too far away
WORDS = ("", "GO FARTHER", "DISTANCE RIGHT", "COME NEARER")  # on the display: 16 columns

WINDOW_MM = const(10)  # to each side
_ENTER_MM = const(5)  # [E] a hand at the edge is not told right and wrong in turn


def best_mm(s):
    """Return the best distance for the level and the jet that was learnt, mm. s is the supervisor."""
    mm = s.jet.hold_mm()
    row = s.session.row()
    best = row[presets.BEST_MM] if row else mm
    return mm if mm > best else best


def look(s, before):
    """Return what to tell the hand in this tick. s is the supervisor, before what was told a tick ago."""
    eye = s.eye
    if not MAY_GIVE_GAS >> s.mode & 1 or eye.range == LOST:
        return NONE
    off_mm = eye.mm - best_mm(s)
    most_mm = WINDOW_MM if before == RIGHT else _ENTER_MM
    if off_mm > most_mm:
        return NEARER
    return FARTHER if off_mm < -most_mm else RIGHT
