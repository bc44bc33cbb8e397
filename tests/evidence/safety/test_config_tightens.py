"""Settings for a hard limit may tighten it and never loosen it; limits.py gives the directions.

tests/portable/app/test_config.py has separately typed ranges and runs on every interpreter. Here a search finds every
field that the code ties to a limit.
"""

import re

import pytest

from cryo import config, limits
from host_tools.evidence.safety import code


def bounds():
    """Yield (key, number, constant, bound, step to the loose side) for every end of a range that a hard limit sets."""
    found = []
    for key, _unit, _default, low, high, *_ in config.FIELDS:
        number = re.match(r"limit (\d+)\b", config.what(key))
        for constant in code.read().of(int(number[1])) if number else ():
            if constant.value == low and constant.tighter == "higher":
                found.append((key, int(number[1]), constant.name, low, -1))
            if constant.value == high and constant.tighter == "lower":
                found.append((key, int(number[1]), constant.name, high, 1))
    return found


# no limit's figure but what a limit reckons with: the step to the loose side, and the figure it goes into
RECKONED = {"room_m3": 1}
INTO = {"room_m3": "ROOM_PPM_M3_PER_G"}


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


def basis(name):
    """Return the text of a figure in limits.py, with its tag."""
    (constant,) = (c for c in code.read().constants if c.name == name)
    assert re.match(r"\[[SCEK]\] \w", constant.text), f"{name}: no basis in limits.py"
    return constant.text


@pytest.mark.parametrize(("key", "number", "constant", "bound", "loose"), bounds(), ids=lambda v: str(v))
def test_such_a_refusal_gives_the_limit_s_name_and_basis(key, number, constant, bound, loose):
    sentence = refused(key, bound + loose)
    assert f"limit {number}, " in sentence
    assert re.search(rf"\b{constant}\b", sentence)
    assert basis(constant) in sentence.partition("basis: ")[2]


@pytest.mark.parametrize("key", RECKONED)
def test_and_so_does_one_for_what_a_limit_reckons_with(key):
    (high,) = (field[4] for field in config.FIELDS if field[0] == key)
    sentence = refused(key, high + RECKONED[key])
    assert re.search(rf"\b{INTO[key]}\b", sentence) and basis(INTO[key]) in sentence.partition("basis: ")[2]


def test_every_figure_that_a_setting_may_tighten_is_named_in_it():
    """A limit's figures that are no setting cannot be loosened at all: such a key is unknown."""
    named = {constant for _, _, constant, _, _ in bounds()} | set(INTO.values())
    for constant in code.read().constants:
        settings, sentence = config.build({constant.name.lower(): constant.value})
        if constant.name.lower() in config.Config._fields:
            assert constant.name in named, constant.name
        else:
            assert settings is None and "unknown setting" in sentence


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
    named = {key for key in config.KEYS if re.search(r"\blimit \d+", config.what(key))}
    assert named == {key for key, *_ in bounds()} | set(RECKONED)
    assert {"trip_mdegc", "trip_reduced_mdegc", "burst_max_us", "jet_k_mdegc"} <= named


def test_the_words_of_a_setting_and_the_direction_of_its_limit_agree():
    steps = {key: loose for key, _, _, _, loose in bounds()} | RECKONED
    for field in config.FIELDS:
        said = re.search(r"(higher|lower|smaller) is tighter", config.what(field[0]))
        if said:
            assert (steps[field[0]] < 0) == (said[1] == "higher"), field[0]
            assert field[5] == (1 if said[1] == "higher" else -1), field[0]
        else:
            assert field[5] == 0, field[0]
