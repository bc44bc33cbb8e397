"""How the MAX31856's driver decodes one frame after another: its bounds, and numbers compared with the chip's flags."""

import micropython
from cryo.core import reading as states
from cryo.core.reading import Reading
from cryo.drivers.max31856 import REGISTERS, Max31856

TC_LOW = 4


class Pins:
    """A bus and a chip select that these tests do not use."""

    def write_readinto(self, out, into):
        pass

    def value(self, level=None):
        return 1


class Frames:
    """A driver with its threshold at 4 degC; `decode` gives it a frame."""

    def __init__(self):
        pins = Pins()
        self.chip = Max31856(pins, pins, "K", 4_000)
        self.reading = Reading()

    def decode(self, mdegc, cold_junction_mdegc=25_000, flags=0):
        """Numbers are whole steps: 1/128 degC of the thermocouple, 1/64 of the cold junction."""
        code = mdegc * 128 // 1000 << 5
        cold = cold_junction_mdegc * 64 // 1000 << 2
        data = self.chip._data
        data[1], data[2] = cold >> 8 & 0xFF, cold & 0xFF
        data[3], data[4], data[5] = code >> 16 & 0xFF, code >> 8 & 0xFF, code & 0xFF
        self.chip._decode(flags, self.reading)
        return self.reading.status


def test_a_calibration_s_offset_is_in_the_value_and_not_in_the_raw_figure():
    frames = Frames()
    frames.chip.offset_mdegc = -1_500
    micropython.heap_lock()
    try:
        status = frames.decode(5_000)
    finally:
        micropython.heap_unlock()
    assert status == states.OK
    assert (frames.reading.value_mdegc, frames.reading.raw_mdegc) == (3_500, 5_000)
    # the chip's own threshold is compared with what the chip measured
    assert frames.decode(4_500, flags=0) == states.OK
    assert frames.decode(3_000, flags=TC_LOW) == states.OK


def test_both_ends_of_the_ranges_are_temperatures():
    for mdegc, cold_mdegc, status in (
        (150_000, 25_000, states.OK), (150_125, 25_000, states.OUT_OF_RANGE), (-150_000, 25_000, states.OK),
        (-150_125, 25_000, states.OUT_OF_RANGE), (20_000, 70_000, states.OK), (20_000, 70_125, states.CJ_IMPLAUSIBLE),
        (20_000, -10_000, states.OK), (20_000, -10_125, states.CJ_IMPLAUSIBLE),
    ):  # fmt: skip
        frames = Frames()
        assert frames.decode(mdegc, cold_mdegc, TC_LOW if mdegc < 4_000 else 0) == status, (mdegc, cold_mdegc)
        if status == states.OK:
            assert (frames.reading.value_mdegc, frames.reading.cold_junction_mdegc) == (mdegc, cold_mdegc)


def test_a_number_may_contradict_the_low_flag_by_so_much_and_once():
    for mdegc, flags, doubtful in (
        (6_500, TC_LOW, False),  # 2 degC of hysteresis and the tolerance
        (6_625, TC_LOW, True),
        (3_500, 0, False),  # the tolerance alone
        (3_375, 0, True),
        (4_000, 0, False),
        (4_250, 0, False),
    ):
        frames = Frames()
        assert frames.decode(mdegc, flags=flags) == states.OK
        for _ in range(2):
            assert frames.decode(mdegc, flags=flags) == (states.BAD_FRAME if doubtful else states.OK), mdegc
        assert frames.decode(20_000) == states.OK  # and a sound sample restarts the count
        assert frames.decode(mdegc, flags=flags) == states.OK


def test_without_drdy_a_change_of_any_byte_is_a_new_sample():
    frames = Frames()
    chip = frames.chip
    assert not chip._changed()  # the first one is only one to compare with
    for byte in range(1, 6):
        chip._data[byte] ^= 1
        assert chip._changed()
        assert not chip._changed()
    chip._data[6] ^= 1  # the flags are not the value
    assert not chip._changed()


def test_a_register_is_named_as_in_the_data_sheet():
    assert REGISTERS == ("CR0", "CR1", "MASK", "CJHF", "CJLF", "LTHFTH", "LTHFTL", "LTLFTH", "LTLFTL", "CJTO")
