"""cryoctl console: the options and what is printed; host_tools/cryoctl/console and shared do the work."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import PortOption
from host_tools.cryoctl.output import Output


def console(
    ctx: typer.Context,
    port: PortOption = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append what is typed and answered to this file.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="On a shared port: also send commands that change something. Only one console may."
        ),
    ] = False,
    alone: Annotated[bool, typer.Option("--alone", help="Do not share the port with other programs.")] = False,
) -> None:
    """Talk to the device's console: history, completion by Tab, a status line. Ctrl-D ends.

    Meanwhile `cryoctl monitor`, `cryoctl log` and a second console may use the same port: they ask, and change nothing.
    """
    from host_tools.cryoctl.console import ends
    from host_tools.cryoctl.console.transcript import Transcript

    out: Output = ctx.obj
    with contextlib.closing(Transcript(log)) as transcript, ends.opened(port, alone) as where:
        hello = f"{where.name}: {where.how}"
        with contextlib.closing(where.connect()) as link:
            if write and not where.owns:
                ends.may_write(link)
            if sys.stdin.isatty() and sys.stdout.isatty():
                _typed(where, link, transcript, hello)
                return
            out.say(hello)
            for line in map(str.strip, sys.stdin):
                if line:
                    transcript.typed(line)
                    for said in link.asked(line):
                        transcript.said(said)
                        out.result(said)


def _typed(where, link, transcript, hello):
    from host_tools.cryoctl.console import ends, terminal
    from host_tools.cryoctl.console.status import Status

    status = Status(where.connect())
    try:
        terminal.run(link, status, transcript, Path(where.name).name, hello)
    finally:
        status.close()
        ends.left(where)
