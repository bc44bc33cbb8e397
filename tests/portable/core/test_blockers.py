"""The blockers one by one: what causes each, in which modes, at which figure, and when each counts."""

import micropython
from cryo import config
from cryo.core import blockers, flow, mode
from cryo.core.eye_guard import IN_WINDOW, LOST, OUTSIDE
from cryo.core.room import CLEAR, STOP, UNKNOWN, WARN
from supervisor_rig import SETTINGS, Rig

MODES = (mode.STANDBY, mode.READY, mode.ARMED, mode.DELIVERING, mode.REST, mode.COMPLETE, mode.FAULT)
NOT_IN_A_PASS = tuple(m for m in MODES if m != mode.DELIVERING)
UNARMED = tuple(m for m in MODES if m not in (mode.ARMED, mode.DELIVERING, mode.REST))


def standing(s, i):
    """Return the names of the present blockers; check that the guard left its evidence."""
    micropython.heap_lock()
    try:
        found = blockers.standing(s, i)
    finally:
        micropython.heap_unlock()
    assert found & flow.RAN_BLOCKERS
    found &= ~flow.RAN_BLOCKERS
    return [name for bit, name in enumerate(blockers.NAMES) if found >> bit & 1]


def ready(in_mode=mode.STANDBY, preset=0):
    """Return (supervisor, inputs) with everything chosen, no blocker, and light and tone for two seconds."""
    rig = Rig()
    rig.tick(11)
    rig.choose(preset=preset)
    s = rig.sup
    s.mode = in_mode
    s.tested = True
    s.indicated_us = 2_000_000
    return s, rig.i


def put(value, *path):
    """Return a function that sets the attribute at the end of `path`, from the supervisor or from "i", the Inputs."""

    def act(s, i):
        there = i if path[0] == "i" else s
        for part in path[1 if path[0] == "i" else 0 : -1]:
            there = getattr(there, part)
        setattr(there, path[-1], value)

    return act


def both(one, other):
    def act(s, i):
        one(s, i)
        other(s, i)

    return act


def uncalibrated(s, i):
    s.config = config.build(dict(SETTINGS, jet_k_mdegc=0))[0]


SEEN = put(True, "second", "seen")
CO2 = config.build(dict(SETTINGS, co2_fitted=1))[0]
INFRARED = config.build(dict(SETTINGS, infrared_fitted=1))[0]
NO_LINE = config.build(dict(SETTINGS, line_fitted=0))[0]
GAS = put(600_000, "session", "gas_mg")
FITTED = both(SEEN, both(put(0, "i", "infrared", "status"), put(0, "i", "infrared", "age_us")))

APART = both(put(True, "second", "settled"), put(34_501, "second", "mdegc"))

# name, its cause, in which modes
TABLE = (
    ("FAULT", put(2, "faults", "first"), MODES),
    ("SELF_TEST", put(False, "tested"), MODES),
    ("UNPROVISIONED", put(True, "unchecked"), MODES),
    ("ESTOP", put(1, "i", "estop"), MODES),
    ("KEY", put(0, "i", "key"), MODES),
    ("LOOP", put(False, "eye", "made"), MODES),
    ("CALIBRATION", uncalibrated, MODES),
    ("CALIBRATION", put(True, "overdue"), UNARMED),
    ("ROOM_AIR", put(WARN, "room"), MODES),
    ("ROOM_AIR", put(STOP, "room"), MODES),
    ("ROOM_GAS", both(put(UNKNOWN, "room"), GAS), MODES),
    ("INFRARED", SEEN, MODES),
    ("INFRARED", put(INFRARED, "config"), MODES),
    ("CO2_SENSOR", put(CO2, "config"), MODES),
    ("LINE", put(2, "i", "line", "status"), NOT_IN_A_PASS),
    ("INFRARED", both(FITTED, put(5_000_001, "i", "infrared", "age_us")), MODES),
    ("SKIN_PROBE", put(1_000_001, "i", "skin", "age_us"), NOT_IN_A_PASS),
    ("SKIN_PROBE", put(False, "overcool", "valid"), NOT_IN_A_PASS),
    ("BOTTLE", put(2, "i", "bottle", "status"), NOT_IN_A_PASS),
    ("BOTTLE", put(34_999, "i", "bottle", "value"), NOT_IN_A_PASS),
    ("BOTTLE", put(70_001, "i", "bottle", "value"), NOT_IN_A_PASS),
    ("SESSION", put(True, "session", "used_up"), NOT_IN_A_PASS),
    ("SESSION", put(160_000_000, "overcool", "dose_session"), NOT_IN_A_PASS),
    ("TRIGGER", put(True, "trigger", "touched"), NOT_IN_A_PASS),
    ("DISTANCE", put(IN_WINDOW, "eye", "range"), NOT_IN_A_PASS),
    ("DISTANCE", put(OUTSIDE, "eye", "range"), NOT_IN_A_PASS),
    ("DISTANCE", put(LOST, "eye", "range"), NOT_IN_A_PASS),
    ("INDICATION", put(1_999_999, "indicated_us"), NOT_IN_A_PASS),
    ("PROOF", put(True, "valves", "pending"), NOT_IN_A_PASS),
    ("SETUP", put(-1, "session", "point"), UNARMED),
    ("ATTESTATION", put(30, "session", "attested"), UNARMED),
    ("COOL_DOWN", put(299, "session", "uptime_s"), UNARMED),
    ("REST", put(1, "session", "rest_left_us"), NOT_IN_A_PASS),
    ("BASELINE", put(27_999, "i", "skin", "value_mdegc"), NOT_IN_A_PASS),
    ("BASELINE", put(38_001, "i", "skin", "value_mdegc"), NOT_IN_A_PASS),
    ("CONTACT", APART, NOT_IN_A_PASS),
)


def test_the_table_holds_every_blocker_of_the_registry():
    assert set([row[0] for row in TABLE]) == set(blockers.NAMES)


def test_with_everything_in_place_none_stands():
    for in_mode in MODES:
        assert standing(*ready(in_mode)) == []


def test_each_stands_for_its_reason_in_its_modes():
    for name, spoil, modes in TABLE:
        for in_mode in MODES:
            s, i = ready(in_mode)
            spoil(s, i)
            found = standing(s, i)
            if name == "SETUP" and in_mode in modes:
                found.remove("COOL_DOWN")  # a point that is not chosen has not recovered
            assert found == ([name] if in_mode in modes else []), (name, in_mode, found)


def test_each_stands_beside_another():
    for name, spoil, modes in TABLE:
        s, i = ready(modes[0])
        i.key = 0
        spoil(s, i)
        found = standing(s, i)
        assert name in found and "KEY" in found, (name, found)


def test_while_a_point_is_open_neither_its_rest_nor_its_skin_is_asked():
    for spoil in (put(1, "session", "rest_left_us"), put(20_000, "i", "skin", "value_mdegc"), APART):
        s, i = ready(mode.REST)
        s.session.point_open = True
        spoil(s, i)
        assert standing(s, i) == []


def test_the_figures_themselves_are_allowed():
    for allow in (
        put(1_000_000, "i", "skin", "age_us"), put(35_000, "i", "bottle", "value"), put(70_000, "i", "bottle", "value"),
        put(2_000_000, "indicated_us"), put(300, "session", "uptime_s"), put(28_000, "i", "skin", "value_mdegc"),
        put(38_000, "i", "skin", "value_mdegc"), put(CLEAR, "room"),
        both(FITTED, put(5_000_000, "i", "infrared", "age_us")), both(put(CLEAR, "room"), GAS), put(UNKNOWN, "room"),
    ):  # fmt: skip
        s, i = ready()
        allow(s, i)
        assert standing(s, i) == []


def test_a_part_that_is_not_fitted_may_be_silent_and_one_that_answers_stands_against_nothing():
    for allow in (
        both(put(NO_LINE, "config"), put(2, "i", "line", "status")),
        both(put(CO2, "config"), put(CLEAR, "room")),
        both(put(INFRARED, "config"), both(put(0, "i", "infrared", "status"), put(0, "i", "infrared", "age_us"))),
    ):
        s, i = ready()
        allow(s, i)
        assert standing(s, i) == []


def test_a_silent_co2_sensor_and_a_used_up_budget_of_gas_are_both_told():
    s, i = ready()
    s.config = CO2
    GAS(s, i)
    assert standing(s, i) == ["ROOM_GAS", "CO2_SENSOR"]


def test_reduced_sensation_starts_from_28_to_37_degc():
    for mdegc, fits in ((27_999, False), (28_000, True), (37_000, True), (37_001, False)):
        s, i = ready(preset=1)
        i.skin.value_mdegc = mdegc
        assert standing(s, i) == ([] if fits else ["BASELINE"]), mdegc


def test_a_skin_that_cannot_be_read_is_not_judged_for_its_temperature():
    s, i = ready()
    s.overcool.valid = False
    APART(s, i)
    i.skin.value_mdegc = None
    assert standing(s, i) == ["SKIN_PROBE"]


def test_at_rest_probe_and_infrared_are_one_skin():
    """Infrared, probe, cold junction; up to 2 degC apart, and the probe shows 0.75 of 6 degC over the air or more."""
    for infrared, probe, air, names in (
        (34_500, 32_500, 25_000, []), (34_501, 32_500, 25_000, ["CONTACT"]),
        (30_500, 32_500, 25_000, []), (30_499, 32_500, 25_000, ["CONTACT"]),
        (34_000, 32_500, 28_000, []), (34_000, 32_499, 28_000, ["CONTACT"]), (33_999, 32_499, 28_000, []),
        (36_000, 34_250, 29_000, []), (36_000, 34_249, 29_000, ["CONTACT"]),
        (34_000, 36_000, 28_000, []), (33_000, 32_500, 36_000, []),
    ):  # fmt: skip
        s, i = ready()
        s.second.settled = True
        s.second.mdegc = infrared
        i.skin.value_mdegc = probe
        i.skin.cold_junction_mdegc = air
        assert standing(s, i) == names, (infrared, probe, air)
        s.second.settled = False  # aimed at something else, silent, or gas flowed
        assert standing(s, i) == []


def test_a_gas_budget_counts_where_no_sensor_speaks():
    for room, names in ((UNKNOWN, ["ROOM_GAS"]), (CLEAR, []), (WARN, ["ROOM_AIR"])):
        s, i = ready()
        GAS(s, i)
        s.room = room
        assert standing(s, i) == names


def test_without_settings_only_what_needs_none_is_asked():
    s, i = ready()
    s.config = None
    s.unchecked = True
    s.trigger.touched = True
    i.key = 0
    assert standing(s, i) == ["UNPROVISIONED", "KEY"]


# --- which count when -------------------------------------------------------------------------------------------------
def names(mask):
    return [name for bit, name in enumerate(blockers.NAMES) if mask >> bit & 1]


def test_the_order_is_that_of_the_bits_and_every_bit_has_its_name():
    assert names((1 << 25) - 1) == [
        "FAULT", "SELF_TEST", "UNPROVISIONED", "ESTOP", "KEY", "LOOP", "CALIBRATION", "SKIN_PROBE", "BOTTLE",
        "ROOM_GAS", "SETUP", "ATTESTATION", "SESSION", "COOL_DOWN", "REST", "BASELINE", "TRIGGER", "DISTANCE",
        "INDICATION", "ROOM_AIR", "INFRARED", "PROOF", "LINE", "CO2_SENSOR", "CONTACT",
    ]  # fmt: skip
    for bit, name in enumerate(blockers.NAMES):
        assert getattr(blockers, name) == 1 << bit


def test_what_counts_for_arming_for_staying_and_for_a_start():
    every = names((1 << 25) - 1)
    told = ["ROOM_AIR", "INFRARED", "LINE", "CO2_SENSOR"]
    assert names(blockers.TO_ARM) == every[:17] + told + ["CONTACT"]
    assert names(blockers.TO_STAY) == every[:7] + ["ROOM_GAS"]
    assert names(blockers.TO_START) == [
        "SKIN_PROBE", "SESSION", "BASELINE", "DISTANCE", "INDICATION", "PROOF", "CONTACT",
    ]  # fmt: skip
    assert names(blockers.TO_TELL) == told
