"""What stands between an operator and gas, as a named, ordered set: most important first."""

from micropython import const

FAULT = const(1 << 0)
SELF_TEST = const(1 << 1)
UNPROVISIONED = const(1 << 2)
ESTOP = const(1 << 3)
LOOP = const(1 << 4)
CALIBRATION = const(1 << 5)
SKIN_PROBE = const(1 << 6)
BOTTLE = const(1 << 7)
ROOM_GAS = const(1 << 8)
SETUP = const(1 << 9)
ATTESTATION = const(1 << 10)
SESSION = const(1 << 11)
COOL_DOWN = const(1 << 12)
REST = const(1 << 13)
BASELINE = const(1 << 14)
TRIGGER = const(1 << 15)
DISTANCE = const(1 << 16)
INDICATION = const(1 << 17)

# bit order; name and what to do about it
NAMES = (
    ("FAULT", "a fault is latched: FAULT? tells the remedy"),
    ("SELF_TEST", "the self-test has not passed"),
    ("UNPROVISIONED", "no valid settings: provision the device"),
    ("ESTOP", "release the emergency stop"),
    ("LOOP", "close the eye shield"),
    ("CALIBRATION", "no jet constant: calibrate the nozzle"),
    ("SKIN_PROBE", "no fresh skin reading: fix the probe to the skin"),
    ("BOTTLE", "bottle pressure outside 35-70 bar: open, change or cool the bottle"),
    ("ROOM_GAS", "too much CO2 for this room: air it and start anew"),
    ("SETUP", "choose preset, level, site and point"),
    ("ATTESTATION", "give every attestation of this preset"),
    ("SESSION", "the session's time, gas or cold dose is used up"),
    ("COOL_DOWN", "this point needs 300 s since its last treatment or since switch-on"),
    ("REST", "the rest between two points is not over"),
    ("BASELINE", "skin temperature outside the range for a start"),
    ("TRIGGER", "release the trigger"),
    ("DISTANCE", "hold the applicator 80-200 mm from the skin"),
    ("INDICATION", "wait for two seconds of light and tone"),
)

# which of them count when
TO_ARM = const(0x0FFFF)  # FAULT .. TRIGGER: the request and its confirmation
TO_STAY = const(FAULT | SELF_TEST | UNPROVISIONED | ESTOP | LOOP | CALIBRATION | ROOM_GAS)  # armed or delivering
TO_START = const(SKIN_PROBE | SESSION | BASELINE | DISTANCE | INDICATION)  # a pass
