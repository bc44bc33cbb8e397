"""Passes lines between a device and all users of its port: one command at a time, each answer to the user who asked.

No input or output here: lines and the time are arguments. host_tools/cryoctl/shared/server.py has port and sockets.

A client may only ask, unless it got the right to write. Its wrapped lines (wire.py) go to the device as plain lines,
and their answers come back wrapped. So the device gets wrapped lines from only one client, the one that leads a
tool's session: when that client stops sending, the device hears no tool, whatever the others ask, and disarms. The
lines of that client get new numbers, because two tools, one after the other, may use the same numbers.
"""

import importlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.shared import ASK_TO_WRITE

ANSWER_S = 3.0  # as device.ANSWER_S: the slowest answer takes under 1 s on an RP2040 [E]
QUIET_S = 0.3  # [E] after the last line of an answer of several lines
WAITING_MAX = 64  # lines of one client
READ_ONLY = "REFUSED read-only: another program shares this port; end it, or start with --write"
TAKEN = "REFUSED another program writes to this device: end it first"
_EMPTIES = ("SYST:ERR?", "*ESR?")  # questions that remove something from the device
_PERIOD = re.compile(r"STRM +(?:(\d+) *(?:MS)?|OFF)")
_heard = importlib.import_module("cryo.console.heard")


@dataclass(eq=False)
class Client:
    """A user of the port. deliver: gets a line without its end. local: the owner itself; it may write."""

    deliver: Callable[[bytes], None]
    local: bool = False
    writes: bool = False
    period_ms: int | None = None  # of telemetry, if it asked for telemetry
    waiting: deque = field(default_factory=deque)  # (number or None, command)
    last: tuple[int, str, int] | None = None  # its last wrapped line: number, command, the number that the device got


@dataclass
class _Asked:
    """A line that waits for its answer. number: the client's; own: the device's; until: when the wait ends."""

    client: Client | None
    number: int | None
    own: int | None
    command: str
    until: float
    many: bool = False
    lines: list[str] = field(default_factory=list)
    then: Callable[[str], None] = lambda text: None


class Hub:
    """write: sends a line, with its end, to the device."""

    def __init__(self, write: Callable[[bytes], None]):
        self._write = write
        self.clients: list[Client] = []
        self.leads: Client | None = None  # the client whose wrapped lines stay wrapped
        self.human = False  # the owner set FORM:HUM
        self._period_ms: int | None = None  # of the device's telemetry
        self._asked: deque[_Asked] = deque()
        self._number = 0
        self._now = 0.0

    # --- clients ------------------------------------------------------------------------------------------------------
    def join(self, client: Client) -> None:
        """Add a client."""
        self.clients.append(client)

    def leave(self, client: Client, now: float) -> None:
        """Remove a client. Its tool's session ends, except while the device is armed: then the silence disarms it."""
        self._now = now
        self.clients.remove(client)
        for asked in self._asked:
            if asked.client is client:
                asked.client = None
        if client.period_ms is not None:
            self._stream_as_wanted()
        if self.leads is client:
            self.leads = None
            self._ask(None, None, "STAT?", then=self._end_session)

    def _end_session(self, text):
        if wire.fields(text).get("STATE", "ARMED") not in names.BUSY and self.leads is None:
            self._ask(None, None, "SYST:LOC")

    def heard(self, client: Client, line: bytes, now: float) -> None:
        """Take a line of a client."""
        self._now = now
        line = line.replace(b"\b", b"").strip()
        if not line:
            return
        if line == ASK_TO_WRITE:
            free = client.local or not any(one.writes for one in self.clients if one is not client and not one.local)
            client.writes = client.writes or free
            client.deliver(b"OK" if free else TAKEN.encode())
            return
        number, command = None, line.decode("ascii", "replace")
        if command.startswith("@"):
            found = wire.unwrapped(line)
            if found is None:
                client.deliver(b"ERROR 201 the line's check sum is wrong: nothing was done, send it again")
                return
            number, command = found
        if _stops(command):  # it does not wait for other lines
            self._start(client, number, command)
            return
        if len(client.waiting) >= WAITING_MAX:
            self._reply(client, number, "ERROR -363 too many lines wait for their answers")
            return
        client.waiting.append((number, command))
        self._go_on()

    # --- the device ---------------------------------------------------------------------------------------------------
    def came(self, line: bytes, now: float) -> None:
        """Take a line of the device."""
        self._now = now
        if line.startswith(b"{") and wire.telemetry(line) is not None:
            for client in self.clients:
                if client.period_ms is not None:
                    client.deliver(line)
            return
        asked = self._asked[0] if self._asked else None
        text = line.decode("ascii", "replace").strip()
        if asked is None or not text:
            self._unasked(line)
            return
        if asked.own is not None:
            answer = wire.unwrapped(line)
            if answer and answer[0] == asked.own:
                self._answered(asked, answer[1])
            elif line.startswith((b"ERROR 201 ", b"ERROR 203 ")):
                self._asked.popleft()
                if asked.client:
                    asked.client.deliver(line)
            else:
                self._unasked(line)
        elif text == asked.command:
            return  # its echo
        elif asked.many:
            asked.lines.append(text)
            asked.until = now + QUIET_S
            if asked.client and asked.number is None:
                asked.client.deliver(line)
        else:
            self._answered(asked, text)
        self._go_on()

    def tick(self, now: float) -> float:
        """Drop lines that are not answered in time; return when to call this again."""
        self._now = now
        while self._asked and now >= self._asked[0].until:
            asked = self._asked.popleft()
            if asked.many and asked.client and asked.number is not None:
                self._reply(asked.client, asked.number, " | ".join(asked.lines))
        self._go_on()
        return self._asked[0].until if self._asked else now + 1.0

    def _unasked(self, line):
        for client in self.clients:
            if client.local:
                client.deliver(line)

    # --- one command after the other ----------------------------------------------------------------------------------
    def _go_on(self):
        while not self._asked:
            client = next((one for one in self.clients if one.waiting), None)
            if client is None:
                return
            self.clients.remove(client)  # at the end of the queue: each client has its turn
            self.clients.append(client)
            self._start(client, *client.waiting.popleft())

    def _start(self, client, number, command):
        may = client.local or client.writes
        word = command.upper().removeprefix(":")
        if found := _PERIOD.fullmatch(word):
            self._stream(client, number, int(found[1]) if found[1] else None)
        elif word == "STRM?":
            self._reply(client, number, f"{client.period_ms} ms" if client.period_ms else "OFF")
        elif word in ("SYST:LOC", "SYSTEM:LOCAL") and client is not self.leads and not client.local:
            self._reply(client, number, "OK")  # it leads no session
        elif word == "FORM:MACH" and not client.local:
            self._reply(client, number, "OK")  # so it always gets an answer
        elif not may and not _only_asks(command):
            self._reply(client, number, READ_ONLY)
        elif number is not None and may and self.leads not in (None, client) and not _stops(command):
            self._reply(client, number, TAKEN)
        elif number is not None and may and self.leads in (None, client):
            self.leads = client
            self._ask(client, number, command, own=self._renumbered(client, number, command))
        elif self.human and not client.local:
            self._ask(None, None, "FORM:MACH")
            self._ask(client, number, command)
            self._ask(None, None, "FORM:HUM")
        else:
            human = {"FORM:HUM": True, "FORM:MACH": False}.get(word) if client.local else None
            self._ask(client, number, command, then=lambda text: self._became(human, text))

    def _renumbered(self, client, number, command):
        """Return the number that the device gets. A repeated line keeps its number; 0 begins a session."""
        if number and client.last and client.last[:2] == (number, command):
            return client.last[2]
        own = (self._number or 1) if number else 0
        self._number = own % (wire.NUMBERS - 1) + 1
        client.last = (number, command, own)
        return own

    def _became(self, human, text):
        if human is not None and not text.startswith("ERROR"):
            self.human = human

    def _ask(self, client, number, command, own=None, then=lambda text: None):
        many = own is None and (";" in command or command.upper().split()[0] == "HELP")
        self._asked.append(_Asked(client, number, own, command, self._now + ANSWER_S, many, then=then))
        self._write((_framed(own, command) if own is not None else command.encode("ascii", "replace")) + b"\n")

    def _answered(self, asked, text):
        self._asked.popleft()
        asked.then(text)
        if asked.client:
            self._reply(asked.client, asked.number, text)

    def _reply(self, client, number, text):
        client.deliver(text.encode("ascii", "replace") if number is None else _framed(number, text))

    # --- telemetry ----------------------------------------------------------------------------------------------------
    def _stream(self, client, number, period_ms):
        """Set a client's telemetry. The device sends as often as the client that wants it most often."""

        def answered(text):
            if text == "OK":
                client.period_ms, self._period_ms = period_ms, shortest

        wanted = [one.period_ms for one in self.clients if one is not client and one.period_ms]
        wanted += [period_ms] if period_ms else []
        shortest = min(wanted) if wanted else None
        if shortest == self._period_ms and (shortest is not None or not client.local):
            client.period_ms = period_ms
            self._reply(client, number, "OK")
        else:
            self._ask(client, number, f"STRM {shortest} ms" if shortest else "STRM OFF", then=answered)

    def _stream_as_wanted(self):
        wanted = [one.period_ms for one in self.clients if one.period_ms]
        shortest = min(wanted) if wanted else None
        if shortest != self._period_ms:
            self._period_ms = shortest
            self._ask(None, None, f"STRM {shortest} ms" if shortest else "STRM OFF")


def _framed(number, text):
    body = f"@{number} {text}".encode("ascii", "replace")
    return body + b" *%04X" % wire.crc(body)


def _stops(command):
    data = command.encode("ascii", "replace")
    return bool(_heard.bare(data, 0, len(data)))


def _only_asks(command):
    """Return whether all parts of a line are STOP, or questions that change nothing."""
    parts = [part.strip().upper().removeprefix(":") for part in command.split(";")]
    return all(
        _stops(part)
        or part.split(" ")[0] == "HELP"
        or (part.split(" ")[0].endswith("?") and not _empties(part.split(" ")[0]))
        for part in parts
    )


def _empties(word):
    return word.replace("SYSTEM", "SYST").replace("ERROR", "ERR") in _EMPTIES or word in ("ERR?", "ERROR?")
