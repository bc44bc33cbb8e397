"""Questions to a person: what becomes of answers, and that no key and no Ctrl-C is lost, whenever it comes."""

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from prompt_toolkit.application import application, get_app
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from host_tools.cryoctl import answers, asking, entry, interrupts, prompt, service
from host_tools.cryoctl.asking import Back, Question, Unanswered, in_turn
from host_tools.cryoctl.calibration import wizard
from host_tools.cryoctl.calibration.kinds import JET
from host_tools.cryoctl.calibration.points import Point
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.twin import lanes
from tests.cryoctl.conftest import PATIENCE_S

CTRL_C, CTRL_D, UP, BACKSPACE = "\x03", "\x04", "\x1b[A", "\x7f"


@pytest.fixture
def keys(monkeypatch, tmp_path):
    """What is pressed, read by prompt_toolkit without a terminal. A question that nobody answers ends after a while."""
    late = []

    def end(*_):
        late.append(True)
        pytest.fail("it waits for a key")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE_S)
    with create_pipe_input() as pressed:
        monkeypatch.setattr(prompt, "_ends", lambda: (pressed, DummyOutput()))
        monkeypatch.setattr(asking, "terminal", lambda: True)
        monkeypatch.setattr(answers, "path", lambda: tmp_path / "data" / "answers.json")
        yield pressed
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    assert not late  # also where another exception took its place


def number(text="Number", **more):
    return Question(text, "--number", wizard.whole, **more)


# --- answers ----------------------------------------------------------------------------------------------------------
def test_a_wrong_answer_is_asked_again_with_the_reason_and_the_up_key_brings_it_back(keys, capsys):
    keys.send_text(f"29x\n{UP}{BACKSPACE}\n")
    assert number().ask() == 29
    assert "'29x' is no whole number" in capsys.readouterr().err


def test_an_answer_is_needed_where_nothing_is_usual(keys, capsys):
    keys.send_text("\n3\n\n")
    question = number()
    assert question.ask() == 3
    assert "it needs an answer" in capsys.readouterr().err
    assert question.ask() == 3  # asked again, Enter keeps it


def test_earlier_answers_are_brought_by_the_up_key_in_another_run_too(keys):
    keys.send_text(f"1\n2\n1\nwrong\n3\n{UP}{UP}{UP}\n{UP}\n")
    for found in (1, 2, 1, 3):
        assert number(kind="nozzle").ask() == found
    assert answers.earlier("nozzle") == ["2", "1", "3"]
    assert number(kind="nozzle").ask() == 2
    assert number(kind="another", default="7").ask() == 7  # of another kind there is none to bring
    assert answers.path().stat().st_mode & 0o777 == 0o600


def test_of_many_answers_the_newest_stay(keys):
    for n in range(answers.MOST + 5):
        answers.keep("nozzle", str(n))
    assert answers.earlier("nozzle") == [str(n) for n in range(5, answers.MOST + 5)]


@pytest.mark.parametrize("held", [b"\xff", b"[1]", b'{"nozzle": 3}', b'{"nozzle": [3, "4"]}', None])
def test_a_file_of_answers_that_is_none_or_cannot_be_written_costs_no_answer(keys, held):
    if held is None:
        answers.path().parent.write_text("a file where the folder should be")
    else:
        answers.path().parent.mkdir()
        answers.path().write_bytes(held)
    keys.send_text("5\n")
    assert number(kind="nozzle").ask() == 5
    assert held is None or answers.earlier("nozzle")[-1] == "5"


def test_a_pin_is_neither_shown_nor_kept(keys, monkeypatch, capsys):
    monkeypatch.delenv(service.VARIABLE, raising=False)
    for term in ("xterm", "dumb"):
        monkeypatch.setenv("TERM", term)
        keys.send_text(f"12\n314{BACKSPACE}4159\n")
        found = service.pin()
        assert found == "314159"[:2] + "4159"
    said = capsys.readouterr().err
    assert said.count("a PIN has 4 to 10 digits") == 2 and "\n" in said
    for digits in ("314", "4159", "12\n"):
        assert digits not in said
    keys.send_text(f"{UP}{UP}5678\n")
    assert service.pin() == "5678"  # the arrow keys bring nothing
    assert not answers.path().exists()


def test_a_wrong_pin_is_not_brought_back_to_be_put_right(keys, monkeypatch):
    monkeypatch.delenv(service.VARIABLE, raising=False)
    keys.send_text(f"12\n{UP}5678\n")
    assert service.pin() == "5678"  # nobody sees what the arrow key would bring: it would be typed on to


def test_a_dumb_terminal_is_shown_what_is_typed(keys, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "dumb")
    keys.send_text(f"12{BACKSPACE}3\n")
    assert number(hint="of the nozzle", default="7").ask() == 13
    assert capsys.readouterr().err == "Number (of the nozzle) [7]: 12\b \b3\n"


# --- yes and no -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "usual", "found"),
    [("y\n", False, True), ("NO\n", True, False), ("\n", True, True), ("\n", False, False), (CTRL_D, True, False)],
)
def test_yes_and_no(keys, typed, usual, found):
    keys.send_text(typed)
    assert asking.again("Is it?", usual) is found


def test_what_is_neither_yes_nor_no_is_asked_again(keys, capsys):
    keys.send_text("perhaps\nyes\n")
    asking.confirm(["about this"], "Is it?", False)
    assert "about this" in (said := capsys.readouterr().err) and "'perhaps' is no answer; type y or n" in said
    keys.send_text("n\n")
    with pytest.raises(Problem, match="not confirmed; nothing was changed"):
        asking.confirm([], "Is it?", False)


# --- back -------------------------------------------------------------------------------------------------------------
def test_back_gives_the_answer_before_again_and_enter_keeps_what_was_said(keys):
    keys.send_text("1\n2\nback\nback\n11\n\n3\n")
    done = []
    in_turn([number(text).ask for text in ("a", "b", "c")], done)
    assert done == [11, 2, 3]


def test_before_the_first_there_is_nothing_unless_something_came_before(keys, capsys):
    keys.send_text("back\n1\n")
    assert number().ask() == 1 and "there is no answer before this one" in capsys.readouterr().err
    keys.send_text("1\nback\nback\n")
    with pytest.raises(Back):
        in_turn([number(text).ask for text in ("a", "b")], [], before=True)


def test_the_question_says_how_to_go_back(keys, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "dumb")
    keys.send_text("1\n")
    number().ask(back=True)
    assert capsys.readouterr().err.startswith("Number (back: the answer before): ")


def test_bursts_are_typed_and_the_last_one_is_put_right(keys, capsys):
    keys.send_text("300000\n300000, warm\n300000,8\n300000,82\nback\n300000,8.2\nback\nback\n200000,7\n\n")
    done = []
    assert wizard.typed(Output(), JET, done, False) == [Point(200000, 7)]
    said = capsys.readouterr().err
    assert "give flow in us, fall in degC, 2 in all" in said and "'warm' is no number" in said
    keys.send_text("back\n")
    with pytest.raises(Back):
        wizard.typed(Output(), JET, [], True)


# --- nobody there -----------------------------------------------------------------------------------------------------
def test_who_does_not_answer_is_told_the_option(keys):
    keys.send_text(CTRL_D)
    with pytest.raises(Unanswered, match=r"Number: not answered; answer it, or give --number"):
        number().ask()
    keys.close()  # the terminal is gone
    with pytest.raises(Unanswered, match="--number"):
        number().ask()


@pytest.mark.parametrize("end", ["stdin", "stderr"])
def test_without_a_terminal_nothing_is_asked_and_the_option_is_named(monkeypatch, end):
    class Terminal:
        def isatty(self):
            return True

    for name in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Terminal())
    assert asking.terminal()
    monkeypatch.setattr(f"sys.{end}", None)  # closed
    assert not asking.terminal()
    with open(os.devnull) as nobody:
        monkeypatch.setattr(f"sys.{end}", nobody)
        assert not asking.terminal()
        monkeypatch.setattr(prompt, "line", lambda *_: pytest.fail("it was asked"))
        monkeypatch.delenv(service.VARIABLE, raising=False)
        for ask, option in (
            (number().ask, "--number"),
            (lambda: asking.confirm([], "Is it?", False), "--yes"),
            (service.pin, r"--pin-file.*CRYO_PIN"),
        ):
            with pytest.raises(Problem, match=option):
                ask()


# --- who waits with the person at the terminal ------------------------------------------------------------------------
class Beside:
    """Done while a question waits, ten seconds apart by the clock that the prompt reads; presses a key now and then."""

    def __init__(self, keys, monkeypatch, presses=()):
        self.turns = 0
        self.now_s = 0.0
        self._keys = keys
        self._presses = list(presses)
        self._shown = ""
        monkeypatch.setattr(prompt, "TURN_S", 0.0)
        monkeypatch.setattr(prompt.time, "monotonic", lambda: self.now_s)

    def __call__(self):
        if get_app().current_buffer.text != self._shown:
            return  # a key that is not read yet
        self.turns += 1
        self.now_s += 10.0
        if self._presses and self.turns == self._presses[0]:
            self._presses.pop(0)
            self._shown += "7"
            self._keys.send_text("7")


def test_who_is_waited_for_fifteen_minutes_without_a_key_is_gone(keys, monkeypatch):
    for presses in ((), (80, 160)):
        beside = Beside(keys, monkeypatch, presses)
        with pytest.raises(Unanswered, match="no key for 15 minutes"), asking.meanwhile(beside):
            number().ask()
        assert beside.turns in (90 + sum(presses[-1:]), 91 + sum(presses[-1:]))


def test_what_goes_wrong_meanwhile_ends_the_question(keys):
    def gone():
        raise NoDevice("unplugged")

    with pytest.raises(NoDevice, match="unplugged"), asking.meanwhile(gone):
        number().ask()
    keys.send_text("5\n")
    assert number().ask() == 5  # behind it nothing is done any more


def test_a_device_in_service_mode_hears_that_somebody_is_waited_for(keys, monkeypatch):
    class Kept(Locked):
        def keep(self):
            self.told.append("sign of life")
            keys.send_text("5\n")

    monkeypatch.setattr(prompt, "TURN_S", 0.0)
    device = Kept(None)
    with service.service_mode(device, "4711"):
        assert number().ask() == 5
    assert "sign of life" in device.told[1:-1]


# --- a PIN that the device refuses ------------------------------------------------------------------------------------
class Locked:
    """A device that answers SERV:PIN as it is told to."""

    ended = False

    def __init__(self, *answers):
        self.answers = list(answers)
        self.told = []

    def unarmed(self):
        return "STANDBY"

    def begin(self):
        pass

    def keep(self):
        pass

    def tell(self, command, patience_s=0.0):
        self.told.append(command)
        if command.startswith("SERV:PIN") and (answer := self.answers.pop(0)):
            raise answer
        return "OK"


def refused(number, text):
    return Refused(f"the device: {text}", number=number)


def test_a_typed_pin_that_is_wrong_is_asked_for_again_and_another_one_is_not(keys, capsys):
    device = Locked(refused(301, "wrong PIN: 9 attempts are left"), refused(302, "wait 1 s"), None)
    keys.send_text("1111\n2222\n3333\n")
    with service.service_mode(device, service._typed()):
        pass
    assert device.told == ["SERV:PIN 1111", "SERV:PIN 2222", "SERV:PIN 3333", "SERV:EXIT"]
    assert "9 attempts are left" in (said := capsys.readouterr().err) and "wait 1 s" in said

    for number, text, pin in (
        (301, "wrong PIN", "1111"),
        (302, "locked by wrong PINs", service.TypedPin("1111")),
        (303, "no PIN is set", service.TypedPin("1111")),
    ):
        device = Locked(refused(number, text))
        with pytest.raises(Refused, match=text), service.service_mode(device, pin):
            pytest.fail("within")
        assert device.told == ["SERV:PIN 1111"]


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", [CTRL_C, f"12{CTRL_C}", f"12\n{CTRL_C}", f"1\n2\n{CTRL_C}{CTRL_C}"])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_ctrl_c_as_a_key_in_a_line_or_behind_it(keys, monkeypatch, typed, term):
    monkeypatch.setenv("TERM", term)
    keys.send_text(typed)
    with pytest.raises(KeyboardInterrupt):
        number().ask()


def test_other_keys_behind_a_line_are_for_the_next_one(keys):
    keys.send_text("1\n2\n")
    assert [number().ask(), number().ask()] == [1, 2]


class AtLine:
    """Presses Ctrl-C, as a signal, at one line of those around a question; count: how many there are.

    Of prompt_toolkit only the file that begins and ends a prompt is looked at: the others run within that.
    """

    files = (*(str(Path(module.__file__).parent) for module in (interrupts, asyncio)), application.__file__)

    def __init__(self, at):
        self.at = at
        self.count = 0

    def __call__(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(self.files):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.at:
                signal.raise_signal(signal.SIGINT)
        return self


def traced(at, monkeypatch):
    """Ask with the answer typed already, and Ctrl-C at one line; return (answer or None for Ctrl-C, lines)."""
    trace = AtLine(at)
    before = sys.gettrace()
    with create_pipe_input() as pressed:
        monkeypatch.setattr(prompt, "_ends", lambda: (pressed, DummyOutput()))
        pressed.send_text("5\n")
        sys.settrace(trace)
        try:
            return number().ask(), trace.count
        except KeyboardInterrupt:
            return None, trace.count
        finally:
            sys.settrace(before)


@pytest.mark.parametrize("points", [12, pytest.param(10_000, marks=pytest.mark.long)])
def test_ctrl_c_as_a_signal_at_any_line_of_a_question_ends_it(keys, monkeypatch, points):
    """From before the prompt until behind it: the answer is there already, so what is not heard is an answer."""
    heard = signal.getsignal(signal.SIGINT)
    for _ in range(2):  # the first one loads modules
        found, lines = traced(0, monkeypatch)
        assert found == 5
    assert lines > 300
    for at in (*range(1, lines, max(1, lines // points)), *range(lines - 20, lines)):
        found, count = traced(at, monkeypatch)
        assert found is None or count < at, f"at line {at} of {lines} it was not heard"
        assert signal.getsignal(signal.SIGINT) is heard


def test_it_waits_for_a_key_and_a_signal_wakes_it(keys, monkeypatch):
    """Nothing is typed: the signal comes when prompt_toolkit's loop is about to sleep."""
    selected = asyncio.base_events.BaseEventLoop._run_once
    slept = []

    def run_once(loop):
        if not loop._ready and not slept:
            slept.append(True)
            signal.raise_signal(signal.SIGINT)
        selected(loop)

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "_run_once", run_once)
    with pytest.raises(KeyboardInterrupt):
        number().ask()
    assert slept


def test_a_signal_before_the_prompt_runs_ends_it_without_a_key(keys, monkeypatch):
    made = prompt._session

    def interrupted(*of):
        signal.raise_signal(signal.SIGINT)
        return made(*of)

    monkeypatch.setattr(prompt, "_session", interrupted)
    with pytest.raises(KeyboardInterrupt):
        number().ask()


def test_kept_comes_at_the_end_and_once_comes_once():
    steps = []
    with pytest.raises(KeyboardInterrupt):
        with interrupts.Kept() as kept:
            kept.wake = lambda: steps.append("woken")
            signal.raise_signal(signal.SIGINT)
            steps.append("on")
        steps.append("not reached")
    assert steps == ["woken", "on"]
    with pytest.raises(KeyboardInterrupt), interrupts.Once():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            with interrupts.Kept():
                pass
            steps.append("the way out was gone to its end")
    assert len(steps) == 3


def test_a_second_ctrl_c_does_not_keep_the_device_in_service_mode():
    class Impatient(Locked):
        def tell(self, command, patience_s=0.0):
            if command == "SERV:EXIT":
                signal.raise_signal(signal.SIGINT)
            return super().tell(command)

    device = Impatient(None)
    with pytest.raises(KeyboardInterrupt), service.service_mode(device, "4711"):
        signal.raise_signal(signal.SIGINT)
    assert device.told == ["SERV:PIN 4711", "SERV:EXIT"]


class Collected:
    """Ctrl-C comes while Python takes this away."""

    def __init__(self):
        self.there = True

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("way_out", [contextlib.nullcontext, interrupts.Once])
def test_ctrl_c_while_garbage_is_collected_comes_again(monkeypatch, way_out):
    monkeypatch.setattr(sys, "unraisablehook", entry._unraisable)
    collected = [Collected()]
    with pytest.raises(KeyboardInterrupt), way_out():
        collected.clear()  # Python drops it here
        time.sleep(PATIENCE_S)
        pytest.fail("it was not heard")


def test_another_error_in_a_destructor_is_told_as_ever(monkeypatch):
    class Broken:
        def __del__(self):
            raise ValueError

    told = []
    monkeypatch.setattr(sys, "unraisablehook", entry._unraisable)
    monkeypatch.setattr(sys, "__unraisablehook__", told.append)
    broken = [Broken()]
    broken.clear()
    assert [what.exc_type for what in told] == [ValueError]


def test_who_runs_it_in_the_background_keeps_ctrl_c_for_the_foreground():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.Kept():
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# --- at a real terminal -----------------------------------------------------------------------------------------------
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
    """Start a process that asks two questions at a terminal; standard output is a pipe. It waits behind each answer.

    Before a named step of the raw mode, __enter__ or __exit__, it says "now" and waits for a key.
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
    """It comes while modules are loaded, so it is a signal; or the terminal is raw by then, and it is a key."""
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
    """The terminal is raw still, so it is a byte and no signal; the prompt is at its end, and reads no more."""
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
