"""The supervisor: one tick turns what was sensed into what is done.

Order of a tick: clocks, guards, faults, blockers, mode, burst, outputs. Every tick calls every guard and proves that it
did (flow.py). Every tick in which the valve may not be open cuts it.
"""

from cryo.core import blockers, causes, faults, flow, mode, points, presets, room, session
from cryo.core.bursts import Burst, Planner
from cryo.core.eye_guard import IN_START, IN_WINDOW, OUTSIDE, EyeGuard
from cryo.core.faults import Faults
from cryo.core.flow import FACTOR, STEP_MASK
from cryo.core.jet import AS_CALIBRATED, Jet
from cryo.core.mode import ARMED, DELIVERING, TREATING
from cryo.core.observer import Observer, k_at, k_nearer
from cryo.core.overcool import Overcool
from cryo.core.records import RUNNING
from cryo.core.response import BAD, Response
from cryo.core.second_channel import AWAY, PAUSING, PRESSING, SecondChannel
from cryo.core.session import Session
from cryo.core.ticks import HALF, MASK, SATURATED, grown
from cryo.core.trigger import Trigger
from cryo.core.valves import Valves
from cryo.limits import (
    BURST_MAX_REDUCED_US,
    BURST_MIN_US,
    CONFIRM_MS,
    DISTANCE_LOST_US,
    DISTANCE_NOISE_MM,
    DISTANCE_STEP_MM,
    IDLE_MS,
    MODEL_MARGIN_AGREED_MDEGC,
    MODEL_MARGIN_MDEGC,
    OFF_MIN_US,
    PASS_MAX_MS,
    PASS_REST_MS,
    SAMPLE_AGE_MAX_US,
    SETTLED_US,
    SKIN_LEAST_MDEGC,
    SKIN_LEAST_REDUCED_MDEGC,
    TICK_US,
)
from micropython import const

# requests, one a tick
NONE = const(0)
ARM = const(1)
CONFIRM = const(2)
DISARM = const(3)
ACKNOWLEDGE = const(4)
SERVICE = const(5)

_STARVING = faults.Codes(faults.PROGRAM_FLOW, faults.TASK_STOPPED)  # if it goes on, the watchdog must end it
_FLOW_TURN = flow.TURN
_FLOW_ROOM = flow.TURN_ROOM
_SELF_TEST_US = const(400_000)  # [E] at least: inputs and converters are watched for this long
_IDLE_US = IDLE_MS * 1000
_CONFIRM_US = CONFIRM_MS * 1000
_PASS_MAX_US = PASS_MAX_MS * 1000
_PASS_REST_US = PASS_REST_MS * 1000
_PUNCTUAL_US = const(13_000)  # [E] an answer at the console may delay a tick by 2.3 ms
_MADE_GOOD_US = const(100)  # [E] lateness that a punctual tick makes up for
_ROOM_TICKS = const(15)  # ticks between two checks of a sensor that has a sample in 5 s; one cycle of the program flow


class Supervisor:
    """The state machine with its guards. config is a validated cryo.config.Config, or None: then nothing arms."""

    def __init__(self, config):
        self.config = config
        self.mode = mode.BOOT
        self.blocked_by = 0
        self.faults = Faults()
        self.eye = EyeGuard()
        self.overcool = Overcool()
        self.second = SecondChannel()
        self.room = room.UNKNOWN  # what the room's sensor says
        self._room_wait = 0  # ticks until it is asked again
        self.observer = Observer()
        self.response = Response()
        self.session = Session()
        self.trigger = Trigger()
        self.valves = Valves()
        self.planner = Planner(
            config.valve_open_delay_us if config else 0,
            config.valve_close_delay_us if config else 0,
        )
        self.jet = Jet(config.jet_k_mdegc if config else 0)
        self.point = points.Point()
        self.pass_ = points.Pass()
        self.burst = Burst()
        self.nonce = 0
        self.settled_mdegc = 0
        self.settled = False  # the newest sample is settled and fresh
        self.now_us = -1  # no tick yet
        self.mode_us = 0  # time in this mode
        self.idle_us = 0
        self.indicated_us = 0  # time of light and tone
        self.cut_ticks = 0  # ticks in a row in which the valve was commanded shut
        self.tested = False
        self.overdue = False  # a calibration is overdue, as far as the date is known
        self.unchecked = False  # the application was loaded without the check sum that proves it
        self.loop_tests = False  # the board has a test of the eye-shield loop (shield_loop_test.py) ...
        self.loop_due = False  # ... and READY still waits for it
        self.reset_loop = False  # too many restarts: no gas until switched off (resets.py)
        self.trip_mdegc = self.chosen_trip_mdegc()  # the skin trip in force
        self._turn = _ROOM_TICKS  # of the program flow
        self._flow = flow.START  # its signature, as it must be
        self._looked = flow.ROOM  # steps
        self._observed = flow.OBSERVE
        # Bound once, to keep the tick short. MicroPython looks for a method in the instance first. When the instance's
        # table is nearly full, MicroPython searches most of it before it knows that the method is not there.
        self._observe = self._observe
        self._conditions = self._conditions
        self._burst = self._burst

    # --- setting up: called between ticks -------------------------------------------------------------------------
    def may_choose(self):
        """True while the operator may change what is treated: unarmed."""
        return self.mode == mode.STANDBY or self.mode == mode.COMPLETE

    def renew_session(self):
        """Start another session (another patient): its accounts begin at zero, attestations must be given anew.

        Return False when that is not allowed: armed, or too soon after the last burst (limit 10).
        """
        if not self.may_choose() or self.session.renewal_s():
            return False
        self.session.renew()
        self.overcool.new_session()
        return True

    def chosen_trip_mdegc(self):
        """Return the chosen preset's skin trip, mdegC: limit 1 or 2, or the tighter setting; 0 without settings."""
        config = self.config
        if not config:
            return 0
        return config.trip_reduced_mdegc if self.session.reduced() else config.trip_mdegc

    def k_here_mdegc(self):
        """Return the calibrated jet constant at the measured distance, mdegC per root second."""
        return k_at(self.config.jet_k_mdegc, self.eye.mm)

    # --- the tick -------------------------------------------------------------------------------------------------
    def tick(self, now_us, i, o):
        """Decide for this tick. now_us is ticks_us; i the Inputs; o the Outputs, all of them set here."""
        before_us = self.now_us
        self.now_us = now_us
        dt_us = now_us - before_us & MASK  # as ticks.diff, but a clock that steps back counts as no time
        if dt_us >= HALF:
            dt_us = 0
        if before_us < 0:
            dt_us = TICK_US
        # ticks.grown, in place for the sake of the tick
        us = self.mode_us + dt_us
        self.mode_us = us if us < SATURATED else SATURATED
        us = self.idle_us + dt_us
        self.idle_us = us if us < SATURATED else SATURATED
        us = 0
        if TREATING >> self.mode & 1:
            us = self.indicated_us + dt_us
        else:  # nobody can choose another one while treating; kept.py compares it
            self.trip_mdegc = self.chosen_trip_mdegc()
        self.indicated_us = us if us < SATURATED else SATURATED
        session_ = self.session
        session_.advance(dt_us)

        if self._room_wait:
            self._room_wait -= 1
        else:
            self._room_wait = _ROOM_TICKS
            found = room.level(i.room) or 0
            self.room = found & 3
            self._looked = self._looked + (found >> 2) & STEP_MASK
        # "or 0": a guard that returns early returns None; that becomes a wrong step and no exception
        trigger = self.trigger
        eye = self.eye
        steps = self._looked * FACTOR + (trigger.update(dt_us, i.trigger) or 0) & STEP_MASK
        steps = steps * FACTOR + (eye.update(dt_us, i) or 0) & STEP_MASK
        hand = (PRESSING if trigger.touched else PAUSING) if session_.point_open else AWAY
        step = self.second.update(i, self.planner.off_us, eye.range, hand) or 0
        steps = steps * FACTOR + step & STEP_MASK
        steps = steps * FACTOR + (self.overcool.update(dt_us, i.skin, self.trip_mdegc, self.second) or 0) & STEP_MASK
        steps = steps * FACTOR + (self._observe(dt_us, i) or 0) & STEP_MASK
        ran = causes.standing(self, dt_us, i) or 0
        steps = steps * FACTOR + self.valves.step & STEP_MASK  # causes.py reads them
        steps = (steps * FACTOR + (self.faults.update() or 0) & STEP_MASK) * FACTOR + ran
        if i.request == ACKNOWLEDGE and self.mode == mode.FAULT:
            self.response.reset()
            self.second.reset()
            self.faults.acknowledge()
        found = blockers.standing(self, i) or 0
        self.blocked_by = found & 0x1FFFFFFF
        steps = steps + (found >> 28) & STEP_MASK  # flow.RAN_BLOCKERS becomes bit 1
        before = self.mode
        after = mode.next_mode(before, self._conditions(i))
        if after != before:
            self.enter(after)

        o.cut = 1
        o.rearm = 0
        o.lease = 0
        o.fire_us = 0
        o.feed = 0
        turn = self._turn = self._turn + 1 & _ROOM_TICKS
        due = self._flow = self._flow + (_FLOW_TURN if turn else _FLOW_ROOM) & STEP_MASK
        treating = TREATING >> self.mode & 1
        if steps != due or not 0 <= before <= mode.SERVICE or (treating and self.blocked_by & blockers.TO_STAY):
            self.faults.add(faults.PROGRAM_FLOW)  # neither lease nor feed from here on: the watchdog follows
        elif before == after == DELIVERING:  # the tick that begins a pass has enough work
            self._burst(dt_us, i, o)
        elif self.burst.open:
            self._account(i)
        elif self.mode == ARMED and self.valves.pending:
            self.valves.prove(
                dt_us, i, o, self.blocked_by, trigger.touched, self.planner, session_.uptime_s, self.faults.causes
            )
        self.cut_ticks = self.cut_ticks + 1 if o.cut else 0
        latched = self.faults.first
        o.indicate = treating
        o.alarm = 1 if latched else 0
        if not latched or not self.faults.latched.meets(_STARVING):
            o.feed = 1

    # --- guards ---------------------------------------------------------------------------------------------------
    def _observe(self, dt_us, i):
        self._observed = self._observed + 1 & STEP_MASK
        planner = self.planner
        flow_us = planner.advance(dt_us)
        if self.session.point_open and self.config:
            self.observer.advance(self.k_here_mdegc() if flow_us else 0, flow_us, dt_us)
        skin = i.skin
        self.settled = False
        if skin.status == 0:
            if skin.age_us <= SAMPLE_AGE_MAX_US and planner.off_us - skin.ended_age_us >= SETTLED_US:
                self.settled = True
                self.settled_mdegc = skin.value_mdegc
            if self.overcool.new_sample:
                self.response.sample(skin.value_mdegc, self.observer.probe_mdegc())
                self._seated()
        if self.response.open and self.mode != DELIVERING and planner.off_us >= SETTLED_US:
            self._judge()  # the time for a response is over; a later fall is no response
        return self._observed

    # --- mode -----------------------------------------------------------------------------------------------------
    def _conditions(self, i):
        c = 0
        m = self.mode
        b = self.blocked_by
        if self.faults.first:
            c |= mode.FAULTED
        request = i.request
        if request:
            if request == ACKNOWLEDGE:
                c |= mode.ACKNOWLEDGED
            elif request == ARM:
                c |= mode.REQUESTED
            elif request == CONFIRM and m == mode.READY:
                c |= self._confirmation(i.request_value)
            elif request == DISARM:
                c |= mode.DISARMED
            elif request == SERVICE:
                c |= mode.SERVICED
        if m == mode.SELF_TEST and self.mode_us >= _SELF_TEST_US and not i.self_test:
            self.tested = True
        if self.tested:
            c |= mode.TESTED
        if b & (blockers.TO_STAY if TREATING >> m & 1 else blockers.TO_ARM):
            c |= mode.BLOCKED
        if b & blockers.TO_START or self.burst.open:  # a burst of an earlier pass that has not ended does not go on
            c |= mode.START_BLOCKED
        if m == mode.READY:
            if self.mode_us > _CONFIRM_US:
                c |= mode.CONFIRM_LATE
            return c
        trigger = self.trigger
        if trigger.pressed:
            c |= mode.PRESSED
        pass_ = self.pass_
        if not trigger.touched:
            pass_.held = False
        if pass_.held:
            c |= mode.HELD
        if self.idle_us > _IDLE_US:
            c |= mode.IDLE
        if m == DELIVERING:
            eye = self.eye
            over = pass_.over = (
                not trigger.touched
                or pass_.us >= _PASS_MAX_US
                or eye.range == OUTSIDE
                or eye.lost_us > DISTANCE_LOST_US
            )
            if over:
                c |= mode.PASS_OVER
                if pass_.us < _PASS_MAX_US:
                    pass_.held = False
        elif m == mode.REST and self.mode_us >= _PASS_REST_US:
            c |= mode.RESTED
        session_ = self.session
        if session_.point_open:
            passing = m == DELIVERING and not pass_.over
            if self.point.end(session_, self.overcool.dose_spent, passing) != session.GOING:
                c |= mode.POINT_OVER
        return c

    def _confirmation(self, number):
        """Return mode.py's condition for a confirmation number in READY; the last wrong number ends the request."""
        if number == self.nonce:
            return 0 if self.loop_due else mode.CONFIRMED
        session_ = self.session
        session_.wrong_numbers += 1
        return mode.DISARMED if session_.wrong_numbers >= session.WRONG_NUMBERS_MAX else 0

    def enter(self, after):
        """Go into another mode. points.py does what that means for session, point and pass."""
        session_ = self.session
        eye = self.eye
        self.mode = after
        self.mode_us = 0
        self.idle_us = 0
        self.nonce = 0
        self.loop_due = False
        if session_.point_open and not TREATING >> after & 1:
            points.leave(session_, self.point, after, self.jet.hold_mm())
            eye.watch(False)
        if after == mode.READY:
            self.nonce = 1000 + (self.now_us ^ self.now_us >> 13) % 9000
            self.loop_due = self.loop_tests
            session_.wrong_numbers = 0
        elif after == ARMED:
            self.valves.armed(session_, self.config)
        elif after == DELIVERING:
            if points.press(session_, self.point, self.pass_):
                self.overcool.new_point()
                self.response.reset()
                self.jet.begin()
                self.second.reset()
                eye.watch(True)
                self.burst.refused = 0
            self.planner.probe_due = True
            self.second.agrees = False
        elif after == mode.REST:
            points.let_go(session_, eye.range <= IN_WINDOW and not self.trigger.touched)

    # --- burst ----------------------------------------------------------------------------------------------------
    def _burst(self, dt_us, i, o):
        """One tick of a pass. Any cause that forbids gas cuts in this tick."""
        session_ = self.session
        point = self.point
        pass_ = self.pass_
        burst = self.burst
        self.idle_us = 0
        if dt_us > _PUNCTUAL_US:
            pass_.late_us = grown(pass_.late_us, dt_us - TICK_US)
        elif pass_.late_us:
            pass_.late_us = pass_.late_us - _MADE_GOOD_US if pass_.late_us > _MADE_GOOD_US else 0
        us = pass_.us + dt_us  # ticks.grown again
        pass_.us = us if us < SATURATED else SATURATED
        us = burst.open_us + dt_us
        burst.open_us = us if us < SATURATED else SATURATED
        if session_.reached:
            point.hold_us = grown(point.hold_us, dt_us)
        elif not self.settled:
            pass
        elif not point.treated:
            self.observer.reset(self.settled_mdegc)  # skin before the first burst
        elif self.settled_mdegc <= point.target_mdegc:
            session_.reached = True

        allowed = (
            (self.eye.range == IN_START or self.eye.range == IN_WINDOW)
            and not self.overcool.bad
            and self.observer.surface_mdegc > point.lowest_mdegc
        )
        if burst.open:
            if i.burst != RUNNING:
                self._account(i)
            elif allowed and self.eye.mm >= burst.planned_mm - DISTANCE_STEP_MM:  # nearer: planned for a weaker jet
                o.cut = 0
                # By the tick's own clock, whatever the one-shot reports: its counter may stand still.
                if burst.open_us < burst.commanded_us:
                    o.lease = 1
            return
        if not allowed:
            return
        o.cut = 0
        if not self.settled:
            return
        off_us = self.planner.off_us
        # at the target, bursts go on only to stay there
        if off_us >= OFF_MIN_US and (not session_.reached or self.settled_mdegc > point.target_mdegc):
            on_us = 0 if self.second.awaited(off_us) else self._plan()
            if on_us:
                self._judge()
                if not self.response.failed():
                    self._fire(on_us, i, o)

    def _judge(self):
        """Judge the last burst."""
        self.response.close()
        self._seated()

    def _seated(self):
        """End the point of a probe that is not well seated, or of wet skin; it is no fault."""
        if self.response.seat == BAD:
            self.session.point_spent = session.PROBE_SEAT

    def _plan(self):
        cap_us = self.session.row()[presets.CAP_US]
        if cap_us > self.config.burst_max_us:
            cap_us = self.config.burst_max_us
        least_mdegc = SKIN_LEAST_MDEGC
        if self.session.reduced():
            least_mdegc = SKIN_LEAST_REDUCED_MDEGC
            if cap_us > BURST_MAX_REDUCED_US:
                cap_us = BURST_MAX_REDUCED_US
        # The observer goes on with the calibrated K, because the response is compared with that: its fall is scaled.
        observer = self.observer
        baseline_mdegc = observer.baseline_mdegc
        jet = self.jet
        fall_mdegc = baseline_mdegc - observer.probe_mdegc()
        ratio = jet.learn(baseline_mdegc - self.settled_mdegc, fall_mdegc, self.response.show())
        agrees = self.second.agrees
        margin_mdegc = MODEL_MARGIN_AGREED_MDEGC if agrees else MODEL_MARGIN_MDEGC
        self.planner.margin_mdegc = margin_mdegc
        fall_mdegc = baseline_mdegc - self.point.floor_mdegc + margin_mdegc
        self.point.lowest_mdegc = baseline_mdegc - fall_mdegc * AS_CALIBRATED // ratio
        mm = self.eye.mm
        k_mdegc = self.config.jet_k_mdegc * jet.dip // AS_CALIBRATED
        k_here_mdegc = k_at(k_mdegc, mm)
        near_mm = self.eye.near_mm
        k_most_mdegc = k_at(k_mdegc, (near_mm if near_mm < mm else mm) - DISTANCE_NOISE_MM)
        nearer_mm = self.burst.shown_mm - mm
        if nearer_mm > DISTANCE_STEP_MM:
            self.planner.probe_due = True
            k_most_mdegc = k_nearer(k_mdegc, self.burst.shown_mm, mm)
        elif nearer_mm < -DISTANCE_STEP_MM:
            self.planner.probe_due = True
        # To the level's floor: K at the nearest distance that the skin may have, at most that at 80 mm, and less when
        # both sensors show it.
        k_floor_mdegc = k_most_mdegc if k_most_mdegc < k_mdegc else k_mdegc
        if agrees:
            k_floor_mdegc = k_floor_mdegc * jet.weaker_pm // AS_CALIBRATED
        return self.planner.plan(
            self.settled_mdegc,
            self.point.floor_mdegc,
            cap_us,
            k_floor_mdegc,
            baseline_mdegc - (baseline_mdegc - observer.surface_mdegc) * ratio // AS_CALIBRATED,
            k_here_mdegc,
            k_most_mdegc,
            least_mdegc,
        )

    def _fire(self, on_us, i, o):
        # Both valves open at the same time: an earlier lease would cost a tick of every cycle and hold the shut-off
        # open for no reason.
        self.response.begin(i.skin.value_mdegc, self.observer.probe_mdegc())
        self.burst.begin(on_us, self.eye.mm)
        self.planner.fired(on_us)
        self.valves.fired()
        o.rearm = 1
        o.lease = 1
        o.fire_us = on_us

    def _account(self, i):
        """The one-shot ended, was cut, or refused because its loop opened first: book what was delivered.

        Only a burst that was at least as long as the shortest burst is used to learn from.
        """
        if i.burst == RUNNING:
            return
        given_us = self.burst.end(i.burst)
        self.planner.ended(self.burst.commanded_us - given_us)
        self.valves.ended(given_us)
        self.response.delivered(given_us)
        self.session.burst(given_us)
        if given_us >= BURST_MIN_US:
            self.point.treated = True
            self.jet.fired()
            self.second.fired(i.infrared)
