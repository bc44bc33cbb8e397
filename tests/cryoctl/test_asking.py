"""Questions to a person: what happens to answers, the way back, who waits meanwhile, and a refused PIN."""

import os

import pytest
from prompt_toolkit.application import get_app

from host_tools.cryoctl import answers, asking, prompt, service
from host_tools.cryoctl.asking import Back, Unanswered, in_turn
from host_tools.cryoctl.calibration import wizard
from host_tools.cryoctl.calibration.kinds import JET
from host_tools.cryoctl.calibration.points import Point
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from tests.cryoctl.asked import BACKSPACE, CTRL_D, UP, Locked, number


# --- answers ----------------------------------------------------------------------------------------------------------
def test_a_wrong_answer_is_asked_again_with_the_reason_and_the_up_key_brings_it_back(keys, capsys):
    keys.send_text(f"29x\n{UP}{BACKSPACE}\n")
    assert number().ask() == 29
    assert "'29x' is not a whole number" in capsys.readouterr().err


def test_an_answer_is_needed_where_nothing_is_usual(keys, capsys):
    keys.send_text("\n3\n\n")
    question = number()
    assert question.ask() == 3
    assert "an answer is needed" in capsys.readouterr().err
    assert question.ask() == 3  # asked again: Enter keeps the answer


def test_earlier_answers_are_brought_by_the_up_key_in_another_run_too(keys):
    keys.send_text(f"1\n2\n1\nwrong\n3\n{UP}{UP}{UP}\n{UP}\n")
    for found in (1, 2, 1, 3):
        assert number(kind="nozzle").ask() == found
    assert answers.earlier("nozzle") == ["2", "1", "3"]
    assert number(kind="nozzle").ask() == 2
    assert number(kind="another", default="7").ask() == 7  # another kind has no earlier answers
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
    assert service.pin() == "5678"  # nobody would see the text of an arrow key, and would type more after it


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
    assert "about this" in (said := capsys.readouterr().err) and "'perhaps' is not an answer; type y or n" in said
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
    assert number().ask() == 1 and "this is the first question" in capsys.readouterr().err
    keys.send_text("1\nback\nback\n")
    with pytest.raises(Back):
        in_turn([number(text).ask for text in ("a", "b")], [], before=True)


def test_the_question_says_how_to_go_back(keys, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "dumb")
    keys.send_text("1\n")
    number().ask(back=True)
    assert capsys.readouterr().err.startswith("Number (back: change the previous answer): ")


def test_bursts_are_typed_and_the_last_one_is_put_right(keys, capsys):
    keys.send_text("300000\n300000, warm\n300000,8\n300000,82\nback\n300000,8.2\nback\nback\n200000,7\n\n")
    done = []
    assert wizard.typed(Output(), JET, done, False) == [Point(200000, 7)]
    said = capsys.readouterr().err
    assert "give flow in us, fall in degC: 2 in all" in said and "'warm' is not a number" in said
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
def refused(number, text):
    return Refused(f"the device: {text}", number=number)


def test_a_typed_pin_that_is_wrong_is_asked_for_again_and_another_one_is_not(keys, capsys):
    device = Locked(refused(301, "wrong PIN: 9 attempts are left"), refused(302, "wait 1 s"), None)
    keys.send_text("1111\n2222\n3333\n")
    with service.service_mode(device, service._typed()):
        pass
    assert device.told == ["SERV:PIN 1111", "SERV:PIN 2222", "SERV:PIN 3333", "SERV:EXIT"]
    assert "9 attempts are left" in (said := capsys.readouterr().err) and "wait 1 s" in said

    for error, text, pin in (
        (301, "wrong PIN", "1111"),
        (302, "locked by wrong PINs", service.TypedPin("1111")),
        (303, "no PIN is set", service.TypedPin("1111")),
    ):
        device = Locked(refused(error, text))
        with pytest.raises(Refused, match=text), service.service_mode(device, pin):
            pytest.fail("within")
        assert device.told == ["SERV:PIN 1111"]
