"""The explored machine is the shipped one, its table is exact, and its picture shows exactly the same."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from types import SimpleNamespace

import pytest

from cryo.core import mode
from host_tools.evidence.safety import state_diagram, states


@pytest.fixture(scope="module")
def machine():
    return states.shipped()


def test_conditions_stand_at_their_bits(machine):
    assert machine.modes == mode.NAMES
    assert len(machine.conditions) == mode.CONDITIONS
    for bit, name in enumerate(machine.conditions):
        assert getattr(mode, name) == 1 << bit
    assert set(machine.treating) == {"ARMED", "DELIVERING", "REST"}


def test_the_cubes_are_exactly_the_sets_that_lead_there(machine):
    arrows = {(a.before, a.after): a.cubes for a in machine.arrows}
    for before, name in enumerate(mode.NAMES):
        leaving = [(after, cubes) for (start, after), cubes in arrows.items() if start == name]
        for one in range(0, 1 << mode.CONDITIONS, 7):  # coprime to every power of two: all bits mix
            there = {after for after, cubes in leaving if any(states.inside(one, cube) for cube in cubes)}
            after = mode.NAMES[mode.next_mode(before, one)]
            assert there == ({after} - {name}), (name, machine.names(one))


def test_the_least_sets_lead_there_and_no_part_of_them_does(machine):
    for arrow in machine.arrows:
        before, after = (mode.NAMES.index(name) for name in (arrow.before, arrow.after))
        for one in arrow.least:
            assert mode.next_mode(before, one) == after
            for bit in range(mode.CONDITIONS):
                if one >> bit & 1:
                    assert mode.next_mode(before, one ^ 1 << bit) != after


@pytest.mark.parametrize(
    ("sets", "cubes"),
    [
        ({0b01, 0b11}, ((0b01, 0),)),
        ({0b01}, ((0b01, 0b10),)),
        ({0b01, 0b10}, ((0b01, 0b10), (0b10, 0b01))),
        ({0b00, 0b01, 0b10, 0b11}, ((0, 0),)),
    ],
)
def test_cubes_of_known_sets(sets, cubes):
    assert states.cubes(frozenset(sets), 0b11) == cubes


def test_the_picture_says_every_arrow_once(machine):
    drawn = state_diagram.grouped(machine)
    frames = {state_diagram.EVERY: set(machine.modes) - {"FAULT"}, state_diagram.TREATING: set(machine.treating)}
    said = {
        (before, after, one)
        for (source, after), sets in drawn.items()
        for before in frames.get(source, {source})
        for one in sets
        if before != after
    }
    assert said == {(a.before, a.after, one) for a in machine.arrows for one in a.least}


def test_the_picture_has_the_words_of_the_machine(machine):
    svg = state_diagram.draw(machine)
    texts = [e.text or "" for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert set(machine.modes) <= set(texts)
    words = set(re.findall(r"[A-Z_]{4,}", " ".join(texts)))
    assert words == set(machine.modes) | {
        name for arrow in machine.arrows for one in arrow.least for name in machine.names(one)
    }


def test_no_line_of_the_picture_runs_through_a_mode_it_does_not_join():
    width, height = state_diagram.NODE_W / 2, state_diagram.NODE_H / 2
    for pair, (corners, _, _) in state_diagram.ROUTES.items():
        for (x1, y1), (x2, y2) in pairwise(corners):
            assert x1 == x2 or y1 == y2, pair
            for name, (x, y) in state_diagram.PLACES.items():
                inside_x = min(x1, x2) < x + width and max(x1, x2) > x - width
                inside_y = min(y1, y2) < y + height and max(y1, y2) > y - height
                assert not (inside_x and inside_y), (pair, name)


def changed(next_mode):
    names = {name: value for name, value in vars(mode).items() if name.isupper()}
    return states.explore(SimpleNamespace(**names, next_mode=next_mode))


def test_an_arrow_without_a_route_is_told(machine):
    def shortcut(now, c):
        return mode.DELIVERING if now == mode.STANDBY and c & mode.PRESSED else mode.next_mode(now, c)

    with pytest.raises(state_diagram.NoPlace, match="STANDBY to DELIVERING: add it to ROUTES"):
        state_diagram.draw(changed(shortcut))


def test_a_route_without_an_arrow_is_told():
    def deaf(now, c):
        return mode.next_mode(now, c & ~mode.SERVICED)

    with pytest.raises(state_diagram.NoPlace, match="no such arrow: take it out"):
        state_diagram.draw(changed(deaf))
