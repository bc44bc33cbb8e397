"""Questions to a person: no key and no Ctrl-C is lost, whenever it comes."""

import asyncio
import contextlib
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from prompt_toolkit.application import application
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from host_tools.cryoctl import entry, interrupts, prompt, service
from tests.cryoctl.asked import CTRL_C, Locked, number
from tests.cryoctl.conftest import PATIENCE_S


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
    """Ctrl-C before, in and after the prompt. The answer is typed already, so a lost Ctrl-C would give an answer."""
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
    """No key is pressed: the signal comes when prompt_toolkit's loop is about to sleep."""
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
    """Ctrl-C comes while Python collects this object."""

    def __init__(self):
        self.there = True

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("way_out", [contextlib.nullcontext, interrupts.Once])
def test_ctrl_c_while_garbage_is_collected_comes_again(monkeypatch, way_out):
    monkeypatch.setattr(sys, "unraisablehook", entry._unraisable)
    collected = [Collected()]
    with pytest.raises(KeyboardInterrupt), way_out():
        collected.clear()  # here Python drops the exception
        time.sleep(PATIENCE_S)
        pytest.fail("it was not heard")


@pytest.mark.parametrize("way_out", [contextlib.nullcontext, interrupts.Once])
def test_ctrl_c_does_not_come_again_before_python_listens_again(monkeypatch, way_out):
    """On a busy machine, time passes between the timer's start and the end of the code that drops an exception."""

    class Busy(threading.Timer):
        def start(self):
            super().start()
            self.join(20 * interrupts._SOON_S)

    monkeypatch.setattr(sys, "unraisablehook", entry._unraisable)
    monkeypatch.setattr(interrupts.threading, "Timer", Busy)
    collected = [Collected()]
    with pytest.raises(KeyboardInterrupt), way_out():
        collected.clear()
        time.sleep(PATIENCE_S)
        pytest.fail("it was not heard")


def test_ctrl_c_does_not_come_again_before_the_hook_is_left_whatever_its_name_is(monkeypatch):
    timers = []

    class Noted(threading.Timer):
        def start(self):
            timers.append(self)
            super().start()

    def hook(what):
        interrupts.lost(what)
        timers[0].join(20 * interrupts._SOON_S)

    monkeypatch.setattr(sys, "unraisablehook", hook)
    monkeypatch.setattr(interrupts.threading, "Timer", Noted)
    collected = [Collected()]
    with pytest.raises(KeyboardInterrupt):
        collected.clear()
        time.sleep(PATIENCE_S)
        pytest.fail("it was not heard")


def test_a_function_that_has_the_hooks_name_does_not_keep_ctrl_c_back(monkeypatch):
    def lost():
        collected.clear()
        time.sleep(PATIENCE_S)
        pytest.fail("it was not heard")

    monkeypatch.setattr(sys, "unraisablehook", entry._unraisable)
    collected = [Collected()]
    with pytest.raises(KeyboardInterrupt):
        lost()


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
