"""How a console begins and ends: it owns the port and shares it, or joins the one that does."""

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
    """Where a console is: the port's name, how it is used, and what makes a connection to the device."""

    name: str
    how: str
    connect: Callable[[], Link]
    owns: bool


@contextlib.contextmanager
def opened(option: str | None, alone: bool) -> Iterator[Ends]:
    """Yield where the console is. Raises NoDevice, Problem."""
    name = chosen(option)
    with Port(name) as port:
        if port.shares:
            how = "shared by another console; here you may ask (--write: more)"
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
            how = "Ctrl-D ends" if alone else "shared with others, who only ask; Ctrl-D ends"
            yield Ends(name, how, lambda: Link(server.local(), name), True)
        finally:
            server.close()


def may_write(link: Link) -> None:
    """Ask for the right to write. Raises Refused where another one has it."""
    answer = link.ask(shared.ASK_TO_WRITE.decode())
    if answer != "OK":
        raise Refused(f"the port is shared: {answer}")


def left(ends: Ends) -> None:
    """Leave service mode where it is open: nobody is to find it so."""
    if ends.owns:
        with contextlib.suppress(NoDevice), contextlib.closing(ends.connect()) as link:
            if wire.fields(link.ask("STAT?")).get("STATE") == SERVICE:
                link.ask("SERV:EXIT")


def _joined(name):
    sock = shared.joined(name)
    if sock is None:
        raise NoDevice(f"{name} is no longer shared", "start the console again")
    return Link(sock, name)
