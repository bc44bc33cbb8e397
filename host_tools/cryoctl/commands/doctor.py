"""cryoctl doctor: finds what keeps cryoctl from working, and gives the remedy."""

import typer

from host_tools.cryoctl.commands import JsonOption
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import FOUND


def doctor(ctx: typer.Context, json: JsonOption = False) -> None:
    """Check Python, packages, permissions, ports and the boards on them; each finding has its remedy.

    Exit code 1 when a check fails; a warning does not change the exit code.
    """
    from host_tools.cryoctl.doctor import FAIL
    from host_tools.cryoctl.doctor.look import checks

    out: Output = ctx.obj
    found = checks()
    if json:
        out.json([check.as_json() for check in found])
    else:
        for check in found:
            out.result(f"{check.verdict:4}  {check.name}: {check.text}")
            for line in check.remedy.splitlines():
                out.result(f"      {line}")
    if any(check.verdict == FAIL for check in found):
        raise typer.Exit(FOUND)
