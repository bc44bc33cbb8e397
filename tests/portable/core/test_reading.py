"""The record of a temperature channel: its ages saturate and its sequence wraps."""

import micropython
from cryo.core.reading import AGE_MAX_US, BAD_FRAME, NO_VALUE, OK, Reading

CONVERSION_US = 100_000


def renewed(ended_us, conversion_us=CONVERSION_US):
    reading = Reading()
    micropython.heap_lock()
    try:
        reading.renew(ended_us, conversion_us)
    finally:
        micropython.heap_unlock()
    return reading.ended_age_us, reading.age_us


def test_the_age_of_a_new_sample_counts_from_the_begin_of_its_conversion():
    assert renewed(0) == (0, CONVERSION_US)
    assert renewed(10_000) == (10_000, 110_000)
    assert renewed(0, 0) == (0, 0)


def test_the_ages_of_a_new_sample_saturate_each_alone():
    last = AGE_MAX_US - CONVERSION_US
    assert renewed(last - 1) == (last - 1, AGE_MAX_US - 1)
    assert renewed(last) == (last, AGE_MAX_US)
    assert renewed(last + 1) == (last + 1, AGE_MAX_US)
    assert renewed(AGE_MAX_US) == (AGE_MAX_US, AGE_MAX_US)
    assert renewed(AGE_MAX_US + 5) == (AGE_MAX_US, AGE_MAX_US)


def test_a_sample_ages_until_its_ages_saturate():
    reading = Reading()
    reading.renew(0, CONVERSION_US)
    reading.grow(10_000)
    assert (reading.ended_age_us, reading.age_us) == (10_000, 110_000)
    reading.grow(AGE_MAX_US - 110_001)
    assert (reading.ended_age_us, reading.age_us) == (AGE_MAX_US - 100_001, AGE_MAX_US - 1)
    reading.grow(2)
    assert (reading.ended_age_us, reading.age_us) == (AGE_MAX_US - 99_999, AGE_MAX_US)
    for _ in range(3):
        reading.grow(AGE_MAX_US)
        assert (reading.ended_age_us, reading.age_us) == (AGE_MAX_US, AGE_MAX_US)


def test_the_sequence_counts_every_sample_and_wraps_at_16_bits():
    reading = Reading()
    for expected in (1, 2, 3):
        reading.renew(0, 0)
        assert reading.sequence == expected
    reading.sequence = 0xFFFF
    reading.renew(0, 0)
    assert reading.sequence == 0


def test_a_bad_sample_leaves_no_number():
    reading = Reading()
    reading.status = OK
    reading.value_mdegc = reading.raw_mdegc = reading.cold_junction_mdegc = 20_000
    reading.renew(0, CONVERSION_US)
    reading.invalidate(BAD_FRAME)
    assert reading.status == BAD_FRAME
    assert reading.value_mdegc is reading.raw_mdegc is reading.cold_junction_mdegc is NO_VALUE
    assert (reading.sequence, reading.age_us) == (1, CONVERSION_US)
