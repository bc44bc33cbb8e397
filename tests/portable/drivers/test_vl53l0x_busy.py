"""VL53L0X in ticks that have no time for a result: it waits, and neither its age nor a silence is hidden by that."""

from cryo.drivers import vl53l0x
from fake_vl53l0x import POLL_US, Bench


def test_a_busy_tick_asks_for_no_result_and_the_next_one_does():
    bench = Bench().good()
    for _ in range(20):
        bench.poll()  # the flag is cleared
        taken = bench.quantity.sequence
        age_us = bench.quantity.age_us
        transfers = bench.fake.transfers
        bench.busy(25_000)
        assert bench.fake.transfers == transfers and bench.quantity.sequence == taken
        assert bench.quantity.age_us == age_us + 25_000  # it ages all the same
        bench.poll()
        assert bench.quantity.sequence != taken and bench.quantity.status == vl53l0x.OK


def test_a_busy_tick_does_not_clear_a_result_either():
    bench = Bench().good()
    transfers = bench.fake.transfers
    bench.busy()
    assert bench.fake.transfers == transfers
    assert bench.quantity.status == vl53l0x.OK


def test_a_result_that_waited_for_a_busy_tick_is_no_younger_for_it():
    bench = Bench().good()
    bench.poll()  # the flag is cleared
    bench.busy()
    taken = bench.quantity.sequence
    bench.poll()
    assert bench.quantity.sequence != taken
    assert bench.quantity.age_us == 22_000 + 3 * POLL_US  # it may have begun right behind the one before


def test_busy_ticks_hide_no_chip_that_stopped_measuring():
    bench = Bench().good()
    bench.fake.ranging = False
    for _ in range(13):
        if bench.quantity.status == vl53l0x.OK:
            bench.poll()
            bench.busy()
    assert bench.quantity.status == vl53l0x.NO_ANSWER


def test_the_start_goes_on_in_busy_ticks():
    bench = Bench()
    for _ in range(200):
        if not bench.fake.ranging:
            bench.busy()
    assert bench.sensor.identified
    assert 0 < bench.until(vl53l0x.OK, 5)
