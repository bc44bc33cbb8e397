"""cryoctl monitor: what it shows and records, and that a treatment goes on whatever happens to it."""

import asyncio
import errno
import itertools
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest

from host_tools.cryoctl import names
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.monitor import answers, feed, picture, plot, seen
from host_tools.cryoctl.monitor.screen import MonitorApp
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.recording_file import Back, Choice, Gap, Header, Sample, Status, Writer, read
from host_tools.twin import lanes
from tests.cryoctl import treating
from tests.cryoctl.conftest import PATIENCE_S

HEADER = Header(
    tool="a test", started="2026-11-22T12:00:00+00:00", port="p", board="b", serial="7", version="0", period_ms=500,
    choice=Choice(),
)  # fmt: skip
TELEMETRY = {
    "seq": 5, "us": 1, "mode": names.mode_number("DELIVERING"), "fault": 0, "blocked": 0, "skin": 20_000, "age": 90,
    "surface": 18_500, "infrared": None, "mm": 101, "bottle": 57_000, "line": 900, "bursts": 4, "on_us": 1_500_000,
    "lost": 0,
}  # fmt: skip


def sample(t_ms=0, **changed) -> Sample:
    made = answers.telemetry(TELEMETRY | changed, t_ms)
    assert made
    return made


def fault(name):
    return sample(5_000, seq=6, mode=names.mode_number("FAULT"), fault=names.fault_number(name), blocked=1 | 1 << 5)


# --- the recording ----------------------------------------------------------------------------------------------------
def test_a_recording_is_read_as_it_was_written(tmp_path):
    rows = [sample(1), Choice(t_ms=2, preset="CIPN", level=1), Gap(t_ms=3, text="gone"), Back(t_ms=4)]
    with (tmp_path / "r").open("w") as file:
        writer = Writer(file, HEADER)
        for row in rows:
            writer.add(row)
    assert read(tmp_path / "r") == (HEADER, rows)


def test_what_is_newer_or_cut_off_is_left_out_and_what_is_damaged_is_named(tmp_path):
    path = tmp_path / "r"
    head, gap = HEADER.model_dump_json() + "\n", Gap(t_ms=3, text="gone").model_dump_json()
    path.write_text(head + '{"kind":"invented","t_ms":1}\n' + gap[:-1] + ',"more":1}\n' + gap[:20])
    assert read(path)[1] == [Gap(t_ms=3, text="gone")]
    for damaged in (gap[:20] + "\n" + gap, '{"kind":"gap"}\n', "\n", "\udcff\n"):
        path.write_text(head + damaged, errors="surrogateescape")
        with pytest.raises(Problem, match="line 2"):
            read(path)
    for none in ("", gap + "\n", "a diary\n", head.replace('"format":1', '"format":9')):
        path.write_text(none)
        with pytest.raises(Problem, match="no recording"):
            read(path)
    with pytest.raises(Problem, match="No such file"):
        read(tmp_path / "missing")


# --- what answers mean ------------------------------------------------------------------------------------------------
def test_telemetry_is_told_by_names_and_what_is_not_as_known_is_no_sample():
    row = sample(fault=names.fault_number("ESTOP"))
    assert (row.state, row.fault_name, row.skin_mdegc, row.on_us) == ("DELIVERING", "ESTOP", 20_000, 1_500_000)
    assert answers.telemetry({**TELEMETRY, "mode": 99, "fault": 29 + 70}, 0).state == "MODE 99"
    for broken in ({"mode": None}, {"skin": "cold"}, {"bursts": None}):
        assert answers.telemetry({**TELEMETRY, **broken}, 0) is None
    assert answers.telemetry({"seq": 1}, 0) is None


def test_blockers_of_the_mask_are_those_that_the_device_names():
    distance_and_setup = 1 << 17 | 1 << 10
    assert names.blockers(distance_and_setup, "STANDBY") == ("SETUP",)
    assert names.blockers(distance_and_setup, "ARMED") == ("DISTANCE",)


def test_a_level_is_the_firmware_s_own_and_its_trip_the_tighter_one():
    presets = names._presets
    target, floor = presets.PRESETS[1][presets.LEVELS][0][:2]
    found = names.level("DIABETIC", 1)
    assert (found.target_mdegc, found.floor_mdegc) == (target, floor)
    assert found.trip_mdegc == names.limits.SKIN_TRIP_REDUCED_MDEGC
    assert names.level("DIABETIC", 1, {"trip_reduced_mdegc": 9_500}).trip_mdegc == 9_500
    assert (
        names.level("DIABETIC", 5) is None and names.level("NOTHING", 1) is None and names.level("CIPN", None) is None
    )


@pytest.mark.parametrize(
    ("mbar", "said"),
    [(None, "no reading"), (19_999, "empty"), (34_999, "too low"), (57_000, "in range"), (70_001, "too warm to arm"),
     (75_001, "close the bottle")],
)  # fmt: skip
def test_a_bottle_s_pressure_is_told_by_the_limits(mbar, said):
    assert said in names.bottle(mbar)


def test_missing_attestations_are_told_by_their_words():
    assert answers.attestation("MISSING SKIN: looked at; CONTRA: none of: a, b", 0).missing == ("SKIN", "CONTRA")
    assert answers.attestation("COMPLETE", 0).missing == () and answers.attestation("ERROR -221 no", 0) is None


def test_lines_that_did_not_arrive_are_counted_and_a_gap_is_no_loss():
    known = seen.Seen(HEADER)
    for row in (sample(seq=5), sample(seq=6), sample(seq=9), Gap(t_ms=1, text="x"), sample(seq=2), sample(seq=3)):
        known.add(row)
    assert known.missing == 2


# --- the curve --------------------------------------------------------------------------------------------------------
def rows_of(text):
    return text.plain.split("\n")


def test_the_curve_is_where_the_temperature_is():
    marks = [plot.Mark("floor", 10.0, ""), plot.Mark("target", 20.0, "")]
    points = [seen.Point(t / 2, 20.0, 10.0) for t in range(200)]
    rows = rows_of(plot.drawn(60, 21, points, marks))
    on_target, on_floor = (next(row for row in rows if row.startswith(name)) for name in ("target", "floor"))
    dots = [sum("\u2800" < ch <= "\u28ff" for ch in row) for row in rows]
    assert {rows.index(on_target), rows.index(on_floor)} == {n for n, count in enumerate(dots) if count}
    assert len(rows) == 21 and all(len(row) == 60 for row in rows)


def test_a_gap_breaks_the_curve():
    there = [seen.Point(t / 2, 20.0, None) for t in range(241)]
    broken = [*there[:60], *there[180:]]

    def dots(points):
        return sum("\u2800" < ch <= "\u28ff" for ch in plot.drawn(80, 12, points, []).plain)

    joined = dots(broken)
    broken.insert(60, seen.Point(30.0, None, None))
    assert dots(there) == joined > dots(broken) * 1.5


@pytest.mark.parametrize("size", [(0, 0), (5, 3), (17, 3), (200, 1), (17, 60)])
def test_a_curve_without_room_or_points_is_no_error(size):
    for points in ([], [seen.Point(1.0, None, None)], [seen.Point(1.0, -300.0, 300.0)]):
        plot.drawn(*size, points, [])


# --- what is asked, and when ------------------------------------------------------------------------------------------
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
        self.port = self
        self.name = "fake"

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def close(self):
        pass

    @property
    def state(self):
        return [state for since, state in self.states if since <= self.now][-1]

    def ask(self, command):
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
            return "SKIN=20.00,100ms;NOZZLE=NEVER;INFRARED=NEVER;PREDICTED=18.50"
        return self.said.get(command, "NONE")

    def received(self, wait_s):
        if self.gone:
            raise NoDevice("gone", "plug it in")
        self.now += wait_s
        if self.stream == "OFF":
            return []
        self.seq += 1
        return [{**TELEMETRY, "seq": self.seq, "mode": names.mode_number(self.state)}]


def watched(monkeypatch, device, seconds, period_ms=500, meanwhile=lambda row: None):
    """Return the feed after so long, and the rows that it gave."""
    monkeypatch.setattr(feed, "Port", lambda name: device)
    monkeypatch.setattr(feed, "Device", lambda port: device)
    monkeypatch.setattr(feed, "chosen", lambda name: "fake")
    monkeypatch.setattr(feed.time, "sleep", device.sleep)
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", device.sleep)
    made = feed.Feed("fake", period_ms, device.clock)
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
    loads = ("CONF?", "DIAG:", "TREAT:", "STRM 5")
    late = {command for at, state, command in device.sent if state == "ARMED" and command.startswith(loads)}
    # a line may be on its way when the operator confirms; the device refuses it then
    assert len([0 for at, state, command in device.sent if command in late and 8.2 < at < 60]) == 0
    assert [at for at, _, command in device.sent if command == "DIAG:STAT?" and 60 <= at < 63]  # the gas that was used


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
    assert isinstance(rows[gap + 1], Gap) and isinstance(rows[gap + 2], Back)  # nothing of the other one between


def test_a_restart_without_unplugging_is_marked(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])

    def meanwhile(row):
        if isinstance(row, Sample) and device.seq == 60:
            device.seq = 0

    _, rows = watched(monkeypatch, device, 10, meanwhile=meanwhile)
    assert [row.text for row in rows if isinstance(row, Gap)] == ["the device restarted"]


def test_a_device_that_speaks_in_sentences_is_refused_with_what_to_do(monkeypatch):
    device = FakeDevice([(0, "STANDBY")])
    monkeypatch.setattr(FakeDevice, "ask", lambda self, command: "The applicator is in stand-by.")
    with pytest.raises(Problem, match="FORM:MACH"):
        watched(monkeypatch, device, 1)


# --- the screen -------------------------------------------------------------------------------------------------------
def shown(app):
    """Return the text on the screen."""
    return "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())


async def settled(pilot, app, wanted):
    give_up = time.monotonic() + PATIENCE_S
    while wanted not in shown(app):
        assert time.monotonic() < give_up, shown(app)
        await pilot.pause(0.05)


def with_app(do, rows, size=(120, 40), folder=None):
    """Run do(pilot, app, more) on the screen of a feed that gives the rows; more(row) gives another one."""

    async def go():
        known = seen.Seen(HEADER)
        sinks = []

        def run(sink, stop, seconds):
            for row in rows:
                sink(row)
            sinks.append(sink)
            stop.wait()

        app = MonitorApp(known, seen.Recorder(known), run)
        async with app.run_test(size=size) as pilot:
            while not sinks:
                await pilot.pause(0.02)
            await pilot.pause(0.25)
            await do(pilot, app, sinks[0])
        return app

    return asyncio.run(go())


CHOSEN = Choice(t_ms=1, preset="CHRONIC", level=3, target_mdegc=13_600, floor_mdegc=8_000, trip_mdegc=4_000)


def test_the_screen_tells_state_fault_remedy_blockers_counters_and_the_level():
    status = Status(t_ms=2, point=2, passes=3, bursts=4, reached=False, rest_s=55, cool_s=12)

    async def look(pilot, app, more):
        text = " ".join(shown(app).split())
        for part in ("FAULT SKIN_TRIP", "LOOP", "target 13.6", "floor 8.0", "trip 4.0", "pass 3 of 3", "55 s"):
            assert part in text, part
        flat = "".join(text.split())
        assert "".join(names.REMEDIES["SKIN_TRIP"].split()[:6]) in flat
        assert "57.0 bar" in text and "4, valve on 1.50 of 30 s" in text

    with_app(look, [CHOSEN, sample(), status, fault("SKIN_TRIP")])


def test_p_holds_the_picture_while_the_recording_goes_on_and_r_begins_and_ends_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def keys(pilot, app, more):
        await pilot.press("r")
        await settled(pilot, app, "REC ")
        await pilot.press("p")
        await settled(pilot, app, "PAUSED")
        more(sample(2_000, seq=6, bursts=77))
        await pilot.pause(0.4)
        assert "77, valve on" not in shown(app)
        await pilot.press("p")
        await settled(pilot, app, "77, valve on")
        await pilot.press("r")
        await pilot.pause(0.1)
        assert not app.recorder.on
        more(sample(3_000, seq=7))
        await pilot.press("question_mark")
        await settled(pilot, app, "begin or end recording")
        await pilot.press("question_mark")
        await pilot.pause(0.2)
        assert "begin or end recording" not in shown(app)
        await pilot.press("r")
        await settled(pilot, app, "-2.jsonl")  # the first file stays
        await pilot.press("q")

    with_app(keys, [CHOSEN, sample()])
    first, second = sorted(tmp_path.glob("cryo-7-*.jsonl"), key=lambda path: len(path.name))
    header, rows = read(first)
    assert header.choice == CHOSEN and [row.bursts for row in rows] == [77]
    assert read(second)[1] == []


def test_a_gap_is_told_and_then_gone():
    async def look(pilot, app, more):
        assert "NOTHING COMES: unplugged" in shown(app)
        more(Back(t_ms=4_000))
        more(sample(4_500, seq=9))
        await pilot.pause(0.4)
        assert "NOTHING COMES" not in shown(app)

    with_app(look, [sample(), Gap(t_ms=2_000, text="unplugged")])


@pytest.mark.parametrize("size", [(60, 20), (20, 6), (1, 1), (200, 60)])
@pytest.mark.parametrize("no_color", [False, True])
def test_small_and_large_terminals_and_without_colour(size, no_color, monkeypatch):
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")

    async def look(pilot, app, more):
        assert app.no_color == no_color
        if size >= (60, 20):
            assert "FAULT ESTOP" in shown(app) and "target" in shown(app)
        await pilot.press("question_mark")
        await pilot.resize_terminal(80, 24)
        await pilot.press("q")

    with_app(look, [CHOSEN, sample(), fault("ESTOP")], size=size)


def test_the_picture_is_what_the_recording_gives_today_and_loads_nothing():
    svg = asyncio.run(picture.picture())
    assert svg == picture.PICTURE.read_text()
    text = svg.replace("&#160;", " ").replace("&#x27;", "'")
    for part in ("LOOP_OPEN", "floor", "target", "Close the eye shield", "FAULT"):
        assert part in text
    assert "@font-face" not in svg and "url(http" not in svg and "<image" not in svg


# --- files that fail --------------------------------------------------------------------------------------------------
def test_a_recording_that_cannot_go_on_ends_and_nothing_else_does(tmp_path):
    known = seen.Seen(HEADER)
    recorder = seen.Recorder(known)
    recorder.start(tmp_path / "nowhere" / "r")
    assert "No such file" in recorder.problem and not recorder.on
    recorder.start(tmp_path / "r")

    class Full:
        def add(self, row):
            raise OSError(errno.ENOSPC, "No space left on device")

    recorder._writer = Full()
    recorder.add(sample())
    assert "No space left" in recorder.problem and not recorder.on
    recorder.add(sample())
    recorder.start(tmp_path / "other")
    assert recorder.on and not recorder.problem
    recorder.stop()


# --- the command ------------------------------------------------------------------------------------------------------
def command(*words):
    return [sys.executable, "-m", "host_tools.cryoctl", "monitor", *map(str, words)]


def ran(*words, **named):
    return subprocess.run(
        command(*words), capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=lanes.ROOT, **named
    )


def test_wrong_requests_end_with_their_codes_and_what_to_do(tmp_path):
    done = ran("--port", tmp_path / "none")
    assert done.returncode == 3 and "cryoctl devices" in done.stderr
    done = ran("--port", tmp_path / "none", "--period-ms", "100")
    assert done.returncode == 2 and "500" in done.stderr


class Silly:
    """A pseudo-terminal with something behind it that is not as it should be; answer(line) -> bytes."""

    def __init__(self, answer):
        self._fd, other = pty.openpty()
        tty.setraw(other)
        self.path = os.ttyname(other)
        self._other = other
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        rest = b""
        while True:
            try:
                rest += os.read(self._fd, 4096)
            except OSError:
                return
            *lines, rest = rest.split(b"\n")
            for line in lines:
                os.write(self._fd, self._answer(line.strip(b"\b\r")))

    def close(self):
        os.close(self._other)
        os.close(self._fd)


def test_bytes_that_are_no_text_and_damaged_telemetry_are_passed_over():
    good = b'{"seq":1,"us":1,"mode":2,"fault":0,"blocked":0,"skin":31000,"age":9,"surface":null,"infrared":null,"mm":1,'
    good += b'"bottle":1,"line":1,"bursts":0,"on_us":0,"lost":0'

    def summed(data):
        return data + b',"crc":"%04X"}\n' % feed.wire.crc(data)

    def answer(line):
        noise = b"\xff\xfe\x00\x80\n{not json\n" + summed(good).replace(b"31000", b"99000")
        if line == b"*IDN?":
            return noise + b"CO2 cryotherapy applicator,fake,7,0.1.0\n"
        if line == b"STAT?":
            return b"STATE=STANDBY;BLOCKERS=NONE;FAULT=NONE;POINT=0;PASS=0;BURSTS=0;REACHED=0;REST_S=0;COOL_S=0\n"
        if line == b"STRM?":
            return b"OFF\n" + summed(good) + noise
        return b"OK\n" + noise if line else noise

    device = Silly(answer)
    done = ran("--port", device.path, "--json", "--seconds", "3")
    device.close()
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    samples = [row for row in map(json.loads, done.stdout.splitlines()) if row["kind"] == "sample"]
    assert {row["skin_mdegc"] for row in samples} == {31_000}


def test_unplugged_in_the_middle_it_says_so_and_goes_on_when_it_is_back(application, tmp_path):
    sim = application("--speed", "1")
    record = tmp_path / "r.jsonl"
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command("-p", sim.link, "--record", record), stdout=out, stderr=out, cwd=lanes.ROOT)
    try:
        wait_for(log, "STANDBY")
        sim.end(signal.SIGKILL)
        wait_for(log, "GAP: ")
        again = type(sim)(tmp_path, image_path=sim.image, link=sim.link)
        try:
            again.wait_ready()
            wait_for(log, "heard again")
            seen_so_far = log.read_text().count("skin ")
            wait_for(log, "skin ", seen_so_far + 2)
            busy = ran("-p", sim.link, "--seconds", "1")
            assert busy.returncode == 3 and "in use" in busy.stderr
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
        finally:
            again.process.kill()
            again.process.wait()
    finally:
        process.kill()
        process.wait()
    kinds = [row.kind for row in read(record)[1]]
    assert "gap" in kinds and "sample" in kinds[kinds.index("back") :]


def wait_for(path, text, count=1):
    give_up = time.monotonic() + PATIENCE_S
    while path.read_text().count(text) < count:
        assert time.monotonic() < give_up, path.read_text()
        time.sleep(0.05)


# --- a treatment ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    with treating.board(packed, tmp_path_factory.mktemp("treated")) as made:
        made.choose()
        made.run_until(treating.RECOVERED_S)
        made.speed(1)
        yield made


def test_the_screen_on_a_real_board(board):
    made = feed.Feed(str(board.link))
    header = made.connect()

    async def go():
        known = seen.Seen(header)
        app = MonitorApp(known, seen.Recorder(known), made.run)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot, app, "CHRONIC level 3")
            await settled(pilot, app, "STANDBY")
            await settled(pilot, app, "telemetry")
            await pilot.press("q")

    asyncio.run(go())
    assert board.told("STRM?", "OFF") == "OFF"  # as it was


def test_a_file_that_cannot_be_written_is_told_and_one_that_fills_up_ends_the_recording_alone(board, tmp_path):
    there = tmp_path / "there"
    there.write_text("a diary")
    for path, said in ((there, "there already"), (tmp_path / "no" / "r", "No such file")):
        done = ran("-p", board.link, "--record", path)
        assert done.returncode == 2 and said in done.stderr and "--record" in done.stderr
    assert there.read_text() == "a diary"

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, 1_500))  # stands for a full disk: the write fails

    done = ran("-p", board.link, "--record", tmp_path / "r", "--seconds", "6", "--json", preexec_fn=full)
    assert done.returncode == 0 and done.stderr.count("not recorded") == 1
    printed = tmp_path / "printed"
    printed.write_text(done.stdout)
    samples = [row for row in read(printed)[1] if isinstance(row, Sample)]  # what is printed is a recording, too
    recorded = [row for row in read(tmp_path / "r")[1] if isinstance(row, Sample)]
    assert len(samples) > len(recorded) + 2


def test_a_treatment_goes_on_whatever_happens_to_the_monitor(board, tmp_path):
    logs = []

    def started():
        logs.append(tmp_path / f"log{len(logs)}")
        with logs[-1].open("wb") as out:
            process = subprocess.Popen(command("-p", board.link, "--json"), stdout=out, stderr=out, cwd=lanes.ROOT)
        wait_for(logs[-1], '"sample"', 2)
        return process

    def killed(process, number=signal.SIGKILL):
        process.send_signal(number)
        process.wait(PATIENCE_S)

    first = started()
    wait_for(logs[-1], '"status"', 2)  # it has asked
    board.arm()
    bursts = [int(board.press()["BURSTS"])]
    board.told("*CLS", "OK")
    killed(first)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        board.let_pass(3)  # longer than a tool may be silent that armed
        if number == signal.SIGTERM:
            board.told("STRM OFF", "OK")  # the next ones have to ask for what they show
        board.speed(0.3)  # the treatment is to last longer than it takes to start a monitor on a busy machine
        killed(started(), number)
        state = board.state()
        assert state["STATE"] in ("DELIVERING", "REST") and state["FAULT"] == "NONE" and state["POINT"] == "1", state
        bursts.append(int(state["BURSTS"]))
    board.let_pass(3)
    state = board.state()
    assert state["STATE"] in ("DELIVERING", "REST") and state["FAULT"] == "NONE", state
    bursts.append(int(state["BURSTS"]))
    assert bursts == sorted(set(bursts)), bursts  # it went on all the while
    errors = []
    while (error := board.told("SYST:ERR?")) != '0,"No error"':
        errors.append(int(error.partition(",")[0]))
    assert errors == [-101] * 3  # the lines that were forgotten, one for each start
    rows = [[json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")] for log in logs]
    assert all(row["seq"] is not None for row in rows[1] if row["kind"] == "sample")
    assert all(row["seq"] is None for row in rows[2] + rows[3] if row["kind"] == "sample")
    assert any(row["kind"] == "choice" and row["floor_mdegc"] == 8_000 for row in rows[2])  # asked, not loaded
    board.hand("trigger release")
