"""Cuts the power at every program and erase of every write of the store; prints operations x cut points x outcomes.

    python -m host_tools.evidence.powercut [--form short|long]

The long form writes docs/powercut.md too. Exit status 1 when anything but the old record, the new one or a refusal that
names itself was found after a cut.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from host_tools.evidence.safety import outcomes
from host_tools.places import DOCS, HOST_TOOLS
from host_tools.simulator.twin import lanes

PAGE = DOCS / "powercut.md"
GUEST = HOST_TOOLS / "evidence/powercut/guest"
PROGRAMS = {256: "RP2040, 256 bytes", 32: "ESP32, 32 bytes"}  # [S] MicroPython's _boot.py and vfs_lfs.c
WALL_S = 600

HEAD = """# Power cuts

Made by `make powercut`; do not edit. Real MicroPython writes settings, calibrations, PIN and log to its littlefs on a
flash in memory that loses its power at a chosen program or erase. Each write is done once for every operation that it
takes and for each of four ways: that operation is not done; its first half is (torn); all of it but for one bit is
(flipped); and flipped while the power stays. Then the flash is mounted afresh and read as at a start.

Old and new: that record is in force, whole. Refused: there is none, the device says so in a sentence that names the
record; without settings it arms nothing, without a PIN it has no service mode. A violation is anything else: a mix,
defaults, a refusal without a name, a write that says it is done and is not, a calibration in force that its history
does not show, a board that the next write does not mend. Of the log every record counts: all that were there and the
new one, or all that were there.

The PIN's writes are made by the console's own commands. A wrong PIN is told as wrong only once it is counted: after a
cut the count is what it was before the attempt, which then nobody answered, or one more; it is never lower. The right
PIN is counted as the others are, and sets the count to 0 before it opens service mode. No cut leaves a board that had
a PIN without one, or a new PIN with the old one's salt.

| write | a program | writes | programs | erases | cut points | old | new | refused | violations |
|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One kind of write on one geometry; texts: the first violations."""

    write: str
    program: int
    writes: int
    programs: int
    erases: int
    points: int
    outcomes: dict[str, int]
    violations: int
    texts: list[str]

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        done = (self.writes, self.programs, self.erases, self.points, *(self.outcomes[n] for n in OUTCOMES))
        return self.write, PROGRAMS[self.program], *map(str, done), str(self.violations)


OUTCOMES = ("old", "new", "refused")


def run(form: str, programs: tuple[int, ...] = tuple(PROGRAMS), planted: str = "") -> list[Row]:
    """Return the rows. planted: see the guest. Raises LaneError without real MicroPython or when it fails."""
    micropython = lanes.micropython_path()
    if micropython is None:
        raise lanes.LaneError("real MicroPython is missing: run `make setup`")
    env = {**os.environ, "MICROPYPATH": os.pathsep.join([".frozen", str(GUEST), *lanes.import_folders()])}
    words = [form, ",".join(map(str, programs)), *([planted] if planted else [])]
    done = subprocess.run(
        [micropython, "-X", "heapsize=16M", str(GUEST / "cuts.py"), *words],
        env=env,
        cwd=lanes.ROOT,
        capture_output=True,
        text=True,
        timeout=WALL_S,
        check=False,
    )
    rows = [line for line in done.stdout.splitlines() if line.startswith("[")]
    if done.returncode or not rows:
        raise lanes.LaneError(f"real MicroPython ended with status {done.returncode}: {done.stdout[-2000:]}")
    return [Row(*json.loads(row)) for row in rows]


def page(rows: list[Row]) -> str:
    """Return docs/powercut.md."""
    return HEAD + "".join(f"| {' | '.join(row.cells())} |\n" for row in rows) + f"\n{total(rows)}\n"


def total(rows: list[Row]) -> str:
    """Return the last line."""
    writes, points = sum(row.writes for row in rows), sum(row.points for row in rows)
    return f"{writes} writes, {points} cuts, {sum(row.violations for row in rows)} violations."


def main() -> int:
    """Run, print, and write the page of the long form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=("short", "long"), default="long")
    form = parser.parse_args().form
    rows = run(form)
    names = ("write", "a program", "writes", "programs", "erases", "cuts", *OUTCOMES, "violations")
    table = [names, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for row in rows:
        for text in row.texts:
            print("violation:", text, file=sys.stderr)
    print(total(rows))
    if form == "long":
        on = outcomes.measured("host_tools/evidence/powercut")
        PAGE.write_text(f"{page(rows)}\nMade on the firmware, virtual board, twin and power cuts of digest `{on}`.\n")
    return int(any(row.violations for row in rows))


if __name__ == "__main__":
    sys.exit(main())
