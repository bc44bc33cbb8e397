"""The processor's clock compared with the timer's while the application runs."""

import importlib
from unittest import mock

import pytest

from cryo.core import faults

SLOW_US = 250_000  # until a wrong clock is named


class Clock:
    """A processor's clock of `mhz`; its settings say 125."""

    MASK = 0xFFFFFF

    def __init__(self, virtual):
        self._virtual, self.mhz, self._from_us, self._cycles = virtual, 125, 0, 0

    def change(self, mhz):
        self._cycles = self.cycles()
        self._from_us = self._virtual.clock.now_us
        self.mhz = mhz

    def restart(self):
        self._cycles = 0
        self._from_us = self._virtual.clock.now_us

    def cycles(self):
        return int(self._cycles + (self._virtual.clock.now_us - self._from_us) * self.mhz) & self.MASK

    def hz(self):
        return self.mhz * 1_000_000


@pytest.fixture
def device(virtual, board):
    """A started applicator on such a clock; run(us) lets it tick."""
    board.clock = Clock(virtual)
    applicator = virtual.app.Applicator(board)
    applicator.start()
    applicator.inputs.self_test = 0
    applicator._test = mock.Mock()
    applicator.console.alive = True

    def run(us):
        until_us = virtual.clock.now_us + us
        while virtual.clock.now_us < until_us:
            applicator.step()

    applicator.run_for = run
    return applicator


@pytest.mark.parametrize("mhz", [48, 12, 6.5, 96, 115, 135, 250])
def test_a_clock_that_is_not_what_it_was_is_named_within_a_quarter_of_a_second(device, board, mhz):
    device.run_for(2_000_000)
    assert device.inputs.self_test == 0
    board.clock.change(mhz)
    device.run_for(SLOW_US)
    assert device.inputs.self_test == 2
    assert device.tested.startswith("FAILED CLOCK: ")
    assert device.supervisor.faults.latched.has(faults.SELF_TEST)


def test_the_test_that_failed_first_stays_told(device, board):
    device.tested = "FAILED ADC: the chip's temperature reads 120 degC"
    device.inputs.self_test = 2
    board.clock.change(48)
    device.run_for(SLOW_US)
    assert device.tested.startswith("FAILED ADC: ")


@pytest.mark.parametrize("mhz", [125, 121, 129])
def test_a_clock_within_a_twentieth_is_sound(device, board, mhz):
    board.clock.change(mhz)
    device.run_for(5_000_000)
    assert device.inputs.self_test == 0


def test_a_pixel_whose_writes_restart_the_counter_is_no_wrong_clock_and_hides_none(device, board):
    poll = device.panel.poll

    def written():
        poll()
        board.clock.restart()

    device.panel.poll = written
    device.run_for(3_000_000)
    assert device.inputs.self_test == 0
    board.clock.change(48)
    device.run_for(SLOW_US)
    assert device.inputs.self_test == 2


def test_late_ticks_and_long_breaks_prove_nothing(device, virtual, board):
    for late_us in (0, 3_000, 60_000, 140_000, 400_000, 3_000_000):
        for _ in range(8):
            virtual.hal.sleep_us(late_us)
            device.run_for(30_000)
    assert device.inputs.self_test == 0


def test_a_board_without_a_second_clock_is_let_be(virtual):
    assert importlib.import_module("cryo.clocks").Clocks(None).differ() is False
