"""When Ctrl-C may come, or a signal that ends a program as it does: kept until the end of what must not be cut in two,
heard once by what is on its way out, and never lost.
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
    """Within it Ctrl-C is kept; `wake` is called, and at the end it comes.

    heard    whether it came, or was read as a key
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
    """Within it the first Ctrl-C comes, and further ones do not: they would cut short what it began, the way out."""

    def __init__(self):
        super().__init__()
        self.heard = False

    def _came(self, number, frame):
        if not self.heard:
            self.heard = True
            self._pass_on(number)


def lost(unraisable) -> None:
    """Repeat a signal that came while Python collected garbage, because Python drops an exception that is raised there.

    To be sys.unraisablehook, or to be called by what is.
    """
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    handler = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    if isinstance(handler, Once):
        handler.heard = False
    again = threading.Timer(_SOON_S, _press)  # not here: what is raised here is dropped, too
    again.daemon = True
    again.start()


def _dropping(thread) -> bool:
    """Return whether a thread is still where Python drops what is raised: in the function that sys has for that."""
    hook = getattr(sys.unraisablehook, "__code__", None)
    frame = sys._current_frames().get(thread)
    while frame and frame.f_code is not hook:
        frame = frame.f_back
    return frame is not None


def _press():
    main = threading.main_thread().ident
    while _dropping(main):  # on a busy machine it is there for long
        time.sleep(_SOON_S)
    if hasattr(signal, "pthread_kill") and main:
        signal.pthread_kill(main, signal.SIGINT)  # it ends a wait, which a signal to this thread would not
    else:
        signal.raise_signal(signal.SIGINT)
