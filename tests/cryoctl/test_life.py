"""How a simulator begins and ends: image, lock, link, socket, signals, script, front panel."""

import itertools
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time

import pytest

from host_tools.cryoctl.sim import board, image
from host_tools.cryoctl.sim.guest import INTERRUPTS
from host_tools.cryoctl.sim.pace import Pace
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.plant import Plant
from tests.cryoctl.conftest import PATIENCE_S, PROMPT, ask, at_prompt, until
from tests.cryoctl.test_mpremote import MPREMOTE


def mpremote(sim, code):
    done = subprocess.run(
        [str(MPREMOTE), "connect", str(sim.link), "exec", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refused(start, *options, **named):
    sim = start(*options, ready=False, **named)
    assert sim.process.wait(PATIENCE_S) == 2
    assert "Traceback" not in sim.said
    return sim.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_files_stay_whatever_ends_it_and_a_new_one_takes_over(start, number):
    first = start()
    mpremote(first, "f = open('kept', 'w'); f.write('this'); f.close()")
    first.end(number)
    assert first.link.is_symlink() == (number == signal.SIGKILL)  # a link that leads nowhere is taken over
    if first.link.is_symlink():  # its old target may now be another simulator's terminal
        first.link.unlink()
        first.link.symlink_to(first.link.with_name("nowhere"))
    second = start()
    assert mpremote(second, "print(open('kept').read())") == "this"


class CtrlC:
    """A port on which Ctrl-C comes all the time, except in the exchange that reports main.py's start."""

    connected = True

    def __init__(self, replies):
        self._replies = replies

    def poll(self):
        pass

    def fd(self):
        return -1

    def read(self, most):
        return b"" if len(self._replies) == 1 else b"\x03"

    def write(self, data):
        return len(data)


def test_ctrl_c_interrupts_only_once_a_program_runs_and_a_second_one_waits_until_the_first_was_heard(
    tmp_path, monkeypatch
):
    """The interpreter ends when its own start is interrupted, or a second signal comes while the first is pending."""
    now = itertools.count(0, 0.01)  # a clock that moves on with each read
    sent = []
    frames = []
    replies = []

    class Deaf(board.Guest):
        """Passes no Ctrl-C to its interpreter."""

        def frame(self):
            frames.append(super().frame())
            return frames[-1]

        def reply(self, *given):
            super().reply(*given)
            replies.append(given)

        def interrupt(self):
            sent.append((next(now), len(frames)))

    monkeypatch.setattr(board, "Guest", Deaf)
    path = tmp_path / "board.img"
    with image.locked(path):
        image.write(path, {"main.py": b"while True: pass\n"})
    plant = Plant()
    made = board.Board(plant, path, [CtrlC(replies)], Pace(0, lambda: next(now)))

    def watch():
        plant.power_off = len(sent) == 2 or next(now) > GIVE_UP_S

    made.watch = watch
    made.run()
    assert not frames[0].flags & INTERRUPTS  # at this time hal.attach is running
    (first_s, before), (second_s, then) = sent
    assert before == then > 1 and second_s - first_s >= board.AGAIN_S


GIVE_UP_S = 10_000  # on that clock


BROKEN_OFF = """import builtins
def broken_off(*_):
    raise KeyboardInterrupt
builtins.open = broken_off
"""


def test_ctrl_c_between_boot_and_main_leaves_the_prompt(start, port, tmp_path):
    with image.locked(tmp_path / "board.img"):
        image.write(tmp_path / "board.img", {"boot.py": BROKEN_OFF.encode(), "main.py": b"ran = 1\n"})
    sim = start()
    at_prompt(sim.link)
    opened = port(sim.link)
    opened.write(b"ran\r")
    assert b"NameError" in opened.read_until(PROMPT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", ["", "while True: pass", "import time; time.sleep(10_000)"])
def test_a_signal_ends_it_cleanly_whatever_the_board_does(start, port, number, busy):
    sim = start()
    opened = port(sim.link)
    opened.write(b"\r\x03" + busy.encode() + b"\r\r")
    opened.read_until((busy or ">>>").encode()[-4:])
    assert sim.end(number) == 0
    assert not sim.link.is_symlink()
    assert "Traceback" not in sim.said
    assert image.read(sim.image) == {}  # a file system that can be mounted


def test_a_second_simulator_on_the_same_image_is_refused(start, tmp_path):
    start()
    said = refused(start, link=tmp_path / "other")
    assert "in use by another simulator" in said and "--image" in said
    assert not (tmp_path / "other").is_symlink()


def test_a_link_that_leads_somewhere_is_left_alone(start, tmp_path):
    start()
    said = refused(start, image_path=tmp_path / "other.img")
    assert "--link" in said and "exists" in said


def test_who_waits_for_a_simulator_that_cannot_begin_is_told_why(start, tmp_path):
    start()
    with pytest.raises(AssertionError, match="exists: another simulator may use it"):
        start(image_path=tmp_path / "other.img")


def test_a_file_that_is_no_image_is_left_alone(start, tmp_path):
    (tmp_path / "board.img").write_text("a diary")
    assert "is not an image" in refused(start)
    assert (tmp_path / "board.img").read_text() == "a diary"


def test_an_image_without_a_file_system_says_so(start, tmp_path):
    (tmp_path / "board.img").write_bytes(b"\xff" * image.SIZE)
    sim = start(ready=False)
    assert sim.process.wait(PATIENCE_S) == 2
    assert "no file system" in sim.said and not sim.link.is_symlink()


def test_deploy_keeps_what_else_is_on_the_image(packed, tmp_path):
    path = tmp_path / "board.img"
    with image.locked(path):
        image.write(path, {"settings/a": b"1", "main.py": b"old"})
        image.deploy(path)
        files = image.read(path)
    assert files.pop("settings/a") == b"1"
    assert files == image.read(packed)


def test_a_socket_serves_too_and_a_wrong_address_is_told(start):
    for wrong in ("nowhere", "127.0.0.1:port", ":", "127.0.0.1:70000", "127.0.0.1:\u00b2"):
        assert "HOST:PORT" in refused(start, "--tcp", wrong)
    sim = start("--tcp", "127.0.0.1:0")
    number = int(re.search(r"127\.0\.0\.1:(\d+)", sim.said)[1])
    for _ in range(2):  # one after the other
        with socket.create_connection(("127.0.0.1", number), PATIENCE_S) as client, client.makefile("rb") as lines:
            client.sendall(b"\r\x03print('so', 'cket')\r")
            until(lines.readline, lambda line: line == b"so cket\r\n")


# --- scripts ----------------------------------------------------------------------------------------------------------
def test_a_script_presses_and_ends_the_run(application, port, tmp_path):
    script = tmp_path / "script"
    script.write_text("0.5 estop press\n60 quit\n")
    sim = application("--speed", "0", "--script", str(script))
    opened = port(sim.link)
    until(lambda: ask(opened, "STAT:WHY?"), lambda said: "ESTOP: " in said)
    opened.close()
    assert sim.process.wait(PATIENCE_S) == 0
    assert not sim.link.is_symlink()


def test_every_wrong_line_of_a_script_is_named(start, tmp_path):
    script = tmp_path / "script"
    lines = [
        "1 trigger press",
        "2 triger press",
        "soon quit",
        "1 quit",
        "3",
        "4 shield half",
        "5 distance 900",
        "6 estop",
    ]
    script.write_text("\n".join(lines))
    said = refused(start, "--script", str(script))
    assert [int(number) for number in re.findall(r"script:(\d+):", said)] == [2, 3, 4, 5, 6, 7, 8]
    for words in ("nearest is trigger", "seconds since switch-on", "in order", "give an action", "open, close"):
        assert words in said
    assert "5 to 300 mm" in said and "press|release" in said
    assert not (tmp_path / "board.img").exists()  # refused before anything is made


def test_a_script_that_is_not_there_is_told(start, tmp_path):
    assert "No such file" in refused(start, "--script", str(tmp_path / "missing"))


# --- the terminal -----------------------------------------------------------------------------------------------------
def test_the_front_panel_shows_contacts_takes_keys_and_leaves_the_terminal_as_it_was(tmp_path):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 200))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "host_tools.cryoctl", "sim", "--image", str(tmp_path / "board.img")],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=lanes.ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    try:
        said = ""
        give_up = time.monotonic() + PATIENCE_S

        def until(words):
            nonlocal said
            while words not in said:
                assert time.monotonic() < give_up, (words, said[-2000:])
                if not select.select([ours], [], [], 1.0)[0]:
                    continue
                said += os.read(ours, 4096).decode(errors="replace")
            said = said.partition(words)[2]

        until("trigger up")
        for key, words in ((b" ", "PRESSED"), (b" ", "trigger up"), (b"s", "OPEN"), (b"e", "PRESSED"), (b"p", "OFF")):
            os.write(ours, key)
            until(words)
        os.write(ours, b"q")
        assert process.wait(PATIENCE_S) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def test_help_names_the_command_and_its_options():
    said = subprocess.run(
        [sys.executable, "-m", "host_tools.cryoctl", "sim", "--help"],
        capture_output=True,
        text=True,
        cwd=lanes.ROOT,
        check=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout
    for option in ("--image", "--link", "--tcp", "--speed", "--headless", "--script", "--deploy"):
        assert option in said
