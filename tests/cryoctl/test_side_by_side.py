"""Eight boards and a hostile one at the same time: no command takes longer than the time limit that it states.

On a fake clock, one for each thread: each read takes 10 ms of it. Only the serial port is a stand-in.
"""

import threading
import time

import pytest

from host_tools.cryoctl import config, device, devices, found, log, port, service
from host_tools.cryoctl.device import ANSWER_S, TRIES, Device
from host_tools.cryoctl.doctor import look as doctor
from host_tools.cryoctl.flash import boards
from host_tools.cryoctl.log_follow import SILENT_S, Follower
from host_tools.cryoctl.monitor import feed
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.report import gather
from host_tools.cryoctl.selftest import run as selftest
from tests.cryoctl.fake_port import cryoctl
from tests.cryoctl.test_device import answered

READ_S = 0.01
IDENTITY = b"CO2 cryotherapy applicator,virtual,%d,0.1.0\n"
STATE = b"STATE=STANDBY;BLOCKERS=NONE;FAULT=NONE;POINT=1;PASS=0;BURSTS=0;REACHED=0;REST_S=0;COOL_S=0;HOLD_MM=NONE\n"
FLOODS = {
    "noise": b"\xff\x00\x1b[2J" * 100,
    "lines": b"noise\n" * 50,
    "line ends": b"\n" * 400,
    "telemetry": b'{"seq":1,"crc":"0000"}\n' * 20,
    "states": STATE * 3,
    "wrapped answers": answered(b"@7 X", b"OK") + b"\n",
}


class Clock:
    """Gives each thread its own time.monotonic() and time.sleep()."""

    def __init__(self, monkeypatch):
        self._own = threading.local()
        monkeypatch.setattr(time, "monotonic", self)
        monkeypatch.setattr(time, "sleep", self.passes)

    def __call__(self):
        return getattr(self._own, "now_s", 1000.0)

    def passes(self, seconds):
        self._own.now_s = self() + seconds


class Serial:
    """Stands for pyserial's ports: good0 to good7 answer, hostile floods; known: only after it said who it is."""

    is_open = True

    def __init__(self, clock, name, flood, known):
        self._clock, self._name, self._flood, self._known = clock, name, flood, known
        self._waits = b""
        self.took_s = 0.0
        self.timeout = 0.05

    def open(self):
        pass

    close = open

    @property
    def in_waiting(self):
        return len(self._waits) or (len(self._flood) if self._name == "hostile" else 0)

    def write(self, data):
        for line in data.split(b"\n")[:-1]:
            line = line.lstrip(b"\b\r\x02")
            number = b"9" if self._name == "hostile" else self._name[-1:].encode()
            if line == b"*IDN?" and (self._name != "hostile" or self._known):
                self._waits += IDENTITY % int(number)
            elif line == b"STAT?" and self._name != "hostile":
                self._waits += STATE
        return len(data)

    def read(self, size=1):
        self._clock.passes(READ_S)
        self.took_s += READ_S
        assert self.took_s < 600, "it reads for ever"
        out, self._waits = self._waits[:size], self._waits[size:]
        return out or (self._flood[:size] if self._name == "hostile" else b"")


@pytest.fixture(params=FLOODS)
def bench(request, monkeypatch):
    """Return a function that makes the ports. known: the hostile one says who it is before it floods."""
    clock = Clock(monkeypatch)
    ports = {}

    def made(known):
        def opened(name, *_, **__):
            ports[name] = Serial(clock, name, FLOODS[request.param], known)
            return ports[name]

        monkeypatch.setattr(port.serial, "serial_for_url", opened)
        monkeypatch.setattr(port, "holders", lambda names: [])
        names = [*(f"good{n}" for n in range(4)), "hostile", *(f"good{n}" for n in range(4, 8))]
        monkeypatch.setattr(found, "ports", lambda: [found.Found(name, found.VIRTUAL) for name in names])
        return clock, ports

    return made


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("command", ["devices", "doctor"])
def test_all_are_looked_at_and_the_hostile_one_holds_no_other_up(bench, monkeypatch, known, command):
    _, ports = bench(known)
    if command == "devices":
        there = {each.port: each for each in devices.all_seen()}
        assert {name: (there[name].state, there[name].serial) for name in there if name != "hostile"} == {
            f"good{n}": ("STANDBY", str(n)) for n in range(8)
        }
    else:
        monkeypatch.setattr(doctor.serial_ports, "permission", lambda _: [])
        monkeypatch.setattr(doctor.serial_ports, "in_use", lambda _: [])
        said = [check for check in doctor.checks() if check.name.startswith("board ")]
        assert len(said) == 9 and sum("STANDBY" in check.text for check in said if "hostile" not in check.name) == 8
    # two looks, the identity, the state: each with the time limit in devices.py and device.py
    assert ports["hostile"].took_s < 2 * devices.PATIENCE_S + 2 * ANSWER_S + 0.2
    assert all(ports[f"good{n}"].took_s < 1 for n in range(8))


def _follow(there):
    next(iter(Follower(there, None, threading.Event(), lambda text: None).records()))


# command -> what it does with an open device
ASKS = {
    "log": log.extent,
    "log --follow": _follow,
    "config": config.in_force,
    "report": lambda there: gather.from_device(there, gather.Found("now")),
    "selftest": lambda there: selftest.tested(there, selftest.Asked(skip_contacts=True), lambda text: None),
    "service mode": lambda there: service.service_mode(there, "47110815").__enter__(),
    "tell": lambda there: there.tell("CAL?"),
    "flash": Device.unarmed,
}


@pytest.mark.parametrize("command", ASKS)
def test_a_device_that_floods_ends_each_command_at_its_patience(bench, command):
    clock, _ = bench(True)
    begun_s = clock()
    try:
        with Device(Port("hostile")) as there:
            ASKS[command](there)
    except Problem:
        pass  # what came is not an answer, or was not understood
    # service mode: begin a session, end an open one, send the PIN, leave; each question up to three times
    most_s = {"log --follow": SILENT_S, "service mode": 4 * TRIES * ANSWER_S}.get(command, TRIES * ANSWER_S)
    assert clock() - begun_s < most_s + 4 * ANSWER_S  # to find it, and to set it back


def test_a_monitor_of_it_tells_a_gap_and_ends_when_it_is_told_to(bench):
    clock, _ = bench(True)
    begun_s = clock()
    watch = feed.Feed("hostile", clock=clock)
    rows = []
    try:
        watch.connect()
    except Problem:
        assert clock() - begun_s < 3 * ANSWER_S
        return
    stop = threading.Event()
    stop.wait = clock.passes
    watch.run(rows.append, stop, 20.0)
    assert clock() - begun_s < 20 + 6 * ANSWER_S
    assert not [row for row in rows if row.kind == "sample"]


def test_flash_of_all_of_them_does_the_eight(bench, monkeypatch):
    _, ports = bench(True)
    monkeypatch.setattr(boards, "compiled", lambda _: {})
    done = cryoctl("flash", "--all", "--virtual", "--dry-run")
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert all("dry run" in rows[f"good{n}"] for n in range(8)), done.output
    assert ("failed" in rows["hostile"]) == (done.exit_code in (3, 4))
    assert ports["hostile"].took_s < 2 * devices.PATIENCE_S + 3 * ANSWER_S


@pytest.mark.parametrize("said", ["FIRST=1;LAST=1073741823;LOST=0", "FIRST=5;LAST=3;LOST=0", "FIRST=-9;LAST=3;LOST=0"])
def test_a_log_that_no_board_has_room_for_is_not_read_for_ever(said):
    class There:
        identity = device.Identity("virtual", "1", "0.1.0")

        def state(self):
            return {"STATE": "STANDBY"}

        def tell(self, command):
            return said

    with pytest.raises(Problem, match="not a record of its log"):
        log.extent(There())
