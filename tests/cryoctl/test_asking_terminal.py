"""Questions at a real terminal: keys and Ctrl-C before, between and after the prompts."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios

import pytest

from host_tools.simulator.twin import lanes
from tests.cryoctl.conftest import PATIENCE_S

TWO = """
import os, select, signal, sys, time

heard = []
def once(*_):  # as cryoctl does: what comes on the way out ends it with the same code
    if heard:
        os._exit(130)
    heard.append(1)
    raise KeyboardInterrupt

signal.signal(signal.SIGINT, once)
try:
    print("ready", flush=True)  # within: Ctrl-C may come before it returns
    from host_tools.cryoctl import interrupts, prompt
    sys.unraisablehook = interrupts.lost
    from prompt_toolkit.input.vt100 import raw_mode

    def once_a_key_came(step):
        def late(*of):
            print("now", flush=True)
            select.select([0], [], [])
            return step(*of)
        return late

    for step in sys.argv[2:]:
        setattr(raw_mode, step, once_a_key_came(getattr(raw_mode, step)))
    for question in ("first: ", "second: "):
        print(prompt.line(question, secret="__enter__" in sys.argv), flush=True)
        time.sleep(float(sys.argv[1]))
except KeyboardInterrupt:
    sys.exit(130)
except prompt.NoLine:
    sys.exit(2)
"""


@pytest.fixture(params=["xterm", "dumb"])
def terminal(request):
    """Start a process that asks two questions at a terminal; standard output is a pipe. It waits after each answer.

    Before a given step of the raw mode, __enter__ or __exit__, it says "now" and waits for a key.
    """
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    started = []

    def start(wait_s=0.0, *steps):
        process = subprocess.Popen(
            [sys.executable, "-c", TWO, str(wait_s), *steps],
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # for Ctrl-C
            cwd=lanes.ROOT,
            env={**os.environ, "TERM": request.param},
        )
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process, ours

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    assert termios.tcgetattr(theirs) == before  # it is left as it was
    os.close(ours)
    os.close(theirs)


def ended(process):
    """Return (exit status, what it wrote to standard output)."""
    out, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out.decode().split()


def test_keys_that_came_before_the_prompt_are_read_and_it_is_drawn_on_standard_error(terminal):
    process, keyboard = terminal()
    os.write(keyboard, b"one\rtwo\r")
    assert ended(process) == (0, ["one", "two"])
    assert b"first:" in os.read(keyboard, 4096)


@pytest.mark.parametrize("typed", [b"\x03", b"\x03\x03", b"on\x03", b"one\rtw\x03"])
def test_ctrl_c_ends_it_whatever_the_terminal_is_doing_when_it_comes(terminal, typed):
    """Ctrl-C comes while modules are loaded: it is a signal. If the terminal is raw already, it is a key."""
    process, keyboard = terminal()
    os.write(keyboard, typed)
    assert ended(process)[0] == 130


@pytest.mark.parametrize("typed", [b"\x04", b"one\r\x04"])
def test_ctrl_d_before_the_prompt_is_ctrl_d(terminal, typed):
    process, keyboard = terminal()
    os.write(keyboard, typed)
    assert ended(process)[0] == 2


def test_ctrl_c_between_two_questions_is_not_for_the_second(terminal):
    process, keyboard = terminal(PATIENCE_S)
    os.write(keyboard, b"one\r")
    assert process.stdout.readline() == b"one\n"
    os.write(keyboard, b"\x03")
    assert ended(process) == (130, [])


def test_ctrl_c_behind_a_lines_end_that_nobody_read_as_a_key_is_heard_before_the_next_line(terminal):
    """The terminal is still raw, so Ctrl-C is a byte, not a signal. The prompt is at its end, and reads no more."""
    process, keyboard = terminal(PATIENCE_S, "__exit__")
    os.write(keyboard, b"one\r")
    assert process.stdout.readline() == b"now\n"
    os.write(keyboard, b"\x03")
    assert ended(process) == (130, [])


def test_a_pin_that_is_typed_before_the_terminal_is_raw_is_not_echoed(terminal):
    process, keyboard = terminal(0.0, "__enter__")
    for pin in (b"4711", b"86420"):
        assert process.stdout.readline() == b"now\n"
        os.write(keyboard, pin + b"\r")
        assert process.stdout.readline() == pin + b"\n"
    assert ended(process) == (0, [])
    said = os.read(keyboard, 4096)
    assert b"first:" in said and b"4711" not in said and b"86420" not in said


def test_a_signal_from_another_process_ends_a_prompt_that_waits(terminal):
    process, keyboard = terminal()
    said = b""
    while b"first:" not in said:
        said += os.read(keyboard, 4096)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, [])


def test_no_command_loads_the_prompts_before_it_asks():
    modules = "main, asking, service, calibration.run, prompt"
    code = "import sys\n" + "".join(f"import host_tools.cryoctl.{name}\n" for name in modules.split(", "))
    code += "print([name for name in ('prompt_toolkit', 'asyncio') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=lanes.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
