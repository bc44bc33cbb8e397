"""A pseudo-terminal as the board's serial port (POSIX)."""

import contextlib
import os
import select
import tempfile
from pathlib import Path

from host_tools.cryoctl.sim import SimError

try:
    import fcntl
    import termios
    import tty
except ImportError:  # not POSIX
    fcntl = termios = tty = None


class PtyPort:
    """A port at `path`, and at the symbolic link `link` if one is wanted.

    Raises SimError when the platform has no pseudo-terminals, or the link cannot be made.
    """

    def __init__(self, link: Path | None = None):
        if termios is None or fcntl is None or tty is None or not hasattr(os, "openpty"):
            raise SimError("this platform has no pseudo-terminals: use --tcp HOST:PORT")
        try:
            self._fd, other = os.openpty()
        except OSError as error:
            raise SimError(f"no pseudo-terminal is available ({error.strerror}): use --tcp HOST:PORT") from None
        self.path = os.ttyname(other)
        tty.setraw(other)  # its settings stay while this end is open
        os.close(other)
        os.set_blocking(self._fd, False)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self.connected = False
        self.link = link
        if link:
            try:
                _make_link(link, self.path)
            except SimError:
                os.close(self._fd)
                raise

    def poll(self):
        """See Port."""
        was = self.connected
        self.connected = not any(event & select.POLLHUP for _, event in self._poll.poll(0))
        if was and not self.connected:
            self._forget_unread()

    def fd(self):
        """See Port. While nobody is connected, waiting on it would return at once."""
        return self._fd if self.connected else -1

    def read(self, most):
        """See Port. Bytes that were sent before the other end closed can still be read."""
        try:
            return os.read(self._fd, most) if most else b""
        except OSError:
            return b""

    def write(self, data):
        """See Port."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def close(self):
        """See Port. Remove the link, too, unless it belongs to another simulator now."""
        os.close(self._fd)
        if self.link:
            with contextlib.suppress(OSError):
                if os.readlink(self.link) == self.path:
                    self.link.unlink()

    def _forget_unread(self):
        """Discard bytes that a client did not read: they are not for the next client."""
        with contextlib.suppress(OSError):
            other = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                termios.tcflush(other, termios.TCIFLUSH)  # type: ignore[union-attr]
            finally:
                os.close(other)


def _make_link(link, target):
    if link.is_symlink() and (not link.exists() or os.readlink(link) == target):
        link.unlink()  # a killed run left it; the system may give the same name again
    elif link.exists() or link.is_symlink():
        raise SimError(f"--link {link} exists: another simulator may use it; name another link, or remove this one")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=link.parent) as folder:  # so that nobody sees it half made
            fresh = Path(folder) / "link"
            fresh.symlink_to(target)
            fresh.rename(link)
    except OSError as error:
        raise SimError(f"--link {link}: {error.strerror}") from None
