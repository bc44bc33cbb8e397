"""Guides the hand: nearer, right or farther, from the arm request until the point is over.

Each level has its best distance (presets.py). Where a stronger jet or thick skin was learnt, best is 80 mm times the
learnt ratio to the power 2/3 (jet.py), if that is farther. Guidance opens no valve and delays nothing.
"""

from cryo.core import presets
from cryo.core.eye_guard import LOST, OUTSIDE
from cryo.core.mode import MAY_GIVE_GAS
from cryo.limits import CONTINUE_MAX_MM, CONTINUE_MIN_MM, START_MAX_MM
from micropython import const

NONE = const(0)  # not armed, or no distance
FARTHER = const(1)  # the hand is too near
RIGHT = const(2)
NEARER = const(3)  # the hand is too far away
WORDS = ("", "GO FARTHER", "DISTANCE RIGHT", "COME NEARER")  # on the display: 16 columns

WINDOW_MM = const(10)  # to each side
_MOST_MM = START_MAX_MM - WINDOW_MM
_ENTER_MM = const(5)  # [E] a hand at the edge is not told right and wrong in turn


def best_mm(s):
    """Return the best distance for the level and the jet that was learnt, mm. s is the supervisor."""
    jet = s.jet
    mm = jet.hold_mm()
    if s.session.point_open and jet.held_mm > mm:  # the press that began the point made the jet forget it
        mm = jet.held_mm
    row = s.session.row()
    best = row[presets.BEST_MM] if row else 0
    if mm > best:
        best = mm
    return best if best < _MOST_MM else _MOST_MM


def hold_mm(s):
    """Return where to hold the next point, mm, where a stronger jet or thick skin was learnt; 0: nothing was."""
    return best_mm(s) if s.jet.hold_mm() else 0


def look(s, before):
    """Return what to tell the hand in this tick. s is the supervisor, before what was told a tick ago."""
    eye = s.eye
    if not MAY_GIVE_GAS >> s.mode & 1 or eye.range == LOST:
        return NONE
    if eye.range == OUTSIDE and CONTINUE_MIN_MM <= eye.mm <= CONTINUE_MAX_MM:
        return NONE  # too much light for the distance, or a jump: the reading may be wrong
    best = best_mm(s)
    if not best:
        return NONE
    off_mm = eye.mm - best
    most_mm = WINDOW_MM if before == RIGHT else _ENTER_MM
    if off_mm > most_mm:
        return NEARER
    return FARTHER if off_mm < -most_mm else RIGHT
