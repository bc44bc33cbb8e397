"""What the serial port's adapters have in common, and the way out to them, which never waits."""

import time
from typing import Protocol

QUEUE_MAX = 4096  # bytes that wait for a reader; more are dropped, as by a real USB port that nobody reads
STALL_S = 0.5  # so long a print waits for its reader, as MicroPython's does


class Port(Protocol):
    """One way in for a terminal or a tool. No method waits."""

    @property
    def connected(self) -> bool:
        """True while someone has the other end open."""
        ...

    def poll(self) -> None:
        """Find out whether someone came or left."""
        ...

    def fd(self) -> int:
        """Return the descriptor to wait on for `poll` or `read`; below 0: there is none now."""
        ...

    def read(self, most: int) -> bytes:
        """Return what was received."""
        ...

    def write(self, data: bytes) -> int:
        """Send the beginning of data; return how many bytes were taken."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


class Outlet:
    """Sends to every port that is connected. What nobody reads is dropped and counted."""

    def __init__(self, ports, clock=time.monotonic):
        self.dropped = 0
        self._ports = ports
        self._queues = [bytearray() for _ in ports]
        self._clock = clock
        self._full_since = None

    def offer(self, data):
        """Take bytes."""
        for port, queue in zip(self._ports, self._queues, strict=True):
            taken = min(len(data), QUEUE_MAX - len(queue)) if port.connected else 0
            queue += data[:taken]
            if port.connected:
                self.dropped += len(data) - taken
        self.flush()

    def flush(self):
        """Send what waits; forget what waits for someone who left."""
        for port, queue in zip(self._ports, self._queues, strict=True):
            if not port.connected:
                queue.clear()
            elif queue:
                del queue[: port.write(bytes(queue))]

    def full(self):
        """Return True while all who have a port open are so far behind that the board must keep its bytes."""
        open_ = [queue for port, queue in zip(self._ports, self._queues, strict=True) if port.connected]
        return bool(open_) and all(len(queue) > QUEUE_MAX // 2 for queue in open_)

    def waiting(self):
        """Return True while bytes wait."""
        return any(self._queues)

    def open(self):
        """Return whether a print at the prompt may go on: when its reader keeps up, or has not for STALL_S."""
        if not self.waiting():
            self._full_since = None
            return True
        now = self._clock()
        if self._full_since is None:
            self._full_since = now
        return now - self._full_since > STALL_S
