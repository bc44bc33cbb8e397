"""The one registry of faults: what latches, how urgent it is, and what the operator does about it."""

from cryo.core import flow
from micropython import const

# A code is also the bit number in the masks, so codes stay below 30.
ESTOP = const(1)
LOOP_OPEN = const(2)
LOOP_DISCORD = const(3)
SKIN_LOCKOUT = const(4)
SKIN_TRIP = const(5)
SKIN_SENSOR = const(6)
SKIN_STALE = const(7)
NO_RESPONSE = const(8)
RESPONSE_WEAK = const(9)
RESPONSE_STRONG = const(10)
DOSE_OPEN = const(11)
VALVE_PORT = const(12)
BOTTLE_LOW = const(13)
BOTTLE_HIGH = const(14)
BOTTLE_SENSOR = const(15)
TRIGGER_BOOT = const(16)
SELF_TEST = const(17)
TICK_LATE = const(18)
LINE_SENSOR = const(19)
INFRARED_DISCORD = const(20)
ROOM_CO2 = const(21)
DOSE_SHUT = const(22)
SHUTOFF_OPEN = const(23)
SHUTOFF_SHUT = const(24)
DOSE_COIL = const(25)
RESET_LOOP = const(26)
PROGRAM_FLOW = const(27)
TASK_STOPPED = const(28)
LOOP_TEST = const(29)

HIGH = const(3)  # IEC 60601-1-8 priorities
MEDIUM = const(2)
LOW = const(1)

ACK = const(1)  # cleared by an acknowledge once the cause is gone
RESET = const(2)  # cleared by switching off and on only: the device boots safe and every point counts as treated

# code, name, priority, latch, remedy
REGISTRY = (
    (ESTOP, "ESTOP", HIGH, ACK, "Release the emergency stop, look at the skin, then acknowledge."),
    (LOOP_OPEN, "LOOP_OPEN", HIGH, ACK, "Close the eye shield, check everybody's eye protection, then acknowledge."),
    (
        LOOP_DISCORD,
        "LOOP_DISCORD",
        HIGH,
        ACK,
        "The shield's two contacts disagree: check plug and cable, replace the shield switch.",
    ),
    (
        SKIN_LOCKOUT,
        "SKIN_LOCKOUT",
        HIGH,
        RESET,
        "Skin near freezing: end the treatment, look at the skin, warm it gently, switch off.",
    ),
    (
        SKIN_TRIP,
        "SKIN_TRIP",
        HIGH,
        ACK,
        "Skin too cold: look at it and let it warm up, then acknowledge and use a lower level.",
    ),
    (SKIN_SENSOR, "SKIN_SENSOR", HIGH, ACK, "The skin probe gives no valid reading: check plug, cable and probe."),
    (
        SKIN_STALE,
        "SKIN_STALE",
        HIGH,
        ACK,
        "The skin reading stands still: replug the probe; if it returns, have the board serviced.",
    ),
    (
        NO_RESPONSE,
        "NO_RESPONSE",
        HIGH,
        ACK,
        "Bursts do not cool the probe: fix it to the skin, check its polarity, the bottle and the nozzle.",
    ),
    (
        RESPONSE_WEAK,
        "RESPONSE_WEAK",
        HIGH,
        ACK,
        "The probe falls less than predicted: fix it flat to the skin; check nozzle and bottle.",
    ),
    (
        RESPONSE_STRONG,
        "RESPONSE_STRONG",
        HIGH,
        ACK,
        "The skin falls faster than predicted: check nozzle and distance, recalibrate the jet.",
    ),
    (
        DOSE_OPEN,
        "DOSE_OPEN",
        HIGH,
        RESET,
        "The dose valve leaks or stays open: close the bottle, have that valve and its driver checked.",
    ),
    (
        VALVE_PORT,
        "VALVE_PORT",
        HIGH,
        RESET,
        "The valve timer did not answer as commanded: do not use, have the board serviced.",
    ),
    (BOTTLE_LOW, "BOTTLE_LOW", MEDIUM, ACK, "Bottle empty or closed: open or change it, then acknowledge."),
    (
        BOTTLE_HIGH,
        "BOTTLE_HIGH",
        HIGH,
        ACK,
        "Bottle too warm: close it and let it cool below 25 degC, then acknowledge.",
    ),
    (
        BOTTLE_SENSOR,
        "BOTTLE_SENSOR",
        MEDIUM,
        ACK,
        "The bottle's pressure sensor gives no valid reading: check its plug and cable.",
    ),
    (
        TRIGGER_BOOT,
        "TRIGGER_BOOT",
        MEDIUM,
        ACK,
        "The trigger was pressed at switch-on: release it, then acknowledge; if it is free, replace it.",
    ),
    (SELF_TEST, "SELF_TEST", HIGH, RESET, "The self-test failed: do not use; TEST? names the part."),
    (
        TICK_LATE,
        "TICK_LATE",
        HIGH,
        ACK,
        "The control loop ran late during a treatment: acknowledge; if it returns, have the board serviced.",
    ),
    (
        LINE_SENSOR,
        "LINE_SENSOR",
        MEDIUM,
        ACK,
        "The pressure sensor between the valves gives no valid reading: check its plug and cable.",
    ),
    (
        INFRARED_DISCORD,
        "INFRARED_DISCORD",
        HIGH,
        ACK,
        "Probe and infrared sensor disagree: look at the skin; fix the probe flat, clean the window, aim at the probe.",
    ),
    (
        ROOM_CO2,
        "ROOM_CO2",
        HIGH,
        ACK,
        "Too much CO2 in the room: close the bottle, everybody leaves, air it; acknowledge below 5 000 ppm.",
    ),
    (
        DOSE_SHUT,
        "DOSE_SHUT",
        HIGH,
        RESET,
        "The dose valve did not empty the line in its test: close the bottle, have both valves checked.",
    ),
    (
        SHUTOFF_OPEN,
        "SHUTOFF_OPEN",
        HIGH,
        RESET,
        "The shut-off valve leaks or stays open: close the bottle, have it and the trigger's second contact checked.",
    ),
    (
        SHUTOFF_SHUT,
        "SHUTOFF_SHUT",
        HIGH,
        RESET,
        "The shut-off valve does not open: have it, its driver and the trigger's second contact checked.",
    ),
    (
        DOSE_COIL,
        "DOSE_COIL",
        HIGH,
        RESET,
        "The dose coil's current is not as commanded: close the bottle, have coil, cable and driver checked.",
    ),
    (
        RESET_LOOP,
        "RESET_LOOP",
        HIGH,
        RESET,
        "The controller restarted three times in ten minutes: switch off; if it returns, have the board serviced.",
    ),
    (
        PROGRAM_FLOW,
        "PROGRAM_FLOW",
        HIGH,
        RESET,
        "A check was left out or ran out of turn: the device restarts; do not use it, have the board serviced.",
    ),
    (
        TASK_STOPPED,
        "TASK_STOPPED",
        HIGH,
        RESET,
        "Console, display or slow sensors stand still: the device restarts; if it returns, have the board serviced.",
    ),
    (
        LOOP_TEST,
        "LOOP_TEST",
        HIGH,
        RESET,
        "A channel of the eye shield does not follow its test: TEST? names it; check plug and cable for a short.",
    ),
)


def entry(code):
    """Return the registry row of a fault code, or None."""
    for row in REGISTRY:
        if row[0] == code:
            return row
    return None


def _mask(latch):
    mask = 0
    for row in REGISTRY:
        if row[3] == latch:
            mask |= 1 << row[0]
    return mask


_RESET_MASK = _mask(RESET)


class Faults:
    """Latched faults with their present causes. The first cause is kept until all are cleared."""

    def __init__(self):
        self.step = flow.FAULTS  # see flow.py
        self.latched = 0
        self.present = 0
        self.first = 0

    def update(self, present):
        """Latch every cause in the mask `present`, remember which stand now; return the step that this run is."""
        self.step = self.step + 1 & 0xFFFFF
        self.present = present
        fresh = present & ~self.latched
        if fresh:
            if not self.first:
                code = 1
                while not fresh >> code & 1:
                    code += 1
                self.first = code
            self.latched |= fresh
        return self.step

    def add(self, code):
        """Latch one more cause, found after this tick's update."""
        self.latched |= 1 << code
        if not self.first:
            self.first = code

    def acknowledge(self):
        """Clear what may be cleared: its cause is gone and no reset is asked for. Return what stays latched."""
        self.latched &= self.present | _RESET_MASK
        if not self.latched:
            self.first = 0
        return self.latched
