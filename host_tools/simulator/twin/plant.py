"""The plant: virtual time, the patient, the gas path, the sensors and the chip's pins. One plant serves every lane.

It advances in steps of 1 ms for heat and to the microsecond for valves. `exchange` is the port of the virtual board;
pin_plant.py wires the same plant to a chip's pins.
"""

import math
import random
from typing import Any

from boards.virtual import pins
from host_tools.simulator.twin import jet
from host_tools.simulator.twin.bottle import Bottle
from host_tools.simulator.twin.guest import chip_vl53l0x, hal
from host_tools.simulator.twin.hardware import NEVER, RUNNING, Lease, OneShot, OpeningTimer, Solenoid
from host_tools.simulator.twin.motion import Motion
from host_tools.simulator.twin.probe import Max31855Chip, Probe
from host_tools.simulator.twin.record import Record
from host_tools.simulator.twin.skin import Skin
from host_tools.simulator.twin.surroundings import Room, Thermopile

CELL_US = 1_000
TICKS_MASK = hal.TICKS_MASK
START_BEFORE_WRAP_US = 3_000_000  # every run crosses the counter's wrap soon after it began
RANGE_PERIOD_US = chip_vl53l0x.PERIOD_US
LIGHT_SWAY_HZ = 0.25  # [E]
LINE_VENT_S = 0.005  # [E] trapped gas leaves through an open dose valve
LINE_LEAK_S = 600.0  # [E] a tight line loses its gas slowly
AIR_C = 22.0
OPEN_LOOP = {pins.LOOP_A: 0, pins.LOOP_B: 1}

POWER_ON = 1
WATCHDOG = 3


class Plant:
    """Everything outside the processor. Times in us since power-on, unbounded."""

    def __init__(self, *, distance_mm=100.0, seed=1, phase_us=0, bottle_g=5_000.0, room_c=20.0):
        self.random = random.Random(seed)
        self.now_us = 0
        self._phase_us = phase_us  # moves the chips' conversions against the tick
        self.ticks_origin = TICKS_MASK + 1 - START_BEFORE_WRAP_US
        self.ticks_ms_origin = TICKS_MASK + 1 - START_BEFORE_WRAP_US // 1000
        self.dose = Solenoid(open_delay_us=15_000, close_delay_us=20_000)
        self.shutoff = Solenoid(open_delay_us=20_000, close_delay_us=20_000)
        self.one_shot = OneShot()
        self.opening = OpeningTimer()
        self.lease = Lease()
        self.bottle = Bottle(bottle_g, ambient_c=room_c)
        self.bar = self.bottle.bar
        self.line_bar = self.bar
        self.dose_leak_s = LINE_LEAK_S  # time constant with which the closed valve lets the line's gas out ...
        self.shutoff_leak_s = None  # ... and the bottle's in; None = tight
        self._pressed = False  # the trigger's second contact, in the shut-off coil's supply
        self.contact_welded = False
        self.strength = 1.0  # of the jet, 1 = the reference nozzle
        self.hand = Motion(distance_mm)
        self.fog = 0.0  # share of distance measurements lost
        self.range_error_mm = 0.0  # of every distance measurement ...
        self.range_drift_mm_s = 0.0  # ... and what it grows by
        self.range_frozen = False  # the distance sensor repeats its last measurement
        self.range_answers = True
        self.light_sway = 0.0  # share by which the surface's reflection goes up and down: creases, tilt, another patch
        self.echo = chip_vl53l0x.Echo(seed)
        self.ranges = 0  # measurements of the distance
        self._range_next_us = phase_us % RANGE_PERIOD_US
        self.new_skin(seed)
        self.thermopile = Thermopile(self.skin.surface_c, seed)
        self.room = Room()
        # inputs that people and faults move: level of each input pin
        self.levels = {pins.LOOP_A: 1, pins.LOOP_B: 0, pins.TRIGGER: 1, pins.ESTOP: 0, pins.KEY: 0}
        self.stuck_pins = {}
        self.loop_testing = False
        self.spi_fail = False
        self.analogue = {}  # counts that a channel (0 bottle, 1 line) reads whatever it senses
        self.jitter_us = 0  # a tick begins up to this much late ...
        self.stall_us = 0  # ... and the next one by this much more
        self.pin_levels = 0
        self.power_off = False
        self.reset_cause = POWER_ON
        self.scratch = [0] * 4  # the chip's words that survive its reset: power-on clears them
        self._reset = False
        self.watchdog_us = 0
        self.watchdog_due_us = NEVER
        self.operator: Any = None  # has step(), called at every exchange
        self.applicator: Any = None  # the firmware's Applicator, in the cpython lane only
        self.console_in = bytearray()
        self.console_out = bytearray()
        self.agenda = []  # (time us, order, function), sorted
        self._agenda_count = 0
        self._on_burst = {}
        self.record = Record(self)
        self._cell_flow_us = 0
        self._grams = 0.0
        self._last_flow_us = -10_000_000

    def new_skin(self, seed=1):
        """Another point on the body: skin at rest, the probe fixed to it."""
        self.skin = Skin()
        self.probe = Probe(t_c=self.skin.surface_c, seed=seed)
        if not hasattr(self, "chips"):
            self.chips = self._fit_chips(seed)

    def _fit_chips(self, seed):
        """Return the converters of the skin's and of the nozzle's probe."""
        return (
            Max31855Chip(phase_us=self._phase_us, seed=seed),
            Max31855Chip(phase_us=self._phase_us // 2, seed=seed + 1),
        )

    # --- people and faults ----------------------------------------------------------------------------------------
    def at(self, time_us, function):
        """Call function(plant) at a time."""
        self._agenda_count += 1
        self.agenda.append((int(time_us), self._agenda_count, function))
        self.agenda.sort()

    def inject(self, function):
        """Let something go wrong now, and note when."""
        self.record.injected_us.append(self.now_us)
        function(self)

    def on_burst(self, number, offset_us, function):
        """Call function(plant) offset_us after the command of burst `number` (the first is 1; 0: the proof test)."""
        self._on_burst.setdefault(number, []).append((offset_us, function))

    def set_input(self, pin, level):
        """Move a contact. A stuck one does not follow."""
        if pin in self.stuck_pins:
            level = self.stuck_pins[pin]
        if self.levels[pin] != level:
            self.levels[pin] = level
            self.record.edge(pins.NAMES[pin], level)
        self._guard_hardware()

    def stick_input(self, pin, level):
        """From now on this contact reads level."""
        self.stuck_pins[pin] = level
        self.set_input(pin, level)

    def trigger(self, pressed):
        """Press or release the trigger: both its contacts."""
        self._pressed = pressed
        self.set_input(pins.TRIGGER, 0 if pressed else 1)

    def shield(self, closed):
        """Close or open the eye shield: both channels of its loop."""
        self.set_input(pins.LOOP_A, 1 if closed else 0)
        self.set_input(pins.LOOP_B, 0 if closed else 1)

    def loop_level(self, pin):
        """Level of a loop channel at the chip's pin. The test output opens both; what sticks is behind its reach."""
        if self.loop_testing and pin not in self.stuck_pins:
            return OPEN_LOOP[pin]
        return self.levels[pin]

    def loop_test(self, level):
        """The chip's test output of the loop changed."""
        self.loop_testing = bool(level)
        self._guard_hardware()

    def _guard_hardware(self):
        if self.loop_level(pins.LOOP_A) != 1:
            self.one_shot.cut(self.now_us)
        if self.loop_level(pins.LOOP_B) != 0 or self.levels[pins.ESTOP]:
            self.lease.renew(self.now_us, 0)
        self._drive()

    # --- the port -------------------------------------------------------------------------------------------------
    def exchange(self, out, tx, received, rx):
        """Apply what the firmware did since the last exchange, let its sleep pass, and give what it senses then."""
        count, elapsed_us, sleep_us, sent = out[0], out[1], out[2], out[3]
        if count > hal.EVENTS_MAX:
            raise OverflowError(f"{count} events between two exchanges: the virtual board keeps {hal.EVENTS_MAX}")
        start_us = self.now_us
        for k in range(count):
            at = hal.OUT_HEADER + k * hal.EVENT_INTS
            self._run_to(start_us + out[at])
            if self._reset:
                break
            self._apply(out[at + 1], out[at + 2])
        if sent:
            self.console_out += bytes(tx[:sent])
        if not self._reset:
            self._run_to(start_us + elapsed_us + sleep_us + self._lateness())
        if self.operator is not None:
            self.operator.step()
        self._answer(received, rx)

    def _lateness(self):
        late_us = self.stall_us
        self.stall_us = 0
        return late_us + self.random.randrange(self.jitter_us + 1) if self.jitter_us else late_us

    def _answer(self, received, rx):
        reset = self._reset
        self._reset = False
        received[hal.IN_TICKS_US] = (self.ticks_origin + self.now_us) & TICKS_MASK
        received[hal.IN_TICKS_MS] = (self.ticks_ms_origin + self.now_us // 1000) & TICKS_MASK
        received[hal.IN_FLAGS] = hal.FLAG_OFF * self.power_off | hal.FLAG_RESET * reset
        levels = self.levels | {pin: self.loop_level(pin) for pin in OPEN_LOOP}
        received[hal.IN_PINS] = self.pin_levels | sum(level << pin for pin, level in levels.items())
        received[hal.IN_BURST] = self.one_shot.result
        received[hal.IN_RESET_CAUSE] = self.reset_cause
        for n, word in enumerate(self.scratch):
            received[hal.IN_SCRATCH + n] = word
        received[hal.IN_SPI_FAIL] = int(self.spi_fail)
        received[hal.IN_ADC] = _counts(self.bar, 1.907e-3)
        received[hal.IN_ADC + 1] = _counts(self.line_bar, 1.907e-3)
        for channel, counts in self.analogue.items():
            received[hal.IN_ADC + channel] = counts
        for slot, chip in enumerate(self.chips):
            received[hal.IN_SPI + slot * 2] = chip.frame >> 16
            received[hal.IN_SPI + slot * 2 + 1] = chip.frame & 0xFFFF
        received[hal.IN_INFRARED], received[hal.IN_INFRARED + 1] = self.thermopile.words
        received[hal.IN_RANGE] = self.ranges if self.range_answers else -1
        for n, word in enumerate(self.echo.words):
            received[hal.IN_RANGE_WORDS + n] = word
        received[hal.IN_ROOM_PPM] = self.room.shown_ppm
        received[hal.IN_ROOM_SAMPLES] = self.room.samples
        n = 0 if reset else min(len(self.console_in), hal.RX_MAX)
        received[hal.IN_RX] = n
        rx[:n] = self.console_in[:n]
        del self.console_in[:n]

    def _apply(self, op, arg):
        now = self.now_us
        if op == hal.OP_PIN:
            self._pin(arg >> 1, arg & 1)
        elif op == hal.OP_FIRE:
            if self.loop_level(pins.LOOP_A) == 1 and self.one_shot.fire(now, arg):
                self._burst_begins(arg)
        elif op == hal.OP_CUT:
            self.one_shot.cut(now)
        elif op == hal.OP_REARM:
            self.one_shot.rearm()
        elif op == hal.OP_LEASE:
            if self.loop_level(pins.LOOP_B) == 0 and not self.levels[pins.ESTOP]:
                self.lease.renew(now, arg)
        elif op == hal.OP_FEED:
            self.watchdog_due_us = now + self.watchdog_us
        elif op == hal.OP_WATCHDOG:
            self.watchdog_us = arg * 1000
            self.watchdog_due_us = now + self.watchdog_us
        elif op == hal.OP_RESET:
            self._chip_reset("machine.reset")
        elif op == hal.OP_SOFT_RESET:
            self.one_shot.freeze()
            self.record.reset("soft_reset")
            self._reset = True
        elif hal.OP_SCRATCH <= op < hal.OP_SCRATCH + len(self.scratch):
            self.scratch[op - hal.OP_SCRATCH] = arg
        self._drive()

    def _burst_begins(self, us):
        if not self._supplied():
            self.record.vent_begins(us)
            number = 0
        else:
            self.record.burst_begins(us)
            number = len(self.record.bursts)
        for offset_us, function in self._on_burst.pop(number, ()):
            self.at(self.now_us + offset_us, lambda plant, f=function: plant.inject(f))

    def _pin(self, pin, level):
        if pin == pins.DOSE and not level:
            self.one_shot.force_low()
        elif self.pin_levels >> pin & 1 != level:
            self.record.edge(pins.NAMES.get(pin, f"gp{pin}"), level)
        self.pin_levels = self.pin_levels | 1 << pin if level else self.pin_levels & ~(1 << pin)
        if pin == pins.LOOP_TEST:
            self.loop_test(level)

    def _chip_reset(self, why):
        """Every pin is high-impedance, pull-downs close the valves; the processor starts anew."""
        self.one_shot.power_up()
        self.lease.renew(self.now_us, 0)
        self.pin_levels = 0
        self.loop_testing = False
        self.watchdog_due_us = NEVER
        self.reset_cause = WATCHDOG
        self.console_in.clear()
        self._reset = True
        self.record.reset(why)
        self._drive()

    def crash(self):
        """The processor went astray; the chip restarts, which the next exchange need not tell."""
        self._chip_reset("crash")
        self._reset = False

    def power_cycle(self):
        """Switch the chip off and on: nothing survives in it."""
        self._chip_reset("power")
        self.reset_cause = POWER_ON
        self.scratch = [0] * 4

    # --- time -----------------------------------------------------------------------------------------------------
    def run_until_reset(self, longest_us):
        """The processor stands at its prompt: time passes until the watchdog bites (True), or for longest_us."""
        end_us = self.now_us + longest_us
        while self.now_us < end_us and not self._reset:
            self._run_to(min(self.now_us + 10_000, end_us))
        bitten = self._reset
        self._reset = False
        return bitten

    def _coils(self):
        """Return (valve, whether its coil is driven, name in the record) of both valves."""
        held = self.lease.running and self._supplied()
        return (self.dose, self.opening.driver, "dose"), (self.shutoff, held, "lease")

    def _supplied(self):
        """Contact 2 of trigger and E-stop carries the shut-off coil's current; the dose coil has no such contact."""
        return (self._pressed or self.contact_welded) and not self.levels[pins.ESTOP]

    def _drive(self):
        self.opening.follow(self.now_us, self.one_shot.pin)
        for valve, on, name in self._coils():
            if valve.driven != on:
                valve.drive(self.now_us, on)
                self.record.edge(name, int(on))

    def flowing(self):
        """True while gas reaches the skin."""
        return self.dose.is_open and self.shutoff.is_open

    def _run_to(self, end_us):
        while self.now_us < end_us and not self._reset:
            edge_us = self._next_edge()
            if edge_us > end_us and self._quiet():
                self._idle(end_us)
                continue
            cell_us = (self.now_us // CELL_US + 1) * CELL_US
            upto = min(end_us, max(edge_us, self.now_us), cell_us)
            if self.flowing():
                self._cell_flow_us += upto - self.now_us
            self.now_us = upto
            if upto == cell_us:
                self._heat()
            if upto >= edge_us:
                self._edges()

    def _next_edge(self):
        return min(
            self.one_shot.end_us,
            self.opening.end_us,
            self.lease.end_us,
            self.dose.edge_us,
            self.shutoff.edge_us,
            self.watchdog_due_us,
            self.agenda[0][0] if self.agenda else NEVER,
        )

    def _edges(self):
        now = self.now_us
        was = self.flowing()
        while self.agenda and self.agenda[0][0] <= now:
            self.agenda.pop(0)[2](self)
        self.one_shot.settle(now)
        self.opening.settle(now)
        self.lease.settle(now)
        self.dose.settle(now)
        self.shutoff.settle(now)
        self._drive()
        if now >= self.watchdog_due_us:
            self._chip_reset("watchdog")
        if self.flowing() != was:
            self.record.edge("flow", int(self.flowing()))

    def _quiet(self):
        """Nothing moves and the last burst is long past: coarse steps do."""
        return (
            not self.flowing()
            and self.one_shot.result != RUNNING
            and self.now_us - self._last_flow_us > 1_500_000
            and self.hand.mm == self.hand.goal_mm
        )

    def _idle(self, end_us):
        """Up to one coarse step without gas."""
        upto = min(end_us, (self.now_us // 10_000 + 1) * 10_000)
        self.now_us = upto
        if upto % 10_000 == 0:
            self.skin.idle(0.010)
            self._sense(10_000)

    def _heat(self):
        share = self._cell_flow_us / CELL_US
        self.hand.advance(CELL_US / 1e6)
        if self._cell_flow_us:
            self._last_flow_us = self.now_us
            self._grams += jet.mass_flow_g_s(self.bar) * self._cell_flow_us / 1e6
            self.record.flowed(self._cell_flow_us)
            h = jet.h_at(self.hand.true_mm(self.now_us), bar=self.bar, strength=self._jet_strength())
            self.skin.step(h * share, jet.T_JET_C)
        else:
            self.skin.step(0.0, 0.0)
        self._cell_flow_us = 0
        self._sense(CELL_US)

    def _jet_strength(self):
        """Vapour hardly cools: without liquid the jet is weak [S]."""
        return self.strength * (1.0 if self.bottle.liquid_g > 0 else 0.1)

    def _sense(self, step_us):
        seconds = step_us / 1e6
        self.probe.step(seconds, self.skin.surface_c, AIR_C)
        self.chips[0].advance(self.now_us, self.probe.bead_c)
        self.chips[1].advance(self.now_us, AIR_C)
        self.thermopile.advance(self.now_us, seconds, self.skin.surface_c, AIR_C, self.flowing())
        if self.shutoff.is_open:
            self.line_bar = self.bar
        else:
            tau_s = LINE_VENT_S if self.dose.is_open else self.dose_leak_s
            self.line_bar = max(1.0, self.line_bar * (1 - min(1.0, seconds / tau_s)))
            if self.shutoff_leak_s:
                self.line_bar += (self.bar - self.line_bar) * min(1.0, seconds / self.shutoff_leak_s)
        if self.now_us >= self._range_next_us:
            self._range_next_us += RANGE_PERIOD_US
            self.ranges += 1
            self.range_error_mm += self.range_drift_mm_s * RANGE_PERIOD_US / 1e6
            if not self.range_frozen:
                sway = self.light_sway * math.sin(self.now_us / 1e6 * LIGHT_SWAY_HZ * math.tau)
                self.echo.reflects = chip_vl53l0x.SKIN_REFLECTS * (1.0 + sway)
                words = self.echo.measure(self.hand.true_mm(self.now_us), self.range_error_mm)
                if self.fog and self.random.random() < self.fog:
                    words[0] = chip_vl53l0x.NO_ECHO
        if self.now_us % 10_000 == 0:
            self.room.advance(self.now_us, 0.010, self._grams)
            if self._grams:
                self.bottle.draw(self._grams)
                self._grams = 0.0
            if self.now_us % 100_000 == 0:
                self.bottle.advance(0.1)
            self.bar = self.bottle.bar
            self.record.sample()


def _counts(value, per_count):
    """Return the converter's counts of a live-zero transducer."""
    return max(0, min(65_535, int(6_554 + value / per_count)))
