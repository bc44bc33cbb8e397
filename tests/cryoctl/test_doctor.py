"""cryoctl doctor: every finding with its remedy, on every platform. The worst finding gives the exit code."""

import importlib
import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from host_tools.cryoctl import found
from host_tools.cryoctl.device import FORGET_LINE
from host_tools.cryoctl.devices import Seen
from host_tools.cryoctl.doctor import FAIL, PASS, WARN, environment, look, serial_ports
from host_tools.cryoctl.flash import boards
from host_tools.cryoctl.port import Port
from tests.cryoctl.conftest import PATIENCE_S
from tests.cryoctl.fake_port import application, cryoctl, fake_port


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def verdicts(*words):
    done = cryoctl("doctor", "--json", *words)
    return {check["name"]: check for check in json.loads(done.stdout)}, done.exit_code


def test_on_this_machine_nothing_fails_and_a_virtual_board_is_looked_at(start, port):
    sim = start("--speed", "0")
    checks, code = verdicts()
    assert code == 0, checks
    assert {checks[name]["verdict"] for name in ("Python", "mpy-cross", "mpremote", "esptool")} == {PASS}
    board = checks[f"board {sim.link}"]
    assert board["verdict"] == WARN and "cryoctl flash" in board["remedy"]
    assert all(check["remedy"] for check in checks.values() if check["verdict"] != PASS)


def test_what_fails_makes_the_exit_code_one_and_its_remedy_is_printed(monkeypatch):
    monkeypatch.setattr(found, "ports", list)
    monkeypatch.setattr(environment, "pins", lambda: {"no-such-package": "1.0"})
    done = cryoctl("doctor")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = lines.index("fail  packages: missing: no-such-package")
    assert "make setup" in lines[at + 1]


# --- environment ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("version", "verdict"), [((3, 10, 9), FAIL), ((3, 11, 0), PASS), ((3, 14, 1), PASS)])
def test_python(version, verdict):
    assert environment.python(version).verdict == verdict


def test_the_pins_are_those_of_the_project():
    pins = environment.pins()
    assert pins["mpremote"] == importlib.metadata.version("mpremote")
    assert environment.pins(Path("/nowhere")) == pins  # the versions that the installed package needs


def test_another_version_of_a_package_is_a_warning_and_names_both():
    check = environment.packages({"mpremote": "0.1"})
    assert check.verdict == WARN and "pinned 0.1" in check.text and importlib.metadata.version("mpremote") in check.text


def test_a_compiler_that_is_not_there_or_does_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert environment.mpy_cross().verdict == FAIL
    (tmp_path / "mpy-cross").write_text("#!/bin/sh\necho broken\nexit 3\n")
    (tmp_path / "mpy-cross").chmod(0o755)
    check = environment.mpy_cross()
    assert check.verdict == FAIL and "3: broken" in check.text


def test_a_package_that_cannot_be_imported(monkeypatch):
    def fails(name):
        raise OSError("libusb is missing")

    monkeypatch.setattr(importlib, "import_module", fails)
    check = environment.importable("mpremote")
    assert check.verdict == FAIL and "libusb is missing" in check.text


# --- ports ------------------------------------------------------------------------------------------------------------
def pico(name):
    return found.Found(str(name), "RP2040")


def test_linux_names_the_group_and_the_rule(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    (tmp_path / "ttyACM0").touch()
    (check,) = serial_ports.permission([pico(tmp_path / "ttyACM0")], "linux")
    assert check.verdict == FAIL and str(tmp_path) in check.text
    assert "usermod -aG" in check.remedy and 'ATTRS{idVendor}=="2e8a"' in check.remedy
    monkeypatch.undo()
    (check,) = serial_ports.permission([pico(tmp_path / "ttyACM0")], "linux")
    assert check.verdict == PASS


def test_macos_wants_the_calling_unit():
    (check,) = serial_ports.permission([pico("/dev/tty.usbmodem1")], "darwin")
    assert check.verdict == WARN and "cu." in check.remedy
    (check,) = serial_ports.permission([pico("/dev/cu.usbmodem1")], "darwin")
    assert check.verdict == PASS


def test_windows_without_a_port_may_lack_a_driver():
    (check,) = serial_ports.permission([], "win32")
    assert check.verdict == WARN and "driver" in check.remedy
    (check,) = serial_ports.permission([pico("COM3")], "win32")
    assert check.verdict == PASS


def test_who_has_a_port_open_is_named(tmp_path):
    device = tmp_path / "ttyACM0"
    device.touch()
    folder = tmp_path / "proc" / "4321"
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text("picocom\n")
    (folder / "fd" / "3").symlink_to(device)
    (tmp_path / "proc" / "self").mkdir()
    (check,) = serial_ports.in_use([pico(device)], tmp_path / "proc")
    assert check.verdict == WARN and check.text == f"{device} is open in picocom (process 4321)"
    shutil.rmtree(folder)
    (check,) = serial_ports.in_use([pico(device)], tmp_path / "proc")
    assert check.verdict == PASS
    assert serial_ports.in_use([pico(device)], tmp_path / "nowhere")[0].verdict == PASS


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here: not tested: who has a port")
def test_a_program_that_holds_a_port_is_found_in_the_real_proc():
    import subprocess

    with fake_port(lambda *_: b"") as (name, _):
        holds = "import sys; f = open(sys.argv[1], 'rb'); print(1, flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", holds, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None and holder.stdin is not None
            holder.stdout.readline()
            checks = serial_ports.in_use([pico(name)])
            holder.stdin.close()
            holder.wait(PATIENCE_S)
    assert [f"process {holder.pid}" in check.text for check in checks] == [True]


# --- boards -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("version", "verdict"), [(boards.version(), PASS), ("0.0.9", WARN)])
def test_a_board_of_another_version_is_a_warning(monkeypatch, version, verdict):
    with fake_port(application("ARMED", version)) as (name, heard):
        monkeypatch.setattr(found, "ports", lambda: [pico(name)])
        checks, code = verdicts()
    assert (checks[f"board {name}"]["verdict"], code) == (verdict, 0)
    assert set(bytes(heard).replace(FORGET_LINE, b"").split()) == {b"*IDN?", b"STAT?"}


def test_a_board_that_is_busy_is_a_warning_with_the_way_on():
    busy = Seen("COM3", "RP2040", "", "busy", remark="close that program")
    (check,) = look.on_ports([busy], "1")
    assert (check.verdict, check.text, check.remedy) == (WARN, "busy", "close that program")
    (check,) = look.on_ports([], "1")
    assert check.verdict == WARN and "cryoctl sim" in check.remedy


def test_looking_leaves_the_port_to_others(start):
    sim = start("--speed", "0")
    verdicts()
    Port(str(sim.link)).close()
