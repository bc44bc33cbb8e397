"""A connection to the hub (host_tools/cryoctl/shared): lines out, lines in, for a user who waits for an answer."""

import contextlib
import socket
import time

from host_tools.cryoctl.problems import NoDevice
from host_tools.cryoctl.shared.hub import ANSWER_S, QUIET_S

LATE_S = 1.0  # more than the time limit of the device's own answers, for the way to the device


class Link:
    """One connection. Each method raises NoDevice when the other end is gone."""

    def __init__(self, sock: socket.socket, name: str):
        self._sock = sock
        self._name = name
        self._rest = b""

    def write(self, text: str) -> None:
        """Send a line."""
        try:
            self._sock.settimeout(5)
            self._sock.sendall(text.encode("ascii", "replace") + b"\n")
        except OSError:
            raise self._gone() from None

    def line(self, patience_s: float | None) -> str | None:
        """Return the next line; None when no line comes in time. Without a time limit (None) it waits for ever."""
        until = None if patience_s is None else time.monotonic() + patience_s
        while b"\n" not in self._rest:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return None
            try:
                self._sock.settimeout(left)
                data = self._sock.recv(4096)
            except TimeoutError:
                return None
            except OSError:
                raise self._gone() from None
            if not data:
                raise self._gone()
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("ascii", "replace")

    def ask(self, command: str) -> str:
        """Return the answer to one command; "" when no answer comes."""
        self.write(command)
        return self.line(ANSWER_S + LATE_S) or ""

    def asked(self, command: str) -> list[str]:
        """Return all lines of an answer; HELP, and several commands in one line, have more than one."""
        out = [line for line in [self.ask(command)] if line]
        if ";" in command or command.upper().split()[:1] == ["HELP"]:
            while (line := self.line(2 * QUIET_S)) is not None:
                out.append(line)
        return out

    def close(self) -> None:
        """End the connection. A call that waits for a line on it ends, too."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _gone(self):
        return NoDevice(f"{self._name} is gone", "plug the board in again; `cryoctl devices` shows where it is now")
