"""The lease's PIO program, cycle by cycle at 5 MHz, with the input synchroniser's two cycles."""

from itertools import pairwise

import pytest

from host_tools.places import BOARDS
from host_tools.simulator.emulator.pio_blocks import PER_US, Blocks, Firmware
from host_tools.simulator.twin.pin_plant import MONOSTABLE_US
from host_tools.toolchain import pio_asm
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.timing import HOLDS

PULSE, LOOP_B = 3, 8
HALF = 19 * PER_US
PERIOD = 38 * PER_US
LIMIT = 20_000 * PER_US
ALL_ONES = 0xFFFF_FFFF

# What the assembler of MicroPython 1.28 made of the program on an RP2040.
STOCK = (
    0xE000, 0x80A0, 0x6029, 0x0020, 0x00C0, 0xE001, 0xE05E, 0x00C0,
    0x0187, 0xE000, 0xE15C, 0x00C0, 0x018B, 0x004E, 0x8080,
)  # fmt: skip
STOCK_FIELDS = (0x0000_E100, 0x0008_0000, None, 2, None)


class Rig:
    """The program on state machine 4, channel B made (low)."""

    def __init__(self):
        self.blocks = Blocks()
        self.firmware = Firmware(self.blocks).module
        self.machine = self.blocks.load(4, self.firmware.lease, PULSE, LOOP_B)
        self.blocks.drive(LOOP_B, 0)
        self.machine.start()
        self.blocks.run_us(1)

    def edges(self, since=0):
        """Return the cycles of the edges; the first must rise, and the pin be low now."""
        edges = self.blocks.edges_of(PULSE, since)
        assert [level for _, level in edges] == [1, 0] * (len(edges) // 2)
        assert self.blocks.level(PULSE) == 0
        return [cycle for cycle, _ in edges]


@pytest.fixture
def rig():
    return Rig()


def gaps(edges):
    return {b - a for a, b in pairwise(edges)}


def test_the_words_are_those_of_the_stock_assembler(rig):
    program = rig.firmware.lease
    assert tuple(program[pio_asm.WORDS]) == STOCK
    assert tuple(program[pio_asm.EXECCTRL :]) == STOCK_FIELDS


def test_the_two_programs_fit_their_blocks_and_say_their_period(rig):
    assert len(rig.firmware.burst[pio_asm.WORDS]) <= pio_asm.MEMORY_WORDS
    assert len(rig.firmware.lease[pio_asm.WORDS]) <= pio_asm.MEMORY_WORDS
    assert rig.firmware.LEASE_PERIOD_US * PER_US == PERIOD


def test_low_and_still_without_a_word(rig):
    rig.blocks.run_us(1000)
    assert rig.edges() == []


@pytest.mark.parametrize("word", [1, 2, 3, 100, 2**9 + 5])
def test_a_word_gives_as_many_periods_of_regular_edges(rig, word):
    rig.machine.put(word)
    rig.blocks.run_us(25_000)
    edges = rig.edges()
    assert len(edges) == 2 * (word % 2**9)
    assert gaps(edges) == {HALF}


@pytest.mark.parametrize("word", [0, 2**9, 2**31])
def test_a_word_of_no_periods_gives_no_edge_and_ends_a_lease(rig, word):
    rig.machine.put(word)
    rig.blocks.run_us(100)
    assert rig.edges() == []
    rig.machine.put(300)
    rig.blocks.run_us(1000)
    rig.machine.put(word)
    at = rig.blocks.cycle
    rig.blocks.run_us(20_000)
    edges = rig.edges()
    assert edges[-1] - at <= PERIOD
    assert gaps(edges) == {HALF}


@pytest.mark.parametrize("words", [1, 2, 3, 4])
def test_words_of_ones_end_within_20_ms_however_many_are_queued(rig, words):
    for _ in range(words):
        rig.machine.put(ALL_ONES)
    at = rig.blocks.cycle
    rig.blocks.run_us(100_000)
    edges = rig.edges()
    assert 19_000 * PER_US < edges[-1] - at <= LIMIT
    assert gaps(edges) == {HALF}


@pytest.mark.parametrize("renewals", [1, 9])
@pytest.mark.parametrize("every_us", [50, 333, 10_000])
def test_a_renewal_replaces_and_never_adds(rig, renewals, every_us):
    rig.machine.put(511)
    for _ in range(renewals):
        rig.blocks.run_us(every_us)
        rig.machine.put(511)
    at = rig.blocks.cycle
    rig.blocks.run_us(60_000)
    edges = rig.edges()
    assert 19_000 * PER_US < edges[-1] - at <= LIMIT
    assert gaps(edges) == {HALF}


def test_a_shorter_renewal_shortens(rig):
    rig.machine.put(511)
    rig.blocks.run_us(1000)
    rig.machine.put(3)
    at = rig.blocks.cycle
    rig.blocks.run_us(20_000)
    assert 2 * PERIOD <= rig.edges()[-1] - at <= 4 * PERIOD


def test_channel_b_ends_the_edges_within_1500_ns_at_every_cycle(rig):
    worst = 0
    for cycle in range(PERIOD + 3 * PER_US):
        since = len(rig.blocks.edges)
        rig.machine.put(5)
        rig.blocks.run(cycle)
        at = rig.blocks.cycle
        rig.blocks.drive(LOOP_B, 1)
        rig.blocks.run_us(3)
        edges = rig.edges(since)
        if edges:
            worst = max(worst, edges[-1] - at)
            assert max(gaps(edges)) <= HALF
        rig.blocks.drive(LOOP_B, 0)
        rig.blocks.run_us(1)
        assert rig.edges(since) == edges
    assert 0 < worst <= 1.5 * PER_US
    assert worst <= 0.82 * PER_US  # what the program's docstring says


def test_an_open_channel_b_swallows_every_word(rig):
    rig.blocks.drive(LOOP_B, 1)
    rig.blocks.run_us(1)
    for _ in range(4):
        rig.machine.put(511)
    rig.blocks.run_us(100)
    assert rig.machine.registers.tx_fifo.item_count == 0
    rig.blocks.drive(LOOP_B, 0)
    rig.blocks.run_us(1000)
    assert rig.edges() == []


def test_a_larger_divider_only_slows_the_edges():
    rig = Rig()
    rig.blocks = Blocks()
    firmware = Firmware(rig.blocks).module
    rig.machine = rig.blocks.load(4, firmware.lease, PULSE, LOOP_B, 250)
    rig.blocks.drive(LOOP_B, 0)
    rig.machine.start()
    rig.machine.put(2)
    rig.blocks.run_us(2000)
    assert gaps(rig.edges()) == {10 * HALF}


def test_the_edges_come_well_within_the_shortest_monostable_s_time(rig):
    timing = load(BOARDS / "rp2040_pico").design["timing"]
    shortest_us, longest_us = timing["monostable"]["us"]
    rig.machine.put(100)
    rig.blocks.run_us(5_000)
    (apart,) = gaps(rig.edges()[::2])
    assert apart == timing["edges_us"] * PER_US
    assert HOLDS * apart <= shortest_us * PER_US
    assert longest_us == MONOSTABLE_US  # the twin has the longest
