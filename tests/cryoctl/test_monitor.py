"""cryoctl monitor on a port: wrong requests, noise, unplugging. A treatment continues whatever happens to it."""

import asyncio
import json
import resource
import signal
import subprocess
import threading

import pytest

from host_tools.cryoctl.monitor import feed, seen
from host_tools.cryoctl.monitor.screen import MonitorApp
from host_tools.cryoctl.recording_file import Sample, read
from host_tools.simulator.twin import lanes
from tests.cryoctl import treating
from tests.cryoctl.conftest import PATIENCE_S, until
from tests.cryoctl.fake_port import by_line, fake_port
from tests.cryoctl.monitored import command, ran, settled, wait_for


def until_samples(count, *words, **named):
    """Run a monitor until it has printed so many samples, then end it; return standard output and standard error."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(*words), cwd=lanes.ROOT, **pipes, **named) as process:
        printed = []
        while sum('"sample"' in line for line in printed) < count:
            printed.append(process.stdout.readline())
            assert printed[-1], process.stderr.read()
        process.terminate()
        rest, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said
    return "".join(printed) + rest, said


def test_wrong_requests_end_with_their_codes_and_what_to_do(tmp_path):
    done = ran("--port", tmp_path / "none")
    assert done.returncode == 3 and "cryoctl devices" in done.stderr
    done = ran("--port", tmp_path / "none", "--period-ms", "100")
    assert done.returncode == 2 and "500" in done.stderr


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

    with fake_port(by_line(answer)) as (name, _):
        printed, said = until_samples(2, "--port", name, "--json")
    assert "Traceback" not in said, said
    samples = [row for row in map(json.loads, printed.splitlines()) if row["kind"] == "sample"]
    assert {row["skin_mdegc"] for row in samples} == {31_000}


def test_unplugged_in_the_middle_it_says_so_and_goes_on_when_it_is_back(application, tmp_path):
    sim = application("--speed", "1")
    record = tmp_path / "r.jsonl"
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command("-p", sim.link, "--record", record), stdout=out, stderr=out, cwd=lanes.ROOT)
    try:
        wait_for(log, "STANDBY")
        sim.cut()
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
            again.cut()
    finally:
        process.kill()
        process.wait()
    kinds = [row.kind for row in read(record)[1]]
    assert "gap" in kinds and "sample" in kinds[kinds.index("back") :]


# --- a treatment ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    with treating.board(packed, tmp_path_factory.mktemp("treated")) as made:
        made.choose()
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
    for path, said in ((there, "exists already"), (tmp_path / "no" / "r", "No such file")):
        done = ran("-p", board.link, "--record", path)
        assert done.returncode == 2 and said in done.stderr and "--record" in done.stderr
    assert there.read_text() == "a diary"

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, 1_500))  # in place of a full disk: the write fails

    out, said = until_samples(12, "-p", board.link, "--record", tmp_path / "r", "--json", preexec_fn=full)
    assert said.count("not recorded") == 1
    printed = tmp_path / "printed"
    printed.write_text(out)
    samples = [row for row in read(printed)[1] if isinstance(row, Sample)]  # the printed lines are a recording, too
    recorded = [row for row in read(tmp_path / "r")[1] if isinstance(row, Sample)]
    assert len(samples) > len(recorded) + 2


def test_after_form_hum_and_an_emergency_stop_the_monitor_shows_the_fault(board):
    board.told("FORM:HUM", "Done.")
    number = board.told("ARM:REQ", "READY").split()[1].rstrip(";")
    board.told(f"ARM:CONF {number}", "ARMED")
    made = feed.Feed(str(board.link))
    made.connect()
    rows, stop = [], threading.Event()
    thread = threading.Thread(target=made.run, args=(rows.append, stop))
    thread.start()

    def shown():
        return [row for row in list(rows) if isinstance(row, Sample)][-1:]

    try:
        until(shown, lambda last: last and last[0].state == "ARMED" and last[0].seq is None)
        board.hand("estop press")
        until(shown, lambda last: last[0].state == "FAULT" and last[0].fault_name == "ESTOP")
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    # The person's form is set back by a line whose answer nobody awaits: it may come after this one.
    until(lambda: board.told("STAT?"), lambda said: said.startswith("The applicator"))
    assert not made.left
    board.told("FORM:MACH", "OK")
    board.hand("estop release")
    board.acknowledge()
    board.choose()


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
        board.let_pass(3)  # longer than the allowed silence of a tool that armed
        if number == signal.SIGTERM:
            board.told("STRM OFF", "OK")  # the next monitors must ask for the values that they show
        board.speed(0.3)  # the treatment must last longer than a monitor's start on a busy machine
        killed(started(), number)
        state = board.state()
        assert state["STATE"] in ("DELIVERING", "REST") and state["FAULT"] == "NONE" and state["POINT"] == "1", state
        bursts.append(int(state["BURSTS"]))
    board.let_pass(3)
    state = board.state()
    assert state["STATE"] in ("DELIVERING", "REST") and state["FAULT"] == "NONE", state
    bursts.append(int(state["BURSTS"]))
    assert bursts == sorted(set(bursts)), bursts  # it continued all the time
    errors = []
    while (error := board.told("SYST:ERR?")) != '0,"No error"':
        errors.append(int(error.partition(",")[0]))
    assert errors == [-101] * 3  # the lines that were forgotten, one for each start
    rows = [[json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")] for log in logs]
    assert all(row["seq"] is not None for row in rows[1] if row["kind"] == "sample")
    assert all(row["seq"] is None for row in rows[2] + rows[3] if row["kind"] == "sample")
    assert any(row["kind"] == "choice" and row["floor_mdegc"] == 7_000 for row in rows[2])  # asked, not loaded
    board.hand("trigger release")
