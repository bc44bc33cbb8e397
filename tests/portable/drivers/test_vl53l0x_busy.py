"""VL53L0X in ticks without time for a result: the driver waits, and this hides neither the age nor a silence."""

from cryo.drivers import vl53l0x
from fake_vl53l0x import POLL_US, Rig


def test_a_busy_tick_asks_for_no_result_and_the_next_one_does():
    rig = Rig().good()
    for _ in range(20):
        rig.poll()  # the flag is cleared
        taken = rig.quantity.sequence
        age_us = rig.quantity.age_us
        transfers = rig.fake.transfers
        rig.busy(25_000)
        assert rig.fake.transfers == transfers and rig.quantity.sequence == taken
        assert rig.quantity.age_us == age_us + 25_000  # it ages all the same
        rig.poll()
        assert rig.quantity.sequence != taken and rig.quantity.status == vl53l0x.OK


def test_a_busy_tick_does_not_clear_a_result_either():
    rig = Rig().good()
    transfers = rig.fake.transfers
    rig.busy()
    assert rig.fake.transfers == transfers
    assert rig.quantity.status == vl53l0x.OK


def test_a_result_that_waited_for_a_busy_tick_is_no_younger_for_it():
    rig = Rig().good()
    rig.poll()  # the flag is cleared
    rig.busy()
    taken = rig.quantity.sequence
    rig.poll()
    assert rig.quantity.sequence != taken
    assert rig.quantity.age_us == 22_000 + 3 * POLL_US  # it may have begun directly after the one before


def test_busy_ticks_hide_no_chip_that_stopped_measuring():
    rig = Rig().good()
    rig.fake.ranging = False
    for _ in range(13):
        if rig.quantity.status == vl53l0x.OK:
            rig.poll()
            rig.busy()
    assert rig.quantity.status == vl53l0x.NO_ANSWER


def test_the_start_goes_on_in_busy_ticks():
    rig = Rig()
    for _ in range(200):
        if not rig.fake.ranging:
            rig.busy()
    assert rig.sensor.identified
    assert 0 < rig.until(vl53l0x.OK, 5)
