"""The ESP32's boot ROM: esptool's own functions against a chip of bytes."""

import threading
import time
from types import SimpleNamespace

import pytest

from host_tools.cryoctl.adapters import esptool
from host_tools.cryoctl.flash import boards, image
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem
from tests.cryoctl.conftest import PATIENCE_S
from tests.cryoctl.fake_esp32 import DEFL_DATA, READ_REG, SYNC, Esp32
from tests.cryoctl.fake_port import fake_port

BIN = b"\xe9" + bytes(range(255)) * 300


def test_the_chip_is_found_by_esptools_own_handshake():
    rom = Esp32()
    with fake_port(rom) as (name, _), esptool.chip(name, "ESP32", reset="no-reset", attempts=2) as chip:
        assert chip.CHIP_NAME == "ESP32"
    assert SYNC in rom.seen and READ_REG in rom.seen


def test_another_chip_is_told():
    rom = Esp32("ESP8266")
    with (
        fake_port(rom) as (name, _),
        pytest.raises(Problem, match="is ESP8266, not ESP32"),
        esptool.chip(name, "ESP32", reset="no-reset", attempts=2),
    ):
        pass


def test_a_port_without_a_chip_is_told_with_the_way_into_the_boot_rom():
    with (
        fake_port(lambda *_: b"") as (name, _),
        pytest.raises(NoDevice, match="hold BOOT"),
        esptool.chip(name, "ESP32", reset="no-reset", attempts=1),
    ):
        pass


def test_an_image_is_written_compared_and_not_written_again():
    rom = Esp32()
    told = []
    for written in (True, False):
        rom.seen.clear()
        rom.stub = False
        with (
            fake_port(rom) as (name, _),
            esptool.chip(name, "ESP32", progress=lambda *at: told.append(at), reset="no-reset", attempts=2) as chip,
        ):
            assert esptool.install(chip, 0x1000, BIN) == written
        assert (DEFL_DATA in rom.seen) == written
    assert bytes(rom.flash[0x1000 : 0x1000 + len(BIN)]) == BIN
    assert told


def test_what_is_said_of_one_board_does_not_go_to_another_that_waits_for_its_turn():
    heard = {"A": [], "B": []}
    tried = threading.Event()

    class Turn:
        """The lock, which shows that a thread waits for it."""

        lock = threading.Lock()

        def acquire(self):
            if self.lock.locked():
                tried.set()
            self.lock.acquire()

        def release(self):
            self.lock.release()

    def told(name):
        return lambda at, total: heard[name].append(at)

    def second(name):
        with esptool.chip(name, "ESP32", progress=told("B"), reset="no-reset", attempts=2):
            esptool.EspLog().progress_bar(2, 9)

    with pytest.MonkeyPatch.context() as patch, fake_port(Esp32()) as (one, _), fake_port(Esp32()) as (other, _):
        patch.setattr(esptool, "_one_at_a_time", Turn())
        with esptool.chip(one, "ESP32", progress=told("A"), reset="no-reset", attempts=2):
            thread = threading.Thread(target=second, args=(other,))
            thread.start()
            assert tried.wait(PATIENCE_S)
            esptool.EspLog().progress_bar(1, 9)
        thread.join(PATIENCE_S)
    assert heard == {"A": [1], "B": [2]}


def test_a_flash_that_does_not_hold_what_was_written_is_told():
    rom = Esp32(loses=100)
    with (
        fake_port(rom) as (name, _),
        pytest.raises(NotVerified, match="flash does not hold"),
        esptool.chip(name, "ESP32", reset="no-reset", attempts=2) as chip,
    ):
        esptool.install(chip, 0x1000, BIN)


@pytest.mark.parametrize("says", [b"\xc0" + b"\x55" * 63, b"\xc0\x01\x08", b"\x55" * 64, b"\xc0" * 64])
def test_a_port_that_never_pauses_ends_within_its_patience(monkeypatch, says):
    """On a fake clock: the port sends without an end, and each read takes 10 ms."""
    clock = SimpleNamespace(now_s=100.0, sent=0)

    class Endless:
        port = name = "endless"
        is_open, timeout, write_timeout, baudrate = True, 1.0, 1.0, 115_200
        rts = dtr = False

        def open(self):
            pass

        close = flushInput = flushOutput = reset_input_buffer = open

        def inWaiting(self):
            return len(says)

        def write(self, data):
            return len(data)

        def read(self, size=1):
            clock.now_s += 0.01
            assert clock.now_s < 100 + 20 * esptool.TALKS_S, "it reads for ever"
            clock.sent += 1
            if says[1:2] == b"\x55" and clock.sent > 1:
                return b"\x55" * size  # one packet that never ends
            return says

    monkeypatch.setattr(esptool.serial, "serial_for_url", lambda *_, **__: Endless())
    monkeypatch.setattr(esptool.time, "monotonic", lambda: clock.now_s)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(NoDevice), esptool.chip("endless", "ESP32", reset="no-reset", attempts=2):
        pass
    assert clock.now_s < 100 + esptool.TALKS_S + 0.1
    with esptool._one_at_a_time:  # and the next board can be used
        pass


@pytest.mark.parametrize("data", [b"", b"UF2\n" * 128])
def test_another_file_is_no_image_for_it(data):
    with pytest.raises(Problem, match="E9h"):
        image.checked(data, boards.chip("esp32_devkitc"))


def test_the_virtual_board_takes_no_image():
    with pytest.raises(Problem, match="takes no image"):
        image.checked(BIN, boards.chip("virtual"))
