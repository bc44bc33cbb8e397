"""When a MAX31856's sample was taken, what counts as a sample, and a bus or chip that fails; heap locked."""

from chip_max31856 import RESET
from cryo.core import reading as states
from cryo.drivers.max31856 import REGISTERS
from fake_max31856 import LONGEST_US, POLL_US, Rig, no_numbers


def test_zero_degc_is_a_temperature():
    for drdy in (True, False):
        rig = Rig(drdy=drdy, low_mdegc=-40_000)
        rig.fake.cj = 0
        rig.fake.code = 0x20
        rig.sample(25)
        rig.fake.code = 0
        assert rig.sample() == states.OK
        assert rig.reading.value_mdegc == rig.reading.cold_junction_mdegc == 0


def test_with_drdy_each_conversion_is_one_sample_though_its_value_stays():
    rig = Rig()
    assert rig.new_samples(98) == 10
    assert rig.reading.status == states.OK


def test_the_age_of_a_sample_counts_from_the_poll_before_it_and_a_whole_conversion():
    for mains_hz, longest_us in ((50, 110_000), (60, 90_000)):
        rig = Rig(mains_hz=mains_hz)
        rig.sample()
        assert rig.reading.ended_age_us == POLL_US
        assert rig.reading.age_us == POLL_US + longest_us
        rig.poll()
        assert rig.reading.ended_age_us == 2 * POLL_US
        assert rig.reading.age_us == 2 * POLL_US + longest_us


def test_no_sample_looks_younger_than_it_is():
    for drdy in (True, False):
        rig = Rig(drdy=drdy)
        random = 12345
        for _ in range(1500):
            random = (random * 1103 + 12345) & 0x7FFFF
            wait_us = 8_000 + (random >> 3) % 4_000
            if random & 0x1F000 == 0:
                wait_us += (random >> 3) % 90_000
            rig.fake.next_length_us = 70_000 + (random >> 3) % 40_001
            if rig.fake.running_us + wait_us >= rig.fake.length_us:
                rig.fake.code ^= 0x20
            rig.poll(wait_us)
            if rig.reading.status == states.OK:
                assert rig.reading.age_us >= rig.fake.begun_ago_us
                assert rig.reading.ended_age_us >= rig.fake.ended_ago_us
        assert rig.reading.sequence > 100


def test_no_conversion_is_lost_between_the_look_at_drdy_and_the_transfer():
    rig = Rig()
    assert rig.new_samples(9) == 0
    rig.fake.drdy.level = 1
    before = rig.fake.bytes
    rig.poll(1_000)
    assert rig.fake.bytes - before == 2  # the status alone: the value was not read


def test_drdy_that_never_comes_grows_old():
    rig = Rig()
    rig.sample()
    rig.fake.drdy_stuck = 1
    assert rig.new_samples(40) == 0
    assert rig.reading.age_us == 41 * POLL_US + LONGEST_US
    assert rig.reading.status == states.OK
    rig.new_samples(6, 0x0FFFFFFF)
    assert rig.reading.age_us == rig.reading.ended_age_us == 0x20000000


def test_drdy_that_reading_does_not_raise_is_no_sign_of_a_sample():
    rig = Rig()
    rig.sample()
    rig.fake.drdy_stuck = 0
    assert rig.new_samples(40) == 0
    assert rig.reading.age_us == 41 * POLL_US + LONGEST_US


def test_a_frozen_chip_grows_old_with_and_without_drdy():
    for drdy in (True, False):
        rig = Rig(drdy=drdy)
        assert rig.wiggle(30) >= 1
        rig.fake.frozen = True
        rig.wiggle(1)
        age_us = rig.reading.age_us
        assert rig.wiggle(100) == 0
        assert rig.reading.age_us == age_us + 100 * POLL_US
        assert rig.reading.status == states.OK


def test_without_drdy_the_first_value_is_only_one_to_compare_with():
    rig = Rig(drdy=False)
    rig.fake.convert()  # from before: its age is not known
    assert rig.new_samples(1) == 0
    assert rig.reading.status == states.NEVER
    assert rig.new_samples(30) == 0  # an unchanged value is not a sample
    rig.fake.code += 0x20
    assert rig.sample() == states.OK
    assert rig.reading.age_us == POLL_US + LONGEST_US


def test_what_was_measured_before_configure_is_no_sample():
    for drdy in (True, False):
        rig = Rig(drdy=drdy)
        rig.wiggle(9)
        rig.fake.convert()
        assert rig.chip.configure()
        assert rig.new_samples(8) == 0


def test_a_bus_that_dies_either_way_is_dead_at_the_read_back():
    for drdy in (True, False):
        for dead in (0x00, 0xFF):
            rig = Rig(drdy=drdy)
            rig.wiggle(30)
            rig.fake.dead = dead
            for _ in range(64):
                rig.poll()
                if rig.reading.status != states.OK:
                    break
            assert rig.reading.status == states.DEAD_BUS
            assert no_numbers(rig.reading)
            assert rig.new_samples(33) == 3
            rig.fake.dead = -1
            rig.wiggle(30)
            assert rig.reading.status == states.OK


def test_a_dead_bus_never_gives_a_new_sample_that_is_good():
    for drdy in (True, False):
        for dead in (0x00, 0xFF):
            rig = Rig(drdy=drdy)
            rig.wiggle(30)
            rig.fake.dead = dead
            sequence = rig.reading.sequence
            for _ in range(200):
                rig.poll()
                assert rig.reading.status == states.DEAD_BUS or rig.reading.sequence == sequence


def test_a_chip_that_was_reset_is_found_at_the_read_back():
    rig = Rig()
    rig.sample()
    rig.fake.regs[:] = bytearray(RESET)
    for _ in range(64):
        rig.poll()
    assert rig.reading.status == states.CONFIG_LOST
    assert REGISTERS[rig.chip.mismatch] == "CR0"
    rig.new_samples(30)
    assert rig.reading.status == states.CONFIG_LOST
    assert rig.chip.configure()
    assert rig.sample(12) == states.OK


def test_a_failed_transfer_is_a_dead_bus():
    rig = Rig()
    rig.sample()
    rig.fake.error = OSError(5)
    assert rig.new_samples(1) == 1
    assert rig.reading.status == states.DEAD_BUS
    assert no_numbers(rig.reading)
    assert rig.new_samples(22) == 2
    rig.fake.error = None
    assert rig.sample(12) == states.OK


def test_one_short_transfer_a_poll_and_the_read_back_now_and_then():
    rig = Rig()
    rig.poll()
    transfers, sent = rig.fake.transfers, rig.fake.bytes
    rig.new_samples(640)
    assert rig.fake.transfers - transfers == 640 + 10
    assert rig.fake.bytes - sent <= 640 * 2 + 66 * 5 + 10 * 11


def test_the_sequence_wraps_at_16_bits():
    rig = Rig()
    rig.reading.sequence = 0xFFFF
    rig.sample()
    assert rig.reading.sequence == 0


def test_a_sample_that_waited_unread_is_as_old_as_it_may_be():
    for drdy in (True, False):
        rig = Rig(drdy=drdy)
        rig.wiggle(30)
        rig.fake.error = OSError(5)
        rig.fake.length_us = rig.fake.next_length_us = 70_000
        sequence = rig.reading.sequence
        while rig.fake.begun_ago_us < 140_000 or rig.reading.sequence < sequence + 2:
            rig.wiggle(1)
            rig.fake.next_length_us = 1_000_000
        rig.fake.error = None
        rig.poll()
        assert rig.reading.status == states.OK
        assert rig.reading.ended_age_us >= rig.fake.ended_ago_us > 2 * POLL_US
        assert rig.reading.age_us >= rig.fake.begun_ago_us


def test_a_drdy_that_comes_loose_does_not_make_the_waiting_sample_young():
    rig = Rig()
    rig.sample()
    rig.fake.drdy_stuck = 0
    rig.new_samples(40)
    rig.fake.drdy_stuck = -1
    rig.fake.drdy.level = 0
    assert rig.new_samples(1) == 1
    assert rig.reading.ended_age_us == 41 * POLL_US


def test_one_bad_conversion_counts_once_whoever_tells_it():
    rig = Rig()
    rig.sample()
    rig.new_samples(8)
    rig.fake.regs[15] = 1
    assert rig.new_samples(1) == 1
    rig.fake.cj = -50 * 256
    assert rig.new_samples(2) == 0
    assert rig.reading.status == states.CJ_IMPLAUSIBLE
    rig = Rig()
    rig.fake.cj = -50 * 256
    assert rig.sample() == states.CJ_IMPLAUSIBLE
    rig.fake.regs[15] = 1
    assert rig.new_samples(5) == 0
    assert rig.reading.status == states.OPEN
