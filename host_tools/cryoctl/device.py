"""A board on a port: finds out what runs there, and talks to the application's console.

Nothing here sends Ctrl-C or Ctrl-D. One question, which the application and MicroPython both understand, shows which of
them runs.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused, Silent
from host_tools.cryoctl.shown import clean

ANSWER_S = 3.0  # the slowest answer, for which an RP2040 loads a topic first, takes under 1 s [E]
TRIES = 3
KEEP_S = (
    10.0  # between two signs of life of a tool that waits: after 60 s without one, its session and service mode end
)
APPLICATION = "application"
PROMPT = "prompt"  # MicroPython's prompt: the application does not run
SILENT = "silent"
_KEEP_VIRTUAL_S = 1.0  # for a virtual board, whose clock may be faster (--speed)
MAKER = "CO2 cryotherapy applicator"
_SENTENCE = "The applicator is "  # STAT? begins so after FORM:HUM; not while armed: then answers are fields
# Empties the console's line: Ctrl-U, if echo is on. Without echo, the device refuses a line with such a character.
FORGET_LINE = b"\x15\n"


@dataclass(frozen=True)
class Identity:
    """The answer to *IDN?. serial is "unprovisioned" on a board without settings."""

    board: str
    serial: str
    version: str


def identity(text: str) -> Identity | None:
    """Return the identity in an answer to *IDN?; None for another instrument, or for another text."""
    parts = text.strip().split(",")
    return Identity(*parts[1:]) if len(parts) == 4 and parts[0] == MAKER else None


def look(port: Port, patience_s: float = ANSWER_S) -> tuple[str, Identity | None]:
    """Return what runs on a port: APPLICATION with its identity, PROMPT, or SILENT.

    It is harmless in any state of the device: it drops a half-typed line, then sends a question.
    """
    port.write(FORGET_LINE + b"*IDN?\n")
    until = time.monotonic() + patience_s
    while (line := port.line(until)) is not None:
        found = identity(clean(line.decode("ascii", "replace")))
        if found:
            return APPLICATION, found
        if b">>>" in line or b"SyntaxError" in line:
            return PROMPT, None
        if b"raw REPL" in line:
            return PROMPT, None
    rest = port.taken_back()
    return (PROMPT if rest.endswith((b">>> ", b">")) else SILENT), None


class Device:
    """The application's console on an open port.

    ask(command) sends a plain line: a question, or a command that anybody may type. tell(command) adds a number and a
    check sum, in a tool's session; close() ends the session. Telemetry that the device sends meanwhile is kept for
    received().
    """

    def __init__(self, port: Port):
        self.port = port
        self.repeated = 0  # number of lines that were sent again because their answer was lost
        self.ended = False  # the application was left for MicroPython's prompt
        self.sentences = False  # somebody had set FORM:HUM: put_back() sets it again
        self._number = 0  # of the next wrapped line; 0: no session has begun
        self._told_s = 0.0
        self._telemetry: list[dict] = []
        self.armed = False  # according to the last STAT?
        try:
            self.identity = self._met()
        except Problem:
            port.close()
            raise

    def _met(self):
        port = self.port
        found, identity = look(port)
        if found == PROMPT:
            raise NoDevice(
                f"{port.name}: MicroPython's prompt answers, not the application",
                "install it with `cryoctl flash`; after SERV:REPL reset the board",
            )
        if identity is None:
            raise NoDevice(
                f"{port.name} does not answer",
                "check that it is an applicator; press its reset button, or look with `cryoctl doctor`",
            )
        return identity

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Leave the device as it was found, and close the port."""
        try:
            self.put_back()
        finally:
            self.port.close()

    def put_back(self) -> None:
        """End the tool's session, if there is one. Set answers back to sentences, unless the device is armed now."""
        if self.ended:
            return
        with contextlib.suppress(Problem):
            if self._number:
                self._number = 0
                self.port.write(b"SYST:LOC\n")
            if self.sentences:
                self.ask("STAT?", fits=lambda text: "STATE" in wire.fields(text))
                if not self.armed:
                    self.port.write(b"FORM:HUM\n")
                    self.sentences = False

    def ask(self, command: str, patience_s: float = ANSWER_S, fits: Callable[[str], bool] = lambda text: True) -> str:
        """Return the answer to a plain line. Raises Refused, NoDevice; Silent when no answer comes in time.

        fits    returns whether a line may be the answer: on a shared console, all users get all answers

        If the state comes as a sentence, ask() asks again for fields: otherwise a person's FORM:HUM would hide a fault.
        """
        if command != "STAT?":
            return self._asked(command, patience_s, fits)
        said = self._asked(command, patience_s, lambda text: text.startswith(_SENTENCE) or fits(text))
        if said.startswith(_SENTENCE):
            self._asked("FORM:MACH", patience_s, lambda text: text == "OK" or text.startswith("ERROR "))
            self.sentences = True
            said = self._asked(command, patience_s, fits)
        self.armed = wire.fields(said).get("STATE") in names.BUSY
        return said

    def _asked(self, command, patience_s, fits):
        self.port.write(command.encode("ascii") + b"\n")
        until = time.monotonic() + patience_s
        while (line := self._line(until)) is not None:
            text = clean(line.decode("ascii", "replace").strip())
            late = wire.unwrapped(line) or (
                identity(text) and command != "*IDN?"
            )  # a late answer to an earlier question
            if text and text != command and not late and fits(text):  # else its echo, or another's
                return wire.accepted(text)
        raise Silent(f"{self.port.name} did not answer {command.split()[0]}", "look with `cryoctl doctor`")

    def tell(self, command: str, patience_s: float = ANSWER_S) -> str:
        """Return the answer to a wrapped line, which is sent again while no answer comes. Raises Refused, NoDevice.

        The number makes a repetition harmless: the device executes it once.
        """
        self.begin(patience_s)
        return wire.accepted(self._exchange(self._next(), command, patience_s))

    def begin(self, patience_s: float = ANSWER_S) -> None:
        """Begin a tool's session, if there is none. This ends a service mode that somebody left open.

        The number 0 begins a session. The device never takes it for a repetition, so it is sent once, with a question.
        If no answer comes, the device may not have received it.
        """
        if self._number:
            return
        self._number = 1
        try:
            self._exchange(0, "*OPC?", patience_s, tries=1)
        except Silent:
            if self.state()["STATE"] == "SERVICE":
                self._exchange(self._next(), "SERV:EXIT", patience_s)

    def keep(self) -> None:
        """Send a sign of life when one is due, so that the session stays. Wait for no answer. Raises NoDevice."""
        every_s = _KEEP_VIRTUAL_S if self.identity.board == "virtual" else KEEP_S
        if self._number and time.monotonic() - self._told_s >= every_s:
            self._send(wire.wrapped(self._next(), "*OPC?"))
            now = time.monotonic()
            while self._line(now) is not None:  # the answers before, which nobody waited for
                pass

    def _next(self):
        """Return the next number: behind the last one comes 1, as 0 would begin another session."""
        number = self._number
        self._number = number % (wire.NUMBERS - 1) + 1
        return number

    def _send(self, line):
        self._told_s = time.monotonic()
        self.port.write(line + b"\n")

    def state(self) -> dict[str, str]:
        """Return the fields of STAT?. Raises Refused where there is no state in the answer."""
        fields = wire.fields(self.ask("STAT?"))
        if "STATE" not in fields:
            raise Refused("the device does not tell its state", "`cryoctl devices` shows what is there")
        return fields

    def unarmed(self) -> str:
        """Return the state. Raises Refused when the device is armed or treating: then a tool must not disturb it."""
        state = self.state()["STATE"]
        if state in names.BUSY:
            raise Refused(
                f"the device is {state}: nothing was done",
                "end the treatment (STOP, or the emergency stop), then try again",
            )
        return state

    def received(self, wait_s: float = 0.0) -> list[dict]:
        """Return the telemetry that came; wait up to `wait_s` for a first line."""
        until = time.monotonic() + wait_s
        while not self._telemetry and self._line(until, one=True) is not None:
            pass
        out, self._telemetry = self._telemetry, []
        return out

    def _exchange(self, number, command, patience_s, tries=TRIES):
        line = wire.wrapped(number, command)
        for attempt in range(tries):
            self.repeated += attempt > 0
            self._send(line)
            until = time.monotonic() + patience_s
            while (said := self._line(until)) is not None:
                answer = wire.unwrapped(said) if said != line else None
                if answer and answer[0] == number:
                    return answer[1]
                if said.startswith((b"ERROR 201 ", b"ERROR 203 ")):
                    break  # the line arrived damaged
        raise Silent(
            f"{self.port.name} did not answer {command.split()[0]}, asked {tries} times", "look with `cryoctl doctor`"
        )

    def _line(self, until, one=False):
        """Return the next line that is not telemetry; with `one`, any line."""
        while (line := self.port.line(until)) is not None:
            values = wire.telemetry(line) if line.startswith(b"{") else None
            if values is not None:
                self._telemetry.append(values)
            if values is None or one:
                return line
        return None
