"""The table of causes: what each guard's verdict means for the registry, in which modes, and beside other causes."""

import micropython
from cryo.core import causes, faults, flow, mode
from cryo.core.records import RESTING, RUNNING
from cryo.core.room import CLEAR, STOP, UNKNOWN, WARN
from supervisor_rig import Rig
from support import TICK_US, taken

ANYWHERE = (mode.SELF_TEST, mode.STANDBY, mode.READY, mode.ARMED, mode.DELIVERING, mode.REST, mode.COMPLETE, mode.FAULT)
TREATING = (mode.ARMED, mode.DELIVERING, mode.REST)
PASS = (mode.DELIVERING,)


def standing(s, i, dt_us=TICK_US):
    """Return the present causes as a mask of codes; check that the guard left its evidence."""
    micropython.heap_lock()
    try:
        assert causes.standing(s, dt_us, i) == flow.RAN
    finally:
        micropython.heap_unlock()
    return taken(s.faults.causes)


def healthy(in_mode):
    """Return (supervisor, inputs) of a sound device in this mode, the last gas long ago."""
    rig = Rig()
    rig.tick(11)
    rig.sup.mode = in_mode
    rig.sup.response.begin(30_000, rig.sup.observer.probe_mdegc() + 250)
    rig.sup.cut_ticks = 0
    return rig.sup, rig.i


def put(name, value, *path):
    """Return (name, a function that sets it to `value` in the supervisor's part `path`, or in the Inputs after "i")."""

    def act(s, i):
        there = i if path and path[0] == "i" else s
        for part in path:
            if part != "i":
                there = getattr(there, part)
        setattr(there, name, value)

    return name, act


# verdict, the fault that it is, the modes in which it is one
TABLE = (
    (put("estop", 1, "i"), faults.ESTOP, ANYWHERE),
    (put("reset_loop", True), faults.RESET_LOOP, ANYWHERE),
    (put("torn", True, "observer"), faults.MEMORY, ANYWHERE),
    (put("self_test", 2, "i"), faults.SELF_TEST, ANYWHERE),
    (put("tasks_late", 13, "i"), faults.TASK_STOPPED, ANYWHERE),
    (put("discordant", True, "eye"), faults.LOOP_DISCORD, ANYWHERE),
    (put("port_status", 1, "i"), faults.VALVE_PORT, ANYWHERE),
    (put("made", False, "eye"), faults.LOOP_OPEN, TREATING),
    (put("touched", True, "trigger"), faults.TRIGGER_BOOT, (mode.BOOT, mode.SELF_TEST)),
    (put("burst", RUNNING, "i"), faults.SELF_TEST, (mode.SELF_TEST,)),
    (put("burst", 0, "i"), faults.SELF_TEST, (mode.SELF_TEST,)),
    (put("room", STOP), faults.ROOM_CO2, ANYWHERE),
    (put("cut", 1, "i", "skin"), faults.SKIN_TRIP, TREATING),
    (put("locked_out", True, "overcool"), faults.SKIN_LOCKOUT, TREATING),
    (put("tripped", True, "overcool"), faults.SKIN_TRIP, TREATING),
    (put("sensor_failed", True, "overcool"), faults.SKIN_SENSOR, TREATING),
    (put("discordant", True, "second"), faults.INFRARED_DISCORD, TREATING),
    (put("missing", True, "response"), faults.NO_RESPONSE, TREATING),
    (put("weak", True, "response"), faults.RESPONSE_WEAK, TREATING),
    (put("strong", True, "response"), faults.RESPONSE_STRONG, TREATING),
    (put("stale", True, "overcool"), faults.SKIN_STALE, PASS),
    (put("status", 2, "i", "line"), faults.LINE_SENSOR, PASS),
    (put("refused", 3, "burst"), faults.VALVE_PORT, PASS),
    (put("status", 2, "i", "bottle"), faults.BOTTLE_SENSOR, TREATING),
    (put("value", 19_999, "i", "bottle"), faults.BOTTLE_LOW, TREATING),
    (put("value", 75_001, "i", "bottle"), faults.BOTTLE_HIGH, TREATING),
)


# test_valves*.py, test_flow.py, tests/portable/app/test_shield_loop_test.py; a late tick: below
FOUND_ELSEWHERE = (
    faults.DOSE_OPEN, faults.DOSE_SHUT, faults.DOSE_COIL, faults.SHUTOFF_OPEN, faults.SHUTOFF_SHUT,
    faults.PROGRAM_FLOW, faults.LOOP_TEST, faults.TICK_LATE,
)  # fmt: skip


def test_the_table_holds_every_fault_of_the_registry_that_is_found_here():
    here = set([code for _, code, _ in TABLE])
    assert not here & set(FOUND_ELSEWHERE)
    assert here | set(FOUND_ELSEWHERE) == set([row[0] for row in faults.REGISTRY])


def test_a_healthy_device_has_none_in_any_mode():
    for in_mode in range(len(mode.NAMES)):
        s, i = healthy(in_mode)
        assert standing(s, i) == 0, in_mode


def test_each_verdict_is_its_fault_in_its_modes_and_none_elsewhere():
    for (name, act), code, modes in TABLE:
        for in_mode in ANYWHERE:
            s, i = healthy(in_mode)
            act(s, i)
            assert standing(s, i) == (1 << code if in_mode in modes else 0), (name, code, in_mode)


def test_each_stands_beside_another():
    for (name, act), code, modes in TABLE[1:]:
        s, i = healthy(modes[-1])
        i.estop = 1
        act(s, i)
        assert standing(s, i) == 1 << code | 1 << faults.ESTOP, (name, code)


def test_what_is_within_its_bound_is_no_cause():
    for name, act in (
        put("self_test", 1, "i"), put("tasks_late", 12, "i"), put("refused", 2, "burst"), put("room", WARN),
        put("room", UNKNOWN), put("value", 20_000, "i", "bottle"), put("value", 75_000, "i", "bottle"),
    ):  # fmt: skip
        s, i = healthy(mode.DELIVERING)
        act(s, i)
        assert standing(s, i) == 0, name


def test_a_tick_is_late_beyond_25_ms_and_many_are_once_they_add_up_to_50():
    for in_mode in TREATING:
        for dt_us, late_us, expected in ((25_000, 50_000, 0), (25_001, 0, 1), (10_000, 50_001, 1)):
            s, i = healthy(in_mode)
            s.pass_.late_us = late_us
            expected = 1 << faults.TICK_LATE if expected and in_mode == mode.DELIVERING else 0
            assert standing(s, i, dt_us) == expected, (in_mode, dt_us, late_us)


def test_a_one_shot_that_runs_two_ticks_after_a_cut_does_not_obey_in_any_mode():
    for in_mode in ANYWHERE[1:]:
        for burst, ticks, expected in ((RUNNING, 1, 0), (RUNNING, 2, 1), (RUNNING, 3, 1), (RESTING, 9, 0), (0, 9, 0)):
            s, i = healthy(in_mode)
            i.burst = burst
            s.cut_ticks = ticks
            assert standing(s, i) == expected << faults.VALVE_PORT, (in_mode, burst, ticks)


def test_a_one_shot_may_end_6_ms_late_and_then_is_a_fault():
    for late_us, running, expected in ((6_000, RUNNING, 0), (6_001, RUNNING, 1), (6_001, 0, 0)):
        s, i = healthy(mode.DELIVERING)
        s.burst.open = True
        s.burst.commanded_us = 60_000
        s.burst.open_us = 50_000 + late_us  # up to the tick before
        i.burst = running
        assert standing(s, i) == expected << faults.VALVE_PORT
        s.burst.open = False
        assert standing(s, i) == 0


def test_while_open_the_line_is_not_asked():
    s, i = healthy(mode.DELIVERING)
    s.burst.open = True
    i.line.status = 2
    assert standing(s, i) == 0


def test_the_skin_counts_for_5_s_after_the_last_gas_whatever_the_mode():
    for name, code in (("tripped", faults.SKIN_TRIP), ("locked_out", faults.SKIN_LOCKOUT)):
        for off_us, expected in ((4_999_999, 1 << code), (5_000_000, 0)):
            s, i = healthy(mode.STANDBY)
            setattr(s.overcool, name, True)
            s.planner.off_us = off_us
            assert standing(s, i) == expected


def test_what_the_chip_demands_is_the_sensor_when_it_gives_no_number():
    for in_mode in TREATING:
        s, i = healthy(in_mode)
        i.skin.cut = 1
        s.overcool.valid = False
        assert standing(s, i) == 1 << faults.SKIN_SENSOR


def test_a_demand_of_the_chip_excuses_channel_b_alone():
    for loop_a, expected in ((1, 0), (0, 1 << faults.LOOP_OPEN | 1 << faults.LOOP_DISCORD)):
        s, i = healthy(mode.DELIVERING)
        s.eye.made = False
        s.eye.discordant = True
        i.skin.cut = 1
        i.loop_a = loop_a
        assert standing(s, i) == expected | 1 << faults.SKIN_TRIP


# --- latched: a cause stays until its remedy was done --------------------------------------------------------------
def latched(code):
    s, i = healthy(mode.FAULT)
    s.faults.add(code)
    return s, i


def test_latched_causes_stand_until_what_they_ask_for():
    def loop(s, i):
        s.eye.made = False

    def trigger(s, i):
        s.trigger.touched = True

    def room_unknown(s, i):
        s.room = UNKNOWN

    def room_warns(s, i):
        s.room = WARN

    def skin_cold(s, i):
        i.skin.value_mdegc = 27_999

    def skin_unknown(s, i):
        s.overcool.valid = False

    def demand(s, i):
        i.skin.cut = 1

    def bottle_low(s, i):
        i.bottle.value = 19_999

    def bottle_high(s, i):
        i.bottle.value = 75_001

    def bottle_unknown(s, i):
        i.bottle.status = 1

    actions = (
        loop, trigger, room_unknown, room_warns, skin_cold, skin_unknown, demand, bottle_low, bottle_high,
        bottle_unknown,
    )  # fmt: skip
    for code, causes_of_it in (
        (faults.LOOP_OPEN, (loop,)),
        (faults.TRIGGER_BOOT, (trigger,)),
        (faults.ROOM_CO2, (room_unknown, room_warns)),
        (faults.SKIN_TRIP, (skin_cold, skin_unknown, demand)),
        (faults.SKIN_SENSOR, (skin_unknown,)),
        (faults.BOTTLE_LOW, (bottle_low,)),
        (faults.BOTTLE_HIGH, (bottle_high,)),
        (faults.BOTTLE_SENSOR, (bottle_unknown,)),
        (faults.ESTOP, ()),
    ):
        for act in actions:
            if code == faults.SKIN_SENSOR and act is demand:
                continue  # it is the trip's then: below
            s, i = latched(code)
            s.room = CLEAR
            i.skin.value_mdegc = 28_000
            assert standing(s, i) == 0
            act(s, i)
            assert standing(s, i) == (1 << code if act in causes_of_it else 0), (code, act)
            i.estop = 1
            assert standing(s, i) & 1 << faults.ESTOP


def test_a_demand_that_stays_is_the_trip_or_the_sensor_again():
    for code in (faults.SKIN_TRIP, faults.SKIN_SENSOR):
        for valid, expected in ((True, faults.SKIN_TRIP), (False, faults.SKIN_SENSOR)):
            s, i = latched(code)
            s.overcool.valid = valid
            i.skin.cut = 1
            assert standing(s, i) >> expected & 1


def test_a_resting_one_shot_is_the_only_sound_one_in_the_self_test():
    s, i = healthy(mode.SELF_TEST)
    i.burst = RESTING
    assert standing(s, i) == 0


def test_skin_at_rest_before_a_pass_s_first_burst_may_give_the_same_frame_for_longer():
    s, i = healthy(mode.DELIVERING)
    s.overcool.stale = True
    s.response.open = False
    assert not standing(s, i) >> faults.SKIN_STALE & 1


def test_a_frame_may_repeat_while_the_predicted_reading_does_not_move_by_a_step_either():
    for moved_mdegc, stale in ((0, 0), (249, 0), (250, 1), (-249, 0), (-250, 1)):
        s, i = healthy(mode.DELIVERING)
        s.overcool.stale = True
        s.response.sample(29_000, s.observer.probe_mdegc() - moved_mdegc)
        assert standing(s, i) >> faults.SKIN_STALE & 1 == stale, moved_mdegc
