"""The PIO programs alone: stepped cycle by cycle, without processor and image."""

import sys
from typing import Any

from host_tools.places import FIRMWARE, STANDIN
from host_tools.simulator.emulator.pio_blocks import Blocks, Firmware

BURSTS_MS = (30, 60, 300, 500)
PHASES = 75  # cycles of the system clock over which the loop's opening is moved: three instructions of the program
OPEN_US = 40
DOSE, LOOP_A = 2, 7


def _burst():
    """Return (blocks, module, program, machine) of the burst program, which waits for a word."""
    for folder in (FIRMWARE, STANDIN):  # the program's module imports its limits and micropython
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    blocks = Blocks()
    module: Any = Firmware(blocks).module
    machine = blocks.load(0, module.burst, DOSE, LOOP_A)
    machine.start()
    blocks.run_us(1)
    return blocks, module, module.burst, machine


def burst_error_us() -> tuple[float, float]:
    """Return the largest difference between length commanded and length at the pin, and how far they differ, us."""
    from host_tools.simulator.emulator.pio_blocks import PER_US

    blocks, module, program, machine = _burst()
    blocks.drive(LOOP_A, 1)
    errors = []
    for ms in BURSTS_MS:
        since = len(blocks.edges)
        _arm(blocks, module, program, machine)
        machine.put(ms * 1000)
        blocks.run_us(ms * 1000 + 5)
        (on, _), (off, _) = blocks.edges_of(DOSE, since)
        errors.append((off - on - ms * 1000 * PER_US) / PER_US)
        machine.get()
    return max(map(abs, errors)), max(errors) - min(errors)


def _arm(blocks, module, program, machine):
    from host_tools.toolchain import pio_asm

    machine.execute(program[pio_asm.OFFSET] + module._ARMED)
    blocks.run_us(1)


def eye_latency_us() -> float:
    """Return the longest time from loop channel A opening to the dose pin low, us, over the phases of the program."""
    from host_tools.simulator.emulator.pio_blocks import PER_US

    blocks, module, program, machine = _burst()
    worst = 0
    for phase in range(PHASES):
        blocks.drive(LOOP_A, 1)
        _arm(blocks, module, program, machine)
        machine.put(1000)
        blocks.run_us(OPEN_US)
        blocks.run(phase)
        since, opened = len(blocks.edges), blocks.cycle
        blocks.drive(LOOP_A, 0)
        blocks.run_us(5)
        ((low, level),) = blocks.edges_of(DOSE, since)
        assert level == 0
        worst = max(worst, low - opened)
        machine.get()
    return worst / PER_US
