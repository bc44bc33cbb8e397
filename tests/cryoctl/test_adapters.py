"""MicroPython's prompt over a socket, which board it is, and a new archive made from the old one."""

import re

import pytest

from host_tools.cryoctl import found
from host_tools.cryoctl.adapters import mpremote
from host_tools.cryoctl.device import PROMPT, look
from host_tools.cryoctl.flash import Report, Request, Watch, boards, delta, run
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.toolchain.packing import archive
from tests.boards.found import ALL, EXAMPLE
from tests.cryoctl.conftest import PATIENCE_S
from tests.cryoctl.fake_port import application as answering
from tests.cryoctl.fake_port import fake_port


class OldArchive:
    """A board's archive, with the methods that delta uses."""

    def __init__(self, data):
        self.data = data

    def lines(self, _):
        return delta.head_of(self.data) if b"\n\n" in self.data else self.data

    def parts(self, _, places):
        return [mpremote.sha256(self.data[at : at + size]) for at, size in places]


# neighbouring bytes differ, so that a piece from the wrong place is found
MODULES = {f"m{n}.mpy": bytes((31 * n + 7 * at) % 251 for at in range(100 + n)) for n in range(8)}


def joined(pieces, old):
    """Return the file made of these pieces."""
    return b"".join(piece if isinstance(piece, bytes) else old[piece[0] :][: piece[1]] for piece in pieces)


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
    assert joined(made, old) == new
    sent = sum(len(piece) for piece in made if isinstance(piece, bytes))
    assert sent == len(delta.head_of(new)) + most + 4


def test_a_copy_that_was_broken_off_anywhere_goes_on_with_the_right_bytes():
    old, new = archive(MODULES), archive(MODULES | {"m3.mpy": b"new" * 50, "added.mpy": b"+-" * 30})
    made = delta.pieces(OldArchive(old), "/application", len(old), new)
    assert {type(piece) for piece in made} == {bytes, tuple}
    for begin in range(len(new) + 1):
        assert joined(delta.after(begin, made), old) == new[begin:], begin


@pytest.mark.parametrize("old", [b"", b"x" * 500, b"a b c\n\n1234", b"\xff\n\n", b"a 1\nb\n\n"])
def test_what_is_no_archive_is_replaced_whole(old):
    new = archive(MODULES)
    assert delta.pieces(OldArchive(old), "/application", len(old), new) == [new]


# --- which board ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("board", ALL)
def test_a_board_is_known_by_its_interpreter(board):
    known = boards.chip(board).micropython
    who = (known["platform"], f"Some module {known['machine']}", (1, 28, 0), 6)
    assert boards.of_interpreter(who, board) == board
    chip = boards.chip(board).name
    alike = [name for name in ALL if boards.chip(name).name == chip]
    if len(alike) == 1:
        assert boards.of_interpreter(who, None) == board
    else:
        with pytest.raises(Problem, match=f"may be {' or '.join(alike)}"):
            boards.of_interpreter(who, None)
    other = next(name for name in ALL if name not in alike)
    with pytest.raises(Problem, match=f"the board is {board}, not {other}" if len(alike) == 1 else "may be"):
        boards.of_interpreter(who, other)


@pytest.mark.parametrize(
    ("who", "wanted", "words"),
    [
        (("rp2", "W55RP20-EVB-Pico with W55RP20", (1, 28, 0), 6), None, "unknown board"),
        (("esp32", "Generic ESP32S3 module with ESP32S3", (1, 28, 0), 6), None, "unknown board"),
        (("rp2", "Raspberry Pi Pico with RP2040", (1, 26, 1), 6), EXAMPLE, "too old"),
        (("rp2", "Raspberry Pi Pico with RP2040", (1, 28, 0), 5), EXAMPLE, "too old"),
    ],
)
def test_another_board_or_an_old_interpreter_is_told(who, wanted, words):
    with pytest.raises(Problem, match=words):
        boards.of_interpreter(who, wanted)


# --- the prompt -------------------------------------------------------------------------------------------------------
def test_the_prompt_over_a_socket_and_what_fails_there(start):
    sim = start("--tcp", "127.0.0.1:0")
    name = "socket://" + re.findall(r"127\.0\.0\.1:\d+", sim.said)[0]
    data = bytes(range(256)) * 70
    with Port(name) as port:
        assert look(port)[0] == PROMPT
        with mpremote.prompt(port) as prompt:
            told = []
            prompt.write("/a", data, progress=told.append)
            assert prompt.files(["/a", "/b"]) == {"/a": (len(data), mpremote.sha256(data)), "/b": None}
            assert told[-1] == len(data) == prompt.sent
            prompt.write("/a", data + b"more", begin=len(data))
            assert prompt.files(["/a"])["/a"] == (len(data) + 4, mpremote.sha256(data + b"more"))
            with pytest.raises(Refused, match="ZeroDivisionError"):
                prompt.run("1/0")
            with pytest.raises(NoDevice, match="unexpected answer"):
                prompt.value("print('\\xff nothing')")
        assert look(port)[0] == PROMPT


def test_a_prompt_that_is_entered_at_the_second_attempt_only(monkeypatch):
    monkeypatch.setattr(mpremote, "ENTER_S", 0.3)
    attempts = []

    def deaf_once(_, new):
        if b"\x01" in new:
            attempts.append(1)
            monkeypatch.setattr(mpremote, "ENTER_S", PATIENCE_S)  # for the second
        if len(attempts) > 1 and b"\x01" in new:
            return b"raw REPL; CTRL-B to exit\r\n>"
        if len(attempts) > 1 and b"\x04" in new:
            return b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>"
        return b"\r\n>>> " if b"\n" in new else b""

    with fake_port(deaf_once) as (name, _), Port(name) as port, mpremote.prompt(port) as prompt:
        assert not prompt.left
    assert len(attempts) == 2


def test_a_port_that_stopped_being_a_prompt_is_not_interrupted_again(monkeypatch):
    monkeypatch.setattr(mpremote, "ENTER_S", 0.3)
    answers = answering("ARMED")
    with (
        fake_port(answers) as (name, heard),
        Port(name) as port,
        pytest.raises(NoDevice, match="prompt is lost"),
        mpremote.prompt(port),
    ):
        pass
    assert bytes(heard).count(b"\x03") == 1


def test_a_port_that_only_looks_like_a_prompt_is_told(monkeypatch):
    monkeypatch.setattr(mpremote, "ENTER_S", 0.3)
    with (
        fake_port(lambda *_: b"\xff>>> ") as (name, _),
        Port(name) as port,
        pytest.raises(NoDevice, match="prompt is lost"),
        mpremote.prompt(port),
    ):
        pass


def test_the_report_of_a_board_that_hangs_says_so(monkeypatch):
    monkeypatch.setattr(run, "looked", lambda port: run.look(port, 0.1))
    with fake_port(lambda *_: b"") as (name, heard), pytest.raises(NoDevice, match="an ESP32: with --board"):
        run.flash(found.Found(name, ""), Request(image=b"\xe9"), Watch(), Report(name))
    assert 3 not in heard
