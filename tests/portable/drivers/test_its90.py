"""ITS-90 correction; in 32-bit MicroPython the locked heap refuses integers beyond 31 bits."""

import micropython
from cryo.drivers.its90 import CJ_MAX_MDEGC, CJ_MIN_MDEGC, Linearise

SLOPE_NV_PER_C = {"K": 41276, "T": 52180}
# Voltages in µV at -100, -50, -20, 0, 4, 25, 50, 60 and 100 degC, from the printed reference tables
# [S: NIST Monograph 175].
REFERENCE_C = (-100, -50, -20, 0, 4, 25, 50, 60, 100)
REFERENCE_UV = {
    "K": (-3554, -1889, -778, 0, 158, 1000, 2023, 2436, 4096),
    "T": (-3379, -1819, -757, 0, 156, 992, 2036, 2468, 4279),
}


def test_the_straight_line_errors_of_type_k_are_taken_out():
    linearise = Linearise("K")
    # raw, true, in mdegC at a cold junction of 25 degC; errors +0.60, +1.93, +4.99, +9.72 [C].
    for raw_mdegc, true_mdegc in ((4600, 4000), (-18070, -20000), (-45010, -50000), (-68780, -78500)):
        assert abs(linearise.corrected_mdegc(raw_mdegc, 25000) - true_mdegc) <= 20


def test_printed_reference_tables():
    for kind in ("K", "T"):
        linearise = Linearise(kind)
        emf_uv = REFERENCE_UV[kind]
        for cj in (3, 5, 6):  # 0, 25 and 50 degC
            for i in range(len(REFERENCE_C)):
                difference_nv = (emf_uv[i] - emf_uv[cj]) * 1000
                raw_mdegc = REFERENCE_C[cj] * 1000 + difference_nv * 1000 // SLOPE_NV_PER_C[kind]
                value_mdegc = linearise.corrected_mdegc(raw_mdegc, REFERENCE_C[cj] * 1000)
                # Two voltages rounded to 1 µV make 35 mdegC at -100 degC.
                assert abs(value_mdegc - REFERENCE_C[i] * 1000) <= 50


def test_no_voltage_reads_as_the_cold_junction():
    for kind in ("K", "T"):
        linearise = Linearise(kind)
        for cj_mdegc in range(CJ_MIN_MDEGC, CJ_MAX_MDEGC + 1, 125):
            assert abs(linearise.corrected_mdegc(cj_mdegc, cj_mdegc) - cj_mdegc) <= 20


def sweep(linearise, cj_mdegc):
    """Check every raw code: one unbroken supported range, rising. Return its lowest and highest value."""
    lowest = last = None
    ended = False
    raw_mdegc = -8192 * 250
    while raw_mdegc < 8192 * 250:
        value_mdegc = linearise.corrected_mdegc(raw_mdegc, cj_mdegc)
        if value_mdegc is None:
            ended = last is not None
        else:
            assert not ended
            if last is None:
                lowest = value_mdegc
            else:
                # One code is 0.25 degC times the chip's slope over the true one.
                assert 150 <= value_mdegc - last <= 800
            last = value_mdegc
        raw_mdegc += 250
    assert ended
    return lowest, last


def test_the_supported_range_is_unbroken_and_rises():
    for kind in ("K", "T"):
        linearise = Linearise(kind)
        for cj_mdegc in (-10000, 0, 25062, 50000, 70000):
            lowest, highest = sweep(linearise, cj_mdegc)
            assert -154000 < lowest < -149500
            assert 149500 < highest < 153000


def test_any_31_bit_integer_is_taken_without_allocating():
    extremes = (-0x40000000, -0x20000000, -200001, -200000, 0, 200000, 200001, 0x20000000, 0x3FFFFFFF)
    for kind in ("K", "T"):
        linearise = Linearise(kind)
        answered = 0
        micropython.heap_lock()
        try:
            for raw_mdegc in extremes:
                for cj_mdegc in extremes:
                    if linearise.corrected_mdegc(raw_mdegc, cj_mdegc) is not None:
                        answered += 1
            cj_mdegc = CJ_MIN_MDEGC
            while cj_mdegc <= CJ_MAX_MDEGC:
                raw_mdegc = -200000
                while raw_mdegc <= 200000:
                    linearise.corrected_mdegc(raw_mdegc, cj_mdegc)
                    raw_mdegc += 1500
                cj_mdegc += 437
        finally:
            micropython.heap_unlock()
        assert answered == 1  # 0 degC with a cold junction of 0 degC


def test_a_cold_junction_beyond_its_range_is_refused():
    linearise = Linearise("K")
    for cj_mdegc in (CJ_MIN_MDEGC - 1, CJ_MAX_MDEGC + 1):
        assert linearise.corrected_mdegc(20000, cj_mdegc) is None
    for cj_mdegc in (CJ_MIN_MDEGC, CJ_MAX_MDEGC):
        assert linearise.corrected_mdegc(20000, cj_mdegc) is not None


def test_other_types_are_refused_with_the_allowed_ones_named():
    for kind in ("MAX6675", "MAX31855", "J", "k", "", "KT", None, 3):
        message = ""
        try:
            Linearise(kind)
        except ValueError as error:
            message = str(error)
        assert "K or T" in message
        assert repr(kind) in message
