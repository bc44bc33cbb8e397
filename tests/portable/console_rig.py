"""A console on a fake serial line, with a real supervisor whose inputs are all good."""

from cryo import config
from cryo.console.crc import START, added
from cryo.console.line import Console
from cryo.core import mode, records, supervisor
from cryo.core.records import Inputs, Outputs
from cryo.core.supervisor import Supervisor
from cryo.recorder import Recorder
from cryo.store.slots import Slots
from cryo.store.writing import save
from store_rig import FailingFiles, record

PIN = "271828"
ALL = "SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND"


class Stream:
    """A serial line. takes: how many bytes it accepts at a time; endless: it sends the same byte without an end."""

    def __init__(self):
        self.incoming = b""
        self.written = b""
        self.takes = 100_000
        self.endless = None
        self.taken = 0

    def any(self):
        return 1 if self.endless else len(self.incoming)

    def readinto(self, buffer, length):
        if self.endless:
            buffer[0] = self.endless
            self.taken += 1
            assert self.taken < 5_000, "one poll never ends"
            return 1
        n = min(length, len(self.incoming))
        if not n:
            return None
        buffer[:n] = self.incoming[:n]
        self.incoming = self.incoming[n:]
        self.taken += n
        return n

    def write(self, data):
        n = min(self.takes, len(data))
        self.written += data[:n]
        return n


class Resets:
    ended = mode = fault = uptime_s = count = 0


class ShieldLoopTest:
    def answer(self, tested):
        return tested


class Board:
    name = "test"
    fitted = {"infrared_fitted": 0, "line_fitted": 1, "co2_fitted": 0}
    scratch = ()

    def __init__(self):
        self.files = FailingFiles()


class App:
    """The applicator as the console sees it: supervisor, inputs, board, records, today's date."""

    def record(self, name, version):
        return Slots("/", name, version, self.board.files, self.may_write)

    def may_write(self):
        return True

    def set_today(self, today_d):
        self.today_d = today_d

    def __init__(self, settings=None):
        given = {"jet_k_mdegc": 16_000, "serial": 42}
        given.update(Board.fitted)
        given.update(settings or {})
        self.board = Board()
        made = config.build(given)[0]
        assert save(record(self.board.files, config.NAME, config.VERSION), config.encode(made)) is None
        self.today_d = None
        self.inputs = Inputs()
        self.outputs = Outputs()
        self.supervisor = Supervisor(made)
        self.stream = Stream()
        self.console = Console(self, self.stream)
        self.late_us_max = 0
        self.spare = True
        self.tested = "PASSED"
        self.loop_test = ShieldLoopTest()
        self.guides = True
        self.resets = Resets()
        self.recorder = Recorder(self)
        self.restarts = []
        self._now_us = 0x3FFFFFFF - 100_000  # the counter wraps within the self-test
        i = self.inputs
        i.loop_a = 1
        i.loop_b = i.trigger = i.estop = 0
        i.key = 1
        i.burst = records.RESTING
        i.skin.status = 0
        i.skin.value_mdegc = 32_000
        i.skin.age_us = i.skin.ended_age_us = 100_000
        for quantity, value in ((i.distance, 100), (i.bottle, 57_000), (i.line, 57_000)):
            quantity.status = quantity.age_us = 0
            quantity.value = value
        self.run(60)
        assert self.supervisor.mode == mode.STANDBY
        while self.recorder.waiting:  # the start goes into the log
            self.tick()
        self.supervisor.session.uptime_s = 400  # the cool-down after switch-on is over

    def restart(self, prompt=False):
        self.restarts.append(prompt)

    def pin(self):
        """Return the payload of the PIN's record, None where there is none."""
        return self.record("pin", 2).load()[0]

    def tick(self):
        self.inputs.skin.sequence = (self.inputs.skin.sequence + 1) & 0xFFFF
        self.supervisor.tick(self._now_us, self.inputs, self.outputs)
        self.inputs.request = supervisor.NONE
        self._now_us = (self._now_us + 10_000) & 0x3FFFFFFF
        self.recorder.poll(self.supervisor.mode)
        self.console.poll()

    def run(self, ticks):
        for _ in range(ticks):
            self.tick()

    def send(self, data):
        """Send bytes; return the lines that come back."""
        before = len(self.stream.written)
        self.stream.incoming += data
        self.run(10)
        answer = self.stream.written[before:]
        assert not answer or answer.endswith(b"\n")
        return answer.decode().split("\n")[:-1]

    def ask(self, command):
        """Send one line; return its one answer."""
        lines = self.send(command.encode() + b"\n")
        assert len(lines) == 1, lines
        return lines[0]

    def slow(self, command, ticks=150):
        """Send one line whose answer takes up to that many ticks; return the lines that came."""
        before = len(self.stream.written)
        self.stream.incoming += command.encode() + b"\n"
        self.run(ticks)
        return self.stream.written[before:].decode().split("\n")[:-1]

    def choose(self):
        """Do everything that arming needs."""
        choices = ("PRES CHRONIC", "LEV 3", "SITE LFOOT-SOLE", "POIN 1", "ATT " + ALL)
        for command in ["TREAT:" + choice for choice in choices]:
            assert self.ask(command) == "OK"

    def arm(self):
        self.choose()
        assert self.ask("ARM:CONF " + self.ask("ARM:REQ").split()[1]) == "ARMED"

    def choice(self):
        p = self.supervisor.session
        return (self.supervisor.mode, p.preset, p.level, p.site, p.point, p.attested, self.supervisor.nonce)


def wrapped(number, command):
    """Return a line with its check sum."""
    body = "@{} {}".format(number, command)
    return "{} *{:04X}".format(body, added(START, body.encode(), 0, len(body)))


def is_error(answer, number, *words):
    assert answer.startswith("ERROR {} ".format(number)), answer
    for word in words:
        assert word in answer, answer
    return True


def provided(files=None):
    """Return an applicator whose PIN is set, or one that starts on these files."""
    app = App()
    if files is None:
        app.inputs.estop = 1
        app.run(2)
        assert app.slow("SERV:NEWP " + PIN, 320) == ["OK"]
        app.inputs.estop = 0
        assert app.ask("FAULT:ACK") == "OK"
    else:
        app.board.files = files
        app.supervisor.session.uptime_s = 0  # just switched on
    return app
