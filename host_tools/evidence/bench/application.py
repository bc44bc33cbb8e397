"""The application on the emulated chip, the twin's plant at its pins: ticks, cut-offs, heap and boot.

Nothing is added to the program on the board: ticks and collections are read from the interpreter's heap lock
(memory.py). Only main.py differs: it begins to count at 310 s after switch-on, which a point needs before its
treatment, and knows the date.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from boards.rp2040_pico import pins
from host_tools.evidence.bench import guests
from host_tools.evidence.bench.memory import HeapWatch, Layout
from host_tools.places import BOARDS
from host_tools.simulator.emulator.applicator import EmulatedApplicator, application
from host_tools.simulator.emulator.rp2040 import Rp2040Board, Timeout
from host_tools.toolchain import packing

BOARD = BOARDS / "rp2040_pico"
UP_S = 310
SETUP = (
    "TREAT:PRES CHRONIC",
    "TREAT:LEV 3",
    "TREAT:SITE LFOOT-SOLE",
    "TREAT:POIN 1",
    "TREAT:ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND",
)
TALK = ("STAT?", "MEAS:TEMP?")  # in turn, every guests.COMMAND_EVERY_US
DELIVER_US = 1_300_000
TICK_LEAST_US = 300  # shorter locks of the heap are those of interrupts
TICK_US = 10_000
MOMENTS = 20  # of a tick
HARDWARE_MOMENTS = 8  # for events without a tick
COLD_C = 3.0  # under the trip at 4 degC, above the chip's own threshold at 2
COLDER_C = 1.0  # under that too
STANDBY_STEP_US = 25_000
IN_BURST_US = 4_000
BOOT_LIMIT_US = 4_000_000
WAIT_US = 200_000


@dataclass
class Found:
    """What one treatment showed, in the units of the names."""

    boot_safe_ms: float = 0
    first_tick_ms: float = 0
    boot_standby_ms: float = 0
    ticks_us: dict[str, list[float]] = field(default_factory=dict)  # by state
    late_ms: float = 0
    alloc_bytes: int = 0
    gc_runs_while_gas: int = 0
    collections: int = 0
    latencies_us: dict[str, list[float]] = field(default_factory=dict)  # by event
    free_heap_bytes: int = 0


class Session:
    """One device from power-on; its results collect in `found`."""

    def __init__(self, uf2, layout: Layout, device: type[EmulatedApplicator] = EmulatedApplicator):
        self.found = Found()
        self.device = device(uf2, application(up_s=UP_S))
        self.board = self.device.board
        self.heap = HeapWatch(self.board, layout)

    def ticks(self, since_us: float) -> list[tuple[float, float, int]]:
        """Return (begin us, end us, bytes allocated) of each tick since then."""
        return [lock for lock in self.heap.locks if lock[0] >= since_us and lock[1] - lock[0] >= TICK_LEAST_US]

    def keep_ticks(self, state: str, since_us: float) -> list[tuple[float, float, int]]:
        """Store the ticks since then under a state of the machine; return them."""
        ticks = self.ticks(since_us)
        self.found.ticks_us.setdefault(state, []).extend(end - begin for begin, end, _ in ticks)
        self.found.alloc_bytes = max([self.found.alloc_bytes, *(tick[2] for tick in ticks)])
        return ticks

    # --- the steps of a treatment ---------------------------------------------------------------------------------
    def boot(self):
        """Run from power-on to the first moment at which a copy of the device answers STANDBY."""
        board, found = self.board, self.found
        board.run_until(lambda: bool(self.ticks(0)), BOOT_LIMIT_US, 1_000)
        found.first_tick_ms = self.ticks(0)[0][0] / 1000
        found.boot_safe_ms = outputs_low_ms(board)
        while not self.device.branch(stands_by):
            if board.us > BOOT_LIMIT_US:
                raise Timeout("never STANDBY")
            self.device.run(STANDBY_STEP_US)
        found.boot_standby_ms = board.us / 1000

    def standby(self):
        """Set up and arm, up to the end of the indication."""
        device, board = self.device, self.board
        since = board.us
        for command in SETUP:
            self._must(command, "OK")
        while device.state()["BLOCKERS"] != "NONE":
            device.run(20_000)
        answer = self._must("ARM:REQ", "READY ")
        self.keep_ticks("STANDBY", since)
        since = board.us
        self._must(f"ARM:CONF {answer.split()[1].rstrip(';')}", "ARMED")
        device.run(2_050_000)
        while "PROOF" in device.state()["BLOCKERS"]:  # the valves are tested each alone before the first pass
            device.run(20_000)
        self.keep_ticks("ARMED", since)

    def deliver(self):
        """Hold the trigger while the console is asked; stop IN_BURST_US into the second burst or a later one."""
        device, board, found = self.device, self.board, self.found
        device.change(lambda plant: plant.trigger(True))
        since = board.us
        board.run_until(lambda: board.level(pins.DOSE) == 1, 500_000, 1_000)
        collections = len(self.heap.collections)
        end_us = since + DELIVER_US
        while board.us < end_us:
            for command in TALK:
                next_us = board.us + guests.COMMAND_EVERY_US
                device.ask(command)
                device.run(next_us - board.us)
        board.run_until(lambda: board.level(pins.DOSE) == 0, 600_000, 1_000)
        board.run_until(lambda: board.level(pins.DOSE) == 1, 1_000_000, 1_000)
        device.run(IN_BURST_US)
        ticks = self.keep_ticks("DELIVERING", since + 20_000)
        begins = [tick[0] for tick in ticks]
        found.late_ms = max((b - a) / 1000 - 10 for a, b in pairwise(begins))
        found.gc_runs_while_gas = len(self.heap.collections) - collections + self.heap.collecting

    def cut_offs(self):
        """Measure on copies of this moment: each event at the moments of a tick, with and without a console line."""
        for event in HARDWARE:
            self.found.latencies_us[event] = self._latencies(event, HARDWARE_MOMENTS)
        for event in SOFTWARE:
            self.found.latencies_us[event] = self._latencies(event, MOMENTS)
            # the line is read in the first tick's breath, its answer delays a tick after that
            self.found.latencies_us[event + BUSY] = [
                max(self._latencies(event, MOMENTS, b"STAT?\n", ticks * TICK_US)) for ticks in (1, 2)
            ]

    def _latencies(self, event: str, moments: int, line: bytes = b"", wait_us: float = 1) -> list[float]:
        return [
            self.device.branch(lambda _, m=moment: self._latency(event, wait_us + m * TICK_US / moments, line))
            for moment in range(moments)
        ]

    def _latency(self, event: str, wait_us: float, line: bytes) -> float:
        device, board = self.device, self.board
        board.write(line)
        if event in SAMPLES_C:
            chill(device, SAMPLES_C[event], wait_us)
        device.run(wait_us)
        if board.level(pins.DOSE) != 1:
            raise Timeout("the burst was over before the event")
        then = board.ns
        device.change(CONTACTS.get(event, lambda _: None))  # a conversion ends by the plant's clock
        skin: Any = device.plant.chips[0]
        if event in SAMPLES_C and skin.registers.drdy.level:
            raise Timeout("the conversion did not end when it should")
        board.run_until(lambda: board.level(pins.DOSE) == 0, WAIT_US, 500)
        return next((ns - then) / 1000 for ns, pin, level in reversed(board.edges) if pin == pins.DOSE and level == 0)

    def after(self):
        """Release the trigger; note the free heap after the collection that follows."""
        device, board, found = self.device, self.board, self.found
        before = len(self.heap.collections)
        device.change(lambda plant: plant.trigger(False))
        board.run_until(lambda: len(self.heap.collections) > before, WAIT_US, 1_000)
        found.free_heap_bytes = self.heap.free()
        found.collections = len(self.heap.collections)

    def _must(self, command, prefix):
        answer = self.device.ask(command)
        if not answer.startswith(prefix):
            raise RuntimeError(f"{command}: {answer}")
        return answer


def stands_by(device: EmulatedApplicator) -> bool:
    """Return whether the device says STANDBY when it is asked now."""
    try:
        return device.state().get("STATE") == "STANDBY"
    except Timeout:
        return False


def chill(device: EmulatedApplicator, degc: float, in_us: float) -> None:
    """Let the skin's converter read `degc` at a conversion that ends in_us from now."""
    chip: Any = device.plant.chips[0]
    measured = chip.advance
    chip.advance = lambda to_us, _: measured(to_us, degc)
    device.change(lambda _: None)
    registers = chip.registers
    registers.running_us = registers.length_us - int(in_us)


CONTACTS: dict[str, Callable] = {
    "eye": lambda plant: plant.shield(False),
    "trigger": lambda plant: plant.trigger(False),
}
SAMPLES_C = {"sample": COLD_C, "threshold": COLDER_C}
SOFTWARE = ("sample", "trigger")
HARDWARE = ("eye", "threshold")
BUSY = " while talking"


def outputs_low_ms(board: Rp2040Board) -> float:
    """Return when the last of the gas outputs was first driven low, ms since reset."""
    first = {}
    for ns, pin, level in board.edges:
        if level == 0:
            first.setdefault(pin, ns)
    return max(first[pin] for pin in pins.SAFE_LOW) / 1e6


def treatment(uf2, layout: Layout) -> Found:
    """Return the results of a treatment on the emulated applicator."""
    session = Session(uf2, layout)
    session.boot()
    session.standby()
    session.deliver()
    session.cut_offs()
    session.after()
    return session.found


def without_boot_file(uf2) -> float:
    """Return when the outputs are low if only board.build() drives them, ms since reset."""
    device = EmulatedApplicator(uf2, application(overlay={"boot.py": b""}))

    def low():
        return set(pins.SAFE_LOW) <= {pin for _, pin, level in device.board.edges if level == 0}

    device.board.run_until(low, BOOT_LIMIT_US, 1_000)
    return outputs_low_ms(device.board)


# --- heap a module ----------------------------------------------------------------------------------------------------
COST = """
import gc
import archive
def cost(name):
    gc.collect()
    before = gc.mem_free()
    __import__(name)
    gc.collect()
    print(name, before - gc.mem_free())
for name in {names!r}:
    cost(name)
"""


def heap_of_modules(uf2) -> dict[str, int]:
    """Return the bytes of heap that each module keeps once imported, in the order of the imports."""
    files = application()
    files.pop("main.py")
    board = Rp2040Board(uf2, files)
    board.boot_to_prompt()
    names = tuple(packing.dotted(path) for path in packing.modules(BOARD))
    said = board.exec(COST.format(names=names), 10_000_000)
    return {name: int(size) for name, size in (line.split() for line in said.strip().splitlines())}


def app_bytes() -> int:
    """Return the bytes of .mpy on the board."""
    return sum(len(data) for data in packing.modules(BOARD).values())


def tick_figures(found: Found) -> tuple[float, float]:
    """Return median (in DELIVERING) and maximum (in every state) of the tick, us."""
    return statistics.median(found.ticks_us["DELIVERING"]), max(max(times) for times in found.ticks_us.values())
