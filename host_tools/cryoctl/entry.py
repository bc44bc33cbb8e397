"""Where the command line begins and ends: Ctrl-C is its exit code 130, and no traceback, while modules are loaded too.

Nothing heavy is imported here before that is arranged. Only the interpreter's own start, before this module, is not
covered.
"""

import os
import signal

INTERRUPTED = 130


def main() -> None:
    """Run cryoctl, and exit with its code."""
    heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # as for what a shell runs in the background
    if heard:
        signal.signal(signal.SIGINT, _end)
    from host_tools.cryoctl.main import app

    try:
        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        app(prog_name="cryoctl")
    except KeyboardInterrupt:  # before a command had begun
        _end()
    finally:
        if heard:
            signal.signal(signal.SIGINT, _end)  # the interpreter's own end would print a traceback, too


def _end(*_):
    """End at once: nothing is open yet, or all is done."""
    os._exit(INTERRUPTED)
