"""Runs cases by their names for a page, with the campaign's engine. Each result is kept with its code."""

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
    """Add the options of a program that runs many cases."""
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a processor")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run; only on the same code")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dask", choices=("local",), help="run the processes under Dask, on this machine")
    where.add_argument("--scheduler", metavar="ADDRESS", help="run on a cluster: the address of its Dask scheduler")


def farm(args: argparse.Namespace) -> contextlib.AbstractContextManager[Farm]:
    """Return the processes for these options."""
    if args.dask or args.scheduler:
        from host_tools.evidence.campaign.cluster import Cluster  # imported here: it loads Dask

        return Cluster(args.dask or args.scheduler, args.processes, code())
    return Processes(args.processes)


def opened(folder: Path, *, resume: bool) -> Store:
    """Return the store for runs on this code; report files in it that cannot be read."""
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
    """Do the work on the items; return the code and the results in the order of the items."""
    store = opened(folder, resume=args.resume)
    with farm(args) as processes:
        return store.on, [Outcome(**found) for found in Engine(processes, store).do(title, work, items)]


def cases(title: str, names: Iterable[str], folder: Path, args: argparse.Namespace) -> tuple[str, list[Outcome]]:
    """Run cases by their names; return the code and the results in the order of the names."""
    return done(title, {name: name for name in names}, folder, args)


def told(main: Callable[[], int]) -> int:
    """Return a program's exit status: 2, with the reason on stderr, if it cannot run or its runs are of other code."""
    try:
        return main()
    except (StoreError, LaneError) as error:
        print(error, file=sys.stderr)
        return 2
