"""Follows the device's log while it grows, until it is told to stop. It cannot disturb a treatment.

It sends only plain lines, so no tool's session begins whose silence would disarm the device. While the device is armed
it asks only for the state, every two seconds, which loads no module. It asks for the log between treatments.
"""

import threading
import time
from collections.abc import Callable, Iterator

from host_tools.cryoctl import log, names, wire
from host_tools.cryoctl.device import PROMPT, Device, look
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.problems import NoDevice, Problem, Refused, Silent

TURN_S = 2.0  # between two questions: the device may load a module for each, which takes under 1 s on an RP2040 [E]
ANSWER_S = 5.0
# The longest time without an answer: for a restart with self-tests and a slow bridge; for the longest pass, because the
# device answers at its end what it had no memory for before [E].
SILENT_S, SILENT_BUSY_S = 20.0, 120.0
WAITING = 8  # at most so many records wait in the device while it is armed
READS = ("STANDBY", "COMPLETE", "FAULT", "SERVICE")  # in these states the log may be asked for
_NOT_NOW = -221
_RESET = "reset the board; if the application does not start, update it with `cryoctl flash`"
_TALK = "`cryoctl devices` shows what is there"


class Follower:
    """Follows one device's log.

    since    records with higher numbers are new; None: the newest number when it begins. If the device is armed at that
             time, its waiting records look like older ones: then the newest WAITING records are given.
    say      gets sentences about what happens
    begins   gets the newest number in the log, once it is known
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
        self._missed = False  # the device was armed before the log was read for the first time
        self._held = 0
        self._holds: Callable[[Record | None], None] = lambda record: None

    def compares(self, number: int, holds: Callable[[Record | None], None]) -> None:
        """Before the first record, call `holds` with the device's record of that number; None if there is none."""
        self._held, self._holds = number, holds

    def records(self) -> Iterator[Record | None]:
        """Yield records as they come, and None when there are no more for now. Raises NoDevice, Refused, Problem."""
        while not self._stop.is_set():
            try:
                self._look()
                if self._state in READS:
                    yield from self._new()
                    yield None
            except Refused as refused:  # it was armed after the question
                if refused.number != _NOT_NOW:
                    raise
            self._stop.wait(TURN_S)

    def _look(self):
        state = wire.fields(self._ask("STAT?", lambda text: "STATE" in wire.fields(text)))["STATE"]
        if state in names.BUSY and self._state not in names.BUSY:
            self._say(f"the device is {state}: its log is read when the treatment has ended")
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
        """Return the record that answers LOG? with that number, usually the first one from it on; None if none."""
        answer = self._ask(f"LOG? {number}", lambda text: text == "NONE" or text.startswith("NO="))
        return None if answer == "NONE" else log.decoded(answer, self._device.identity.serial)

    def _ask(self, command, fits):
        """Return the answer that fits the question. Others belong to other users, unless no fitting one comes."""
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
            self._device.received()  # telemetry that came meanwhile is not an answer
            try:
                return self._device.ask(command, ANSWER_S, may_be)
            except Silent:
                if other:
                    wire.accepted(other)
                    if look(port)[0] == PROMPT:
                        raise NoDevice(
                            f"{port.name}: the application has ended, and MicroPython's prompt is there", _RESET
                        ) from None
                if time.monotonic() > until or self._stop.is_set():
                    if other:
                        said = f"{port.name}: the answer to {command.split()[0]} is not understood: {other[:60]!r}"
                        raise Problem(said, _TALK) from None
                    raise
