"""cryoctl selftest: the options and what is printed; host_tools/cryoctl/selftest does the work."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import FOUND, Problem


def selftest(
    ctx: typer.Context,
    port: PortOption = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write the sheet as HTML, and as JSON beside it.")
    ] = None,
    json: JsonOption = False,
    serial: Annotated[
        int | None, typer.Option(min=1, max=999_999, help="Serial number that the device must have.")
    ] = None,
    operator: Annotated[str, typer.Option(help="Name of the tester, for the sheet.")] = "",
    pin_file: Annotated[
        Path | None, typer.Option(help="File with the PIN: with it, service mode is tested, too.")
    ] = None,
    skip_contacts: Annotated[bool, typer.Option("--skip-contacts", help="Do not test the contacts.")] = False,
    contact_limit_s: Annotated[
        float, typer.Option(min=1, max=600, help="Longest time for each movement, in seconds.")
    ] = 30.0,
    not_fitted: Annotated[list[str] | None, typer.Option(help="A sensor that this device does not have.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Begin without asking.")] = False,
) -> None:
    """Test a device at the end of the line or after service: pass or fail for each item. Not while it is armed."""
    from host_tools.cryoctl.asking import confirm
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port
    from host_tools.cryoctl.selftest import checks, paper, run
    from host_tools.cryoctl.service import pin

    output: Output = ctx.obj
    absent = frozenset(name.upper() for name in not_fitted or ())
    if unknown := absent - set(checks.SENSORS):
        raise Problem(f"no sensor {', '.join(sorted(unknown))}", f"the sensors are {', '.join(checks.SENSORS)}")
    if sheet:
        paper.places(sheet)
    asked = run.Asked(
        serial=serial,
        operator=operator,
        skip_contacts=skip_contacts,
        contact_limit_s=contact_limit_s,
        absent=absent,
        pin=pin(pin_file) if pin_file else None,
    )
    if not (yes or skip_contacts):
        safe = "close the bottle; hold the applicator away from people: this tests the contacts, not the gas"
        confirm([safe], "Begin?", False, usual=True)
    with Device(Port(chosen(port))) as device:
        found = run.tested(device, asked, output.say)
    if json:
        output.json(found.as_dict())
    else:
        rows = [[item.verdict, item.name, item.limit, item.found] for item in found.items]
        output.table(["verdict", "item", "limit", "found"], rows)
        for item in found.items:
            if item.remedy:
                output.result(f"{item.name}: {item.remedy}")
        output.result(found.verdict)
    if sheet:
        paper.write(found, sheet)
    if not found.passed:
        raise typer.Exit(FOUND)
