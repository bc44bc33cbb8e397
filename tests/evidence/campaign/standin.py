"""Work without a treatment, for the processes of a test: they find it by the name of this module."""

import os
import signal
from pathlib import Path

NAMES = [f"n{k}" for k in range(40)]
RESULTS = [{"name": name, "value": 0.1 * k} for k, name in enumerate(NAMES)]


def items(folder, tries):
    """Return pieces of work by name. tries: how often the piece of that name ends its process."""
    return {name: (str(folder), name, 0.1 * k, tries.get(name, 0)) for k, name in enumerate(NAMES)}


def work(item):
    """Note in a file that it began; at the first tries end this process."""
    folder, name, value, tries = item
    note = Path(folder, name)
    with note.open("a") as begun:
        begun.write("x")
    if note.stat().st_size <= tries:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"name": name, "value": value}


def told(value):
    """Return the value."""
    return {"value": value}
