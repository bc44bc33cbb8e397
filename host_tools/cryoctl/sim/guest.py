"""One run of real MicroPython as the virtual board, from a start to the next reset."""

import array
import contextlib
import os
import select
import signal
import subprocess
from dataclasses import dataclass

from host_tools.cryoctl.sim import SimError
from host_tools.places import GUEST, REPAIR, VIRTUAL
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.guest import hal

CLAIMED = 1  # flags of sim_link.py
INTERRUPTS = 2
AT_PROMPT = 4
HEARD = 8
READS = 16
INTERRUPTED = 1
RESTARTS_RAW = 4  # exit statuses of sim_start.py
NO_FILES = 5
STATUSES = (0, 3, RESTARTS_RAW)

START = GUEST / "sim_start.py"
END_S = 2.0  # longest time to end after it was told to end
SAID_MAX = 2_000

_HEAD = 3
_OUT = len(hal.out)


@dataclass
class Frame:
    """What the board did since its last exchange."""

    flags: int
    free: int  # bytes that the console can take
    out: array.array
    tx: bytes


class Guest:
    """The interpreter's process. Use it as a context manager: at its end the process is ended."""

    def __init__(self, image, raw):
        micropython = lanes.micropython_path()
        if micropython is None:
            raise SimError(f"real MicroPython is missing: run {REPAIR}")
        to_guest_r, self._replies = os.pipe()
        self.frames, from_guest_w = os.pipe()
        self._input_r, self._input = os.pipe()
        self.said, output = os.pipe()
        path = os.pathsep.join([".frozen", str(GUEST), str(VIRTUAL)])
        self._process = subprocess.Popen(
            [
                *(micropython, str(START), f"/dev/fd/{to_guest_r}", f"/dev/fd/{from_guest_w}"),
                *(str(image.resolve()), "raw" if raw else "friendly"),
            ],
            pass_fds=(to_guest_r, from_guest_w),
            env={**os.environ, "MICROPYPATH": path},
            stdin=self._input_r,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C in the simulator's terminal must not reach the board
        )
        for fd in (to_guest_r, from_guest_w, output):
            os.close(fd)
        os.set_blocking(self._input, False)
        self._number = -1
        self._reply = b""
        self._input_queue = bytearray()
        self.last_said = b""
        self.at_prompt = False
        self.fed = False  # True when input was given after the board last waited for it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for fd in (self._replies, self.frames, self._input_r, self._input, self.said):
            os.close(fd)

    # --- exchanges ----------------------------------------------------------------------------------------------------
    def frame(self):
        """Return the next Frame, or None when its pipe has ended. In a repeated frame, free is -1."""
        head = self._exactly((_HEAD + _OUT) * 4)
        if head is None:
            return None
        number, flags, free, *_ = ints = array.array("i", head)
        out = ints[_HEAD:]
        tx = (self._exactly(hal.TX_MAX) or b"")[: out[3]] if out[3] else b""
        if number == self._number:
            self._send(self._reply)  # from memory; a frame without an answer yet gets the previous answer, and skips it
            return Frame(flags, -1, out, b"")
        self._number = number
        return Frame(flags, free, out, tx)

    def reply(self, received, rx, interrupted):
        """Answer the frame."""
        head = array.array("i", [self._number, INTERRUPTED * interrupted])
        self._reply = head.tobytes() + received.tobytes() + bytes(rx)
        self._send(self._reply)

    def _send(self, data):
        with contextlib.suppress(BrokenPipeError):
            os.write(self._replies, data)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = os.read(self.frames, count - len(data))
            if not part:
                return None
            data += part
        return data

    # --- input and output ---------------------------------------------------------------------------------------------
    def feed(self, data):
        """Give bytes to the prompt's input, without waiting."""
        self._input_queue += data
        if not self._input_queue:
            return
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            del self._input_queue[: os.write(self._input, self._input_queue)]
            self.fed = True

    def full(self):
        """Return True while input waits because its pipe is full."""
        return bool(self._input_queue)

    def unread(self):
        """Return the input that the board did not read, and remove it from the pipe."""
        data = b""
        while select.select([self._input_r], [], [], 0)[0]:
            data += os.read(self._input_r, 4096)
        data += bytes(self._input_queue)
        self._input_queue.clear()
        return data

    def output(self):
        """Return what the board printed, b"" at the end of its output. Call this when `said` is readable."""
        data = os.read(self.said, 4096)
        self.last_said = (self.last_said + data)[-SAID_MAX:]
        return data

    def remaining_output(self):
        """Return what the board printed before it ended."""
        data = b""
        while select.select([self.said], [], [], 0)[0]:
            part = self.output()
            if not part:
                break
            data += part
        return data

    # --- its end ------------------------------------------------------------------------------------------------------
    def interrupt(self):
        """Raise KeyboardInterrupt in the interpreter."""
        self._process.send_signal(signal.SIGINT)

    def status(self):
        """Return the exit status; kill an interpreter that does not end."""
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        """End the interpreter now."""
        self._process.kill()
        return self._process.wait()
