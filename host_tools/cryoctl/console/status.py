"""What the status line says: asked on a connection of its own, once a second at most.

Not in service mode: there each line counts as a person's, and keeps the mode open. It is asked behind what is typed.
"""

import threading
from collections.abc import Callable

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.console import words
from host_tools.cryoctl.console.link import Link
from host_tools.cryoctl.device import Identity, identity
from host_tools.cryoctl.problems import NoDevice

TURN_S = 1.0
SERVICE = "SERVICE"


class Status:
    """Asks in a thread."""

    def __init__(self, link: Link):
        self.who: Identity | None = None
        self.state = ""
        self.words: list[words.Word] = []
        self._fields: dict[str, str] = {}
        self._skin = ""
        self._link = link
        self._changed: Callable[[], None] = lambda: None
        self._gone: Callable[[NoDevice], None] = lambda problem: None
        self._wanted = threading.Event()
        self._left = 0  # turns behind what was typed last: the first may come before it
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def call(self, changed: Callable[[], None], gone: Callable[[NoDevice], None]) -> None:
        """Name what is called behind each answer, and what is when the device has gone."""
        self._changed, self._gone = changed, gone

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ends = True
        self._wanted.set()
        self._link.close()
        if self._thread.is_alive():
            self._thread.join()

    def typed(self) -> None:
        """Somebody typed: what it is now is asked soon."""
        self._left = 2
        self._wanted.set()

    def text(self) -> str:
        """Return the line."""
        if not self.state:
            return "waiting for the device"
        parts = [f"{self.who.board} {self.who.serial}" if self.who else "", self.state]
        fault = self._fields.get("FAULT", "NONE")
        blockers = self._fields.get("BLOCKERS", "NONE")
        if fault != "NONE":
            parts.append(f"fault {fault}: FAULT? says what to do")
        elif blockers != "NONE" and self.state not in names.BUSY:
            parts.append(f"{len(blockers.split(','))} blockers: STAT:WHY? says what to do")
        if self._skin:
            parts.append(f"skin {self._skin}")
        return " | ".join(filter(None, parts))

    def _run(self):
        try:
            turn = 0
            while not self._ends:
                self._wanted.clear()
                self._ask(turn)
                turn += 1
                self._changed()
                self._left -= 1
                self._wanted.wait(None if self.state == SERVICE and self._left <= 0 else TURN_S)
        except NoDevice as problem:
            if not self._ends:
                self._gone(problem)

    def _ask(self, turn):
        if self.who is None:
            self.who = identity(self._link.ask("*IDN?"))
        if turn % 2 == 0 or self.state == SERVICE:
            found = wire.fields(self._link.ask("STAT?"))
            if "STATE" in found:
                self._fields, self.state = found, found["STATE"]
        else:
            skin = wire.fields(self._link.ask("MEAS:TEMP?")).get("SKIN", "").partition(",")[0]
            self._skin = f"{skin} degC" if skin[:1].isdigit() or skin[:1] == "-" else skin
        if not self.words and self.state in ("STANDBY", "COMPLETE", "FAULT"):  # there a module may be loaded
            self.words = words.listed(self._link.ask(words.LIST))
