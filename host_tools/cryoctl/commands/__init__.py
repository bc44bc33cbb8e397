"""The commands, one module each: options and output. A command imports its other modules only when it runs."""

from typing import Annotated

import typer


def ports_there(incomplete: str) -> list[str]:
    """Return the names of the ports, for completion in a shell."""
    from host_tools.cryoctl.found import ports

    return [port.name for port in ports() if port.name.startswith(incomplete)]


def boards_known(incomplete: str) -> list[str]:
    """Return the names of the boards, for completion in a shell."""
    from host_tools.cryoctl.flash import names

    return [name for name in names() if name.startswith(incomplete)]


def settings_known(incomplete: str) -> list[str]:
    """Return the keys of the settings, for completion in a shell."""
    from host_tools.cryoctl.config_file import ROWS

    return [key for key in ROWS if key.startswith(incomplete.lower())]


PortOption = Annotated[
    str | None,
    typer.Option(
        "--port",
        "-p",
        envvar="CRYO_PORT",
        help="Serial port of the board; without it, the only port found.",
        autocompletion=ports_there,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
