"""A file of timed panel actions. Each line has a virtual time in seconds since switch-on, and an action.

# comments and empty lines do not count
2.5  shield open
4    shield close
60   quit
"""

import math
from pathlib import Path

from host_tools.cryoctl import typed
from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.sim import SimError
from host_tools.cryoctl.sim.panel import ActionError, action

_LONGEST = 60  # characters


def load(path: Path, plant) -> int:
    """Put a script's actions on the plant's agenda; return how many. Raises SimError that names every wrong line."""
    try:
        text = text_of(path)
    except Problem as problem:
        raise SimError(f"--script {problem.text}") from None
    planned = []
    wrong = []
    last_s = 0.0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        at, what = [*line.split(None, 1), ""][:2]
        try:
            last_s = _time(at, last_s)
            if not what.strip():
                raise ActionError("give an action after the time")
            if len(what) > _LONGEST:
                raise ActionError("no action is so long; `cryoctl sim --actions` lists the actions")
            planned.append((last_s, action(plant, what)))
        except ActionError as error:
            wrong.append(f"{path}:{number}: {error}")
    if wrong:
        raise SimError("\n".join(wrong))
    for at_s, do in planned:
        plant.at(round(at_s * 1e6), lambda _, do=do: do())
    return len(planned)


def _time(text, last_s):
    try:
        seconds = typed.number(text, "")
    except Problem:
        seconds = math.nan
    if not 0.0 <= seconds < math.inf:
        raise ActionError(f"time {text[:_LONGEST]!r}: give seconds since switch-on, such as 2.5")
    if seconds < last_s:
        raise ActionError(f"time {text} is before the time of the line above: put the lines in order")
    return seconds
