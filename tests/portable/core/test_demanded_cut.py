"""A cut that the skin chip demands itself, and the key: both end gas, and each has its own name."""

from cryo.core import blockers, faults, mode
from cryo.core.supervisor import ACKNOWLEDGE, ARM
from supervisor_rig import Rig
from support import mask


def _burst():
    rig = Rig().deliver()
    while not rig.o.fire_us:
        rig.tick()
    return rig


def test_a_demand_with_a_number_latches_as_a_trip_in_its_tick():
    rig = _burst()
    rig.i.skin.cut = 1
    rig.i.loop_b = 1  # the same pin opens channel B
    rig.tick()
    assert rig.o.cut == 1 and rig.o.lease == 0
    assert rig.sup.mode == mode.FAULT and rig.sup.faults.first == faults.SKIN_TRIP


def test_a_demand_without_a_number_latches_as_the_sensor():
    rig = _burst()
    rig.skin_status = 2
    rig.i.skin.invalidate(2)
    rig.i.skin.cut = 1
    rig.i.loop_b = 1
    rig.tick()
    assert rig.sup.mode == mode.FAULT
    rig.tick(10)
    assert mask(rig.sup.faults.latched) == 1 << faults.SKIN_SENSOR


def test_a_demand_before_treating_is_no_fault_but_blocks():
    rig = Rig().stand_by()
    rig.choose()
    rig.i.skin.cut = 1
    rig.i.loop_b = 1
    rig.tick(20)
    rig.ask(ARM)
    assert rig.sup.mode == mode.STANDBY and not rig.sup.faults.latched
    assert rig.sup.blocked_by & blockers.LOOP


def test_a_shield_opened_beside_a_demand_is_named_too():
    rig = _burst()
    rig.i.skin.cut = 1
    rig.i.loop_a = 0
    rig.i.loop_b = 1
    rig.tick()
    assert rig.sup.faults.latched.has(faults.LOOP_OPEN)


def test_a_loop_that_disagrees_without_a_demand_is_a_fault():
    rig = Rig().stand_by()
    rig.i.loop_b = 1
    rig.tick(7)
    assert rig.sup.faults.first == faults.LOOP_DISCORD


def test_without_the_key_nothing_arms():
    rig = Rig().stand_by()
    rig.choose()
    rig.i.key = 0
    rig.ask(ARM)
    assert rig.sup.mode == mode.STANDBY and rig.sup.blocked_by & blockers.KEY
    rig.i.key = 1
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY


def test_turning_the_key_off_ends_a_burst_and_disarms_without_a_fault():
    rig = _burst()
    rig.i.key = 0
    rig.tick()
    assert rig.o.cut == 1 and rig.o.lease == 0
    assert rig.sup.mode == mode.STANDBY and not rig.sup.faults.latched
    rig.i.key = 1
    rig.tick(300)
    assert rig.sup.mode == mode.STANDBY


def test_an_acknowledged_demand_must_be_gone():
    rig = _burst()
    rig.i.skin.cut = 1
    rig.tick()
    rig.ask(ACKNOWLEDGE)
    assert rig.sup.mode == mode.FAULT
    rig.i.skin.cut = 0
    rig.ask(ACKNOWLEDGE)
    assert rig.sup.mode == mode.STANDBY
