"""A serial port, or a virtual board's socket: lines in, lines out, and one kind of error when it is lost."""

import contextlib
import re
import time
from typing import Any

import serial

from host_tools.cryoctl import found, shared
from host_tools.cryoctl.holders import holders
from host_tools.cryoctl.problems import NoDevice

BAUD = 115_200
SOCKET = "socket://"
_LINE_MAX = 4096  # for a device that sends no line end
_LOOK_S = 0.05
_ALONE_S = 2.0  # for this time a program that has just ended, or starts another one, may still seem to have the port


class Port:
    """An open port that no other process uses.

    name         /dev/ttyACM0, COM3, the link of a virtual board, or socket://HOST:PORT
    usb_serial   of its board, to find the board again; empty if it has none
    This and every method raise NoDevice when the port cannot be opened or is gone.
    """

    def __init__(self, name: str, baud: int = BAUD):
        self.name = name
        self.baud = baud
        self._rest = b""
        self._last_look: float | None = None  # after this time it has looked once
        self._open()
        self.usb_serial = "" if name.startswith(SOCKET) else found.usb_serial(name)

    def _open(self):
        address = re.fullmatch(r".+:([0-9]{1,5})", self.name.removeprefix(SOCKET))
        if self.name.startswith(SOCKET) and (not address or int(address[1]) > 65_535):
            raise NoDevice(f"{self.name} is not an address", "write it as socket://HOST:PORT")
        self._serial: Any = self._shared()
        if self._serial:
            return
        try:
            port = serial.serial_for_url(self.name, self.baud, do_not_open=True, timeout=_LOOK_S, write_timeout=5)
            if "://" not in self.name:
                port.exclusive = True
            port.open()
            self._serial = port
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise NoDevice(*_why(self.name, error)) from None
        self._alone()

    def _shared(self):
        """Return the connection to a program that shares this port (`cryoctl console`); None: no program does."""
        try:
            link = shared.joined(self.name)
        except OSError as error:
            raise NoDevice(
                f"{self.name} is shared by a program that does not answer ({error})", "end that program"
            ) from None
        return shared.Joined(link, _LOOK_S) if link else None

    @property
    def shares(self) -> bool:
        """True when another program owns the port, and this one reaches the device through it."""
        return isinstance(self._serial, shared.Joined)

    def fileno(self) -> int:
        """Return the descriptor to wait on for input."""
        return self._serial.fileno()

    def _alone(self):
        """Raise NoDevice when another program has the port open, too: each would get a part of the answers."""
        until = time.monotonic() + _ALONE_S
        while others := holders([] if "://" in self.name else [self.name]):
            if time.monotonic() >= until:
                self.close()
                raise NoDevice(
                    f"{self.name} is in use by {', '.join(map(str, others))}", "close that program, then try again"
                )
            time.sleep(_LOOK_S)

    def reopen(self) -> None:
        """Open it again after its board restarted; the port may have another name now."""
        self.close()
        self.name = found.where_now(self.name, self.usb_serial)
        self._rest = b""
        self._open()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close it; a port that is gone is closed already."""
        with contextlib.suppress(OSError):
            self._serial.close()

    def write(self, data: bytes) -> None:
        """Send."""
        try:
            self._serial.write(data)
        except (OSError, TypeError) as error:  # pyserial raises TypeError when the port was closed meanwhile
            raise self._gone(error) from None

    def read(self) -> bytes:
        """Return what has come, and wait for it a moment."""
        try:
            return self._serial.read(self._serial.in_waiting or 1)
        except (OSError, TypeError) as error:
            raise self._gone(error) from None

    @contextlib.contextmanager
    def lent(self, timeout_s: float):
        """A context: yield the open pyserial port to a library that talks on it itself; a lost port raises NoDevice."""
        self._rest = b""
        before, self._serial.timeout = self._serial.timeout, timeout_s
        try:
            yield self._serial
        except OSError as error:
            raise self._gone(error) from None
        finally:
            with contextlib.suppress(OSError):
                self._serial.timeout = before

    def line(self, until: float) -> bytes | None:
        """Return the next line without its end; None when no line comes until that time (time.monotonic).

        After that time it reads once more what has come until then. So it also ends on a port that never pauses.
        """
        while True:
            line, end, rest = self._rest.partition(b"\n")
            if end:
                self._rest = rest
                return line.rstrip(b"\r")
            if len(self._rest) > _LINE_MAX:
                self._rest = b""
            late = time.monotonic() >= until
            if late and self._last_look == until:
                return None
            self._last_look = until if late else None
            self._rest += self.read()

    def taken_back(self) -> bytes:
        """Return the received part of an incomplete line, and forget it."""
        rest, self._rest = self._rest, b""
        return rest

    def _gone(self, error):
        return NoDevice(
            f"{self.name} is gone ({error})", "plug the board in again; `cryoctl devices` shows where it is now"
        )


def _why(name, error):
    number = getattr(error, "errno", None)
    text = str(error)
    if number in (13, 1) or "PermissionError" in text or "Access is denied" in text:
        return (
            f"{name}: no permission, or another program has it",
            "close that program, or get permission: `cryoctl doctor` says how",
        )
    if number in (11, 16) or "exclusively lock" in text or "busy" in text.lower():
        return (
            f"{name} is in use by another program",
            "close that program (a terminal, another cryoctl), then try again",
        )
    if number == 2 or "FileNotFoundError" in text or "No such file" in text:
        return f"there is no port {name}", "`cryoctl devices` lists the ports"
    return f"{name} cannot be opened ({text})", "`cryoctl doctor` looks for the cause"
