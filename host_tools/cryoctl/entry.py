"""Begin and end of the command line: Ctrl-C and a full output end with exit codes, without tracebacks.

A signal that ends a program (SIGTERM), and a terminal that is gone (SIGHUP), unwind it as Ctrl-C does: a device is not
left in service mode. Nothing that Python has not loaded for itself is imported before they are heard. Only the
interpreter's own start, before this module, is not covered.
"""

import os
import sys

_signal = __import__("_signal")  # the half in C: the other one would load `enum` first, which takes longest of all
ENDING = [getattr(_signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name)]


def main() -> None:
    """Run cryoctl, and exit with its code."""
    # not what is ignored: Ctrl-C by what a shell runs in the background, SIGHUP by what nohup does
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
            _flush()  # here, where it can be told that it cannot be written
    except KeyboardInterrupt as came:  # before a command had begun
        _end(next(iter(came.args), _signal.SIGINT))
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer's own end of it, with code 1
            sys.exit(_code(end.__context__))
        raise
    except OSError as error:
        sys.exit(_code(error))
    finally:
        for number in heard:
            _signal.signal(number, _end)  # the interpreter's own end would print a traceback, too


def _flush():
    """Send what standard output still keeps. Nobody reads it any more: the exit code is the command's own."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from host_tools.cryoctl.output import unread

        unread()


def _unraisable(what):
    """Python drops a Ctrl-C that comes while it collects garbage."""
    from host_tools.cryoctl.interrupts import lost

    lost(what)


def _end(number, *_):
    """End at once: nothing is open yet, or all is done."""
    os._exit(128 + number)


def _unwind(number, _):
    raise KeyboardInterrupt(int(number))


def _code(error):
    """Return the exit code of an output that takes no more; raise what is anything else."""
    import contextlib
    import errno

    from host_tools.cryoctl.problems import DONE, Problem

    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        raise error
    # What standard output still keeps goes nowhere, or the interpreter would try it again at its end and complain.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if error.errno == errno.EPIPE:  # whoever read has had enough
        return DONE
    print(f"the output cannot be written: {error.strerror}; make room, or send it elsewhere", file=sys.stderr)
    return Problem.code
