"""CO2 in the room (limit 21): warn, stop, and the budget of gas without a sensor. Heap locked."""

from cryo.core import blockers, faults, mode, room
from cryo.core.records import Quantity
from cryo.core.supervisor import ACKNOWLEDGE, ARM
from supervisor_rig import Rig

LOOK = 16  # ticks until the sensor is asked again, at the latest


def names(rig):
    return [name for bit, name in enumerate(blockers.NAMES) if rig.sup.blocked_by & 1 << bit]


def measure(rig, ppm, age_us=5_000_000):
    """Let the sensor read ppm (None: it does not answer), and let the supervisor look."""
    q = rig.i.room
    q.status = 2 if ppm is None else 0
    q.value = ppm
    q.age_us = age_us
    rig.tick(LOOK)
    return rig


def test_levels_and_age():
    for ppm, age_us, level in (
        (0, 0, room.CLEAR), (4_999, 5_000_000, room.CLEAR), (5_000, 5_000_000, room.WARN),
        (9_999, 5_000_000, room.WARN), (10_000, 5_000_000, room.STOP), (40_000, 20_000_000, room.STOP),
        (40_000, 20_000_001, room.UNKNOWN), (400, 20_000_001, room.UNKNOWN),
    ):  # fmt: skip
        q = Quantity()
        assert room.level(q) & 3 == room.UNKNOWN
        q.status = 0
        q.value = ppm
        q.age_us = age_us
        assert room.level(q) & 3 == level, (ppm, age_us)
        q.status = 1
        q.value = None
        assert room.level(q) & 3 == room.UNKNOWN


def test_5000_ppm_refuse_the_arm_request():
    for ppm, then in ((4_999, mode.READY), (5_000, mode.STANDBY)):
        rig = Rig().stand_by()
        rig.choose()
        measure(rig, ppm)
        assert ("ROOM_AIR" in names(rig)) == (then == mode.STANDBY)
        rig.ask(ARM)
        assert rig.sup.mode == then


def test_a_treatment_goes_on_at_9999_ppm_and_stops_at_10000():
    rig = Rig().deliver().to_burst(2)
    measure(rig, 9_999)
    assert rig.sup.mode == mode.DELIVERING and "ROOM_AIR" in names(rig)
    rig.to_burst(len(rig.fired) + 1)
    measure(rig, 10_000)
    assert rig.sup.mode == mode.FAULT and rig.sup.faults.first == faults.ROOM_CO2
    assert rig.o.cut == 1 and rig.o.lease == 0


def test_the_stop_is_told_in_standby_too_and_acknowledged_below_5000_ppm():
    rig = measure(Rig().stand_by(), 10_000)
    assert rig.sup.mode == mode.FAULT and rig.o.alarm == 1
    for ppm, then in (
        (9_999, mode.FAULT), (5_000, mode.FAULT), (None, mode.FAULT), (4_999, mode.STANDBY),
    ):  # fmt: skip
        measure(rig, ppm)
        rig.ask(ACKNOWLEDGE)
        assert rig.sup.mode == then, ppm


def test_without_a_fresh_value_the_budget_of_gas_counts_and_with_one_it_does_not():
    full_mg = 556_000  # 18 ppm a gram in 30 m3: 10 008 ppm
    for ppm, age_us, gas_mg, blocked in (
        (None, 0, full_mg - 1_000, False), (None, 0, full_mg, True), (2_000, 20_000_001, full_mg, True),
        (2_000, 19_000_000, full_mg, False),
    ):  # fmt: skip
        rig = Rig().stand_by()
        rig.choose()
        rig.sup.session.gas_mg = gas_mg
        measure(rig, ppm, age_us)
        assert ("ROOM_GAS" in names(rig)) == blocked, (ppm, age_us, gas_mg)
        rig.ask(ARM)
        assert rig.sup.mode == (mode.STANDBY if blocked else mode.READY)
