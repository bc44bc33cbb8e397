"""Stops the emulated PIO blocks while nothing can move on their pins, and runs them while something can.

The emulator steps both blocks after every instruction of the processor, and that takes more than half of its time. When
the processor sleeps until an alarm, it steps them only one time. For the valves' programs this does not matter most of
the time: they wait for a word, or loop with their pin low. Here the blocks run after every access to their registers
and after every edge of a named pin, for as long as it may have effects. An alarm wakes them while the processor sleeps.
One thing differs from a chip: the place of a program in its idle loop, by a microsecond at most.
"""

from typing import Any

AFTER_ACCESS_US = 100.0  # within this time a program takes its word and moves a pin, or is at rest again
AFTER_EDGE_US = 25_000.0  # a lease is at most 20 ms


class PioGate:
    """On one Rp2040Board. step_ns: the period of the fastest program, or a divisor of it; high_pins: run while high."""

    def __init__(self, board, step_ns: float, high_pins=()):
        self._board = board
        self._step_ns = step_ns
        self._high_pins = high_pins
        self._until_us = 0.0
        self._resting: list[Any] = []  # the blocks that run
        self._awake = False
        self._alarm = board.clock.create_alarm(self._tick)
        blocks = board.mcu.pio
        peripherals = board.mcu.peripherals
        for address, block in list(peripherals.items()):
            if any(block is pio for pio in blocks):
                peripherals[address] = _Registers(block, self)
        board.watch(*high_pins, callback=lambda level: self.wake(AFTER_EDGE_US))
        self.wake()

    def wake(self, us: float = AFTER_ACCESS_US) -> None:
        """Run the blocks for at least `us` from now on."""
        self._until_us = max(self._until_us, self._board.us + us)
        if not self._awake:
            self._awake = True
            for block in self._resting:
                block.stopped = False
            self._resting.clear()
            self._board.schedule(self._alarm, self._step_ns)

    def _tick(self):
        board = self._board
        if board.us < self._until_us or any(board.level(pin) == 1 for pin in self._high_pins):
            board.schedule(self._alarm, self._step_ns)
            return
        self._awake = False
        self._resting = [block for block in board.mcu.pio if not block.stopped]
        for block in self._resting:
            block.stopped = True


class _Registers:
    """A block's registers: every access of the guest wakes the blocks first."""

    def __init__(self, block, gate):
        self._block = block
        self._gate = gate

    def read_uint32(self, offset):
        self._gate.wake()
        return self._block.read_uint32(offset)

    def write_uint32(self, offset, value):
        self._gate.wake()
        self._block.write_uint32(offset, value)

    def write_uint32_atomic(self, offset, value, atomic_type):
        self._gate.wake()
        self._block.write_uint32_atomic(offset, value, atomic_type)

    def reset(self):
        self._gate.wake()
        self._block.reset()
