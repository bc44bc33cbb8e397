"""The RP2040's two PIO blocks alone, stepped instruction by instruction at their own clock, without image or processor.

The blocks are those of the package rp2040py. Times are cycles of the 125 MHz system clock. A pad's input reaches a
program two cycles later, through the synchroniser. The package has none; this file adds it.
"""

from __future__ import annotations

import importlib.util
import sys
from bisect import insort
from operator import itemgetter
from pathlib import Path
from types import ModuleType

from rp2040py.gpio_pin import GPIOPinState
from rp2040py.rp2040 import RP2040

from host_tools.places import BOARDS, FIRMWARE
from host_tools.toolchain import pio_asm

SYSTEM_HZ = 125_000_000
PER_US = SYSTEM_HZ // 1_000_000
DIVIDER = 25
SYNCHRONISER = 2  # flip-flops
TICKS_MASK = 0x3FFF_FFFF
CALL = PER_US  # a method of StateMachine takes MicroPython longer than this [measured: 10 us and more]

RP2040_BOARD = BOARDS / "rp2040_pico"

_FUNCTION_PIO0 = 6
_INPUT_ENABLE = 1 << 6
_REG_CLKDIV, _REG_EXECCTRL, _REG_SHIFTCTRL, _REG_INSTR, _REG_PINCTRL = 0x0, 0x4, 0x8, 0x10, 0x14
_JMP_MASK = 0xE000


class Blocks:
    """Both blocks; `edges` holds (cycle, pin, level) of every output."""

    def __init__(self):
        self.chip = RP2040()
        self.cycle = 0
        self.edges: list[tuple[int, int, int]] = []
        self._inputs: list[tuple[int, int, int]] = []
        self._free = [pio_asm.MEMORY_WORDS, pio_asm.MEMORY_WORDS]
        self._outputs: set[int] = set()

    # --- time -----------------------------------------------------------------------------------------------------
    def run(self, cycles: int) -> None:
        """Let `cycles` pass."""
        end = self.cycle + cycles
        end_fp = end << 8
        blocks = self.chip.pio
        while True:
            input_fp = self._inputs[0][0] << 8 if self._inputs else end_fp + 1
            block = blocks[0] if blocks[0].next_due_fp <= blocks[1].next_due_fp else blocks[1]
            due_fp = block.next_due_fp
            if input_fp <= due_fp and input_fp <= end_fp:
                _, pin, level = self._inputs.pop(0)
                self.chip.gpio[pin].set_input_value(bool(level))
            elif due_fp <= end_fp:
                # Never backwards: a machine that an instruction of the processor released is due at once.
                block.advance(max(0, due_fp - block.cycle_fp) >> 8)
            else:
                break
        for block in blocks:
            block.advance((end_fp - block.cycle_fp) >> 8)
        self.cycle = end

    def run_us(self, us: float) -> None:
        """Let `us` pass."""
        self.run(round(us * PER_US))

    # --- pins -----------------------------------------------------------------------------------------------------
    def drive(self, pin: int, level: int) -> None:
        """Drive an input's pad now; programs see it after the synchroniser."""
        self._arrive(self.cycle, pin, level)

    def _arrive(self, cycle: int, pin: int, level: int) -> None:
        insort(self._inputs, (cycle + SYNCHRONISER, pin, level), key=itemgetter(0))

    def level(self, pin: int) -> int | None:
        """Return what a pad drives now, or None."""
        return {GPIOPinState.HIGH: 1, GPIOPinState.LOW: 0}.get(self.chip.gpio[pin].value)

    def edges_of(self, pin: int, since: int = 0) -> list[tuple[int, int]]:
        """Return (cycle, level) of a pin's edges, from edges[since] on."""
        return [(cycle, level) for cycle, number, level in self.edges[since:] if number == pin]

    # --- state machines -------------------------------------------------------------------------------------------
    def load(self, number: int, program: list, set_pin: int, jmp_pin: int, divider: int = DIVIDER) -> Machine:
        """Load a program on state machine 0-7 where MicroPython does, at the end of the free part; do not start it."""
        index = number // 4
        block = self.chip.pio[index]
        words = program[pio_asm.WORDS]
        if program[pio_asm.OFFSET + index] < 0:
            self._free[index] -= len(words)
            program[pio_asm.OFFSET + index] = self._free[index]
        offset = program[pio_asm.OFFSET + index]
        assert offset >= 0, "out of instruction memory"
        for at, word in enumerate(words):
            block.instructions[offset + at] = word + offset if word & _JMP_MASK == 0 else word
        machine = block.machines[number % 4]
        block.cycle_fp = self.cycle << 8
        machine.write_uint32(_REG_CLKDIV, divider << 16)
        execctrl = program[pio_asm.EXECCTRL] + (offset << 12) + (offset << 7)
        machine.write_uint32(_REG_EXECCTRL, execctrl | jmp_pin << 24)
        machine.write_uint32(_REG_SHIFTCTRL, program[pio_asm.SHIFTCTRL])
        machine.write_uint32(_REG_PINCTRL, 1 << 26 | set_pin << 5)
        machine.pc = offset
        self._output(block, index, set_pin, program[pio_asm.SET_INIT])
        self.chip.gpio[jmp_pin].pad_value |= _INPUT_ENABLE
        return Machine(self, block, machine)

    def _output(self, block, index, pin, init):
        assert init in (pio_asm.PIO.OUT_LOW, pio_asm.PIO.OUT_HIGH)
        block.pin_directions_changed(1, pin, 1)
        block.pin_values_changed(init - pio_asm.PIO.OUT_LOW, pin, 1)
        pad = self.chip.gpio[pin]
        pad.ctrl = _FUNCTION_PIO0 + index
        block.check_changed_pins()
        if pin not in self._outputs:
            self._outputs.add(pin)
            pad.pad_value |= _INPUT_ENABLE
            pad.add_listener(lambda value, _: self._edge(block.cycle_fp >> 8, pin, int(value)))

    def _edge(self, cycle, pin, level):
        self.edges.append((cycle, pin, level))
        self._arrive(cycle, pin, level)  # a pad's input follows its output, as on every pad


class Machine:
    """One state machine, used through its registers as a processor does. Nothing here takes time."""

    def __init__(self, blocks: Blocks, block, machine):
        self._blocks, self._block, self.registers = blocks, block, machine

    def start(self) -> None:
        """Enable it: its first instruction runs one divided clock later."""
        self._block.stopped = False
        self.registers.enabled = True
        self.registers.next_due_fp = self._block.cycle_fp + self.registers.div_fp
        self._block.recompute_due()

    def stop(self) -> None:
        """Disable it where it is; its pin keeps its level."""
        self.registers.enabled = False
        self._block.recompute_due()

    def put(self, word: int) -> None:
        """Push a word; a full FIFO is an error."""
        assert not self.registers.tx_fifo.full, "put on a full FIFO: MicroPython waits here for ever"
        if self.registers.enabled:
            self.registers.write_fifo(word)
        else:  # the package would give it to an instruction that waits; a disabled machine does not take it
            self.registers.tx_fifo.push(word)

    def get(self) -> int:
        """Pop a word; an empty FIFO is an error."""
        assert not self.registers.rx_fifo.empty, "get on an empty FIFO: MicroPython waits here for ever"
        return self.registers.read_fifo()

    def execute(self, word: int) -> None:
        """Execute one instruction at once, as a write to SMx_INSTR does."""
        self.registers.write_uint32(_REG_INSTR, word)
        self._block.check_changed_pins()


class Firmware:
    """The module cryo.valve.rp2_pio (`module`), loaded with a StateMachine that works on these blocks.

    slower     how much too slow the system clock is: it drives every divider, so all programs are late by the same part
    board      whose registers.py the valve is loaded with; memory: the chip's machine.mem32 on these blocks
    later_us   how far the port's microseconds are ahead of the blocks: a pause that is not stepped
    """

    def __init__(
        self,
        blocks: Blocks,
        system_hz: int = SYSTEM_HZ,
        slower: float = 1,
        board: Path = RP2040_BOARD,
        memory: type[Registers] | None = None,
    ):
        self.blocks = blocks
        self.slower = slower
        self.later_us = TICKS_MASK - 1_000_000  # the counter wraps early
        self.machines: dict[int, StateMachine] = {}
        firmware = self

        class Bound(StateMachine):
            def __init__(self, *args, **kwargs):
                super().__init__(firmware, *args, **kwargs)

        clock = ModuleType("machine")
        vars(clock)["freq"] = lambda: system_hz
        vars(clock)["mem32"] = (memory or Registers)(blocks)
        vars(clock)["Pin"] = type(
            "Pin", (Pin,), {"__init__": lambda pin, number, *_, **__: Pin.__init__(pin, blocks, number)}
        )
        ticks = ModuleType("time")
        vars(ticks)["ticks_us"] = lambda: blocks.cycle // PER_US + firmware.later_us & TICKS_MASK
        registers = ModuleType("registers")
        exec((board / "registers.py").read_text(), vars(registers))
        stand_ins = {"rp2": pio_asm.module(Bound), "machine": clock, "time": ticks, "registers": registers}
        before = {name: sys.modules.get(name) for name in stand_ins}
        spec = importlib.util.spec_from_file_location("rp2_pio", FIRMWARE / "cryo/valve/rp2_pio.py")
        assert spec and spec.loader
        self.module = importlib.util.module_from_spec(spec)
        sys.modules.update(stand_ins)
        try:
            spec.loader.exec_module(self.module)
        finally:
            for name, was in before.items():
                if was is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = was


class Registers:
    """What MicroPython's machine.mem32 gives the firmware here."""

    def __init__(self, blocks: Blocks):
        self._blocks = blocks

    def __getitem__(self, address):
        self._blocks.run(CALL)
        value = self._blocks.chip.read_uint32(address)
        assert value < 1 << 30, "it would allocate"
        return value

    def __setitem__(self, address, value):
        self._blocks.chip.write_uint32(address, value)
        self._blocks.run(CALL)


class Pin:
    """What MicroPython's machine.Pin gives the firmware here: its level."""

    OUT = 1

    def __init__(self, blocks: Blocks, number: int):
        self._blocks, self.number = blocks, number

    def value(self):
        self._blocks.run(CALL)
        return self._blocks.level(self.number)


class StateMachine:
    """What MicroPython's rp2.StateMachine gives the firmware. A call that would wait for ever raises an error."""

    def __init__(self, firmware: Firmware, number: int, program: list, *, freq: int, set_base: Pin, jmp_pin: Pin):
        assert SYSTEM_HZ % freq == 0
        self._blocks = firmware.blocks
        divider = round(SYSTEM_HZ // freq * firmware.slower)
        self.machine = self._blocks.load(number, program, set_base.number, jmp_pin.number, divider)
        self.puts: list[int] = []
        firmware.machines[number] = self

    def active(self, on):
        if on:
            self.machine.start()
        else:
            self.machine.stop()

    def put(self, word):
        assert isinstance(word, int) and 0 <= word < 1 << 30
        self.puts.append(word)
        self.machine.put(word)
        self._blocks.run(CALL)

    def get(self, buffer):
        assert buffer.itemsize == 4, "a narrower buffer waits for more words"
        for at in range(len(buffer)):
            buffer[at] = self.machine.get()
        self._blocks.run(CALL)

    def exec(self, word):
        assert isinstance(word, int), "text is assembled, which allocates"
        self.machine.execute(word)
        self._blocks.run(CALL)

    def tx_fifo(self):
        self._blocks.run(CALL)
        return self.machine.registers.tx_fifo.item_count

    def rx_fifo(self):
        self._blocks.run(CALL)
        return self.machine.registers.rx_fifo.item_count
