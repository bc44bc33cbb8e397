"""MAX31856: its set-up, its codes, its flags and its hardware cut-off; every poll has the heap locked."""

import sys

from chip_max31856 import Chip
from cryo.core import reading as states
from cryo.drivers.max31856 import REGISTERS, Max31856
from fake_max31856 import Bus, Rig, no_numbers


def refusal(*values):
    bus = Bus(Chip())
    try:
        Max31856(bus, bus, *values)
    except ValueError as error:
        return str(error)
    return ""


def test_other_chips_and_thermocouples_are_refused_by_name():
    for kind in ("B", "E", "J", "N", "R", "S", "k", "", None):
        assert repr(kind) in refusal(kind, 2_000)
    assert "below 0" in refusal("MAX6675", 2_000)
    assert "below 0" in refusal("K", 2_000, 50, None, None, "MAX6675")
    assert "MAX31865" in refusal("K", 2_000, 50, None, None, "MAX31865")
    assert "mains_hz" in refusal("K", 2_000, 55)
    assert "low_mdegc" in refusal("K", -100_001)
    assert "low_mdegc" in refusal("K", 40_001)
    assert refusal("T", 40_000) == refusal("K", -100_000) == ""


def test_the_set_up_that_the_chip_holds():
    for kind, mains_hz, cr0, cr1 in (("K", 50, 0x91, 3), ("T", 60, 0x90, 7)):
        regs = Rig(kind=kind, mains_hz=mains_hz, low_mdegc=2_000).fake.regs
        assert regs[0] == cr0
        assert regs[1] == cr1
        assert regs[2] & 0x3F == 0x38  # FAULT for low threshold, over- and undervoltage, open
        assert bytes(regs[3:5]) == b"\x46\xf6"  # 70 and -10 degC
        assert bytes(regs[5:7]) == b"\x09\x60"  # 150 degC
        assert bytes(regs[7:9]) == b"\x00\x20"  # 2 degC
        assert regs[9] == 0


def test_the_low_threshold_is_never_below_the_one_that_was_asked_for():
    for low_mdegc, code in ((0, 0), (1, 1), (62, 1), (63, 2), (-1, 0), (-62, 0), (-63, -1), (4_000, 64)):
        assert Rig(low_mdegc=low_mdegc).fake.signed(7) == code


def test_nothing_converts_before_the_set_up_is_complete():
    rig = Rig()
    on = [i for i, (at, value) in enumerate(rig.fake.written) if at == 0 and value & 0x80]
    assert on == [len(rig.fake.written) - 1]
    assert rig.fake.written[0][0] == 0


def test_configure_names_the_register_that_does_not_hold_what_was_written():
    for number in range(10):
        rig = Rig(configure=False, low_mdegc=-300_00)
        rig.fake.regs[number] ^= 0x35
        rig.fake.ignore = number
        assert not rig.chip.configure()
        assert rig.chip.mismatch == number
        rig.poll()
        assert rig.reading.status == states.CONFIG_LOST
    assert REGISTERS[0] == "CR0" and REGISTERS[7] == "LTLFTH" and REGISTERS[9] == "CJTO"


def test_configure_on_a_dead_bus():
    for dead in (0x00, 0xFF):
        rig = Rig(configure=False)
        rig.fake.dead = dead
        assert not rig.chip.configure()
        rig.poll()
        assert rig.reading.status == states.DEAD_BUS
    rig = Rig(configure=False)
    rig.fake.error = OSError(5)
    assert not rig.chip.configure()
    assert rig.fake.level == 1


class Failing:
    """A bus on which one transfer fails, after a number of good ones."""

    def __init__(self, transfer, left):
        self.left = left
        self._transfer = transfer

    def transfer(self, out, into):
        self.left -= 1
        if self.left == -1:
            raise OSError(5)
        self._transfer(out, into)


def test_configure_has_not_gone_well_when_any_of_its_transfers_failed():
    """Even if the registers hold the right values already: a chip that kept its power may be in the middle of work."""
    for number in range(5):
        rig = Rig()
        failing = Failing(rig.chip._transfer, number)
        rig.chip._transfer = failing.transfer
        assert not rig.chip.configure(), number
        assert rig.fake.level == 1 and failing.left < 0
        assert rig.chip.configure()
        assert rig.chip.mismatch == -1


def test_doubts_from_before_a_configuration_do_not_count():
    rig = Rig()
    for _ in range(3):
        rig.fake.fault_stuck = 0
        rig.poll()
        assert rig.reading.status in (states.NEVER, states.OK)
        rig.fake.fault_stuck = -1
        assert rig.chip.configure()
    rig = Rig(low_mdegc=2_000)
    rig.fake.forced_flags = 4
    for _ in range(3):
        assert rig.sample() == states.OK
        assert rig.chip.configure()


def test_a_chip_that_was_never_configured_gives_no_sample():
    rig = Rig(configure=False)
    rig.poll()
    assert rig.reading.status == states.CONFIG_LOST
    assert REGISTERS[rig.chip.mismatch] == "CR0"
    assert rig.chip.configure()
    assert rig.sample() == states.OK


def test_vectors_of_the_data_sheet():
    for code, mdegc in ((0x004000, 4_000), (0x019000, 25_000), (0xFB1800, -78_500), (0, 0), (0xFFFFE0, -8)):
        rig = Rig(low_mdegc=-100_000)
        rig.fake.code = code
        assert rig.sample() == states.OK
        assert rig.reading.value_mdegc == rig.reading.raw_mdegc == mdegc
        assert rig.reading.cold_junction_mdegc == 25_000


STRIDE = 97 if sys.maxsize > 0x7FFFFFFF else 1009


def test_every_so_many_codes_of_the_thermocouple():
    rig = Rig(fault=False, low_mdegc=-100_000)
    fake = rig.fake
    good = 0
    value = -0x40000
    while value < 0x40000:
        fake.code = (value << 5) & 0xFFFFFF
        fake.forced_flags = 4 if value < -12_800 else 0
        rig.poll(98_000)
        mdegc = value * 125 // 16
        if -150_000 <= mdegc <= 150_000:
            assert rig.reading.status == states.OK
            assert rig.reading.value_mdegc == mdegc
            good += 1
        else:
            assert rig.reading.status == states.OUT_OF_RANGE
            assert no_numbers(rig.reading)
        value += STRIDE
    assert abs(good - 2 * 19_200 // STRIDE) < 2


def test_cold_junction_codes():
    rig = Rig()
    for code in range(-0x2000, 0x2000, 37):
        rig.fake.cj = code << 2
        rig.poll(98_000)
        if -640 <= code <= 4_480:
            assert rig.reading.status == states.OK
            assert rig.reading.cold_junction_mdegc == code * 125 // 8
        else:
            assert rig.reading.status == states.CJ_IMPLAUSIBLE
            assert no_numbers(rig.reading)


def test_overvoltage_freezes_the_value_and_is_told():
    for drdy in (True, False):
        rig = Rig(drdy=drdy)
        rig.wiggle(30)
        assert rig.reading.status == states.OK
        rig.fake.causes = 2
        assert rig.wiggle(1) == 1
        assert rig.reading.status == states.VOLTAGE
        assert no_numbers(rig.reading)
        assert rig.wiggle(33) == 3  # once a conversion
        rig.fake.causes = 0
        rig.fake.regs[15] = 0
        rig.wiggle(1)
        assert rig.reading.status == states.VOLTAGE  # no value yet that is newer
        rig.wiggle(25)
        assert rig.reading.status == states.OK


def test_each_flag_has_its_status_at_the_poll_that_sees_it():
    for drdy in (True, False):
        for flag, status in (
            (0x01, states.OPEN),
            (0x02, states.VOLTAGE),
            (0x08, states.OUT_OF_RANGE),
            (0x10, states.CJ_IMPLAUSIBLE),
            (0x20, states.CJ_IMPLAUSIBLE),
            (0x40, states.OUT_OF_RANGE),
            (0x80, states.CJ_IMPLAUSIBLE),
        ):
            rig = Rig(drdy=drdy)
            rig.wiggle(30)
            rig.fake.regs[15] = rig.fake.forced_flags = flag
            assert rig.wiggle(1) == 1
            assert rig.reading.status == status
            assert no_numbers(rig.reading)
            assert rig.wiggle(10) == 0
            assert rig.wiggle(1) == 1
            rig.fake.regs[15] = rig.fake.forced_flags = 0
            rig.wiggle(21)
            assert rig.reading.status == states.OK


def test_every_combination_of_flags_but_the_low_one_is_bad():
    rig = Rig(fault=False)
    for flags in range(256):
        rig.fake.regs[15] = rig.fake.forced_flags = flags
        rig.sample(22)
        assert (rig.reading.status == states.OK) == (flags in (0, 4))
        rig.fake.forced_flags = 0
        rig.sample(22)
        rig.sample(22)


def test_below_the_threshold_the_chip_demands_the_cut_off_and_the_number_stays():
    for fault in (True, False):
        rig = Rig(fault=fault, low_mdegc=2_000)
        rig.fake.code = 0x002000  # 2.0 degC
        assert rig.sample() == states.OK
        assert rig.reading.cut == 0
        rig.fake.code = 0x001FE0
        assert rig.sample() == states.OK
        assert rig.fake.fault.level == 0
        assert rig.reading.cut == 1
        assert rig.reading.value_mdegc == 1_992
        rig.fake.code = 0x003FE0  # not released yet: 2 degC of hysteresis
        assert rig.sample() == rig.sample() == rig.sample() == states.OK
        assert rig.reading.cut == 1
        rig.fake.code = 0x004000
        assert rig.sample() == states.OK
        assert rig.reading.cut == 0


def test_where_the_pin_is_wired_to_channel_b_alone_each_of_its_flags_demands_the_cut_off():
    for fault in (True, False):
        for flag, cut in ((0x01, 1), (0x02, 1), (0x04, 1), (0x08, 0), (0x10, 0), (0x20, 0), (0x40, 0), (0x80, 0)):
            rig = Rig(fault=fault)
            rig.sample()
            rig.fake.regs[15] = rig.fake.forced_flags = flag
            rig.poll()
            assert rig.reading.cut == cut, (fault, flag)


def test_a_dead_bus_demands_no_cut_off():
    rig = Rig(fault=False)
    rig.sample()
    rig.fake.dead = 0xFF
    rig.poll()
    assert rig.reading.cut == 0 and rig.reading.status == states.DEAD_BUS


def test_the_pin_alone_demands_the_cut_off():
    rig = Rig()
    rig.sample()
    rig.fake.fault_stuck = 0
    rig.poll()
    assert rig.reading.cut == 1
    assert rig.reading.status == states.OK  # once may be a matter of timing
    rig.poll()
    assert rig.reading.cut == 1
    assert rig.reading.status == states.BAD_FRAME


def test_a_fault_pin_that_never_falls_is_found():
    rig = Rig()
    rig.fake.fault_stuck = 1
    assert rig.sample() == states.OK
    rig.fake.code = 0x001000
    rig.sample()
    rig.poll()
    assert rig.reading.cut == 1
    assert rig.reading.status == states.BAD_FRAME


def test_a_threshold_that_does_not_work_is_found_in_two_samples():
    rig = Rig(low_mdegc=2_000)
    rig.fake.flags_stuck_low = True
    rig.fake.code = 0x001000
    assert rig.sample() == states.OK
    assert rig.sample() == states.BAD_FRAME
    rig.fake.flags_stuck_low = False
    assert rig.sample() == states.OK


def test_a_low_flag_on_a_warm_value_is_found_in_two_samples():
    rig = Rig(low_mdegc=2_000)
    rig.fake.forced_flags = 4
    assert rig.sample() == states.OK
    assert rig.sample() == states.BAD_FRAME
    assert rig.reading.cut == 1


def test_every_bit_that_counts_is_read_back():
    for number in range(10):
        for bit in range(8):
            rig = Rig()
            rig.fake.regs[number] ^= 1 << bit
            for _ in range(65):
                rig.poll()
            ignored = (number == 0 and bit in (1, 6)) or (number == 1 and bit == 7) or (number == 2 and bit >= 6)
            if ignored:
                assert rig.chip.mismatch == -1
                assert rig.reading.status == states.OK
            else:
                assert rig.chip.mismatch == number
                assert rig.reading.status == states.CONFIG_LOST


def test_the_self_test_asks_the_chip_itself_each_time():
    rig = Rig()
    asked = rig.fake.transfers
    assert rig.chip.verified()
    assert rig.fake.transfers == asked + 1
    rig.fake.regs[7] ^= 0x10  # the hardware's threshold: no poll has looked since
    assert not rig.chip.verified()
    assert rig.chip.mismatch == 7
    rig.fake.regs[7] ^= 0x10
    assert rig.chip.verified()
    assert rig.chip.mismatch == -1
    for dead in (0x00, 0xFF):
        rig.fake.dead = dead
        assert not rig.chip.verified()
    rig.fake.dead = -1
    assert rig.chip.verified()
    rig.fake.error = OSError(5)
    assert not rig.chip.verified()
    rig.fake.error = None
    assert rig.chip.verified()
    assert rig.fake.level == 1


def test_doubts_that_do_not_follow_each_other_are_forgotten():
    rig = Rig()
    for _ in range(4):
        rig.fake.fault_stuck = 0
        rig.poll()
        rig.fake.fault_stuck = -1
        rig.poll()
        assert rig.reading.status in (states.NEVER, states.OK)
    rig = Rig(low_mdegc=2_000)
    rig.fake.code = 0x001000
    for _ in range(4):
        rig.fake.flags_stuck_low = True
        assert rig.sample() == states.OK
        rig.fake.flags_stuck_low = False
        assert rig.sample() == states.OK
