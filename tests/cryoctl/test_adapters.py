"""The RP2040's volume as a folder, the ESP32's boot ROM as bytes, MicroPython's prompt over a socket."""

import hashlib
import re
import shutil
import struct
import sys
import threading
import time

import pytest

from host_tools.cryoctl import found
from host_tools.cryoctl.adapters import esptool, mpremote, uf2
from host_tools.cryoctl.device import PROMPT, look
from host_tools.cryoctl.flash import Report, Request, Watch, boards, delta, image, run
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem, Refused
from host_tools.packing import archive
from tests.cryoctl.fake_esp32 import DEFL_DATA, READ_REG, SYNC, Esp32
from tests.cryoctl.fake_port import application, cryoctl, fake_port

FAMILY = 0xE48BFF56
FLASH = 0x10000000
CONTENT = bytes(range(256)) * 40
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {}\r\n"


def uf2_file(content=CONTENT, family=FAMILY, start=FLASH):
    count = len(content) // 256
    blocks = []
    for n in range(count):
        head = struct.pack("<8I", *uf2.MAGIC, 0x2000, start + n * 256, 256, n, count, family)
        payload = content[n * 256 : (n + 1) * 256]
        blocks.append(head + payload.ljust(uf2.PAYLOAD_MAX, b"\0") + struct.pack("<I", uf2.MAGIC_END))
    return b"".join(blocks)


# --- UF2 --------------------------------------------------------------------------------------------------------------
def test_a_uf2_file_is_address_and_content():
    assert uf2.content(uf2_file(), FAMILY) == (FLASH, CONTENT)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((0, b"X"), "magic numbers in block 0"),
        ((512 * 3 + 4, b"X"), "magic numbers in block 3"),
        ((512 * 3 + 508, b"X"), "magic numbers in block 3"),
        ((512 * 3 + 20, b"\7"), "block 3 of 40 calls itself 7 of 40"),
        ((512 * 3 + 24, b"\x29"), "calls itself 3 of 41"),
        ((512 * 3 + 28, b"\0"), "another chip"),
        ((512 * 3 + 9, b"\0"), "another chip"),  # no family is given
        ((512 * 3 + 13, b"\x99"), "nothing for address"),
        ((512 * 3 + 16, b"\xff\xff"), "calls itself"),
    ],
)
def test_a_damaged_uf2_file_is_refused(where, words):
    data = bytearray(uf2_file())
    data[where[0] : where[0] + len(where[1])] = where[1]
    with pytest.raises(Problem, match=words):
        uf2.content(bytes(data), FAMILY)


@pytest.mark.parametrize("data", [b"", uf2_file()[:-1], b"\xe9" * 100])
def test_a_file_of_another_length_is_no_uf2_file(data):
    with pytest.raises(Problem, match="no UF2 file"):
        uf2.content(data, FAMILY)


def test_a_file_that_ends_early_is_refused():
    with pytest.raises(Problem, match="calls itself 0 of 40"):
        uf2.content(uf2_file()[:-512], FAMILY)


def test_a_damaged_image_is_refused_on_the_command_line_before_any_copy(tmp_path, monkeypatch, volume):
    monkeypatch.setattr(found, "ports", list)
    (tmp_path / "bad.uf2").write_bytes(b"X" + uf2_file()[1:])
    done = cryoctl("flash", "--image", tmp_path / "bad.uf2", "--record", tmp_path / "record")
    assert done.exit_code == 2 and "magic numbers" in done.stderr
    assert [path.name for path in volume.iterdir()] == [uf2.INFO]


@pytest.mark.parametrize(
    ("platform", "of", "place"),
    [("linux", "linux", "media/someone/RPI-RP2"), ("linux", "linux", "mnt"), ("darwin", "macos", "Volumes/RPI-RP2")],
)
def test_a_volume_is_found_where_the_platform_mounts_it(tmp_path, monkeypatch, platform, of, place):
    folder = tmp_path / place / ("pico" if place == "mnt" else "")
    folder.mkdir(parents=True)
    (folder / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    (tmp_path / "media/someone/other").mkdir(parents=True)
    where = getattr(uf2, of)
    monkeypatch.setattr(uf2, of, lambda: where(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert uf2.volumes() == [uf2.Volume(folder, "RPI-RP2")]


def test_windows_has_its_drive_letters(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert [str(path)[0] for path in uf2.places()] == list("CDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.fixture
def volume(tmp_path, monkeypatch):
    """A folder that looks like the boot ROM's volume."""
    folder = tmp_path / "media" / "RPI-RP2"
    folder.mkdir(parents=True)
    (folder / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    monkeypatch.setattr(uf2, "places", lambda: [path for path in folder.parent.iterdir() if path.is_dir()])
    return folder


def vanishing(folder, size):
    """Take the folder away once a file of that size is in it, as the boot ROM does; returns its bytes in a list."""
    taken = []

    def watch():
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for path in folder.glob("*.uf2"):
                if path.stat().st_size == size:
                    taken.append(path.read_bytes())
                    shutil.rmtree(folder)
                    return
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()
    return taken


def test_the_image_is_copied_and_the_volume_vanishes(volume):
    data = uf2_file()
    taken = vanishing(volume, len(data))
    told = []
    uf2.copy(data, uf2.wait_for("RPI-RP2", 1), told.append)
    assert taken == [data] and told[-1] == len(data)


def test_a_volume_that_stays_did_not_take_the_image(volume):
    with pytest.raises(NotVerified, match="did not take the image"):
        uf2.copy(uf2_file(), uf2.wait_for("RPI-RP2", 1), patience_s=0.1)


def test_a_volume_that_goes_before_all_is_written_is_told(volume):
    there = uf2.wait_for("RPI-RP2", 1)
    shutil.rmtree(volume)
    with pytest.raises(NoDevice, match="before all of the image"):
        uf2.copy(uf2_file(CONTENT * 8), there)


def test_another_boards_volume_none_and_two_are_told_apart(volume):
    (volume / uf2.INFO).write_text(INFO.format("RP2350"))
    with pytest.raises(Problem, match="the volume of a RP2350, not of a RPI-RP2"):
        uf2.wait_for("RPI-RP2", 0)
    (volume / uf2.INFO).write_bytes(b"Board-ID: RPI-RP2\xff\n")
    with pytest.raises(Problem, match="not of a RPI-RP2"):
        uf2.wait_for("RPI-RP2", 0)
    (volume / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    shutil.copytree(volume, volume.with_name("second"))
    with pytest.raises(NoDevice, match="more than one board"):
        uf2.wait_for("RPI-RP2", 0)
    shutil.rmtree(volume.parent)
    volume.parent.mkdir()
    with pytest.raises(NoDevice, match="BOOTSEL"):
        uf2.wait_for("RPI-RP2", 0)


def test_a_bare_board_in_its_boot_rom_gets_the_image_and_its_port_is_found(volume, monkeypatch):
    data = uf2_file()
    vanishing(volume, len(data))
    pico = found.Found("/dev/ttyACM7", "RP2040", "E66")
    monkeypatch.setattr(found, "ports", lambda: [] if volume.exists() else [pico])
    assert run.by_volume(Request(image=data), Watch()) == pico


class Pico:
    """A prompt whose flash is a list of bytes, for the image step; the boot loader shows the volume."""

    def __init__(self, content, data, volume):
        self.content = content
        self.volume = volume
        self.data = data
        self.said = []

    def run(self, program):
        at, size = re.findall(r"bytearray_at\((\d+),(\d+)\)", program)[0]
        assert int(at) == FLASH
        return hashlib.sha256(self.content[: int(size)]).hexdigest() + "\r\n"

    def files(self, paths):
        return dict.fromkeys(paths)

    def boot_loader(self):
        self.said.append("boot_loader")
        (self.volume / uf2.INFO).write_text(INFO.format("RPI-RP2"))
        vanishing(self.volume, len(self.data))
        self.content = CONTENT


@pytest.mark.parametrize("held", [True, False])
def test_an_image_that_the_flash_holds_is_not_written_again(volume, monkeypatch, held):
    (volume / uf2.INFO).unlink()
    data = uf2_file()
    pico = Pico(CONTENT if held else b"older", data, volume)
    monkeypatch.setattr(mpremote, "prompt", lambda _: __import__("contextlib").nullcontext(pico))
    back = []
    with fake_port(application("STANDBY")) as (name, _), Port(name) as port:
        written = image.install(port, data, boards.chip("rp2040_pico"), True, lambda: back.append(1), Watch())
    assert (written, len(back), pico.said) == ((False, 0, []) if held else (True, 1, ["boot_loader"]))


# --- ESP32 ------------------------------------------------------------------------------------------------------------
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
            esptool.chip(name, "ESP32", told=lambda *at: told.append(at), reset="no-reset", attempts=2) as chip,
        ):
            assert esptool.install(chip, 0x1000, BIN) == written
        assert (DEFL_DATA in rom.seen) == written
    assert bytes(rom.flash[0x1000 : 0x1000 + len(BIN)]) == BIN
    assert told


def test_a_flash_that_does_not_hold_what_was_written_is_told():
    rom = Esp32(loses=100)
    with (
        fake_port(rom) as (name, _),
        pytest.raises(NotVerified, match="flash does not hold"),
        esptool.chip(name, "ESP32", reset="no-reset", attempts=2) as chip,
    ):
        esptool.install(chip, 0x1000, BIN)


@pytest.mark.parametrize("data", [b"", uf2_file()])
def test_another_file_is_no_image_for_it(data):
    with pytest.raises(Problem, match="E9h"):
        image.checked(data, boards.chip("esp32_devkitc"))


def test_the_virtual_board_takes_no_image():
    with pytest.raises(Problem, match="takes no image"):
        image.checked(BIN, boards.chip("virtual"))


# --- an archive out of the one before ---------------------------------------------------------------------------------
class OldArchive:
    """A board's archive, for what delta asks."""

    def __init__(self, data):
        self.data = data

    def lines(self, _):
        return delta.head_of(self.data) if b"\n\n" in self.data else self.data

    def parts(self, _, places):
        return [mpremote.sha256(self.data[at : at + size]) for at, size in places]


MODULES = {f"m{n}.mpy": bytes([n]) * (100 + n) for n in range(8)}


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({}, 0),
        ({"m3.mpy": b"new" * 50}, 150),
        ({"m0.mpy": b"0" * 100}, 100),
        ({"m7.mpy": b""}, 0),
        ({"added.mpy": b"+" * 30}, 30),
        ({f"m{n}.mpy": None for n in (0, 4, 7)}, 0),
    ],
)
def test_a_new_archive_is_the_old_ones_parts_and_what_changed(change, most):
    old = archive(MODULES)
    new = archive({name: data for name, data in (MODULES | change).items() if data is not None})
    made = delta.pieces(OldArchive(old), "/application", len(old), new)
    assert b"".join(piece if isinstance(piece, bytes) else old[piece[0] :][: piece[1]] for piece in made) == new
    sent = sum(len(piece) for piece in made if isinstance(piece, bytes))
    assert sent == len(delta.head_of(new)) + most + 4


@pytest.mark.parametrize("old", [b"", b"x" * 500, b"a b c\n\n1234", b"\xff\n\n", b"a 1\nb\n\n"])
def test_what_is_no_archive_is_replaced_whole(old):
    new = archive(MODULES)
    assert delta.pieces(OldArchive(old), "/application", len(old), new) == [new]


# --- which board ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("platform", "machine", "board"),
    [
        ("rp2", "Raspberry Pi Pico with RP2040", "rp2040_pico"),
        ("esp32", "Generic ESP32 module with ESP32", "esp32_devkitc"),
        ("linux", "linux [GCC 14.2.1] version", "virtual"),
    ],
)
def test_a_board_is_known_by_its_interpreter(platform, machine, board):
    who = (platform, machine, (1, 28, 0), 6)
    assert boards.of_interpreter(who, None) == board
    other = next(name for name in ("virtual", "rp2040_pico") if name != board)
    with pytest.raises(Problem, match=f"the board is {board}, not {other}"):
        boards.of_interpreter(who, other)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (("rp2", "Raspberry Pi Pico2 with RP2350", (1, 28, 0), 6), "no board of ours"),
        (("esp32", "Generic ESP32S3 module with ESP32S3", (1, 28, 0), 6), "no board of ours"),
        (("rp2", "Raspberry Pi Pico with RP2040", (1, 26, 1), 6), "too old"),
        (("rp2", "Raspberry Pi Pico with RP2040", (1, 28, 0), 5), "too old"),
    ],
)
def test_another_board_or_an_old_interpreter_is_told(who, words):
    with pytest.raises(Problem, match=words):
        boards.of_interpreter(who, None)


# --- the prompt -------------------------------------------------------------------------------------------------------
def test_the_prompt_over_a_socket_and_what_fails_there(start):
    sim = start("--tcp", "127.0.0.1:0")
    name = "socket://" + re.findall(r"127\.0\.0\.1:\d+", sim.said)[0]
    data = bytes(range(256)) * 70
    with Port(name) as port:
        assert look(port)[0] == PROMPT
        with mpremote.prompt(port) as prompt:
            told = []
            prompt.write("/a", data, told=told.append)
            assert prompt.files(["/a", "/b"]) == {"/a": (len(data), mpremote.sha256(data)), "/b": None}
            assert told[-1] == len(data) == prompt.sent
            prompt.write("/a", data + b"more", begin=len(data))
            assert prompt.files(["/a"])["/a"] == (len(data) + 4, mpremote.sha256(data + b"more"))
            with pytest.raises(Refused, match="ZeroDivisionError"):
                prompt.run("1/0")
            with pytest.raises(NoDevice, match="unexpected answer"):
                prompt.value("print('\\xff nothing')")
        assert look(port)[0] == PROMPT


def test_a_port_that_only_looks_like_a_prompt_is_told(monkeypatch):
    monkeypatch.setattr(mpremote, "WAIT_S", 0.3)
    with (
        fake_port(lambda *_: b"\xff>>> ") as (name, _),
        Port(name) as port,
        pytest.raises(NoDevice, match="prompt is lost"),
        mpremote.prompt(port),
    ):
        pass


def test_the_report_of_a_board_that_hangs_says_so(monkeypatch):
    monkeypatch.setattr(run, "looked", lambda port: run.look(port, 0.1))
    with fake_port(lambda *_: b"") as (name, heard), pytest.raises(NoDevice, match="an ESP32 also --board"):
        run.flash(found.Found(name, ""), Request(image=BIN), Watch(), Report(name))
    assert 3 not in heard
