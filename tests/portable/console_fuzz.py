"""Lines that nobody would type, and what must be true after each: no crash, no change by a refused line."""

from console_rig import App, wrapped
from cryo.console import table
from cryo.core import mode, supervisor

WORDS = (
    "CHRONIC", "3", "LFOOT-SOLE", "SKIN,WOUND", "1", "0", "-1", "4711", "9" * 30, "ON", "OFF", "500 ms", "1.5 S",
    "trip_mdegc,5 DEGC", "jet_k_mdegc,12000", "TREAT", "2026,11,22", "23,59,59", "1234", "", " ", "NAN", "1e9", "{}",
    "%s", "\\n", "None", "A" * 60,
)  # fmt: skip
# lines that are difficult for parsers: every interpreter gets them
CORPUS = (
    b"", b";", b";;;;", b":", b"::", b"?", b"*", b"*?", b"@", b"@@", b"@1", b"@1 ", b"@1 *", b"@1 * *",
    b"@0 STAT? *FFFF", b" ", b" ? ", b"STAT??", b"?STAT", b"STAT? ?", b"STAT:", b"STAT:?", b":STAT?", b"::STAT?",
    b"STAT?;", b";STAT?", b"STAT?;;STAT?", b"STAT?:WHY?", b"TREAT", b"TREAT:", b"TREAT:PRES:", b"TREAT:PRES  ",
    b"TREAT:LEV 3;;;", b"TREAT:LEV " + b"9" * 100, b"TREAT:POIN -0", b"TREAT:ATT ,", b"TREAT:ATT ,,,,",
    b"TREAT:SITE -", b"ARM:CONF " + b"9" * 90, b"ARM:CONF 0x1", b"ARM:CONF +1", b"CONF ,", b"CONF ,,", b"CONF a,",
    b"CONF ,1", b"CONF trip_mdegc,", b"CONF trip_mdegc,,", b"CONF? ,", b"CONF trip_mdegc,-", b"CONF trip_mdegc,.",
    b"CONF trip_mdegc,1.2.3", b"CONF trip_mdegc,M3", b"CONF trip_mdegc,3M3M3", b"SYST:DATE ,,", b"SYST:DATE 0,0,0",
    b"SYST:TIME 99,99,99", b"SYST:ECHO MAYBE", b"STRM -1", b"STRM 0", b"STRM .", b"STRM 5", b"SERV:PIN",
    b"SERV:PIN 0", b"SERV:PIN 12", b"SERV:NEWP 1234", b"SERV:REPL", b"SERV:EXIT", b"HELP HELP HELP", b"HELP \"",
    b"*IDN", b"*IDN??", b"*RST?", b"**RST", b"{}", b"{0}{1}", b"%s%n", b"\x00", b"\xff" * 120, b"\x1b[A",
    b"\x08\x08\x08", b"A" * 120, b"A" * 121, b"A" * 4000, b";" * 120, b"?" * 120, b":" * 120, b"@" * 120, b" " * 121,
    b"STOP 1", b"STOP;STOP1", b"FAULT:ACK;;", b"SYST:ERR? 1",
)  # fmt: skip


class Rig:
    """One applicator that gets lines; call `check` after each."""

    def __init__(self):
        self.app = App()
        self.app.choose()
        self.console = self.app.console
        self.lines = 0

    def state(self):
        """Return the state that a refused line must not change."""
        c = self.console
        return (
            self.app.choice(), c.human, c.editor is None, c.days, c.day_s, tuple(sorted(c.staged.items())),
            c.telemetry.period if c.telemetry else 0, c.tool.open if c.tool else False,
            tuple(sorted(self.app.board.files.files.items())), c.events_told, c.status_asked,
        )  # fmt: skip

    def settle(self):
        """Let the console finish; return how many polls that took."""
        app = self.app
        c = self.console
        for n in range(400):
            if app.inputs.request:
                app.tick()
            else:
                c.poll()
            if app.restarts:
                return n
            tool = c.tool
            asked = app.stream.incoming or c._whole or c.parts or app.inputs.request
            due = c.job or c._answer_due or c.waiting
            if not asked and not due and not (tool and (tool._data or tool.answering)):
                return n
        raise AssertionError("the console does not come to rest")

    def send(self, line):
        """Send one line, and check the state after it; return the answer's bytes."""
        app = self.app
        self.lines += 1
        if self.lines % 16 == 0:
            app.tick()
        if self.console.tool:
            self.console.tool._silent_us = 0  # the tool is there; other tests check its silence
        before = self.state()
        nonce = app.supervisor.nonce
        app.stream.written = b""
        app.stream.incoming = line + b"\n"
        self.settle()
        said = app.stream.written
        if app.restarts:  # a real chip would have restarted now
            lines = self.lines
            self.__init__()
            self.lines = lines
            return said
        first = said[: said.find(b"\n") + 1]
        answer = first[first.find(b" ") + 1 :] if first[:1] == b"@" else first
        refused = answer[:6] == b"ERROR " or answer[:8] == b"REFUSED "
        whole = b"\n" not in line and b"\r" not in line
        if refused and whole and not self._counted(line, answer):
            assert self.state() == before, (line, said, before, self.state())
        if app.supervisor.mode == mode.ARMED:
            assert str(nonce).encode() in line, line
            self.calm()
        assert app.outputs.fire_us == 0 and app.outputs.lease == 0
        for byte in said:
            assert byte == 10 or 32 <= byte < 127 or self.console.editor or before[2] is False, (line, said)
        return said

    def _counted(self, line, answer):
        """True when a refusal changes something (a wrong PIN, a right sum on a wrong command), or a stop follows."""
        stops = b";" in line and (b"STOP" in line.upper() or b"ARM:OFF" in line.upper())
        return answer[:9] in (b"ERROR 301", b"ERROR 302") or line[:1] == b"@" or stops

    def calm(self):
        """Return to stand-by."""
        self.app.inputs.request = supervisor.DISARM
        self.settle()
        self.app.tick()


def spoken(random):
    """Return a line like a command: a command of the table, with a fitting argument or another one, mutated or not."""
    known = table.known()
    line = known[random.below(len(known))]
    if random.below(2):
        line += " " + WORDS[random.below(len(WORDS))]
    for _ in range(random.below(4)):
        line = mutated(line, random)
    return line


def mutated(line, random):
    """Return a line with one character removed, inserted or changed, or with a piece doubled."""
    at = random.below(len(line) + 1)
    kind = random.below(5)
    ch = chr(32 + random.below(95))
    if kind == 0:
        return line[:at] + line[at + 1 :]
    if kind == 1:
        return line[:at] + ch + line[at:]
    if kind == 2:
        return line[:at] + ch + line[at + 1 :]
    if kind == 3:
        return line[at:] + line[:at]
    return (line + line[at:])[:200]


def line_of(random):
    """Return one line, as bytes."""
    kind = random.below(16)
    if kind == 0:
        return bytes([random.below(256) for _ in range(random.below(140))])
    if kind == 1:
        return bytes([32 + random.below(95) for _ in range(random.below(140))])
    if kind == 2:
        return (spoken(random) * (1 + random.below(30))).encode()[:600]
    if kind < 6:
        return ";".join([spoken(random) for _ in range(1 + random.below(5))]).encode()
    if kind < 8:
        line = wrapped(random.below(9), spoken(random))
        return (mutated(line, random) if random.below(2) else line).encode()
    return spoken(random).encode()
