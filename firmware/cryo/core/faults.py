"""The one registry of faults: what latches, how urgent it is, and what the operator does about it."""

from cryo import limits
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

# One row for each fault: code, name, priority, latch, remedy. Rows stand in the order of urgency.
# Codes are 1 to 29 and 32 to 61. A new fault takes a code that no fault ever had: logs and crash records keep codes.
REGISTRY = (
    (ESTOP := 1, "ESTOP", HIGH, ACK, "Release the emergency stop, look at the skin, then acknowledge."),
    (
        LOOP_OPEN := 2, "LOOP_OPEN", HIGH, ACK,
        "Close the eye shield, check everybody's eye protection, then acknowledge.",
    ),
    (
        LOOP_DISCORD := 3, "LOOP_DISCORD", HIGH, ACK,
        "The shield's two contacts disagree: check plug and cable, replace the shield switch.",
    ),
    (
        SKIN_LOCKOUT := 4, "SKIN_LOCKOUT", HIGH, RESET,
        "Skin near freezing: end the treatment, look at the skin, warm it gently, switch off.",
    ),
    (
        SKIN_TRIP := 5, "SKIN_TRIP", HIGH, ACK,
        "Skin too cold: look at it and let it warm up, then acknowledge and use a lower level.",
    ),
    (SKIN_SENSOR := 6, "SKIN_SENSOR", HIGH, ACK, "The skin probe gives no valid reading: check plug, cable and probe."),
    (
        SKIN_STALE := 7, "SKIN_STALE", HIGH, ACK,
        "The skin reading stands still: replug the probe; if it returns, have the board serviced.",
    ),
    (
        NO_RESPONSE := 8, "NO_RESPONSE", HIGH, ACK,
        "Bursts do not cool the probe: fix it to the skin, check its polarity, the bottle and the nozzle.",
    ),
    (
        RESPONSE_WEAK := 9, "RESPONSE_WEAK", HIGH, ACK,
        "The probe falls less than predicted: dry the skin, fix the probe flat to it; check nozzle and bottle.",
    ),
    (
        RESPONSE_STRONG := 10, "RESPONSE_STRONG", HIGH, ACK,
        "The skin falls faster than predicted: check nozzle and distance, recalibrate the jet.",
    ),
    (
        DOSE_OPEN := 11, "DOSE_OPEN", HIGH, RESET,
        "The dose valve leaks or stays open: close the bottle, have that valve and its driver checked.",
    ),
    (
        VALVE_PORT := 12, "VALVE_PORT", HIGH, RESET,
        "The valve timer did not answer as commanded: do not use, have the board serviced.",
    ),
    (BOTTLE_LOW := 13, "BOTTLE_LOW", MEDIUM, ACK, "Bottle empty or closed: open or change it, then acknowledge."),
    (
        BOTTLE_HIGH := 14, "BOTTLE_HIGH", HIGH, ACK,
        "Bottle too warm: close it and let it cool below 25 degC, then acknowledge.",
    ),
    (
        BOTTLE_SENSOR := 15, "BOTTLE_SENSOR", MEDIUM, ACK,
        "The bottle's pressure sensor gives no valid reading: check its plug and cable.",
    ),
    (
        TRIGGER_BOOT := 16, "TRIGGER_BOOT", MEDIUM, ACK,
        "The trigger was pressed at switch-on: release it, then acknowledge; if it is free, replace it.",
    ),
    (SELF_TEST := 17, "SELF_TEST", HIGH, RESET, "The self-test failed: do not use; TEST? names the part."),
    (
        TICK_LATE := 18, "TICK_LATE", HIGH, ACK,
        "The control loop ran late during a treatment: acknowledge; if it returns, have the board serviced.",
    ),
    (
        LINE_SENSOR := 19, "LINE_SENSOR", MEDIUM, ACK,
        "The pressure sensor between the valves gives no valid reading: check its plug and cable.",
    ),
    (
        INFRARED_DISCORD := 20, "INFRARED_DISCORD", HIGH, ACK,
        "Probe and infrared sensor disagree: look at the skin; fix the probe flat, clean the window, aim at the probe.",
    ),
    (
        ROOM_CO2 := 21, "ROOM_CO2", HIGH, ACK,
        "Too much CO2 in the room: close the bottle, everybody leaves, air it; acknowledge below {} ppm.".format(
            limits.ROOM_WARN_PPM
        ),
    ),
    (
        DOSE_SHUT := 22, "DOSE_SHUT", HIGH, RESET,
        "The dose valve did not empty the line in its test: close the bottle, have both valves checked.",
    ),
    (
        SHUTOFF_OPEN := 23, "SHUTOFF_OPEN", HIGH, RESET,
        "The shut-off valve leaks or stays open: close the bottle, have it and the trigger's second contact checked.",
    ),
    (
        SHUTOFF_SHUT := 24, "SHUTOFF_SHUT", HIGH, RESET,
        "The shut-off valve does not open: have it, its driver and the trigger's second contact checked.",
    ),
    (
        DOSE_COIL := 25, "DOSE_COIL", HIGH, RESET,
        "The dose coil's current is not as commanded: close the bottle, have coil, cable and driver checked.",
    ),
    (
        RESET_LOOP := 26, "RESET_LOOP", HIGH, RESET,
        "The controller restarted repeatedly in {} minutes: switch off; if it returns, have the board serviced.".format(
            limits.LOOP_RESETS_S // 60
        ),
    ),
    (
        PROGRAM_FLOW := 27, "PROGRAM_FLOW", HIGH, RESET,
        "A check was left out or ran out of turn: the device restarts; do not use it, have the board serviced.",
    ),
    (
        MEMORY := 32, "MEMORY", HIGH, RESET,
        "A figure that decides changed by itself: do not use the device, have the board serviced.",
    ),
    (
        TASK_STOPPED := 28, "TASK_STOPPED", HIGH, RESET,
        "Console, display or slow sensors stand still: the device restarts; if it returns, have the board serviced.",
    ),
    (
        LOOP_TEST := 29, "LOOP_TEST", HIGH, RESET,
        "A channel of the eye shield does not follow its test: TEST? names it; check plug and cable for a short.",
    ),
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
