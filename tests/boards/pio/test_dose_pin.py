"""The dose pin is connected to another function, or driven by another part: a cut takes it back, and reports it."""

import pytest

from cryo.core.records import RUNNING
from cryo.valve import CUT, DEAD, OK
from host_tools.simulator.emulator.pio_blocks import PER_US
from host_tools.toolchain import pio_asm
from tests.boards.found import PIO_BOARDS
from tests.boards.pio.test_valve_port import DOSE, Rig

IO_CTRL = 0x4001_4000 + 8 * DOSE + 4
SIO_OUT_SET, SIO_OE_SET = 0xD000_0014, 0xD000_0024
PINDIRS_0 = 0xE080  # set(pindirs, 0)


@pio_asm.module(None).asm_pio(set_init=pio_asm.PIO.OUT_LOW)
def driver():
    """A program that drives its pin high for ever."""
    set(pins, 1)  # noqa: F821  # pyright: ignore


def by_sio(rig):
    rig.blocks.chip.write_uint32(SIO_OUT_SET, 1 << DOSE)
    rig.blocks.chip.write_uint32(SIO_OE_SET, 1 << DOSE)
    rig.blocks.chip.write_uint32(IO_CTRL, 5)


def by_the_override(rig):
    rig.blocks.chip.write_uint32(IO_CTRL, 0x3306)


def by_the_inverter(rig):
    rig.blocks.chip.write_uint32(IO_CTRL, 0x0106)


def by_a_higher_machine(rig):
    pad = rig.blocks.chip.gpio[DOSE]
    function = pad.ctrl  # the blocks' loader sets it as the constructor of a StateMachine does
    machine = rig.blocks.load(3, driver, DOSE, DOSE)
    pad.ctrl = function
    machine.start()


WAYS = (by_sio, by_the_override, by_the_inverter, by_a_higher_machine)


@pytest.fixture(params=PIO_BOARDS)
def rig(request):
    return Rig(request.param)


def high_us(rig, since):
    """Return how long the pin was high from the cycle `since` until now."""
    total, at, level = 0, since, 0
    for cycle, now in [*rig.blocks.edges_of(DOSE), (rig.blocks.cycle, 0)]:
        if level and cycle > since:
            total += cycle - max(at, since)
        at, level = cycle, now
    return total / PER_US


@pytest.mark.parametrize("take", WAYS)
@pytest.mark.parametrize("at_us", [100, 1_500])
def test_a_cut_takes_the_pin_back_and_says_so(rig, take, at_us):
    """Taken within the opening, and after its end; cut 2 ms after it began, as by a tick."""
    rig.fire(1_000)
    rig.blocks.run_us(at_us)
    take(rig)
    rig.blocks.run_us(2_000 - at_us)
    if take is not by_the_inverter:
        assert rig.blocks.level(DOSE) == 1
    before = rig.blocks.cycle
    assert rig.valve.cut() == DEAD
    assert rig.blocks.level(DOSE) == 0
    assert high_us(rig, before) <= 3
    for _ in range(5):  # never opened again, and never called sound again
        rig.blocks.run_us(1_000)
        rig.rest()
        assert (rig.valve.cut(), rig.valve.rearm(), rig.valve.fire(1_000)) == (DEAD, DEAD, CUT)
    assert high_us(rig, before) <= 3


@pytest.mark.parametrize("take", WAYS)
def test_a_pin_taken_between_two_bursts_is_not_re_armed(rig, take):
    rig.fire(100)
    rig.blocks.run_us(200)
    assert rig.valve.cut() == OK
    take(rig)
    rig.blocks.run_us(100)
    before = rig.blocks.cycle
    rig.rest()
    assert (rig.valve.rearm(), rig.valve.fire(1_000)) == (DEAD, CUT)
    rig.blocks.run_us(2_000)
    assert high_us(rig, before) <= 20  # some calls


def still(rig):
    """The block's clock stands: nothing moves, whatever is written to it."""
    for number in (1, 2):
        rig.firmware.machines[number].active(0)
        rig.firmware.machines[number].exec = lambda word: None


def overwritten(rig):
    """Let every word of the block's memory set the pin."""
    block = rig.blocks.chip.pio[0]
    block.instructions[:] = [0xE001] * len(block.instructions)


@pytest.mark.parametrize("lose", [still, overwritten])
def test_a_cut_closes_without_the_block_of_the_one_shot(rig, lose):
    rig.fire(1_000)
    rig.blocks.run_us(100)
    lose(rig)
    rig.blocks.run_us(2_000)
    assert rig.blocks.level(DOSE) == 1  # neither one-shot nor tether ends it
    assert rig.valve.result() == RUNNING
    assert rig.valve.cut() == DEAD
    assert rig.blocks.level(DOSE) == 0
    rig.blocks.run_us(1_000)
    assert rig.blocks.level(DOSE) == 0


def test_a_higher_machine_never_reaches_a_pin_that_is_cut(rig):
    assert rig.valve.cut() == OK
    by_a_higher_machine(rig)
    rig.blocks.run_us(1_000)
    assert rig.blocks.level(DOSE) == 0
    assert rig.valve.cut() == DEAD


def test_a_cut_pin_is_driven_low_whatever_its_direction(rig):
    rig.fire(1_000)
    rig.blocks.run_us(100)
    rig.dose_machine.exec(PINDIRS_0)
    assert rig.blocks.level(DOSE) is None
    rig.valve.cut()
    assert rig.blocks.level(DOSE) == 0


@pytest.mark.parametrize("take", [by_sio, lambda rig: None])
def test_a_pin_that_cannot_be_taken_back_is_a_dead_port_in_every_tick(rig, take):
    rig.fire(1_000)
    rig.blocks.run_us(100)
    take(rig)
    io = rig.blocks.chip.peripherals[0x40014]
    stock, io.write_uint32 = io.write_uint32, lambda offset, value: None
    assert [rig.valve.cut() for _ in range(3)][1:] == [DEAD] * 2
    assert rig.blocks.level(DOSE) == (take is by_sio)
    io.write_uint32 = stock
    assert rig.valve.cut() == DEAD
    assert rig.blocks.level(DOSE) == 0


def test_a_sound_pin_is_never_called_dead(rig):
    for us in (10, 50, 100):
        rig.fire(us)
        rig.blocks.run_us(us // 2)
        assert rig.valve.cut() == OK
        rig.fire(us)
        rig.blocks.run_us(us + 20)
        assert [rig.valve.cut() for _ in range(3)] == [OK] * 3
