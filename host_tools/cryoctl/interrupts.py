"""Decides when Ctrl-C, or another signal that ends a program, takes effect. It is kept until the end of work that must
not be interrupted, it counts once while a program ends, and it is never lost.
"""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SOON_S = 0.01


class _Handler:
    """A context in which this object handles these signals. A signal that was ignored, as shells do, stays ignored."""

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
            except BaseException:  # one of the signals came meanwhile
                self._restore()
                raise
        return self

    def __exit__(self, *_):
        self._restore()

    def _restore(self):
        with contextlib.ExitStack() as stack:  # restore all handlers, even if a signal comes meanwhile
            for number, before in self._before.items():
                stack.callback(signal.signal, number, before)

    def _came(self, number, frame):
        raise NotImplementedError

    def _pass_on(self, number):
        if number in self._before:
            self._before[number](number, None)
        raise KeyboardInterrupt


class Kept(_Handler):
    """A context in which Ctrl-C is kept: `wake` is called, and Ctrl-C takes effect at the end.

    heard    True when Ctrl-C came as a signal, or was read as a key
    """

    def __init__(self):
        super().__init__()
        self.heard = False
        self._number = signal.SIGINT
        self.wake: Callable[[], None] = lambda: None

    def __exit__(self, *_):
        super().__exit__()
        if self.heard:
            self._pass_on(self._number)

    def _came(self, number, frame):
        self.heard = True
        self._number = number
        self.wake()


class Once(_Handler):
    """A context in which only the first Ctrl-C takes effect: a second one would interrupt the clean-up."""

    def __init__(self):
        super().__init__()
        self.heard = False

    def _came(self, number, frame):
        if not self.heard:
            self.heard = True
            self._pass_on(number)


def lost(unraisable) -> None:
    """Repeat a signal that came while Python collected garbage, because Python drops an exception that is raised there.

    Use it as sys.unraisablehook, or call it from there.
    """
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    handler = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    if isinstance(handler, Once):
        handler.heard = False
    again = threading.Timer(_SOON_S, _press)  # not here: Python also drops an exception that is raised here
    again.daemon = True
    again.start()


def _dropping(thread) -> bool:
    """Return whether a thread is still in sys.unraisablehook, where Python drops exceptions."""
    hook = getattr(sys.unraisablehook, "__code__", None)
    frame = sys._current_frames().get(thread)
    while frame and frame.f_code is not hook:
        frame = frame.f_back
    return frame is not None


def _press():
    main = threading.main_thread().ident
    while _dropping(main):  # on a busy machine this takes long
        time.sleep(_SOON_S)
    if hasattr(signal, "pthread_kill") and main:
        signal.pthread_kill(main, signal.SIGINT)  # this ends a wait; a signal to this thread would not
    else:
        signal.raise_signal(signal.SIGINT)
