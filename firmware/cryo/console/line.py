"""Reads bounded lines, answers each command with one line: the value, OK, or ERROR with a number and what to do.

Nothing here runs while the tick locks the heap. No command opens a valve: a request waits for the supervisor's next
tick. The commands' modules are loaded with the first line, not at boot, and never while bursts may be given.
"""

import gc

from cryo.console import heard
from cryo.core import mode
from cryo.core.faults import REGISTRY, Codes
from cryo.core.mode import MAY_GIVE_GAS, TREATING
from cryo.core.supervisor import DISARM
from micropython import const

_CTRL_A = const(1)
_ESCAPE = const(27)  # begins the sequence of an arrow key
_BACKSPACE = (8, 127)
_ENDS = (10, 13)
_TAB = const(9)
_LINE_MAX = const(120)
_CHUNK = const(64)  # bytes taken in one tick, however many wait
_QUEUE_MAX = const(4096)  # bytes of answers that wait for the host; more are dropped and counted
_ERRORS_MAX = const(10)
_POWER_ON = const(128)  # of *ESR?
_COMMAND = const(2_048)  # bytes of heap that one command takes at most
_LOOK_S = const(2)  # [E] between two looks at the heap: each makes a tick 4 to 14 ms late; a second makes up for 10
_RESERVE = const(24_576)  # bytes of heap: the housekeeping of a pass takes under 4 KB, the rest allows for fragments
_PLENTY = const(1 << 29)
_FAULT = const(500)  # plus a fault's code: its number in the list of errors
_DAY_S = const(86_400)
_NEVER_S = const(0x3FFFFFFF)
_LEFT_S = const(600)  # [E] in service mode: the longest time between two lines of a person who works at the device


class Console:
    """One console on a stream with any(), readinto(buffer, length) and write(bytes), none of which wait."""

    def __init__(self, applicator, stream):
        self.app = applicator
        self.stream = stream
        self.dropped = 0
        self.alive = False  # each poll sets it; whoever checks for a sign of life clears it
        self.waiting = b""  # bytes that the host has not taken yet
        self.errors = []  # error numbers that no SYST:ERR? has read yet
        self.events = _POWER_ON
        self.events_told = 0  # bits of the events that *STB? sums up (*ESE)
        self.status_asked = 0  # bits of the status byte that ask for service (*SRE)
        self.parts = []  # rest of a chain of commands
        self.path = ""  # what the words of a chain hang under
        self.failed = False  # the last command ended with an error or was refused
        self.word = ""  # the command that is being answered
        self.job = None  # a task of several ticks: its poll() returns the answer, or None while it goes on
        self.human = False  # answers as sentences
        self.editor = None  # while echo is on
        self.telemetry = None  # while it is on
        self.tool = None  # the tool's session, from the first line with a check sum on
        self.staged = {}  # settings that are not saved
        self.calibration = None  # kind and values of a measurement that was accepted and is not stored
        self.days = self.day_s = None  # date and time, as set ...
        self.set_s = 0  # ... at this uptime
        self.midnight_s = _NEVER_S  # uptime at which the next day begins
        self.pin_failed_s = 0  # uptime of the last wrong PIN, or switch-on
        self.typed_s = 0  # uptime of the last line without a check sum: such a line comes from a person
        self._parser = None
        self._byte = bytearray(1)
        self._line = bytearray(_LINE_MAX)
        self._used = 0
        self._overlong = False
        self._unprintable = False
        self._ended = 0  # the character that ended the last line, if nothing came since
        self._whole = False  # the line is complete: it has the next tick for itself
        self._answer_due = None
        self._latched = Codes()  # faults that are already in the list of errors
        self._left = 0  # commands until the heap is looked at
        self._looked_s = 0  # uptime of the last look at the heap
        self.long = False  # the next step takes most of a tick: it waits for a spare one
        self._short = False  # short of heap: commands wait for the end of the pass ...
        self.held = False  # ... as the present one does
        self._heard = bytearray(heard.LONGEST)  # behind it
        self._heard_used = 0
        self._left_out = False

    def poll(self):
        """Do one thing a tick, after the tick, in a bounded time: a longer answer would delay the next tick."""
        self.alive = True
        s = self.app.supervisor
        latched = s.faults.latched
        if latched.low != self._latched.low or latched.high != self._latched.high:
            self._tell_faults(latched)
        if s.mode == mode.SERVICE:
            if s.session.uptime_s - self.typed_s >= _LEFT_S and not (self.tool and self.tool.open):
                self.app.inputs.request = DISARM
        elif self.staged or self.calibration:
            # Whatever ended service mode: the next person who gives the PIN must not store another person's staged
            # values.
            self.staged = {}
            self.calibration = None
        if s.session.uptime_s >= self.midnight_s and not MAY_GIVE_GAS >> s.mode & 1:
            self._next_day(s.session.uptime_s)
        tool = self.tool
        if tool and tool.poll():
            return
        telemetry = self.telemetry
        if telemetry and telemetry.poll():
            return
        if self.waiting and not (telemetry and telemetry.sent):
            sent = self.stream.write(self.waiting)
            if sent:
                self.waiting = self.waiting[sent:]
                return  # lines are read also from a host that does not read its answers
        if self._answer_due:
            answer = self._answer_due
            self._answer_due = None
            self.reply(answer(self.app.supervisor))
        elif self.job:
            answer = self.job.poll()
            if answer is not None:
                self.job = None
                self.reply(answer)
        elif self.parts or self._whole:
            if s.mode == mode.DELIVERING:
                if self._heap_short():
                    return
            elif (self.long or self._short) and not self._pass_over():
                return
            if self._left:
                self._left -= 1
            if self.parts:
                self._parser.go_on(self)  # pyright: ignore[reportOptionalMemberAccess]
            else:
                self._execute()
        elif self.stream.any():
            self._take()
        elif self.editor:
            self.editor.rest()

    def _heap_short(self):
        """Return True while a command has to wait: its garbage must not cause a collection while gas flows. A look at
        the heap takes about 9 ms on an RP2040. So commands are counted from the collection before a pass on, each with
        the most heap that one takes. The heap is looked at again, in a spare tick, only when that count is used up. A
        host that uses it up soon after the last look waits as if the heap were short: many looks would cause the fault
        TICK_LATE.
        """
        if self.held:
            self._listen()
            return True
        if self.long:
            if self.app.spare:
                self.long = False
                self.count()
                self._short = not self._left
            return True
        if not self._left and not self._short:
            if self.app.supervisor.session.uptime_s - self._looked_s >= _LOOK_S:
                self.long = True
                return True
            self._short = True
        if self._short:  # the line is examined only one time, since that allocates too
            line = bytes(self._line[: self._used]).strip()
            words = [part.encode() for part in self.parts] or line.split(b";")
            stops = [word for word in words if heard.bare(word, 0, len(word))]
            self.held = not stops and (bool(self.parts) or not heard.wrapped(line, len(line)))
            if stops and self.parts:
                self._left_out |= len(stops) < len(words)
                self.parts = [stop.decode() for stop in stops]
        return self.held

    def count(self):
        """Look at the heap: for how many commands is there room? Call it after a collection too, while no gas flows."""
        free = gc.mem_free() if hasattr(gc, "mem_free") else _PLENTY
        self._left = (free - _RESERVE) // _COMMAND if free > _RESERVE else 0
        self._looked_s = self.app.supervisor.session.uptime_s

    def _listen(self, lines=_CHUNK):
        """Read the lines behind the waiting command: a stop takes its place, others are left out. Allocates nothing."""
        data = self._heard
        used = self._heard_used
        for _ in range(_CHUNK):
            if not self.stream.readinto(self._byte, 1):
                break
            ch = self._byte[0]
            if ch == 10 or ch == 13 or ch == 59:  # semicolon
                # 64 is @: only a wrapped line is examined a second time, because each look takes time
                stops = used <= heard.LONGEST and heard.bare(data, 0, used)
                if stops or (used <= heard.LONGEST and data[0] == 64 and heard.wrapped(data, used)):
                    self.parts.clear()
                    for n in range(used):
                        self._line[n] = data[n]
                    self._used = used
                    self._whole = self._left_out = True
                    self._overlong = self._unprintable = self.held = False
                    used = 0
                    break
                self._left_out |= used > 0
                used = 0
                lines -= 1
                if not lines:
                    break
            elif used < heard.LONGEST:
                if used or ch != 32:
                    data[used] = ch
                    used += 1
            elif ch != 32:
                used = heard.LONGEST + 1
        self._heard_used = used

    def _pass_over(self):
        """Return True once the command that waited for a pass's end may go on: not before half a left-out line ends."""
        if self._heard_used:
            self._listen(1)
            return False
        if self._left_out:
            self.note(-363)
        self.long = self._short = self.held = self._left_out = False
        return True

    def say(self, text):
        """Send lines."""
        data = (text + "\n").encode()
        if self.editor and self.editor.typed:
            data = data.replace(b"\n", b"\r\n")
        self.send(data)

    def send(self, data):
        """Send bytes, all of them or none."""
        if len(self.waiting) + len(data) > _QUEUE_MAX:
            self.dropped += 1
            return
        self.waiting += data

    def reply(self, text):
        """Answer the present command."""
        self.failed = text[:6] == "ERROR " or text[:8] == "REFUSED "
        tool = self.tool
        if tool and tool.answering:
            tool.answer(text)
        elif self.human and not self.failed:
            self.say(self._parser.sentence(self, text))  # pyright: ignore[reportOptionalMemberAccess]
        else:
            self.say(text)

    def error(self, number, text):
        """Note an error for SYST:ERR? and return its answer."""
        self.note(number)
        return "ERROR {} {}".format(number, text)

    def note(self, number):
        """Append an error's number to the list; the last number means that the list was full."""
        if len(self.errors) < _ERRORS_MAX:
            self.errors.append(number)
        else:
            self.errors[-1] = -350
        self.events |= 32 if -200 < number < -99 else 16 if -300 < number < -199 else 8

    def _tell_faults(self, latched):
        """Note each fault that latched since the last call; one that was acknowledged and latches again counts anew."""
        told = self._latched
        for row in REGISTRY:
            if latched.has(row[0]) and not told.has(row[0]):
                self.note(_FAULT + row[0])
        told.low = latched.low
        told.high = latched.high

    def _next_day(self, uptime_s):
        """Midnight has passed: a calibration that was due on the day before blocks the next arming."""
        days = (uptime_s - self.midnight_s) // _DAY_S + 1
        self.midnight_s += days * _DAY_S
        self.app.set_today(self.app.today_d + days)

    def request(self, what, value, answer):
        """Give a request to the next tick; answer(supervisor) makes the reply after that tick."""
        self.app.inputs.request = what
        self.app.inputs.request_value = value
        self._answer_due = answer

    def _take(self):
        for n in range(_CHUNK):
            if not self.stream.readinto(self._byte, 1):
                return
            ch = self._byte[0]
            ended, self._ended = self._ended, 0
            if ch == 64 and not self._used:  # @: a tool's line
                self.editor = None
            elif not self.editor and self._persons(ch, n, ended):
                self.echo()
                if self.editor:
                    if ch in _BACKSPACE:
                        self.editor.show(self._line, self._used)
                    else:
                        self._used = 0
                        self._unprintable = False
                        continue
            if self.editor:
                ch = self.editor.key(ch, self._line, self._used)
                if ch < 0:
                    self._used = self.editor.used
                    continue
            if ch == _CTRL_A:  # what mpremote sends to get the prompt
                self._used = 0
                self._overlong = self._unprintable = False
                self.say(self.error(-101, "the application runs: SERV:REPL in service mode ends it for the prompt"))
                return
            if ch == 10 or ch == 13:
                self._ended = ch
                if self._used or self._overlong:
                    self._whole = True
                    return  # one command a tick
            elif self._used < _LINE_MAX:
                if ch == 9:  # white space, as IEEE 488.2 has it
                    ch = 32
                if not 32 <= ch < 127:
                    self._unprintable = True
                self._line[self._used] = ch
                self._used += 1
            else:
                self._overlong = True

    def _execute(self):
        text = bytes(self._line[: self._used])
        overlong = self._overlong
        unprintable = self._unprintable
        self._used = 0
        self._whole = self._overlong = self._unprintable = False
        if overlong:
            self.say(self.error(-363, "line too long: " + str(_LINE_MAX) + " characters at most"))
        elif unprintable:
            self.say(self.error(-101, "invalid character: use printable ASCII only"))
        elif text == b"?":
            self.echo()
        elif self._parser or self._loaded():
            if text[:1] != b"@":
                self.typed_s = self.app.supervisor.session.uptime_s
            self._parser.begin(self, text.decode().strip())  # pyright: ignore[reportOptionalMemberAccess]

    def _persons(self, ch, n, ended):
        """Return True for a key that only a person sends: it comes alone, as the first one of this poll, or an arrow.

        ended: the character that ended the line just before.
        """
        used = self._used
        if (self.tool and self.tool.open) or self._overlong:
            return False
        if used == 2 and self._line[0] == _ESCAPE and self._line[1] in b"[O":
            pass
        elif n or not (ch in _BACKSPACE or (not used and (ch == _TAB or ch in _ENDS))):
            return False
        elif ch == 10 and ended == 13:  # LF behind CR is no line
            return False
        return not self.stream.any()

    def echo(self):
        """Switch on echo and the keys of a terminal, and say so. Not while bursts may be given: it loads a module."""
        if TREATING >> self.app.supervisor.mode & 1:
            return
        from cryo.console import edit

        if not self.editor:
            self.editor = edit.Editor(self.send)
        self.say(edit.HELP)

    def _loaded(self):
        now = self.app.supervisor.mode
        if TREATING >> now & 1:
            self.say(self.error(-221, "not while " + mode.NAMES[now]))
            return False
        gc.collect()  # modules that stay are loaded into the holes that the start left in the heap
        from cryo.console import parse

        self._parser = parse
        return True
