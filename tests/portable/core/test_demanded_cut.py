"""What the skin chip demands by itself, and the key: both end gas, and each is named for what it is."""

from bench import Bench
from cryo.core import blockers, faults, mode
from cryo.core.supervisor import ACKNOWLEDGE, ARM
from support import mask


def _burst():
    bench = Bench().deliver()
    while not bench.o.fire_us:
        bench.tick()
    return bench


def test_a_demand_with_a_number_latches_as_a_trip_in_its_tick():
    bench = _burst()
    bench.i.skin.cut = 1
    bench.i.loop_b = 1  # the same pin opens channel B
    bench.tick()
    assert bench.o.cut == 1 and bench.o.lease == 0
    assert bench.sup.mode == mode.FAULT and bench.sup.faults.first == faults.SKIN_TRIP


def test_a_demand_without_a_number_latches_as_the_sensor():
    bench = _burst()
    bench.skin_status = 2
    bench.i.skin.invalidate(2)
    bench.i.skin.cut = 1
    bench.i.loop_b = 1
    bench.tick()
    assert bench.sup.mode == mode.FAULT
    bench.tick(10)
    assert mask(bench.sup.faults.latched) == 1 << faults.SKIN_SENSOR


def test_a_demand_before_treating_is_no_fault_but_blocks():
    bench = Bench().stand_by()
    bench.choose()
    bench.i.skin.cut = 1
    bench.i.loop_b = 1
    bench.tick(20)
    bench.ask(ARM)
    assert bench.sup.mode == mode.STANDBY and not bench.sup.faults.latched
    assert bench.sup.blocked_by & blockers.LOOP


def test_a_shield_opened_beside_a_demand_is_named_too():
    bench = _burst()
    bench.i.skin.cut = 1
    bench.i.loop_a = 0
    bench.i.loop_b = 1
    bench.tick()
    assert bench.sup.faults.latched.has(faults.LOOP_OPEN)


def test_a_loop_that_disagrees_without_a_demand_is_a_fault():
    bench = Bench().stand_by()
    bench.i.loop_b = 1
    bench.tick(7)
    assert bench.sup.faults.first == faults.LOOP_DISCORD


def test_without_the_key_nothing_arms():
    bench = Bench().stand_by()
    bench.choose()
    bench.i.key = 0
    bench.ask(ARM)
    assert bench.sup.mode == mode.STANDBY and bench.sup.blocked_by & blockers.KEY
    bench.i.key = 1
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY


def test_turning_the_key_off_ends_a_burst_and_disarms_without_a_fault():
    bench = _burst()
    bench.i.key = 0
    bench.tick()
    assert bench.o.cut == 1 and bench.o.lease == 0
    assert bench.sup.mode == mode.STANDBY and not bench.sup.faults.latched
    bench.i.key = 1
    bench.tick(300)
    assert bench.sup.mode == mode.STANDBY


def test_an_acknowledged_demand_must_be_gone():
    bench = _burst()
    bench.i.skin.cut = 1
    bench.tick()
    bench.ask(ACKNOWLEDGE)
    assert bench.sup.mode == mode.FAULT
    bench.i.skin.cut = 0
    bench.ask(ACKNOWLEDGE)
    assert bench.sup.mode == mode.STANDBY
