"""A transducer with a live zero: its wiring bands and its scale."""

import micropython
from cryo.core.records import Quantity
from cryo.drivers.analog import OK, WIRE_HIGH, WIRE_LOW, Transducer

BAR_100 = (1907, 1000)  # 0-100 bar over 4 V, in mbar
MM_300 = (5722, 1_000_000)  # 0-300 mm over 4 V


class Pin:
    """An ADC that reads what the test sets."""

    def __init__(self):
        self.counts = 0

    def read_u16(self):
        return self.counts


class Rig:
    """One transducer polled with the heap locked."""

    def __init__(self, scale=BAR_100):
        self.pin = Pin()
        self.transducer = Transducer(self.pin, scale[0], scale[1])
        self.quantity = Quantity()

    def read(self, counts):
        self.pin.counts = counts
        micropython.heap_lock()
        try:
            self.transducer.poll(0, self.quantity)
        finally:
            micropython.heap_unlock()
        return self.quantity


def counts(volts):
    return int(volts / 5 * 65536)


def test_before_the_first_reading_nothing_is_valid():
    assert Quantity().status != OK
    assert Quantity().age_us == 0x1FFFFFFF


def test_the_wiring_bands():
    rig = Rig()
    for volts, status in (
        (0, WIRE_LOW),
        (0.249, WIRE_LOW),
        (0.2505, OK),
        (0.5, OK),
        (4.5, OK),
        (4.7495, OK),
        (4.751, WIRE_HIGH),
        (4.9999, WIRE_HIGH),
    ):
        assert rig.read(counts(volts)).status == status, volts


def test_the_ends_of_the_scale():
    rig = Rig()
    assert rig.read(counts(0.26)).value == 0  # a transducer slightly under its zero
    assert rig.read(counts(0.5)).value <= 2
    assert abs(rig.read(counts(2.5)).value - 50_000) <= 20
    assert abs(rig.read(counts(4.5)).value - 100_000) <= 20
    assert rig.read(counts(4.74)).value > 100_000
    rig = Rig(MM_300)
    assert rig.read(counts(0.5)).value == 0
    for mm in (70, 80, 200, 220, 300):
        assert abs(rig.read(counts(0.5 + mm / 75)).value - mm) <= 1


def test_the_largest_factor_that_is_allowed_fits_31_bits_at_the_top_of_the_band():
    rig = Rig((19_000, 1_000))
    assert rig.read(62_259).status == OK
    assert rig.quantity.value == (62_259 - 6_554) * 19


def test_each_reading_is_fresh_and_counted():
    rig = Rig()
    rig.quantity.sequence = 0xFFFE
    assert rig.read(counts(2.5)).sequence == 0xFFFF
    assert rig.quantity.age_us == 0
    assert rig.read(counts(2.5)).sequence == 0


def test_a_fault_leaves_no_value_behind():
    for volts in (0.1, 4.9):
        rig = Rig()
        rig.read(counts(2.5))
        before = rig.quantity.value
        assert rig.read(counts(volts)).status != OK
        assert rig.quantity.value != before
        assert rig.read(counts(2.5)).status == OK
        assert rig.quantity.value == before


def test_the_edges_of_the_bands_are_values():
    rig = Rig((1, 1))
    for read, status in ((3_276, 2), (3_277, 0), (62_259, 0), (62_260, 3)):
        quantity = rig.read(read)
        assert quantity.status == status
        assert type(quantity.value) is (type(None) if status else int)
    rig = Rig((1, 2))
    for read, value in ((6_554, 0), (6_555, 0), (6_556, 1), (6_559, 2)):
        quantity = rig.read(read)
        assert quantity.value == value and type(quantity.value) is int
