"""The commands, one module each: their options and what they print. What a command needs it imports when it runs."""

from typing import Annotated

import typer

PortOption = Annotated[
    str | None,
    typer.Option("--port", "-p", envvar="CRYO_PORT", help="Serial port of the board; else the only one there is."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
