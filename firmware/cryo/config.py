"""The settings of one device: one immutable, validated record. Settings may tighten a hard limit, never loosen it.

The board keeps it in two slots (store/slots.py) as one line of JSON with every key in the order of FIELDS.
"""

import json
from collections import namedtuple

from cryo import limits
from cryo.store.slots import Slots
from micropython import const

NAME = "settings"
EARLIEST_D = const(9_800)  # 2026-10-31, days since 2000-01-01: a clock with an earlier date was never set [E]

# key, unit, default, lowest, highest, tighter, danger, since, older. The comment above a row says what it is. `make
# settings` makes store/texts.py from it, with the basis of each figure of limits.py that it names. A refusal shows that
# text.
# tighter: 1 higher, -1 lower, 0 neither. Where a hard limit is one end of the range, that end is the loose one.
# danger: 1 where a wrong value within the range can harm: a console asks twice before such a change.
# since: first version of the record that has it; a new setting takes the highest here + 1. No row is ever removed:
# older records could not be read.
# older: the value when an older record has none. It is the safe one; the reason stands behind the row. None: every
# record has this setting.
FIELDS = (
    # 1: given by the virtual board; a real one refuses such a record
    ("simulated", "", 0, 0, 1, 0, 1, 1, None),
    # serial number of the device
    ("serial", "", 0, 0, 999_999, 0, 0, 1, None),
    # thermocouple type: 0 = K, 1 = T
    ("tc_type", "", 0, 0, 1, 0, 1, 1, None),
    # added to the skin probe's reading by its calibration, which only ever makes it colder; [E] at most the 2 degC by
    # which a probe that is accepted may be wrong
    ("skin_offset_mdegc", "mdegC", 0, -2_000, 0, 0, 0, 3, 0),  # older firmware used the reading as the probe gives it
    # limit 1, SKIN_TRIP_MDEGC: skin trip, higher is tighter
    ("trip_mdegc", "mdegC", limits.SKIN_TRIP_MDEGC, limits.SKIN_TRIP_MDEGC, 12_000, 1, 0, 1, None),
    # limit 2, SKIN_TRIP_REDUCED_MDEGC: skin trip, reduced sensation, higher is tighter
    (
        "trip_reduced_mdegc", "mdegC", limits.SKIN_TRIP_REDUCED_MDEGC, limits.SKIN_TRIP_REDUCED_MDEGC, 14_000, 1, 0,
        1, None,
    ),
    # limit 4, BURST_MAX_US: longest opening, lower is tighter
    ("burst_max_us", "us", limits.BURST_MAX_US, limits.BURST_MIN_US, limits.BURST_MAX_US, -1, 0, 1, None),
    # limit 7, JET_K_MIN_MDEGC and JET_K_MAX_MDEGC: jet constant at 80 mm, 0 = not calibrated
    ("jet_k_mdegc", "mdegC/rt s", 0, limits.JET_K_MIN_MDEGC, limits.JET_K_MAX_MDEGC, 0, 1, 1, None),
    # dose valve: command to flow, shortest
    ("valve_open_delay_us", "us", 15_000, 0, 25_000, 0, 1, 1, None),
    # dose valve: command to closed, longest
    ("valve_close_delay_us", "us", 25_000, 5_000, 60_000, 0, 1, 1, None),
    # limit 21, ROOM_PPM_M3_PER_G: volume of the room, smaller is tighter
    ("room_m3", "m3", 30, 10, 1_000, -1, 1, 1, None),
    # last day on which the calibrations hold, counted from 2000-01-01; 0 = not calibrated
    ("calibration_due_d", "d", 0, EARLIEST_D, 36_524, 0, 1, 2, 0),  # the device asks to be calibrated
    # 1: the infrared skin sensor at the nozzle is fitted, and nothing arms while it is silent; 0: the probe alone
    # watches the skin
    ("infrared_fitted", "", 1, 0, 1, 0, 1, 4, 1),  # or as the board's bill of materials has it
    # 1: the pressure sensor between the valves is fitted, and nothing arms while it is silent; 0: there is no proof
    # test, and a valve that leaks or sticks is not found
    ("line_fitted", "", 1, 0, 1, 0, 1, 4, 1),  # or as the board's bill of materials has it
    # 1: the room's CO2 sensor is fitted, and nothing arms while it is silent; 0: the budget of gas for room_m3 stands
    # in
    ("co2_fitted", "", 0, 0, 1, 0, 1, 4, 0),  # or as the board's bill of materials has it
)  # fmt: skip
KEYS = tuple(f[0] for f in FIELDS)
Config = namedtuple("Config", KEYS)
VERSION = max([f[7] for f in FIELDS])  # of the record; store/migration.py reads the older ones

UNSET = ("jet_k_mdegc", "calibration_due_d")  # 0 means "not known": a device with this value refuses to arm
FOREIGN = "settings: simulated = 1, a virtual board's record: provision this board with settings of its own"


def build(values):
    """Return (Config, None), or (None, sentence) naming the first key that is unknown, out of range, or no integer.

    values maps keys to integers; a key left out takes its default.
    """
    for key in values:
        if key not in KEYS:
            return None, "unknown setting " + str(key) + ": nearest is " + nearest(str(key), KEYS)
    out = []
    for key, unit, default, low, high, _, _, _, _ in FIELDS:
        value = values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            return None, key + " must be a whole number of " + (unit or "units")
        if not (low <= value <= high or (value == 0 and key in UNSET)):
            return None, "{} = {} {} is outside {} .. {} ({})".format(key, value, unit, low, high, what(key))
        out.append(value)
    return Config(*out), None


def what(key):
    """Return what the setting `key` is, with the hard limit that holds it and the limit's basis."""
    from cryo.store.texts import WHAT

    return WHAT[key]


def load(files=None, virtual=False, fitted=None):
    """Return (Config, None) from the board's slots, or (None, sentence): such a device refuses to arm.

    There are no defaults for a missing, damaged or incomplete record. files: as for Slots. virtual: True on the virtual
    board only. Every other board refuses a record that calls it simulated, because its calibrations would never be due.
    fitted: as for decode().
    """
    slots = Slots("/", NAME, VERSION, files)
    payload, problem = slots.load()
    if payload is None:
        return None, problem
    made, problem = decode(payload, slots.found, fitted)
    if made and made.simulated and not virtual:
        return None, FOREIGN
    return made, problem


def encode(config):
    """Return a Config as the payload of a record."""
    parts = []
    for key, value in zip(KEYS, config):
        parts.append('"{}":{}'.format(key, value))
    return ("{" + ",".join(parts) + "}").encode()


def decode(payload, version=VERSION, fitted=None):
    """Return (Config, None) from a payload of that version, or (None, sentence).

    fitted: key -> value of the optional parts, from the board's bill of materials. It fills a record that is older than
    these settings. None: their defaults.

    Anything that encode() never makes is refused. Every key must be present: a value that the record leaves out is not
    known, and no default takes its place.
    """
    try:
        values = json.loads(payload)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return None, "settings: no record of keys and numbers: provision the board anew"
    if version != VERSION:
        from cryo.store.migration import migrated

        problem = migrated(values, version, VERSION, FIELDS, fitted)
        if problem:
            return None, problem
    for key in KEYS:
        if key not in values:
            return None, "settings: " + key + " is missing: provision the board anew"
    config, problem = build(values)
    if config and version == VERSION and encode(config) != payload:
        return None, "settings: not in the one form that they are written in: provision the board anew"
    return config, problem


def expired(today_d, due_d):
    """True unless the day is known and not after the due date; both in days since 2000-01-01, today_d may be None."""
    return today_d is None or today_d < EARLIEST_D or not due_d or today_d > due_d


def overdue(config, today_d):
    """True when the device must be calibrated or needs the date. A simulated one without a due date is never due."""
    if config.simulated and not config.calibration_due_d:
        return False
    return expired(today_d, config.calibration_due_d)


def nearest(word, words):
    """Return the one of `words` that shares most with `word`: for messages that name the likely meaning."""
    best = words[0]
    most = -1
    for candidate in words:
        score = 0
        rest = candidate.upper()
        for ch in word.upper():
            at = rest.find(ch)
            if at >= 0:
                score += 1
                rest = rest[:at] + rest[at + 1 :]
        score = score * 2 - abs(len(candidate) - len(word))
        if candidate[:1].upper() == word[:1].upper():
            score += 1
        if score > most:
            most = score
            best = candidate
    return best
