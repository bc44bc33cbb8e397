"""cryoctl log: the options and what is printed; host_tools/cryoctl/log.py does the work."""

import contextlib
import dataclasses
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.shown import clean


def log(
    ctx: typer.Context,
    port: PortOption = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Append to this file, .csv or .jsonl, the records that it does not have yet."
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV; the columns' names have the units.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print JSON lines.")] = False,
    json: JsonOption = False,
    since: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Only records with numbers above N.", show_default="all")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Continue with each new record as it comes, until Ctrl-C.")
    ] = False,
) -> None:
    """Read the device's log: treated points, faults, starts, changes. Not possible while the device is armed."""
    from host_tools.cryoctl import log as device_log
    from host_tools.cryoctl import log_file
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port
    from host_tools.cryoctl.problems import FOUND, Problem

    output: Output = ctx.obj
    if csv + jsonl + json > 1 or (json and to):
        raise Problem("more than one form is given", "give one of --csv, --jsonl and --json; --json writes no file")
    form = log_file.CSV if csv else log_file.JSONL if jsonl else None
    if follow:
        _follow(output, port, to, form or (log_file.JSONL if json else None), since)
        return
    since = since or 0
    sink = log_file.Sink(to, form) if to else None  # first: an error in the file is reported before a board is asked
    if sink:
        since = max(since, sink.last)
    found: list[device_log.Record] = []
    before = sink.records if sink else []
    try:
        with Device(Port(chosen(port))) as device:
            there = device_log.extent(device)
            if sink:
                sink.check(device.identity.serial, there.last)
                sink.follows(device_log.at(device, there, sink.last))
            for record in device_log.records(device, there, since, output.warn):
                found.append(record)
                output.detail(f"{record.number} of {there.last}")
    finally:  # the board may be unplugged meanwhile: what came is kept
        found = device_log.dated([*before, *found])[len(before) :]
        if sink:
            with sink:
                sink.add(found)
    wrong = _wrong(before, found, since, there)
    for said in wrong:
        output.warn(said)
    if there.lost:
        output.warn(f"the device lost {there.lost} records since it was switched on: they had to wait too long")
    if sink:
        output.say(f"{sink.path}: {sink.written} new records, up to number {there.last or 0}")
    elif json:
        output.json([dataclasses.asdict(record) for record in found])
    else:
        _show(output, found, form)
    if wrong:
        raise typer.Exit(FOUND)


def _wrong(before, found, since, there):
    """Return a sentence for each gap, and for each record that no device writes."""
    from host_tools.cryoctl import log as device_log

    gaps = device_log.holes(before) + device_log.missing([record.number for record in found], since, there)
    return [
        f"numbers {begin} to {end} are not in the log: damaged, or dropped before they were read" for begin, end in gaps
    ] + device_log.strange([*before, *found])


def _show(output, found, form):
    from host_tools.cryoctl import log_file

    if form:
        text = log_file.head() if form == log_file.CSV else ""
        output.raw(text + "".join(log_file.line(record, form) for record in found))
    else:
        rows = [[str(r.number), r.when or f"up {r.uptime_s} s", r.kind, r.sentence()] for r in found]
        output.table(["number", "when", "kind", "what"], rows)


def _follow(output: Output, port: str | None, to: Path | None, form: str | None, since: int | None) -> None:
    """Print a line for each record as it comes, --json as JSON lines, or append it to a file. SIGTERM is no error."""
    from host_tools.cryoctl import log as device_log
    from host_tools.cryoctl import log_file
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.log_follow import Follower
    from host_tools.cryoctl.port import Port
    from host_tools.cryoctl.problems import FOUND

    sink = log_file.Sink(to, form) if to else None
    if sink:
        since = max(since or 0, sink.last)
    known = list(sink.records) if sink else []
    new: list[device_log.Record] = []
    stop = threading.Event()
    was = signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def tell():
        device_log.dated([*known, *new])
        for record in new:
            if sink:
                sink.add([record])
                output.say(record.line())
            else:
                _printed(log_file.line(record, form) if form else record.line() + "\n", output, stop)
        known.extend(new)
        new.clear()

    try:
        with Device(Port(chosen(port))) as device, sink or contextlib.nullcontext():
            serial = device.identity.serial

            def begins(last: int) -> None:
                if sink:
                    sink.check(serial, last)
                output.say(f"following the log of serial {serial}, up to number {last} so far; Ctrl-C ends it")

            if form == log_file.CSV and not sink:
                _printed(log_file.head(), output, stop)
            follower = Follower(device, since, stop, output.say, begins)
            if sink:
                follower.compares(sink.last, sink.follows)
            try:
                for record in follower.records():
                    if record:
                        new.append(record)
                    else:
                        tell()
            finally:  # the board may be unplugged meanwhile: what came is printed
                tell()
    finally:
        signal.signal(signal.SIGTERM, was)
    wrong = device_log.strange(known)
    for said in wrong:
        output.warn(said)
    if wrong or device_log.holes(known):  # warnings of holes were printed as they came
        raise typer.Exit(FOUND)


def _printed(text, output, stop):
    try:
        print(clean(text) if output.console.is_terminal else text, end="", flush=True, file=output.console.file)
    except BrokenPipeError:  # the reader of this output has stopped
        stop.set()
