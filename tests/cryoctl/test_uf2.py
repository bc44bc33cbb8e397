"""The RP2040's boot ROM: its volume is a folder that disappears; the files that it accepts; the image step of flash."""

import contextlib
import hashlib
import re
import shutil
import struct
import sys
import threading
import time

import pytest

from host_tools.cryoctl import found
from host_tools.cryoctl.adapters import mpremote, uf2
from host_tools.cryoctl.device import PROMPT, SILENT
from host_tools.cryoctl.flash import Report, Request, Watch, boards, image, plan, run
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem
from host_tools.toolchain.settings import PATHS, stored
from host_tools.toolchain.settings import provision as settings_files
from host_tools.toolchain.settings.pin import PIN_PATHS
from tests.boards.found import EXAMPLE, of_image
from tests.cryoctl.fake_port import application, cryoctl, fake_port
from tests.cryoctl.test_flash_files import Flash

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


def test_a_uf2_file_is_address_and_content():
    assert uf2.content(uf2_file(), FAMILY) == (FLASH, CONTENT)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((0, b"X"), "magic numbers in block 0"),
        ((512 * 3 + 4, b"X"), "magic numbers in block 3"),
        ((512 * 3 + 508, b"X"), "magic numbers in block 3"),
        ((512 * 3 + 20, b"\7"), "block 3 of 40 has the number 7 of 40"),
        ((512 * 3 + 24, b"\x29"), "has the number 3 of 41"),
        ((512 * 3 + 28, b"\0"), "another chip"),
        ((512 * 3 + 9, b"\0"), "another chip"),  # no family is given
        ((512 * 3 + 13, b"\x99"), "no block for address"),
        ((512 * 3 + 16, b"\xff\xff"), "has the number"),
    ],
)
def test_a_damaged_uf2_file_is_refused(where, words):
    data = bytearray(uf2_file())
    data[where[0] : where[0] + len(where[1])] = where[1]
    with pytest.raises(Problem, match=words):
        uf2.content(bytes(data), FAMILY)


# --- RP2350: its family, and the block that goes before its images for erratum E10 -----------------------------------
RP2350, RISC_V, ABSOLUTE = 0xE48BFF59, 0xE48BFF5A, 0xE48BFF57
PICO_2 = uf2_file(family=RP2350)


def before(flags=0xA000, address=0x10FFFF00, size=256, number=0, of=2, family=ABSOLUTE, fill=0xEF, mark=0x9957E304):
    """The block that picotool puts before an image; older ones have no mark."""
    head = struct.pack("<8I", *uf2.MAGIC, flags, address, size, number, of, family)
    payload = bytes([fill]) * 256 + (struct.pack("<I", mark) if mark else b"")
    return head + payload.ljust(uf2.PAYLOAD_MAX, b"\0") + struct.pack("<I", uf2.MAGIC_END)


@pytest.mark.parametrize("first", [b"", before(), before(flags=0x2000, mark=0)], ids=["none", "marked", "older"])
def test_the_block_of_erratum_e10_is_no_part_of_an_image(first):
    assert uf2.content(first + PICO_2, RP2350) == (FLASH, CONTENT)
    assert uf2.families(first + PICO_2) == {RP2350}


@pytest.mark.parametrize(
    "first",
    [
        before(flags=0x2000), before(flags=0xA001), before(mark=0), before(mark=1), before(fill=0), before(of=1),
        before(of=41), before(number=1), before(address=FLASH), before(size=255), before(size=477), before() * 2,
        before(fill=0xEF, mark=0x9957E305), before(flags=0xE000),
    ],
)  # fmt: skip
def test_any_other_block_of_that_family_is_refused(first):
    with pytest.raises(Problem, match="UF2 file damaged"):
        uf2.content(first + PICO_2, RP2350)


@pytest.mark.parametrize(
    "data", [PICO_2 + before(), PICO_2[:512] + before() + PICO_2[512:], before(), uf2_file(family=ABSOLUTE)]
)
def test_that_block_is_nowhere_but_before_an_image(data):
    with pytest.raises(Problem, match="UF2 file damaged"):
        uf2.content(data, RP2350)


@pytest.mark.parametrize(
    ("data", "family", "words"),
    [
        (uf2_file(), RP2350, "another chip: RP2040, family 0xe48bff56, not RP2350 \\(Arm\\), family 0xe48bff59"),
        (before() + PICO_2, FAMILY, "another chip: RP2350 \\(Arm\\), family 0xe48bff59, not RP2040"),
        (PICO_2, FAMILY, "another chip: RP2350 \\(Arm\\), family"),
        (before() + uf2_file(family=RISC_V), RP2350, "another chip: RP2350 \\(RISC-V\\), family 0xe48bff5a, not RP2"),
        (uf2_file(family=7), RP2350, "another chip: unknown, family 0x00000007"),
        (before() + uf2_file(), FAMILY, "UF2 file damaged: block 0 of 41"),
    ],
)
def test_an_image_of_another_chip_is_named_as_that(data, family, words):
    with pytest.raises(Problem, match=words):
        uf2.content(data, family)


def test_the_chip_of_an_image_is_known_by_its_family():
    for name in of_image("uf2"):
        chip = boards.chip(name)
        data = before() + uf2_file(family=int(chip.micropython["family"], 16))
        assert image.chip_of(data) == chip
    with pytest.raises(Problem, match="an unknown board"):
        image.chip_of(uf2_file(family=RISC_V))


@pytest.mark.parametrize("data", [b"", uf2_file()[:-1], b"\xe9" * 100])
def test_a_file_of_another_length_is_no_uf2_file(data):
    with pytest.raises(Problem, match="not a UF2 file"):
        uf2.content(data, FAMILY)


def test_a_file_that_ends_early_is_refused():
    with pytest.raises(Problem, match="has the number 0 of 40"):
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
    """Remove the folder once it has a file of that size, as the boot ROM does; return the file's bytes in a list."""
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
    with pytest.raises(NotVerified, match="did not accept the image"):
        uf2.copy(uf2_file(), uf2.wait_for("RPI-RP2", 1), patience_s=0.1)


def test_a_volume_that_goes_before_all_is_written_is_told(volume):
    there = uf2.wait_for("RPI-RP2", 1)
    shutil.rmtree(volume)
    with pytest.raises(NoDevice, match="before the whole image"):
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


@pytest.mark.parametrize("halves", [1, 2])
def test_a_boot_rom_that_comes_back_gets_the_image_once_more(volume, monkeypatch, halves):
    """The board was released during the copy: half an image starts the boot ROM again."""
    data = uf2_file()
    copied, said = [], []

    def copy(*_):
        copied.append(len(data))
        if len(copied) > halves:
            shutil.rmtree(volume)

    pico = found.Found("/dev/ttyACM7", "RP2040", "E66")
    monkeypatch.setattr(image, "by_volume", copy)
    monkeypatch.setattr(found, "ports", lambda: [] if volume.exists() else [pico])
    watch = Watch()
    watch.warn = said.append
    if halves < image.COPIES:
        assert run.by_volume(Request(image=data), watch) == pico
    else:
        with pytest.raises(NotVerified, match=r"came back after each copy.*hold BOOTSEL"):
            run.by_volume(Request(image=data), watch)
    assert len(copied) == 2 and said == [image.AGAIN]


class Pico:
    """A prompt whose flash is a list of bytes, for the image step; the boot loader shows the volume.

    halves: the number of copies that do not arrive completely.
    """

    def __init__(self, content, data, volume, halves=0):
        self.content = content
        self.volume = volume
        self.data = data
        self.halves = halves
        self.said = []

    def run(self, program):
        at, size = re.findall(r"bytearray_at\((\d+),(\d+)\)", program)[0]
        assert int(at) == FLASH
        return hashlib.sha256(self.content[: int(size)]).hexdigest() + "\r\n"

    def files(self, paths):
        return dict.fromkeys(paths)

    def boot_loader(self):
        self.said.append("boot_loader")
        self.volume.mkdir(exist_ok=True)
        (self.volume / uf2.INFO).write_text(INFO.format("RPI-RP2"))
        vanishing(self.volume, len(self.data))
        self.content = CONTENT[:300] if len(self.said) <= self.halves else CONTENT


def installed(volume, monkeypatch, pico):
    (volume / uf2.INFO).unlink()
    monkeypatch.setattr(mpremote, "prompt", lambda _: contextlib.nullcontext(pico))
    back, said = [], []
    watch = Watch()
    watch.warn = said.append
    with fake_port(application("STANDBY")) as (name, _), Port(name) as port:
        written = image.install(port, pico.data, boards.chip("rp2040_pico"), True, lambda: back.append(1), watch)
    return written, len(back), pico.said, said


@pytest.mark.parametrize("held", [True, False])
def test_an_image_that_the_flash_holds_is_not_written_again(volume, monkeypatch, held):
    pico = Pico(CONTENT if held else b"older", uf2_file(), volume)
    done = installed(volume, monkeypatch, pico)
    assert done == ((False, 0, [], []) if held else (True, 1, ["boot_loader"], []))


def test_an_image_that_did_not_arrive_whole_is_copied_once_more_and_then_told(volume, monkeypatch):
    done = installed(volume, monkeypatch, Pico(b"older", uf2_file(), volume, halves=1))
    assert done == (True, 2, ["boot_loader"] * 2, [image.AGAIN])
    volume.mkdir(exist_ok=True)
    (volume / uf2.INFO).write_text("")
    with pytest.raises(NotVerified, match="does not hold the image"):
        installed(volume, monkeypatch, Pico(b"older", uf2_file(), volume, halves=9))


@pytest.mark.parametrize(("board", "half"), [(None, True), ("rp2040_pico", True), ("esp32_devkitc", None)])
def test_a_port_that_does_not_answer_is_told_what_mends_a_half_written_image(board, half):
    request = Request(image=uf2_file(), board=board)
    if half is None:  # its boot ROM answers on the port
        assert plan.of_board("p", SILENT, None, request).image
        return
    with pytest.raises(NoDevice, match="half written: hold BOOTSEL"):
        plan.of_board("p", SILENT, None, request)
    with pytest.raises(NoDevice) as told:
        plan.of_board("p", SILENT, None, Request(board=board))
    assert "half written" not in str(told.value)


class PicoAtPrompt(Flash):
    """A Pico's prompt, with its identity and files."""

    restarts = 0

    def who(self):
        return "rp2", "Raspberry Pi Pico with RP2040", (1, 28, 0), 4870

    def read(self, path):
        return self.held[path]

    def restart(self, _):
        self.restarts += 1


@pytest.fixture
def pico(monkeypatch):
    """Return (board, a function that runs flash() on it); the image step and the last answer are stand-ins."""
    board = PicoAtPrompt({})
    monkeypatch.setattr(run, "looked", lambda _: (PROMPT, None))
    monkeypatch.setattr(mpremote, "prompt", lambda _: contextlib.nullcontext(board))
    monkeypatch.setattr(boards, "compiled", lambda _: {"main.py": b"1", "boot.py": b"2"})
    monkeypatch.setattr(run, "_answers", lambda *_: None)

    def flashed(request):
        with fake_port(lambda *_: b"") as (name, _):
            report = Report(name)
            run.flash(found.Found(name, "RP2040", "E66"), request, Watch(), report)
        return report

    return board, flashed


def test_a_pico_at_its_prompt_gets_the_image_then_everything_else(pico, monkeypatch):
    board, flashed = pico
    installed = []
    monkeypatch.setattr(image, "install", lambda *given: installed.append(given[1:4]) or True)
    report = flashed(Request(image=uf2_file(), serial=7, pin="4711", board="rp2040_pico"))
    assert installed == [(uf2_file(), boards.chip("rp2040_pico"), True)]
    assert (report.board, report.micropython, report.image_written) == ("rp2040_pico", "1.28.0", True)
    assert report.image == hashlib.sha256(uf2_file()).hexdigest()
    assert set(board.held) == {"/" + path for path in ("main.py", "boot.py", *PATHS, *PIN_PATHS)}
    assert stored({path[1:]: data for path, data in board.held.items()})["serial"] == 7
    assert any("refuse to arm" in text for text in report.warnings)
    assert board.restarts == 1


def test_a_real_board_is_never_called_simulated_and_one_without_settings_is_told_of(pico):
    board, flashed = pico
    with pytest.raises(Problem, match="only for the virtual board"):
        flashed(Request(settings={"simulated": 1}, board=EXAMPLE))
    assert board.held == {}
    report = flashed(Request(board=EXAMPLE))
    assert set(board.held) == {"/main.py", "/boot.py"}
    assert ["refuse to arm" in text or "no PIN" in text for text in report.warnings] == [True, True]


def test_a_virtual_board_s_settings_on_a_real_board_are_named_and_may_be_replaced(pico):
    board, flashed = pico
    board.held.update({"/" + path: data for path, data in settings_files({"simulated": 1, "serial": 7}).items()})
    with pytest.raises(Problem, match="simulated = 1, a virtual board's record"):
        flashed(Request(board=EXAMPLE))
    flashed(Request(settings={"serial": 8}, replace_settings=True, board=EXAMPLE))
    now = stored({path[1:]: data for path, data in board.held.items()})
    assert (now["serial"], now["simulated"]) == (8, 0)
