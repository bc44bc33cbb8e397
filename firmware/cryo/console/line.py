"""Reads bounded lines, answers each with one line: the value, OK, or ERROR with a number and what to do.

Nothing here runs under the tick's lock, and no command opens a valve: a request waits for the supervisor's next tick.
"""

from cryo.console import commands
from micropython import const

_LINE_MAX = const(120)
_CHUNK = const(64)  # bytes taken a tick, however many wait
_QUEUE_MAX = const(4096)  # bytes of answers that wait for the host; more are dropped and counted


class Console:
    """One console on a stream with any(), readinto(buffer, length) and write(bytes), none of which wait."""

    def __init__(self, applicator, stream):
        self.app = applicator
        self.dropped = 0
        self.alive = False  # set by each poll, cleared by who looks for a sign of life
        self._stream = stream
        self._byte = bytearray(1)
        self._line = bytearray(_LINE_MAX)
        self._used = 0
        self._overlong = False
        self._answer_due = None
        self._waiting = b""

    def poll(self):
        """Do a bounded amount of work, one thing a tick, after it: else an answer would delay the tick that follows."""
        self.alive = True
        if self._waiting:
            sent = self._stream.write(self._waiting)
            if sent:
                self._waiting = self._waiting[sent:]
                return  # a host that does not read is heard all the same
        if self._answer_due:
            answer = self._answer_due
            self._answer_due = None
            self.say(answer(self.app.supervisor))
        elif self._stream.any():
            self._take()

    def say(self, text):
        """Answer with one line."""
        data = (text + "\n").encode()
        if len(self._waiting) + len(data) > _QUEUE_MAX:
            self.dropped += 1
            return
        self._waiting += data

    def request(self, what, value, answer):
        """Hand a request to the next tick; answer(supervisor) makes the reply after it."""
        self.app.inputs.request = what
        self.app.inputs.request_value = value
        self._answer_due = answer

    def _take(self):
        for _ in range(_CHUNK):
            if not self._stream.readinto(self._byte, 1):
                return
            ch = self._byte[0]
            if ch == 10 or ch == 13:
                if self._used or self._overlong:
                    self._execute()
                    return  # one command a tick
            elif self._used < _LINE_MAX:
                self._line[self._used] = ch
                self._used += 1
            else:
                self._overlong = True

    def _execute(self):
        overlong = self._overlong
        raw = bytes(self._line[: self._used])
        self._used = 0
        self._overlong = False
        if overlong:
            self.say("ERROR -363 line too long: " + str(_LINE_MAX) + " characters at most")
            return
        for byte in raw:
            if not 32 <= byte < 127:
                self.say("ERROR -101 invalid character: use printable ASCII only")
                return
        answer = commands.execute(self, raw.decode().strip())
        if answer is not None:
            self.say(answer)
