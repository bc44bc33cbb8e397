"""cryoctl devices: what is plugged in."""

import typer

from host_tools.cryoctl.commands import JsonOption
from host_tools.cryoctl.output import Output

NONE = "no board found: plug one in, or start a virtual one with `cryoctl sim`; `cryoctl doctor` looks for the cause"


def devices(ctx: typer.Context, json: JsonOption = False) -> None:
    """List the ports, and what answers there; virtual boards too."""
    from host_tools.cryoctl.devices import all_seen

    out: Output = ctx.obj
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
