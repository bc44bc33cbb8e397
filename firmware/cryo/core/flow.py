"""Program flow: the evidence that every check of a tick ran once, to its end, and in its order.

Each guard owns a step: its place (1 .. 5) in three bits, and above them two bits that count its runs. It counts when it
begins and returns the step when it ends; the supervisor strings the five together in the order in which it asked, and
behind them one bit each from causes and blockers, which are functions without memory. A guard that was left out or left
early, or ran twice, stays a count behind or ahead of the supervisor's for good: the watchdog then ends it. (Exactly
four runs too many in one tick would pass.) IEC 60730 asks class B for such monitoring of the program sequence [K].
"""

from micropython import const

TRIGGER = const(1)
EYE = const(2)
OVERCOOL = const(3)
OBSERVE = const(4)
FAULTS = const(5)
# a guard counts with: step = step + 8 & 31

RAN = const(1)  # bit of causes.standing: there is no fault with code 0
RAN_BLOCKERS = const(1 << 29)  # bit of blockers.standing

# the signature of a tick whose turn (0 .. 3) is t: FIRST + t * TURN, at most 27 bits
FIRST = const((((((1 << 5 | 2) << 5 | 3) << 5 | 4) << 5) | 5) << 2 | 3)
TURN = const((((((1 << 5 | 1) << 5 | 1) << 5 | 1) << 5) | 1) << 5)

# [E] ticks without a sign of life of each background task: two rounds of six slow inputs. The watchdog's time follows.
TASKS_LATE_MAX = const(12)
