"""Which image cryoctl flash uses: pinned, or with a hash that the user gives, and only for the right board."""

import hashlib

import pytest

from host_tools.cryoctl.flash import boards, image
from host_tools.cryoctl.problems import Problem
from tests.boards.found import of_image
from tests.cryoctl.fake_port import application, cryoctl, fake_port
from tests.cryoctl.test_uf2 import uf2_file

BIN = b"\xe9" + bytes(range(255)) * 300
SUM = hashlib.sha256(BIN).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "image.bin"
    path.write_bytes(BIN)
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--image", "{file}", "--sha256", "0" * 64), f"its SHA-256 is {SUM}, not the given one: nothing was written"),
        (("--image", "{file}", "--sha256", SUM[:-1]), "64 hexadecimal digits"),
        (("--sha256", SUM), "name the file with --image"),
        (("--image", "official", "--board", "esp32_devkitc"), "no download is pinned for esp32_devkitc"),
        (("--image", "official", "--board", "virtual"), "--image FILE"),
    ],
)
def test_an_image_that_is_not_the_one_meant_is_refused_before_a_port_is_opened(file, words, said):
    with fake_port(lambda *_: b"") as (name, heard):
        done = cryoctl("flash", "--port", name, *(word.format(file=file) for word in words))
    assert done.exit_code == 2 and said in done.stderr, done.stderr
    assert not heard


@pytest.mark.parametrize("given", [None, SUM, SUM.upper()])
def test_a_file_is_taken_as_it_is_or_with_its_hash(file, given):
    assert image.given(str(file), "esp32_devkitc", given) == BIN


@pytest.mark.parametrize("board", of_image("uf2"))
def test_official_is_the_pinned_image_of_the_board_that_is_named(tmp_path, monkeypatch, board):
    monkeypatch.setattr(image.cache, "CACHE", tmp_path / "RPI_PICO.uf2")
    asked = []

    def ensure(url, place, sha256, name):
        asked.append((url, sha256, name))
        place.write_bytes(b"image")

    monkeypatch.setattr(image.download, "ensure", ensure)
    known = boards.chip(board).micropython
    assert image.given("official", board) == b"image"
    assert asked == [(image.download.PLACE + known["official"], known["sha256"], known["official"])]
    assert len(known["sha256"]) == 64 and known["official"].endswith(".uf2")


def test_no_two_chips_have_the_same_image():
    known = list({boards.chip(board).name: boards.chip(board).micropython for board in of_image("uf2")}.values())
    for key in ("official", "sha256", "family", "volume", "machine"):
        assert len({chip[key] for chip in known}) == len(known)


def test_the_official_image_of_another_board_is_named_as_that():
    with pytest.raises(Problem, match="`official` is the image of another board: here is a rp2350_pico2"):
        image.fits(uf2_file(), "official", "rp2350_pico2")


@pytest.mark.parametrize(
    ("board", "data", "said"),
    [
        ("esp32_devkitc", b"UF2\n" * 128, "E9h"),
        ("rp2040_pico", uf2_file()[:-512], "UF2 file damaged"),
        ("rp2040_pico", BIN, "not a UF2 file"),
        ("virtual", BIN, "takes no image"),
    ],
)
def test_a_running_application_is_not_ended_for_an_image_that_its_board_cannot_take(tmp_path, board, data, said):
    path = tmp_path / "image"
    path.write_bytes(data)
    (tmp_path / "pin").write_text("4711")
    with fake_port(application("STANDBY", board=board)) as (name, heard):
        done = cryoctl("flash", "--port", name, "--image", path, "--pin-file", tmp_path / "pin")
    assert done.exit_code == 2 and said in done.stderr, done.stderr
    assert b"SERV" not in heard


def test_the_pinned_image_is_not_taken_for_another_board_that_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(image.download, "ensure", lambda *_: "there")
    (tmp_path / "cached").write_bytes(uf2_file())
    monkeypatch.setattr(image.cache, "CACHE", tmp_path / "cached")
    (tmp_path / "pin").write_text("4711")
    with fake_port(application("STANDBY", board="esp32_devkitc")) as (name, heard):
        done = cryoctl("flash", "--port", name, "--image", "official", "--pin-file", tmp_path / "pin")
    assert done.exit_code == 2 and "no download is pinned for esp32_devkitc" in done.stderr, done.stderr
    assert b"SERV" not in heard
