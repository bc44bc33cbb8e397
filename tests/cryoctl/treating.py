"""A virtual board in this process, with one port for the tool under test and another for the operator's hand.

Its time runs as fast as possible until a test watches something, then at a set speed.
"""

import contextlib
import queue
import shutil
import socket
import threading
import time

from host_tools.cryoctl.sim import image
from host_tools.cryoctl.sim.board import Board
from host_tools.cryoctl.sim.pace import Pace
from host_tools.cryoctl.sim.panel import action
from host_tools.cryoctl.sim.pty_port import PtyPort
from host_tools.cryoctl.sim.tcp_port import TcpPort
from host_tools.simulator.twin.plant import Plant
from tests.cryoctl.conftest import PATIENCE_S

CHOICE = ("PRES CHRONIC", "LEV 3", "SITE LFOOT-SOLE", "POIN 1", "ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND")
RUN = b"Applicator(board.build()).run()"
RECOVERED = b"""application = Applicator(board.build())
    application.supervisor.session.uptime_s = 300
    application.run()"""


class Treating:
    """The board; link: the tool's port. hand(action): what people do with it; told(command): the operator's line.

    heard: every byte that came to the tool's port.
    """

    def __init__(self, link, path):
        self.link = link
        self.pace = Pace(0)
        self.plant = Plant()
        tcp = TcpPort(("127.0.0.1", 0))
        self.port = PtyPort(link)
        self.heard = bytearray()
        self._read, self.port.read = self.port.read, self._kept
        self._ports = [tcp, self.port]
        self._path = path
        self._acts = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        host, number = tcp.path.removeprefix("socket://").rsplit(":", 1)
        self._socket = socket.create_connection((host, int(number)), PATIENCE_S)
        self._rest = b""

    def _run(self):
        with image.locked(self._path):
            board = Board(self.plant, self._path, self._ports, self.pace)
            board.watch = self._act
            board.run()

    def _act(self):
        while not self._acts.empty():
            self._acts.get()()

    def _kept(self, most):
        data = self._read(most)
        self.heard += data
        return data

    def told(self, command, answer=""):
        """Send a line; return the first line after it that begins with `answer` and is not telemetry."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(4096):  # an answer to the tool under test
                pass
        self._rest = b""
        self._socket.settimeout(PATIENCE_S)
        self._socket.sendall(command.encode() + b"\n")
        give_up = time.monotonic() + PATIENCE_S
        while True:
            line = self._line()
            assert time.monotonic() < give_up, f"{command}: no {answer}, at last {line}"
            if not line.startswith("{") and line.startswith(answer):
                return line

    def _line(self):
        while b"\n" not in self._rest:
            self._rest += self._socket.recv(4096)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().strip()

    def state(self):
        """Return the answer to STAT?."""
        return dict(part.split("=", 1) for part in self.told("STAT?", "STATE=").split(";"))

    def wait(self, wanted):
        """Wait until wanted(state) of STAT?, and return it."""
        give_up = time.monotonic() + PATIENCE_S
        while not wanted(state := self.state()):
            assert time.monotonic() < give_up, state
            time.sleep(0.02)
        return state

    def run_until(self, virtual_s):
        """Let time run as fast as possible until then."""
        self.speed(0)
        while self.plant.now_us < virtual_s * 1e6:
            time.sleep(0.02)

    def speed(self, speed):
        """Set the speed from now on."""
        self.pace.speed = speed
        self.pace._wall, self.pace._us = time.monotonic(), self.plant.now_us

    def let_pass(self, virtual_s):
        """Let so much time pass, as fast as possible."""
        self.run_until(self.plant.now_us / 1e6 + virtual_s)

    def hand(self, text):
        """Do one line of a script between two exchanges: within an exchange the plant has moved on only partly."""
        done = threading.Event()
        self._acts.put(action(self.plant, text))
        self._acts.put(done.set)
        assert done.wait(PATIENCE_S), f"the board stands still before: {text}"

    def acknowledge(self):
        """Acknowledge the fault, and wait for STANDBY."""
        give_up = time.monotonic() + PATIENCE_S
        while (answer := self.told("FAULT:ACK")) != "OK":
            assert time.monotonic() < give_up, answer
            time.sleep(0.02)
        self.wait(lambda state: state["STATE"] == "STANDBY")

    def choose(self):
        """Choose and attest."""
        self.wait(lambda state: state["STATE"] == "STANDBY")
        for word in CHOICE:
            self.told(f"TREAT:{word}", "OK")

    def arm(self):
        """Arm, and wait until a press may start a pass."""
        number = self.told("ARM:REQ", "READY").split()[1].rstrip(";")
        self.told(f"ARM:CONF {number}", "ARMED")
        self.wait(lambda state: state["BLOCKERS"] == "NONE")

    def press(self):
        """Press the trigger, and wait for the first burst."""
        self.hand("trigger press")
        return self.wait(lambda state: int(state["BURSTS"]) > 0)

    def end(self):
        """Switch off."""
        self.speed(0)
        self.plant.power_off = True
        self._thread.join(PATIENCE_S)
        for port in self._ports:
            with contextlib.suppress(OSError):
                port.close()
        self._socket.close()


@contextlib.contextmanager
def board(packed, folder, files=None):
    """A context in which a virtual board runs, with the application and `files` (path -> bytes).

    Its clock says that it has been on for 300 s: every point has recovered. A real wait would take 13 s.
    """
    path = folder / "treating.img"
    shutil.copy(packed, path)
    main = image.read(path)["main.py"]
    assert main.count(RUN) == 1, main
    image.write(path, {"main.py": main.replace(RUN, RECOVERED), **(files or {})})
    made = Treating(folder / "treating", path)
    try:
        yield made
    finally:
        made.end()
