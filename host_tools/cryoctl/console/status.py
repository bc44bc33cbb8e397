"""The text of the status line. It asks on its own connection, at most once a second.

It does not ask in service mode, where every line counts as a person's and keeps the mode open. Typed lines go first.
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
    """Asks the device, in a thread."""

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
        self._left = 0  # questions after the last typed line: the first of them may be answered before it
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def call(self, changed: Callable[[], None], gone: Callable[[NoDevice], None]) -> None:
        """Set the function that is called after each answer, and the one that is called when the device is gone."""
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
        """A person typed something: ask for the state soon."""
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
        if not self.words and self.state in (
            "STANDBY",
            "COMPLETE",
            "FAULT",
        ):  # in these states the device may load a module
            self.words = words.listed(self._link.ask(words.LIST))
