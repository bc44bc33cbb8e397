"""An original ESP32 as the firmware sees it: pads, GPIO matrix, and `esp32.RMT` as MicroPython 1.28's C code behaves.

A call that would wait in C raises `Waits` here. A call that would make RMT's buffer longer is counted. A duration that
its 15 bits would shorten is an error. Time passes only in `run_us`.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

from tests.lanes import ROOT

OUT_SEL = 0x3FF44530  # GPIO_FUNCn_OUT_SEL_CFG
PLAIN = 256  # SIG_GPIO_OUT_IDX
RMT_OUT0 = 87  # RMT_SIG_OUT0_IDX
PULSE_MAX = 32_767
SOURCE_HZ = 80_000_000
TICKS_MASK = 0x3FFF_FFFF


class Waits(Exception):
    """The C code would wait here: for a train's end, or with interrupts off."""


class Chip:
    """Pads by number, driven by their latch or by an RMT channel; `edges` holds (us, pad, level)."""

    def __init__(self, now_us: int = 0, frequency_hz: int = 160_000_000):
        self.now_us = now_us
        self.frequency_hz = frequency_hz
        self.ticks_offset = TICKS_MASK - 40_000  # the counter wraps early
        self.latch: dict[int, int] = {}
        self.outputs: set[int] = set()
        self.inputs: dict[int, int] = {}  # levels driven from outside
        self.out_sel: dict[int, int] = {}
        self.stuck_selects: set[int] = set()
        self.channels: list[RMT] = []
        self.edges: list[tuple[int, int, int]] = []
        self._shown: dict[int, int] = {}

    def level(self, pad: int) -> int:
        """Return the level on the pad; if nothing drives it, that of the pull-down."""
        if pad not in self.outputs:
            return self.inputs.get(pad, 0)
        signal = self.out_sel.get(pad, PLAIN)
        return self.latch.get(pad, 0) if signal == PLAIN else self.channels[signal - RMT_OUT0].level_now()

    def update(self) -> None:
        """Note the pads that changed."""
        for pad in self.outputs:
            level = self.level(pad)
            if self._shown.get(pad, 0) != level:
                self.edges.append((self.now_us, pad, level))
                self._shown[pad] = level

    def run_us(self, us: int) -> None:
        """Let time pass, from one RMT pulse to the next."""
        end_us = self.now_us + us
        while self.now_us < end_us:
            marks = [mark for channel in self.channels for mark in channel.marks_us if mark > self.now_us]
            self.now_us = min([end_us, *marks])
            for channel in self.channels:
                channel.finish()
            self.update()

    def high_us(self, pad: int) -> list[int]:
        """Return the lengths of the pad's finished high times."""
        times = [(us, level) for us, which, level in self.edges if which == pad]
        assert [level for _, level in times] == [1, 0] * (len(times) // 2), times
        return [b - a for (a, _), (b, _) in zip(times[::2], times[1::2], strict=True)]

    def rising_us(self, pad: int) -> list[int]:
        """Return the times of the pad's rising edges."""
        return [us for us, which, level in self.edges if which == pad and level]


class RMT:
    """esp32.RMT. `chip` is set by `modules`."""

    PULSE_MAX = PULSE_MAX
    chip: Chip

    def __init__(self, id=-1, *, pin, resolution_hz=10_000_000, idle_level=False, num_symbols=64):
        assert SOURCE_HZ % resolution_hz == 0 and SOURCE_HZ // resolution_hz <= 255
        assert num_symbols >= 64 and num_symbols % 2 == 0
        self.pad = pin.number
        self._us = resolution_hz / 1_000_000
        self._idle = int(idle_level)
        self._capacity = 0
        self._durations: list[int] = []
        self._levels: list[int] = []
        self.marks_us: list[int] = []
        self.ongoing = False
        self.refuses = False
        self.trains: list[list[tuple[int, int]]] = []
        self.reallocated: list[int] = []
        self.symbols = num_symbols
        self.chip.channels.append(self)
        self.chip.outputs.add(self.pad)
        self.chip.out_sel[self.pad] = RMT_OUT0 + len(self.chip.channels) - 1
        self.chip.update()

    def level_now(self) -> int:
        """Return the signal that leaves the channel."""
        if self.ongoing:
            for mark, level in zip(self.marks_us[1:], self._levels, strict=True):
                if self.chip.now_us < mark:
                    return level
        return self._idle

    def finish(self) -> None:
        """The interrupt at a train's end."""
        if self.ongoing and self.chip.now_us >= self.marks_us[-1]:
            self.ongoing = False

    def write_pulses(self, duration, data=True):
        """Begin a train."""
        if self.ongoing:
            raise Waits("write_pulses waits for the last train to end")
        if self.refuses:
            raise OSError(-259)
        if isinstance(data, list | tuple):
            durations = [duration] * len(data) if isinstance(duration, int) else list(duration)
            levels = [int(bool(level)) for level in data]
            if len(durations) != len(levels):
                raise ValueError("duration and data must have same length")
        else:
            durations = list(duration)
            levels = [(int(bool(data)) + i) & 1 for i in range(len(durations))]
        if not durations:
            raise ValueError("No pulses")
        words = (len(durations) + 1) // 2
        if words > self._capacity:
            self.reallocated.append(words)
            self._capacity = words
        assert words + 1 <= self.symbols, "more than the channel's memory: interrupts must refill it"
        for ticks in durations:
            assert isinstance(ticks, int) and 0 < ticks <= PULSE_MAX, f"{ticks}: 15 bits, and 0 ends the train"
        self.trains.append(list(zip(durations, levels, strict=True)))
        self._levels = levels
        self.marks_us = [self.chip.now_us]
        for ticks in durations:
            self.marks_us.append(self.marks_us[-1] + round(ticks / self._us))
        self.ongoing = True
        self.chip.update()

    def wait_done(self, *, timeout=0):
        """Return True when no train runs."""
        if self.ongoing and timeout:
            raise Waits("wait_done with a time-out")
        return not self.ongoing

    def active(self, on=None):
        """Return whether a train runs; active(False) waits for its end with interrupts off."""
        if on is None:
            return self.ongoing
        if on:
            raise ValueError("activate by calling write_pulses()")
        if self.ongoing:
            raise Waits("active(False) waits for the train's end, interrupts off")
        return False

    def deinit(self):
        """Do the same as active(False)."""
        self.active(False)


def modules(chip: Chip) -> dict[str, ModuleType]:
    """Return the modules `esp32`, `machine` and `time` of a chip, which the valve imports."""

    class Pin:
        IN, OUT, PULL_DOWN, PULL_UP = 1, 3, 1, 2

        def __init__(self, number, mode=None, pull=-1, *, value=None):
            self.number = number
            if value is not None:
                chip.latch[number] = value
            if mode == Pin.OUT:
                assert number < 34, "input only"
                chip.outputs.add(number)
                chip.out_sel[number] = PLAIN  # gpio_output_enable
            elif mode == Pin.IN:
                assert pull == -1 or number < 34, "no internal pull"
                chip.outputs.discard(number)
            chip.update()

        def value(self, level=None):
            if level is None:
                return chip.level(self.number)
            chip.latch[self.number] = level
            chip.update()
            return None

    class Registers:
        def _pad(self, address):
            pad, rest = divmod(address - OUT_SEL, 4)
            assert 0 <= pad < 40 and not rest, hex(address)
            return pad

        def __getitem__(self, address):
            return chip.out_sel.get(self._pad(address), PLAIN)

        def __setitem__(self, address, value):
            pad = self._pad(address)
            if pad not in chip.stuck_selects:
                chip.out_sel[pad] = value
            chip.update()

    rmt = type("RMT", (RMT,), {"chip": chip})
    time = SimpleNamespace(
        ticks_us=lambda: (chip.now_us + chip.ticks_offset) & TICKS_MASK,
        ticks_diff=lambda a, b: ((a - b + (1 << 29)) & TICKS_MASK) - (1 << 29),
        sleep_ms=lambda ms: chip.run_us(1000 * ms),
    )
    made = {"esp32": {"RMT": rmt}, "time": vars(time)}
    made["machine"] = {"Pin": Pin, "mem32": Registers(), "freq": lambda: chip.frequency_hz}
    out = {}
    for name, members in made.items():
        out[name] = ModuleType(name)
        vars(out[name]).update(members)
    return out


def load(path: str, stand_ins: dict[str, ModuleType]) -> ModuleType:
    """Run the firmware or board file `path` with `stand_ins` in place of the modules of those names."""
    before = {name: sys.modules.get(name) for name in stand_ins}
    spec = importlib.util.spec_from_file_location("loaded_for_esp32", ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.update(stand_ins)
    try:
        spec.loader.exec_module(module)
    finally:
        for name, was in before.items():
            if was is None:
                del sys.modules[name]
            else:
                sys.modules[name] = was
    return module


def monostable(rising_us: list[int], width_us: int, resets: tuple[tuple[int, int], ...] = ()) -> list[tuple[int, int]]:
    """Return (from, to) of the times when a 74HC423's Q is high. Each rising edge retriggers it; reset ends it.

    The release of reset triggers nothing, whatever the level at the input. resets: (from, to) while reset is active.
    """
    out: list[tuple[int, int]] = []
    for at in rising_us:
        if any(begin <= at < end for begin, end in resets):
            continue
        until = min([at + width_us, *(begin for begin, _ in resets if begin > at)])
        if out and at <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], until))
        else:
            out.append((at, until))
    return out
