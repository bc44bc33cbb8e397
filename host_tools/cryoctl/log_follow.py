"""Follows the device's log while it grows, until it must stop. It cannot disturb a treatment.

Only plain lines are sent, so no tool's session begins, whose silence would disarm. While anything is armed the state
alone is asked for, every two seconds, which loads no module; the log is asked for in between treatments.
"""

import threading
import time
from collections.abc import Callable, Iterator

from host_tools.cryoctl import log, names, wire
from host_tools.cryoctl.device import PROMPT, Device, look
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.problems import NoDevice, Problem, Refused, Silent

TURN_S = 2.0  # between two looks: a module may be loaded for each, which takes under 1 s on an RP2040 [E]
ANSWER_S = 5.0
# So long nothing may be answered: a restart, with self-tests and a slow bridge; a pass, at whose end the device answers
# what it had no memory for, with room for the longest [E].
SILENT_S, SILENT_BUSY_S = 20.0, 120.0
WAITING = 8  # records wait in the device while it is armed, at most
READS = ("STANDBY", "COMPLETE", "FAULT", "SERVICE")  # there the log may be asked for
_NOT_NOW = -221
_RESET = "reset the board; `cryoctl flash` brings an application that does not start up to date"
_TALK = "look with `cryoctl devices`: it tells what is there"


class Follower:
    """Follows one device's log.

    since    the number above which records are new; None: the newest that is there when it begins. Where the device is
             armed by then, what it records at the end cannot be told from older ones: the newest WAITING are given.
    say      is told what goes on, in sentences
    begins   is told the newest number in the log, once it is known
    """

    def __init__(
        self,
        device: Device,
        since: int | None,
        stop: threading.Event,
        say: Callable[[str], None],
        begins: Callable[[int], None] = lambda last: None,
    ):
        self._device = device
        self._next = None if since is None else since + 1
        self._stop = stop
        self._say = say
        self._begins: Callable[[int], None] | None = begins
        self._state = ""
        self._missed = False  # armed before the log was read for the first time
        self._held = 0
        self._holds: Callable[[Record | None], None] = lambda record: None

    def compares(self, number: int, holds: Callable[[Record | None], None]) -> None:
        """Before any record is given, give `holds` the device's record of that number; None where it has none."""
        self._held, self._holds = number, holds

    def records(self) -> Iterator[Record | None]:
        """Yield records as the device has them, None when that is all for now. Raises NoDevice, Refused, Problem."""
        while not self._stop.is_set():
            try:
                self._look()
                if self._state in READS:
                    yield from self._new()
                    yield None
            except Refused as refused:  # armed since it was asked
                if refused.number != _NOT_NOW:
                    raise
            self._stop.wait(TURN_S)

    def _look(self):
        state = wire.fields(self._ask("STAT?", lambda text: "STATE" in wire.fields(text)))["STATE"]
        if state in names.BUSY and self._state not in names.BUSY:
            self._say(f"the device is {state}: its log is asked for when the treatment has ended")
            self._missed = self._missed or self._begins is not None
        self._state = state

    def _new(self):
        if self._begins:
            found = wire.fields(self._ask("LOG:COUN?", lambda text: "LAST" in wire.fields(text)))
            first, last = (0 if found[key] == "NONE" else int(found[key]) for key in ("FIRST", "LAST"))
            held = self._record(self._held) if first <= self._held <= last else None
            begins, self._begins = self._begins, None
            begins(last)
            self._holds(held if held and held.number == self._held else None)
            if self._next is None:
                self._next = max(first, last + 1 - WAITING) if self._missed else last + 1
        while not self._stop.is_set():
            number = self._next or 1
            record = self._record(number)
            if record is None:
                return
            if record.number < number:
                continue  # the answer to an older question
            self._next = record.number + 1
            if record.number > number:
                self._say(f"numbers {number} to {record.number - 1} are not in the log: damaged, or dropped")
            yield record

    def _record(self, number):
        """Return what answers LOG? with that number, as a rule the first record from it on; None for none."""
        answer = self._ask(f"LOG? {number}", lambda text: text == "NONE" or text.startswith("NO="))
        return None if answer == "NONE" else log.decoded(answer, self._device.identity.serial)

    def _ask(self, command, fits):
        """Return an answer that fits its question. Others are somebody else's, unless none comes that does."""
        port = self._device.port
        until = time.monotonic() + (SILENT_BUSY_S if self._state in names.BUSY else SILENT_S)
        other = ""

        def may_be(text):
            nonlocal other
            if fits(text) or text.startswith(f"ERROR {_NOT_NOW} "):
                return True
            other = text
            return False

        while True:
            self._device.received()  # what came meanwhile is no answer
            try:
                return self._device.ask(command, ANSWER_S, may_be)
            except Silent:
                if other:
                    wire.accepted(other)
                    if look(port)[0] == PROMPT:
                        raise NoDevice(
                            f"{port.name}: the application has ended, MicroPython is there", _RESET
                        ) from None
                if time.monotonic() > until or self._stop.is_set():
                    if other:
                        said = f"{port.name}: the answer to {command.split()[0]} is not understood: {other[:60]!r}"
                        raise Problem(said, _TALK) from None
                    raise
