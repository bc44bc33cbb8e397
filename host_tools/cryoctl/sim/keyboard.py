"""Reads single keys from the simulator's own terminal (POSIX)."""

import os
import sys

try:
    import termios
    import tty
except ImportError:  # not POSIX
    termios = tty = None


class Keyboard:
    """A context: keys come without Enter and without echo. fds: descriptors to wait on; empty without a terminal."""

    def __init__(self):
        self.fds: tuple[int, ...] = ()
        self._before = None

    def __enter__(self):
        if termios is not None and tty is not None and sys.stdin.isatty():
            fd = sys.stdin.fileno()
            self._before = termios.tcgetattr(fd)
            tty.setcbreak(fd)
            os.set_blocking(fd, False)
            self.fds = (fd,)
        return self

    def __exit__(self, *_):
        if termios is not None and self._before is not None:
            os.set_blocking(self.fds[0], True)
            termios.tcsetattr(self.fds[0], termios.TCSADRAIN, self._before)

    def pressed(self):
        """Return the keys that were pressed since the last call."""
        if not self.fds:
            return ""
        try:
            return os.read(self.fds[0], 32).decode(errors="ignore")
        except BlockingIOError:
            return ""
