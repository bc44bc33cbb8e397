"""The scripted operator: which line of the console answers which question, and when a script continues."""

from types import SimpleNamespace

import pytest

from host_tools.simulator.twin.people import ANSWER_US, Operator

STEP_US = 10_000


def played(script, said, until_us=10_000_000):
    """Run a script against a console that says {time us: bytes}; return (what the script returned, its operator)."""
    plant = SimpleNamespace(now_us=0, console_out=bytearray(), console_in=bytearray(), power_off=False)
    out = []

    def whole(operator):
        out.append((yield from script(operator)))

    operator = Operator(plant, whole)
    left = dict(said)
    while not operator.done and plant.now_us < until_us:
        for at_us in [at_us for at_us in left if at_us <= plant.now_us]:
            plant.console_out += left.pop(at_us)
        operator.step()
        plant.now_us += STEP_US
    assert operator.done == plant.power_off
    return (out or [None])[0], operator


def test_the_first_line_behind_a_question_answers_it_whatever_comes_with_it():
    def script(operator):
        yield 20_000
        first = yield from operator.ask("STAT?")
        yield 0
        return first, (yield from operator.ask("MEAS:TEMP?"))

    said = {0: b"hello\n", 30_000: b"STATE=STANDBY\n{telemetry}\n", 50_000: b"SKIN=33.00", 70_000: b",1ms\nmore\n"}
    (first, second), operator = played(script, said)
    assert (first, second) == ("STATE=STANDBY", "SKIN=33.00,1ms")
    assert operator.lines[0] == (0, "hello") and (70_000, "more") in operator.lines
    assert [command for _, command in operator.sent] == ["STAT?", "MEAS:TEMP?"]
    assert bytes(operator.plant.console_in) == b"STAT?\nMEAS:TEMP?\n"


def test_an_answer_that_never_comes_is_empty_and_a_late_one_answers_nothing_else():
    def script(operator):
        first = yield from operator.ask("*IDN?")
        waited_us = operator.plant.now_us
        yield 500_000
        return first, waited_us, (yield from operator.ask("STAT?"))

    (first, waited_us, second), _ = played(script, {2_700_000: b"late\n", 3_200_000: b"STATE=BOOT\n"})
    assert (first, second) == ("", "STATE=BOOT")
    assert ANSWER_US < waited_us <= ANSWER_US + STEP_US


@pytest.mark.parametrize(("longest_us", "found"), [(300_000, "ARMED"), (60_000, None)])
def test_a_state_is_waited_for_as_long_as_is_said(longest_us, found):
    def script(operator):
        status = yield from operator.wait_for(("ARMED",), longest_us)
        return status and status["STATE"]

    said = {20_000: b"STATE=STANDBY;FAULT=NONE\n", 120_000: b"STATE=ARMED;FAULT=NONE\n"}
    assert played(script, said)[0] == found


def test_a_script_goes_on_when_its_time_or_its_condition_has_come():
    seen = []

    def script(operator):
        plant = operator.plant
        yield 40_000
        seen.append(plant.now_us)
        yield lambda: plant.now_us >= 100_000
        seen.append(plant.now_us)

    played(script, {})
    assert seen == [40_000, 100_000]
