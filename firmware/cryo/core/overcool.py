"""The second line against overcooling: absolute trip, trend lock-out, bad, stale and frozen readings, cold dose.

The first line is the burst budget (bursts.py), because a sensor that lags cannot see a dip in time.
"""

from cryo.core.flow import OVERCOOL, STEP_MASK
from cryo.core.ticks import SATURATED, grown
from cryo.limits import (
    BAD_CONVERSIONS,
    BAD_WINDOW_US,
    DOSE_BELOW_MDEGC,
    DOSE_POINT_DEGC_S,
    DOSE_SESSION_DEGC_S,
    SKIN_LOCKOUT_MDEGC,
    STALE_US,
    TREND_LOCKOUT_MDEGC,
    TREND_LOOKAHEAD_MS,
)

_DOSE_POINT = DOSE_POINT_DEGC_S * 100_000  # in mdegC x 10 ms
_DOSE_SESSION = DOSE_SESSION_DEGC_S * 100_000
_BELOW_MAX_MDEGC = 100_000  # colder than any jet; keeps the product within 31 bits
_NEVER = 0x1FFFFFFF


class Overcool:
    """Watches the skin; every attribute is a verdict of this tick.

    valid, bad, sensor_failed and stale are about the probe alone: no burst is planned without it.
    """

    def __init__(self):
        self.step = OVERCOOL  # see flow.py
        self.valid = False
        self.bad = False  # the newest sample is bad
        self.sensor_failed = False  # limit 12
        self.stale = False
        self.tripped = False  # limits 1 and 2
        self.locked_out = False  # limit 3
        self.new_sample = False
        self.dose_point = 0
        self.dose_session = 0
        self.dose_spent = False  # the point's or the session's cold dose is used up (limit 24)
        self._sequence = -1
        self._last_mdegc = 0
        self._last_ok = False
        self._last_begun_us = 0  # time since the last good sample's conversion began
        self._bad_us = [_NEVER] * BAD_CONVERSIONS  # times since the newest bad conversions, newest first
        self.update = self.update  # bound once: every tick calls it

    def new_point(self):
        """Start the cold dose of another point."""
        self.dose_point = 0
        self.dose_spent = self.dose_session_reached()

    def new_session(self):
        """Start the cold dose of another session."""
        self.dose_point = 0
        self.dose_session = 0
        self.dose_spent = False

    def dose_session_reached(self):
        """True when the session's cold dose is used up (limit 24)."""
        return self.dose_session >= _DOSE_SESSION

    def against(self, skin, trip_mdegc):
        """True when this reading of the probe must end gas at once: it is bad, or at or below the trip."""
        return skin.status != 0 or skin.value_mdegc <= trip_mdegc

    def update(self, dt_us, skin, trip_mdegc, second=None):
        """Judge the skin reading against the trip (limit 1 or 2, or a tighter setting), once a tick.

        `second` is a SecondChannel of this tick; where it counts, limits 1, 2, 3 and 24 take the colder of the two.
        Return the step that this run is.
        """
        self.step = self.step + 1 & STEP_MASK
        ages = self._bad_us
        if ages[0] < _NEVER:  # newest first: when the newest is too old, all are
            i = BAD_CONVERSIONS - 1
            while i >= 0:
                ages[i] = grown(ages[i], dt_us)
                i -= 1
        us = self._last_begun_us + dt_us  # ticks.grown, written out here to keep the tick short
        self._last_begun_us = us if us < SATURATED else SATURATED

        good = skin.status == 0
        self.new_sample = skin.sequence != self._sequence
        self.locked_out = False
        if self.new_sample:
            self._sequence = skin.sequence
            if good:
                self._trend(skin)
            else:
                i = BAD_CONVERSIONS - 1
                while i > 0:
                    ages[i] = ages[i - 1]
                    i -= 1
                ages[0] = 0
        self.valid = good
        self.bad = not good
        self.sensor_failed = ages[BAD_CONVERSIONS - 1] <= BAD_WINDOW_US
        self.stale = skin.age_us > STALE_US
        if good:
            mdegc = skin.value_mdegc
            if second is not None and second.counts and second.mdegc < mdegc:
                mdegc = second.mdegc
        else:
            self._last_ok = False
            if second is None or not second.counts:
                self.tripped = False
                return self.step
            mdegc = second.mdegc
        self.tripped = mdegc <= trip_mdegc
        if mdegc <= SKIN_LOCKOUT_MDEGC:
            self.locked_out = True
        below = DOSE_BELOW_MDEGC - mdegc
        if below > 0:
            if below > _BELOW_MAX_MDEGC:
                below = _BELOW_MAX_MDEGC
            add = below * ((dt_us if dt_us < 1_000_000 else 1_000_000) // 100) // 100
            if self.dose_point < _DOSE_POINT:
                self.dose_point += add
            if self.dose_session < _DOSE_SESSION:
                self.dose_session += add
            self.dose_spent = self.dose_point >= _DOSE_POINT or self.dose_session_reached()
        return self.step

    def _trend(self, skin):
        mdegc = skin.value_mdegc
        if self._last_ok:
            interval_ms = (self._last_begun_us - skin.age_us) // 1000
            if interval_ms < 50:  # a conversion takes 70 ms or more: a shorter interval would exaggerate the slope
                interval_ms = 50
            if mdegc + (mdegc - self._last_mdegc) * TREND_LOOKAHEAD_MS // interval_ms <= TREND_LOCKOUT_MDEGC:
                self.locked_out = True
        self._last_mdegc = mdegc
        self._last_ok = True
        self._last_begun_us = skin.age_us
