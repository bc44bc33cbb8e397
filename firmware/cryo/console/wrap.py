"""`@number command *sum`: a tool's lines with sequence number and check sum (crc.py, over all before the space and *).

A line with a wrong sum changes nothing. The answer is wrapped in the same way. A number that is sent again gets its
answer again and is not executed twice. An older one is refused; a stop never is. 0 is never a repetition: it begins a
session. So does the first good line while there is no session. The begin of a session ends a service mode that somebody
left open: only the one who gives the PIN changes things. In a tool's session only questions and commands that stop are
accepted without a sum. A tool that is silent for KEEP_S disarms the device. One that is silent for GONE_S ends its
session and service mode. While commands wait in a pass that is short of heap, neither time is counted.
"""

from cryo.console.crc import START, added
from cryo.console.heard import bare
from cryo.core import mode, supervisor
from cryo.core.ticks import diff, grown
from micropython import const

KEEP_S = const(2)  # [E] four questions of a tool that asks twice a second; light and tone before gas last as long
GONE_S = const(60)
_KEEP_US = const(KEEP_S * 1_000_000)
_GONE_US = const(GONE_S * 1_000_000)
_BYTES_A_TICK = const(64)
_NUMBERS = const(999_999)  # 1 comes behind the last one
_HEX = "0123456789ABCDEF"


class Tool:
    """The session. `open` from the first good line on; `answering` while a wrapped command waits for its answer."""

    def __init__(self, console, execute):
        self.open = False
        self.answering = False
        self._console = console
        self._execute = execute
        self._silent_us = 0  # time since the last good line
        self._polled_us = console.app.supervisor.now_us
        self._begins = False  # the command of a line that begins a session waits until service mode is left
        self._data = b""  # the bytes that the sum is made of
        self._at = 0
        self._crc = START
        self._given = -1  # the sum that came with a line; -1: the sum of an answer is being made
        self._number = -1
        self._command = ""
        self._kept = (-1, "", "")  # number and command answered last, and the answer's line

    def close(self):
        """End the session."""
        self.open = False
        self._kept = (-1, "", "")

    def begin(self, text):
        """Take a line that begins with @."""
        body, _, given = text.rpartition(" *")
        number, _, command = body[1:].partition(" ")
        command = command.strip()
        if not number.isdigit() or len(number) > 6 or not command or not _is_sum(given):
            self._refuse(203, "send @number command *sum: a number of 1 to 6 digits, a sum of 4 hexadecimal ones")
            return
        self._number = int(number)
        self._command = command
        self._given = int(given, 16)
        self._sum_over(body)

    def poll(self):
        """Continue a sum; disarm when the tool is silent. Return True when there was something to do."""
        console = self._console
        s = console.app.supervisor
        dt_us = diff(s.now_us, self._polled_us)
        self._polled_us = s.now_us
        # while a command waits for the end of a pass, the tool may be waiting for its answer
        if self.open and not (console.held and s.mode == mode.DELIVERING):
            self._silent_us = grown(self._silent_us, dt_us)
            if self._silent_us >= _KEEP_US and self._gone():
                return True
        if self._begins:
            self._begins = False
            self._go_on()
            return True
        if self._at >= len(self._data):
            return False
        end = min(self._at + _BYTES_A_TICK, len(self._data))
        self._crc = added(self._crc, self._data, self._at, end)
        self._at = end
        if end == len(self._data):
            if self._given < 0:
                self._answered()
            else:
                self._check()
        return True

    def answer(self, text):
        """Wrap the answer of the present command and send it a few ticks later."""
        self._given = -1
        self._sum_over("@{} {}".format(self._number, text.replace("\n", " | ")))

    def _sum_over(self, text):
        self._data = text.encode()
        self._at = 0
        self._crc = START

    def _answered(self):
        line = "{} *{:04X}".format(self._data.decode(), self._crc)
        self._data = b""
        self._at = 0
        self._kept = (self._number, self._command, line)
        self.answering = False
        self._console.say(line)

    def _check(self):
        self._data = b""
        self._at = 0
        if self._crc != self._given:
            self._refuse(201, "the line's check sum is wrong: nothing was done, send it again")
            return
        begins = not self.open or not self._number
        self.open = True
        self._silent_us = 0
        app = self._console.app
        if begins and app.supervisor.mode == mode.SERVICE:
            app.inputs.request = supervisor.DISARM
            self._begins = True
            return
        self._go_on()

    def _go_on(self):
        """Execute the line's command, or answer it again."""
        number = self._number
        before, command, line = self._kept
        if number and before > 0:
            if number == before and self._command == command:
                self._console.say(line)
                return
            data = self._command.encode()
            if not bare(data, 0, len(data)) and (before - number) % _NUMBERS < _NUMBERS // 2:
                why = "was another command's" if number == before else "came before"
                self._refuse(203, "number {} {}: nothing was done, begin with 0".format(number, why))
                return
        if ";" in self._command or self._command[0] == "@":
            self._refuse(203, "one command a wrapped line: nothing was done")
            return
        self.answering = True
        self._execute(self._console, self._command)

    def _refuse(self, number, text):
        self._console.say(self._console.error(number, text))

    def _gone(self):
        app = self._console.app
        if mode.MAY_GIVE_GAS >> app.supervisor.mode & 1:
            if app.inputs.request == supervisor.NONE:
                app.inputs.request = supervisor.DISARM
                return True
        elif self._silent_us >= _GONE_US:
            self.close()
            if app.supervisor.mode == mode.SERVICE:
                app.inputs.request = supervisor.DISARM
                return True
        return False


def _is_sum(text):
    if len(text) != 4:
        return False
    for ch in text:
        if ch not in _HEX:
            return False
    return True
