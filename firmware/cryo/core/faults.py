"""The one registry of faults: what latches, and how urgent it is."""

from cryo.core import flow
from cryo.core.mode import EVER
from micropython import const

HIGH = const(3)  # IEC 60601-1-8 priorities
MEDIUM = const(2)
LOW = const(1)

ACK = const(1)  # cleared by an acknowledge once the cause is gone
RESET = const(2)  # cleared by switching off and on only: the device boots safe and every point counts as treated

# when a cause counts (causes.py): a set of modes, plus these
AFTER_GAS = EVER + 1  # in every mode, for AFTERMATH_US after gas
KEPT = AFTER_GAS * 2  # in every mode, once its fault is latched

# One row for each fault: code, name, priority, latch. Rows stand in the order of urgency. Remedies: cryo/remedies.py.
# Codes are 1 to 29 and 32 to 61. A new fault takes a code that no fault ever had: logs and crash records keep codes.
REGISTRY = (
    (ESTOP := 1, "ESTOP", HIGH, ACK),
    (LOOP_OPEN := 2, "LOOP_OPEN", HIGH, ACK),
    (LOOP_DISCORD := 3, "LOOP_DISCORD", HIGH, ACK),
    (SKIN_LOCKOUT := 4, "SKIN_LOCKOUT", HIGH, RESET),
    (SKIN_TRIP := 5, "SKIN_TRIP", HIGH, ACK),
    (SKIN_SENSOR := 6, "SKIN_SENSOR", HIGH, ACK),
    (SKIN_STALE := 7, "SKIN_STALE", HIGH, ACK),
    (NO_RESPONSE := 8, "NO_RESPONSE", HIGH, ACK),
    (RESPONSE_WEAK := 9, "RESPONSE_WEAK", HIGH, ACK),
    (RESPONSE_STRONG := 10, "RESPONSE_STRONG", HIGH, ACK),
    (DOSE_OPEN := 11, "DOSE_OPEN", HIGH, RESET),
    (VALVE_PORT := 12, "VALVE_PORT", HIGH, RESET),
    (BOTTLE_LOW := 13, "BOTTLE_LOW", MEDIUM, ACK),
    (BOTTLE_HIGH := 14, "BOTTLE_HIGH", HIGH, ACK),
    (BOTTLE_SENSOR := 15, "BOTTLE_SENSOR", MEDIUM, ACK),
    (TRIGGER_BOOT := 16, "TRIGGER_BOOT", MEDIUM, ACK),
    (SELF_TEST := 17, "SELF_TEST", HIGH, RESET),
    (TICK_LATE := 18, "TICK_LATE", HIGH, ACK),
    (LINE_SENSOR := 19, "LINE_SENSOR", MEDIUM, ACK),
    (INFRARED_DISCORD := 20, "INFRARED_DISCORD", HIGH, ACK),
    (ROOM_CO2 := 21, "ROOM_CO2", HIGH, ACK),
    (DOSE_SHUT := 22, "DOSE_SHUT", HIGH, RESET),
    (SHUTOFF_OPEN := 23, "SHUTOFF_OPEN", HIGH, RESET),
    (SHUTOFF_SHUT := 24, "SHUTOFF_SHUT", HIGH, RESET),
    (DOSE_COIL := 25, "DOSE_COIL", HIGH, RESET),
    (RESET_LOOP := 26, "RESET_LOOP", HIGH, RESET),
    (PROGRAM_FLOW := 27, "PROGRAM_FLOW", HIGH, RESET),
    (MEMORY := 32, "MEMORY", HIGH, RESET),
    (TASK_STOPPED := 28, "TASK_STOPPED", HIGH, RESET),
    (LOOP_TEST := 29, "LOOP_TEST", HIGH, RESET),
)


def entry(code):
    """Return the registry row of a fault code, or None."""
    for row in REGISTRY:
        if row[0] == code:
            return row
    return None


class Codes:
    """A set of fault codes, 1 to 29 and 32 to 61, in two words of under 2**30: no operation allocates.

    low, high   one bit a code; bit 0 of `high` is code 32
    """

    def __init__(self, *codes):
        self.low = 0
        self.high = 0
        for code in codes:
            self.add(code)

    def add(self, code):
        """Put a code into the set."""
        if code < 32:
            self.low |= 1 << code
        else:
            self.high |= 1 << code - 32

    def has(self, code):
        """Return 1 when the code is in the set, else 0."""
        return self.low >> code & 1 if code < 32 else self.high >> code - 32 & 1

    def meets(self, other):
        """Return 0 when the two sets have no code in common, else another number."""
        return self.low & other.low | self.high & other.high

    def __bool__(self):
        return bool(self.low | self.high)


def others(codes, first):
    """Return the names of `codes` without the code `first`, with commas between, or NONE."""
    return ",".join([row[1] for row in REGISTRY if codes.has(row[0]) and row[0] != first]) or "NONE"


_LASTING = Codes(*[row[0] for row in REGISTRY if row[3] == RESET])


class Faults:
    """Latched faults with their present causes. The first fault is kept until all are cleared.

    causes    codes whose cause was found since the last update; whoever finds one adds it
    present   codes of the last update
    latched   codes that are not cleared yet
    first     code of the first one, 0 while none is latched
    now       the bit of this tick's mode, plus AFTER_GAS while that lasts
    """

    def __init__(self):
        self.step = flow.FAULTS  # see flow.py
        self.causes = Codes()
        self.present = Codes()
        self.latched = Codes()
        self.first = 0
        self.now = 0
        self.update = self.update  # bound once: every tick calls it

    def update(self):
        """Latch every cause that was found, keep which are present now; return the step of this run."""
        self.step = self.step + 1 & flow.STEP_MASK
        causes = self.causes
        present = self.present
        low = present.low = causes.low
        high = present.high = causes.high
        if low or high:
            causes.low = causes.high = 0
            latched = self.latched
            latched.low |= low
            latched.high |= high
            if not self.first:
                self.first = self._most_urgent()
        return self.step

    def _most_urgent(self):
        for row in REGISTRY:
            if self.latched.has(row[0]):
                return row[0]
        self.latched.add(PROGRAM_FLOW)  # a cause without a row is an error in the program
        return PROGRAM_FLOW

    def found(self, code, when):
        """Add a fault that a guard found to causes, if it counts now or keeps a latched one."""
        if when & self.now or (when & KEPT and self.latched.has(code)):
            self.causes.add(code)

    def add(self, code):
        """Latch one more cause that was found after this tick's update."""
        self.latched.add(code)
        if not self.first:
            self.first = code

    def acknowledge(self):
        """Clear each fault whose cause is gone and that asks for no reset. Return what stays latched."""
        latched = self.latched
        latched.low &= self.present.low | _LASTING.low
        latched.high &= self.present.high | _LASTING.high
        if not latched:
            self.first = 0
        return latched
