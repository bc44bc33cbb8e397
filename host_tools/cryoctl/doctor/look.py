"""All checks, in the order in which one would look for a cause."""

from host_tools.cryoctl import found
from host_tools.cryoctl.devices import Seen, all_seen
from host_tools.cryoctl.doctor import PASS, WARN, Check, environment, serial_ports
from host_tools.cryoctl.flash import boards

ADAPTERS = ("mpremote", "esptool")


def checks() -> list[Check]:
    """Return what was looked at. Nothing is changed; boards are asked who they are and how they do."""
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
    """Return a check a board: does it answer, and does it run this tree's version?"""
    out = []
    for each in seen:
        name = f"board {each.port}"
        if not each.version:
            out.append(Check(name, WARN, each.state, each.remark))
        elif each.version != version:
            text = f"{each.board} {each.serial} runs {each.version}, this tree is {version}"
            out.append(Check(name, WARN, text, "`cryoctl flash` brings it up to date, or take the tree of its version"))
        else:
            out.append(Check(name, PASS, f"{each.board} {each.serial}, version {each.version}, {each.state}"))
    if not out:
        remedy = "plug one in, with a cable that carries data, or start a virtual one with `cryoctl sim`"
        out.append(Check("board", WARN, "none found", remedy))
    return out
