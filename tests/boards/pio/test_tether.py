"""The tether's PIO program beside the one-shot's and the lease's: a burst lasts only while the lease's edges come."""

import pytest

from cryo.core.records import RUNNING
from cryo.valve import OK
from host_tools.simulator.emulator.pio_blocks import PER_US, Blocks, Firmware, Pin
from host_tools.toolchain import pio_asm

DOSE, PULSE, LOOP_A, LOOP_B = 2, 3, 7, 8
LIMIT = 54 * PER_US  # last rising edge of the lease -> dose pin low
SHORT = 11 * PER_US // 5  # a burst that no lease holds

STOCK = (0xE000, 0xE040, 0x00C4, 0x0682, 0xE05F, 0x0688, 0xE000, 0xE040, 0x00C5, 0x0002)
STOCK_FIELDS = (0x0000_3000, 0x0000_0000, None, 2, None)


class Rig:
    """Both blocks as a board has them: one-shot 0, tether 1, lease 4; loops made."""

    def __init__(self, lease_divider=None):
        self.blocks = blocks = Blocks()
        self.firmware = Firmware(blocks)
        module = self.module = self.firmware.module
        pulse, loop_a, loop_b = (Pin(blocks, number) for number in (PULSE, LOOP_A, LOOP_B))
        self.valve = module.Valve(0, DOSE, loop_a, pulse)
        self.lease = module.Lease(4, pulse, loop_b)
        blocks.drive(LOOP_A, 1)
        blocks.drive(LOOP_B, 0)
        blocks.run_us(5)
        if lease_divider:
            self.firmware.machines[4].machine.registers.write_uint32(0, lease_divider << 16)

    def rest(self):
        """Let two seconds pass only for the port: so limits 5 and 6 are kept."""
        self.firmware.later_us += 2_000_000

    def start(self, us):
        """Lease and burst; return the cycle at which the dose pin rose."""
        self.rest()
        assert (self.valve.rearm(), self.lease.renew(), self.valve.fire(us)) == (OK, OK, OK)
        self.blocks.run_us(2)
        return self.blocks.edges_of(DOSE)[-1][0]

    def closed(self):
        """The cycle at which the dose pin fell; it must be the last edge, and the pin low."""
        cycle, level = self.blocks.edges_of(DOSE)[-1]
        assert level == 0 == self.blocks.level(DOSE)
        return cycle

    def last_rise(self):
        return max(cycle for cycle, level in self.blocks.edges_of(PULSE) if level)


@pytest.fixture
def rig():
    return Rig()


def test_the_words_are_those_of_the_stock_assembler(rig):
    program = rig.module.tether
    assert tuple(program[pio_asm.WORDS]) == STOCK
    assert tuple(program[pio_asm.EXECCTRL :]) == STOCK_FIELDS


def test_it_shares_a_block_with_the_one_shot(rig):
    assert len(rig.module.burst[pio_asm.WORDS]) + len(STOCK) <= pio_asm.MEMORY_WORDS


def test_it_never_drives_the_pin_high(rig):
    for _ in range(3):
        assert rig.lease.renew() == OK
        rig.blocks.run_us(25_000)
    assert rig.blocks.edges_of(PULSE)
    assert rig.blocks.edges_of(DOSE) == []


def test_a_burst_under_a_renewed_lease_keeps_its_width(rig):
    opened = rig.start(100_000)
    for _ in range(10):
        rig.blocks.run_us(10_000)
        assert rig.lease.renew() == OK
    assert abs(rig.closed() - opened - 100_000 * PER_US) <= PER_US
    assert rig.valve.result() == 0


@pytest.mark.parametrize("phase", range(0, 200 * 25, 397))
def test_a_lease_that_nobody_renews_takes_the_burst_with_it(phase):
    rig = Rig()
    rig.blocks.run(phase)
    opened = rig.start(500_000)
    rig.blocks.run_us(20_100)
    assert 0 < rig.closed() - rig.last_rise() <= LIMIT
    assert 19_000 * PER_US < rig.closed() - opened <= 20_000 * PER_US
    rig.blocks.run_us(100_000)
    assert len(rig.blocks.edges_of(DOSE)) == 2
    assert rig.valve.result() == RUNNING
    left = rig.valve.result()
    assert 370_000 < left < 380_000  # handed back at the time of asking: what the one-shot's count had left


def test_without_a_lease_a_burst_is_over_before_a_valve_moves(rig):
    for phase in range(4 * PER_US):
        assert rig.valve.rearm() == OK
        rig.blocks.run(phase)
        since = len(rig.blocks.edges)
        rig.rest()
        assert rig.valve.fire(400_000) == OK
        rig.blocks.run_us(10)
        edges = rig.blocks.edges_of(DOSE, since)
        assert [level for _, level in edges] in ([], [1, 0])
        if edges:
            assert edges[1][0] - edges[0][0] <= SHORT
        rig.valve.cut()


def test_an_open_channel_b_ends_the_burst_too(rig):
    rig.start(400_000)
    rig.blocks.run_us(1_000)
    at = rig.blocks.cycle
    rig.blocks.drive(LOOP_B, 1)
    rig.blocks.run_us(100)
    assert rig.closed() - at <= LIMIT


def test_the_lease_coming_back_does_not_bring_the_burst_back(rig):
    rig.start(400_000)
    rig.blocks.run_us(30_000)
    closed = rig.closed()
    assert rig.lease.renew() == OK
    rig.blocks.run_us(10_000)
    assert rig.closed() == closed


@pytest.mark.parametrize("level", [0, 1])
def test_a_level_is_no_edge(rig, level):
    """A lease pin stuck at either level, its state machine dead."""
    rig.start(400_000)
    rig.blocks.run_us(500)
    while rig.blocks.level(PULSE) != level:
        rig.blocks.run(1)
    rig.firmware.machines[4].active(0)
    at = rig.blocks.cycle
    rig.blocks.run_us(1_000)
    assert rig.closed() - at <= LIMIT
    assert rig.valve.result() == RUNNING and 0 < rig.valve.result() < 400_000
    assert rig.valve.rearm() == OK
    rig.rest()
    since = len(rig.blocks.edges)
    assert rig.valve.fire(400_000) == OK
    rig.blocks.run_us(10)
    edges = rig.blocks.edges_of(DOSE, since)
    assert [level for _, level in edges] in ([], [1, 0])
    assert not edges or edges[1][0] - edges[0][0] <= SHORT


@pytest.mark.parametrize(("slower", "holds"), [(25, True), (32, True), (36, False), (75, False)])
def test_edges_of_a_wrong_divider_hold_no_burst(slower, holds):
    """Divider of the lease's machine alone; 25 is its own. Over a third too slow, the burst ends.

    A slow system clock slows the tether as well, which then sees nothing: tests/boards/pio/test_slow_clock.py.
    """
    rig = Rig(slower)
    rig.start(400_000)
    rig.blocks.run_us(5_000)
    assert (rig.blocks.level(DOSE) == 1) == holds


def test_a_cut_by_the_tether_stays_cut_until_re_armed(rig):
    rig.start(400_000)
    rig.blocks.run_us(30_000)
    assert rig.valve.result() == RUNNING
    assert rig.valve.result() > 0
    assert rig.lease.renew() == OK
    rig.firmware.machines[0].machine.put(100_000)  # past the port
    rig.blocks.run_us(1_000)
    assert len(rig.blocks.edges_of(DOSE)) == 2
    assert rig.valve.rearm() == OK
    opened = rig.start(300)
    rig.blocks.run_us(400)
    assert abs(rig.closed() - opened - 300 * PER_US) <= PER_US
