"""Runs cases by their names for a page: through the campaign's engine, each result kept with its code."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from host_tools.evidence.campaign import jobs
from host_tools.evidence.campaign.engine import Engine, Farm
from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.store import Store
from host_tools.evidence.campaign.tree import StoreError, code
from host_tools.evidence.campaign.worker import Processes
from host_tools.simulator.twin.lanes import LaneError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of whatever runs many cases."""
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    parser.add_argument("--resume", action="store_true", help="go on with what was cut, on this code alone")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dask", choices=("local",), help="run the processes under Dask, on this machine")
    where.add_argument("--scheduler", metavar="ADDRESS", help="run on a cluster: the address of its Dask scheduler")


def farm(args: argparse.Namespace) -> contextlib.AbstractContextManager[Farm]:
    """Return the processes that the options ask for."""
    if args.dask or args.scheduler:
        from host_tools.evidence.campaign.cluster import Cluster  # loads Dask

        return Cluster(args.dask or args.scheduler, args.processes, code())
    return Processes(args.processes)


def opened(folder: Path, *, resume: bool) -> Store:
    """Return the store of what is run on this code; say what in it cannot be read."""
    store = Store(folder, code(), resume=resume)
    for name in store.unread:
        print(f"{folder / name} is damaged; its runs are done again", file=sys.stderr)
    return store


def done(
    title: str,
    items: Mapping[str, object],
    folder: Path,
    args: argparse.Namespace,
    work: Callable = jobs.run,
) -> tuple[str, list[Outcome]]:
    """Do the work on the items; return the code and what each showed, in their order."""
    store = opened(folder, resume=args.resume)
    with farm(args) as processes:
        return store.on, [Outcome(**found) for found in Engine(processes, store).do(title, work, items)]


def cases(title: str, names: Iterable[str], folder: Path, args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run cases by their names; return the code and what each showed, in the order of the names."""
    return done(title, {name: name for name in names}, folder, args)


def told(main: Callable[[], int]) -> int:
    """Return the exit status of a program; 2, and why on stderr, where it cannot run or its runs are of other code."""
    try:
        return main()
    except (StoreError, LaneError) as error:
        print(error, file=sys.stderr)
        return 2
