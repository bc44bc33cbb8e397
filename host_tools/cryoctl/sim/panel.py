"""What people do to the virtual board: one table of actions for the keyboard and for scripts."""

import difflib

from boards.virtual import pins
from host_tools.simulator.twin.physics import LINE_LEAK_S

REACH_MM_S = 300.0  # how fast a hand moves
ROOM_PPM = 450.0
GAS_AT_MOST_G_L = 460.0  # above the density of saturated vapour at every temperature at which CO2 boils


class ActionError(ValueError):
    """The action does not exist, or its argument does not fit. The text says what is possible."""


def _number(least, most, unit, do):
    """Return an action on a number within a range."""

    def act(plant, text):
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ActionError(f"{text!r}: give {least:g} to {most:g} {unit}")
        return lambda: do(plant, value)

    act.hint = f"{least:g}..{most:g} ({unit})"
    return act


def _choice(**ways):
    """Return an action on a word. An underscore in a function's name is a hyphen in the word."""
    words = {name.rstrip("_").replace("_", "-"): do for name, do in ways.items()}

    def act(plant, text):
        do = words.get(text)
        if do is None:
            raise ActionError(f"{text!r}: give {_nearest(text, words)}")
        return lambda: do(plant)

    act.hint = "|".join(words)
    act.words = words
    return act


def _alone(do):
    """Return an action without an argument."""

    def act(plant, text):
        if text:
            raise ActionError("takes no argument")
        return lambda: do(plant)

    act.hint = ""
    return act


def _attribute(*path_and_value):
    *path, name, value = path_and_value

    def of(plant):
        target = plant
        for part in path:
            target = target[part] if isinstance(part, int) else getattr(target, part)
        return target

    def do(plant):
        setattr(of(plant), name, value)

    do.stands = lambda plant: getattr(of(plant), name) == value
    return do


def _stuck(pin, level):
    """Return an action: the contact reads this level from now on."""

    def do(plant):
        plant.stick_input(pin, level)

    do.stands = lambda plant: plant.stuck_pins.get(pin) == level
    return do


def standing(plant) -> list[str]:
    """Return the names of all present faults, whoever caused them."""
    return [name for name, do in ACTIONS["fault"].words.items() if do.stands(plant)]


def _pressure(plant, bar):
    """Leave so much gas in the bottle that it has this absolute pressure, or the vapour pressure if that is lower."""
    bottle = plant.bottle
    low, high = 0.0, bottle.volume_l * GAS_AT_MOST_G_L
    for _ in range(40):
        bottle.set_contents((low + high) / 2)
        low, high = (bottle.grams_left, high) if bottle.bar < bar else (low, bottle.grams_left)


def clear(plant):
    """Remove every fault. Contacts stay in their positions, also those that were stuck."""
    for name in FAULTS_UNDONE:
        name(plant)
    if plant.stuck_pins:
        plant.stuck_pins.clear()
        plant.shield(plant.shield_closed)
    plant.analogue.clear()
    plant.probe.attach()


FAULTS_UNDONE = (
    _attribute("dose", "stuck", None),
    _attribute("shutoff", "stuck", None),
    _attribute("dose_leak_s", LINE_LEAK_S),
    _attribute("shutoff_leak_s", None),
    _attribute("chips", 0, "fault", None),
    _attribute("chips", 0, "reversed", False),
    _attribute("spi_fail", False),
    _attribute("fog", 0.0),
    _attribute("strength", 1.0),
    _attribute("contact_welded", False),
    _attribute("thermopile", "answers", True),
    _attribute("thermopile", "lies_c", None),
    _attribute("room", "ppm", ROOM_PPM),
)

ACTIONS = {
    "trigger": _choice(press=lambda p: p.trigger(True), release=lambda p: p.trigger(False)),
    "estop": _choice(press=lambda p: p.set_input(pins.ESTOP, 1), release=lambda p: p.set_input(pins.ESTOP, 0)),
    "shield": _choice(open=lambda p: p.shield(False), close=lambda p: p.shield(True)),
    "key": _choice(on=lambda p: p.set_input(pins.KEY, 0), off=lambda p: p.set_input(pins.KEY, 1)),
    "distance": _number(5, 300, "mm", lambda p, mm: p.hand.move(mm, REACH_MM_S)),
    "probe": _choice(
        on=lambda p: p.probe.attach(),
        off=lambda p: p.probe.detach(),
        half=lambda p: p.probe.half_detach(0.5),
    ),
    "bath": _number(-80, 60, "degC", lambda p, degc: p.probe.detach(degc)),
    "bottle": _number(0, 10_000, "g", lambda p, grams: p.bottle.set_contents(grams)),
    "pressure": _number(1, 60, "bar", _pressure),
    "room": _number(400, 40_000, "ppm", lambda p, ppm: setattr(p.room, "ppm", ppm)),
    "fault": _choice(
        dose_stuck_open=_attribute("dose", "stuck", "open"),
        dose_stuck_closed=_attribute("dose", "stuck", "closed"),
        shutoff_stuck_open=_attribute("shutoff", "stuck", "open"),
        shutoff_stuck_closed=_attribute("shutoff", "stuck", "closed"),
        dose_leaks=_attribute("dose_leak_s", 1.0),
        skin_wire_open=_attribute("chips", 0, "fault", "open"),
        skin_chip_stuck=_attribute("chips", 0, "fault", "stuck"),
        skin_wires_reversed=_attribute("chips", 0, "reversed", True),
        spi_dead=_attribute("spi_fail", True),
        fog=_attribute("fog", 1.0),
        infrared_silent=_attribute("thermopile", "answers", False),
        loop_a_stuck=_stuck(pins.LOOP_A, 1),
        loop_b_stuck=_stuck(pins.LOOP_B, 0),
        jet_strong=_attribute("strength", 2.0),
    ),
    "clear": _alone(clear),
    "power": _choice(cycle=lambda p: p.power_cycle()),
    "quit": _alone(_attribute("power_off", True)),
}


def action(plant, text):
    """Return a function that does the action of one line, such as "distance 80". Raises ActionError."""
    name, _, argument = text.strip().partition(" ")
    make = ACTIONS.get(name)
    if make is None:
        raise ActionError(f"unknown action {name!r}: {_nearest(name, ACTIONS)}")
    argument = argument.strip()
    if make.hint and not argument:
        raise ActionError(f"{name} needs an argument: {make.hint}")
    try:
        return make(plant, argument)
    except ActionError as error:
        raise ActionError(f"{name}: {error}") from None


def listing():
    """Return a list of the actions, one line each."""
    return "\n".join(f"{name} {make.hint}".rstrip() for name, make in ACTIONS.items())


def _nearest(word, words):
    near = difflib.get_close_matches(word, list(words), 1)
    return (f"nearest is {near[0]}; " if near else "") + "allowed " + ", ".join(words)
