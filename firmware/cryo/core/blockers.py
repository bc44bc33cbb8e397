"""What keeps an operator from gas, as a named, ordered set: most important first."""

from cryo.core.eye_guard import IN_START
from cryo.core.flow import RAN_BLOCKERS
from cryo.core.mode import DELIVERING, TREATING
from cryo.core.room import CLEAR, UNKNOWN
from cryo.limits import (
    BASELINE_MAX_MDEGC,
    BASELINE_MAX_REDUCED_MDEGC,
    BASELINE_MIN_MDEGC,
    BASELINE_MIN_REDUCED_MDEGC,
    BOTTLE_ARM_MAX_MBAR,
    BOTTLE_ARM_MIN_MBAR,
    INDICATION_MS,
    INFRARED_GONE_US,
    SAME_POINT_SKIN_MDEGC,
    SAMPLE_AGE_MAX_US,
)
from micropython import const

INDICATION_US = INDICATION_MS * 1000
SKIN_AGE_MAX_US = SAMPLE_AGE_MAX_US * 4  # [E] to arm: on resting skin not every conversion changes the frame

FAULT = const(1 << 0)
SELF_TEST = const(1 << 1)
UNPROVISIONED = const(1 << 2)
ESTOP = const(1 << 3)
KEY = const(1 << 4)
LOOP = const(1 << 5)
CALIBRATION = const(1 << 6)
SKIN_PROBE = const(1 << 7)
BOTTLE = const(1 << 8)
ROOM_GAS = const(1 << 9)
SETUP = const(1 << 10)
ATTESTATION = const(1 << 11)
SESSION = const(1 << 12)
COOL_DOWN = const(1 << 13)
REST = const(1 << 14)
BASELINE = const(1 << 15)
TRIGGER = const(1 << 16)
DISTANCE = const(1 << 17)
INDICATION = const(1 << 18)
ROOM_AIR = const(1 << 19)
INFRARED = const(1 << 20)
PROOF = const(1 << 21)
LINE = const(1 << 22)
CO2_SENSOR = const(1 << 23)
CONTACT = const(1 << 24)

# in the order of the bits; cryo/remedies.py says what to do about each
NAMES = (
    "FAULT",
    "SELF_TEST",
    "UNPROVISIONED",
    "ESTOP",
    "KEY",
    "LOOP",
    "CALIBRATION",
    "SKIN_PROBE",
    "BOTTLE",
    "ROOM_GAS",
    "SETUP",
    "ATTESTATION",
    "SESSION",
    "COOL_DOWN",
    "REST",
    "BASELINE",
    "TRIGGER",
    "DISTANCE",
    "INDICATION",
    "ROOM_AIR",
    "INFRARED",
    "PROOF",
    "LINE",
    "CO2_SENSOR",
    "CONTACT",
)

# which blockers count when
TO_TELL = const(ROOM_AIR | INFRARED | LINE | CO2_SENSOR)  # shown while armed or delivering; it stops nothing
TO_ARM = const(0x1FFFF | TO_TELL | CONTACT)  # FAULT .. TRIGGER: the request and its confirmation
TO_STAY = const(FAULT | SELF_TEST | UNPROVISIONED | ESTOP | KEY | LOOP | CALIBRATION | ROOM_GAS)  # armed or delivering
TO_START = const(SKIN_PROBE | SESSION | BASELINE | DISTANCE | INDICATION | PROOF | CONTACT)  # a pass


def standing(s, i):
    """Return the mask of the present blockers, from the supervisor s and its Inputs i, and flow.RAN_BLOCKERS.

    While treating, the choice cannot change and is not checked again. In a pass, only what ends it and what must be
    shown is checked.
    """
    b = RAN_BLOCKERS
    session = s.session
    config = s.config
    treating = TREATING >> s.mode & 1
    if s.faults.first:
        b |= FAULT
    if not s.tested:
        b |= SELF_TEST
    if i.estop:
        b |= ESTOP
    if not i.key:
        b |= KEY
    if not s.eye.made:
        b |= LOOP
    if s.unchecked:
        b |= UNPROVISIONED
    if config is None:
        return b | UNPROVISIONED
    if not config.jet_k_mdegc:
        b |= CALIBRATION
    room = s.room
    if room > CLEAR:
        b |= ROOM_AIR
    elif room == UNKNOWN:
        if config.co2_fitted:
            b |= CO2_SENSOR
        if session.gas_mg and session.room_full(config.room_m3):
            b |= ROOM_GAS
    infrared = i.infrared
    if (infrared.status or infrared.age_us > INFRARED_GONE_US) and (config.infrared_fitted or s.second.seen):
        b |= INFRARED
    if s.mode == DELIVERING:
        return b
    if not s.overcool.valid or i.skin.age_us > SKIN_AGE_MAX_US:
        b |= SKIN_PROBE
    if i.bottle.status or not BOTTLE_ARM_MIN_MBAR <= i.bottle.value <= BOTTLE_ARM_MAX_MBAR:
        b |= BOTTLE
    if i.line.status and config.line_fitted:
        b |= LINE
    if session.used_up or s.overcool.dose_session_reached():
        b |= SESSION
    if not treating:
        if s.overdue:  # midnight ends no treatment
            b |= CALIBRATION
        if not session.complete():
            b |= SETUP
        if not session.attested_all():
            b |= ATTESTATION
        if session.cool_down_s():
            b |= COOL_DOWN
    if not session.point_open:
        if session.rest_left_us and session.rest_us():
            b |= REST
        if s.overcool.valid:
            skin = i.skin
            mdegc = skin.value_mdegc
            second = s.second
            reduced = session.reduced()
            if mdegc > baseline_max_mdegc(reduced) or second.colder(mdegc) < baseline_min_mdegc(reduced):
                b |= BASELINE
            if second.parted(skin):
                b |= CONTACT
    if s.trigger.touched:
        b |= TRIGGER
    if s.eye.range != IN_START:
        b |= DISTANCE
    if s.indicated_us < INDICATION_US:
        b |= INDICATION
    if s.valves.pending:
        b |= PROOF
    return b


def baseline_min_mdegc(reduced):
    """Return the coldest skin on which a point may begin, by the probe and by the infrared sensor (limits 23, 9)."""
    low = BASELINE_MIN_REDUCED_MDEGC if reduced else BASELINE_MIN_MDEGC
    if low < SAME_POINT_SKIN_MDEGC:  # limit 9: this holds after any reset too: every point counts as treated
        low = SAME_POINT_SKIN_MDEGC
    return low


def baseline_max_mdegc(reduced):
    """Return the warmest skin on which a point may begin, by the probe (limit 23)."""
    return BASELINE_MAX_REDUCED_MDEGC if reduced else BASELINE_MAX_MDEGC
