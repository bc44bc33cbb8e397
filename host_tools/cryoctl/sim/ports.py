"""The common part of the serial port's adapters, and the output to them, which never waits."""

import time
from typing import Protocol

QUEUE_MAX = 4096  # bytes that may wait for a reader; more are dropped, as on a real USB port that nobody reads
STALL_S = 0.5  # a print waits so long for a reader who reads nothing, as in MicroPython


class Port(Protocol):
    """One connection for a terminal or a tool. No method waits."""

    @property
    def connected(self) -> bool:
        """True while somebody has the other end open."""
        ...

    def poll(self) -> None:
        """Find out whether somebody opened or closed the other end."""
        ...

    def fd(self) -> int:
        """Return the descriptor to wait on for `poll` or `read`; below 0: none at present."""
        ...

    def read(self, most: int) -> bytes:
        """Return what was received."""
        ...

    def write(self, data: bytes) -> int:
        """Send the beginning of data; return how many bytes were accepted."""
        ...

    def close(self) -> None:
        """Close the port and remove everything that it made."""
        ...


class Outlet:
    """Sends to every connected port. Bytes that nobody reads are dropped and counted."""

    def __init__(self, ports, clock=time.monotonic):
        self.dropped = 0
        self._ports = ports
        self._queues = [bytearray() for _ in ports]
        self._clock = clock
        self._stood_since: list[float | None] = [None for _ in ports]  # since when bytes wait and none was read

    def offer(self, data):
        """Take bytes to send."""
        for port, queue in zip(self._ports, self._queues, strict=True):
            taken = min(len(data), QUEUE_MAX - len(queue)) if port.connected else 0
            queue += data[:taken]
            if port.connected:
                self.dropped += len(data) - taken
        self.flush()

    def flush(self):
        """Send the bytes that wait; drop bytes for a reader who left."""
        now = self._clock()
        for n, (port, queue) in enumerate(zip(self._ports, self._queues, strict=True)):
            if not port.connected:
                queue.clear()
            taken = port.write(bytes(queue)) if queue else 0
            del queue[:taken]
            if taken or not queue:
                self._stood_since[n] = None
            if queue and self._stood_since[n] is None:
                self._stood_since[n] = now

    def full(self):
        """Return True while all readers are so slow that the board must keep its bytes."""
        open_ = [queue for port, queue in zip(self._ports, self._queues, strict=True) if port.connected]
        return bool(open_) and all(len(queue) > QUEUE_MAX // 2 for queue in open_)

    def waiting(self):
        """Return True while bytes wait."""
        return any(self._queues)

    def open(self):
        """Return whether a print at the prompt may continue: each reader has all, or read nothing for STALL_S."""
        now = self._clock()
        return all(since is None or now - since > STALL_S for since in self._stood_since)
