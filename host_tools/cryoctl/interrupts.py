"""When Ctrl-C comes: kept until the end of what must not be cut in two; once, to what is on its way out; never lost."""

import signal
import sys
import threading
from collections.abc import Callable

_SOON_S = 0.01


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
    """Within it Ctrl-C is kept; `wake` is called, and at the end it comes.

    heard    whether it came, or was read as a key
    """

    def __init__(self):
        super().__init__()
        self.heard = False
        self.wake: Callable[[], None] = lambda: None

    def __exit__(self, *_):
        super().__exit__()
        if self.heard:
            self._pass_on()

    def _came(self, number, frame):
        self.heard = True
        self.wake()


class Once(_Handler):
    """Within it the first Ctrl-C comes, and further ones do not: they would cut short what it began, the way out."""

    def __init__(self):
        super().__init__()
        self.heard = False

    def _came(self, number, frame):
        if not self.heard:
            self.heard = True
            self._pass_on()


def lost(unraisable) -> None:
    """Have Ctrl-C come again that came while Python collected garbage: it drops what is raised there. For sys."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    handler = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    if isinstance(handler, Once):
        handler.heard = False
    again = threading.Timer(_SOON_S, _press)  # not here: what is raised here is dropped, too
    again.daemon = True
    again.start()


def _press():
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main:
        signal.pthread_kill(main, signal.SIGINT)  # it ends a wait, which a signal to this thread would not
    else:
        signal.raise_signal(signal.SIGINT)
