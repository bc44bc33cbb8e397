"""SCD4x against a fake of the chip; every poll has the heap locked."""

from cryo.drivers import scd4x
from cryo.drivers.scd4x import NAMES
from fake_scd4x import ABSENT, MASK, PERIOD_US, POLL_US, STUCK, Rig, check_byte


def test_the_codes_are_a_closed_set_with_names():
    for code in range(len(NAMES)):
        assert getattr(scd4x, NAMES[code]) == code
    assert scd4x.OK == 0


def test_the_check_byte_is_the_data_sheets():
    assert check_byte(0xBE, 0xEF) == 0x92
    for word in range(0, 0x10000, 7):
        assert scd4x._crc(word >> 8, word & 0xFF) == check_byte(word >> 8, word & 0xFF), word


def test_the_first_result_comes_after_power_up_stop_and_one_period():
    rig = Rig()
    assert rig.quantity.status == scd4x.STARTING
    polls = rig.until(scd4x.OK)
    assert 650 <= polls <= 730
    assert rig.quantity.value == 650
    assert rig.fake.longest <= 3


def test_a_chip_that_the_last_run_left_measuring_is_stopped_and_started():
    rig = Rig()
    rig.fake.measuring = True
    rig.fake.busy_us = 0
    assert 0 < rig.until(scd4x.OK) <= 730


def test_a_chip_that_refuses_the_stop_because_it_rests_is_started():
    rig = Rig()
    rig.fake.stubborn = True
    assert 0 < rig.until(scd4x.OK) <= 730


def test_results_follow_each_other_and_few_transfers_are_made():
    rig = Rig().good()
    before = rig.fake.transfers
    results = rig.fake.results
    for ppm in (400, 1, 4_999, 5_000, 10_000, 40_000):
        rig.fake.ppm(ppm)
        assert 0 < rig.next() <= 600
        assert rig.quantity.status == scd4x.OK
        assert rig.quantity.value == ppm
    assert rig.fake.results - results == 6
    assert rig.fake.transfers - before <= 6 * 24


def test_zero_and_more_than_the_chip_can_give_are_no_values():
    for ppm, status in ((0, scd4x.NO_SAMPLE), (40_001, scd4x.OUT_OF_RANGE), (0xFFFF, scd4x.OUT_OF_RANGE)):
        rig = Rig().good()
        rig.fake.ppm(ppm)
        assert rig.next() > 0
        assert rig.quantity.status == status
        rig.fake.ppm(700)
        assert 0 < rig.next() <= 600
        assert rig.quantity.value == 700


def test_every_damaged_bit_of_a_result_is_found():
    for at in range(3):
        rig = Rig().good()
        for bit in range(8):
            rig.fake.flip_at = at
            rig.fake.flip = 1 << bit
            assert 0 < rig.next() <= 600
            assert rig.quantity.status == scd4x.BAD_FRAME, (at, bit)
        rig.fake.flip = 0
        assert 0 < rig.next() <= 600
        assert rig.quantity.status == scd4x.OK


def test_a_damaged_answer_whether_there_is_a_result_starts_the_chip_anew():
    rig = Rig().good()
    rig.fake.flip_ready = 0x10
    assert 0 < rig.next() <= 60
    assert rig.quantity.status == scd4x.BAD_FRAME
    rig.fake.flip_ready = 0
    assert 0 < rig.until(scd4x.OK) <= 730


def test_the_age_is_never_less_than_the_truth_and_stays_below_six_seconds_when_new():
    rig = Rig().good()
    random = 12345
    for i in range(20):
        random = (random * 1103 + 12345) & 0x7FFFF
        sequence = rig.quantity.sequence
        while rig.quantity.sequence == sequence:
            random = (random * 1103 + 12345) & 0x7FFFF
            rig.poll(1, POLL_US + (random >> 3) % 4_000 - 2_000)
        assert rig.quantity.status == scd4x.OK
        assert rig.fake.read_age_us <= rig.quantity.age_us <= PERIOD_US + 600_000, i


def test_a_chip_that_is_pulled_out_drops_its_number_at_once_and_comes_back():
    for error in (ABSENT, STUCK):
        rig = Rig().good()
        rig.fake.error = error
        assert 0 < rig.next() <= 51
        assert rig.quantity.status == scd4x.DEAD_BUS
        rig.fake.error = None
        rig.fake.power()
        assert rig.until(scd4x.OK) > 0


def test_a_chip_that_is_not_there_costs_two_transfers_each_back_off():
    rig = Rig()
    rig.fake.error = STUCK
    assert 150 <= rig.until(scd4x.DEAD_BUS) <= 152  # power-up, and the stop that may be refused
    rig.poll(100 + 50 + 200 + 50 + 400 + 50 + 800 + 50 + 1_600 + 50)
    assert rig.fake.transfers == 12
    rig.poll(10_000)
    assert rig.fake.transfers <= 12 + 2 * 7
    rig.fake.error = None
    assert 0 < rig.until(scd4x.OK) <= 1_600 + 50 + 600


def test_a_command_that_is_not_taken_whole_is_a_failure():
    for taken in (0, 1):
        rig = Rig().good()
        rig.fake.taken = taken
        assert rig.next() > 0
        assert rig.quantity.status == scd4x.DEAD_BUS
        rig.fake.taken = -1
        assert rig.until(scd4x.OK) > 0
        rig = Rig()  # the start too, which no answer follows
        rig.fake.taken = taken
        assert 150 <= rig.until(scd4x.DEAD_BUS) <= 152


def test_a_good_result_ends_the_long_waiting():
    rig = Rig()
    rig.fake.error = ABSENT
    rig.poll(2_000)
    rig.fake.error = None
    rig.good()
    rig.fake.error = ABSENT
    assert 0 < rig.until(scd4x.DEAD_BUS, 51)
    rig.fake.error = None
    assert 0 < rig.until(scd4x.OK) <= 730


def test_a_chip_that_was_reset_and_rests_is_told_and_started_again():
    rig = Rig().good()
    rig.fake.power()
    rig.fake.busy_us = 0
    age_us = rig.quantity.age_us
    rig.poll(1_000)
    assert rig.quantity.status == scd4x.OK  # the old one, and its age says so
    assert rig.quantity.age_us == age_us + 1_000 * POLL_US
    assert 0 < rig.until(scd4x.NO_ANSWER) <= 600
    assert 0 < rig.until(scd4x.OK) <= 760


def test_a_chip_that_does_not_measure_is_told_within_three_periods_and_a_half():
    rig = Rig()
    rig.fake.frozen = True
    assert 0 < rig.until(scd4x.NO_ANSWER) <= 1_750


def test_the_age_saturates():
    rig = Rig().good()
    rig.fake.error = ABSENT
    for _ in range(6):
        rig.poll(1, MASK // 4)
    assert rig.quantity.age_us == 0x1FFFFFFF


def test_the_sequence_wraps_at_16_bits():
    rig = Rig().good()
    rig.quantity.sequence = 0xFFFF
    assert rig.next() > 0
    assert rig.quantity.sequence == 0


def test_no_result_yet_is_an_answer_whatever_the_upper_bits_say():
    rig = Rig()
    for high in (0x80, 0x00):
        answer = bytes((high, 0, check_byte(high, 0)))

        def fill(address, buf, answer=answer):
            buf[0], buf[1], buf[2] = answer[0], answer[1], answer[2]

        rig.sensor._read = fill
        assert rig.sensor._hear() == scd4x.OK
