"""The firmware on the plant, step by step in this process, with every tick and every exchange judged.

A Device boots again whenever the chip resets. The rules are judged from the raw inputs and the plant's true state,
never from the firmware's own verdicts.
"""

import contextlib
import importlib
import sys

from boards.virtual import pins
from host_tools.simulator.twin import lanes

MODULES = ("faults", "mode", "supervisor")
CUT_US = 45_000  # lease 20, closing delay 25
RELEASE_US = 55_000  # one tick more
FLOW_US = 600_000  # limit 17
BURST_US = {True: 300_000, False: 500_000}  # limit 4, by reduced sensation
VENT_US = 60_000  # the proof test
SKIN_C = {True: 4.0, False: 0.0}


class Device:
    """One device with its patient. faults: the number of injected faults."""

    def __init__(self, plant, reduced=False, settings=None):
        self.plant = plant
        self.reduced = reduced
        self.faults = 0
        self.boots = 0
        self.latches = []  # the first cause of each time in FAULT
        self._settings = settings or {}
        self._before_us = {"delivering": -FLOW_US, "clear": -FLOW_US, "pressed": -FLOW_US}
        self._flow_since_us = None
        self._boot()

    def _boot(self):
        self.boots += 1
        self.plant.console_in.clear()
        self.plant.operator = None
        with lanes.firmware_imports() as hal:
            hal.attach(self.plant, self._settings)
            importlib.import_module("boot")
            self._core = {name: importlib.import_module("cryo.core." + name) for name in MODULES}
            app = importlib.import_module("cryo.app").Applicator(importlib.import_module("board").build())
            self._hal = hal
            self._modules = {n: m for n, m in sys.modules.items() if n.split(".")[0] in lanes._FIRMWARE}
            self._modules["time"] = sys.modules["time"]
            self.app = self.plant.applicator = app
            self.sup = app.supervisor
            self._tick = self.sup.tick
            self.sup.tick = self._judged_tick
            self._fresh = False  # the trigger was seen released since ARMED was entered
            app.start()
        self.plant.operator = self
        self.run(1_000_000)

    @contextlib.contextmanager
    def _imports(self):
        """Let the firmware find its own modules when it imports one while it runs."""
        before = {name: sys.modules.get(name) for name in self._modules}
        path = list(sys.path)
        sys.modules.update(self._modules)
        sys.path[:0] = lanes.import_folders()
        try:
            yield
        finally:
            sys.path[:] = path
            for name, module in before.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module

    def run(self, us):
        """Let time pass; the chip may reset and boot meanwhile."""
        end_us = self.plant.now_us + us
        reset = False
        with self._imports():
            try:
                while self.plant.now_us < end_us:
                    self.app.step()
            except self._hal.Reset:
                reset = True
        if reset:
            self._boot()

    def ask(self, command):
        """Send one line, and return the answers of some ticks."""
        self.plant.console_out.clear()
        self.plant.console_in += command.encode() + b"\n"
        self.run(60_000)
        return self.plant.console_out.decode().strip()

    @property
    def mode(self):
        """Return the name of the mode."""
        return self._core["mode"].NAMES[self.sup.mode]

    @property
    def latched(self):
        """Return the name of the first latched fault, or None."""
        entry = self._core["faults"].entry(self.sup.faults.first)
        return entry[1] if entry else None

    @staticmethod
    def _codes(codes):
        """Return a set of fault codes as a new number, which the next tick does not change."""
        return codes.low | codes.high << 32

    # --- judged -------------------------------------------------------------------------------------------------------
    def _judged_tick(self, now_us, i, o):
        s = self.sup
        m = self._core["mode"]
        before, latched = s.mode, self._codes(s.faults.latched)
        nonce = s.nonce
        self._tick(now_us, i, o)
        after = s.mode
        if after != before:
            self._judge_change(m, before, after, latched, nonce, i)
        proving = before == after == m.ARMED and s.valves.pending and self._clear(i)
        if after != m.DELIVERING and not proving:
            assert o.cut == 1 and not o.lease and not o.fire_us, f"the valves are not cut in {m.NAMES[after]}"
        if o.fire_us or o.lease:
            assert self._clear(i), "gas is ordered although an input forbids it"
        if o.fire_us:
            assert o.fire_us <= (VENT_US if after == m.ARMED else BURST_US[self.reduced])
            assert i.skin.status == 0 and not i.distance.status
            # the window to start, or to continue, less one unit of the converter
            assert 70 <= i.distance.value <= 220
            assert not i.bottle.status and 20_000 <= i.bottle.value <= 75_000
        if after == m.DELIVERING:
            self._before_us["delivering"] = self.plant.now_us
            assert not s.faults.latched
        if self._clear(i):
            self._before_us["clear"] = self.plant.now_us
        if after == m.ARMED and not i.trigger:
            self._fresh = True

    @staticmethod
    def _clear(i):
        """Return True when no input that ends gas at once forbids gas."""
        return not i.estop and i.key == 1 and i.loop_a == 1 and i.loop_b == 0

    def _judge_change(self, m, before, after, latched, nonce, i):
        s = self.sup
        requests = self._core["supervisor"]
        faults = self._core["faults"]
        step = f"{m.NAMES[before]} to {m.NAMES[after]}"
        if before == m.FAULT:
            assert i.request == requests.ACKNOWLEDGE, step
            assert not latched & (self._codes(s.faults.present) | self._codes(faults._LASTING)), step
            assert after in (m.STANDBY, m.SELF_TEST), step
        if after == m.FAULT:
            self.latches.append(self.latched)
        if after == m.READY:
            assert before in (m.STANDBY, m.COMPLETE) and i.request == requests.ARM, step
        if after == m.ARMED:
            assert before == m.REST or (i.request == requests.CONFIRM and i.request_value == nonce), step
            self._fresh = False
        if after == m.DELIVERING:
            assert before in (m.ARMED, m.REST) and i.trigger, step
            assert before == m.REST or self._fresh, f"{step} without a fresh press"

    def step(self):
        """Note what really happens to gas and skin; the plant calls this at every exchange."""
        plant = self.plant
        now_us = plant.now_us
        if plant.levels[pins.TRIGGER] == 0:
            self._before_us["pressed"] = now_us
        if not plant.flowing():
            self._flow_since_us = None
        elif self.faults <= 1:
            if self._flow_since_us is None:
                self._flow_since_us = now_us
            assert now_us - self._flow_since_us <= FLOW_US
            proof = plant.shutoff.stuck == "open" and plant.record.vents
            if not (proof and now_us - plant.record.vents[-1][0] <= VENT_US + CUT_US):
                assert now_us - self._before_us["delivering"] <= CUT_US, "gas outside DELIVERING"
                assert now_us - self._before_us["clear"] <= CUT_US, "gas against an input"
                if pins.TRIGGER not in plant.stuck_pins:
                    assert now_us - self._before_us["pressed"] <= RELEASE_US, "gas with the trigger released"
        if self.faults <= 1:
            assert plant.skin.lowest_c >= SKIN_C[self.reduced], f"skin at {plant.skin.lowest_c:.2f} degC"
