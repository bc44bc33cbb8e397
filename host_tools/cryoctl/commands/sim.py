"""cryoctl sim: the virtual board."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def sim(
    image: Annotated[
        Path | None,
        typer.Option(help="File with the board's flash; it is made when missing.", show_default="user's data"),
    ] = None,
    link: Annotated[Path | None, typer.Option(help="Make a symbolic link of this name to the serial port.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Also a TCP socket as serial port.")] = None,
    speed: Annotated[
        float, typer.Option(min=0.0, help="1: real time; 10: ten times it; 0: as fast as possible.")
    ] = 1.0,
    headless: Annotated[bool, typer.Option("--headless", help="Show no front panel, read no keys.")] = False,
    script: Annotated[Path | None, typer.Option(help="File of timed panel actions; see --actions.")] = None,
    deploy: Annotated[bool, typer.Option("--deploy", help="First write the application onto the image.")] = False,
    actions: Annotated[bool, typer.Option("--actions", help="List the actions of a script, and end.")] = False,
) -> None:
    """Run the virtual board: real MicroPython, a virtual patient, a flash image, on a serial port (a PTY).

    On a fresh image the board is bare, at MicroPython's prompt; --deploy puts the application onto it.
    """
    from host_tools.cryoctl.sim.image import default_path
    from host_tools.cryoctl.sim.panel import listing
    from host_tools.cryoctl.sim.run import Options, run

    if actions:
        typer.echo(listing())
        return
    run(Options(image or default_path(), link, tcp, speed, headless, script, deploy), Console())
