"""`make fuzz`: a million lines at the console in CPython, most of them near a command.

    python -m tests.firmware.console.fuzz --lines 1000000 --seed 1

After each line: no exception, nothing changed by a line that was refused, nothing armed without the number given, no
valve opened, only printable answers. A line that breaks one of these is printed and belongs into CORPUS of
tests/portable/console_fuzz.py, which every interpreter replays.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from tests.lanes import GUEST_FOLDERS, ROOT

FRESH_EVERY = 5_000  # lines; after them comes another applicator


class Draw:
    """random.Random as tests/portable/support.py's."""

    def __init__(self, seed: int):
        self._draw = random.Random(seed).random

    def below(self, n: int) -> int:
        """Return 0 .. n - 1."""
        return int(self._draw() * n)


def run(lines: int, seed: int) -> Counter[str]:
    """Send that many lines; return the count of each error number, OK or value. Raises an error for a broken rule."""
    import console_fuzz

    draw = Draw(seed)
    found: Counter[str] = Counter()
    rig = console_fuzz.Rig()
    for n in range(lines):
        if n % FRESH_EVERY == FRESH_EVERY - 1:
            rig = console_fuzz.Rig()
        line = console_fuzz.line_of(draw)
        try:
            said = rig.send(line)
        except BaseException:
            print(f"line {n + 1} of seed {seed}: {line!r}", file=sys.stderr)
            raise
        first = said.split(b"\n")[0].decode(errors="replace").split(" ")
        found[" ".join(first[:2]) if first[0] == "ERROR" else "silence" if first == [""] else "other"] += 1
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Random lines at the console.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    sys.path[:0] = [str(ROOT / folder) for folder in ("host_tools/simulator/twin/cpython", *GUEST_FOLDERS)]
    began = time.monotonic()
    found = run(options.lines, options.seed)
    for answer, count in found.most_common():
        print(f"{count:9}  {answer}")
    print(f"{options.lines} lines, seed {options.seed}, {time.monotonic() - began:.0f} s: nothing broke")
    return 0


if __name__ == "__main__":
    sys.exit(main())
