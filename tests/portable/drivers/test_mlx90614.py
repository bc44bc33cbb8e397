"""MLX90614 against a fake that speaks SMBus with its check byte; polled with the heap locked."""

import sys

import micropython
from chip_mlx90614 import ADDRESS, SKIN, Chip, crc8
from cryo.core import reading as states
from cryo.core.reading import NO_VALUE, Reading
from cryo.drivers.mlx90614 import Mlx90614

MASK = 0x3FFFFFFF
POLL_US = 10_000
START_US = MASK - 24_999  # the counter wraps within the first polls
REFRESH_US = 100_000


class Rig:
    """One sensor, polled from just before the counter wraps."""

    def __init__(self, every=1):
        self.fake = Chip()
        self.chip = Mlx90614(self.fake, SKIN, ADDRESS, every)
        self.reading = Reading()
        self.now_us = START_US
        self.word = 15228

    def poll(self, after_us=POLL_US):
        self.now_us = (self.now_us + after_us) & MASK
        micropython.heap_lock()
        try:
            self.chip.poll(self.now_us, self.reading)
        finally:
            micropython.heap_unlock()

    def new_samples(self, polls, after_us=POLL_US):
        before = self.reading.sequence
        for _ in range(polls):
            self.poll(after_us)
        return (self.reading.sequence - before) & 0xFFFF

    def noisy(self, polls):
        """Poll while each result differs from the one before."""
        before = self.reading.sequence
        for _ in range(polls):
            self.word ^= 1
            self.fake.set(0x07, self.word)
            self.poll()
        return (self.reading.sequence - before) & 0xFFFF

    def good(self):
        self.noisy(5)
        assert self.reading.status == states.OK
        return self


def no_numbers(reading):
    numbers = (reading.value_mdegc, reading.raw_mdegc, reading.cold_junction_mdegc)
    return numbers == (NO_VALUE, NO_VALUE, NO_VALUE)


def refusal(*values):
    try:
        Mlx90614(Chip(), *values)
    except ValueError as error:
        return str(error)
    return ""


def test_a_result_during_a_message_is_for_the_next_one():
    chip = Chip()
    low = chip.read(0x07, 0)
    chip.set(0x07, 0x1234)
    high, check = chip.read(0x07, 1), chip.read(0x07, 2)
    assert low | high << 8 == 15228
    assert check == crc8((ADDRESS << 1, 0x07, ADDRESS << 1 | 1, low, high))
    assert chip.read(0x07, 0) == 0x34


def test_the_check_byte_of_the_data_sheet():
    assert crc8((0xB4, 0x07, 0xB5, 0xD2, 0x3A)) == 0x30  # Melexis, SMBus application note


def test_settings_are_refused_with_what_to_do():
    assert "13107" in refusal(13106)
    assert "13107" in refusal(65536)
    assert "1..100" in refusal(SKIN, ADDRESS, 0)
    assert "1..100" in refusal(SKIN, ADDRESS, 101)
    assert refusal(13107) == refusal(65535, ADDRESS, 100) == ""


def test_configure_reads_the_emissivity_back():
    rig = Rig()
    assert rig.chip.configure()
    rig.fake.set(0x24, 65535)
    assert not rig.chip.configure()
    rig.poll()
    assert rig.reading.status == states.CONFIG_LOST
    rig.fake.set(0x24, SKIN)
    assert rig.chip.configure()
    rig.fake.flip = 1
    rig.fake.flip_at = 2  # the word itself is right
    assert not rig.chip.configure()
    rig.fake.flip = 0
    rig.fake.nack = OSError(5)
    assert not rig.chip.configure()


def test_without_configure_the_emissivity_comes_before_any_temperature():
    rig = Rig()
    rig.fake.set(0x24, 65535)
    assert rig.noisy(1) == 1
    assert rig.reading.status == states.CONFIG_LOST
    rig.noisy(60)
    assert rig.reading.status == states.CONFIG_LOST
    assert rig.fake.last == 0x24
    rig.fake.set(0x24, SKIN)
    rig.noisy(11)
    assert rig.reading.status == states.OK


def test_an_emissivity_that_changes_later_is_found():
    rig = Rig().good()
    rig.fake.set(0x24, 65535)
    rig.noisy(64)
    assert rig.reading.status == states.CONFIG_LOST
    assert no_numbers(rig.reading)


def test_a_temperature_with_its_housing():
    rig = Rig().good()
    rig.fake.set(0x07, 0x3AD2)
    rig.poll()
    assert rig.reading.value_mdegc == rig.reading.raw_mdegc == 28_010
    assert rig.reading.cold_junction_mdegc == 25_010


STRIDE = 1 if sys.maxsize > 0x7FFFFFFF else 7


def test_every_code_of_the_object():
    rig = Rig().good()
    good = 0
    word = 0
    other = 0
    while word < 0x10000:
        rig.fake.set(0x07, word)
        other = rig.fake.transfers
        rig.poll()
        while rig.fake.last != 0x07:
            rig.poll()
        mdegc = word * 20 - 273_150
        if word & 0x8000:
            assert rig.reading.status == states.CHIP_ERROR
        elif mdegc < -70_000 or mdegc > 100_000:
            assert rig.reading.status == states.OUT_OF_RANGE
        else:
            assert rig.reading.status == states.OK
            assert rig.reading.value_mdegc == mdegc
            good += 1
        assert (rig.reading.status == states.OK) != no_numbers(rig.reading)
        word += STRIDE
    assert other
    assert abs(good - 8_501 // STRIDE) <= 1


def test_codes_of_the_housing():
    rig = Rig().good()
    word = 0
    while word < 0x10000:
        rig.fake.set(0x06, word)
        rig.poll()
        while rig.fake.last != 0x06:
            rig.poll()
        mdegc = word * 20 - 273_150
        rig.noisy(3)
        if word & 0x8000:
            assert rig.reading.status == states.CHIP_ERROR
        elif mdegc < -10_000 or mdegc > 70_000:
            assert rig.reading.status == states.CJ_IMPLAUSIBLE
        else:
            assert rig.reading.status == states.OK
            assert rig.reading.cold_junction_mdegc == mdegc
        word += 61


def test_every_damaged_bit_is_found():
    for at in range(3):
        for bit in range(8):
            rig = Rig().good()
            rig.fake.flip_at = at
            rig.fake.flip = 1 << bit
            assert rig.noisy(1) == 1
            assert rig.reading.status == states.BAD_FRAME
            assert no_numbers(rig.reading)
            rig.fake.flip = 0
            rig.noisy(3)
            assert rig.reading.status == states.OK


def test_a_word_of_another_register_is_refused():
    rig = Rig().good()
    rig.fake.frames[0x07] = rig.fake.frames[0x06]
    rig.poll()
    assert rig.reading.status == states.BAD_FRAME


def test_a_chip_that_does_not_answer_and_a_dead_bus():
    for nack, dead in ((OSError(5), -1), (OSError(110), -1), (None, 0x00), (None, 0xFF)):
        rig = Rig().good()
        rig.fake.nack = nack
        rig.fake.dead = dead
        assert rig.new_samples(1) == 1
        assert rig.reading.status == states.DEAD_BUS
        assert no_numbers(rig.reading)
        assert rig.new_samples(30) == 3  # once a refresh, not once a read
        rig.fake.nack = None
        rig.fake.dead = -1
        rig.noisy(5)
        assert rig.reading.status == states.OK


def test_the_age_counts_from_the_read_before_and_a_whole_refresh():
    for every in (1, 5):
        rig = Rig(every)
        rig.new_samples(2 * every + 1)  # the last of these polls reads the object
        assert rig.reading.status == states.NEVER  # one word to compare with
        rig.fake.set(0x07, 15229)
        assert rig.new_samples(every) == 1
        assert rig.reading.status == states.OK
        assert rig.reading.ended_age_us == every * POLL_US
        assert rig.reading.age_us == every * POLL_US + REFRESH_US
        assert rig.new_samples(1) == 0
        assert rig.reading.ended_age_us == (every + 1) * POLL_US


def test_a_value_that_stays_grows_old():
    rig = Rig().good()
    age_us = rig.reading.age_us
    assert rig.new_samples(100) == 0
    assert rig.reading.status == states.OK
    assert rig.reading.age_us == age_us + 100 * POLL_US
    rig.new_samples(6, 0x0FFFFFFF)
    assert rig.reading.age_us == rig.reading.ended_age_us == 0x20000000


def test_after_a_bad_word_the_value_from_before_is_no_new_sample():
    rig = Rig().good()
    rig.fake.nack = OSError(5)
    rig.poll()
    rig.fake.nack = None
    assert rig.new_samples(30) == 0
    assert rig.reading.status == states.DEAD_BUS
    rig.noisy(2)
    assert rig.reading.status == states.OK


def test_one_transfer_in_so_many_polls():
    for every in (1, 5, 100):
        rig = Rig(every)
        rig.new_samples(every * 10)
        assert rig.fake.transfers == 10


def test_the_sequence_wraps_at_16_bits():
    rig = Rig().good()
    rig.reading.sequence = 0xFFFF
    assert rig.noisy(1) == 1
    assert rig.reading.sequence == 0


def test_what_was_read_before_configure_is_nothing_to_compare_with():
    rig = Rig().good()
    rig.fake.nack = OSError(5)
    rig.poll()
    rig.fake.nack = None
    assert rig.chip.configure()
    rig.fake.set(0x07, 15000)
    assert rig.new_samples(5) == 0
    assert rig.reading.status == states.DEAD_BUS
    rig.fake.set(0x07, 15001)
    assert rig.new_samples(2) == 1


def test_a_damaged_word_that_begins_like_a_dead_bus_is_a_damaged_word():
    for frame in (b"\x00\x3a\x00", b"\x00\x00\x01", b"\xff\xff\x00", b"\xff\x3a\xff"):
        rig = Rig().good()
        rig.fake.frames[0x07] = frame
        rig.poll()
        assert rig.reading.status == states.BAD_FRAME


def test_only_three_equal_bytes_are_a_dead_bus():
    chip = Rig().chip
    frame = bytearray(3)

    def fill(address, register, buf):
        for i in range(3):
            buf[i] = frame[i]

    chip._read = fill
    for bytes_, status in (
        (b"\x00\x00\x00", states.DEAD_BUS), (b"\xff\xff\xff", states.DEAD_BUS), (b"\x05\x05\x05", states.BAD_FRAME),
        (b"\x00\x05\x05", states.BAD_FRAME), (b"\xff\x05\x05", states.BAD_FRAME), (b"\x00\x00\x05", states.BAD_FRAME),
    ):  # fmt: skip
        frame[:] = bytes_
        assert chip._fetch(0x07) == status, bytes_
