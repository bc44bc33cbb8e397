"""When a MAX31855's sample was taken, and what counts as a sample; polled with the heap locked."""

import micropython
from cryo.core import reading as states
from cryo.core.reading import NO_VALUE, Reading
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import Max31855

MASK = 0x3FFFFFFF
CONVERSION_US = 100_000
POLL_US = 10_000
START_US = MASK - 24_999  # the counter wraps within the first polls

GOOD = b"\xfb\xb4\x19\x00"  # raw -68.75, cold junction 25 degC
ALSO_GOOD = b"\xfb\xb4\x19\x10"
OPEN_FRAME = b"\xfb\xb5\x19\x01"


def no_numbers(reading):
    numbers = (reading.value_mdegc, reading.raw_mdegc, reading.cold_junction_mdegc)
    return numbers == (NO_VALUE, NO_VALUE, NO_VALUE)


class Bus:
    """SPI and chip select of one chip. frame: what it sends; error: what the transfer raises."""

    def __init__(self, frame):
        self.frame = frame
        self.error = None
        self.level = 0
        self.selected_reads = 0

    def value(self, level):
        self.level = level

    def readinto(self, buf):
        if self.error is not None:
            raise self.error
        if self.level == 0:
            self.selected_reads += 1
        i = 0
        while i < 4:
            buf[i] = self.frame[i]
            i += 1


class Rig:
    """One chip polled with the heap locked, from just before the counter wraps."""

    def __init__(self, frame=GOOD):
        self.bus = Bus(frame)
        self.chip = Max31855(self.bus, self.bus, Linearise("K"))
        self.reading = Reading()
        self.now_us = START_US
        self.poll(0)

    def poll(self, after_us=POLL_US):
        self.now_us = (self.now_us + after_us) & MASK
        micropython.heap_lock()
        try:
            self.chip.poll(self.now_us, self.reading)
        finally:
            micropython.heap_unlock()

    def new_samples(self, polls, after_us=POLL_US):
        """Poll so many times; return by how much the sequence rose."""
        before = self.reading.sequence
        for _ in range(polls):
            self.poll(after_us)
        return self.reading.sequence - before


def test_the_first_frame_began_one_conversion_ago():
    rig = Rig()
    assert rig.reading.status == states.OK
    assert rig.reading.sequence == 1
    assert rig.reading.age_us == rig.reading.ended_age_us == CONVERSION_US


def test_a_changed_frame_began_one_conversion_before_the_last_sight_of_the_old_one():
    rig = Rig()
    assert rig.new_samples(6) == 0
    rig.bus.frame = ALSO_GOOD
    assert rig.new_samples(1) == 1
    assert rig.reading.ended_age_us == POLL_US
    assert rig.reading.age_us == POLL_US + CONVERSION_US
    assert rig.new_samples(3) == 0
    assert rig.reading.ended_age_us == 4 * POLL_US
    assert rig.reading.age_us == 4 * POLL_US + CONVERSION_US


def test_after_a_late_tick_a_sample_counts_as_begun_before_the_gap():
    rig = Rig()
    rig.bus.frame = ALSO_GOOD
    rig.poll(180_000)
    assert rig.reading.ended_age_us == 180_000
    assert rig.reading.age_us == 280_000


def test_a_frozen_chip_grows_old_and_its_age_saturates():
    rig = Rig()
    assert rig.new_samples(30) == 0
    assert rig.reading.age_us == CONVERSION_US + 30 * POLL_US
    rig.new_samples(4, 0x0FFFFFFF)
    assert rig.reading.age_us == rig.reading.ended_age_us == 0x20000000
    rig.poll(MASK)  # the longest gap there is
    assert rig.reading.age_us == rig.reading.ended_age_us == 0x20000000
    assert rig.reading.status == states.OK


def test_a_change_after_the_longest_gap_is_as_old_as_can_be():
    rig = Rig()
    rig.bus.frame = ALSO_GOOD
    rig.poll(MASK)
    assert rig.reading.sequence == 2
    assert rig.reading.age_us == rig.reading.ended_age_us == 0x20000000


class RealChip:
    """Converts all the time, 70 to 100 ms each; every result differs from the one before."""

    def __init__(self):
        self.random = 12345
        self.frame = bytearray(b"\x01\x40\x19\x00")
        self.begun_ago_us = self.ended_ago_us = 0  # of the conversion whose frame is shown
        self.running_us = 0
        self.length_us = 70_000

    def draw(self, n):
        self.random = (self.random * 1103 + 12345) & 0x7FFFF
        return (self.random >> 3) % n

    def advance(self, us):
        while us:
            step_us = min(us, self.length_us - self.running_us)
            us -= step_us
            self.running_us += step_us
            self.begun_ago_us += step_us
            self.ended_ago_us += step_us
            if self.running_us == self.length_us:
                self.begun_ago_us = self.length_us
                self.ended_ago_us = self.running_us = 0
                self.length_us = 100_000 if self.draw(2) else 70_000 + self.draw(30_000)
                self.frame[1] ^= 4


def test_no_sample_looks_younger_than_it_is():
    real = RealChip()
    rig = Rig(real.frame)
    wait_us = CONVERSION_US
    for _ in range(3000):
        real.advance(wait_us)
        rig.poll(wait_us)
        new = rig.reading.ended_age_us == wait_us
        assert rig.reading.age_us >= real.begun_ago_us
        assert rig.reading.ended_age_us >= real.ended_ago_us
        if new and wait_us < 70_000:
            assert rig.reading.ended_age_us <= real.ended_ago_us + wait_us
            assert rig.reading.age_us <= real.begun_ago_us + wait_us + 30_000
        wait_us = 8_000 + real.draw(4_000)
        if real.draw(20) == 0:
            # A late tick, odd ends included: with none or one conversion seen in it, never two, which would
            # show the old frame again.
            wait_us += real.draw(60_000)
    assert rig.reading.sequence > 300


def test_a_calibration_s_offset_is_in_each_value_once_and_not_in_the_raw_figure():
    rig = Rig()
    plain_mdegc = rig.reading.value_mdegc
    assert rig.chip.offset_mdegc == 0 and plain_mdegc == -78_458  # raw -68.75 by the reference function of ITS-90
    rig.chip.offset_mdegc = -1_500
    rig.bus.frame = ALSO_GOOD  # the cold junction moved by 1/16 degC
    for _ in range(3):  # a repeated frame is not corrected again
        rig.poll()
        assert -1_700 < rig.reading.value_mdegc - plain_mdegc < -1_300
        assert rig.reading.raw_mdegc == -68_750
    rig.bus.frame = OPEN_FRAME
    rig.poll()
    assert no_numbers(rig.reading)


def test_a_bad_sample_drops_the_value_at_once_and_counts_once_a_conversion():
    rig = Rig()
    rig.new_samples(6)
    rig.bus.frame = OPEN_FRAME
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.OPEN
    assert no_numbers(rig.reading)
    assert rig.reading.age_us == POLL_US + CONVERSION_US
    assert rig.new_samples(9) == 0
    assert rig.new_samples(1) == 1
    assert rig.new_samples(30) == 3
    assert rig.reading.status == states.OPEN


def test_bad_conversions_are_counted_with_polls_that_do_not_divide_them():
    rig = Rig()
    rig.bus.frame = OPEN_FRAME
    assert rig.new_samples(1, 30_000) == 1
    assert rig.new_samples(3, 30_000) == 0
    assert rig.new_samples(1, 30_000) == 1
    assert rig.new_samples(40, 30_000) == 10
    assert rig.new_samples(3, 250_000) == 3


def test_different_bad_reads_within_a_conversion_count_once():
    rig = Rig()
    before = rig.reading.sequence
    for i in range(30):
        rig.bus.frame = b"\x00\x00\x00\x00" if i & 1 else b"\xff\xff\xff\xff"
        rig.poll()
        assert rig.reading.status == states.DEAD_BUS
    assert rig.reading.sequence - before == 3


def test_the_status_is_always_that_of_the_latest_frame():
    rig = Rig()
    for frame, status in (
        (b"\x00\x00\x00\x00", states.DEAD_BUS),
        (OPEN_FRAME, states.OPEN),
        (b"\xfb\xb6\x19\x00", states.BAD_FRAME),
        (GOOD, states.OK),
        (b"\xfb\xb5\x19\x02", states.SHORT_GND),
        (b"\xfb\xb5\x19\x04", states.SHORT_VCC),
        (b"\xfb\xb4\x7f\xf0", states.CJ_IMPLAUSIBLE),
        (b"\x7f\xfc\x19\x00", states.OUT_OF_RANGE),
    ):
        rig.bus.frame = frame
        rig.poll()
        assert rig.reading.status == status
        assert no_numbers(rig.reading) == (status != states.OK)


def test_the_old_good_frame_after_a_bad_one_is_a_new_sample():
    rig = Rig()
    rig.new_samples(20)
    rig.bus.frame = OPEN_FRAME
    rig.poll()
    rig.bus.frame = GOOD
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.OK
    assert rig.reading.age_us == POLL_US + CONVERSION_US
    assert rig.reading.raw_mdegc == -68750


def test_a_bus_dead_from_the_start():
    rig = Rig(b"\x00\x00\x00\x00")
    assert rig.reading.status == states.DEAD_BUS
    assert rig.reading.sequence == 1
    assert rig.new_samples(30) == 3
    rig.bus.frame = GOOD
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.OK
    assert rig.reading.ended_age_us == POLL_US


def test_a_failed_transfer_is_a_dead_bus_and_releases_the_chip():
    rig = Rig()
    rig.bus.error = OSError(5)
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.DEAD_BUS
    assert no_numbers(rig.reading)
    assert rig.bus.level == 1
    assert rig.new_samples(20) == 2
    rig.bus.error = None
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.OK


def test_the_chip_is_selected_for_the_transfer_only():
    bus = Bus(GOOD)
    chip = Max31855(bus, bus, Linearise("K"))
    assert bus.level == 1
    chip.poll(0, Reading())
    assert bus.selected_reads == 1
    assert bus.level == 1


def test_the_sequence_wraps_at_16_bits():
    rig = Rig()
    rig.reading.sequence = 0xFFFF
    rig.bus.frame = ALSO_GOOD
    rig.poll()
    assert rig.reading.sequence == 0


def test_two_chips_may_share_one_buffer():
    shared = bytearray(4)
    warm = Bus(b"\x01\x90\x19\x00")
    cold = Bus(GOOD)
    first = Max31855(warm, warm, Linearise("K"), shared)
    second = Max31855(cold, cold, Linearise("K"), shared)
    readings = (Reading(), Reading())
    for i in range(5):
        first.poll(i * POLL_US, readings[0])
        second.poll(i * POLL_US, readings[1])
    assert readings[0].raw_mdegc == 25000
    assert readings[1].raw_mdegc == -68750
    assert readings[0].sequence == readings[1].sequence == 1


def test_a_buffer_of_another_length_is_refused():
    bus = Bus(GOOD)
    message = ""
    try:
        Max31855(bus, bus, Linearise("K"), bytearray(5))
    except ValueError as error:
        message = str(error)
    assert "4 bytes" in message


def test_each_byte_of_the_frame_has_its_place():
    rig = Rig(b"\x01\x90\x19\x50")  # 25 degC, cold junction 25.3125 degC
    assert rig.reading.raw_mdegc == 25_000
    assert rig.reading.cold_junction_mdegc == 25_312


def frame_of_a_max6675(mdegc):
    """Return what 32 clocks read from one: its 16 bits (0, 12 of 0.25 degC, open, id, state), then nothing."""
    word = mdegc // 250 << 3
    return bytes((word >> 8, word & 0xFF, 0, 0))


def test_a_max6675_in_its_place_is_refused_by_name_and_gives_no_number():
    rig = Rig(frame_of_a_max6675(33_000))
    for n in range(30):
        rig.bus.frame = frame_of_a_max6675(33_000 - 250 * (n & 3))
        rig.poll()
        assert rig.reading.status == states.OTHER_CHIP, n
        assert rig.reading.value_mdegc is None


def test_a_cold_junction_that_passes_through_0_degc_is_none():
    rig = Rig()
    for n in range(30):
        rig.bus.frame = frame_of_a_max6675(4_000 + 250 * (n & 3))
        rig.poll()
        assert rig.reading.status == states.OK
