"""A TCP socket as the board's serial port: one client at a time, bytes as they are."""

import contextlib
import re
import socket

from host_tools.cryoctl.sim import SimError


def address(text: str) -> tuple[str, int]:
    """Return (host, port) of HOST:PORT. Raises SimError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:
        raise SimError(f"--tcp {text}: give HOST:PORT, such as 127.0.0.1:4000 (port 0: any free port)")
    return host.strip("[]"), int(port)


class TcpPort:
    """Listens on (host, port). Raises SimError when that is not possible."""

    def __init__(self, where: tuple[str, int]):
        try:
            self._server = socket.create_server(where, family=_family(where[0]))
        except OSError as error:
            raise SimError(f"--tcp {where[0]}:{where[1]}: {error.strerror or error}") from None
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        self.path = "{}:{}".format(*self._server.getsockname()[:2])

    @property
    def connected(self):
        """See Port."""
        return self._client is not None

    def poll(self):
        """See Port. A second client waits until the first has left."""
        if self._client is None:
            with contextlib.suppress(OSError):
                self._client, _ = self._server.accept()
                self._client.setblocking(False)
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fd(self):
        """See Port."""
        return (self._client or self._server).fileno()

    def read(self, most):
        """See Port."""
        if self._client is None or not most:
            return b""
        try:
            data = self._client.recv(most)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._leave()
        return data

    def write(self, data):
        """See Port."""
        if self._client is None:
            return len(data)
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._leave()
            return len(data)

    def close(self):
        """See Port."""
        self._leave()
        self._server.close()

    def _leave(self):
        if self._client is not None:
            self._client.close()
            self._client = None


def _family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET
