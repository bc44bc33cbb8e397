"""What the serial port's adapters have in common, and the way out to them, which never waits."""

import time
from typing import Protocol

QUEUE_MAX = 4096  # bytes that wait for a reader; more are dropped, as by a real USB port that nobody reads
STALL_S = 0.5  # so long a print waits for a reader who takes nothing, as MicroPython's does


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
        self._stood_since: list[float | None] = [None for _ in ports]  # bytes wait, and none was taken

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
        """Return True while all who have a port open are so far behind that the board must keep its bytes."""
        open_ = [queue for port, queue in zip(self._ports, self._queues, strict=True) if port.connected]
        return bool(open_) and all(len(queue) > QUEUE_MAX // 2 for queue in open_)

    def waiting(self):
        """Return True while bytes wait."""
        return any(self._queues)

    def open(self):
        """Return whether a print at the prompt may go on: each reader has all there is, or took nothing for STALL_S."""
        now = self._clock()
        return all(since is None or now - since > STALL_S for since in self._stood_since)
