"""A rig for the supervisor: healthy inputs, an ideal one-shot, time that starts just before the tick wrap."""

import micropython
from cryo import config
from cryo.core import mode, presets
from cryo.core.records import RESTING, RUNNING, Inputs, Outputs
from cryo.core.supervisor import ARM, CONFIRM, NONE, Supervisor

TICK_US = 10_000
MASK = 0x3FFFFFFF
BEFORE_WRAP = MASK + 1 - 1_500_000
SETTINGS = {"simulated": 1, "jet_k_mdegc": 16_000, "infrared_fitted": 0}  # the line has its sensor


class Rig:
    """One supervisor with imitated hardware. Every new sample reads `skin_mdegc`."""

    def __init__(self, settings=SETTINGS, provisioned=True, proved=True):
        self.config = config.build(settings)[0] if provisioned else None
        self.sup = Supervisor(self.config)
        if proved:
            self.sup.valves.bursts = 0  # as if the valves' proof test of this day had passed
        self.i = Inputs()
        self.o = Outputs()
        self.now_us = BEFORE_WRAP
        self.skin_mdegc = 32_500
        self.skin_status = 0
        self.dips = True  # after a burst the reading falls, as with a healthy probe
        self.one_shot_ends = True
        self.refuses = False  # the one-shot: the loop opens between decision and command
        self.asked = 0
        self.left_us = 0
        self.since_burst_us = 10_000_000
        self.samples = True
        self.ticks = 0
        self.fired = []
        self.lease_us = 0  # the rest of it
        self.gas_us = 0  # one-shot open and lease running
        self._probe_before = 0
        i = self.i
        i.loop_a = 1
        i.loop_b = 0
        i.estop = 0
        i.key = 1
        i.burst = RESTING
        for quantity, value in ((i.distance, 100), (i.bottle, 57_000), (i.line, 57_000)):
            quantity.status = 0
            quantity.value = value
            quantity.age_us = 0

    def tick(self, count=1, dt_us=TICK_US):
        """Let ticks pass; the supervisor's part runs with the heap locked."""
        for _ in range(count):
            self.now_us = (self.now_us + dt_us) & MASK
            self.ticks += 1
            self._hardware(dt_us)
            self._sample(dt_us)
            micropython.heap_lock()
            try:
                self.sup.tick(self.now_us, self.i, self.o)
            finally:
                micropython.heap_unlock()
            self.i.request = NONE
            self._act()

    def _hardware(self, dt_us):
        open_us = min(dt_us, self.left_us)
        self.gas_us += min(open_us, self.lease_us)
        self.lease_us = max(0, self.lease_us - dt_us)
        self.since_burst_us += dt_us
        if self.i.burst == RUNNING and self.one_shot_ends:
            self.left_us -= open_us
            if not self.left_us:
                self.i.burst = 0

    def _sample(self, dt_us):
        skin = self.i.skin
        skin.age_us = min(skin.age_us + dt_us, 0x1FFFFFFF)
        skin.ended_age_us = min(skin.ended_age_us + dt_us, 0x1FFFFFFF)
        if not self.samples or self.ticks % 10:
            return
        skin.sequence = (skin.sequence + 1) & 0xFFFF
        skin.age_us = 110_000
        skin.ended_age_us = TICK_US
        skin.status = self.skin_status
        skin.cold_junction_mdegc = 25_000
        value = self.skin_mdegc
        if self.dips and self.fired and self.since_burst_us < self.fired[-1] + 360_000:
            value += self.sup.observer.probe_mdegc() - self._probe_before  # answers as predicted
        skin.value_mdegc = None if self.skin_status else value

    def _act(self):
        o = self.o
        if o.cut and self.i.burst == RUNNING:
            self.i.burst = self.left_us
            self.left_us = 0
        if o.rearm:
            self.i.burst = RESTING
        if o.lease:
            self.lease_us = 20_000
        if o.fire_us:
            assert self.i.burst == RESTING
            self.asked += 1
            if self.refuses:
                return
            self.i.burst = RUNNING
            self.left_us = o.fire_us
            self.fired.append(o.fire_us)
            self.since_burst_us = 0
            self._probe_before = self.sup.observer.probe_mdegc()

    # --- an operator's steps -------------------------------------------------------------------------------------
    def ask(self, request, value=0):
        """Make one request; it counts in one tick."""
        self.i.request = request
        self.i.request_value = value
        self.tick()

    def choose(self, preset=0, level=3, site=8, point=1):
        """Choose and attest everything. The cool-down after switch-on counts as over."""
        s = self.sup.session
        s.preset = preset
        s.level = level - 1
        s.site = site
        s.point = point - 1
        s.uptime_s += 400
        s.attested = 0
        s.attest(presets.PRESETS[preset][presets.ATTEST])

    def stand_by(self):
        """Boot to STANDBY."""
        self.tick(70)
        assert self.sup.mode == mode.STANDBY, self.sup.mode
        return self

    def arm(self, **choice):
        """Do both steps of arming."""
        self.stand_by()
        self.choose(**choice)
        self.ask(ARM)
        assert self.sup.mode == mode.READY, (self.sup.mode, self.sup.blocked_by)
        self.ask(CONFIRM, self.sup.nonce)
        assert self.sup.mode == mode.ARMED, self.sup.mode
        return self

    def press(self):
        """Press the trigger afresh, and wait until it is debounced."""
        self.i.trigger = 0
        self.tick()
        self.i.trigger = 1
        self.tick(4)

    def deliver(self, **choice):
        """Arm, wait for the indication, press: a pass begins."""
        self.arm(**choice)
        self.tick(201)
        self.press()
        assert self.sup.mode == mode.DELIVERING, (self.sup.mode, self.sup.blocked_by)
        return self

    def cool_to(self, mdegc):
        """Let the skin cool by 0.2 degC a sample, slowly enough for no fault, until it reads mdegc."""
        while self.skin_mdegc > mdegc:
            self.skin_mdegc = max(mdegc, self.skin_mdegc - 200)
            self.tick(10)
        return self

    def read(self, mdegc):
        """Let the newest sample read mdegc, for one tick."""
        self.i.skin.value_mdegc = mdegc
        self.samples = False
        self.tick()
        self.samples = True
        return self.sup.mode

    def to_burst(self, number=1):
        """Go on until burst `number` is open."""
        for _ in range(300):
            if len(self.fired) >= number and self.i.burst == RUNNING:
                return self
            self.tick()
        raise AssertionError("no burst " + str(number))
