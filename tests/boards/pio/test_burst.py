"""The dose valve's PIO program, cycle by cycle at 5 MHz, with the input synchroniser's two cycles."""

import pytest

from host_tools.simulator.emulator.pio_blocks import DIVIDER, PER_US, Blocks, Firmware
from host_tools.toolchain import pio_asm

DOSE, LOOP_A = 2, 7
LATENCY = PER_US * 3 // 2  # loop open -> pin low
ALL_ONES = 0xFFFF_FFFF

# What the assembler of MicroPython 1.28 made of the program on an RP2040.
STOCK = (
    0xE000, 0x80A0, 0x6033, 0x002A, 0x00C6, 0x000A, 0xE001, 0x004F, 0xE000, 0xE020, 0xE000,
    0xA0C3, 0x4033, 0x8000, 0x0000, 0x00D1, 0x000A, 0xA042, 0x00D4, 0x000A, 0x0007,
)  # fmt: skip
STOCK_FIELDS = (0x0000_0000, 0x0008_0000, None, 2, None)


class Rig:
    """The program on state machine 0, loop channel A made, not armed."""

    def __init__(self, divider=DIVIDER):
        self.blocks = Blocks()
        self.firmware = Firmware(self.blocks).module
        program = self.firmware.burst
        self.machine = self.blocks.load(0, program, DOSE, LOOP_A, divider)
        self.offset = program[pio_asm.OFFSET]
        self.blocks.drive(LOOP_A, 1)
        self.machine.start()
        self.blocks.run_us(1)

    def arm(self):
        self.machine.execute(self.offset + self.firmware._ARMED)

    def cut(self):
        self.machine.execute(self.offset + self.firmware._CUT)

    def fire(self, *words):
        """Arm and, once the program waits (so that its phase is known), queue words; return the number of edges."""
        self.arm()
        self.blocks.run(2 * DIVIDER)
        for word in words:
            self.machine.put(word)
        return len(self.blocks.edges)

    def widths(self, since=0):
        """Return the openings in cycles; the pin must be low at both ends."""
        edges = self.blocks.edges_of(DOSE, since)
        assert [level for _, level in edges] == [1, 0] * (len(edges) // 2)
        assert self.blocks.level(DOSE) == 0
        return [b - a for (a, _), (b, _) in zip(edges[::2], edges[1::2], strict=True)]

    def refill(self):
        """Back to the beginning: queues empty, loop made, not armed."""
        while self.machine.registers.tx_fifo.item_count:
            self.machine.execute(self.firmware._PULL_NOBLOCK)
        self.blocks.drive(LOOP_A, 1)
        self.blocks.run_us(1)


@pytest.fixture(scope="module")
def rig():
    return Rig()


def test_the_words_are_those_of_the_stock_assembler(rig):
    program = rig.firmware.burst
    assert tuple(program[pio_asm.WORDS]) == STOCK
    assert tuple(program[pio_asm.EXECCTRL :]) == STOCK_FIELDS


def test_the_pin_is_low_from_the_start_and_nothing_opens_unarmed():
    rig = Rig()
    rig.machine.put(100)
    rig.blocks.run_us(300)
    assert rig.widths() == []
    assert rig.machine.registers.tx_fifo.item_count == 1


@pytest.mark.parametrize("us", [*range(1, 20), 31, 32, 33, 255, 256, 257, 1000])
def test_an_opening_lasts_its_word_in_microseconds_and_two_instructions(rig, us):
    since = rig.fire(us)
    rig.blocks.run_us(us + 5)
    assert rig.widths(since) == [(5 * us + 2) * DIVIDER]
    assert rig.machine.get() == 0


@pytest.mark.parametrize("ms", [30, 60, 300, 500])
def test_width_error_of_real_bursts_is_within_one_microsecond(rig, ms):
    since = rig.fire(ms * 1000)
    rig.blocks.run_us(ms * 1000 + 5)
    (width,) = rig.widths(since)
    assert abs(width - ms * 1000 * PER_US) <= PER_US
    assert rig.machine.get() == 0


def test_four_words_of_ones_open_once_within_525_ms_and_the_rest_stays_queued():
    rig = Rig()
    rig.fire(*[ALL_ONES] * 4)
    rig.blocks.run_us(530_000)
    (width,) = rig.widths()
    assert 524_000 * PER_US < width <= 525_000 * PER_US
    assert rig.machine.registers.tx_fifo.item_count == 3


@pytest.mark.parametrize(("word", "us"), [(2**19 + 5, 5), (2**31 + 7, 7)])
def test_bits_beyond_the_19_are_dropped(rig, word, us):
    since = rig.fire(word)
    rig.blocks.run_us(50)
    assert rig.widths(since) == [(5 * us + 2) * DIVIDER]
    assert rig.machine.get() == 0


@pytest.mark.parametrize("word", [0, 2**19])
def test_a_zero_word_opens_nothing_and_ends_the_armed_state(rig, word):
    since = rig.fire(word, 20)
    rig.blocks.run_us(50)
    assert rig.widths(since) == []
    assert rig.machine.get() == 0
    assert rig.machine.registers.tx_fifo.item_count == 1
    rig.refill()


def test_an_open_loop_refuses_and_hands_everything_back(rig):
    rig.blocks.drive(LOOP_A, 0)
    rig.blocks.run_us(1)
    since = rig.fire(300_000, 20)
    rig.blocks.run_us(50)
    assert rig.widths(since) == []
    assert rig.machine.get() == 300_000
    rig.blocks.drive(LOOP_A, 1)
    rig.blocks.run_us(50)
    assert rig.widths(since) == []
    rig.refill()


def test_the_loop_closes_within_1500_ns_at_every_cycle_of_an_opening(rig):
    us = 6
    worst = 0
    opened = refused = 0
    for cycle in range((us + 2) * PER_US):
        since = rig.fire(us, us)
        rig.blocks.run(cycle)
        at = rig.blocks.cycle
        rig.blocks.drive(LOOP_A, 0)
        rig.blocks.run_us(4)
        rig.blocks.drive(LOOP_A, 1)
        rig.blocks.run_us(10)
        widths = rig.widths(since)
        left = rig.machine.get()
        assert len(widths) <= 1
        if widths:
            opened += 1
            worst = max(worst, rig.blocks.edges[-1][0] - at)
            assert abs((us - left) * PER_US - widths[0]) <= PER_US
        else:
            refused += 1
            assert left == us
        rig.refill()
    assert opened > us * PER_US and refused > 0
    assert worst <= LATENCY
    assert worst <= 1.02 * PER_US  # what the program's docstring says


def test_a_glitch_of_the_loop_ends_the_opening_for_good(rig):
    for cycle in range(PER_US):
        since = rig.fire(50, 50)
        rig.blocks.run(10 * PER_US + cycle)
        rig.blocks.drive(LOOP_A, 0)
        rig.blocks.run(3 * DIVIDER)  # the longest time between two looks
        rig.blocks.drive(LOOP_A, 1)
        rig.blocks.run_us(60)
        (width,) = rig.widths(since)
        assert width < 13 * PER_US
        assert 38 <= rig.machine.get() <= 41
        rig.refill()


def test_a_cut_closes_within_half_a_microsecond_at_every_cycle_and_queued_words_stay():
    rig = Rig()
    for cycle in range(PER_US):
        since = rig.fire(50, 50, 50)
        rig.blocks.run(10 * PER_US + cycle)
        at = rig.blocks.cycle
        rig.cut()
        rig.blocks.run_us(200)
        (width,) = rig.widths(since)
        assert rig.blocks.edges[-1][0] - at <= PER_US // 2
        assert abs((50 - rig.machine.get()) * PER_US - width) <= PER_US
        assert rig.machine.registers.tx_fifo.item_count == 2
        rig.refill()


def test_only_arming_opens_again_and_once(rig):
    since = rig.fire(10, 20, 30)
    rig.blocks.run_us(100)
    assert rig.widths(since) == [52 * DIVIDER]
    rig.arm()
    rig.blocks.run_us(100)
    assert rig.widths(since) == [52 * DIVIDER, 102 * DIVIDER]
    while rig.machine.registers.rx_fifo.item_count:
        rig.machine.get()
    rig.refill()


def test_a_cut_below_zero_reports_19_bits_never_more(rig):
    since = rig.fire(3)
    while rig.machine.registers.x != ALL_ONES:
        rig.blocks.run(1)
    rig.cut()
    rig.blocks.run_us(2)
    assert len(rig.widths(since)) == 1
    assert rig.machine.get() == 2**19 - 1


def test_a_report_without_room_is_dropped_and_never_waited_for():
    rig = Rig()
    for _ in range(5):
        rig.fire(1)
        rig.blocks.run_us(5)
    assert len(rig.widths()) == 5
    assert [rig.machine.get() for _ in range(4)] == [0] * 4
    rig.blocks.run_us(5)
    assert rig.machine.registers.rx_fifo.empty
