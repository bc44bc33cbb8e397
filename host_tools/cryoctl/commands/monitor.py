"""cryoctl monitor: the options and what is printed; host_tools/cryoctl/monitor does the work."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption
from host_tools.cryoctl.output import Output


def monitor(
    ctx: typer.Context,
    port: PortOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print one line for each sample; the same without a terminal.")
    ] = False,
    json: JsonOption = False,
    record: Annotated[Path | None, typer.Option(help="Record to this file (JSON lines).")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after this many seconds.")] = None,
    period_ms: Annotated[int, typer.Option(min=500, max=10_000, help="Time between two samples.")] = 500,
) -> None:
    """Watch a device: skin temperature, state, bursts, blockers, faults. It only asks: no treatment is disturbed."""
    from host_tools.cryoctl.monitor import watch

    output: Output = ctx.obj
    asked = watch.Options(port, record, seconds, period_ms)
    if json or plain or not (sys.stdout.isatty() and sys.stdin.isatty()):
        watch.lines(asked, output, json)
    else:
        watch.screen(asked, output)
