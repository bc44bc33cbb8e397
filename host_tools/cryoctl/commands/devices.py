"""cryoctl devices: what is plugged in."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption
from host_tools.cryoctl.output import Output

NONE = "no board found: plug one in, or start a virtual one with `cryoctl sim`; `cryoctl doctor` looks for the cause"


def devices(
    ctx: typer.Context,
    json: JsonOption = False,
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write one HTML page about all boards: faults, and when what is due."),
    ] = None,
) -> None:
    """List the ports, and what answers there; virtual boards too."""
    from host_tools.cryoctl.devices import all_seen
    from host_tools.cryoctl.files import page_may_replace

    out: Output = ctx.obj
    if to:
        from host_tools.cryoctl.report.fleet import START  # here, because it loads the library that draws

        page_may_replace(to, START, "page about a fleet")
    there = all_seen()
    if json:
        out.json([each.as_json() for each in there])
    elif there:
        out.table(
            ["port", "kind", "board", "serial", "version", "state"],
            [[each.port, each.kind, each.board, each.serial, each.version, each.state] for each in there],
        )
    for each in there:
        if each.remark:
            out.say(f"{each.port}: {each.remark}")
    if not there:
        out.say(NONE)
    if to:
        _write(out, there, to)


def _write(out, there, to):
    from host_tools.cryoctl.files import replace
    from host_tools.cryoctl.report import fleet, gather

    members = fleet.asked(there)
    replace(to, fleet.page(members, gather.now()).encode())
    for member in members:
        if member.attention:
            out.say(f"{member.name}: {member.attention}")
    told = sum(bool(member.found.calibrations) for member in members)
    out.say(f"{to}: {len(members)} ports, {told} boards told everything")
