"""A PIO assembler for the host: the RP2040's programs, written for MicroPython's `rp2.asm_pio`, in CPython.

The instruction words and register fields are those of the RP2040 datasheet, section 3.4 (instruction set) and 3.7
(EXECCTRL, SHIFTCTRL). It covers the part of the language that the firmware uses: no side-set, no wait, no irq. A
program is returned in MicroPython's form: [array("H") of words, address in block 0, in block 1, in an RP2350's block 2
(-1: not loaded), EXECCTRL, SHIFTCTRL, first levels of out, set and side-set pins].
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

WORDS, OFFSET, EXECCTRL, SHIFTCTRL, SET_INIT = 0, 1, 4, 5, 7  # places in what asm_pio returns
MEMORY_WORDS = 32
DELAY_MAX = 31

# opcodes, bits 15:13
_JMP, _IN, _OUT, _PUSH_PULL, _MOV, _SET = (code << 13 for code in (0, 2, 3, 4, 5, 7))
_PULL = 1 << 7
_IF = 1 << 6
_BLOCK = 1 << 5
_PLACES = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "isr": 6, "osr": 7}
_CONDITIONS = {"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7}
_OPERANDS = {
    "in_": ("pins", "x", "y", "null", "isr", "osr"),
    "out": ("pins", "x", "y", "null", "pindirs", "pc", "isr"),
    "mov to": ("pins", "x", "y", "pc", "isr", "osr"),
    "mov from": ("pins", "x", "y", "null", "isr", "osr"),
    "set": ("pins", "x", "y", "pindirs"),
}


class PioError(Exception):
    """The program cannot be assembled; the message names the instruction."""


class PIO:
    """The constants that programs are declared with."""

    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = range(4)
    SHIFT_LEFT, SHIFT_RIGHT = range(2)


class _Instruction:
    """The last instruction; takes its delay, `[n]`."""

    def __init__(self, words: list[int]):
        self._words, self._at = words, len(words) - 1

    def __getitem__(self, delay: int) -> None:
        if not 0 <= delay <= DELAY_MAX:
            raise PioError(f"instruction {self._at}: delay {delay} is not in 0..{DELAY_MAX}")
        self._words[self._at] |= delay << 8


class Assembler:
    """Collects one program; its `names` are the globals that the program runs with."""

    def __init__(self):
        self.words: list[int] = []
        self.labels: dict[str, int] = {}
        self.bottom = 0
        self.top: int | None = None
        self._jumps: list[tuple[int, str]] = []
        named = {name: name for name in (*_PLACES, *_CONDITIONS, "block", "noblock", "ifempty", "iffull")}
        functions = ("label", "jmp", "in_", "out", "push", "pull", "mov", "set", "nop", "wrap", "wrap_target")
        self.names = named | {name: getattr(self, name) for name in functions}

    def _emit(self, word: int) -> _Instruction:
        if len(self.words) == MEMORY_WORDS:
            raise PioError(f"more than {MEMORY_WORDS} instructions")
        self.words.append(word)
        return _Instruction(self.words)

    def _place(self, name: str, operands: str) -> int:
        if name not in _OPERANDS[operands]:
            raise PioError(f"instruction {len(self.words)}: {operands} cannot take {name!r}")
        return _PLACES[name]

    def _count(self, bits: int) -> int:
        if not 1 <= bits <= 32:
            raise PioError(f"instruction {len(self.words)}: {bits} bits, not 1..32")
        return bits & 31  # 32 is written as 0

    def label(self, name: str) -> None:
        if name in self.labels:
            raise PioError(f"label {name!r} twice")
        self.labels[name] = len(self.words)

    def wrap_target(self) -> None:
        self.bottom = len(self.words)

    def wrap(self) -> None:
        self.top = len(self.words) - 1

    def jmp(self, condition: str, label: str | None = None) -> _Instruction:
        code = 0 if label is None else _CONDITIONS[condition]
        self._jumps.append((len(self.words), condition if label is None else label))
        return self._emit(_JMP | code << 5)

    def in_(self, source: str, bits: int) -> _Instruction:
        return self._emit(_IN | self._place(source, "in_") << 5 | self._count(bits))

    def out(self, to: str, bits: int) -> _Instruction:
        return self._emit(_OUT | self._place(to, "out") << 5 | self._count(bits))

    def push(self, *options: str) -> _Instruction:
        return self._emit(_PUSH_PULL | self._options(options, "iffull"))

    def pull(self, *options: str) -> _Instruction:
        return self._emit(_PUSH_PULL | _PULL | self._options(options, "ifempty"))

    def _options(self, options: tuple[str, ...], when: str) -> int:
        if not {*options} <= {"block", "noblock", when} or {"block", "noblock"} <= {*options}:
            raise PioError(f"instruction {len(self.words)}: options {options}")
        return (0 if "noblock" in options else _BLOCK) | (_IF if when in options else 0)

    def mov(self, to: str, source: str) -> _Instruction:
        return self._emit(_MOV | self._place(to, "mov to") << 5 | self._place(source, "mov from"))

    def set(self, to: str, value: int) -> _Instruction:
        if not 0 <= value <= 31:
            raise PioError(f"instruction {len(self.words)}: set takes 0..31, not {value}")
        return self._emit(_SET | self._place(to, "set") << 5 | value)

    def nop(self) -> _Instruction:
        return self.mov("y", "y")

    def finish(self) -> None:
        """Put the labels' addresses into the jumps."""
        for at, label in self._jumps:
            if label not in self.labels:
                raise PioError(f"instruction {at}: no label {label!r}")
            self.words[at] |= self.labels[label]


def asm_pio(
    *,
    out_init=None,
    set_init=None,
    in_shiftdir=PIO.SHIFT_LEFT,
    out_shiftdir=PIO.SHIFT_LEFT,
    autopush=False,
    autopull=False,
    push_thresh=32,
    pull_thresh=32,
    fifo_join=0,
) -> Callable[[FunctionType], list[Any]]:
    """Return a decorator that assembles a function of PIO instructions; it is used like MicroPython's."""

    def assemble(function: FunctionType) -> list[Any]:
        program = Assembler()
        FunctionType(function.__code__, program.names)()
        program.finish()
        top = len(program.words) - 1 if program.top is None else program.top
        execctrl = top << 12 | program.bottom << 7
        shiftctrl = (
            fifo_join << 30
            | (pull_thresh & 31) << 25
            | (push_thresh & 31) << 20
            | out_shiftdir << 19
            | in_shiftdir << 18
            | autopull << 17
            | autopush << 16
        )
        return [array("H", program.words), -1, -1, -1, execctrl, shiftctrl, out_init, set_init, None]

    return assemble


def module(state_machine: type) -> ModuleType:
    """Return a stand-in for MicroPython's module `rp2` around a StateMachine class."""
    stand_in = ModuleType("rp2")
    vars(stand_in).update(PIO=PIO, asm_pio=asm_pio, StateMachine=state_machine)
    return stand_in
