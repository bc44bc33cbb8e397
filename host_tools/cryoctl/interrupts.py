"""When Ctrl-C may come, or a signal that ends a program as it does: kept until the end of what must not be cut in two,
or heard once by what is on its way out.
"""

import contextlib
import signal
import threading
from collections.abc import Callable

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _Handler:
    """Within it these signals are this object's; one that was set to be ignored, as a shell does, keeps that."""

    def __init__(self):
        self._before = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            try:
                for number in SIGNALS:
                    before = signal.getsignal(number)
                    if callable(before):
                        self._before[number] = before
                        signal.signal(number, self._came)
            except BaseException:  # one of them came meanwhile
                self._restore()
                raise
        return self

    def __exit__(self, *_):
        self._restore()

    def _restore(self):
        with contextlib.ExitStack() as stack:  # all of them, whichever comes meanwhile
            for number, before in self._before.items():
                stack.callback(signal.signal, number, before)

    def _came(self, number, frame):
        raise NotImplementedError

    def _pass_on(self, number):
        if number in self._before:
            self._before[number](number, None)
        raise KeyboardInterrupt


class Kept(_Handler):
    """Within it Ctrl-C is kept; `wake` is called, and at the end it comes: as a signal between two lines, none is lost.

    heard    whether it came, or was read as a key
    """

    def __init__(self, wake: Callable[[], None] = lambda: None):
        super().__init__()
        self.heard = False
        self._number = signal.SIGINT
        self._wake = wake

    def __exit__(self, *_):
        super().__exit__()
        if self.heard:
            self._pass_on(self._number)

    def _came(self, number, frame):
        self.heard = True
        self._number = number
        self._wake()


class Once(_Handler):
    """Within it the first Ctrl-C comes, and further ones do not: they would cut short what it began, the way out."""

    def __init__(self):
        super().__init__()
        self._heard = False

    def _came(self, number, frame):
        if not self._heard:
            self._heard = True
            self._pass_on(number)
