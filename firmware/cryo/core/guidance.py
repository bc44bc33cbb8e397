"""Guides the hand: nearer, right or farther, from the arm request until the point is over; tells how long it takes.

Each level has its best distance (presets.py). Where a stronger jet or thick skin was learnt, best is 80 mm times the
learnt ratio to the power 2/3 (jet.py), if that is farther. Guidance opens no valve and delays nothing.
"""

from cryo.core import presets
from cryo.core.eye_guard import LOST, OUTSIDE
from cryo.core.jet import AS_CALIBRATED
from cryo.core.mode import MAY_GIVE_GAS
from cryo.core.observer import k_at
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

_FULL_MBAR = const(57_300)  # [C] vapour pressure of CO2 at 20 degC, at which a jet is as calibrated
WEAK_PM = const(950)  # [E] of the calibrated jet constant; under it the bottle is too cold for some levels
# The jet of the virtual patient on which the seconds of presets.py were measured, at their distances.
_REFERENCE_MDEGC = const(16_000)
_MARKS_MDEGC = tuple([k_at(_REFERENCE_MDEGC, mm) for mm in (80, 100, 120)])


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


def jet_pm(bottle_mbar):
    """Return the jet constant with a bottle at this pressure, in thousandths of the calibrated one.

    It goes with the flow, so with the pressure, to the power 0.6 [E]. This square is within 0.6 % of it from 35 to 75
    bar [C].
    """
    over_pm = (bottle_mbar - _FULL_MBAR) * 1000 // _FULL_MBAR
    return AS_CALIBRATED + over_pm * 600 // 1000 - over_pm * over_pm * 120 // 1_000_000


def target_s(s, mm, bottle_mbar):
    """Return about how long the chosen level takes to reach its target at this distance, s, from the first burst.

    0: the target may not be reached there, or no level is chosen. Figures of the virtual patient [C].
    """
    row = s.session.row()
    if not row:
        return 0
    k_mdegc = s.config.jet_k_mdegc * s.jet.learnt_pm() // AS_CALIBRATED
    k_mdegc = k_at(k_mdegc, mm) * jet_pm(bottle_mbar) // AS_CALIBRATED
    weaker_mdegc = row[presets.REACH_K_MDEGC]
    if k_mdegc < weaker_mdegc:
        return 0
    n = len(_MARKS_MDEGC)
    after_s = row[presets.SECONDS + n]
    while n:
        n -= 1
        stronger_mdegc = _MARKS_MDEGC[n]
        if k_mdegc < stronger_mdegc:
            before_s = row[presets.SECONDS + n]
            return after_s + (before_s - after_s) * (k_mdegc - weaker_mdegc) // (stronger_mdegc - weaker_mdegc)
        weaker_mdegc = stronger_mdegc
        after_s = row[presets.SECONDS + n]
    return after_s


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
