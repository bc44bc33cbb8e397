"""Runs all checks, in the order in which a person would look for a cause."""

from host_tools.cryoctl import found
from host_tools.cryoctl.devices import Seen, all_seen
from host_tools.cryoctl.doctor import PASS, WARN, Check, environment, serial_ports
from host_tools.cryoctl.flash import boards

ADAPTERS = ("mpremote", "esptool")


def checks() -> list[Check]:
    """Return all checks. Nothing is changed; boards are asked for identity and state."""
    there = found.ports()
    return [
        environment.python(),
        environment.packages(environment.pins()),
        environment.mpy_cross(),
        *map(environment.importable, ADAPTERS),
        *serial_ports.permission(there),
        *serial_ports.in_use(there),
        *on_ports(all_seen(), boards.version()),
    ]


def on_ports(seen: list[Seen], version: str) -> list[Check]:
    """Return one check for each board: does it answer, and does it run this tree's version?"""
    out = []
    for each in seen:
        name = f"board {each.port}"
        if not each.version:
            out.append(Check(name, WARN, each.state, each.remark))
        elif each.version != version:
            text = f"{each.board} {each.serial} runs {each.version}, this tree is {version}"
            out.append(Check(name, WARN, text, "update it with `cryoctl flash`, or use the cryoctl of its version"))
        else:
            out.append(Check(name, PASS, f"{each.board} {each.serial}, version {each.version}, {each.state}"))
    if not out:
        remedy = "plug one in, with a cable that carries data, or start a virtual one with `cryoctl sim`"
        out.append(Check("board", WARN, "none found", remedy))
    return out
