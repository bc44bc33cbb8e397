"""Sends received bytes to the application's console, to the prompt's input, or as Ctrl-C to the running program."""

CTRL_C = 3
WAITING_MAX = 8192  # more bytes stay in the port, so that its other end waits


class Router:
    """Bytes from the port that the board has not taken yet.

    claimed      the application has opened the port as its console
    interrupts   True: Ctrl-C interrupts; False: it is a byte like others
    """

    def __init__(self):
        self.claimed = False
        self.interrupts = False
        self._waiting = bytearray()

    @property
    def free(self):
        """Return how many more bytes may wait."""
        return max(0, WAITING_MAX - len(self._waiting))

    def put(self, data):
        """Take the bytes that the port received."""
        self._waiting += data

    def claim(self, unread):
        """Make the application the reader from now on. unread: bytes that the prompt's input still held."""
        self.claimed = True
        self.put_back(unread)

    def put_back(self, unread):
        """Take back bytes that were given but not read: they come before the waiting bytes."""
        self._waiting[:0] = unread

    def for_console(self, free):
        """Return up to `free` bytes for the application."""
        return self._take(min(free, len(self._waiting))) if self.claimed else b""

    def for_input(self):
        """Return the bytes for the prompt's input, up to the next Ctrl-C that interrupts."""
        if self.claimed:
            return b""
        end = self._waiting.find(CTRL_C) if self.interrupts else -1
        return self._take(len(self._waiting) if end < 0 else end)

    def interrupt_next(self):
        """Return True when the next byte is a Ctrl-C that interrupts."""
        return self.interrupts and not self.claimed and self._waiting[:1] == bytes((CTRL_C,))

    def take_interrupt(self):
        """Take that Ctrl-C; return its byte."""
        return self._take(1)

    def _take(self, count):
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        return data
