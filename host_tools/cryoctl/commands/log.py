"""cryoctl log: the options and what is printed; host_tools/cryoctl/log.py does the work."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption
from host_tools.cryoctl.output import Output


def log(
    ctx: typer.Context,
    port: PortOption = None,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Append to this file, .csv or .jsonl: only what it lacks.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV, units in the columns' names.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="JSON lines.")] = False,
    json: JsonOption = False,
    since: Annotated[int, typer.Option(min=0, metavar="N", help="Only records with numbers above N.")] = 0,
) -> None:
    """Read what the device recorded: points treated, faults, starts, changes. Not while it is armed."""
    from host_tools.cryoctl import log as device_log
    from host_tools.cryoctl import log_file
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port
    from host_tools.cryoctl.problems import Problem

    output: Output = ctx.obj
    if csv + jsonl + json > 1 or (json and to):
        raise Problem("one form at a time", "--csv, --jsonl, or --json without a file")
    form = log_file.CSV if csv else log_file.JSONL if jsonl else None
    sink = log_file.Sink(to, form) if to else None  # what is wrong with the file is said before a board is asked
    if sink:
        since = max(since, sink.last)
    found: list[device_log.Record] = []
    before = sink.records if sink else []
    try:
        with Device(Port(chosen(port))) as device:
            there = device_log.extent(device)
            if sink:
                sink.check(device.identity.serial, there.last)
            for record in device_log.records(device, there, since, output.warn):
                found.append(record)
                output.detail(f"{record.number} of {there.last}")
    finally:  # unplugged on the way: what came is kept
        found = device_log.dated([*before, *found])[len(before) :]
        if sink:
            with sink:
                sink.add(found)
    for begin, end in device_log.missing([record.number for record in found], since, there):
        output.warn(f"numbers {begin} to {end} are not in the log: damaged, or dropped before they were read")
    if there.lost:
        output.warn(f"the device lost {there.lost} records since it was switched on: they had to wait too long")
    if sink:
        output.say(f"{sink.path}: {sink.written} new records, up to number {there.last or 0}")
    elif json:
        output.json([dataclasses.asdict(record) for record in found])
    elif form:
        text = log_file.head() if form == log_file.CSV else ""
        print(text + "".join(log_file.line(record, form) for record in found), end="", file=output.console.file)
    else:
        rows = [[str(r.number), r.when or f"up {r.uptime_s} s", r.kind, r.told()] for r in found]
        output.table(["number", "when", "kind", "what"], rows)
