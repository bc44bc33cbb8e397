"""Lists the functions that a board runs as machine code: those that every tick calls, or the longest tick.

Machine code takes three times the bytes of bytecode and saves a fifth of the time, so only few functions have it.
Between ticks it saves more: there a bytecode function whose locals and stack are more than 11 words takes them from the
heap. That takes an RP2040 0.4 ms, and 1 ms once commands have filled the heap. Machine code has them on the stack.
"""

import re

# file -> its functions
FUNCTIONS = {
    "cryo/app.py": ("step", "_sense", "_act"),
    "cryo/console/heard.py": ("bare",),
    "cryo/console/line.py": ("_listen",),
    "cryo/core/blockers.py": ("standing",),
    "cryo/core/bursts.py": ("advance",),
    "cryo/core/causes.py": ("standing",),
    "cryo/core/eye_guard.py": ("update",),
    "cryo/core/faults.py": ("update",),
    "cryo/core/mode.py": ("next_mode",),
    "cryo/core/observer.py": ("k_at", "advance", "update", "probe_mdegc"),
    "cryo/core/overcool.py": ("against", "update"),
    "cryo/core/reading.py": ("grow", "renew"),
    "cryo/core/second_channel.py": ("update",),
    "cryo/core/session.py": ("advance",),
    "cryo/core/supervisor.py": ("tick", "_observe", "_conditions", "_burst"),
    "cryo/core/ticks.py": ("grown",),
    "cryo/core/trigger.py": ("update",),
    "cryo/core/valves.py": ("watch",),
    "cryo/drivers/max31856.py": ("poll", "_judge"),
    "cryo/drivers/vl53l0x.py": ("poll", "_judge", "_range", "_weigh"),
    "cryo/recorder.py": ("poll",),
}

_DEF = re.compile(r"( *)def (\w+)\(")


def marked(text: str, functions: tuple[str, ...]) -> str:
    """Return a source whose functions of these names are compiled to machine code.

    The mark takes the line in front of each, which is empty or a comment, so that lines keep their numbers. Raises
    ValueError for a function that is not there, or has no such line.
    """
    lines = text.split("\n")
    left = set(functions)
    for n, line in enumerate(lines):
        found = _DEF.match(line)
        if found and found[2] in functions:
            before = lines[n - 1].strip()
            if not n or (before and not before.startswith("#")):
                raise ValueError(f"line {n + 1}: {found[2]} needs an empty line or a comment in front of it")
            lines[n - 1] = f"{found[1]}@micropython.native"
            left.discard(found[2])
    if left:
        raise ValueError(f"no function {', '.join(sorted(left))}")
    return "\n".join(lines)
