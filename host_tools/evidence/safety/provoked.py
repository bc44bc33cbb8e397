"""One full run for each fault of the registry: a row of the scenario table, its own row, or firmware with a flaw.

Every fault must come first in its run, within the row's detect_ms from the event to the alarm.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boards.virtual import pins
from host_tools.places import FIRMWARE, VIRTUAL
from host_tools.simulator.twin.scenarios import SCENARIOS, Scenario
from host_tools.simulator.twin.treatment import Plan

PRESSED = "hal.burst_result {} and hal.received[hal.IN_PINS] & 1 << 9 == 0"  # a burst, not the valves' proof test
STOPS = "        import hal\n        if " + PRESSED + ":\n            return\n"


@dataclass(frozen=True)
class Flaw:
    """A text of a file that is replaced in a copy of the firmware. board: the board's file is copied too."""

    file: str
    text: str
    by: str
    board: bool = False


@dataclass(frozen=True)
class Provoked:
    """How a fault is provoked. query: the question that names it: FAULT? or, after a restart, SYSTem:CRASh?."""

    scenario: Scenario
    flaw: Flaw | None = None
    query: str = "FAULT?"

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """The flaw, or none."""
        return () if self.flaw is None else (self.flaw,)


def _in_burst(name, title, action, detect_ms, *, offset_ms=20, burst=6, plan=None):
    def inject(plant):
        plant.on_burst(burst, offset_ms * 1000, action)

    return Scenario(name, title, inject, "FAULT", None, detect_ms, plan or Plan(points=(1,)))


def _at(name, title, action, detect_ms, times_s):
    """An event at each of times_s after switch-on; a request to arm at that time is refused."""

    def inject(plant):
        for time_s in times_s:
            plant.at(time_s * 1_000_000, lambda p: p.inject(action))

    return Scenario(name, title, inject, "FAULT", None, detect_ms, Plan(points=(1,)), refused="REFUSED")


def _nothing(plant):
    pass


def _swapped(plant):
    plant.chips[0].reversed = True
    plant.chips[0].cold_junction_c = 31.5  # in a warm box it does not show at rest without an infrared sensor
    plant.thermopile.answers = False
    plant.on_burst(1, 0, _nothing)


def _reads(channel):
    return lambda plant: plant.analogue.__setitem__(channel, 0)


_COIL = '''

class Coil:
    """The dose coil's current; its driver leaks from the sixth burst on, too little to open the valve."""

    def __init__(self):
        self._bursts = -1  # the first opening is the proof test's
        self._open = False

    def poll(self, now_us, quantity):
        is_open = hal.burst_result == -1
        self._bursts += is_open and not self._open
        self._open = is_open
        quantity.status = 0
        quantity.value = 2_000 if is_open else 500 if self._bursts >= 6 else 0
        quantity.sequence = quantity.sequence + 1 & 0xFFFF


class Board:'''

OWN = {
    "LOOP_DISCORD": Provoked(
        _at("loop-a-broken", "channel A's wire breaks in stand-by", lambda p: p.set_input(pins.LOOP_A, 0), 80, (20,))
    ),
    "LOOP_TEST": Provoked(
        _at(
            "loop-a-shorted",
            "channel A is shorted to the supply at switch-on",
            lambda p: p.stick_input(pins.LOOP_A, 1),
            1_000,
            (0,),
        )
    ),
    "SKIN_LOCKOUT": Provoked(
        _in_burst(
            "infrared-freezing",
            "the infrared sensor reads 1 degC: the colder channel counts",
            lambda p: setattr(p.thermopile, "lies_c", 1.0),
            3_500,
        )
    ),
    "NO_RESPONSE": Provoked(
        Scenario(
            "wires-swapped",
            "the probe's wires are swapped, no infrared sensor, the jet is weak: counted from the first burst on",
            _swapped,
            "FAULT",
            None,
            8_000,
            Plan(level=1, points=(1,), distance_mm=190.0),
            settings={"infrared_fitted": 0},
        )
    ),
    "VALVE_PORT": Provoked(
        _in_burst("one-shot", "the one-shot's counter stands still", lambda p: p.one_shot.halt(p.now_us), 1_200)
    ),
    "BOTTLE_HIGH": Provoked(
        _in_burst("bottle-hot", "the bottle is at 45 degC", lambda p: setattr(p.bottle, "temperature_c", 45.0), 150)
    ),
    "BOTTLE_SENSOR": Provoked(
        _in_burst("bottle-sensor", "the bottle's pressure sensor loses its supply", _reads(0), 150)
    ),
    "LINE_SENSOR": Provoked(_in_burst("line-sensor", "the line's pressure sensor loses its supply", _reads(1), 600)),
    "TRIGGER_BOOT": Provoked(
        _at("trigger-at-boot", "the trigger is pressed at switch-on", lambda p: p.trigger(True), 1_000, (0,))
    ),
    "SELF_TEST": Provoked(
        _at(
            "output-short",
            "the sounder's output is shorted to the supply at switch-on",
            lambda p: p.levels.__setitem__(pins.BUZZER, 1),
            1_500,
            (0,),
        )
    ),
    "TICK_LATE": Provoked(
        _in_burst("tick-late", "one tick begins 60 ms late", lambda p: setattr(p, "stall_us", 60_000), 100, offset_ms=5)
    ),
    "DOSE_COIL": Provoked(
        _in_burst("coil-leaks", "the dose coil's driver leaks a sixth of its peak", _nothing, 1_000, offset_ms=0),
        Flaw("board.py", "\n\nclass Board:", _COIL, board=True),
    ),
    "RESET_LOOP": Provoked(
        _at(
            "hangs",
            "the processor hangs for the third time",
            lambda p: setattr(p, "stall_us", 2_000_000),
            2_000,
            (8, 16, 24),
        )
    ),
    "PROGRAM_FLOW": Provoked(
        _in_burst(
            "check-left-out", "the skin's check is left out from the first burst on", _nothing, 30, burst=1, offset_ms=0
        ),
        Flaw(
            "cryo/core/overcool.py",
            "        self.step = self.step + 1 & STEP_MASK\n",
            STOPS.format("== -1") + "        self.step = self.step + 1 & STEP_MASK\n",
        ),
        query="SYST:CRAS?",
    ),
    "MEMORY": Provoked(
        _in_burst(
            "figure-changed",
            "memory raises the skin that the observer began with by 1000 degC, from the first burst on",
            _nothing,
            100,
            burst=1,
            offset_ms=0,
        ),
        Flaw(
            "cryo/core/observer.py",
            "        left_us = self._left_us + dt_us\n",
            "        self.baseline_mdegc += 1_000_000 if flow_us else 0\n        left_us = self._left_us + dt_us\n",
        ),
    ),
    "TASK_STOPPED": Provoked(
        _in_burst(
            "display-stops",
            "the display's task stands still from the first burst on",
            _nothing,
            200,
            burst=1,
            offset_ms=0,
        ),
        Flaw("cryo/panel.py", "        self.alive = True\n", STOPS.format("!= -2") + "        self.alive = True\n"),
        query="SYST:CRAS?",
    ),
}


def _of_the_table() -> dict[str, Provoked]:
    """Return fault -> the first row of the scenario table that requires it within a time."""
    found: dict[str, Provoked] = {}
    for row in SCENARIOS.values():
        if row.fault is not None and row.detect_ms is not None:
            found.setdefault(row.fault, Provoked(row))
    return found


PROVOKED = _of_the_table() | OWN


def firmware(flaws: Sequence[Flaw], folder: Path) -> Path | None:
    """Return a folder of firmware with the flaws, made in `folder`; without flaws None, for the project's own.

    Raises ValueError when a flaw's text is not found exactly once.
    """
    if not flaws:
        return None
    made = folder / "firmware"
    shutil.copytree(FIRMWARE, made, ignore=shutil.ignore_patterns("__pycache__"))
    for flaw in flaws:
        file = made / flaw.file
        if flaw.board:
            shutil.copy(VIRTUAL / flaw.file, file)
        text = file.read_text(encoding="utf-8")
        if text.count(flaw.text) != 1:
            raise ValueError(f"{flaw.file} has not just one {flaw.text!r}: adapt the flaw")
        text = text.replace(flaw.text, flaw.by)
        if flaw.board:
            text = text.replace("self.coil = None", "self.coil = Coil()")
        file.write_text(text, encoding="utf-8")
    return made
