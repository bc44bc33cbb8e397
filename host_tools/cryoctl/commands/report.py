"""cryoctl report: the options and what is printed; host_tools/cryoctl/report does the work."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import PortOption
from host_tools.cryoctl.output import Output


def report(
    ctx: typer.Context,
    port: PortOption = None,
    log: Annotated[Path | None, typer.Option(help="File that `cryoctl log -o` wrote.")] = None,
    recording: Annotated[
        list[Path] | None, typer.Option(help="File that `cryoctl monitor --record` wrote; repeat it for several files.")
    ] = None,
    to: Annotated[Path, typer.Option("--output", "-o", help="File of the page.")] = Path("report.html"),
) -> None:
    """Make one HTML page of a device's log, calibrations and settings, and of recordings.

    With --log or --recording a device is asked only when --port names it.
    """
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.files import page_may_replace, replace
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port
    from host_tools.cryoctl.problems import FOUND
    from host_tools.cryoctl.report import gather
    from host_tools.cryoctl.report.page import START, page

    output: Output = ctx.obj
    page_may_replace(to, START, "report", [*([log] if log else []), *(recording or [])])
    found = gather.Found(gather.now())
    if log:
        gather.from_log(log, found)
    if port or not (log or recording):
        with Device(Port(chosen(port))) as device:
            output.say(f"reading the log of serial {device.identity.serial}")
            gather.from_device(device, found, output.warn)
    for path in recording or []:
        gather.from_recording(path, found)
    replace(to, page(found).encode())
    no_log = "no log (add one: --log FILE, or --port for the device's own)"
    records = f"{len(found.records)} records" if found.logged else no_log
    output.say(f"{to}: {records}, {len(found.courses)} recorded points")
    for begin, end in found.missing:
        output.warn(f"numbers {begin} to {end} are not in the log: the report lacks what they recorded")
    for said in found.strange:
        output.warn(said)
    if found.missing or found.strange:
        raise typer.Exit(FOUND)
