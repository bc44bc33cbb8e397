"""When a MAX31856's sample was taken, what counts as one, and a bus or chip that dies; heap locked."""

from chip_max31856 import RESET
from cryo.core import reading as states
from cryo.drivers.max31856 import REGISTERS
from fake_max31856 import LONGEST_US, POLL_US, Bench, no_numbers


def test_zero_degc_is_a_temperature():
    for drdy in (True, False):
        bench = Bench(drdy=drdy, low_mdegc=-40_000)
        bench.fake.cj = 0
        bench.fake.code = 0x20
        bench.sample(25)
        bench.fake.code = 0
        assert bench.sample() == states.OK
        assert bench.reading.value_mdegc == bench.reading.cold_junction_mdegc == 0


def test_with_drdy_each_conversion_is_one_sample_though_its_value_stays():
    bench = Bench()
    assert bench.new_samples(98) == 10
    assert bench.reading.status == states.OK


def test_the_age_of_a_sample_counts_from_the_poll_before_it_and_a_whole_conversion():
    for mains_hz, longest_us in ((50, 110_000), (60, 90_000)):
        bench = Bench(mains_hz=mains_hz)
        bench.sample()
        assert bench.reading.ended_age_us == POLL_US
        assert bench.reading.age_us == POLL_US + longest_us
        bench.poll()
        assert bench.reading.ended_age_us == 2 * POLL_US
        assert bench.reading.age_us == 2 * POLL_US + longest_us


def test_no_sample_looks_younger_than_it_is():
    for drdy in (True, False):
        bench = Bench(drdy=drdy)
        random = 12345
        for _ in range(1500):
            random = (random * 1103 + 12345) & 0x7FFFF
            wait_us = 8_000 + (random >> 3) % 4_000
            if random & 0x1F000 == 0:
                wait_us += (random >> 3) % 90_000
            bench.fake.next_length_us = 70_000 + (random >> 3) % 40_001
            if bench.fake.running_us + wait_us >= bench.fake.length_us:
                bench.fake.code ^= 0x20
            bench.poll(wait_us)
            if bench.reading.status == states.OK:
                assert bench.reading.age_us >= bench.fake.begun_ago_us
                assert bench.reading.ended_age_us >= bench.fake.ended_ago_us
        assert bench.reading.sequence > 100


def test_no_conversion_is_lost_between_the_look_at_drdy_and_the_transfer():
    bench = Bench()
    assert bench.new_samples(9) == 0
    bench.fake.drdy.level = 1
    before = bench.fake.bytes
    bench.poll(1_000)
    assert bench.fake.bytes - before == 2  # the status alone: the value was not read


def test_drdy_that_never_comes_grows_old():
    bench = Bench()
    bench.sample()
    bench.fake.drdy_stuck = 1
    assert bench.new_samples(40) == 0
    assert bench.reading.age_us == 41 * POLL_US + LONGEST_US
    assert bench.reading.status == states.OK
    bench.new_samples(6, 0x0FFFFFFF)
    assert bench.reading.age_us == bench.reading.ended_age_us == 0x20000000


def test_drdy_that_reading_does_not_raise_is_no_sign_of_a_sample():
    bench = Bench()
    bench.sample()
    bench.fake.drdy_stuck = 0
    assert bench.new_samples(40) == 0
    assert bench.reading.age_us == 41 * POLL_US + LONGEST_US


def test_a_frozen_chip_grows_old_with_and_without_drdy():
    for drdy in (True, False):
        bench = Bench(drdy=drdy)
        assert bench.wiggle(30) >= 1
        bench.fake.frozen = True
        bench.wiggle(1)
        age_us = bench.reading.age_us
        assert bench.wiggle(100) == 0
        assert bench.reading.age_us == age_us + 100 * POLL_US
        assert bench.reading.status == states.OK


def test_without_drdy_the_first_value_is_only_one_to_compare_with():
    bench = Bench(drdy=False)
    bench.fake.convert()  # from before: how old it is, nobody knows
    assert bench.new_samples(1) == 0
    assert bench.reading.status == states.NEVER
    assert bench.new_samples(30) == 0  # a value that stays is no sample
    bench.fake.code += 0x20
    assert bench.sample() == states.OK
    assert bench.reading.age_us == POLL_US + LONGEST_US


def test_what_was_measured_before_configure_is_no_sample():
    for drdy in (True, False):
        bench = Bench(drdy=drdy)
        bench.wiggle(9)
        bench.fake.convert()
        assert bench.chip.configure()
        assert bench.new_samples(8) == 0


def test_a_bus_that_dies_either_way_is_dead_at_the_read_back():
    for drdy in (True, False):
        for dead in (0x00, 0xFF):
            bench = Bench(drdy=drdy)
            bench.wiggle(30)
            bench.fake.dead = dead
            for _ in range(64):
                bench.poll()
                if bench.reading.status != states.OK:
                    break
            assert bench.reading.status == states.DEAD_BUS
            assert no_numbers(bench.reading)
            assert bench.new_samples(33) == 3
            bench.fake.dead = -1
            bench.wiggle(30)
            assert bench.reading.status == states.OK


def test_a_dead_bus_never_gives_a_new_sample_that_is_good():
    for drdy in (True, False):
        for dead in (0x00, 0xFF):
            bench = Bench(drdy=drdy)
            bench.wiggle(30)
            bench.fake.dead = dead
            sequence = bench.reading.sequence
            for _ in range(200):
                bench.poll()
                assert bench.reading.status == states.DEAD_BUS or bench.reading.sequence == sequence


def test_a_chip_that_was_reset_is_found_at_the_read_back():
    bench = Bench()
    bench.sample()
    bench.fake.regs[:] = bytearray(RESET)
    for _ in range(64):
        bench.poll()
    assert bench.reading.status == states.CONFIG_LOST
    assert REGISTERS[bench.chip.mismatch] == "CR0"
    bench.new_samples(30)
    assert bench.reading.status == states.CONFIG_LOST
    assert bench.chip.configure()
    assert bench.sample(12) == states.OK


def test_a_failed_transfer_is_a_dead_bus():
    bench = Bench()
    bench.sample()
    bench.fake.error = OSError(5)
    assert bench.new_samples(1) == 1
    assert bench.reading.status == states.DEAD_BUS
    assert no_numbers(bench.reading)
    assert bench.new_samples(22) == 2
    bench.fake.error = None
    assert bench.sample(12) == states.OK


def test_one_short_transfer_a_poll_and_the_read_back_now_and_then():
    bench = Bench()
    bench.poll()
    transfers, sent = bench.fake.transfers, bench.fake.bytes
    bench.new_samples(640)
    assert bench.fake.transfers - transfers == 640 + 10
    assert bench.fake.bytes - sent <= 640 * 2 + 66 * 5 + 10 * 11


def test_the_sequence_wraps_at_16_bits():
    bench = Bench()
    bench.reading.sequence = 0xFFFF
    bench.sample()
    assert bench.reading.sequence == 0


def test_a_sample_that_waited_unread_is_as_old_as_it_may_be():
    for drdy in (True, False):
        bench = Bench(drdy=drdy)
        bench.wiggle(30)
        bench.fake.error = OSError(5)
        bench.fake.length_us = bench.fake.next_length_us = 70_000
        sequence = bench.reading.sequence
        while bench.fake.begun_ago_us < 140_000 or bench.reading.sequence < sequence + 2:
            bench.wiggle(1)
            bench.fake.next_length_us = 1_000_000
        bench.fake.error = None
        bench.poll()
        assert bench.reading.status == states.OK
        assert bench.reading.ended_age_us >= bench.fake.ended_ago_us > 2 * POLL_US
        assert bench.reading.age_us >= bench.fake.begun_ago_us


def test_a_drdy_that_comes_loose_does_not_make_the_waiting_sample_young():
    bench = Bench()
    bench.sample()
    bench.fake.drdy_stuck = 0
    bench.new_samples(40)
    bench.fake.drdy_stuck = -1
    bench.fake.drdy.level = 0
    assert bench.new_samples(1) == 1
    assert bench.reading.ended_age_us == 41 * POLL_US


def test_one_bad_conversion_counts_once_whoever_tells_it():
    bench = Bench()
    bench.sample()
    bench.new_samples(8)
    bench.fake.regs[15] = 1
    assert bench.new_samples(1) == 1
    bench.fake.cj = -50 * 256
    assert bench.new_samples(2) == 0
    assert bench.reading.status == states.CJ_IMPLAUSIBLE
    bench = Bench()
    bench.fake.cj = -50 * 256
    assert bench.sample() == states.CJ_IMPLAUSIBLE
    bench.fake.regs[15] = 1
    assert bench.new_samples(5) == 0
    assert bench.reading.status == states.OPEN
