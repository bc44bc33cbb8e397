"""The contract of a board: what its board.py must have, and what the application calls.

`board.build()` returns one object with the attributes below, and with the sensors that core/records.py lists. Inputs
says for each sensor whether a board needs it, and what it is. No module imports this one, so it takes no memory on a
board. `make board-check` compares each board file with it. Tests compare what a board made, and what the application
calls, with it.
"""

# The methods that a part must have, by its kind.
OFFERS = {
    "text": (),
    "table": (),
    "number": (),
    "settings": (),
    "pairs": (),  # of (name, pin)
    "call": (),
    "pin": ("value",),
    "valve": ("rearm", "fire", "cut", "result"),  # cryo.valve says what each promises
    "lease": ("renew", "stop"),
    "skin": ("poll", "configure"),  # and `offset_mdegc`, which the application sets
    "sensor": ("poll",),  # each other input: fills its record of cryo.core.records, never waits for its chip
    "display": ("ready", "poll", "clear", "text", "line", "show"),
    "pixel": ("__setitem__", "write"),
    "stream": ("any", "readinto", "write"),  # never waits
    "scratch": ("cold", "read", "write"),
    "clock": ("cycles", "hz"),  # and MASK
}

REQUIRED = "required"  # the attribute must exist and must not be None
ABSENT = "absent"  # None, or no such attribute

# name, what it is, REQUIRED or what may stand in its place, what the application calls; sensors: core/records.py
CONTRACT = (
    ("name", "text", REQUIRED, "who answers *IDN?; `virtual` alone may have simulated settings"),
    ("fitted", "table", REQUIRED, "which optional parts there are, by setting: the line that `make fitted` writes"),
    ("config", "settings", None, "every limit that a setting tightens; None: nothing arms"),
    ("config_error", "text", None, "why there is no config"),
    ("files", "table", None, "where settings and log are; None: MicroPython's own file system"),
    ("application", "text", None, "the file of its modules, for the self-test; None: there is none to test"),
    ("today_d", "number", None, "days since 2000-01-01; None: no clock goes on while it is switched off"),
    ("valve", "valve", REQUIRED, "the dose valve, by a one-shot that ends by itself"),
    ("lease", "lease", REQUIRED, "the series shut-off valve, open only while edges arrive"),
    ("loop_a", "pin", REQUIRED, "eye-shield loop, channel A: high = made"),
    ("loop_b", "pin", REQUIRED, "eye-shield loop, channel B: low = made"),
    ("loop_test", "pin", ABSENT, "opens both channels for a test; without it such a fault shows when the shield opens"),
    ("trigger", "pin", REQUIRED, "low = pressed"),
    ("estop", "pin", REQUIRED, "high = pressed, or its wire broken"),
    ("key", "pin", REQUIRED, "low = on"),
    ("led", "pin", REQUIRED, "gas may come"),
    ("buzzer", "pin", REQUIRED, "sound"),
    ("alarm", "pin", REQUIRED, "alarm lamp"),
    ("display", "display", None, "what the operator reads"),
    ("pixel", "pixel", None, "colour of the skin's band"),
    ("lamp_guides", "number", ABSENT, "1: the indication lamp blinks as guidance, because no colour can"),
    ("console", "stream", REQUIRED, "the command line"),
    ("scratch", "scratch", None, "four words that outlive a reset, not a power cut"),
    ("clock", "clock", None, "the processor's clock, against the timer; None: they are not compared"),
    ("core_c", "call", None, "the chip's temperature, degC, for the self-test"),
    ("low_outputs", "pairs", REQUIRED, "pins that read low while nothing may flow; none where a pad cannot be read"),
    ("stack_bytes", "number", None, "size of the stack, for the self-test; None: unknown"),
    ("watchdog", "call", REQUIRED, "starts the watchdog: milliseconds in, something with feed() out"),
    ("reset", "call", REQUIRED, "restarts the chip"),
)  # fmt: skip
