"""The self-tests at start (IEC 60730 class B [K: short list]). They run for a few milliseconds after each tick.

Loaded for the start only: Applicator drops this module when they are done. Every test is a generator. It yields None
where a tick may come between, and a text when it failed: what is at fault, in words for a service report.

What they cannot find: only one buffer of RAM is tested, because the interpreter uses the rest; the interpreter's own
image is not checked; both clocks that are compared come from one crystal.
"""

import binascii
import gc
import time

import micropython
from cryo.health import heap_short, settings_sum
from micropython import const

RUNNING = const(1)
PASSED = const(0)
FAILED = const(2)

_SLICE_US = const(16_000)  # [E] ticks may be late here: both valves are shut, and shorter steps would delay STANDBY
_CHUNK = const(1_024)
_RESIDUE = const(0x2144DF1C)  # [C] CRC-32 over any data and its own CRC-32, little-endian
_MARCH = const(128)  # bytes
_PIECE = const(8_192)  # [E] bytes: twice what loading a module or a long answer asks for
_CLOCK_US = const(2_000)
_CLOCK_SHARE = const(20)  # [E] the clocks may differ by this part; a wrong divider or PLL makes 30 % or more
_CORE_MIN_C = const(-20)  # the boards' range [S: their chips' data sheets] ...
_CORE_MAX_C = const(85)
_FOUND_US = const(450_000)  # [E] the distance sensor answers within its first ten polls


class StartTests:
    """All tests of one start. `poll` after each tick of SELF_TEST; `text` says how they stand."""

    def __init__(self, app):
        self.text = "RUNNING"
        self.unchecked = False  # the application runs from files without a check sum: they cannot be tested
        self._app = app
        self._began_us = time.ticks_us()
        self._parts = [
            ("APPLICATION", self._application()),
            ("RAM", march(bytearray(_MARCH))),
            ("CLOCK", self._clock()),
            ("ADC", self._reference()),
            ("OUTPUT", self._outputs()),
            ("SETTINGS", self._settings()),
            ("STACK", self._stack()),
            ("HEAP", self._heap()),
            ("SKIN_CHIP", self._skin()),
            ("DISTANCE", self._distance()),
        ]

    def poll(self):
        """Continue for some milliseconds; return RUNNING, PASSED or FAILED. Allocates. Never raises."""
        until_us = time.ticks_add(time.ticks_us(), _SLICE_US)
        while self._parts:
            name, steps = self._parts[0]
            try:
                problem = next(steps)
            except StopIteration:
                self._parts.pop(0)
                continue
            except Exception as error:  # a test that cannot run has not passed
                problem = repr(error)
            if problem == WAIT:
                break
            if problem:
                self.text = "FAILED " + name + ": " + problem
                self._parts = []
                return FAILED
            if time.ticks_diff(until_us, time.ticks_us()) <= 0:
                break
        if self._parts:
            return RUNNING
        if self.text == "RUNNING":
            self.text = "PASSED" + ("; no application file: unchecked" if self.unchecked else "")
        return FAILED if self.text[0] == "F" else PASSED

    # --- parts ----------------------------------------------------------------------------------------------------
    def _application(self):
        path = self._app.board.application
        if path is None:
            return
        try:
            file = open(path, "rb")
        except OSError:
            self.unchecked = True
            return
        crc = 0
        buffer = bytearray(_CHUNK)
        view = memoryview(buffer)
        with file:
            while True:
                n = file.readinto(buffer)
                if not n:
                    break
                crc = binascii.crc32(view[:n], crc)
                yield None
        if crc & 0xFFFFFFFF != _RESIDUE:
            yield "the file of its modules differs from its sum"

    def _clock(self):
        clock = self._app.board.clock
        if clock is None:
            return
        cycles = clock.cycles
        start_us = time.ticks_us()
        start = cycles()
        passed_us = 0
        while passed_us < _CLOCK_US:
            passed_us = time.ticks_diff(time.ticks_us(), start_us)
        counted = cycles() - start & clock.MASK
        due = clock.hz() // 1000 * passed_us // 1000
        if not due - due // _CLOCK_SHARE <= counted <= due + due // _CLOCK_SHARE:
            yield "{} cycles in {} us, {} are due".format(counted, passed_us, due)

    def _reference(self):
        core_c = self._app.board.core_c
        if core_c is None:
            return
        c = core_c()
        if not _CORE_MIN_C <= c <= _CORE_MAX_C:
            yield "the chip's temperature reads {} degC: converter or its reference".format(c)

    def _outputs(self):
        for name, pin in self._app.board.low_outputs:
            if pin.value():
                yield name + " reads high while driven low"

    def _settings(self):
        config = self._app.supervisor.config
        if config is not None and settings_sum(config) != self._app.health.settings:
            yield "changed since the start"

    def _stack(self):
        size = self._app.board.stack_bytes
        if size is not None and hasattr(micropython, "stack_use"):
            used = micropython.stack_use()
            if used > size // 2:
                yield "{} of {} bytes used".format(used, size)

    def _heap(self):
        if heap_short():
            gc.collect()
            yield None
            if heap_short():
                yield "less than a fifth is free"
        try:
            bytearray(_PIECE)
        except MemoryError:  # much may be free, but not in one piece
            yield "no {} bytes in one piece".format(_PIECE)

    def _skin(self):
        skin = self._app.board.skin
        if hasattr(skin, "verified") and not skin.verified():
            yield None
            if not skin.configure():
                yield "its set-up does not read back"

    def _distance(self):
        sensor = self._app.board.distance
        if not hasattr(sensor, "identified"):
            return
        while not sensor.identified:
            if time.ticks_diff(time.ticks_us(), self._began_us) > _FOUND_US:
                yield "no sensor of its kind answers"
            yield WAIT


WAIT = "wait"  # leave time for another tick


def march(memory):
    """March C- over `memory`, a bytearray or what acts as one: stuck bits, and cells that disturb each other."""
    last = len(memory) - 1
    for i in range(last + 1):
        memory[i] = 0
    yield None
    for was, now, downwards in ((0, 255, 0), (255, 0, 0), (0, 255, 1), (255, 0, 1), (0, 0, 1)):
        for k in range(last + 1):
            i = last - k if downwards else k
            if memory[i] != was:
                yield "a cell does not keep its value"
            memory[i] = now
        yield None
