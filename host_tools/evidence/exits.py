"""The exit matrix: events that end or disturb the interpreter, in a burst and in an off-phase, and their effect on gas.

    make exits      # every row on the emulated device, written to docs/exits.md

Judged at the pins, from the event: high-impedance counts as low, as the pull-downs make it. Monostable and valves add
their times; the chip does not decide those. Times are emulated: lower bounds.
"""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boards.rp2040_pico.pins import DOSE, DOSE_SM, LEASE
from boards.virtual.settings import TODAY_D
from host_tools.evidence.safety import outcomes
from host_tools.simulator.emulator.applicator import EmulatedApplicator, application
from host_tools.simulator.emulator.rp2040 import FS_START, littlefs
from host_tools.simulator.twin.treatment import Plan
from host_tools.toolchain.uf2.image import MISSING, find_image

STOPS = "gas stops"  # dose pin low and last lease edge <= 20 ms after the event
STOPS_AT_A_SAMPLE = "gas stops with the next conversion"  # the same, after the conversion that shows it
GOES_ON = "gas goes on untouched"
NEXT_BOOT = "seen at the next boot"  # goes on; the next boot has no application and drives nothing

MARK = 25  # the Pico's own LED: high from the event on
UP_S = 310  # a point may be treated 300 s after switch-on
LEVEL = 4  # the longest bursts there are
LONG_US = 150_000  # a burst in which a conversion of the skin chip can end
INTO_BURST_US = 5_000
BEFORE_BURST_US = 60_000  # the event of the off-phase comes so long before the next burst
SEEN_US = 150_000  # how long a run is watched if the gas stops
NEXT_BURST_US = 1_000_000  # ... and if it goes on: past the next burst's rise, from a burst of 500 ms or a pause
LEASE_GAP_US = 40  # between two rising edges
LATE_US = 3_000  # what an answer of the console may delay a burst's start ...
TICK_US = 10_000  # ... which after SEEN_US may fall into the next tick: a burst is begun in a tick
# A burst needs a sample that is certain to be settled. When a tick is late, the end of a conversion is known less
# exactly. A conversion that was only just settled then does not count, and the burst begins with the next one. In
# another run it may be the other way round.
SAMPLE_US = 98_000  # of the skin chip, 50 Hz
OFF_MIN_US = 350_000  # limit 5
PHASES = ("burst", "off-phase")

# The guest's main.py: the application as main.py builds it. It runs one of EVENTS when the host writes its number.
MAIN = """
import archive
import board, gc, machine, micropython, uctypes
gc.collect()
from cryo.app import Applicator

plan = bytearray(1)
mark = machine.Pin({mark}, machine.Pin.OUT, value=0)
applicator = Applicator(board.build())
applicator.supervisor.session.uptime_s = {up_s}
applicator.set_today({today_d})
tick, poll = applicator.supervisor.tick, applicator.console.poll

{functions}
EVENTS = ({names})

def in_tick(now_us, i, o):
    tick(now_us, i, o)
    if 0 < plan[0] < 128:
        mark.value(1)
        EVENTS[plan[0] - 1]()

def in_background():
    if plan[0] >= 128:
        mark.value(1)
        EVENTS[plan[0] - 129]()
    poll()

applicator.supervisor.tick = in_tick
applicator.console.poll = in_background
print("PLAN", uctypes.addressof(plan), end=";")  # no line of its own: an answer would be taken for another
applicator.run()
"""


@dataclass(frozen=True)
class Exit:
    """One row. `guest` is the code of a function, run in the tick (heap locked) or between ticks; or `host` acts."""

    name: str
    outcome: str
    guest: str = ""
    background: bool = False
    host: Callable[[Any], None] | None = None
    resets: bool = False  # the chip restarts within the watchdog's time


def _wipe(device):
    start = FS_START
    flash = device.board.mcu.flash
    flash[start:] = b"\xff" * (len(flash) - start)


def _without_main(device):
    image = littlefs({path: data for path, data in device.files.items() if path != "main.py"})
    device.board.mcu.flash[FS_START : FS_START + len(image)] = image


def _unread(device):
    device.board.reading = False
    device.board.write(b"STAT?\n" * 20)


def _dtr(device):
    cdc = device.board.cdc
    for k in range(6):
        device.board.at(1_000 + 3_000 * k, lambda on=k % 2: cdc.set_control_lines(dtr=bool(on), rts=bool(on)))


def _touch_1200(device):
    """Open the port at 1200 Bd and close it: some boards then start their boot loader, the Pico does not."""
    cdc = device.board.cdc
    cdc.set_line_coding(1200)
    device.board.at(500, lambda: cdc.set_control_lines(dtr=False, rts=False))


def _unplug(device):
    device.change(lambda plant: setattr(plant.chips[0], "fault", "open"))


def _stick_i2c(device):
    device.sensors.stuck = True


ROWS = (
    Exit("exception in the tick, heap locked", STOPS, "raise ValueError('planted')", resets=True),
    Exit("exception in a background task", STOPS, "raise ValueError('planted')", background=True, resets=True),
    Exit("hang in the tick", STOPS, "while True: pass", resets=True),
    Exit("hang in a background task", STOPS, "while True: pass", background=True, resets=True),
    Exit("hang with interrupts disabled", STOPS, "machine.disable_irq()\n    while True: pass", resets=True),
    Exit(
        "hang inside sm.put",
        STOPS,
        f"import rp2\n    sm = rp2.StateMachine({DOSE_SM})\n    while True: sm.put(1)",
        resets=True,
    ),
    Exit("heap exhausted", STOPS, "a = []\n    while True: a.append(bytearray(4000))", background=True, resets=True),
    Exit("machine.reset()", STOPS, "machine.reset()", resets=True),
    Exit("machine.soft_reset()", STOPS, "machine.soft_reset()", background=True),
    Exit("boot loader (machine.bootloader)", STOPS, "machine.bootloader()"),
    Exit("port touched at 1200 Bd", GOES_ON, host=_touch_1200),
    Exit("Ctrl-C", GOES_ON, host=lambda device: device.board.write(b"\x03\x03")),
    Exit("Ctrl-D", GOES_ON, host=lambda device: device.board.write(b"\x04\x04")),
    Exit("USB port held open unread", GOES_ON, host=_unread),
    Exit("DTR toggled", GOES_ON, host=_dtr),
    Exit("I2C stuck low", STOPS, host=_stick_i2c),
    Exit("thermocouple unplugged", STOPS_AT_A_SAMPLE, host=_unplug),
    Exit("file system wiped", NEXT_BOOT, host=_wipe),
    Exit("main.py missing", NEXT_BOOT, host=_without_main),
)


def main_py(up_s: int) -> bytes:
    """Return the guest's main.py with every planted event."""
    planted = [row for row in ROWS if row.guest]
    functions = "\n".join(f"def event_{n}():\n    {row.guest}" for n, row in enumerate(planted))
    names = "".join(f"event_{n}, " for n in range(len(planted)))
    return MAIN.format(mark=MARK, up_s=up_s, today_d=TODAY_D, functions=functions, names=names).encode()


def number(row: Exit) -> int:
    """Return what the host writes for this row's event."""
    n = [other.name for other in ROWS if other.guest].index(row.name) + 1
    return n + 128 if row.background else n


@dataclass(frozen=True)
class Seen:
    """What the pins did, us from the event; levels None: high-impedance."""

    was_high: bool  # the dose pin, at the event
    dose: list[tuple[float, int | None]]
    lease: list[float]  # rising edges
    resets: list[float]
    high: bool  # the dose pin, at the end
    said: Any = None

    def last_high_us(self) -> float:
        """Return when the dose pin fell for the last time; infinity while it is high, 0 when it was low throughout."""
        if self.high:
            return float("inf")
        levels = [int(self.was_high), *(level for _, level in self.dose)]
        falls = [us for before, (us, level) in zip(levels, self.dose, strict=False) if before == 1 != level]
        return max(falls, default=0.0)

    def bursts(self) -> int:
        """Return how many began after the event."""
        return sum(level == 1 for _, level in self.dose)

    def leases(self) -> list[tuple[float, float]]:
        """Return (first edge, last edge) of each time in which the lease gave edges without a gap."""
        found: list[tuple[float, float]] = []
        for us in self.lease:
            if found and us - found[-1][1] <= LEASE_GAP_US:
                found[-1] = (found[-1][0], us)
            else:
                found.append((us, us))
        return found

    def edges(self) -> list[float]:
        """Return when the dose pin moved and the lease began and ended; a lease that runs with a burst has no end."""
        leases = [us for ends in self.leases() for us in ends]
        return [us for us, _ in self.dose] + (leases[:-1] if self.high else leases)

    def last_edge_us(self) -> float:
        """Return the last rising edge of the lease, 0 when there was none."""
        return max(self.lease, default=0.0)


class Planted(EmulatedApplicator):
    """A device with every event planted; `plan` is the address at which the host writes its number."""

    plan = 0


def delivering(uf2) -> Planted:
    """Return a device in a pass."""
    device = Planted(uf2, application(overlay={"main.py": main_py(UP_S)}))
    device.board.watch(MARK)
    device.arm(Plan(level=LEVEL))
    planted = re.search(rb"PLAN (\d+)", device.board.console)
    assert planted, device.board.console[-300:]
    device.plan = int(planted.group(1))
    device.change(lambda plant: plant.trigger(True))
    return device


def into(device, phase: str) -> None:
    """Run the device to the moment of the event. An off-phase follows a long burst, so the burst comes first."""
    board = device.board
    if phase == "burst" or board.level(DOSE) != 1:
        while not (board.level(DOSE) == 1 and board.mcu.pio[0].machines[0].x > LONG_US):
            device.run_until(lambda: board.level(DOSE) != 1, 1_000_000)
            device.run_until(lambda: board.level(DOSE) == 1, 2_000_000, 200)
        device.run(INTO_BURST_US)
    if phase != "burst":
        device.run_until(lambda: board.level(DOSE) != 1, 1_000_000)
        device.run(device.branch(_next_burst_us) - BEFORE_BURST_US - board.us)
    board.edges.clear()


def _next_burst_us(device):
    device.run_until(lambda: device.board.level(DOSE) == 1, 1_000_000, 200)
    return device.board.us


def happen(device, row: Exit | None, then_us: float, then: Callable[[Any], Any] | None = None) -> Seen:
    """On a copy of the device: the row's event (None: none), then_us more; `then(copy)` gives Seen.said."""

    def run(copy):
        was_high = copy.board.level(DOSE) == 1
        at_us = _event(copy, row) if row else copy.board.us
        copy.run(then_us)
        said = then(copy) if then else None
        edges = copy.board.edges
        return Seen(
            was_high,
            [(ns / 1000 - at_us, level) for ns, pin, level in edges if pin == DOSE],
            [ns / 1000 - at_us for ns, pin, level in edges if pin == LEASE and level == 1],
            [ns / 1000 - at_us for ns, _ in copy.board.resets],
            copy.board.level(DOSE) == 1,
            said,
        )

    return device.branch(run)


def _event(device, row):
    """Make it happen; return its time."""
    if row.host is not None:
        at_us = device.board.us
        row.host(device)
        return at_us
    device.board.mcu.write_uint8(device.plan, number(row))
    marks: list[float] = []

    def marked():
        marks.extend(ns / 1000 for ns, pin, level in device.board.edges if pin == MARK and level == 1)
        return bool(marks)

    device.run_until(marked, 30_000, 100)
    return marks[0]


def watched_us(row: Exit | None) -> int:
    """Return how long a row is watched."""
    return NEXT_BURST_US if row is None or row.outcome in (GOES_ON, NEXT_BOOT) else SEEN_US


def touched(seen: Seen, reference: Seen) -> str:
    """Return what an event changed, from a comparison of every edge with the same run without it; empty: nothing."""
    if seen.resets:
        return "a reset"
    if [level for _, level in seen.dose] != [level for _, level in reference.dose] or not reference.bursts():
        return f"{seen.bursts()} bursts for {reference.bursts()}"
    leases, wanted = seen.leases(), reference.leases()
    if len(leases) != len(wanted):
        return f"{len(leases)} leases for {len(wanted)}"
    pairs = list(zip(seen.edges(), reference.edges(), strict=True))
    next_us = min(us for us, level in reference.dose if level == 1) - TICK_US  # lease and dose of the next burst follow
    said = ""
    if (off_us := _off_us(seen)) < OFF_MIN_US:
        return f"the valve was closed for {off_us:.0f} us"
    for wait_us in (SAMPLE_US, -SAMPLE_US, 0):
        said = _moved([(us, due_us, due_us + (wait_us if due_us > next_us else 0)) for us, due_us in pairs])
        if not said:
            break
    return said


def _off_us(seen):
    """Return for how long the dose pin was low before the next burst."""
    rise = next(n for n, (_, level) in enumerate(seen.dose) if level == 1)
    return seen.dose[rise][0] - seen.dose[rise - 1][0] if rise else seen.dose[rise][0] + OFF_MIN_US


def _moved(edges):
    """Return a sentence for the first edge (us, due_us, allowed_us) that is not where it may be."""
    for us, due_us, allowed_us in edges:
        if abs(us - allowed_us) > LATE_US + (TICK_US if due_us > SEEN_US else 0):
            return f"an edge moved by {abs(us - due_us):.0f} us"
    return ""


def _cell(seen, row, reference):
    if row.outcome in (GOES_ON, NEXT_BOOT):
        changed = touched(seen, reference)
        return f"**{changed}**" if changed else "went on"
    return f"{max(0.0, seen.last_high_us()) / 1000:.1f} / {max(0.0, seen.last_edge_us()) / 1000:.1f}"


def table(uf2) -> str:
    """Run every row in both phases; return the page."""
    device = delivering(uf2)
    cells: dict[str, list[str]] = {row.name: [] for row in ROWS}
    for phase in PHASES:
        into(device, phase)
        reference = happen(device, None, NEXT_BURST_US)
        for row in ROWS:
            cells[row.name].append(_cell(happen(device, row, watched_us(row)), row, reference))
    rows = "".join(f"| {row.name} | {row.outcome} | {' | '.join(cells[row.name])} |\n" for row in ROWS)
    on = outcomes.measured("boards/rp2040_pico", "host_tools/simulator/emulator")
    return (
        PAGE.format(
            rows=rows,
            late_ms=LATE_US // 1000,
            seen_ms=SEEN_US // 1000,
            next_ms=NEXT_BURST_US // 1000,
            sample_ms=SAMPLE_US // 1000,
        )
        + f"\nMeasured on the code of digest `{on}`.\n"
    )


PAGE = """# Ways out of the interpreter

Written by `make exits`, on an emulated RP2040 that runs real MicroPython, the whole application and the twin's plant;
level 4 at 100 mm, event 5 ms into a burst of 500 ms, or 60 ms before the next burst would begin. The emulator was never
compared with silicon; its times are lower bounds.

Counted from the event to the dose pin low / to the last rising edge of the lease, ms. After the last edge come the
monostable (0.06 ms) and the valves themselves (up to 25 ms). "went on": for {next_ms} ms, into the next burst, every
edge came within {late_ms} ms of the same run without the event. After the first {seen_ms} ms one tick more is allowed,
because a burst begins in a tick. The next burst may also begin with the next sample of the skin, {sample_ms} ms
later: a burst needs a sample that is certain to be settled, and a late tick makes a sample uncertain that was only just
settled.

| event | expected | in a burst | in an off-phase |
|---|---|---|---|
{rows}
The boot after a reset never resumes: STANDBY, nothing chosen, both valves shut. Without main.py, or without a file
system, no output is driven. Not emulated: pulling the supply or the RUN pin (every pad goes high-impedance, as with
machine.reset()), a brown-out, and the reset of the mass-storage boot loader itself.
"""


def main(argv=None) -> int:
    """Write the page; 1 without an image."""
    parser = argparse.ArgumentParser(prog="python -m host_tools.evidence.exits", description=main.__doc__)
    parser.add_argument("--markdown", type=Path, default=Path("docs/exits.md"))
    given = parser.parse_args(argv)
    uf2 = find_image()
    if uf2 is None:
        print(MISSING, file=sys.stderr)
        return 1
    given.markdown.write_text(table(uf2))
    print(given.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
