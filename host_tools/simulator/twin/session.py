"""Runs one scenario and keeps its results: the plant's true values, the console's lines, the points' results."""

from dataclasses import dataclass, field

from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.hardware import Solenoid
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.scenarios import SCENARIOS, Scenario
from host_tools.simulator.twin.treatment import Plan, RefusedError, treatment

AFTERWARDS = 20  # readings, 0.1 s apart


@dataclass
class Session:
    """One run of a scenario."""

    scenario: Scenario
    lane: str
    plant: Plant
    operator: Operator
    plan: Plan
    seed: int = 1
    results: list = field(default_factory=list)  # TREAT:RES? of each point
    identity: str = ""
    interpreter: str = ""
    final: dict = field(default_factory=dict)  # STAT? at the end
    fault: str = ""  # FAULT? at the end
    crash: str = ""  # SYSTem:CRASh? at the end, where the chip was reset
    refused: str | None = None
    why: str = ""  # STAT:WHY? after a refusal
    messages: str = ""

    @property
    def fault_name(self):
        """Name of the first latched fault, or None."""
        name = self.final.get("FAULT", "NONE")
        return None if name == "NONE" else name

    @property
    def remedy(self):
        """What the operator is told to do, or an empty string."""
        return self.fault.partition("REMEDY=")[2]

    @property
    def detect_ms(self):
        """Time from the injected event to the alarm, ms of virtual time, or None without either."""
        if not self.plant.record.injected_us:
            return None
        start_us = self.plant.record.injected_us[-1]
        for time_us, name, level in self.plant.record.edges:
            if name == "alarm" and level and time_us >= start_us:
                return (time_us - start_us) / 1000
        return None

    def problems(self):
        """Return what differs from the scenario's row, as sentences; empty when the run went as it must."""
        s = self.scenario
        out = []
        if self.final.get("STATE") != s.ends:
            out.append(f"ended in {self.final.get('STATE')}, not {s.ends}")
        if self.fault_name != s.fault:
            out.append(f"fault {self.fault_name}, not {s.fault}")
        if s.detect_ms is not None and (self.detect_ms is None or self.detect_ms > s.detect_ms):
            out.append(f"alarm after {self.detect_ms} ms, allowed {s.detect_ms}")
        if (s.refused is None) != (self.refused is None) or (s.refused and s.refused not in (self.refused or "")):
            out.append(f"refused: {self.refused}")
        if self.plant.record.skin_min_c <= 0.0:
            out.append(f"true skin surface reached {self.plant.record.skin_min_c:.2f} degC")
        if self.plant.flowing():
            out.append("gas still flows at the end")
        if self.messages:
            out.append(f"the interpreter said: {self.messages}")
        return out


def run(name, lane="unix", *, plan=None, seed=1, phase_us=0, watch=None):
    """Run the scenario `name` on a lane. plan replaces its own; watch(plant, operator) is called at every exchange.

    Raises KeyError with the allowed names for an unknown scenario.
    """
    if name not in SCENARIOS:
        raise KeyError(f"unknown scenario {name!r}: allowed {', '.join(SCENARIOS)}")
    return run_scenario(SCENARIOS[name], lane, plan=plan, seed=seed, phase_us=phase_us, watch=watch)


def run_scenario(scenario, lane="unix", *, plan=None, seed=1, phase_us=0, watch=None, firmware=None):
    """As `run`, for a row that need not be in the table, on the firmware of a folder (None: the project's)."""
    plan = plan or scenario.plan
    plant = Plant(distance_mm=plan.distance_mm, seed=seed, phase_us=phase_us)
    plant.dose = _SeenValve("dose_open", plant.dose, plant.record)
    plant.shutoff = _SeenValve("shutoff_open", plant.shutoff, plant.record)
    scenario.inject(plant)

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        session.identity = yield from op.ask("*IDN?")
        session.interpreter = yield from op.ask("SYST:INT?")
        try:
            yield from treatment(plan, session.results)(op)
        except RefusedError as refused:
            session.refused = str(refused)
            if "REFUSED" in session.refused:
                session.why = yield from op.ask("STAT:WHY?")
        for _ in range(AFTERWARDS):  # events after the end belong to the record
            yield from op.ask("MEAS:TEMP?")
            yield 100_000
        session.final = fields((yield from op.ask("STAT?")))
        session.fault = yield from op.ask("FAULT?")
        if plant.record.resets:
            session.crash = yield from op.ask("SYST:CRAS?")

    operator = Operator(plant, script)
    session = Session(scenario, lane, plant, operator, plan, seed)
    plant.operator = operator if watch is None else _Watched(operator, watch)
    session.messages = lanes.run(plant, lane, scenario.settings, firmware)
    return session


class _SeenValve(Solenoid):
    """A valve whose true opening is in the record, in addition to the command at its pin."""

    def __init__(self, name, valve, record):
        super().__init__(valve.open_delay_us, valve.close_delay_us)
        self._name = name
        self._record = record
        self._was = False

    def settle(self, now_us):
        super().settle(now_us)
        if self.is_open != self._was:
            self._was = self.is_open
            self._record.edge(self._name, int(self._was))


class _Watched:
    def __init__(self, operator, watch):
        self._operator = operator
        self._watch = watch

    def step(self):
        self._operator.step()
        self._watch(self._operator.plant, self._operator)
