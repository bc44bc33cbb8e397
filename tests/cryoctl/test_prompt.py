"""The prompt on the serial port: what a person types, what interrupts, and the protocol without raw paste."""

import importlib.util

import pytest

from host_tools.places import GUEST
from tests.cryoctl.conftest import Sim

BANNER = b"raw REPL; CTRL-B to exit\r\n>"


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    sim = Sim(tmp_path_factory.mktemp("prompt"))
    yield sim.wait_ready()
    sim.end()


@pytest.fixture
def prompt(sim, port):
    """The port of a bare board at its prompt; its flash is empty and no names are defined."""
    opened = port(sim.link)
    opened.write(b"\x03\x02\x03")
    typed(opened, b"print('be', 'gin', sep='')\r", b"begin\r\n>>> ")
    typed(opened, b"import os; len([os.remove(name) for name in os.listdir()])\r")
    typed(opened, b"\x04", b"more information.\r\n>>> ")
    return opened


def typed(prompt, keys, until=b"\r\n>>> "):
    prompt.write(keys)
    said = prompt.read_until(until)
    assert said.endswith(until), f"no {until!r} within {prompt.timeout} s: {said!r}"
    return said


def test_an_expressions_value_is_shown_and_kept(prompt):
    assert typed(prompt, b"6 * 7\r") == b"6 * 7\r\n42\r\n>>> "
    assert typed(prompt, b"_ + 1\r") == b"_ + 1\r\n43\r\n>>> "


def test_backspace_and_the_line_before(prompt):
    assert b"\r\n12\r\n" in typed(prompt, b"11\x7f2\r")
    assert b"\r\n12\r\n" in typed(prompt, b"\x1b[A\r")


def test_a_block_runs_after_an_empty_line(prompt):
    assert typed(prompt, b"for i in (1, 2):\r  print(i)\r\r").endswith(b"1\r\n2\r\n>>> ")


def test_paste_mode_takes_a_program_whole(prompt):
    said = typed(prompt, b"\x05if True:\r  a = 5\r\r  print(a)\r\x04")
    assert said.endswith(b"\r\n5\r\n>>> ")


@pytest.mark.parametrize(
    "busy",
    [
        b"while True: pass",
        b"import time; time.sleep(10_000)",
        b"import machine\rwhile True: machine.Pin(4, machine.Pin.OUT, value=1)",  # more than one exchange can carry
        b"input()",
    ],
)
def test_ctrl_c_interrupts_what_runs(prompt, busy):
    typed(prompt, busy + (b"\r\r" if b"while" in busy else b"\r"), busy[-4:] + b"\r\n")
    assert b"KeyboardInterrupt" in typed(prompt, b"\x03")
    assert typed(prompt, b"1 + 1\r") == b"1 + 1\r\n2\r\n>>> "


@pytest.mark.parametrize("busy", [b"while True: pass\r\r", b"import time; time.sleep(10_000)\r"])
@pytest.mark.parametrize("before", [b"0\r", b"import micropython; micropython.kbd_intr(-1)\r"])
def test_ctrl_c_right_behind_a_line_interrupts_what_the_line_starts(prompt, before, busy):
    for _ in range(10):
        typed(prompt, before)
        assert typed(prompt, busy + b"\x03", b"KeyboardInterrupt: \r\n>>> ").count(b">>>") == 1
    assert typed(prompt, b"1 + 1\r") == b"1 + 1\r\n2\r\n>>> "


def test_ctrl_c_interrupts_a_timer_that_hangs_at_the_prompt(prompt):
    typed(prompt, b"\x05import machine\rdef f(t):\r  print('on', 'ce')\r  while True: pass\r\x04")
    once = b"machine.Timer(mode=machine.Timer.ONE_SHOT, period=1, callback=f) and None\r"
    typed(prompt, once, b"on ce\r\n")
    typed(prompt, b"\x03")
    assert typed(prompt, b"1 + 1\r") == b"1 + 1\r\n2\r\n>>> "


def test_a_program_that_took_the_port_and_failed_gives_it_back(prompt):
    typed(prompt, b"import machine; machine.UART(0); nobody\r")
    assert typed(prompt, b"1 + 1\r") == b"1 + 1\r\n2\r\n>>> "


def test_ctrl_c_ends_a_main_that_runs_for_ever_and_ctrl_d_starts_it_anew(prompt):
    typed(prompt, b"f = open('main.py', 'w'); f.write('print(11)\\nwhile True: pass'); f.close()\r")
    for keys in (b"\x04", b"\x04"):
        assert b"MPY: soft reboot\r\n11\r\n" in typed(prompt, keys, b"11\r\n")
        assert b"KeyboardInterrupt" in typed(prompt, b"\x03")


def test_the_raw_prompt_without_raw_paste(prompt):
    prompt.write(b"\x01")
    assert prompt.read_until(BANNER).endswith(BANNER)
    assert typed(prompt, b"print('a')\nprint('b')\x04", b"\x04>") == b"OKa\r\nb\r\n\x04\x04>"
    said = typed(prompt, b"nonsense(\x04", b"\x04>")
    assert said.startswith(b"OK\x04Traceback") and b"SyntaxError" in said
    assert typed(prompt, b"forgotten\x03print(1)\x04", b"\x04>") == b"OK1\r\n\x04\x04>"
    assert typed(prompt, b"\x04", BANNER) == b"OK\r\nMPY: soft reboot\r\n" + BANNER
    assert b"MicroPython" in typed(prompt, b"\x02")


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"", b"raw REPL"),
        (b"raise SystemExit", b"soft reboot"),
    ],
)
def test_a_soft_reset_in_the_raw_prompt_comes_back_to_it(prompt, first, said):
    prompt.write(b"\x01")
    assert prompt.read_until(BANNER).endswith(BANNER)
    assert said in typed(prompt, first + b"\x04", b"soft reboot\r\n" + BANNER)


@pytest.mark.parametrize(
    ("before", "behind", "until"),
    [
        (b"", b"print('be', 'hind', sep='')\r", b"behind\r\n>>> "),
        (b"", b"\x01print('be', 'hind', sep='')\x04", b"OKbehind\r\n\x04\x04>"),
        (b"import machine; machine.soft_reset()\r", b"print('be', 'hind', sep='')\r", b"behind\r\n>>> "),
    ],
)
def test_what_is_behind_a_soft_reset_in_one_write_is_for_what_starts(prompt, before, behind, until):
    said = typed(prompt, (before or b"\x04") + behind, until)
    assert said.index(b"for more information.") < said.index(b"behind")


def test_what_is_behind_a_reset_of_the_chip_is_gone_with_its_buffers(prompt):
    typed(prompt, b"import machine; machine.reset()\rprint('be', 'hind', sep='')\r", b"more information.\r\n>>> ")
    assert b"behind" not in typed(prompt, b"1 + 1\r", b"\r\n2\r\n>>> ")


def test_ctrl_c_while_a_raw_program_s_end_is_being_said_does_not_cut_the_protocol(prompt):
    """The traceback is longer than the port's buffer, so the prompt is still printing it when Ctrl-C comes."""
    prompt.write(b"\x01")
    assert prompt.read_until(BANNER).endswith(BANNER)
    program = b"for i in range(300_000):\n  pass\nraise ValueError('x' * 200_000)\x04"
    assert typed(prompt, program, b"OK\x04") == b"OK\x04"
    said = typed(prompt, b"\x03", b"\x04>")
    assert said.count(b"x") == 200_000 and b"ValueError" in said and b"raw REPL" not in said
    assert typed(prompt, b"print(1)\x04", b"\x04>") == b"OK1\r\n\x04\x04>"


def test_bytes_written_raw_stay_as_they_are(prompt):
    said = typed(prompt, b"import sys; n = sys.stdout.buffer.write(bytes(range(14)))\r", b"\x0c\r>>> ")
    assert said.endswith(bytes(range(14)) + b">>> ")


def test_a_reset_whose_exception_was_swallowed_is_a_reset_all_the_same(prompt):
    typed(prompt, b"mark = 1\r")
    prompt.write(b"\x05import machine, time\rtry:\r  machine.reset()\rexcept BaseException:\r  pass\r")
    drives = b"while True:\r  machine.Pin(4, machine.Pin.OUT, value=1)\r  time.sleep_ms(1)\r\x04"
    said = typed(prompt, drives, b"for more information.\r\n>>> ")
    assert b"MicroPython" in said
    assert b"NameError" in typed(prompt, b"mark\r")
    typed(prompt, b"import machine\r")
    assert typed(prompt, b"machine.Pin(4).value()\r").endswith(b"\r\n0\r\n>>> ")


def test_an_interpreter_that_crashes_is_a_board_that_restarts_with_its_outputs_low(prompt):
    typed(prompt, b"import machine; pin = machine.Pin(4, machine.Pin.OUT, value=1)\r")
    said = typed(prompt, b"import uctypes; uctypes.bytearray_at(8, 1)[0]\r", b"more information.\r\n>>> ")
    assert b"the interpreter crashed" in said
    typed(prompt, b"import machine\r")
    assert typed(prompt, b"machine.Pin(4).value(), machine.reset_cause()\r").endswith(b"(0, 3)\r\n>>> ")


# --- whether a statement continues ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def goes_on():
    spec = importlib.util.spec_from_file_location("line_editor", GUEST / "line_editor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.goes_on


@pytest.mark.parametrize(
    "text",
    ["if a:", "if a: b", "def f():\n  pass", "f(1,", "a = [1,\n2", "a = '''x", 'a = """x\n', "1 + \\", "@f", "f('(',"],
)
def test_unfinished(goes_on, text):
    assert goes_on(text)


@pytest.mark.parametrize(
    "text",
    ["", "1 + 1", "f(1,\n2)", "if a:\n  b\n", "a = '''x\ny'''", "a = '('", "a = 1 # (", r"a = '\'('", "iffy(1)"],
)
def test_finished(goes_on, text):
    assert not goes_on(text)
