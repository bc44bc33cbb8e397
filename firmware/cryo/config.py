"""The settings of one device: one immutable, validated record. Settings may tighten a hard limit, never loosen it."""

from collections import namedtuple

from cryo import limits

# key, unit, default, lowest, highest, what it is. Where a hard limit stands at one end, that end is the loose one; then
# the text names the limit and repeats the basis that limits.py gives, so that a refusal says both. A test ties them.
FIELDS = (
    ("simulated", "", 0, 0, 1, "1: given by the virtual board, never by a real one"),
    ("serial", "", 0, 0, 999_999, "serial number of the device"),
    ("tc_type", "", 0, 0, 1, "thermocouple type: 0 = K, 1 = T"),
    (
        "trip_mdegc",
        "mdegC",
        limits.SKIN_TRIP_MDEGC,
        limits.SKIN_TRIP_MDEGC,
        12_000,
        "limit 1, SKIN_TRIP_MDEGC: skin trip, higher is tighter; "
        "basis: [E] frostbite at 0 degC (ISO 13732-3 research, Geng 2006) + sensor 2 + undershoot",
    ),
    (
        "trip_reduced_mdegc",
        "mdegC",
        limits.SKIN_TRIP_REDUCED_MDEGC,
        limits.SKIN_TRIP_REDUCED_MDEGC,
        14_000,
        "limit 2, SKIN_TRIP_REDUCED_MDEGC: skin trip, reduced sensation, higher is tighter; "
        "basis: [E] numbness at 7 degC (Geng 2006) + 1, for patients who feel less",
    ),
    (
        "burst_max_us",
        "us",
        limits.BURST_MAX_US,
        limits.BURST_MIN_US,
        limits.BURST_MAX_US,
        "limit 4, BURST_MAX_US: longest opening, lower is tighter; "
        "basis: [C] longest opening, sensation intact: a fall of 11.3 degC at K 16",
    ),
    (
        "jet_k_mdegc",
        "mdegC/rt s",
        0,
        limits.JET_K_MIN_MDEGC,
        limits.JET_K_MAX_MDEGC,
        "limit 7, JET_K_MIN_MDEGC and JET_K_MAX_MDEGC: jet constant at 80 mm, 0 = not calibrated; "
        "basis: [C] jet constant K, mdegC per root second, h about 75 W/m2K; "
        "[C] h about 470 W/m2K; nothing stronger is treatable",
    ),
    ("valve_open_delay_us", "us", 15_000, 0, 25_000, "dose valve: command to flow, shortest"),
    ("valve_close_delay_us", "us", 25_000, 5_000, 60_000, "dose valve: command to closed, longest"),
    (
        "room_m3",
        "m3",
        30,
        10,
        1_000,
        "limit 21, ROOM_PPM_M3_PER_G: volume of the room, smaller is tighter; basis: [C] 18 ppm a gram in 30 m3",
    ),
)

Config = namedtuple("Config", tuple(f[0] for f in FIELDS))

UNSET = ("jet_k_mdegc",)  # 0 means "not known": such a device refuses to arm


def build(values):
    """Return (Config, None), or (None, sentence) naming the first key that is unknown, out of range, or no integer.

    values maps keys to integers; a key left out takes its default.
    """
    known = tuple(f[0] for f in FIELDS)
    for key in values:
        if key not in known:
            return None, "unknown setting " + str(key) + ": nearest is " + nearest(str(key), known)
    out = []
    for key, unit, default, low, high, what in FIELDS:
        value = values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            return None, key + " must be a whole number of " + (unit or "units")
        if not (low <= value <= high or (value == 0 and key in UNSET)):
            return None, "{} = {} {} is outside {} .. {} ({})".format(key, value, unit, low, high, what)
        out.append(value)
    return Config(*out), None


def load():
    """Return (Config, None) from the board's module `settings`, or (None, sentence): such a device refuses to arm.

    SETTINGS in it maps keys to integers. There are no defaults for a missing or broken one.
    """
    try:
        from settings import SETTINGS  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None, "no settings on this board: provision it"
    except Exception as error:  # whatever half a file makes of itself: the application must start and say so
        return None, "the settings cannot be read (" + repr(error) + "): provision the board anew"
    return build(SETTINGS)


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
