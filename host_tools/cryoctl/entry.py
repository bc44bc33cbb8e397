"""Begins and ends the command line: Ctrl-C and an output that is full end with exit codes, without tracebacks.

SIGTERM ends a program, SIGHUP comes when the terminal is gone: both unwind it like Ctrl-C, so that no device stays in
service mode. Before the signals are handled, only modules are imported that Python has loaded already. Only the
interpreter's own start, before this module, is not covered.
"""

import os
import sys

_signal = __import__("_signal")  # the part in C: the part in Python would load `enum` first, which takes longest
ENDING = [getattr(_signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name)]


def main() -> None:
    """Run cryoctl, and exit with its code."""
    # not an ignored signal: Ctrl-C in a shell's background job, SIGHUP under nohup
    heard = [number for number in ENDING if _signal.getsignal(number) != _signal.SIG_IGN]
    for number in heard:
        _signal.signal(number, _end)
    if heard:
        sys.unraisablehook = _unraisable
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as there is anything to say
    from host_tools.cryoctl.main import app

    try:
        for number in heard:
            _signal.signal(number, _unwind)
        try:
            app(prog_name="cryoctl")
        finally:
            _flush()  # here an error can still be reported
    except KeyboardInterrupt as came:  # before a command began
        _end(next(iter(came.args), _signal.SIGINT))
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer would end with code 1
            sys.exit(_code(end.__context__))
        raise
    except OSError as error:
        sys.exit(_code(error))
    finally:
        for number in heard:
            _signal.signal(number, _end)  # at its own end the interpreter would print a traceback


def _flush():
    """Send what standard output still holds. If the reader has stopped, the exit code stays the command's own."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from host_tools.cryoctl.output import unread

        unread()


def _unraisable(what):
    """Repeat a Ctrl-C that came while Python collected garbage: Python drops it."""
    from host_tools.cryoctl.interrupts import lost

    lost(what)


def _end(number, *_):
    """End at once: nothing is open yet, or everything is done."""
    os._exit(128 + number)


def _unwind(number, _):
    raise KeyboardInterrupt(int(number))


def _code(error):
    """Return the exit code for an output that accepts no more; raise any other error."""
    import contextlib
    import errno

    from host_tools.cryoctl.problems import DONE, Problem

    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        raise error
    # Discard what standard output still holds. Otherwise the interpreter would write it at its end, and fail again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if error.errno == errno.EPIPE:  # the reader has stopped
        return DONE
    print(
        f"the output cannot be written: {error.strerror}; free some disk space, or write it to another place",
        file=sys.stderr,
    )
    return Problem.code
