"""What is treated: the operator's choice, and the accounts of the point and of the session."""

from cryo.core import presets
from cryo.core.ticks import SATURATED
from cryo.limits import (
    APART_REST_REDUCED_S,
    APART_REST_S,
    ATTESTED_S,
    BURST_MAX_US,
    GAS_MG_PER_S,
    NEW_PATIENT_S,
    POINT_MAX_MS,
    POINT_VALVE_ON_MAX_US,
    ROOM_PPM_M3_PER_G,
    ROOM_STOP_PPM,
    SAME_POINT_S,
    SESSION_MAX_S,
    SESSION_VALVE_ON_MAX_MS,
)
from micropython import const

_ROOM_MG_M3 = (ROOM_STOP_PPM * 1000 + ROOM_PPM_M3_PER_G - 1) // ROOM_PPM_M3_PER_G  # gas that fills a cubic metre
_POINT_MAX_US = POINT_MAX_MS * 1000
_MINUTES = SESSION_MAX_S // 60 + 1  # the minute that has begun, and the minutes of the longest session
_VALVE_ON_MS = SESSION_VALVE_ON_MAX_MS - BURST_MAX_US // 1000  # the longest burst still fits then
WRONG_NUMBERS_MAX = const(3)  # [E] a person mistypes once or twice; more is no person who reads it
NEVER = const(-0x1FFFFFFF)
# why a point ended
GOING = const(0)
TARGET = const(1)
TIME = const(2)
PASSES = const(3)
GAS = const(4)
DOSE = const(5)
SESSION = const(6)
STOPPED = const(7)
FAULTED = const(8)
THICK_SKIN = const(9)  # or a strong jet: the target was not reached within time and passes
PROBE_SEAT = const(10)  # the probe felt too little of the first bursts, or too much: wet skin, or beside the jet
REASONS = (
    "GOING", "TARGET", "TIME", "PASSES", "VALVE_ON", "COLD_DOSE", "SESSION", "STOPPED", "FAULT",
    "THICK_SKIN", "PROBE_SEAT",
)  # fmt: skip


class Session:
    """Setup, point and session accounts. Indices of the setup are -1 until chosen."""

    def __init__(self):
        self.preset = -1
        self.level = -1
        self.site = -1
        self.point = -1
        self.attested = 0
        self._attested_s = 0  # when the last one was given
        self._burst_s = -NEW_PATIENT_S  # when the last burst was booked
        self.wrong_numbers = 0  # that came for the last request to arm
        self.uptime_s = 0
        self._uptime_us = 0
        # 0 is the boot: after any reset every point counts as treated at boot (limit 9)
        self._treated_s = [0] * (len(presets.SITES) * presets.POINTS_PER_SITE)
        self.rest_left_us = 0  # before a point that may be near the last one
        self._apart_us = 0  # so much less before a point that the marking template puts apart from it
        self._last_preset = -1
        self._last = -1  # index of the last point
        self.started = False
        self._session_us = 0
        self.session_s = 0
        self.valve_on_ms = 0  # in the last 20 to 21 minutes: the sum of ...
        self._minutes_ms = [0] * _MINUTES  # ... what each minute had
        self._valve_on_us = 0
        self.used_up = False  # the session's time, or the valve-on time of the last 20 minutes (limit 10)
        self.gas_mg = 0
        self.bursts_total = 0
        # the point under treatment, or the last one
        self.point_open = False
        self.reason = GOING
        self.reached = False
        self.passes = 0
        self.let_go_us = NEVER  # point_us at the release that ended the last pass
        self.bursts = 0
        self.point_us = 0
        self.point_valve_on_us = 0
        self.point_spent = GOING  # TIME or GAS: its elapsed or valve-on time is used up (limit 8); or PROBE_SEAT
        # Bound once: every tick calls them, and a full table of attributes is walked through for each method.
        self.advance = self.advance
        self.reduced = self.reduced

    def row(self):
        """Return the chosen level's figures, or None while the choice is incomplete or locked."""
        if self.preset < 0 or self.level < 0:
            return None
        return presets.PRESETS[self.preset][presets.LEVELS][self.level]

    def reduced(self):
        """True for presets of reduced sensation."""
        return self.preset >= 0 and presets.PRESETS[self.preset][presets.REDUCED] == 1

    def complete(self):
        """True when preset, level, site and point are chosen."""
        return self.row() is not None and self.site >= 0 and self.point >= 0

    def attested_all(self):
        """True when every attestation of the preset is given."""
        if self.preset < 0:
            return False
        need = presets.PRESETS[self.preset][presets.ATTEST]
        return self.attested & need == need

    def attest(self, mask):
        """Take attestations: they hold until ATTESTED_S without a burst or another one."""
        self.attested |= mask
        self._attested_s = self.uptime_s

    def renewal_s(self):
        """Return how long no burst may be given before another patient's session begins, s (limit 10)."""
        left = self._burst_s + NEW_PATIENT_S - self.uptime_s
        return left if left > 0 else 0

    def used_up_s(self):
        """Return how long it takes without bursts until limit 10 allows one, s: up to a minute too long."""
        over = self.valve_on_ms - _VALVE_ON_MS
        if over < 0:
            return 0
        minute = self.uptime_s // 60
        n = 0
        while over >= 0 and n < _MINUTES:  # the oldest minute leaves the sum first
            n += 1
            over -= self._minutes_ms[(minute + n) % _MINUTES]
        return (minute + n) * 60 - self.uptime_s

    def _index(self, point):
        return self.site * presets.POINTS_PER_SITE + point

    def cool_down_s(self):
        """Return how long the chosen point must still recover, s (limit 9)."""
        return self._recovery_s(self.point)

    def _recovery_s(self, point):
        if self.site < 0 or point < 0:
            return SAME_POINT_S
        left = SAME_POINT_S - (self.uptime_s - self._treated_s[self._index(point)])
        return left if left > 0 else 0

    def rest_us(self):
        """Return the rest that is left before the chosen point, us (limit 9)."""
        return self._rest_us(self.point)

    def _rest_us(self, point):
        left = self.rest_left_us
        if left and self._apart(point):
            left -= self._apart_us
        return left if left > 0 else 0

    def _apart(self, point):
        """True if the marking template puts this point and the last one apart: one site and preset, two points."""
        last = self._last - self._index(0)
        return (
            self.attested & presets.TEMPLATE != 0
            and self.preset == self._last_preset
            and self.site >= 0
            and point != last
            and 0 <= last < presets.APART[self.site] > point >= 0
        )

    def wait_s(self, point):
        """Return how long this point of the chosen site must still wait: recovery and rest (limit 9), s."""
        rest = (self._rest_us(point) + 999_999) // 1_000_000
        recovery = self._recovery_s(point)
        return rest if rest > recovery else recovery

    def next_point(self):
        """Return the index of the point of the chosen site that may be treated first; of two, the lower number."""
        first = 0
        least_s = self.wait_s(0)
        for point in range(1, presets.POINTS_PER_SITE):
            wait = self.wait_s(point)
            if wait < least_s:
                first = point
                least_s = wait
        return first

    def room_full(self, room_m3):
        """True when the session's gas would bring a closed room to the stop (limit 21, no sensor)."""
        return self.gas_mg >= room_m3 * _ROOM_MG_M3

    def _judge(self):
        """Update used_up. Called where one of its figures changes, and not in every tick, to keep the tick short."""
        self.used_up = self.session_s >= SESSION_MAX_S or self.valve_on_ms >= _VALVE_ON_MS

    def advance(self, dt_us):
        """Let time pass: uptime, rest between points, session, point."""
        us = self._uptime_us + dt_us
        while us >= 1_000_000:
            us -= 1_000_000
            self._second()
        self._uptime_us = us
        left_us = self.rest_left_us
        if left_us:
            self.rest_left_us = left_us - dt_us if left_us > dt_us else 0
        if self.started and self.session_s < SESSION_MAX_S:
            us = self._session_us + dt_us
            while us >= 1_000_000:
                us -= 1_000_000
                self.session_s += 1
                self._judge()
            self._session_us = us
        if self.point_open:
            us = self.point_us + dt_us
            self.point_us = us if us < SATURATED else SATURATED
            if us >= _POINT_MAX_US:
                self.point_spent = TIME

    def _second(self):
        now_s = self.uptime_s + 1
        self.uptime_s = now_s
        if now_s % 60 == 0:
            n = now_s // 60 % _MINUTES
            self.valve_on_ms -= self._minutes_ms[n]
            self._minutes_ms[n] = 0
            self._judge()
        if self.attested and now_s - self._attested_s >= ATTESTED_S <= now_s - self._burst_s:
            self.attested = 0  # after this time another patient is assumed

    def begin_point(self):
        """The first pass of a point begins."""
        self.started = True
        self.point_open = True
        self.reason = GOING
        self.reached = False
        self.passes = 0
        self.let_go_us = NEVER
        self.bursts = 0
        self.point_us = 0
        self.point_valve_on_us = 0
        self.point_spent = GOING

    def burst(self, on_us):
        """A burst ended that delivered on_us (the commanded time less what was cut)."""
        self.bursts += 1
        self.bursts_total += 1
        self.point_valve_on_us += on_us
        if self.point_valve_on_us >= POINT_VALVE_ON_MAX_US and not self.point_spent:
            self.point_spent = GAS
        self._valve_on_us += on_us
        ms = self._valve_on_us // 1000
        self._valve_on_us -= ms * 1000
        self.valve_on_ms += ms
        self._minutes_ms[self.uptime_s // 60 % _MINUTES] += ms
        self._judge()
        self._burst_s = self.uptime_s + 1  # rounded up
        self.gas_mg += ms * GAS_MG_PER_S // 1000

    def end_point(self, reason):
        """The point ended: its recovery begins, and the rest before another point."""
        self.point_open = False
        self.reason = reason
        index = self._index(self.point)
        self._treated_s[index] = self.uptime_s + 1  # whole seconds: rounded up, so never a short recovery
        self._last = index
        self._last_preset = self.preset
        rest_us = self.row()[presets.REST_S] * 1_000_000
        if rest_us < self.rest_left_us:  # after a short rest the last point's may be longer: it goes on
            rest_us = self.rest_left_us
        self.rest_left_us = rest_us
        self._apart_us = rest_us - (APART_REST_REDUCED_S if self.reduced() else APART_REST_S) * 1_000_000

    def renew(self):
        """Start another session: its accounts begin at zero, every attestation must be given anew.

        The gas in the room, the valve-on time of the last 20 minutes and the points' recovery are kept.
        """
        self.attested = 0
        self.started = False
        self._session_us = 0
        self.session_s = 0
        self._judge()
