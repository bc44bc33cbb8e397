"""Measure the firmware and compare it with its goals: `make bench`. Exits with 1 if a missed goal is not accepted."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from host_tools.evidence.bench import figures, report
from host_tools.evidence.bench import rows as table
from host_tools.evidence.safety import outcomes
from host_tools.toolchain.uf2 import download, image

JSON = Path("out/bench.json")
PAGE = Path("docs/bench.md")
PLAIN_WIDTH = 120  # where the output is no terminal


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure against the goals on the emulated RP2040.")
    parser.add_argument("--json", type=Path, default=JSON, help=f"where the rows go ({JSON})")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"where the page goes; only with an image ({PAGE})")
    args = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)
    uf2 = image.find_image()
    began = time.monotonic()

    def done(name):
        console.print(f"measured: {name} ({time.monotonic() - began:.0f} s)")

    host = figures.without_image()
    done("PIO alone, sizes")
    chip = {} if uf2 is None else figures.on_the_chip(uf2, done)
    rows = figures.rows(host, chip)
    report.show(rows, console)
    report.write_json(rows, args.json)
    if uf2 is not None:
        on = outcomes.measured("boards/rp2040_pico", "host_tools/evidence/bench", "host_tools/simulator/emulator")
        digest = download.sha256(uf2.read_bytes())
        args.page.write_text(report.markdown(rows, f"{named(digest)}, on the code of digest `{on}`"))
    return verdict(rows, figures.failures(chip), uf2 is not None, console)


def named(digest: str) -> str:
    """Return the name of an image of this SHA-256 for the page."""
    if digest == download.SHA256:
        return f"{download.NAME} of SHA-256 `{digest}`"
    return f"an image of SHA-256 `{digest}` (not the one that `make uf2` downloads)"


def verdict(rows: list[table.Row], failures: list[str], image_there: bool, console: Console) -> int:
    """Print what is missed, accepted or not measured; return the exit code."""
    missed = table.missed(rows)
    for row in {row.name: row for row in rows if table.met(row) is False}.values():
        if row.name in table.ACCEPTED:
            console.print(f"accepted: {row.name} = {report.figure(row.value)}: {table.ACCEPTED[row.name]}")
        else:
            relation, bound = table.GOALS[row.name]
            console.print(f"missed: {row.name} = {report.figure(row.value)}, goal {relation} {report.figure(bound)}")
    for sentence in failures:
        console.print(f"failed: {sentence}", markup=False)
    absent = table.absent(rows)
    if absent:
        console.print(f"not measured: {', '.join(absent)}")
    if not image_there:
        console.print(image.MISSING)
    return 1 if missed or failures or (absent and image_there) else 0


if __name__ == "__main__":
    sys.exit(main())
