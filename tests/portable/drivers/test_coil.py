"""The dose coil's current: its scale, its only band, and what no band can show."""

import micropython
from cryo.core.records import Quantity
from cryo.drivers.coil import OK, OVER, Coil
from support import raises

FULL_MA = 1_200  # peak 1 A


class Adc:
    """A converter with 3.3 V reference."""

    def __init__(self):
        self.counts = 0

    def volts(self, volts):
        self.counts = int(volts / 3.3 * 65536)

    def read_u16(self):
        return self.counts


class Rig:
    """One coil polled with the heap locked."""

    def __init__(self, full_ma=FULL_MA):
        self.adc = Adc()
        self.coil = Coil(self.adc, full_ma)
        self.quantity = Quantity()

    def read(self, volts):
        self.adc.volts(volts)
        micropython.heap_lock()
        try:
            self.coil.poll(0, self.quantity)
        finally:
            micropython.heap_unlock()
        return self.quantity


def test_the_scale_is_three_volts_at_the_full_current():
    rig = Rig()
    for volts, ma in ((0, 0), (0.625, 250), (1.25, 500), (2.5, 1_000), (2.9999, 1_200)):
        assert rig.read(volts).status == OK
        assert abs(rig.quantity.value - ma) <= 1, volts


def test_more_than_the_driver_can_give_is_no_number():
    rig = Rig()
    rig.read(2.5)
    for volts in (3.001, 3.2, 3.29999):
        assert rig.read(volts).status == OVER
        assert rig.quantity.value is None
    assert rig.read(2.5).status == OK
    assert abs(rig.quantity.value - 1_000) <= 1


def test_a_wire_to_ground_cannot_be_told_from_a_coil_without_current():
    assert Rig().read(0).status == OK


def test_the_largest_scale_fits_31_bits_at_the_top_of_the_band():
    rig = Rig(18_000)
    assert rig.read(2.9999).status == OK
    assert rig.quantity.value > 17_990


def test_a_scale_beyond_what_fits_is_refused():
    for full_ma in (99, 18_001, 0, -1):
        assert raises(ValueError, Coil, Adc(), full_ma)


def test_each_reading_is_fresh_and_counted():
    rig = Rig()
    rig.quantity.sequence = 0xFFFE
    assert rig.read(1).sequence == 0xFFFF
    assert rig.quantity.age_us == 0
    assert rig.read(3.2).sequence == 0
    assert rig.quantity.age_us == 0


def test_the_last_count_of_the_scale_and_the_first_beyond():
    rig = Rig(100)
    for counts, status, value in ((59_578, 0, 100), (59_579, 3, None), (595, 0, 0), (596, 0, 1), (30_000, 0, 50)):
        rig.adc.counts = counts
        rig.coil.poll(0, rig.quantity)
        quantity = rig.quantity
        assert (quantity.status, quantity.value) == (status, value) and type(quantity.value) is type(value)
