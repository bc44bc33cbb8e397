"""Builds the virtual board from the command line's options, runs it, and cleans up."""

import contextlib
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from host_tools.cryoctl.found import announced
from host_tools.cryoctl.sim import SimError, image, script
from host_tools.cryoctl.sim.board import Board
from host_tools.cryoctl.sim.front import Front
from host_tools.cryoctl.sim.keyboard import Keyboard
from host_tools.cryoctl.sim.pace import Pace
from host_tools.cryoctl.sim.pty_port import PtyPort
from host_tools.cryoctl.sim.tcp_port import TcpPort, address
from host_tools.simulator.twin.plant import Plant

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Options:
    """The options of `cryoctl sim`."""

    image: Path
    link: Path | None = None
    tcp: str | None = None
    speed: float = 1.0
    headless: bool = False
    script: Path | None = None
    deploy: bool = False


def run(options: Options, console: Console) -> None:
    """Run until somebody ends it. Raises SimError when it cannot begin or continue."""
    where = address(options.tcp) if options.tcp else None
    plant = Plant()
    if options.script:
        script.load(options.script, plant)
    with image.locked(options.image), contextlib.ExitStack() as stack:
        if options.deploy:
            sizes = image.deploy(options.image)
            _say(console, f"application   {sum(sizes.values())} bytes: {', '.join(sizes)}")
        ports = _ports(where, options.link, stack)
        stack.enter_context(announced([str(options.link or ports[-1].path)], options.image.absolute()))
        _say(console, f"image         {options.image}")
        for port in ports:
            _say(console, f"serial port   {port.path}")
        if options.link:
            _say(console, f"link          {options.link}")
        keyboard = stack.enter_context(contextlib.nullcontext(Keyboard()) if options.headless else Keyboard())
        board = Board(plant, options.image, ports, Pace(options.speed), also=keyboard.fds)
        shown = None if options.headless or not console.is_terminal else console
        front = stack.enter_context(Front(plant, board.outlet, keyboard, shown))
        board.watch = front.watch
        with _ended_by_signals(plant):
            board.run()


def _ports(where, link, stack):
    """Return the ports; each is closed with the stack."""
    ports = []
    if where:
        ports.append(TcpPort(where))
        stack.callback(ports[-1].close)
    try:
        ports.append(PtyPort(link))
    except SimError:
        if not where or link:
            raise
    else:
        stack.callback(ports[-1].close)
    return ports


@contextlib.contextmanager
def _ended_by_signals(plant):
    """A context in which SIGINT and SIGTERM switch the board off, so that the normal clean-up runs."""

    def off(*_):
        plant.power_off = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, off) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(console, text):
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.file.flush()
