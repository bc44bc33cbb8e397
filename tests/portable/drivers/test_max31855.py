"""MAX31855 frames and the record they fill; in MicroPython every decoding runs with the heap locked."""

import sys

import micropython
from cryo.core import reading as states
from cryo.core.reading import NO_VALUE, Reading
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import decode

CHIP_FAULTS = (states.OPEN, states.SHORT_GND, states.SHORT_VCC)


def halves(raw_code, cj_code):
    """Good frame as two halves, from signed codes of 0.25 and 0.0625 degC."""
    return (raw_code & 0x3FFF) << 2, (cj_code & 0xFFF) << 4


def decoded(high, low, kind="K"):
    """Reading after a good sample and then the given frame, decoded with the heap locked."""
    reading = Reading()
    linearise = Linearise(kind)
    decode(0xFBB4, 0x1900, reading, linearise)
    assert reading.status == states.OK
    micropython.heap_lock()
    try:
        decode(high, low, reading, linearise)
    finally:
        micropython.heap_unlock()
    return reading


def no_numbers(reading):
    numbers = (reading.value_mdegc, reading.raw_mdegc, reading.cold_junction_mdegc)
    return numbers == (NO_VALUE, NO_VALUE, NO_VALUE)


def test_the_codes_are_a_closed_set_with_names():
    for code in range(len(states.NAMES)):
        assert getattr(states, states.NAMES[code]) == code
    assert states.OK == 0


def test_nothing_read_yet_is_no_number_and_as_old_as_can_be():
    reading = Reading()
    assert reading.status == states.NEVER
    assert no_numbers(reading)
    assert reading.age_us == reading.ended_age_us == 0x20000000


def test_no_value_cannot_be_compared():
    refused = 0
    try:
        assert NO_VALUE < 4000
    except TypeError:
        refused += 1
    try:
        assert NO_VALUE > 4000
    except TypeError:
        refused += 1
    assert refused == 2


def test_vector():
    reading = decoded(0xFBB4, 0x1900)
    assert reading.status == states.OK
    assert reading.raw_mdegc == -68750
    assert reading.cold_junction_mdegc == 25000
    assert abs(reading.value_mdegc + 78470) < 100


def test_signs_below_zero():
    # The same codes without their sign would read 4095.75 and 255.9375 degC.
    reading = decoded(0xFFFC, 0xFFF0)
    assert reading.status == states.OK
    assert reading.raw_mdegc == -250
    assert reading.cold_junction_mdegc == -63
    assert -300 < reading.value_mdegc < -200
    assert decoded(0x0004, 0x0010).raw_mdegc == 250
    assert decoded(0x0004, 0x0010).cold_junction_mdegc == 62


def test_zero_degrees_is_a_temperature():
    reading = decoded(0x0000, 0x1900)
    assert reading.status == states.OK
    assert reading.raw_mdegc == 0
    # (1000.2 µV of the cold junction - 25 * 41.276 µV) / 39.45 µV per degC
    assert abs(reading.value_mdegc + 803) < 20
    reading = decoded(0x0000, 0x0010)  # the chip itself close to 0 degC
    assert reading.status == states.OK
    assert abs(reading.value_mdegc) < 30
    assert decoded(0x0004, 0x0000).status == states.OK  # and at 0 degC


class Zero:
    """A linearisation whose answer is always 0 degC."""

    def corrected_mdegc(self, raw_mdegc, cold_junction_mdegc):
        return 0


def test_a_corrected_value_of_zero_is_a_value():
    reading = Reading()
    decode(0xFBB4, 0x1900, reading, Zero())
    assert reading.status == states.OK
    assert reading.value_mdegc == 0


def test_a_silent_line_is_a_dead_bus():
    for word in (0x0000, 0xFFFF):
        reading = decoded(word, word)
        assert reading.status == states.DEAD_BUS
        assert no_numbers(reading)


def test_reserved_bits_make_a_bad_frame():
    for high, low in ((0xFBB6, 0x1900), (0xFBB4, 0x1908), (0xFBB7, 0x1901), (0xFBB5, 0x1909)):
        reading = decoded(high, low)
        assert reading.status == states.BAD_FRAME
        assert no_numbers(reading)


def test_a_cold_junction_no_clinic_has_is_refused():
    for cj_code in (-160, 0, 1120):
        high, low = halves(80, cj_code)
        assert decoded(high, low).status == states.OK
    for cj_code in (-2048, -161, 1121, 2047):
        high, low = halves(80, cj_code)
        reading = decoded(high, low)
        assert reading.status == states.CJ_IMPLAUSIBLE
        assert no_numbers(reading)


def test_a_code_beyond_the_linearisation_is_refused():
    for kind in ("K", "T"):
        for raw_code in (-8192, -2000, 2000, 8191):
            high, low = halves(raw_code, 400)
            reading = decoded(high, low, kind)
            assert reading.status == states.OUT_OF_RANGE
            assert no_numbers(reading)


def expected_status(fault, low_bits, plausible):
    if fault != (low_bits != 0):
        return states.BAD_FRAME
    if low_bits:
        return CHIP_FAULTS[0] if low_bits & 1 else CHIP_FAULTS[1] if low_bits & 2 else CHIP_FAULTS[2]
    return -1 if plausible else states.CJ_IMPLAUSIBLE  # -1: by the temperature


# Every code; in a 32-bit interpreter every third, from another start for each cold junction and fault.
STRIDE = 1 if sys.maxsize > 0x7FFFFFFF else 3
CJ_CODES = (-2048, -161, -160, -1, 0, 1, 400, 801, 1120, 1121, 2047)


def check_codes(reading, linearise, cj_code, d16, low_bits, start):
    """Decode the temperature codes from `start` on, heap locked; return how many were good."""
    status = expected_status(d16 == 1, low_bits, -160 <= cj_code <= 1120)
    low = (cj_code & 0xFFF) << 4 | low_bits
    cj_mdegc = (cj_code * 125) // 2
    good = 0
    last_mdegc = -0x20000000
    code = start - 8192
    micropython.heap_lock()
    try:
        while code < 8192:
            reading.value_mdegc = reading.raw_mdegc = reading.cold_junction_mdegc = 12345
            decode((code & 0x3FFF) << 2 | d16, low, reading, linearise)
            if reading.status == 0:
                assert status == -1
                assert reading.raw_mdegc == code * 250
                assert reading.cold_junction_mdegc == cj_mdegc
                assert reading.value_mdegc > last_mdegc
                last_mdegc = reading.value_mdegc
                good += 1
            else:
                assert reading.value_mdegc is None
                assert reading.raw_mdegc is None
                assert reading.cold_junction_mdegc is None
                if low == 0 and code == 0 and d16 == 0:
                    assert reading.status == 5  # all zeros: a dead bus
                elif status == -1:
                    assert reading.status == 8
                    assert code < -300 or code > 380  # the linearisation holds in between
                else:
                    assert reading.status == status
            code += STRIDE
    finally:
        micropython.heap_unlock()
    return good


def test_every_code_with_every_fault_and_many_cold_junctions():
    linearise = Linearise("K")
    reading = Reading()
    start = 0
    for cj_code in CJ_CODES:
        for d16 in (0, 1):
            for low_bits in range(8):
                good = check_codes(reading, linearise, cj_code, d16, low_bits, start)
                assert (good > 680 // STRIDE) == (d16 == 0 and low_bits == 0 and -160 <= cj_code <= 1120)
                start = (start + 1) % STRIDE


def test_every_code_of_type_t():
    linearise = Linearise("T")
    for cj_code in (0, 400, 801):
        assert check_codes(Reading(), linearise, cj_code, 0, 0, 0) > 680 // STRIDE


def test_reserved_bits_are_refused_with_every_code():
    linearise = Linearise("K")
    reading = Reading()
    micropython.heap_lock()
    try:
        code = 0
        while code < 0x4000:
            decode(code << 2 | 2, 0x1900, reading, linearise)
            assert reading.status == 6
            decode(code << 2, 0x1908, reading, linearise)
            assert reading.status == 6
            code += STRIDE
    finally:
        micropython.heap_unlock()
