"""The USB serial port as the console's stream: it never waits, whatever the host does with its end.

MicroPython's own write waits up to half a second for a host that does not read. So the port is asked first whether
there is room. Its answer stands for one byte only, so each write hands over one byte.
"""

import select
import sys

from micropython import const

_BYTES_A_CALL = const(16)  # more would delay the tick that follows


class UsbStream:
    """any(), readinto(buffer, length) and write(data) of the USB port. No byte costs an allocation."""

    def __init__(self):
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)
        self._reader = sys.stdin.buffer
        self._writer = sys.stdout.buffer
        self._one = bytearray(1)

    def any(self):
        """Return 1 when a byte waits, else 0."""
        return _ready(self._readable)

    def readinto(self, buffer, length):
        """Move up to length waiting bytes into buffer; return how many, or None."""
        n = 0
        while n < length and _ready(self._readable):
            if not self._reader.readinto(self._one, 1):
                break
            buffer[n] = self._one[0]
            n += 1
        return n or None

    def write(self, data):
        """Hand over the beginning of data for as long as there is room; return how many bytes were taken."""
        n = 0
        while n < len(data) and n < _BYTES_A_CALL and _ready(self._writable):
            self._one[0] = data[n]
            if not self._writer.write(self._one):
                break
            n += 1
        return n


def _ready(poll):
    for _ in poll.ipoll(0):
        return 1
    return 0
