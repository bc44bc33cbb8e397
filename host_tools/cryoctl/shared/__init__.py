"""One program owns a port. Others reach the device through it, by a socket that only the same user may open."""

import contextlib
import hashlib
import os
import socket
from pathlib import Path

from platformdirs import user_data_path

ASK_TO_WRITE = b"#write"  # a client's first line; its other lines are for the device


def place(port: str) -> Path:
    """Return the socket's path for a shared port."""
    name = hashlib.sha256(os.path.realpath(port).encode()).hexdigest()[:16]
    return user_data_path("cryo", appauthor=False) / "shared" / f"{name}.sock"


def joined(port: str) -> socket.socket | None:
    """Return a connection to the program that shares a port; None: no program does. A dead program's socket is removed.

    Raises OSError when the program is there but accepts no connection.
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
    """A shared port with the methods of a pyserial port that host_tools/cryoctl/port.py uses."""

    def __init__(self, link: socket.socket, timeout: float):
        self._link = link
        self.timeout = timeout
        self.in_waiting = 4096

    def read(self, size: int) -> bytes:
        """Return what has come, and wait for it a moment. Raises OSError when the other end is gone."""
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
