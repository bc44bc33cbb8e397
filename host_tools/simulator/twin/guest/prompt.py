"""MicroPython's prompt on the virtual board's serial port: friendly, raw and raw-paste, by the same protocol.

The interpreter's unix port has neither a raw prompt nor a serial port. Bytes are this process's standard input and
output; code runs in the interpreter's own exec(). A user sees these differences: no completion, no automatic
indentation.
"""

import builtins
import io
import select
import sys

import hal
from line_editor import CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, LineEditor, goes_on
from sim_link import AT_PROMPT

WINDOW = 512  # bytes that a raw paste may send ahead

_OWN = 'File "' + __file__.rpartition("/")[0]
_print = print


def write(text):
    """Send text, with the line endings that a terminal needs."""
    sys.stdout.buffer.write(text.replace("\n", "\r\n").encode())


def _cooked_print(*args, **named):
    file = named.get("file")
    if file is not None and file is not sys.stdout:
        return _print(*args, **named)
    text = io.StringIO()
    named["file"] = text
    _print(*args, **named)
    write(text.getvalue())


def _show(value):
    if value is not None:
        builtins._ = value
        write(repr(value) + "\n")


def traceback_of(error):
    """Return an exception's traceback without the files that play the part of the chip."""
    text = io.StringIO()
    sys.print_exception(error, text)
    return "".join(line + "\n" for line in text.getvalue().split("\n") if line and _OWN not in line)


class Prompt:
    """boot() runs the files that a board starts with. run() answers for ever. Both end with hal.Reset or hal.PowerOff.

    raw: True while a soft reset returns to the raw prompt.
    """

    def __init__(self, link, raw):
        self.raw = raw
        self._link = link
        self._names = {"__name__": "__main__"}
        self._poll = select.poll()
        self._poll.register(sys.stdin.buffer, select.POLLIN)
        self._editor = LineEditor(self._byte, sys.stdout.buffer.write)
        builtins.print = _cooked_print
        builtins.__repl_print__ = _show

    def boot(self):
        """Run boot.py and, unless the raw prompt was asked for, main.py."""
        if self._file("boot.py") and not self.raw:
            self._file("main.py")

    def run(self):
        """Answer."""
        self._link.reads(self._link.flags | AT_PROMPT)  # before a prompt is visible: bytes that answer it belong to it
        while True:
            if self.raw:
                self._raw()
            else:
                self._friendly()

    # --- bytes --------------------------------------------------------------------------------------------------------
    def _byte(self):
        while not self._poll.poll(0):
            self._link.wait()
        data = sys.stdin.buffer.read(1)
        if not data:
            raise hal.PowerOff()
        return data[0]

    def _soft_reset(self):
        write("MPY: soft reboot\n")  # what tools wait for
        hal.event(hal.OP_SOFT_RESET, 0)
        hal.exchange(0)

    # --- running ------------------------------------------------------------------------------------------------------
    def _file(self, name):
        try:
            with open(name) as file:
                text = file.read()
        except OSError:
            return True
        error = self._run(text, name, "exec")
        if error is None:
            return True
        write(traceback_of(error))
        return False

    def _run(self, text, name, kind):
        """Run a program; return what it raised, or None. A Ctrl-C is caught here: it would break the protocol."""
        try:
            error = self._ran(text, name, kind)
            self._link.reads(self._link.flags)  # no jump may come before this: a Ctrl-C is raised at a jump
        except KeyboardInterrupt as came:  # while the program's end or another exception was handled
            error = came
            self._link.reads(self._link.flags)
        return error

    def _ran(self, text, name, kind):
        try:
            self._link.kbd_intr(3)  # from here on Ctrl-C is for the program
            exec(compile(text, name, kind), self._names)
        except SystemExit:
            self._soft_reset()
        except (hal.PowerOff, hal.Reset):
            raise
        except BaseException as error:
            return error
        return None

    # --- the raw prompt -----------------------------------------------------------------------------------------------
    def _raw(self):
        write("raw REPL; CTRL-B to exit\n")
        while True:
            write(">")
            text = bytearray()
            while True:
                byte = self._byte()
                if byte == CTRL_A and text[:1] == b"\x05" and len(text) == 2:
                    if text[1] != 65:  # "A"
                        sys.stdout.buffer.write(b"R\x00")
                        text = bytearray()
                        break
                    self._paste()
                    text = bytearray()
                    break
                if byte == CTRL_A:
                    return
                if byte == CTRL_B:
                    write("\n")
                    self.raw = False
                    return
                if byte == CTRL_C:
                    text = bytearray()
                elif byte == CTRL_D:
                    write("OK")
                    if not text:
                        write("\n")
                        self._soft_reset()
                    self._execute(text)
                    break
                else:
                    text.append(byte)

    def _execute(self, text):
        error = self._run(str(text, "utf8"), "<stdin>", "exec")
        sys.stdout.buffer.write(b"\x04")
        if error is not None:
            write(traceback_of(error))
        sys.stdout.buffer.write(b"\x04")

    def _paste(self):
        """Take a program window by window, then run it."""
        sys.stdout.buffer.write(b"R\x01" + WINDOW.to_bytes(2, "little") + b"\x01")
        text = bytearray()
        left = WINDOW
        while True:
            byte = self._byte()
            if byte == CTRL_D:
                break
            if byte == CTRL_C:
                sys.stdout.buffer.write(b"\x04\x04")
                write("Traceback (most recent call last):\nKeyboardInterrupt: \n")
                sys.stdout.buffer.write(b"\x04")
                return
            text.append(byte)
            left -= 1
            if not left:
                left = WINDOW
                sys.stdout.buffer.write(b"\x01")
        sys.stdout.buffer.write(b"\x04")
        self._execute(text)

    # --- the friendly prompt ------------------------------------------------------------------------------------------
    def _friendly(self):
        version = sys.version.partition("; ")[2]
        write('{}; virtual board\nType "help()" for more information.\n'.format(version))
        while True:
            text = self._editor.line(">>> ")
            if text == CTRL_A:
                write("\n")
                self.raw = True
                return
            if text == CTRL_B:
                write("\n")
                return
            if text == CTRL_D:
                write("\n")
                self._soft_reset()
            if text == CTRL_E:
                self._paste_friendly()
                continue
            while isinstance(text, str) and goes_on(text):
                more = self._editor.line("... ")
                text = more if isinstance(more, int) else text + "\n" + more
            if isinstance(text, str) and text.strip():
                error = self._run(text, "<stdin>", "single")
                if error is not None:
                    write(traceback_of(error))

    def _paste_friendly(self):
        write("\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\n=== ")
        text = bytearray()
        while True:
            byte = self._byte()
            if byte == CTRL_C:
                write("\n")
                return
            if byte == CTRL_D:
                write("\n")
                break
            if byte == 13:
                text.append(10)
                write("\n=== ")
            else:
                text.append(byte)
                sys.stdout.buffer.write(bytes((byte,)))
        error = self._run(str(text, "utf8"), "<stdin>", "exec")
        if error is not None:
            write(traceback_of(error))
