"""The loop: sense, decide, act, breathe, every 10 ms.

The first three run with the heap locked: an allocation there is an error at once, so no collection can delay a cut-off.
"Breathe" is the time between two ticks: console and housekeeping run then.
"""

import gc
import sys
import time

import cryo
import micropython
from cryo.clocks import Clocks
from cryo.config import overdue
from cryo.console.line import Console
from cryo.core import blockers, faults, guidance, mode
from cryo.core.kept import Kept
from cryo.core.reading import CONFIG_LOST
from cryo.core.records import OF_VALVES, RUNNING, SLOW, Inputs, Outputs
from cryo.core.resets import Resets
from cryo.core.supervisor import NONE, Supervisor
from cryo.health import Health
from cryo.limits import TICK_US, WATCHDOG_MS
from cryo.panel import Beeper, Lamp, Panel
from cryo.recorder import Recorder
from cryo.shield_loop_test import ShieldLoopTest
from cryo.store.slots import Slots
from micropython import const

_LATE_MAX = const(1_000)
_LAST_STEPS = const(100)  # steps of the log before a restart: nine records of seven steps at most
_CONFIGURE_EVERY = const(30)  # ticks: time for three conversions [E], as each set-up starts a new conversion
_SHUT_US = const(100_000)  # [E] an opening that was cut in the last tick still flows for the closing delay
_QUIET = (mode.READY, mode.REST, mode.COMPLETE, mode.FAULT)  # a collection runs before these: no gas flows


class Applicator:
    """The application on one board. The board supplies pins, drivers, valve, lease, console and its Config."""

    def __init__(self, board):
        self.board = board
        if board.config:
            board.skin.offset_mdegc = board.config.skin_offset_mdegc
        self.inputs = Inputs()
        self.outputs = Outputs()
        self.supervisor = Supervisor(board.config)
        self._kept = Kept(self.supervisor)
        self.set_today(board.today_d)
        self.resets = Resets(board.scratch)
        self.supervisor.reset_loop = self.resets.loop
        self.health = Health(self.supervisor)
        self._clocks = Clocks(board.clock)
        self.loop_test = ShieldLoopTest(board, self.supervisor)
        self.tested = "RUNNING"  # what TEST? answers
        self._tests = None
        self.inputs.self_test = 1
        self.console = Console(self, board.console)
        self.panel = Panel(self.supervisor, self.inputs, board.display, board.pixel)
        self._beeper = Beeper()
        self._lamp = Lamp() if getattr(board, "lamp_guides", False) else None
        self._lit = 1  # the indication lamp, where there is an indication
        self.guides = True  # guidance sounds; colour or lamp guides in any case
        self.recorder = Recorder(self)
        self.late_us_max = 0
        i = self.inputs
        b = board
        self._slow = []  # (poll, record) of each slow input that the board has
        self._last_of_valves = -1
        for place, name in enumerate(SLOW):
            driver = getattr(b, name, None)
            if driver:
                self._slow.append((driver.poll, getattr(i, name)))
                self._last_of_valves += place < OF_VALVES
        self._turn = 0
        self._polled = 0  # a bit for each slow input that was polled since all of them were
        self._last = len(self._slow) - 1
        self._polled_all = (2 << self._last) - 1
        self._sampled = i.skin.sequence
        self._configure_in = 0  # ticks until a lost set-up is written again
        self.spare = False  # this tick has time for a long task
        self._compares = False  # both clocks, from the last tick to this one
        # Bound once, for the sake of the tick.
        self._sensed = (
            b.loop_a.value, b.loop_b.value, b.trigger.value, b.estop.value, b.key.value, b.valve.result, b.skin.poll,
            b.distance.poll,
        )  # fmt: skip
        self._lamps = -1
        self._polled_in_burst = (2 << self._last_of_valves) - 1
        self._watchdog = None
        self._due_us = 0
        self._mode = mode.BOOT

    def set_today(self, today_d):
        """Take the date, days since 2000-01-01. None: no clock knows it, and calibrations count as overdue."""
        self.today_d = today_d
        config = self.board.config
        self.supervisor.overdue = config is not None and overdue(config, today_d)

    def record(self, name, version):
        """Return the Slots of one of the board's records. They write nothing while gas may flow now or soon."""
        return Slots("/", name, version, self.board.files, self.may_write)

    def may_write(self):
        """True while no gas may flow now or soon, and the valve has been shut for some ticks."""
        s = self.supervisor
        return not mode.MAY_GIVE_GAS >> s.mode & 1 and s.planner.off_us >= _SHUT_US

    def start(self):
        """Begin the tick's rhythm and the watchdog."""
        if hasattr(micropython, "alloc_emergency_exception_buf"):
            micropython.alloc_emergency_exception_buf(100)  # so that there is a traceback even when the heap is locked
        micropython.kbd_intr(-1)  # the console takes Ctrl-C as a character; it interrupts nothing
        gc.collect()
        self._watchdog = self.board.watchdog(WATCHDOG_MS)
        self._due_us = time.ticks_us()

    def run(self):
        """Run for ever. Any exception closes both valves; the unfed watchdog then resets the board: it boots safe."""
        try:
            self.start()
            while True:
                self.step()
        finally:
            self.board.valve.cut()
            self.board.lease.stop()

    def restart(self, prompt=False):
        """Restart the chip; the next boot knows that the restart was intended. `prompt`: it starts no application."""
        self.board.valve.cut()
        self.board.lease.stop()
        for _ in range(_LAST_STEPS):  # so that the newest records are not lost; the watchdog is fed for this time only
            if not self.recorder.step():
                break
            self._watchdog.feed()  # pyright: ignore[reportOptionalMemberAccess]
        self.resets.deliberate(prompt)
        self.board.reset()

    def step(self):
        """One tick, its pause included."""
        micropython.heap_lock()
        try:
            now_us = time.ticks_us()
            self._sense(now_us)
            self._act(now_us)
        finally:
            micropython.heap_unlock()  # an exception would leave the heap locked, at the prompt too
        self._breathe()
        self._due_us = time.ticks_add(self._due_us, TICK_US)
        left_us = time.ticks_diff(self._due_us, time.ticks_us())
        if left_us > 0:
            time.sleep_us(left_us)
        else:
            self.late_us_max = max(self.late_us_max, -left_us)
            self._due_us = time.ticks_us()
            time.sleep_us(0)

    def _sense(self, now_us):
        i = self.inputs
        loop_a, loop_b, trigger, estop, key, result, poll_skin, poll_distance = self._sensed
        i.loop_a = loop_a()
        i.loop_b = loop_b()
        i.trigger = 1 - trigger()
        i.estop = estop()
        i.key = 1 - key()
        i.burst = result()
        skin = i.skin
        poll_skin(now_us, skin)
        s = self.supervisor
        sampled = skin.sequence != self._sampled
        # Cut at once: the rest of the tick decides it again and latches the fault.
        if sampled and i.burst == RUNNING and s.overcool.against(skin, s.trip_mdegc):
            self.board.valve.cut()
        poll_distance(now_us, i.distance, sampled)  # a new sample's tick may be a burst's first, the longest kind
        s.tick(now_us, i, self.outputs)

    def _act(self, now_us):
        o = self.outputs
        b = self.board
        i = self.inputs
        i.request = NONE
        status = 0
        if o.cut:
            status |= b.valve.cut()
        if o.rearm:
            status |= b.valve.rearm()
        if o.lease:
            status |= b.lease.renew()
        if o.fire_us:
            status |= b.valve.fire(o.fire_us)
        i.port_status = status
        lit = o.indicate & self._lit if self._lamp else o.indicate
        lamps = lit << 1 | o.alarm
        if lamps != self._lamps or not self._turn:  # on a change, and repeatedly: a pin may have lost its level
            self._lamps = lamps
            b.led.value(lit)
            b.alarm.value(o.alarm)
        if o.feed:
            self._watchdog.feed()
        # One slow input is polled, last in the tick, so that no cut waits for it. The two longest kinds of tick poll
        # none: that of a new sample, and the first of a burst. While a valve is open, only inputs that show whether it
        # obeys are polled. A long task of the console waits for such a turn and takes it.
        self.spare = False
        if i.skin.sequence != self._sampled:
            self._sampled = i.skin.sequence
        elif not o.fire_us:
            self.spare = self.console.long
            if self.spare:
                return
            turn = self._turn
            if i.burst == RUNNING and turn > self._last_of_valves:
                turn = self._last_of_valves
            slow = self._slow[turn]
            slow[0](now_us, slow[1])
            self._polled |= 1 << turn
            self._turn = turn - 1 if turn else self._last

    def _test(self):
        tests = self._tests
        if tests is None:
            # Needed once, and dropped at its end. It is loaded here and not before the first tick: that costs one late
            # tick, with every valve shut, but STANDBY does not come later.
            from cryo.selftest import StartTests

            tests = self._tests = StartTests(self)
            return
        self.inputs.self_test = tests.poll()
        self.tested = tests.text
        if self.inputs.self_test != 1:
            self.supervisor.unchecked = tests.unchecked
            self._tests = None
            sys.modules.pop("cryo.selftest", None)
            if hasattr(cryo, "selftest"):
                del cryo.selftest  # pyright: ignore[reportAttributeAccessIssue]

    def _breathe(self):
        now = self.supervisor.mode
        if self.inputs.skin.status != CONFIG_LOST:
            self._configure_in = 0
        elif self._configure_in:
            self._configure_in -= 1
        elif not mode.TREATING >> now & 1:
            self.board.skin.configure()  # its chip lost its supply; while treating that is a fault
            self._configure_in = _CONFIGURE_EVERY
        if now != self._mode:
            self._mode = now
            if now in _QUIET:
                gc.collect()
                self.console.count()
            self.loop_test.enter(now)
        if now == mode.SELF_TEST:
            if self.inputs.self_test == 1:
                self._test()
        elif now == mode.STANDBY and self.health.poll():
            self.tested = self.health.failed
            self.inputs.self_test = 2
        if not self._turn and self._kept.differ():  # some times a second
            self.supervisor.faults.add(faults.MEMORY)
        if self._compares and self._clocks.differ() and not self.inputs.self_test:
            self.tested = "FAILED CLOCK: the processor's differs from the timer's"
            self.inputs.self_test = 2
        self.resets.poll(now, self.supervisor.faults.first)
        self.recorder.poll(now)
        panel = self.panel
        guided = panel.guided = guidance.look(self.supervisor, panel.guided)
        latched = self.supervisor.faults.latched
        self.board.buzzer.value(self._beeper.level(self.outputs, latched, guided if self.guides else guidance.NONE))
        if self._lamp:
            self._lit = self._lamp.lit(self.supervisor.indicated_us >= blockers.INDICATION_US, guided)
        console = self.console
        panel.poll()
        self._compares = not self._turn
        if self._compares:  # until the next tick, in which nothing is written to the pixel before
            self._clocks.begin()
        console.poll()
        # in a burst only inputs that show whether the valves obey are polled
        needed = self._polled_in_burst if self.inputs.burst == RUNNING else self._polled_all
        if panel.alive and console.alive and self._polled & needed == needed:
            panel.alive = console.alive = False
            self._polled = 0
            self.inputs.tasks_late = 0
        elif self.inputs.tasks_late < _LATE_MAX:
            self.inputs.tasks_late += 1
