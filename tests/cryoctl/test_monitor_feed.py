"""What the monitor asks a device, and when: nothing that disturbs a treatment; a device that is lost and returns."""

import itertools
import threading

import pytest

from host_tools.cryoctl import found, names
from host_tools.cryoctl.device import Device, Identity
from host_tools.cryoctl.monitor import feed, silence
from host_tools.cryoctl.monitor.seen import Seen
from host_tools.cryoctl.problems import NoDevice, Refused
from host_tools.cryoctl.recording_file import Back, Choice, Gap, Sample, Waits
from tests.cryoctl.monitored import HEADER, TELEMETRY
from tests.cryoctl.test_device import FakePort


class FakeDevice:
    """A device and its time. `states`: (from this time on, state)."""

    def __init__(self, states, stream="OFF"):
        self.now = 0.0
        self.states = states
        self.stream = stream
        self.identity = Identity("fake", "7", "0")
        self.sent = []
        self.seq = 0
        self.said = {}
        self.gone = False
        self.mute = False  # it answers, but gives no values
        self.every_s = 0.1  # between two lines of telemetry
        self.line_at = 0.0
        self.sentences = False
        self.armed = False
        self.port = self
        self.name = "fake"
        self.usb_serial = ""

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def close(self):
        pass

    @property
    def state(self):
        return [state for since, state in self.states if since <= self.now][-1]

    def ask(self, command, fits=None):
        self.now += 0.01
        if self.gone:
            raise NoDevice("gone", "plug it in")
        self.sent.append((self.now, self.state, command))
        if command == "STAT?":
            return f"STATE={self.state};BLOCKERS=NONE;FAULT=NONE;POINT=1;PASS=1;BURSTS=3;REACHED=0;REST_S=0;COOL_S=0"
        if command == "STRM?":
            return self.stream
        if command.startswith("STRM "):
            if command != "STRM OFF" and self.state in names.BUSY:
                raise Refused("telemetry is started before arming", number=-221)
            self.stream = command.removeprefix("STRM ")
            return "OK"
        if command == "MEAS:TEMP?":
            if self.mute:
                return "Skin 20.00 degC, 100 ms ago; Nozzle: no reading (NEVER)."
            return "SKIN=20.00,100ms;NOZZLE=NEVER;INFRARED=NEVER;PREDICTED=18.50"
        return self.said.get(command, "NONE")

    def received(self, wait_s):
        if self.gone:
            raise NoDevice("gone", "plug it in")
        self.now += wait_s
        if self.stream == "OFF" or self.mute or self.now < self.line_at:
            return []
        self.line_at = self.now + self.every_s
        self.seq += 1
        return [{**TELEMETRY, "seq": self.seq, "mode": names.mode_number(self.state)}]


def watched(monkeypatch, device, seconds, period_ms=500, meanwhile=lambda row: 0, made=None, console=None, port=None):
    """Return the feed after this time, and the rows that it gave."""
    monkeypatch.setattr(feed, "Port", port or (lambda name: device))
    monkeypatch.setattr(feed, "Device", console or (lambda port: device))
    monkeypatch.setattr(feed, "chosen", lambda name: "fake")
    monkeypatch.setattr(feed.time, "sleep", device.sleep)
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", device.sleep)
    made = made or feed.Feed("fake", period_ms, device.clock)
    made.connect()
    rows = []

    def sink(row):
        rows.append(row)
        meanwhile(row)

    made.run(sink, stop, seconds)
    return made, rows


@pytest.mark.parametrize("stream", ["OFF", "500 ms", "2000 ms"])
def test_while_armed_at_most_two_short_questions_a_second_are_asked(monkeypatch, stream):
    device = FakeDevice([(0, "ARMED"), (20, "DELIVERING"), (40, "REST"), (50, "READY")], stream)
    _, rows = watched(monkeypatch, device, 60)
    times = [at for at, _, _ in device.sent]
    assert all(later - sooner >= 0.5 for sooner, later in itertools.pairwise(times))
    told = {command for _, _, command in device.sent}
    assert told <= {"STAT?", "STRM?", "MEAS:TEMP?", "MEAS:PRES?", "MEAS:DIST?", *feed.CHOICE}
    assert device.stream == stream
    samples = [row for row in rows if isinstance(row, Sample)]
    assert len(samples) > 25 and {row.skin_mdegc for row in samples} == {20_000}
    for command in feed.CHOICE:  # known after the first time
        assert [asked for _, _, asked in device.sent].count(command) == 1


@pytest.mark.parametrize("stream", ["OFF", "500 ms", "2000 ms"])
def test_in_stand_by_telemetry_is_set_and_put_back_at_the_end(monkeypatch, stream):
    device = FakeDevice([(0, "STANDBY")], stream)
    made, _ = watched(monkeypatch, device, 20)
    changes = [command for _, _, command in device.sent if command.startswith("STRM ")]
    assert changes == ([] if stream == "500 ms" else ["STRM 500 ms", f"STRM {stream}"])
    assert device.stream == stream and not made.left
    assert {command.partition(" ")[0] for _, _, command in device.sent} >= {"CONF?", "DIAG:STAT?", *feed.CHOICE}


def test_at_an_end_while_treating_telemetry_is_switched_off_or_it_is_told_why_not(monkeypatch):
    device = FakeDevice([(0, "STANDBY"), (10, "DELIVERING")])
    assert not watched(monkeypatch, device, 20)[0].left and device.stream == "OFF"
    device = FakeDevice([(0, "STANDBY"), (10, "DELIVERING")], "2000 ms")
    assert "2000 ms" in watched(monkeypatch, device, 20)[0].left


def test_nothing_that_loads_a_module_is_asked_from_the_tick_on_in_which_it_is_armed(monkeypatch):
    device = FakeDevice([(0, "STANDBY"), (8, "ARMED"), (60, "COMPLETE")])
    watched(monkeypatch, device, 70)
    loads = ("CONF?", "DIAG:", "TREAT:ATT", "STRM 5")
    late = {command for at, state, command in device.sent if state == "ARMED" and command.startswith(loads)}
    # a line may be sent just before the operator confirms: then the device refuses it
    assert len([0 for at, state, command in device.sent if command in late and 8.2 < at < 60]) == 0
    assert [at for at, _, command in device.sent if command == "DIAG:STAT?" and 60 <= at < 63]  # the gas that was used


def test_the_points_waits_are_asked_while_quiet_until_none_is_left(monkeypatch):
    device = FakeDevice([(0, "STANDBY"), (20, "ARMED"), (40, "COMPLETE")])
    device.said |= {"TREAT:PRES?": "CHRONIC", "TREAT:LEV?": "3", "TREAT:SITE?": "LFOOT-SOLE", "TREAT:POIN?": "1"}
    device.said["TREAT:READ?"] = "300,10,10,10,10,10,10,10"

    def meanwhile(row):
        if isinstance(row, Waits) and row.t_ms > 45_000:
            device.said["TREAT:READ?"] = ",".join("0" * 8)

    _, rows = watched(monkeypatch, device, 80, meanwhile=meanwhile)
    assert {state for _, state, command in device.sent if command == "TREAT:READ?"} == {"STANDBY", "COMPLETE"}
    waits = [row.wait_s for row in rows if isinstance(row, Waits)]
    assert len(waits) > 4 and waits[0] == (300, *[10] * 7) and waits.count((0,) * 8) == 1 and not any(waits[-1])
    silent = FakeDevice([(0, "STANDBY")])  # no site is chosen: nothing to ask
    watched(monkeypatch, silent, 20)
    assert "TREAT:READ?" not in {command for _, _, command in silent.sent}


def test_another_site_s_points_are_told_though_none_of_them_waits(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    device.said |= {"TREAT:PRES?": "CHRONIC", "TREAT:LEV?": "3", "TREAT:SITE?": "LFOOT-SOLE", "TREAT:POIN?": "1"}
    device.said["TREAT:READ?"] = ",".join("0" * 8)

    def meanwhile(row):
        if row.t_ms > 30_000:
            device.said["TREAT:SITE?"] = "RFOOT-SOLE"

    _, rows = watched(monkeypatch, device, 80, meanwhile=meanwhile)
    told = [row.site if isinstance(row, Choice) else "waits" for row in rows if isinstance(row, Choice | Waits)]
    assert told[-2:] == ["RFOOT-SOLE", "waits"] and told.count("waits") == 2, told


def test_a_late_answer_to_another_question_is_not_taken_for_the_points_waits():
    fits = feed._FITS["TREAT:READ?"]
    assert fits("300,0,10,0,60,60,60,60") and fits("ERROR -221 choose the site first (TREAT:SITE)")
    for late in ("3", "NONE", "OK", "COMPLETE", "3,", "LFOOT-SOLE", "SKIN=32.50,100ms;NOZZLE=NEVER"):
        assert not fits(late), late


def test_a_device_that_goes_and_returns_is_told_and_marked(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])

    def meanwhile(row):
        device.gone = isinstance(row, Sample) and 5_000 < row.t_ms < 6_000
        if isinstance(row, Gap):
            device.stream = "OFF"  # its restart

    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile)
    kinds = [row.kind for row in rows if isinstance(row, Gap | Back | Sample)]
    assert kinds.count("gap") >= 1 and kinds.count("gap") == kinds.count("back")
    assert isinstance(rows[[row.kind for row in rows].index("gap")], Gap)
    assert kinds[-1] == "sample" and device.stream == "OFF"


def test_a_device_that_returns_under_another_name_is_watched_there(monkeypatch):
    device, opened = FakeDevice([(0, "STANDBY")]), []
    device.usb_serial = "E66"
    monkeypatch.setattr(found, "ports", lambda: [found.Found("/dev/b", "", "E67"), found.Found("/dev/a", "", "E66")])

    def meanwhile(row):
        device.gone = isinstance(row, Sample) and 5_000 < row.t_ms < 6_000

    def port(name):
        opened.append(name)
        device.name = name
        return device

    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile, port=port)
    assert opened[0] == "fake" and set(opened[1:]) == {"/dev/a"}
    back = max(n for n, row in enumerate(rows) if isinstance(row, Back))
    assert any(isinstance(row, Sample) for row in rows[back:])


def test_another_device_at_the_port_is_told_and_waited_out(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    first = device.identity

    def meanwhile(row):
        device.gone = isinstance(row, Sample) and 5_000 < row.t_ms < 6_000
        if isinstance(row, Gap):
            device.identity = first if "serial number 8" in row.text else Identity("fake", "8", "0")

    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile)
    texts = [row.text for row in rows if isinstance(row, Gap)]
    assert len(texts) % 2 == 0 and "gone" in texts[0] and "another device" in texts[1]
    gap = next(n for n, row in enumerate(rows) if isinstance(row, Gap))
    assert isinstance(rows[gap + 1], Gap) and isinstance(rows[gap + 2], Back)  # no row of the other device


def test_a_restart_without_unplugging_is_marked(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])

    def meanwhile(row):
        if isinstance(row, Sample) and device.seq == 60:
            device.seq = 0

    _, rows = watched(monkeypatch, device, 10, meanwhile=meanwhile)
    assert [row.text for row in rows if isinstance(row, Gap)] == ["the device restarted"]


PRESENT = {"TREAT:PRES?": "CHRONIC", "TREAT:LEV?": "3", "TREAT:SITE?": "LFOOT-SOLE", "TREAT:POIN?": "1"}
OTHER = {"TREAT:PRES?": "DIABETIC", "TREAT:LEV?": "1", "TREAT:SITE?": "RFOOT-SOLE", "TREAT:POIN?": "2"}


class Changed(dict):
    """A device's answers about its choice. From a time on it has another choice, between two rounds of questions."""

    def __init__(self, device, since):
        super().__init__(PRESENT)
        self.device, self.since = device, since

    def get(self, command, default=None):
        return (OTHER if self.device.now >= self.since else PRESENT).get(command, default)


def choices(rows):
    return [(row.preset, row.level, row.site, row.point) for row in rows if isinstance(row, Choice)]


def test_a_choice_changed_just_before_arming_is_recorded_as_the_device_treats_it(monkeypatch):
    device = FakeDevice([(0, "STANDBY"), (8.0, "READY"), (9, "ARMED"), (12, "DELIVERING"), (40, "COMPLETE")])
    device.said = Changed(device, 7.9)
    _, rows = watched(monkeypatch, device, 30)
    assert choices(rows) == [("CHRONIC", 3, "LFOOT-SOLE", 1), ("DIABETIC", 1, "RFOOT-SOLE", 2)]
    told = next(row.t_ms for row in rows if isinstance(row, Choice) and row.preset == "DIABETIC")
    assert told < 12_000  # before the first burst
    for command in feed.CHOICE:
        assert [at for at, _, asked in device.sent if asked == command and 8.5 < at < 30][1:] == []


@pytest.mark.parametrize(("command", "own"), [*PRESENT.items(), ("TREAT:PRES?", "NONE"), ("TREAT:POIN?", "NONE")])
def test_the_answer_to_somebody_else_s_question_is_no_choice(command, own):
    """When another tool uses the same console, both get all answers."""
    others = [b"STATE=ARMED;FAULT=NONE;POINT=7", b"OK", b"57282 mbar"]
    others += [b"7"] if command in ("TREAT:PRES?", "TREAT:SITE?") else [b"CIPN"]
    port = FakePort(lambda line: [*others, own.encode()])
    assert feed._ask(Device(port), command) == own
    with pytest.raises(Refused):
        feed._ask(Device(FakePort(lambda line: [b"ERROR -221 not now"])), command)


@pytest.mark.parametrize("since", [n / 10 for n in range(20, 80, 3)])
def test_no_mixture_of_two_choices_outlasts_arming(monkeypatch, since):
    device = FakeDevice([(0, "STANDBY"), (8, "READY"), (9, "ARMED")])
    device.said = Changed(device, since)
    _, rows = watched(monkeypatch, device, 20)
    assert choices(rows)[-1] == ("DIABETIC", 1, "RFOOT-SOLE", 2)


def test_a_choice_is_forgotten_when_the_device_goes_and_a_device_that_refuses_it_has_none_known(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    device.said = dict(PRESENT)

    def meanwhile(row):
        device.gone = isinstance(row, Sample) and 5_000 < row.t_ms < 6_000
        if isinstance(row, Gap):
            device.states = [(0, "ARMED")]
            device.said = {}
            device.stream = "OFF"

    asked = device.ask

    def ask(command, fits):
        if command in feed.CHOICE and device.state == "ARMED":
            raise Refused("not while ARMED", number=-221)
        return asked(command)

    monkeypatch.setattr(device, "ask", ask)
    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile)
    assert choices(rows) == [("CHRONIC", 3, "LFOOT-SOLE", 1), (None,) * 4]
    kinds = [row.kind for row in rows]
    back = kinds.index("back")
    assert kinds[back + 1] == "choice" and "sample" in kinds[back:]


@pytest.mark.parametrize("states", [[(0, "STANDBY")], [(0, "ARMED")]])
def test_silence_is_a_gap_in_the_recording_until_values_come_again(monkeypatch, states):
    device = FakeDevice(states)
    gaps = []

    def meanwhile(row):
        if isinstance(row, Sample) and 5_000 < row.t_ms < 6_000:
            device.mute = True
        if isinstance(row, Gap):
            gaps.append(row)
            device.mute = False

    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile)
    kinds = [row.kind for row in rows if isinstance(row, Gap | Back | Sample)]
    assert [gap.text[:13] for gap in gaps] == ["no values for"]
    at = kinds.index("gap")
    assert kinds[at - 1 : at + 3] == ["sample", "gap", "back", "sample"] and kinds.count("back") == 1
    last = [row for row in rows if isinstance(row, Sample) and row.t_ms < gaps[0].t_ms][-1]
    assert gaps[0].t_ms - last.t_ms < (silence.POLLED_S + silence.GAP_S + 0.6) * 1000


def test_telemetry_that_somebody_set_to_five_seconds_before_arming_is_not_told_as_silence(monkeypatch):
    device = FakeDevice([(0, "ARMED")], "5000 ms")
    device.every_s = 5.0
    known = []
    made = feed.Feed("fake", clock=device.clock)
    received, old = device.received, []

    def receive(wait_s):
        old.extend(device.now for seen in known if seen.old)
        return received(wait_s)

    monkeypatch.setattr(device, "received", receive)

    def meanwhile(row):
        if not known:
            known.append(Seen(HEADER, made.every_s, clock=device.clock))
        known[0].add(row)

    _, rows = watched(monkeypatch, device, 30, meanwhile=meanwhile, made=made)
    assert len([row for row in rows if isinstance(row, Sample)]) in (6, 7) and old == []
    assert not [row for row in rows if isinstance(row, Gap)]


@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_later_connection_knows_that_the_first_one_found_sentences(monkeypatch, from_the_start):
    whole = FakeDevice([(0, "STANDBY")])
    whole.left = []
    consoles = []

    def console(port):
        """A new object for each connection; only the first one gets sentences."""
        whole.sentences = from_the_start and not consoles
        consoles.append(port)
        return whole

    monkeypatch.setattr(whole, "close", lambda: whole.left.append(whole.sentences))

    def meanwhile(row):
        whole.gone = isinstance(row, Sample) and 5_000 < row.t_ms < 6_000
        whole.sentences = whole.sentences or whole.gone

    watched(monkeypatch, whole, 30, meanwhile=meanwhile, console=console)
    assert len(consoles) > 1 and whole.left[-1] is True


def test_at_an_end_while_armed_it_is_told_that_sentences_were_not_put_back(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    device.sentences = True
    assert not watched(monkeypatch, device, 5)[0].left
    device.armed = True  # according to the state that close() asks for
    assert "sentences (FORM:HUM)" in watched(monkeypatch, device, 5)[0].left


def test_a_state_that_is_not_told_ends_in_a_gap_and_not_in_the_last_one_for_ever(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    asked = device.ask

    def ask(command, fits):
        if command == "STAT?" and device.now > 5:
            raise Refused("a tool's session: send it as @number command *sum", number=202)
        return asked(command)

    monkeypatch.setattr(device, "ask", ask)
    _, rows = watched(monkeypatch, device, 20)
    assert any(isinstance(row, Gap) and "a tool's session" in row.text for row in rows)
    assert not [row for row in rows if isinstance(row, Sample) and row.t_ms > 8_000]
