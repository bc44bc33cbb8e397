"""Service mode on the virtual board: its first PIN, guessing of PINs, and a technician's whole visit with PyVISA."""

import binascii
import contextlib
import functools
import re
import subprocess

import pytest
import pyvisa

from host_tools.cryoctl.sim import image
from tests.cryoctl.conftest import PATIENCE_S, ask, at_prompt, restarted, standby, until
from tests.cryoctl.test_application import NAME
from tests.cryoctl.test_mpremote import MPREMOTE

PIN = "271828"
ATTEMPTS = 10  # docs/console.md: ten wrong PINs lock


@pytest.fixture
def provided(application, start, port, tmp_path):
    """Start a board, and set its first PIN with the emergency stop pressed, as docs/console.md says."""
    script = tmp_path / "pressed"
    script.write_text("0 estop press\n")
    sim = application("--speed", "0", "--script", str(script))
    opened = port(sim.link)
    until(lambda: ask(opened, "STAT?"), lambda said: "FAULT=ESTOP" in said)
    assert ask(opened, f"SERV:NEWP {PIN}") == "OK"
    assert ask(opened, "SERV:NEWP 1111").startswith("ERROR 303 ")  # the second takes the first
    opened.close()
    assert sim.end() == 0
    return start


def test_the_emergency_stop_has_to_be_pressed_for_the_first_pin(application, port):
    opened = port(application("--speed", "0").link)
    standby(opened)
    assert ask(opened, f"SERV:NEWP {PIN}").startswith("ERROR 303 ")
    assert ask(opened, f"SERV:PIN {PIN}").startswith("ERROR 304 ")


def waited_out(enter):
    """Enter a PIN again while the device says that it waits; return the answer."""
    return until(enter, lambda said: not said.startswith("ERROR 302 wait "))


# --- brute force ------------------------------------------------------------------------------------------------------
def wrong_attempts(path):
    """Return the count in the newer slot of the PIN's record, version 1: docs in console/pin.py and store/slots.py."""
    files = image.read(path)
    found = [files[name] for name in ("pin.0", "pin.1") if name in files]
    return max(found, key=lambda data: int.from_bytes(data[4:6], "little"))[9]


def test_who_guesses_gains_nothing_by_cutting_the_power(provided, port, tmp_path):
    for attempt in range(4):
        sim = provided("--speed", "0")
        opened = port(sim.link)
        standby(opened)
        said = waited_out(functools.partial(ask, opened, f"SERV:PIN 000{attempt}"))
        assert said.startswith(f"ERROR 301 wrong PIN: {ATTEMPTS - 1 - attempt} attempts are left"), said
        opened.close()
        sim.cut()
        assert wrong_attempts(tmp_path / "board.img") == attempt + 1
    for _ in range(2):  # the fifth waits a minute from each switch-on; in real time that has not passed
        sim = provided()
        opened = port(sim.link)
        standby(opened)
        said = ask(opened, f"SERV:PIN {PIN}")
        left_s = re.fullmatch(r"ERROR 302 wait (\d+) s", said)
        assert left_s and 30 < int(left_s[1]) <= 60, said
        opened.close()
        sim.cut()
    assert wrong_attempts(tmp_path / "board.img") == 4


def test_ten_wrong_ones_lock_the_right_one_out_too(provided, port, tmp_path):
    path = tmp_path / "board.img"
    files = image.read(path)
    record = bytearray(files["pin.0"])
    record[9] = ATTEMPTS
    record[-4:] = binascii.crc32(record[:-4], binascii.crc32(b"pin")).to_bytes(4, "little")
    image.write(path, {"pin.0": bytes(record)})
    for _ in range(2):
        sim = provided("--speed", "0")
        opened = port(sim.link)
        standby(opened)
        assert ask(opened, f"SERV:PIN {PIN}").startswith("ERROR 302 locked by wrong PINs")
        opened.close()
        sim.end()


# --- a technician's visit ---------------------------------------------------------------------------------------------
@contextlib.contextmanager
def instrument(link):
    """The board, opened as instrument engineers do it."""
    manager = pyvisa.ResourceManager("@py")
    opened = manager.open_resource(f"ASRL{link}::INSTR", read_termination="\n", write_termination="\n")
    opened.timeout = PATIENCE_S * 1000
    try:
        yield opened
    finally:
        opened.close()
        manager.close()


class Tool:
    """Wraps commands, and checks the answers."""

    def __init__(self, opened):
        self.opened = opened
        self.number = 0

    def query(self, command):
        """Send one command with its number and sum; return its answer."""
        body = f"@{self.number} {command}"
        said = self.opened.query(f"{body} *{binascii.crc_hqx(body.encode(), 0xFFFF):04X}")
        whole, _, given = said.rpartition(" *")
        assert binascii.crc_hqx(whole.encode(), 0xFFFF) == int(given, 16), said
        number, _, answer = whole.partition(" ")
        assert number == f"@{self.number}"
        self.number += 1
        return answer


def test_a_technicians_visit_through_pyvisa(provided):
    sim = provided("--speed", "5")
    with instrument(sim.link) as opened:
        query = opened.query
        until(lambda: query("STAT?"), lambda said: "STATE=STANDBY" in said)
        assert query("*CLS") == "OK"
        tool = Tool(opened)
        assert tool.query("*IDN?").startswith(NAME)

        # a tool's session: a command that changes something needs its sum; errors wait in the list, the oldest first
        assert query("CONF trip_mdegc,5000").startswith("ERROR 202 ")
        assert query("@9 CONF trip_mdegc,5000 *0000").startswith("ERROR 201 ")
        assert tool.query("CONF trip_mdegc,5000").startswith("ERROR 303 ")
        assert tool.query("CAL:MEAS OPEN,18100,18000,18300").startswith("ERROR 303 ")
        assert tool.query("SERV:PIN 0000").startswith("ERROR 301 ")
        assert query("*STB?") == "4"
        found = [query("SYST:ERR?") for _ in range(6)]
        assert [line.partition(",")[0] for line in found] == ["202", "201", "303", "303", "301", "0"]
        assert found[0] == '202,"Check sum needed"'
        assert query("*ESR?") == "8"

        assert waited_out(lambda: tool.query(f"SERV:PIN {PIN}")) == "SERVICE"
        assert tool.query("SYST:DATE 2027,1,2") == tool.query("SYST:TIME 9,0,0") == "OK"
        assert tool.query("CAL:MEAS CLOSE,21000,29999,21500").startswith("ERROR 402 ")
        assert tool.query("CAL:STOR 2027-12-22,A. Fitter,timer 7").startswith("ERROR -221 ")
        assert tool.query("CAL:MEAS CLOSE,21000,22000,21500") == "DELAY_US=22000"
        assert tool.query("CAL:STOR 2027-12-22,A. Fitter,timer 7") == "OK"
        for change, key in (("trip_mdegc,5 degC", "TRIP_MDEGC"), ("room_m3,25", "ROOM_M3")):
            assert tool.query(f"CONF {change}") == "OK"
            assert key in tool.query("CONF:STAG?")
            assert tool.query("CONF:SAVE") == "OK"
        assert tool.query("CONF valve_close_delay_us,25000").startswith("ERROR -221 ")
        assert "CLOSE=2027-01-02,2027-12-22,A. FITTER,TIMER 7,22000" in tool.query("CAL:LIST?")
        assert tool.query("ARM:REQ").startswith("REFUSED")
        assert "STATE=SERVICE" in tool.query("STAT?")
        assert tool.query("SERV:REPL") == "OK restarting to the prompt"

    def mpremote(*words):
        command = [str(MPREMOTE), "connect", str(sim.link), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    at_prompt(sim.link)
    assert mpremote("exec", "import sys; print('board' in sys.modules, 'cryo.app' in sys.modules)") == "False False"
    mpremote("reset")
    restarted(sim.link)
    with instrument(sim.link) as opened:
        query = opened.query
        assert query("*IDN?").startswith(NAME)
        until(lambda: query("STAT?"), lambda said: "STATE=STANDBY" in said)
        for shown in ("TRIP_MDEGC=5000 mdegC", "ROOM_M3=25 m3", "VALVE_CLOSE_DELAY_US=22000 us"):
            assert query(f"CONF? {shown.partition('=')[0]}") == shown  # both saves, and the calibration before them
        assert query("CONF trip_mdegc,6000").startswith("ERROR 303 ")  # a restart ends service mode
        assert query("SYST:CRAS?") == "NONE;RESTARTS=0"
