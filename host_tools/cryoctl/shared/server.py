"""Serves the other users of an owned port, on a socket, until the owner's console ends."""

import contextlib
import os
import selectors
import socket
import threading
import time
from pathlib import Path

from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem
from host_tools.cryoctl.shared import place
from host_tools.cryoctl.shared.hub import Client, Hub

_LINE_MAX = 4096  # of a client that sends no line end
_UNSENT_MAX = 1 << 20  # bytes that a client has not read: above this its connection is closed


class Server:
    """Serves an open port in a thread. local(): a connection that may write. Raises Problem without a socket.

    alone: True: no other program is served.
    gone: why the port was lost; "" while it is there.
    """

    def __init__(self, port: Port, alone: bool = False):
        self.port = port
        self.gone = ""
        self.path = place(port.name)
        self._hub = Hub(port.write)
        self._clients: dict[socket.socket, tuple[Client, bytearray, bytearray]] = {}
        self._select = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._listener = None if alone else _listener(self.path)
        self._wake, self._woken = socket.socketpair()
        self._rest = b""
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        for sock in filter(None, (self._listener, self._woken, port)):
            self._select.register(sock, selectors.EVENT_READ)
        self._thread.start()

    def local(self) -> socket.socket:
        """Return a connection of the owner's own, which may write."""
        ours, theirs = socket.socketpair()
        with self._lock:
            self._join(theirs, local=True)
        self._wake.send(b"\0")
        return ours

    def readers(self) -> int:
        """Return the number of other programs that use the port."""
        with self._lock:
            return sum(not client.local for client, _, _ in self._clients.values())

    def close(self) -> None:
        """End all connections, and remove the socket. The port stays open."""
        self._ends = True
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")
        self._thread.join()

    def _run(self):
        due = 0.0
        try:
            while not self._ends:
                ready = self._select.select(max(0.0, min(0.5, due - time.monotonic())))
                with self._lock:
                    for key, events in ready:
                        self._serve(key.fileobj, events)
                    due = self._hub.tick(time.monotonic())
                    self._send()
        except NoDevice as problem:
            self.gone = str(problem)
        finally:
            if self._listener:
                with contextlib.suppress(OSError):
                    self.path.unlink()
                self._listener.close()
            for sock in [self._woken, *self._clients]:
                sock.close()
            self._select.close()

    def _serve(self, sock, events):
        if self._listener and sock is self._listener:
            with contextlib.suppress(OSError):
                self._join(self._listener.accept()[0])
        elif sock is self._woken:
            self._woken.recv(4096)
        elif sock is self.port:
            *lines, self._rest = (self._rest + self.port.read()).split(b"\n")
            for line in lines:
                self._hub.came(line.rstrip(b"\r"), time.monotonic())
        elif sock in self._clients and events & selectors.EVENT_READ:
            self._heard(sock)

    def _join(self, sock, local=False):
        sock.setblocking(False)
        unsent = bytearray()
        client = Client(lambda line: unsent.extend(line + b"\n"), local=local)
        self._clients[sock] = (client, bytearray(), unsent)
        self._hub.join(client)
        self._select.register(sock, selectors.EVENT_READ)

    def _heard(self, sock):
        client, got, _ = self._clients[sock]
        try:
            data = sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave(sock)
            return
        got += data
        *lines, rest = bytes(got).split(b"\n")
        got[:] = rest[-_LINE_MAX:]
        for line in lines:
            self._hub.heard(client, line, time.monotonic())

    def _leave(self, sock):
        client, _, _ = self._clients.pop(sock)
        self._select.unregister(sock)
        sock.close()
        self._hub.leave(client, time.monotonic())

    def _send(self):
        for sock, (_, _, unsent) in list(self._clients.items()):
            try:
                if unsent:
                    del unsent[: sock.send(unsent)]
            except BlockingIOError:
                pass
            except OSError:
                self._leave(sock)
                continue
            if len(unsent) > _UNSENT_MAX:
                self._leave(sock)
                continue
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
            self._select.modify(sock, wanted)


def _listener(path: Path) -> socket.socket:
    """Return a socket that only this user may connect to, in a folder that only this user may open."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # this program alone has the port: the program that made the socket is gone
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen()
        listener.setblocking(False)
        return listener
    except OSError as error:
        raise Problem(
            f"{path}: {error.strerror or error}", "the port cannot be shared: start the console with --alone"
        ) from None
