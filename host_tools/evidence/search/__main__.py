"""Searches for the coldest treatment under each fault, or runs one schedule again.

    python -m host_tools.evidence.search [--form long|short] [--processes N] [--only FAULT ...]
    python -m host_tools.evidence.search --run NAME

A schedule's name describes it completely. Writes out/search.json, docs/safety/search.json and, from that,
docs/safety/search.md and its picture. Rows that were done on exactly this code are kept in out/search.jsonl, so an
interrupted search continues. Exit status 1: a fault freezes skin, and no residual risk of docs/safety/hazards.toml
names it.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict

from host_tools.evidence.search import page
from host_tools.evidence.search.schedule import parse, simulate, told
from host_tools.evidence.search.table import FORMS, HAZARDS, search, unnamed
from host_tools.places import ROOT

ROWS = ROOT / "out/search.json"


def again(name: str) -> int:
    """Run one schedule again and print all of it."""
    schedule = parse(name)
    out = simulate(schedule)
    print(told(schedule))
    print(json.dumps(asdict(out), indent=1))
    return 1 if out.problems else 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="search", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--form", choices=FORMS, default="short", help="how much (default short)")
    parser.add_argument("--treatments", type=int, help="treatments for each of drawing and searching")
    parser.add_argument("--only", nargs="+", metavar="FAULT", help="only these; nothing is written to docs")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    parser.add_argument("--run", metavar="NAME", help="run one schedule again and print it")
    parser.add_argument("--page", action="store_true", help="only write the page again, from its data")
    args = parser.parse_args()
    try:
        if args.run:
            return again(args.run)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if not args.page:
        treatments, both = FORMS[args.form]
        made = search(args.treatments or treatments, both, args.processes, args.only)
        ROWS.write_text(json.dumps(made["rows"], indent=1) + "\n", encoding="utf-8")
        if args.only:
            return 0
        (ROOT / page.DATA).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    made = json.loads((ROOT / page.DATA).read_text(encoding="utf-8"))
    (ROOT / page.PAGE).write_text(page.page(made), encoding="utf-8")
    (ROOT / page.PICTURE).write_text(page.picture(made), encoding="utf-8")
    print(f"written: {page.PAGE}")
    new = unnamed(made["rows"])
    for fault in new:
        print(f"{fault}: colder than allowed, and no residual risk of {HAZARDS.name} names it")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
