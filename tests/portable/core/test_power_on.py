"""The state of every record and guard of the core before its first tick: no permission, no verdict, no count."""

from cryo import config
from cryo.core import eye_guard, mode, presets, reading, room, session, supervisor
from cryo.core.bursts import Planner
from cryo.core.eye_guard import LOST, EyeGuard
from cryo.core.faults import Codes, Faults
from cryo.core.observer import Observer
from cryo.core.overcool import Overcool
from cryo.core.reading import AGE_MAX_US, NEVER, Reading
from cryo.core.records import RESTING, RUNNING, Inputs, Outputs, Quantity
from cryo.core.resets import ENDED_POWER, Resets
from cryo.core.response import Response
from cryo.core.second_channel import SecondChannel
from cryo.core.session import Session
from cryo.core.supervisor import Supervisor
from cryo.core.trigger import Trigger
from cryo.core.valves import Valves
from cryo.limits import PROOF_TEST_BURSTS, START_MIN_MM

TABLE = (
    (
        Overcool,
        {
            "valid": False, "bad": False, "sensor_failed": False, "stale": False, "tripped": False, "locked_out": False,
            "new_sample": False, "dose_point": 0, "dose_session": 0,
        },
    ),
    (EyeGuard, {"made": False, "discordant": False, "range": LOST, "lost_us": 0}),
    (Trigger, {"held": False, "pressed": False, "touched": False}),
    (Response, {"missing": False, "weak": False, "strong": False}),
    (SecondChannel, {"seen": False, "counts": False, "mdegc": 0, "discordant": False}),
    (Faults, {"first": 0}),
    (Codes, {"low": 0, "high": 0}),
    (
        Valves,
        {"dose_cycles": 0, "shutoff_cycles": 0, "bursts": PROOF_TEST_BURSTS, "pending": False},
    ),
    (
        Session,
        {
            "preset": -1, "level": -1, "site": -1, "point": -1, "attested": 0, "uptime_s": 0, "rest_left_us": 0,
            "started": False, "session_s": 0, "valve_on_ms": 0, "gas_mg": 0, "bursts_total": 0, "point_open": False,
            "reason": session.GOING, "reached": False, "passes": 0, "bursts": 0, "point_us": 0, "point_valve_on_us": 0,
        },
    ),
    (
        Reading,
        {
            "status": NEVER, "value_mdegc": None, "raw_mdegc": None, "cold_junction_mdegc": None, "age_us": AGE_MAX_US,
            "ended_age_us": AGE_MAX_US, "sequence": 0, "cut": 0,
        },
    ),
    (Quantity, {"status": 1, "value": None, "age_us": 0x1FFFFFFF, "sequence": 0}),
    (
        Inputs,
        {
            "loop_a": 0, "loop_b": 1, "trigger": 0, "estop": 1, "key": 0, "burst": RESTING, "port_status": 0,
            "self_test": 0, "tasks_late": 0, "request": 0, "request_value": 0,
        },
    ),
    (Outputs, {"cut": 1, "rearm": 0, "lease": 0, "fire_us": 0, "feed": 0, "indicate": 0, "alarm": 0}),
)  # fmt: skip


def differing(record, expected):
    """Return the attributes that are not as expected, True and 1 being two values."""
    return [
        (name, getattr(record, name))
        for name, value in expected.items()
        if getattr(record, name) != value or type(getattr(record, name)) is not type(value)
    ]


def test_before_the_first_tick_there_is_no_verdict_and_no_account():
    for make, expected in TABLE:
        assert not differing(make(), expected), make


def test_the_inputs_hold_a_record_of_its_own_for_each_sensor():
    i = Inputs()
    readings = [i.skin, i.nozzle, i.infrared]
    quantities = [i.distance, i.bottle, i.line, i.room, i.coil]
    for records, kind in ((readings, Reading), (quantities, Quantity)):
        for at, record in enumerate(records):
            assert type(record) is kind
            assert record not in records[at + 1 :]
    every = [getattr(i, name) for name in dir(i) if hasattr(getattr(i, name), "sequence")]
    assert len(every) >= len(readings) + len(quantities)
    for at, record in enumerate(every):
        assert record not in every[at + 1 :]
        assert record.status != 0


def test_without_a_record_of_the_last_run_every_start_is_a_power_on():
    expected = {"ended": ENDED_POWER, "mode": 0, "fault": 0, "uptime_s": 0, "count": 0, "loop": False}
    assert not differing(Resets(None), expected)
    assert not Response().failed()


def test_a_fresh_planner_owes_a_probe_burst_and_was_closed_long_ago():
    planner = Planner(15_000, 25_000)
    assert planner.probe_due is True
    assert planner.off_us == 0x02000000
    assert Observer().surface_mdegc == 0


def test_a_fresh_supervisor_delivers_nothing_and_has_begun_nothing():
    expected = {
        "mode": mode.BOOT, "blocked_by": 0, "room": room.UNKNOWN, "nonce": 0, "settled_mdegc": 0, "settled": False,
        "indicated_us": 0, "tested": False, "unchecked": False, "reset_loop": False, "overdue": False,
    }  # fmt: skip
    burst = {"open": False, "open_us": 0, "commanded_us": 0, "planned_mm": 0, "shown_mm": 0, "refused": 0}
    pass_ = {"us": 0, "late_us": 0, "held": False, "over": False}
    point = {"target_mdegc": 0, "floor_mdegc": 0, "lowest_mdegc": 0, "hold_us": 0, "treated": False}
    for settings in (None, config.build({"jet_k_mdegc": 16_000})[0]):
        fresh = Supervisor(settings)
        assert not differing(fresh, expected) and not differing(fresh.burst, burst)
        assert not differing(fresh.pass_, pass_) and not differing(fresh.point, point)
    # until a distance was measured, the nearest at which a treatment may start counts: the strongest jet
    assert Supervisor(settings).k_here_mdegc() == 16_000 and START_MIN_MM == 80


# --- closed sets: every code is unique, and its name is at the code's place -------------------------------------------
def test_codes_of_a_closed_set_are_numbered_without_a_gap():
    for module, names in ((mode, mode.NAMES), (reading, reading.NAMES)):
        for code, name in enumerate(names):
            assert getattr(module, name) == code
    reasons = ("GOING", "TARGET", "TIME", "PASSES", "GAS", "DOSE", "SESSION", "STOPPED", "FAULTED", "THICK_SKIN")
    reasons += ("PROBE_SEAT",)
    for code, name in enumerate(reasons):
        assert getattr(session, name) == code
    words = ("GOING", "TARGET", "TIME", "PASSES", "VALVE_ON", "COLD_DOSE", "SESSION", "STOPPED", "FAULT")
    words += ("THICK_SKIN", "PROBE_SEAT")
    assert session.REASONS == words  # what the reports say
    for module, names in (
        (room, ("UNKNOWN", "CLEAR", "WARN", "STOP")),
        (eye_guard, ("IN_START", "IN_WINDOW", "OUTSIDE", "LOST")),
    ):
        for code, name in enumerate(names):
            assert getattr(module, name) == code
    for bit, (word, value, _) in enumerate(presets.ATTESTATIONS):
        assert value == 1 << bit and word == word.upper()
    requests = ("NONE", "ARM", "CONFIRM", "DISARM", "ACKNOWLEDGE", "SERVICE")
    assert [getattr(supervisor, name) for name in requests] == [0, 1, 2, 3, 4, 5]
    assert (mode.TREATING, mode.MAY_GIVE_GAS) == (0b111_0000, 0b111_1000) and (RUNNING, RESTING) == (-1, -2)
