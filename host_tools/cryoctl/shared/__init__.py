"""One program owns a port, and others reach the device through it, by a socket that only the same user may open."""

import contextlib
import hashlib
import os
import socket
from pathlib import Path

from platformdirs import user_data_path

ASK_TO_WRITE = b"#write"  # a client's first line; all others are the device's own


def place(port: str) -> Path:
    """Return where the socket of a port is while it is shared."""
    name = hashlib.sha256(os.path.realpath(port).encode()).hexdigest()[:16]
    return user_data_path("cryo", appauthor=False) / "shared" / f"{name}.sock"


def joined(port: str) -> socket.socket | None:
    """Return a connection to the program that shares a port; None: nobody does. What one left that died is taken away.

    Raises OSError where a program is there and takes no connection.
    """
    path = place(port)
    if "://" in port or not hasattr(socket, "AF_UNIX") or not path.exists():
        return None
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(str(path))
        return link
    except (ConnectionRefusedError, FileNotFoundError):
        link.close()
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    except OSError:
        link.close()
        raise


class Joined:
    """A shared port as pyserial has a port: what host_tools/cryoctl/port.py asks of one."""

    def __init__(self, link: socket.socket, timeout: float):
        self._link = link
        self.timeout = timeout
        self.in_waiting = 4096

    def read(self, size: int) -> bytes:
        """Return what is there, waiting for it a moment. Raises OSError when the other end has gone."""
        self._link.settimeout(self.timeout)
        try:
            data = self._link.recv(size)
        except TimeoutError:
            return b""
        if not data:
            raise OSError("the program that shared it has ended")
        return data

    def write(self, data: bytes) -> None:
        """Send."""
        self._link.settimeout(5)
        self._link.sendall(data)

    def fileno(self) -> int:
        """Return the socket's number."""
        return self._link.fileno()

    def close(self) -> None:
        """End the connection."""
        self._link.close()
