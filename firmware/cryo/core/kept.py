"""Second copies of the figures that decide: a figure that a memory error changed must not go on deciding.

The settings, the levels and what a pass took from them are compared here, outside the tick and several times a second.
The observer, whose states change in every tick, compares their sum itself (observer.py).
"""

from cryo.core import presets
from cryo.core.resets import mix
from micropython import const

_MASK = const(0x3FFFFFFF)


def _sum(row):
    total = 0
    if row is not None:
        for value in row:
            total = mix(total, value & _MASK)
    return total


class Kept:
    """The copies for one supervisor, taken when it is made."""

    def __init__(self, supervisor):
        self._supervisor = supervisor
        config = supervisor.config
        self._config = None if config is None else [value for value in config]
        self._levels = []
        for preset in presets.PRESETS:
            levels = preset[presets.LEVELS]
            self._levels.append([_sum(row) for row in levels])  # pyright: ignore[reportGeneralTypeIssues]
        self._jet_most = supervisor.jet.most

    def differ(self):
        """Return True when a figure has changed; call between two ticks. Does not allocate."""
        s = self._supervisor
        config = s.config
        if config is None:
            return self._config is not None
        kept = self._config
        i = 0
        for value in config:
            if value != kept[i]:
                return True
            i += 1
        jet = s.jet
        if not (1_000 <= jet.kept <= jet.ratio <= jet.dip <= self._jet_most == jet.most):
            return True
        if s.trip_mdegc != s.chosen_trip_mdegc():
            return True
        session_ = s.session
        row = session_.row()
        if row is None:
            return False
        if _sum(row) != self._levels[session_.preset][session_.level]:
            return True
        return session_.point_open and (
            s.point.target_mdegc != row[presets.TARGET_MDEGC] or s.point.floor_mdegc != row[presets.FLOOR_MDEGC]
        )
