"""With a slow system clock, one-shot, tether and lease are equally late; parts that do not count it end the gas.

All three divide the one clock, so every divider is scaled together here. The times of monostable and opening timer are
those of boards/rp2040_pico/board.toml; the coil is that of host_tools/toolchain/board_check/timing.py.
"""

from itertools import pairwise

import pytest

from cryo.valve import OK
from host_tools.places import BOARDS
from host_tools.simulator.emulator.pio_blocks import PER_US, Blocks, Firmware, Pin
from host_tools.simulator.twin.hardware import Monostable
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.timing import (
    LEASE_MS,
    SLOWER,
    Selected,
    coil_share,
    duty,
    no_current_from,
    slow_clock_table,
)

DOSE, PULSE, LOOP_A, LOOP_B = 2, 3, 7, 8
TICK_US = 10_000
BOARD = load(BOARDS / "rp2040_pico")
TIMING = BOARD.design["timing"]
LEASE = Selected.of(TIMING["monostable"])
OPENING = Selected.of(TIMING["opening"])
LIMIT_17_US = 600_000


class Rig:
    """Both blocks of a board, on one slow clock. The processor renews the lease in every tick of 10 ms."""

    def __init__(self, slower):
        self.blocks = blocks = Blocks()
        firmware = Firmware(blocks, slower=slower)
        pulse, loop_a, loop_b = (Pin(blocks, number) for number in (PULSE, LOOP_A, LOOP_B))
        self.valve = firmware.module.Valve(0, DOSE, loop_a, pulse)
        self.lease = firmware.module.Lease(4, pulse, loop_b)
        blocks.drive(LOOP_A, 1)
        blocks.drive(LOOP_B, 0)
        blocks.run_us(50)
        firmware.later_us += 2_000_000
        assert (self.valve.rearm(), self.lease.renew()) == (OK, OK)
        blocks.run_us(10 * slower)  # a call of MicroPython takes as long at least

    def burst(self, us, slower):
        """Fire, and renew the lease until the opening is over; return how long the dose pin was high, us."""
        assert self.valve.fire(us) == OK
        left_us = us * slower + TICK_US
        while left_us > 0:
            self.blocks.run_us(TICK_US)
            left_us -= TICK_US
            self.lease.renew()
        (rose, _), (fell, _) = self.blocks.edges_of(DOSE)
        return (fell - rose) / PER_US

    def rising_us(self):
        return [cycle / PER_US for cycle, level in self.blocks.edges_of(PULSE) if level]


def high_share(rising_us, time_us):
    """Return the share of the time between first and last edge in which a monostable's Q is high."""
    monostable = Monostable(time_us)
    high_us = 0
    for at_us, next_us in pairwise(rising_us):
        monostable.edge(at_us)
        high_us += min(monostable.end_us, next_us) - at_us
    return high_us / (rising_us[-1] - rising_us[0])


@pytest.mark.parametrize("slower", SLOWER)
def test_after_a_hang_the_edges_end_when_the_table_says(slower):
    rig = Rig(slower)
    rig.lease.renew()
    renewed_us = rig.blocks.cycle / PER_US
    rig.blocks.run_us(25_000 * slower)
    assert rig.rising_us()[-1] - renewed_us == pytest.approx(LEASE_MS * 1000 * slower, rel=0.02)


@pytest.mark.parametrize("slower", SLOWER)
def test_all_that_counts_the_clock_is_late_alike_and_the_coil_lets_go_at_the_stated_border(slower):
    rig = Rig(slower)
    high_us = rig.burst(40_000, slower)
    assert abs(high_us - 40_000 * slower) <= 1 + slower  # the tether is as slow as the edges: it never ends it
    rising_us = rig.rising_us()
    apart_us = {round(b - a, 2) for a, b in pairwise(rising_us)}
    assert apart_us == {round(TIMING["edges_us"] * slower, 2)}
    shares = [high_share(rising_us, us) for us in (LEASE.least_us, LEASE.most_us)]
    reckoned = [duty(us, TIMING["edges_us"], slower) for us in (LEASE.least_us, LEASE.most_us)]
    assert shares == pytest.approx(reckoned, abs=0.001)
    border = no_current_from(LEASE.most_us, TIMING["edges_us"])
    assert (coil_share(shares[1]) == 0) == (slower > border)
    assert (shares[0] == 1) == (slower < LEASE.least_us / TIMING["edges_us"])


def test_a_burst_on_a_clock_of_half_the_speed_lasts_a_second_at_the_pin_and_not_600_ms_at_the_driver():
    rig = Rig(2)
    high_us = rig.burst(500_000, 2)
    assert abs(high_us - 1_000_000) <= 3
    assert coil_share(high_share(rig.rising_us(), LEASE.most_us)) > 0.5  # the shut-off may stay open: no end at all
    timer = Monostable(OPENING.most_us)
    timer.edge(0)
    assert min(high_us, timer.end_us) <= LIMIT_17_US


def test_the_opening_timer_cuts_no_burst_that_the_one_shot_allows():
    assert TIMING["one_shot_us"] < OPENING.least_us < OPENING.most_us < LIMIT_17_US


def test_a_lease_that_nobody_renews_ends_with_a_slow_clock_too_and_takes_the_burst_with_it():
    rig = Rig(4)
    assert rig.valve.fire(500_000) == OK
    rig.blocks.run_us(100_000)
    (rose, _), (fell, level) = rig.blocks.edges_of(DOSE)
    assert level == 0 and (fell - rose) / PER_US < 4 * 20_000
    assert rig.rising_us()[-1] - rose / PER_US < 4 * 20_000


def test_the_board_s_page_has_the_table():
    page = (BOARDS / "rp2040_pico/README.md").read_text().splitlines()
    table = slow_clock_table(BOARD)
    at = page.index(table[0])
    assert page[at : at + len(table)] == table
