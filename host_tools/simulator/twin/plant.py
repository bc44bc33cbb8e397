"""The plant: virtual time, the patient, the gas path, the sensors and the chip's pins. One plant serves every lane.

physics.py advances its parts in steps of 1 ms; valves and contacts move exactly to the microsecond. `exchange` is the
port of the virtual board; pin_plant.py wires the same plant to a chip's pins.
"""

from typing import Any

from boards.virtual import pins
from host_tools.simulator.twin.guest import hal
from host_tools.simulator.twin.hardware import NEVER, RUNNING
from host_tools.simulator.twin.physics import BAR, LAST_FLOW, QUIET_US, Physics

TICKS_MASK = hal.TICKS_MASK
START_BEFORE_WRAP_US = 3_000_000  # every run crosses the counter's wrap soon after its start
OPEN_LOOP = {pins.LOOP_A: 0, pins.LOOP_B: 1}
_TICKS_US, _TICKS_MS, _PINS, _RX, _LINE = hal.IN_TICKS_US, hal.IN_TICKS_MS, hal.IN_PINS, hal.IN_RX, hal.IN_ADC + 1
_KEPT, _FRAMES, _RANGE, _WORDS = hal.IN_SCRATCH, hal.IN_SPI, hal.IN_RANGE, hal.IN_RANGE_WORDS
_PIN_NAMES = [pins.NAMES.get(pin, f"gp{pin}") for pin in range(32)]
_PIN, _FEED = hal.OP_PIN, hal.OP_FEED
_LAMPS = {  # by the argument of an event: outputs that move no valve, as (mask, the same at this level, name, level)
    pin << 1 | level: (1 << pin, level << pin, name, level)
    for pin, name in enumerate(_PIN_NAMES) if pin not in (pins.DOSE, pins.LOOP_TEST) for level in (0, 1)
}  # fmt: skip
_BAR_PER_COUNT = 1.907e-3  # of the pressure transducers

POWER_ON = 1
WATCHDOG = 3


class Plant(Physics):
    """Everything outside the processor. Times in us since power-on, unbounded."""

    def __init__(self, **physics):
        super().__init__(**physics)
        self.ticks_origin = TICKS_MASK + 1 - START_BEFORE_WRAP_US
        self.ticks_ms_origin = TICKS_MASK + 1 - START_BEFORE_WRAP_US // 1000
        self._pressed = False  # the trigger's second contact, in the shut-off coil's supply
        self.shield_closed = True
        self.contact_welded = False
        # inputs that people and faults move: level of each input pin
        self.levels = {pins.LOOP_A: 1, pins.LOOP_B: 0, pins.TRIGGER: 1, pins.ESTOP: 0, pins.KEY: 0}
        self.stuck_pins = {}
        self.loop_testing = False
        self.spi_fail = False
        self.analogue = {}  # counts that a channel (0 bottle, 1 line) reads, whatever the pressure is
        self.jitter_us = 0  # a tick begins up to this much late ...
        self.stall_us = 0  # ... and the next one by this much more
        self.pin_levels = 0
        self.power_off = False
        self.reset_cause = POWER_ON
        self.scratch = [0] * 4  # the chip's words that survive its reset: power-on clears them
        self._reset = False
        self._answered: tuple = (None,)
        self._contacts: tuple[dict, int] = ({}, 0)  # levels, and the same as a mask
        self.watchdog_us = 0
        self.watchdog_due_us = NEVER
        self.operator: Any = None  # has step(), called at every exchange
        self.watched = True  # whether skin and sensors are up to date at each exchange, for code that reads them
        self.applicator: Any = None  # the firmware's Applicator, in the cpython lane only
        self.console_in = bytearray()
        self.console_out = bytearray()
        self.agenda = []  # (time us, order, function), sorted
        self._agenda_count = 0
        self._on_burst = {}

    # --- people and faults ----------------------------------------------------------------------------------------
    def at(self, time_us, function):
        """Call function(plant) at a time."""
        self._agenda_count += 1
        self.agenda.append((int(time_us), self._agenda_count, function))
        self.agenda.sort()

    def inject(self, function):
        """Cause a fault now, and note the time."""
        self.catch_up()
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
        """Close or open the eye shield: both channels of its loop. A stuck one does not show it."""
        self.shield_closed = closed
        self.set_input(pins.LOOP_A, 1 if closed else 0)
        self.set_input(pins.LOOP_B, 0 if closed else 1)

    def loop_level(self, pin):
        """Level of a loop channel at the chip's pin. The test output opens both; it cannot open a stuck channel."""
        if self.loop_testing and pin not in self.stuck_pins:
            return OPEN_LOOP[pin]
        return self.levels[pin]

    def loop_test(self, level):
        """The chip's test output of the loop changed."""
        self.loop_testing = bool(level)
        self._guard_hardware()

    def _guard_hardware(self):
        self.catch_up()
        if self.loop_level(pins.LOOP_A) != 1:
            self.one_shot.cut(self.now_us)
        if self.loop_level(pins.LOOP_B) != 0 or self.levels[pins.ESTOP]:
            self.lease.renew(self.now_us, 0)
        self._drive()

    # --- the port -------------------------------------------------------------------------------------------------
    def exchange(self, out, tx, received, rx):
        """Apply the firmware's outputs since the last exchange, let its sleep pass, return its inputs after that."""
        count, elapsed_us, sleep_us, sent = out[: hal.OUT_HEADER]
        each = iter(out[hal.OUT_HEADER : hal.OUT_HEADER + min(count, hal.EVENTS_MAX) * hal.EVENT_INTS])
        events = list(zip(each, each, each, strict=True))
        self.told(events, count, elapsed_us + sleep_us, tx[:sent] if sent else b"", received, rx)

    def told(self, events, count, us, sent, received, rx):
        """As exchange, with the outputs as (us since the last exchange, operation, argument)."""
        if count > hal.EVENTS_MAX:
            raise OverflowError(f"{count} events between two exchanges: the virtual board keeps {hal.EVENTS_MAX}")
        start_us = self.now_us
        end_us = start_us + us
        late = self.stall_us or self.jitter_us
        alike = self._heard(events, start_us, end_us + self.stall_us + self.jitter_us if late else end_us)
        if sent:
            self.console_out += sent
        if not self._reset:
            if late or self.stall_us or self.jitter_us:
                end_us += self._lateness()
                alike = False  # the fault came in this exchange: nothing was checked yet for the added time
            if not alike:
                self._run_to(end_us)
            elif self.watched:
                self.catch_up()
                self._pass_to(end_us, True)
            else:
                self._pass_late(end_us)
        if self.operator is not None:
            self.operator.step()
        if self.power_off:
            self.catch_up()
        self._answer(received, rx)

    def _heard(self, events, start_us, end_us):
        """Apply each output at its time; return whether nothing else moves up to end_us."""
        alike = self._alike_until(end_us)
        for after_us, op, arg in events:
            if alike:
                if op == _PIN and arg in _LAMPS:  # the most frequent by far: lamps, chip selects
                    mask, lit, name, level = _LAMPS[arg]
                    if self.pin_levels & mask != lit:
                        self.record.edges.append((start_us + after_us, name, level))
                        self.pin_levels ^= mask
                    continue
                if op == _FEED:
                    self.watchdog_due_us = start_us + after_us + self.watchdog_us
                    alike = self.watchdog_due_us > end_us
                    continue
                if self._noted(start_us + after_us, op, arg):
                    alike = self.lease.end_us > end_us
                    continue
            self._run_to(start_us + after_us)
            if self._reset:
                return False
            self._apply(op, arg)
            alike = not self._reset and self._alike_until(end_us)
        return alike

    def _alike_until(self, end_us):
        """True when nothing but the firmware's outputs moves until then.

        Its lamps and chip selects do not need skin that is up to date: the heat may be computed later, in one call.
        """
        if (
            self.one_shot.end_us <= end_us or self.lease.end_us <= end_us or self.watchdog_due_us <= end_us
            or self.dose.edge_us <= end_us or self.shutoff.edge_us <= end_us or self.opening.end_us <= end_us
            or (self.agenda and self.agenda[0][0] <= end_us)
        ):  # fmt: skip
            return False
        quiet_us = self.figures[LAST_FLOW] + QUIET_US
        return self.now_us > quiet_us or quiet_us >= end_us

    def _noted(self, at_us, op, arg):
        """Apply an output that moves no valve, at its time; return False for any other."""
        if op == hal.OP_LEASE and arg and self.lease.running and self._may_lease():
            self.lease.renew(at_us, arg)  # the opening goes on, only longer
        elif op == hal.OP_CUT and self.one_shot.result != RUNNING:
            self.one_shot.cut(at_us)
        else:
            return False
        return True

    def _lateness(self):
        late_us = self.stall_us
        self.stall_us = 0
        return late_us + self.random.randrange(self.jitter_us + 1) if self.jitter_us else late_us

    def _answer(self, received, rx):
        reset = self._reset
        self._reset = False
        now_us = self.now_us
        received[_TICKS_US] = (self.ticks_origin + now_us) & TICKS_MASK
        received[_TICKS_MS] = (self.ticks_ms_origin + now_us // 1000) & TICKS_MASK
        received[_PINS] = self._sensed()
        received[_LINE] = _counts(self._line_bar_now())
        received[_RX] = 0
        if self.console_in and not reset:
            n = received[_RX] = min(len(self.console_in), hal.RX_MAX)
            rx[:n] = self.console_in[:n]
            del self.console_in[:n]
        skin, nozzle = self.chips
        room = self.room
        seldom = (
            received, reset, self.power_off, self.one_shot.result, self.reset_cause, self.spi_fail, self.figures[BAR],
            skin.frame, nozzle.frame, self.thermopile.words, room.shown_ppm, room.samples, self.scratch[:],
        )  # fmt: skip
        # In eight exchanges of ten nothing of this is new: the arrays stay as they are.
        if seldom != self._answered or received is not self._answered[0]:
            self._answered = seldom
            self._answer_seldom(received, reset)
        if self.analogue:
            self._answered = (None,)
            for channel, counts in self.analogue.items():
                received[hal.IN_ADC + channel] = counts
        received[_RANGE] = self.ranges if self.range_answers else -1
        (
            received[_WORDS], received[_WORDS + 1], received[_WORDS + 2], received[_WORDS + 3], received[_WORDS + 4]
        ) = self.echo.words  # fmt: skip

    def _answer_seldom(self, received, reset):
        received[hal.IN_FLAGS] = hal.FLAG_OFF * self.power_off | hal.FLAG_RESET * reset
        received[hal.IN_BURST] = self.one_shot.result
        received[hal.IN_RESET_CAUSE] = self.reset_cause
        received[_KEPT], received[_KEPT + 1], received[_KEPT + 2], received[_KEPT + 3] = self.scratch
        received[hal.IN_SPI_FAIL] = int(self.spi_fail)
        received[hal.IN_ADC] = _counts(self.figures[BAR])
        for at, chip in zip((_FRAMES, _FRAMES + 2), self.chips, strict=True):
            received[at], received[at + 1] = chip.frame >> 16, chip.frame & 0xFFFF
        received[hal.IN_INFRARED], received[hal.IN_INFRARED + 1] = self.thermopile.words
        received[hal.IN_ROOM_PPM] = self.room.shown_ppm
        received[hal.IN_ROOM_SAMPLES] = self.room.samples

    def _sensed(self):
        """Return the levels of the chip's pins as a mask: its own, the contacts', and what a fault pulls high."""
        levels = self.levels
        if self.loop_testing:
            levels = {pin: self.loop_level(pin) if pin in OPEN_LOOP else level for pin, level in levels.items()}
        if levels != self._contacts[0]:
            self._contacts = dict(levels), sum(1 << pin for pin, level in levels.items() if level)
        return self.pin_levels | self._contacts[1]

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
            if self._may_lease():
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

    def _may_lease(self):
        return self.loop_level(pins.LOOP_B) == 0 and not self.levels[pins.ESTOP]

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
            self.record.edge(_PIN_NAMES[pin], level)
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
        """The processor went astray; the chip restarts, and the next exchange need not report it."""
        self._chip_reset("crash")
        self._reset = False

    def power_cycle(self):
        """Switch the chip off and on: nothing survives in it."""
        self._chip_reset("power")
        self.reset_cause = POWER_ON
        self.scratch = [0] * 4

    # --- time -----------------------------------------------------------------------------------------------------
    def run_until_reset(self, longest_us):
        """The processor is at its prompt: let time pass until the watchdog resets it (True), or for longest_us."""
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

    def _run_to(self, end_us):
        self.catch_up()
        while self.now_us < end_us and not self._reset:
            edge_us = self._next_edge()
            self._pass_to(edge_us if edge_us < end_us else end_us, edge_us > end_us)
            if self.now_us >= edge_us:
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


def _counts(bar):
    """Return the converter's counts of a live-zero transducer."""
    counts = int(6_554 + bar / _BAR_PER_COUNT)
    return counts if 0 <= counts <= 65_535 else max(0, min(65_535, counts))
