"""Where the command line begins and ends: Ctrl-C and an output that is full are exit codes, and no tracebacks.

Nothing heavy is imported here before Ctrl-C is heard. Only the interpreter's own start, before this module, is not
covered.
"""

import contextlib
import errno
import os
import signal
import sys

from host_tools.cryoctl.problems import FOUND, Problem

INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)  # a disk, a file, a user's share of one


def main() -> None:
    """Run cryoctl, and exit with its code."""
    heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # as for what a shell runs in the background
    if heard:
        signal.signal(signal.SIGINT, _end)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as there is anything to say
    from host_tools.cryoctl.main import app

    try:
        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            app(prog_name="cryoctl")
        finally:
            sys.stdout.flush()  # here, where it can be told that it cannot be written
    except KeyboardInterrupt:  # before a command had begun
        _end()
    except BrokenPipeError:  # whoever read has had enough; Typer and Rich end with this code, too
        _forget_output()
        sys.exit(FOUND)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _forget_output()
        print(f"the output cannot be written: {error.strerror}; make room, or send it elsewhere", file=sys.stderr)
        sys.exit(Problem.code)
    finally:
        if heard:
            signal.signal(signal.SIGINT, _end)  # the interpreter's own end would print a traceback, too


def _end(*_):
    """End at once: nothing is open yet, or all is done."""
    os._exit(INTERRUPTED)


def _forget_output():
    """Let what standard output still keeps go nowhere, or the interpreter tries it again at its end and complains."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
