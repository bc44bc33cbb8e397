"""Plays a case: patient, operator and faults meet the firmware in an interpreter. run.py judges the result."""

import importlib
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from host_tools.evidence.campaign import moments
from host_tools.evidence.campaign.faults import FAULTS, Action
from host_tools.evidence.campaign.patients import Patient
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import RefusedError, treatment

AFTERWARDS = 20  # questions, 0.1 s apart: events after the end belong to the run
LONGEST_US = 100_000_000  # a point takes 60 s of this; a device that waits for something waits for ever
NEXT_POINT_US = 400_000_000  # its rest takes up to 300 s (limit 9)


@dataclass(frozen=True)
class Case:
    """What is run: a patient, faults with sizes and times, settings that tighten a limit."""

    name: str  # kind/faults/number: draws everything else
    patient: Patient
    faults: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)
    moment: moments.Moments | None = None  # moment of the first fault; None: it is drawn from the name
    weight: float = 1.0  # weight of the run in a rate


@cache
def names():
    """Return the names of the modes, and of the faults by code."""
    with lanes.firmware_imports():
        registry = importlib.import_module("cryo.core.faults").REGISTRY
        return importlib.import_module("cryo.core.mode").NAMES, {0: None} | {row[0]: row[1] for row in registry}


@cache
def _treating():
    """Return the modes in which gas may flow, as a mask."""
    with lanes.firmware_imports():
        return importlib.import_module("cryo.core.mode").TREATING


class Course:
    """The faults of a case in their order. arrange plans them; without it the case's name draws their times."""

    def __init__(self, given: Case, arrange: Callable[["Course"], None] | None = None, plant: type[Plant] = Plant):
        self.came_us: list[int] = []
        self.treating = False  # when the first fault came
        self.texts: list[str] = []
        self.plant = given.patient.plant(plant)
        self.on_pass: dict[int, list[Action]] = {}  # actions at the begin of a pass; the first pass is 1
        self._after_first: list[tuple[int, Action]] = []
        self._soon_us = 0  # from the first fault to the second one; drawn with the first
        if arrange is not None:
            arrange(self)
            return
        rng = random.Random(given.name + " faults")
        for word in given.faults:
            self._add(FAULTS[word], rng, None if self.texts else given.moment)

    def _add(self, fault, rng, moment=None):
        """Plan one fault; the second one comes within two seconds of the first."""
        size, action = fault.draw(rng)
        title = f"{fault.name} {size}".rstrip()
        burst, offset_us, delay_us = (
            rng.randrange(moments.BURSTS), rng.randrange(moments.OFFSET_US), rng.randrange(2_000_000)
        )  # fmt: skip

        come = self.coming(action)
        if self.texts:
            self.texts.append(f"{title} soon after")
            self.after_first(self._soon_us, come)
            return
        self._soon_us = delay_us
        at_start = fault.fitted or rng.random() < moments.START_SHARE
        if moment is not None:
            at_start = fault.fitted or moment.fault is None
            burst, offset_us = moment.fault or (0, 0)
        if at_start:
            self.texts.append(f"{title} from switch-on")
            self.plant.at(0, come)
        else:
            self.texts.append(f"{title} at burst {burst} + {offset_us / 1000:.0f} ms")
            self.plant.on_burst(burst, offset_us, come)

    def coming(self, action: Action) -> Action:
        """Return the action wrapped so that it notes when it happens."""

        def come(plant):
            if not self.came_us:
                self.treating = bool(_treating() >> plant.applicator.supervisor.mode & 1) if plant.applicator else False
            self.came_us.append(plant.now_us)
            action(plant)
            for delay_us, other in self._after_first:
                plant.at(plant.now_us + delay_us, other)
            self._after_first.clear()

        return come

    def after_first(self, delay_us: int, come: Action) -> None:
        """Let an action from coming() happen so long after the first fault."""
        self._after_first.append((delay_us, come))


def played(
    given: Case,
    until_s: float | None = None,
    firmware: Path | None = None,
    arrange: Callable[[Course], None] | None = None,
    lane: str = "cpython",
    **plan: object,
) -> tuple[Course, list[dict], str | None, str]:
    """Play a case in an interpreter; return its course, the device's result of each point, its refusals, messages.

    plan: the operator's plan when it is not the patient's.
    """
    this = Course(given, arrange)
    plant = this.plant
    results: list[dict] = []
    refused: list[str] = []

    def off(p):
        p.power_off = True

    plant.at(LONGEST_US + NEXT_POINT_US * (len(given.patient.plan().points) - 1), off)
    change = given.patient.moves or given.patient.jump
    if until_s is not None and change:
        burst, offset_us = change[-2:]
        plant.on_burst(burst, offset_us, lambda p: p.at(p.now_us + int(until_s * 1e6), off))
    plant.operator = _Watching(plant, operated(given, results, refused, **plan), this.on_pass)
    messages = lanes.run(plant, lane, given.settings, firmware)
    return this, results, refused[0] if refused else None, messages


def operated(given: Case, results: list[dict], refused: list[str], **plan: object) -> Callable[[Operator], Generator]:
    """Return the operator's script: the treatment and what follows it. The lists receive the device's answers."""

    def script(op):
        try:
            yield from treatment(given.patient.plan(**plan), results)(op)
        except RefusedError as error:
            refused.append(str(error))
        op.plant.trigger(False)
        for _ in range(AFTERWARDS):
            yield 100_000

    return script


class _Watching(Operator):
    """An operator who also notes when the device counts the target as reached, and when a pass begins."""

    reached_us = None
    _go_on = Operator.step

    def __init__(self, plant, script, on_pass):
        super().__init__(plant, script)
        plant.watched = False  # the script knows only the device's answers, and acts through the plant's methods
        self._on_pass = on_pass
        self._modes = names()[0]
        self._passes = 0
        self._delivering = False

    def step(self):
        self._go_on()
        applicator = self.plant.applicator
        if applicator is None:
            return
        if self.reached_us is None and applicator.supervisor.session.reached:
            self.reached_us = self.plant.now_us
        if self._on_pass:
            self._watch_passes(self._modes[applicator.supervisor.mode] == "DELIVERING")

    def _watch_passes(self, delivering):
        if delivering and not self._delivering:
            self._passes += 1
            self.plant.catch_up()
            for action in self._on_pass.pop(self._passes, ()):
                action(self.plant)
        self._delivering = delivering
