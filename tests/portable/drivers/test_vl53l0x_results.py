"""How the VL53L0X's driver judges one result after another; each is given byte by byte."""

from cryo.drivers import vl53l0x
from fake_vl53l0x import Rig

VALID, NO_UPDATE = 11, 0  # the chip's codes


class Results:
    """A sensor that measures. `next` gives it a result and returns what the driver wants: OK, or a restart."""

    def __init__(self):
        rig = Rig().good()
        self.quantity = rig.quantity
        self.sensor = rig.sensor
        self.result = bytearray(13)
        self.noise = 0

    def _fill(self, address, register, buf):
        for i in range(13):
            buf[i] = self.result[i]

    def next(self, mm=100, code=VALID, noisy=True):
        self.noise += noisy
        self.result[1] = code << 3
        self.result[7] = self.noise & 0xFF
        self.result[11] = mm >> 8
        self.result[12] = mm & 0xFF
        return self.again()

    def again(self, after_us=20_000):
        self._fill(0, 0, self.sensor._result)
        self.sensor._waited_us = after_us
        return self.sensor._range(self.quantity)


def test_each_result_is_one_more_sample_and_the_sequence_wraps():
    results = Results()
    for before, after in ((0, 1), (1, 2), (0xFFFE, 0xFFFF), (0xFFFF, 0)):
        results.quantity.sequence = before
        results.next()
        assert results.quantity.sequence == after


SPADS, RATE, AMBIENT, RANGE = (3, 4), (7, 8), (9, 10), (11, 12)  # bytes of the words that have noise


def test_the_fifth_of_the_same_results_is_frozen_and_each_word_alone_ends_it():
    results = Results()
    results.next()
    for byte in SPADS + RATE + AMBIENT + RANGE[1:]:  # 256 mm further is a jump
        for _ in range(3):
            results.again()
            assert results.quantity.status == vl53l0x.OK
        results.result[byte] ^= 1
        results.again()
        assert results.quantity.status == vl53l0x.OK
    for _ in range(3):
        results.again()
    assert results.quantity.status == vl53l0x.OK
    for _ in range(3):
        results.again()
        assert results.quantity.status == vl53l0x.FROZEN and results.quantity.value is None
    results.result[RANGE[0]] ^= 1
    results.again()
    assert results.quantity.status == vl53l0x.SIGMA_FAIL  # live, and a leap


def test_bytes_without_noise_do_not_make_a_result_live():
    results = Results()
    results.next()
    for _ in range(4):
        for byte in (0, 2, 5, 6):  # the flag, and what ST does not explain: a count there may go on without light
            results.result[byte] ^= 1
        results.again()
    assert results.quantity.status == vl53l0x.FROZEN


def test_the_same_results_are_frozen_after_100_ms_however_few_they_are():
    results = Results()
    results.next()
    results.again(60_000)
    results.again(40_000)
    assert results.quantity.status == vl53l0x.OK
    results.again(1)
    assert results.quantity.status == vl53l0x.FROZEN
    results.next()
    results.again(100_000)
    assert results.quantity.status == vl53l0x.OK
    results.again(0x1FFFFFFF)
    assert results.quantity.status == vl53l0x.FROZEN
    results.again(0x1FFFFFFF)
    assert results.sensor._still_us == 0x1FFFFFFF


def test_ten_useless_results_in_a_row_ask_for_a_restart():
    results = Results()
    for _ in range(2):
        for _ in range(9):
            assert results.next(code=NO_UPDATE) == vl53l0x.OK
        assert results.next() == vl53l0x.OK  # a good one between them
    for _ in range(9):
        assert results.next(code=NO_UPDATE) == vl53l0x.OK
    assert results.next(code=NO_UPDATE) == vl53l0x.NO_UPDATE


def test_two_metres_are_a_distance_and_more_is_not():
    for mm, status in ((2_000, vl53l0x.OK), (2_001, vl53l0x.TOO_FAR)):
        results = Results()
        results.next(mm)
        results.next(mm)
        assert results.quantity.status == status


def test_a_jump_from_0_mm_is_a_jump():
    results = Results()
    for _ in range(2):
        results.next(0)
    assert results.quantity.value == 0
    results.next(41)
    assert results.quantity.status == vl53l0x.SIGMA_FAIL
