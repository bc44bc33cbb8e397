"""Answers as sentences for people (FORM:HUM). Each is made from the machine's answer or from the same values. The
answer of a command that is not listed is told with what was asked, and its fields in words.
"""

from cryo.core import mode
from cryo.limits import INDICATION_MS

_STATES = (
    "starting",
    "testing itself",
    "in stand-by",
    "waiting for the second step: ARM:CONF with the number",
    "armed: press the trigger when light and tone have come for {} s".format(INDICATION_MS // 1000),
    "delivering",
    "resting between two passes",
    "done with this point",
    "stopped by a fault: FAULT? tells what to do",
    "in service mode",
)


def of(console, word, text):
    """Return the sentence for the answer `text` of the command `word`."""
    make = _MAKE.get(word)
    if make:
        return make(console, text)
    if text == "OK":
        return "Done."
    if word[-1:] != "?" or "\n" in text or word in _AS_IT_IS:
        return text
    parts = text.split(";")
    if all(["=" in part for part in parts]):
        text = ", ".join([_words(part) for part in parts])
    return "{}: {}.".format(word[:-1], "none" if text == "NONE" else text)


def _words(field):
    name, _, value = field.partition("=")
    return "{} {}".format(name.lower().replace("_", " "), "none" if value == "NONE" else value)


def _fields(text):
    return dict([part.split("=", 1) for part in text.split(";") if "=" in part])


def _state(console, text):
    s = console.app.supervisor
    found = _fields(text)
    said = "The applicator is {}.".format(_STATES[s.mode])
    if s.mode != mode.FAULT and found["BLOCKERS"] != "NONE":
        count = len(found["BLOCKERS"].split(","))
        said += " {} gas; STAT:WHY? tells what to do.".format(
            "One thing blocks" if count == 1 else "{} things block".format(count)
        )
    if s.session.bursts:
        said += " Point {}: {} bursts, target {}.".format(
            found["POINT"], found["BURSTS"], "reached" if s.session.reached else "not reached"
        )
    return said


def _why(console, text):
    if text.startswith("no blocker"):
        return "There is no blocker" + text[10:] + "."
    return "To be done: " + text + "."


def _temperature(console, text):
    said = []
    for part in text.split(";"):
        name, _, value = part.partition("=")
        value, _, age = value.partition(",")
        name = name[0] + name[1:].lower()
        if age:
            said.append("{} {} degC, {} ms ago".format(name, value, age[:-2]))
        elif name == "Predicted":
            said += [] if value == "NONE" else ["Predicted {} degC".format(value)]
        else:
            said.append("{}: no reading ({})".format(name, value))
    return "; ".join(said) + "."


def _distance(console, text):
    return "No valid distance." if text == "INVALID" else "The skin is {} away.".format(text)


def _pressure(console, text):
    said = []
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if value != "INVALID":
            tenths = (int(value[:-5]) + 50) // 100
            value = "{}.{} bar".format(tenths // 10, tenths % 10)
        said.append("{} {}".format(name[0] + name[1:].lower(), value.lower()))
    return ", ".join(said) + "."


def _room(console, text):
    return "No CO2 sensor gives a value." if text == "INVALID" else "CO2 in the room: {}.".format(text)


def _fault(console, text):
    if text == "NONE":
        return "No fault."
    head, _, remedy = text.partition(";REMEDY=")
    name, _, also = head.partition(";ALSO=")
    said = "Fault {}. {}".format(name, remedy)
    return said if also == "NONE" else said + " Also: {}.".format(also)


_AS_IT_IS = ("*IDN?", "HELP?", "SYST:ERR?")  # they are sentences, or lists for a person
_MAKE = {
    "STAT?": _state,
    "STAT:WHY?": _why,
    "MEAS:TEMP?": _temperature,
    "MEAS:DIST?": _distance,
    "MEAS:PRES?": _pressure,
    "MEAS:ROOM?": _room,
    "FAULT?": _fault,
}
