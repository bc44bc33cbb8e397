"""Begins and ends a console: it owns the port and shares it, or it joins the console that owns the port."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.cryoctl import shared, wire
from host_tools.cryoctl.console.link import Link
from host_tools.cryoctl.console.status import SERVICE
from host_tools.cryoctl.device import APPLICATION, PROMPT, look
from host_tools.cryoctl.found import chosen
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Refused
from host_tools.cryoctl.shared.server import Server


@dataclass
class Ends:
    """The place of a console: the port's name, how it is used, and a function that connects to the device."""

    name: str
    how: str
    connect: Callable[[], Link]
    owns: bool


@contextlib.contextmanager
def opened(option: str | None, alone: bool) -> Iterator[Ends]:
    """Yield the place of the console. Raises NoDevice, Problem."""
    name = chosen(option)
    with Port(name) as port:
        if port.shares:
            how = "shared by another console; you may only ask (--write allows more)"
            yield Ends(name, how, lambda: _joined(name), False)
            return
        found = look(port)[0]
        if found != APPLICATION:
            raise NoDevice(
                f"{name}: {'the prompt of MicroPython answers' if found == PROMPT else 'nothing answers'}",
                "install the application with `cryoctl flash`" if found == PROMPT else "press the board's reset button",
            )
        server = Server(port, alone)
        try:
            how = "Ctrl-D ends" if alone else "shared with other programs, which only ask; Ctrl-D ends"
            yield Ends(name, how, lambda: Link(server.local(), name), True)
        finally:
            server.close()


def may_write(link: Link) -> None:
    """Ask for the right to write. Raises Refused when another program has it."""
    answer = link.ask(shared.ASK_TO_WRITE.decode())
    if answer != "OK":
        raise Refused(f"the port is shared: {answer}")


def left(ends: Ends) -> None:
    """Leave service mode if it is open, so that nobody finds it open later."""
    if ends.owns:
        with contextlib.suppress(NoDevice), contextlib.closing(ends.connect()) as link:
            if wire.fields(link.ask("STAT?")).get("STATE") == SERVICE:
                link.ask("SERV:EXIT")


def _joined(name):
    sock = shared.joined(name)
    if sock is None:
        raise NoDevice(f"{name} is no longer shared", "start the console again")
    return Link(sock, name)
