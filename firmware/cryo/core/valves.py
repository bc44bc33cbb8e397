"""Valve supervision: compares commands with pressure and coil current, counts cycles, does the proof test (limit 26).

Bottle - shut-off - line, whose pressure is measured - dose valve - nozzle. Around a burst:

    in it       after it    means
    line high   line high   both valves work
    line low    line low    the shut-off did not open
    line high   line falls  the dose valve leaks or stays open

E-stop, trigger and loop channel B break the shut-off's supply without any chip. The dose valve follows up to two ticks
later and empties the line meanwhile. So a burst that ended in this way, or whose trigger was released right after it,
shows nothing about either valve.

The proof test is one opening of the dose valve in ARMED, with the lease running because hardware ties that valve to the
lease's edges, and with the trigger released: its second contact is in the shut-off coil's supply, so the gas of the
line alone leaves. The line must fall (the dose valve opens, the shut-off holds) and stay low (the shut-off is tight);
the first burst must fill it again (the shut-off opens) and it must hold then (the dose valve is tight).
A line that is already empty shows that the shut-off holds; then the next arming does the opening. Without a sensor in
the line there is no proof, and no burst shows anything about the valves. The settings say whether one is fitted.
"""

from cryo.core import blockers, faults
from cryo.core.bursts import END_US
from cryo.core.flow import STEP_MASK, VALVES
from cryo.core.records import RUNNING
from cryo.core.ticks import SATURATED, grown
from cryo.limits import (
    BURST_MIN_US,
    OFF_MIN_US,
    PROBE_BURST_MAX_US,
    PROOF_TEST_BURSTS,
    PROOF_TEST_S,
    RESPONSE_MIN_MDEGC,
)
from micropython import const

VENT_US = PROBE_BURST_MAX_US  # if the shut-off is stuck open, it is a probe burst

# The line's gas leaves through the open dose valve with a time constant of 5 ms. The valve opens 5-25 ms after its
# command and closes as late. After an opening of 60 ms, 1 part in 1000 is left, so a fall to a quarter is a clear sign
# [E].
_FALL_US = const(200_000)  # from the command: the opening, the slowest closing, one turn of the slow inputs [E]
_LEASE_OVER_US = const(100_000)  # from the command: after an earlier press the test proves nothing
_HOLD_US = const(500_000)  # from the command: so long the line must stay low, in ...
_HOLD_SAMPLES = const(3)  # ... at least so many samples [E]: a silent sensor proves nothing
_SKIN_US = const(1_200_000)  # from the command: the skin has answered, if there was gas
_SKIN_FALL_MDEGC = 2 * RESPONSE_MIN_MDEGC  # two steps of a converter; 60 ms of gas make that up to 150 mm [C: twin]
_TRIES = const(3)  # [E] openings in one arming, when the trigger or a guard cuts them short
_EMPTY = const(8)  # under an eighth of the bottle's pressure no fall can be seen
_START_BLOCKERS = blockers.TO_START & ~blockers.PROOF

_LINE_FROM_US = const(100_000)  # after closing: the trapped gas is at rest
_LINE_TO_US = const(1_500_000)  # later, the line behind a tight valve may be empty too
_LINE_SAMPLES = const(2)  # [E] in a row

# A time since the command is counted up to the tick before. 20 to 40 ms after the command the current has risen and is
# not yet chopped down to hold; when it is, a low-side shunt may show nothing between two chops [E].
_COIL_FROM_US = const(10_000)
_COIL_TO_US = const(30_000)
_COIL_FALL_US = const(100_000)  # [E] after the last closing
_COIL_MIN_MA = const(300)  # [E] a tenth of the peak
_COIL_SAMPLES = const(3)  # [E] samples in a row, with the command or without it

# stages of the proof test
_WAIT = const(0)
_VENT = const(1)
_JUDGE = const(2)
_HOLD = const(3)
_SKIN = const(4)


class Valves:
    """Both valves' account. pending: an arming's proof test is not done, no pass may start."""

    def __init__(self):
        self.step = VALVES  # see flow.py; it counts when `watch` ends, since `watch` returns something else
        self.dose_cycles = 0  # openings commanded since boot
        self.shutoff_cycles = 0
        self.bursts = PROOF_TEST_BURSTS  # since the last proof; without a clock every boot counts as another day
        self.pending = False
        self._proved_s = 0
        self._stage = _WAIT
        self._tries = 0
        self._since_us = SATURATED  # since the test's opening was commanded
        self._from_mbar = 0  # the line before it
        self._emptied = False  # emptied by the test or by time, and no burst since
        self._skin_mdegc = 0
        self._fall_mdegc = 0
        self._line_sequence = 0
        self._came = -1  # the line in the last burst: 1 high, 0 low, -1 not seen
        self._judging = False
        self._low = 0
        self._held = 0  # samples of a low line in the hold
        self._coil_sequence = 0
        self._coil_missing = 0  # samples in a row
        self._coil_extra = 0

    # --- the supervisor calls these -----------------------------------------------------------------------------------
    def due(self, uptime_s):
        """True when limit 26 asks for a proof test."""
        return self.bursts >= PROOF_TEST_BURSTS or uptime_s - self._proved_s >= PROOF_TEST_S

    def armed(self, session, config):
        """ARMED was entered. A point that was begun is finished before a test."""
        self.pending = not session.point_open and config.line_fitted == 1 and self.due(session.uptime_s)
        self._stage = _WAIT
        self._tries = 0

    def fired(self):
        """A burst was commanded."""
        self.dose_cycles += 1
        self.shutoff_cycles += 1
        self.bursts += 1
        self._emptied = False
        self._judging = True
        self._low = 0
        self._came = -1

    def ended(self, given_us):
        """The burst ended after given_us. One under the shortest burst may not have opened both valves."""
        if given_us < BURST_MIN_US:
            self._judging = False

    # --- in every tick ----------------------------------------------------------------------------------------------
    def watch(self, i, burst, off_us, touched, causes):
        """Add the valve faults found in this tick to causes.

        i are the Inputs, burst the one now or last; off_us since the valve closed; touched: the trigger is.
        """
        if self._judging and off_us < _LINE_FROM_US and (not touched or i.estop or i.loop_b):
            self._judging = False
        if i.line.sequence != self._line_sequence:
            self._line_sequence = i.line.sequence
            if not i.line.status and not i.bottle.status:
                self._line(i, burst, off_us, causes)
        if i.coil.sequence != self._coil_sequence:
            self._coil_sequence = i.coil.sequence
            self._coil(i, burst, off_us, causes)
        self.step = self.step + 1 & STEP_MASK

    def _line(self, i, burst, off_us, causes):
        """Judge a new sample of the line."""
        line_mbar = i.line.value
        bottle_mbar = i.bottle.value
        if burst.open:
            # an earlier sample shows what the last burst left; a later one comes when the shut-off may be shut again
            if burst.open_us >= BURST_MIN_US and i.burst == RUNNING:
                self._came = 1 if line_mbar >= bottle_mbar // 4 else 0  # [E] flow costs pressure
        elif self._judging:
            if off_us > _LINE_TO_US:
                self._judging = False
            elif off_us >= _LINE_FROM_US:
                if line_mbar >= bottle_mbar // 2:
                    self._low = 0
                else:
                    self._low += 1
                    if self._low >= _LINE_SAMPLES:
                        causes.add(faults.DOSE_OPEN if self._came else faults.SHUTOFF_SHUT)
        elif self._emptied and line_mbar >= self._from_mbar // 2:
            causes.add(faults.SHUTOFF_OPEN)
        elif self._stage == _HOLD:
            self._held += 1

    def _coil(self, i, burst, off_us, causes):
        """Judge a new sample of the coil's current."""
        coil = i.coil
        if i.burst == RUNNING:
            if not _COIL_FROM_US <= (burst.open_us if burst.open else self._since_us) <= _COIL_TO_US:
                return
            if not coil.status and coil.value >= _COIL_MIN_MA:
                self._coil_missing = 0
                return
            self._coil_missing += 1
        elif off_us >= _COIL_FALL_US:
            if not coil.status and coil.value < _COIL_MIN_MA:
                self._coil_extra = 0
                return
            self._coil_extra += 1
        if self._coil_missing >= _COIL_SAMPLES or self._coil_extra >= _COIL_SAMPLES:
            causes.add(faults.DOSE_COIL)

    # --- the proof test ---------------------------------------------------------------------------------------------
    def prove(self, dt_us, i, o, blocked, touched, planner, uptime_s, causes):
        """One tick of ARMED while pending: only here a valve opens with the trigger released.

        i, o are Inputs and Outputs, blocked the blockers that stand; touched: the trigger is. Faults go to causes.
        """
        self._since_us = grown(self._since_us, dt_us)
        clear = (
            not blocked & _START_BLOCKERS and not touched and not i.line.status and not i.bottle.status
        )
        stage = self._stage
        if stage == _WAIT:
            if clear and self._tries < _TRIES and planner.off_us >= OFF_MIN_US:
                self._begin(i, o, planner)
            return
        if not i.skin.status and self._skin_mdegc - i.skin.value_mdegc > self._fall_mdegc:
            self._fall_mdegc = self._skin_mdegc - i.skin.value_mdegc
        if stage == _VENT:
            if not clear:
                self._stage = _WAIT
            elif i.burst == RUNNING:
                if self._since_us > VENT_US + END_US:
                    causes.add(faults.VALVE_PORT)
                else:
                    o.cut = 0
                    if self._since_us < VENT_US:
                        o.lease = 1
            else:
                self._stage = _WAIT if i.burst else _JUDGE  # refused, ended by its loop, or given in full
        elif stage == _JUDGE:
            if self._since_us >= _LEASE_OVER_US:
                self._judge(i)
            elif touched:
                self._stage = _WAIT
        elif stage == _HOLD:
            if self._since_us < _HOLD_US:
                return
            if self._held < _HOLD_SAMPLES:
                self._stage = _WAIT
            else:
                self.bursts = 0
                self._proved_s = uptime_s
                self.pending = False
        elif self._since_us >= _SKIN_US:
            causes.add(faults.SHUTOFF_OPEN if self._fall_mdegc >= _SKIN_FALL_MDEGC else self._shut())

    def _begin(self, i, o, planner):
        line_mbar = i.line.value
        if line_mbar < i.bottle.value // _EMPTY:
            self._emptied = True
            self._from_mbar = i.bottle.value
            self.pending = False
            return
        self._from_mbar = line_mbar
        self._stage = _VENT
        self._tries += 1
        self._since_us = 0
        self._skin_mdegc = i.skin.value_mdegc
        self._fall_mdegc = 0
        self.dose_cycles += 1
        planner.fired(VENT_US)  # it counts as gas: if the shut-off is stuck open, it was gas
        o.cut = 0
        o.rearm = 1
        o.lease = 1
        o.fire_us = VENT_US

    def _judge(self, i):
        if i.line.status:
            self._stage = _WAIT
        elif i.line.value < self._from_mbar // 4:
            self._emptied = True
            self._held = 0
            self._stage = _HOLD
        elif self._since_us >= _FALL_US:
            self._stage = _SKIN

    def _shut(self):
        """Find the fault that kept the dose valve shut: no current in its coil, if that is measured, else the valve."""
        return faults.DOSE_COIL if self._coil_missing else faults.DOSE_SHUT
