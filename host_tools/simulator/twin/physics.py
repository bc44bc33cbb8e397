"""Advances the plant in time: hand, jet, skin, sensors, line and bottle, in cells of 1 ms.

Between two events (an edge of valves or contacts, a sensor's sample, the end of an exchange) all cells are alike:
cells.py runs them in one call. Rare events are handled here, before a cell and never within one.
"""

import math
import random
from typing import Any

from host_tools.simulator.twin import cells, jet
from host_tools.simulator.twin.bottle import Bottle
from host_tools.simulator.twin.cells import CELL_US, SAMPLE_US
from host_tools.simulator.twin.figures import Figures, figure
from host_tools.simulator.twin.guest import chip_vl53l0x
from host_tools.simulator.twin.hardware import RUNNING, Lease, OneShot, OpeningTimer, Solenoid
from host_tools.simulator.twin.motion import Motion
from host_tools.simulator.twin.probe import NOISE_AT, NOISE_C, Max31855Chip, Probe
from host_tools.simulator.twin.record import Record
from host_tools.simulator.twin.skin import Skin
from host_tools.simulator.twin.surroundings import Room, Thermopile

AIR_C = 22.0  # temperature around hand and skin
IDLE_US = 10_000
BOTTLE_US = 100_000  # time between two exchanges of heat with the room
QUIET_US = 1_500_000  # time without gas after which coarse steps are exact enough
RANGE_PERIOD_US = chip_vl53l0x.PERIOD_US
LIGHT_SWAY_HZ = 0.25  # [E]
LINE_LEAK_S = 600.0  # [E] a tight line loses its gas slowly

GRAMS, BAR, LINE_BAR, LEAK_S, LEAKS_IN_S, FLOWED, LAST_FLOW, ROW = range(8)  # places of figures that are read often
LONGEST_CELLS = BOTTLE_US // CELL_US  # of one run
LONGEST_SAMPLES = BOTTLE_US // SAMPLE_US


class Physics(Figures):
    """What the plant is made of, and its time (us since power-on, unbounded)."""

    # A plant has more attributes than CPython finds fast; it finds all of them fast in slots.
    __slots__ = (
        "_any_sensor_us", "_behind_us", "_bottle_seen", "_calm_step_us", "_calm_us", "_cell_flow_us", "_head", "_jet",
        "_jet_of", "_parts", "_phase_us", "_range_next_us", "_sensors_us", "_tail", "array", "bottle", "chips",
        "dose", "echo", "figures", "fog", "hand", "lease", "light_sway", "now_us", "one_shot", "opening", "probe",
        "random", "range_answers", "range_drift_mm_s", "range_error_mm", "range_frozen", "ranges", "record", "room",
        "shutoff", "skin", "strength", "thermopile",
    )  # fmt: skip

    grams, bar, line_bar = map(figure, range(3))  # grams of gas that bottle and room do not know yet
    dose_leak_s = figure(3)  # time constant with which the closed valve lets the line's gas out ...
    _leaks_in_s, _flowed_us, _last_flow_us, row, sampling, skin_min_c = map(figure, range(4, 10))
    air_c = figure(10)  # of the room

    def __init__(self, *, distance_mm=100.0, seed=1, phase_us=0, bottle_g=5_000.0, room_c=20.0):
        super().__init__(11)
        self.air_c = AIR_C
        self.random = random.Random(seed)
        self.now_us = 0
        self._phase_us = phase_us  # moves the chips' conversions relative to the tick
        self.dose = Solenoid(open_delay_us=15_000, close_delay_us=20_000)
        self.shutoff = Solenoid(open_delay_us=20_000, close_delay_us=20_000)
        self.one_shot: Any = OneShot()
        self.opening = OpeningTimer()
        self.lease: Any = Lease()
        self.bottle = Bottle(bottle_g, ambient_c=room_c)
        self.bar = self.bottle.bar
        self.line_bar = self.bar
        self.dose_leak_s = LINE_LEAK_S
        self.strength = 1.0  # of the jet, 1 = the reference nozzle
        self.hand = Motion(distance_mm)
        self.fog = 0.0  # share of distance measurements lost
        self.range_error_mm = 0.0  # of every distance measurement ...
        self.range_drift_mm_s = 0.0  # ... and its growth
        self.range_frozen = False  # the distance sensor repeats its last measurement
        self.range_answers = True
        self.light_sway = 0.0  # share by which the surface's reflection varies: creases, tilt, another patch
        self.echo = chip_vl53l0x.Echo(seed)
        self.ranges = 0  # measurements of the distance
        self._range_next_us = phase_us % RANGE_PERIOD_US
        self._sensors_us = 0  # when the next sample is due for which cells stop ...
        self._any_sensor_us = 0  # ... and of any
        self._behind_us: int | None = None  # the start of the cells that wait
        self._calm_us: int | None = None
        self._calm_step_us = CELL_US
        self.new_skin(seed)
        self.thermopile = Thermopile(self.skin.surface_c, seed)
        self.room = Room()
        self.record = Record(self)
        self._cell_flow_us = 0
        self._last_flow_us = -10_000_000
        self.sampling = True
        self.skin_min_c = 1e9
        self.foot: Any = None  # several points of one site (foot.py), where there are some
        self._parts: tuple = ()
        self._head: tuple = ()
        self._tail: tuple = ()
        self._bottle_seen: Any = None  # the values from which `bar` was made
        self._jet_of: Any = None
        self._jet = (0.0, 0.0)

    @property
    def shutoff_leak_s(self):
        """... and the bottle's in; None: tight."""
        return self._leaks_in_s or None

    @shutoff_leak_s.setter
    def shutoff_leak_s(self, seconds):
        self._leaks_in_s = seconds or 0.0

    def new_skin(self, seed=1):
        """Change to another point on the body: skin at rest, the probe fixed to it."""
        self.catch_up()
        self.skin: Any = Skin()  # or another kind of skin with the same interface
        self.probe = Probe(t_c=self.skin.surface_c, seed=seed)
        if not hasattr(self, "chips"):
            self.chips = self._fit_chips(seed)

    def _fit_chips(self, seed) -> tuple[Any, Any]:
        """Return the converters of the skin's and of the nozzle's probe."""
        return (
            Max31855Chip(phase_us=self._phase_us, seed=seed),
            Max31855Chip(phase_us=self._phase_us // 2, seed=seed + 1),
        )

    def flowing(self):
        """True while gas reaches the skin."""
        return self.dose.is_open and self.shutoff.is_open

    def _quiet(self):
        """True when nothing moves and the last burst is long past: coarse steps are exact enough."""
        return (
            self.now_us - self.figures[LAST_FLOW] > QUIET_US
            and not self.flowing()
            and self.one_shot.result != RUNNING
            and self.hand.arrived()
        )

    def _pass_to(self, upto_us, alike):
        """Let time pass without an edge. Coarse steps are allowed if no edge comes before the end."""
        while self.now_us < upto_us:
            if alike and self._quiet():
                self._idle(upto_us)
            else:
                self._pass(upto_us)

    # Between two edges nothing changes that the firmware could sense, except the leaking line and the distance, before
    # a sensor takes a sample or the bottle's gas is counted. When nobody else looks (`watched`), cells run then, late:
    # those of several ticks in one call.
    def _pass_late(self, end_us):
        """Let time pass to end_us without an edge. Cells after the last thing that was due wait."""
        calm_us = self._calm_us or self._calm_until_us()
        while end_us >= calm_us:
            if not calm_us:
                self.catch_up()
                self._pass_to(end_us, True)
                return
            if self._behind_us is not None:
                self.now_us, self._behind_us = self._behind_us, None
            fine = self._calm_step_us == CELL_US
            flowing = self.dose.is_open and self.shutoff.is_open
            self._run(calm_us, self._calm_step_us, self.skin.fine if fine else self.skin.coarse, flowing)
            calm_us = self._calm_until_us()
        self._wait(end_us)

    def _calm_until_us(self):
        """Return the end of the step until which cells may wait; 0: they may not."""
        if self.skin.each_stop or not self.hand.arrived():
            self._calm_us = 0
            return 0
        flowing = self.dose.is_open and self.shutoff.is_open
        step_us = self._calm_step_us = IDLE_US if not flowing and self._quiet() else CELL_US
        due_us = self._due(flowing)
        if due_us <= self.now_us:
            due_us = self.now_us + 1
        calm_us = self._calm_us = -(-due_us // step_us) * step_us
        return calm_us

    def _wait(self, end_us):
        """Let time pass to end_us, before _calm_until_us(), without running the cells."""
        if self._behind_us is None:
            self._behind_us = self.now_us
        step_us = self._calm_step_us
        self.now_us = end_us - end_us % step_us
        if self.now_us >= self._any_sensor_us:
            self._sense(step_us)
        self.now_us = end_us

    def catch_up(self):
        """Run the cells that have waited."""
        self._calm_us = None
        if self._behind_us is not None:
            upto_us, self.now_us, self._behind_us = self.now_us, self._behind_us, None
            self._pass_to(upto_us, True)

    def _line_bar_now(self):
        """Return the line's pressure, also while cells wait."""
        figures = self.figures
        if self._behind_us is None:
            return figures[LINE_BAR]
        step_us = self._calm_step_us
        count = self.now_us // step_us - self._behind_us // step_us
        if not count:
            return figures[LINE_BAR]
        if self.shutoff.is_open:
            return figures[BAR]
        tau_s = cells.LINE_VENT_S if self.dose.is_open else figures[LEAK_S]
        return cells.leaked_bar(figures[LINE_BAR], figures[BAR], tau_s, figures[LEAKS_IN_S], step_us, count)

    def _idle(self, end_us):
        """Take coarse steps without gas, up to end_us or to what is due before it."""
        now_us = self.now_us
        last_us = end_us - end_us % IDLE_US
        if last_us <= now_us:
            self.now_us = end_us
            return
        due_us = now_us + 1 if self.skin.each_stop else max(self._due(False), now_us + 1)
        self._run(min(last_us, -(-due_us // IDLE_US) * IDLE_US), IDLE_US, self.skin.coarse, False)

    def _pass(self, upto_us):
        """Let time pass to upto_us, or to the end of an earlier cell with which something is due."""
        now_us = self.now_us
        last_us = upto_us - upto_us % CELL_US
        flowing = self.dose.is_open and self.shutoff.is_open
        if last_us > now_us:
            due_us = max(self._due(flowing), now_us + 1)
            stop_us = min(last_us, (due_us + CELL_US - 1) // CELL_US * CELL_US)
            self._run(stop_us, CELL_US, self.skin.fine, flowing)
            now_us = self.now_us
            if now_us < last_us:
                return
        if flowing:
            self._cell_flow_us += upto_us - now_us
        self.now_us = upto_us

    def _due(self, flowing):
        """Return the time of the next thing that is not done in every cell."""
        now_us = self.now_us
        every_us = SAMPLE_US if self._moving(flowing) else BOTTLE_US
        due_us = now_us + every_us - now_us % every_us
        if self._sensors_us < due_us:
            due_us = self._sensors_us
        if self.skin.each_stop:
            due_us = min(due_us, self._any_sensor_us)
        elif not self.hand.arrived():
            due_us = min(due_us, self._range_next_us)
        quiet_us = int(self.figures[LAST_FLOW]) + QUIET_US + 1
        return quiet_us if now_us < quiet_us < due_us else due_us

    def _moving(self, flowing):
        """Whether gas may flow: then bottle and room are updated every SAMPLE_US."""
        return (
            flowing or self._cell_flow_us or self.figures[GRAMS] or self.room.leak_g_s
            or self._bottle_seen != (self.bottle.temperature_c, self.bottle.grams_left)
        )  # fmt: skip

    def _run(self, stop_us, step_us, operator, flowing):
        """Run cells up to stop_us, then what is due."""
        now_us = self.now_us
        flow_us = self._cell_flow_us if step_us == CELL_US else 0
        h_reference, gas_g_s = self._jet_now() if flowing or flow_us else self._jet
        probe, record, skin = self.probe, self.record, self.skin
        if probe.figures[NOISE_C] and probe.figures[NOISE_AT] + LONGEST_CELLS > len(probe.noise.values):
            probe.reserve(LONGEST_CELLS)
        if self.figures[ROW] + LONGEST_SAMPLES > len(record.rows):
            record.grow()
        was = self._parts
        if not (
            was and skin is was[0] and probe is was[1] and probe.noise.values is was[2]
            and self.thermopile is was[3] and self.hand is was[4] and record.rows is was[5]
        ):  # fmt: skip
            self._parts = (skin, probe, probe.noise.values, self.thermopile, self.hand, record.rows)
            self._head, self._tail = self._laid_out()
        if skin.each_cell:
            stop_us = min(stop_us, (now_us // step_us + 1) * step_us)
        advance: Any = cells.advance  # its arrays come in groups
        self.now_us = advance(
            now_us, stop_us, step_us, flow_us, flowing, self.shutoff.is_open, self.dose.is_open, h_reference, gas_g_s,
            *self._head, operator.decay, operator.drive, operator.response, *self._tail,
        )  # fmt: skip
        if skin.each_stop:
            skin.settle((self.now_us // step_us - now_us // step_us) * step_us / 1e6)
        if step_us == CELL_US:
            self._cell_flow_us = 0
        flowed_us = self.figures[FLOWED]
        if flowed_us:
            record.flowed(int(flowed_us))
        if self.now_us >= self._any_sensor_us:
            self._sense(step_us)
        if self.now_us % SAMPLE_US == 0:
            self._settle_bottle()

    def _laid_out(self):
        """Return the arrays of all parts in the order of cells.advance, those before and those after the operator's."""
        skin, probe = self.skin, self.probe
        parts = (*map(cells.reached, (self, self.hand, probe)), probe.noise.values, cells.reached(self.thermopile))
        return (
            (*parts, self.record.rows, cells.reached(skin), skin.theta),
            (skin.modes.weights, skin.spread, skin.gather, skin.room, skin.shape, skin.looks, skin.under),
        )

    def _jet_now(self):
        """Return the jet's coefficient at the reference distance (W/m2K) and the gas that flows, g/s."""
        bottle = self.bottle
        of = (self.bar, self.strength, bottle.temperature_c, bottle.grams_left)
        if of != self._jet_of:
            self._jet_of = of
            strength = self.strength * (1.0 if bottle.has_liquid else 0.1)  # vapour cools very little [S]
            h = jet.h_at(jet.REFERENCE_MM, bar=self.bar, strength=strength)
            self._jet = float(h), jet.mass_flow_g_s(self.bar)
        return self._jet

    def _sense(self, step_us):
        """Let the sensors take the samples that are due.

        Cells stop for the sensors that see the skin. The nozzle's probe and, with a hand at rest, the distance sensor
        see the same some cells later; they get the time of the step in which they were due.
        """
        now_us = self.now_us
        skin, nozzle = self.chips
        if now_us >= skin.due_us:
            skin.advance(now_us, self.probe.bead_c)
        if now_us >= nozzle.due_us:
            nozzle.advance(now_us, self.air_c)
        if now_us >= self.thermopile.due_us:
            self.thermopile.sample(self.air_c)
        while now_us >= self._range_next_us:
            self._range(-(-self._range_next_us // step_us) * step_us or step_us)
        due_us, other_us = skin.due_us, self.thermopile.due_us
        due_us = self._sensors_us = due_us if due_us < other_us else other_us
        other_us, next_us = nozzle.due_us, self._range_next_us
        due_us = due_us if due_us < other_us else other_us
        self._any_sensor_us = due_us if due_us < next_us else next_us

    def _range(self, now_us):
        self._range_next_us += RANGE_PERIOD_US
        self.ranges += 1
        self.range_error_mm += self.range_drift_mm_s * RANGE_PERIOD_US / 1e6
        if self.range_frozen:
            return
        sway = self.light_sway * math.sin(now_us / 1e6 * LIGHT_SWAY_HZ * math.tau)
        self.echo.reflects = chip_vl53l0x.SKIN_REFLECTS * (1.0 + sway)
        words = self.echo.measure(self.hand.true_mm(now_us), float(self.range_error_mm))
        if self.fog and self.random.random() < self.fog:
            words[0] = chip_vl53l0x.NO_ECHO

    def _settle_bottle(self):
        """Tell room and bottle how much gas left. Without gas this is done every tenth of a second."""
        bottle = self.bottle
        grams = self.figures[GRAMS]
        room = self.room
        if grams or room.leak_g_s or self.now_us >= room.due_us:
            room.advance(self.now_us, SAMPLE_US / 1e6, grams)
        if grams:
            bottle.draw(grams)
            self.grams = 0.0
        if self.now_us % BOTTLE_US == 0:
            bottle.advance(BOTTLE_US / 1e6)
        seen = (bottle.temperature_c, bottle.grams_left)
        if seen != self._bottle_seen:
            self._bottle_seen = seen
            self.bar = bottle.bar
