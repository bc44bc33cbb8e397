"""When Ctrl-C may come: kept until the end of what must not be cut in two, or heard once by what is on its way out."""

import signal
import threading
from collections.abc import Callable


class _Handler:
    """Within it SIGINT is this object's; who set it to be ignored, as a shell does in the background, keeps that."""

    def __init__(self):
        self._before = None

    def __enter__(self):
        before = signal.getsignal(signal.SIGINT)
        if callable(before) and threading.current_thread() is threading.main_thread():
            self._before = before
            signal.signal(signal.SIGINT, self._came)
        return self

    def __exit__(self, *_):
        if self._before:
            signal.signal(signal.SIGINT, self._before)

    def _came(self, number, frame):
        raise NotImplementedError

    def _pass_on(self):
        if self._before:
            self._before(signal.SIGINT, None)
        raise KeyboardInterrupt


class Kept(_Handler):
    """Within it Ctrl-C is kept; `wake` is called, and at the end it comes: as a signal between two lines, none is lost.

    heard    whether it came, or was read as a key
    """

    def __init__(self, wake: Callable[[], None] = lambda: None):
        super().__init__()
        self.heard = False
        self._wake = wake

    def __exit__(self, *_):
        super().__exit__()
        if self.heard:
            self._pass_on()

    def _came(self, number, frame):
        self.heard = True
        self._wake()


class Once(_Handler):
    """Within it the first Ctrl-C comes, and further ones do not: they would cut short what it began, the way out."""

    def __init__(self):
        super().__init__()
        self._heard = False

    def _came(self, number, frame):
        if not self._heard:
            self._heard = True
            self._pass_on()
