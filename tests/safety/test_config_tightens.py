"""Settings that stand for a hard limit may tighten it and never loosen it; the directions are those of limits.toml.

tests/portable/test_config.py has the ranges typed on their own and runs on every interpreter; here every field that the
code ties to a limit is found by itself.
"""

import re

import pytest

from cryo import config, limits
from host_tools.safety import code, table

TIGHTER = table.load().tighter


def bounds():
    """(key, number, constant, bound, step to the loose side) of every end of a range that a hard limit holds."""
    found = []
    for key, _unit, _default, low, high, what in config.FIELDS:
        number = re.match(r"limit (\d+)\b", what)
        for constant in code.read().of(int(number[1])) if number else ():
            if constant.value == low and TIGHTER[constant.name] == "higher":
                found.append((key, int(number[1]), constant.name, low, -1))
            if constant.value == high and TIGHTER[constant.name] == "lower":
                found.append((key, int(number[1]), constant.name, high, 1))
    return found


# no limit's figure but what a limit reckons with: the step to the loose side
RECKONED = {"room_m3": 1}


def refused(key, value):
    settings, sentence = config.build({key: value})
    assert settings is None
    return sentence


@pytest.mark.parametrize(("key", "number", "constant", "bound", "loose"), bounds(), ids=lambda v: str(v))
def test_a_looser_value_is_refused_with_the_limit_s_number(key, number, constant, bound, loose):
    assert getattr(limits, constant) == bound
    for value in (bound + loose, bound + 100_000 * loose):
        sentence = refused(key, value)
        assert re.search(rf"\blimit {number}\b", sentence)
        assert key in sentence and str(value) in sentence and str(bound) in sentence


@pytest.mark.parametrize(("key", "number", "constant", "bound", "loose"), bounds(), ids=lambda v: str(v))
def test_the_limit_itself_and_a_tighter_value_are_taken(key, number, constant, bound, loose):
    for value in (bound, bound - loose, bound - 100 * loose):
        settings, sentence = config.build({key: value})
        assert sentence is None and getattr(settings, key) == value


def test_the_default_of_such_a_setting_is_never_looser_than_its_limit():
    defaults, _ = config.build({})
    for key, _number, _constant, bound, loose in bounds():
        value = getattr(defaults, key)
        assert (value == 0 and key in config.UNSET) or (value - bound) * loose <= 0


def test_every_setting_that_names_a_limit_is_held_by_it():
    named = {field[0] for field in config.FIELDS if re.search(r"\blimit \d+", field[5])}
    assert named == {key for key, *_ in bounds()} | set(RECKONED)
    assert {"trip_mdegc", "trip_reduced_mdegc", "burst_max_us", "jet_k_mdegc"} <= named


def test_the_words_of_a_setting_and_the_direction_of_its_limit_agree():
    steps = {key: loose for key, _, _, _, loose in bounds()} | RECKONED
    for field in config.FIELDS:
        said = re.search(r"(higher|lower|smaller) is tighter", field[5])
        if said:
            assert (steps[field[0]] < 0) == (said[1] == "higher"), field[0]
