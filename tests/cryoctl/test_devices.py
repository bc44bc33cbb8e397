"""cryoctl devices: all kinds of ports at the same time, and no port."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from host_tools.cryoctl import devices, found
from host_tools.cryoctl.device import FORGET_LINE
from host_tools.cryoctl.holders import Holder
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.report import fleet, gather
from host_tools.cryoctl.shared.server import Server
from host_tools.cryoctl.sim import run
from tests.cryoctl.conftest import until
from tests.cryoctl.fake_port import application as application_in
from tests.cryoctl.fake_port import cryoctl, fake_port

GARBAGE = bytes(range(128, 256)) + b"\xff\xfe\r\n\xc3\x28\n"


@pytest.fixture(autouse=True)
def own_data(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("d")))  # a socket's path: 107 characters at most


@pytest.fixture
def ports(monkeypatch):
    def there(*names):
        monkeypatch.setattr(found, "ports", lambda: [found.Found(name, found.EITHER, "E66") for name in names])

    return there


def listed():
    done = cryoctl("devices", "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_none_found_is_no_error_and_says_what_to_do(ports):
    ports()
    done = cryoctl("devices")
    assert done.exit_code == 0
    assert "cryoctl sim" in done.stderr
    assert listed() == []


def test_each_port_has_its_state_and_a_silent_one_holds_no_other_up(ports, tmp_path):
    at_prompt = fake_port(lambda _, new: b"\r\nSyntaxError: invalid syntax\r\n>>> " if b"\n" in new else b"")
    with (
        fake_port(application_in("ARMED")) as (armed, said),
        fake_port(lambda *_: b"") as (silent, _),
        fake_port(lambda *_: GARBAGE) as (garbage, _),
        fake_port(application_in("STANDBY")) as (busy, _),
        at_prompt as (prompt, _),
        Port(busy),
    ):
        ports(armed, silent, garbage, busy, prompt, str(tmp_path / "gone"))
        states = {each["port"]: each for each in listed()}
    assert states[armed] == {
        "port": armed, "kind": found.EITHER, "usb_serial": "E66", "state": "ARMED",
        "board": "virtual", "serial": "7", "version": "0.1.0", "remark": "",
    }
    assert [states[name]["state"] for name in (silent, garbage, busy, prompt)] == ["silent", "silent", "busy", "prompt"]
    assert states[str(tmp_path / "gone")]["state"] == "gone"
    assert not set(said) & {1, 3, 4}  # no byte that asks for a prompt, interrupts or restarts
    assert set(bytes(said).replace(FORGET_LINE, b"").split()) == {b"*IDN?", b"STAT?"}


HOLDS = "import serial, sys; port = serial.Serial(sys.argv[1], exclusive=True); print('open', flush=True); input()"


def test_who_holds_a_busy_port_is_named(ports):
    with (
        fake_port(application_in("STANDBY")) as (busy, _),
        subprocess.Popen(
            [sys.executable, "-c", HOLDS, busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
    ):
        assert other.stdout.readline() == "open\n"
        ports(busy)
        (seen,) = listed()
        other.stdin.close()
    assert seen["state"] == "busy" and f"(process {other.pid})" in seen["remark"]


def test_a_shared_port_answers_and_says_by_whom_it_is_shared(ports, monkeypatch):
    monkeypatch.setattr(devices, "holders", lambda names: [Holder(names[0], "cryoctl", 17)])
    with fake_port(application_in("STANDBY")) as (name, _), Port(name) as port:
        server = Server(port)
        ports(name)
        (seen,) = listed()
        server.close()
    assert seen["state"] == "STANDBY" and "shared by cryoctl (process 17)" in seen["remark"]


def test_a_raw_prompt_that_a_tool_left_behind_is_found(ports):
    friendly = []

    def raw(_, new):
        if b"\x02" in new:
            friendly.append(1)
        return b"\r\nMicroPython v1.28.0\r\n>>> " if friendly else b""

    with fake_port(raw) as (name, _):
        ports(name)
        assert [each["state"] for each in listed()] == ["prompt"]


def test_a_virtual_board_is_there_by_itself(start):
    sim = start()
    (only,) = listed()
    assert (only["port"], only["kind"], only["state"]) == (str(sim.link), found.VIRTUAL, "prompt")
    sim.end()
    assert listed() == []


def test_a_virtual_board_is_listed_before_it_says_where_it_is(tmp_path, monkeypatch):
    """A program that waits for these words may search the ports immediately."""
    link = tmp_path / "port"
    said = {}

    def there():
        return [port.name for port in found.ports() if port.kind == found.VIRTUAL]

    monkeypatch.setattr(run, "_say", lambda _, text: said.update({text.split()[0]: there()}))
    monkeypatch.setattr(run.Board, "run", lambda _: None)
    run.run(run.Options(tmp_path / "board.img", link, headless=True), None)
    assert said["link"] == [str(link)] and there() == []


# --- a page about all of them -----------------------------------------------------------------------------------------
def test_the_page_has_each_board_s_calibrations_and_a_second_page_replaces_it(application, tmp_path):
    application()
    until(lambda: listed()[0]["state"], lambda state: state == "STANDBY")
    to = tmp_path / "fleet.html"
    for _ in range(2):
        done = cryoctl("devices", "-o", to)
        assert done.exit_code == 0, done.stderr
        assert "calibrate thermocouple, opening, closing, jet, pressure, distance" in done.stderr
        assert f"{to}: 1 ports, 1 boards told everything" in done.stderr
        said = to.read_text()
        assert said.startswith(fleet.START) and ">STANDBY<" in said and "never calibrated" in said


def test_an_armed_board_is_not_asked_and_a_port_that_fails_holds_no_other_up(ports, tmp_path):
    to = tmp_path / "fleet.html"
    with fake_port(application_in("ARMED")) as (armed, said), fake_port(application_in("STANDBY")) as (poor, _):
        ports(armed, poor, str(tmp_path / "gone"))
        done = cryoctl("devices", "-o", to)
    assert done.exit_code == 0 and f"{to}: 3 ports, 0 boards told everything" in done.stderr
    assert set(bytes(said).replace(FORGET_LINE, b"").split()) == {b"*IDN?", b"STAT?"}
    assert "7: it is ARMED: it was not asked" in done.stderr
    page = to.read_text()
    assert page.count(">7<") == 2 and "class=\"chart\"" not in page  # nobody told a calibration: no picture


def test_the_page_replaces_no_other_file(ports, tmp_path):
    ports()
    to = tmp_path / "notes.html"
    to.write_text("mine")
    done = cryoctl("devices", "-o", to)
    assert done.exit_code == 2 and "name another file with -o" in done.stderr and to.read_text() == "mine"


def test_a_board_that_tells_no_calibration_is_not_in_order(ports, monkeypatch, tmp_path):
    monkeypatch.setattr(gather, "standing", lambda device, found: None)
    with fake_port(application_in("STANDBY")) as (poor, _):
        ports(poor)
        done = cryoctl("devices", "-o", tmp_path / "fleet.html")
    assert f"7: {fleet.NOT_TOLD}" in done.stderr and fleet.NOT_TOLD in (tmp_path / "fleet.html").read_text()


def test_a_name_that_no_file_can_have_is_told_in_a_sentence(ports):
    ports()
    done = cryoctl("devices", "-o", "x" * 300)
    assert done.exit_code == 2 and "name another file with -o" in done.stderr and "Traceback" not in done.stderr


def test_the_page_begins_with_what_needs_somebody_and_tells_two_boards_of_one_number_apart():
    sound, late = gather.Calibration("JET", left_d=400), gather.Calibration("JET", left_d=-1)
    members = [
        fleet.Member(devices.Seen(port, "RP2040", "", state, "rp2040_pico", "12", "0.1.0"), found)
        for port, state, found in (
            ("first", "STANDBY", gather.Found("now", calibrations=[sound])),
            ("second", "STANDBY", gather.Found("now", calibrations=[late, gather.Calibration("TC")])),
            ("third", "FAULT", gather.Found("now", latched="ESTOP: release it", calibrations=[sound])),
        )
    ]
    page = fleet.page(members, "now")
    told = page[page.index("<h2>Boards</h2>") :]
    assert told.index(">second<") < told.index(">third<") < told.index(">first<")
    assert "ESTOP: release it" in told
    assert "<b>2</b><span>calibrations overdue or never made" in page
    assert {label for trace in fleet.picture(members).data for label in trace.y} == {"12 (1)", "12 (2)", "12 (3)"}


def test_the_days_count_from_the_device_s_own_date():
    told = {"STAT?": "STATE=STANDBY", "FAULT?": "NONE", "CAL?": "DUE=2031-05-01", "SYST:DATE?": "2031,01,10"}
    told["CAL:LIST?"] = "JET=2030-05-01,2031-01-15,A,B,1"
    device = SimpleNamespace(identity=SimpleNamespace(board="b", serial="7", version="1"), tell=told.get)
    found = gather.Found("now")
    gather.standing(device, found)
    assert [(each.kind, each.left_d) for each in found.calibrations] == [("JET", 5)] and found.due == "2031-05-01"


@pytest.mark.parametrize(
    ("left_d", "status"),
    [(None, fleet.NEVER), (-1, fleet.OVERDUE), (0, fleet.SOON), (30, fleet.SOON), (31, fleet.VALID)],
)
def test_a_calibration_stands_as_its_days_say(left_d, status):
    one = gather.Calibration("JET", left_d=left_d)
    assert fleet.status(one) == status
    seen = devices.Seen("p", "RP2040", "", "STANDBY", "rp2040_pico", "12", "0.1.0")
    member = fleet.Member(seen, gather.Found("now", calibrations=[one]))
    assert member.attention == ("calibrate jet" if status in (fleet.NEVER, fleet.OVERDUE) else "")
    shown = fleet.picture([member])
    assert [trace.name for trace in shown.data if trace.name] == [status]
    assert shown.data[-1].text == (("\u2002" + str(left_d)) if left_d is not None else "",)


# --- which processor a port's board has -------------------------------------------------------------------------------
def banner(machine):
    said = f"\r\nMicroPython v1.28.0 on 2026-04-06; {machine}\r\nType \"help()\" for more information.\r\n>>> ".encode()
    return lambda _, new: said if b"\x02" in new else b"\r\nSyntaxError: invalid syntax\r\n>>> "


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        ("Raspberry Pi Pico with RP2040", "RP2040"),
        ("Raspberry Pi Pico2 with RP2350", "RP2350"),
        ("Generic ESP32 module with ESP32", "ESP32"),
        ("something else", found.EITHER),
    ],
)
def test_a_board_at_the_prompt_is_named_by_what_its_micropython_says(ports, machine, kind):
    with fake_port(banner(machine)) as (name, said):
        ports(name)
        (only,) = listed()
    assert (only["kind"], only["state"]) == (kind, "prompt")
    assert not set(said) & {1, 3, 4}


@pytest.mark.parametrize(
    ("board", "kind"),
    [("rp2350_pico2", "RP2350"), ("rp2040_pico", "RP2040"), ("virtual", found.EITHER), ("theirs", found.EITHER)],
)
def test_a_board_that_runs_the_application_is_named_by_its_chip(ports, board, kind):
    with fake_port(application_in("STANDBY", board=board)) as (name, _):
        ports(name)
        (only,) = listed()
    assert (only["kind"], only["board"], only["state"]) == (kind, board, "STANDBY")


@pytest.mark.parametrize(
    ("vendor", "product", "kind"),
    [
        (0x2E8A, "Board in FS mode", "RP2040 or RP2350"),
        (0x2E8A, None, "RP2040 or RP2350"),
        (0x2E8A, "Tiny RP2040", "RP2040"),
        (0x2E8A, "MOTION 2350 Pro with RP2350A", "RP2350"),
        (0x303A, "USB JTAG/serial debug unit", "ESP32"),
        (0x10C4, "CP2102N", "USB bridge, ESP32?"),
        (0x1234, "modem", "modem of 1234"),
    ],
)
def test_a_port_is_named_by_its_usb_identity_as_far_as_that_says(monkeypatch, vendor, product, kind):
    usb = {"vid": vendor, "product": product, "description": "modem of 1234", "serial_number": "E6"}
    port = SimpleNamespace(device="/dev/x", **usb)
    none = SimpleNamespace(device="/dev/ttyS0", vid=None)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [port, none])
    assert found.ports() == [found.Found("/dev/x", kind, "E6")]
