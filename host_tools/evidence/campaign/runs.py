"""Runs cases by their names for a page: through the campaign's engine, each result kept with its code."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from host_tools.evidence.campaign import jobs
from host_tools.evidence.campaign.engine import Engine
from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.store import Store, StoreError, code


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of whatever runs many cases."""
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    parser.add_argument("--resume", action="store_true", help="go on with what was cut, on this code alone")


def opened(path: Path, *, resume: bool) -> Store:
    """Return the store of what is run on this code; say what in it cannot be read."""
    store = Store(path, code(), resume=resume)
    for number in store.unread:
        print(f"{path}: line {number} is damaged; its run is done again", file=sys.stderr)
    return store


def done(
    title: str,
    items: Mapping[str, object],
    path: Path,
    args: argparse.Namespace,
    work: Callable = jobs.run,
) -> tuple[str, list[Outcome]]:
    """Do the work on the items; return the code and what each showed, in their order."""
    with opened(path, resume=args.resume) as store, Engine(args.processes, store) as engine:
        return store.on, [Outcome(**found) for found in engine.do(title, work, items)]


def cases(title: str, names: Iterable[str], path: Path, args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run cases by their names; return the code and what each showed, in the order of the names."""
    return done(title, {name: name for name in names}, path, args)


def told(main: Callable[[], int]) -> int:
    """Return the exit status of a program; 2, and why on stderr, where runs and code do not belong together."""
    try:
        return main()
    except StoreError as error:
        print(error, file=sys.stderr)
        return 2
