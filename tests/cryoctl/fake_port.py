"""A serial port whose other end is the test. It keeps what arrives, and answers line by line or by a function."""

import contextlib
import os
import pty
import select
import threading
import tty

from typer.testing import CliRunner

from host_tools.cryoctl.main import app


def cryoctl(*words):
    """Run the command line in this process; the result has exit_code, stdout and stderr."""
    return CliRunner(env={"COLUMNS": "300", "NO_COLOR": "1"}).invoke(app, [str(word) for word in words])


@contextlib.contextmanager
def fake_port(answer):
    """A context: yield (name, received bytes). answer(bytes received so far, new bytes) returns what to send."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    received = bytearray()
    over = threading.Event()

    def serve():
        while not over.is_set():
            if select.select([ours], [], [], 0.02)[0]:
                new = os.read(ours, 4096)
                received.extend(new)
                said = answer(bytes(received), new)
                if said:
                    os.write(ours, said)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(theirs), received
    finally:
        over.set()
        thread.join()
        os.close(ours)
        os.close(theirs)


def application(state, version="0.1.0", board="virtual"):
    """Answer the questions that any tool may ask, as the application answers in a state."""
    told = {
        b"*IDN?": f"CO2 cryotherapy applicator,{board},7,{version}",
        b"STAT?": f"STATE={state};BLOCKERS=NONE;FAULT=NONE",
    }
    return by_line(lambda line: told.get(line, "ERROR -113 unknown command").encode() + b"\r\n" if line else b"")


def by_line(say):
    """Answer each whole line with say(line). The line has no end, and no bytes that empty the console's line."""
    rest = bytearray()

    def answer(_, new):
        rest.extend(new)
        out = b""
        while b"\n" in rest:
            line, _, after = bytes(rest).partition(b"\n")
            rest[:] = after
            out += say(line.strip(b"\r\b\x02\x15"))
        return out

    return answer
