"""A VL53L0X: pages of registers, calibrations, measurements one after the other. Portable: the drivers' tests use it.

Echo draws the words of a measurement, Chip gives them to the bus. Where the firmware's interpreter runs the chip, the
plant draws and the chip gets the words: nothing is drawn within a tick.
"""

import math
import sys

PERIOD_US = 20_400  # [E] the shortest measurement, 20 ms, and the time until the next one
MAP = b"\xff\x0f\xf0\xff\xff\x3f"
FINAL_RANGE = 0x00D5  # register 71: the final range of a measurement of 20 ms
GOOD = 11
NO_ECHO = 4  # too little light came back
SKIN_REFLECTS = 0.55  # [K] of infrared light, pale or dark

_SPADS = 180  # [E] SPADs that are used when the light is weak
_ALL_MCPS = 70.0  # [E] light that they get from a white surface at 100 mm
_TARGET_MCPS = 20.0  # [E] with more light than this the chip uses fewer of them
_LEAST_MCPS = 0.25  # limit of the start-up
_LIGHT_US = 2_421  # [C] of light in the final range of 20 ms
_NOISE_MM = 2.4  # [C] 1.0 at 33 ms [E], whose final range is 13.65 ms: times the root of the ratio


def _looped(bank, register, buf):
    """Fill buf with the bytes of a bank from a register on."""
    i = 0
    while i < len(buf):
        buf[i] = bank[register + i]
        i += 1


def _sliced(bank, register, buf):
    buf[:] = bank[register : register + len(buf)]


# In CPython a slice is faster. In MicroPython it allocates, which a tick must not.
copy = _sliced if sys.implementation.name == "cpython" else _looped


class Echo:
    """Light that comes back from a surface, with the noise of single photons in each of the sensor's figures.

    reflects  share of the infrared light: white 0.9, skin 0.55 [K], black cloth 0.03
    ambient   light of the room in the sensor, Mcps with all SPADs; 0 is the dark
    quiet     share of the range's noise: 0.4 is as quiet as a measurement of 33 ms
    words     code, SPADs (1/256), return rate and ambient rate (1/128 Mcps), range (mm) of the last measurement
    """

    def __init__(self, seed=1, reflects=SKIN_REFLECTS, ambient=1.0):
        self.reflects = reflects
        self.ambient = ambient
        self.quiet = 1.0
        self.words = [NO_ECHO, 0, 0, 0, 0]
        self._state = seed * 2_654_435_761 & 0xFFFFFFFF

    def measure(self, mm, error_mm=0.0):
        """Draw the words of a surface at mm. error_mm is the error of the range only; the light has no such error."""
        words = self.words
        self._state, words[0], words[1], words[2], words[3], words[4] = drawn(
            self._state, mm, error_mm, self.reflects, self.ambient, self.quiet
        )
        return words


def drawn(state, mm, error_mm, reflects, ambient, quiet):
    """Return the generator's next state, and the words of one measurement."""
    light = _ALL_MCPS * reflects * (100.0 / mm) ** 2
    state, spread = gauss(state)
    seen = light * (1.0 + 0.01 * spread)  # the chip chooses its SPADs by this rate
    spads = _SPADS if seen <= _TARGET_MCPS else max(5, int(_SPADS * _TARGET_MCPS / seen))
    state, rate = counted(state, light * spads / _SPADS)
    state, dark = counted(state, ambient * spads / _SPADS)
    noise_mm = _NOISE_MM * quiet * math.sqrt(_TARGET_MCPS / max(rate, 0.1))
    state, spread = gauss(state)
    code = GOOD if rate > _LEAST_MCPS else NO_ECHO
    return state, code, spads << 8, word(128.0 * rate), word(128.0 * dark), word(mm + error_mm + noise_mm * spread)


def counted(state, mcps):
    """Return the next state, and a rate with the noise of its photons."""
    if not mcps:
        return state, 0.0
    state, spread = gauss(state)
    return state, mcps + math.sqrt(mcps / _LIGHT_US) * spread


def gauss(state):
    """Return the next state, and a draw with deviation 1: a sum of six uniform ones."""
    first = state * 1_664_525 + 1_013_904_223 & 0xFFFFFFFF
    second = first * 1_664_525 + 1_013_904_223 & 0xFFFFFFFF
    total = (first >> 2 & 1023) + (first >> 12 & 1023) + (first >> 22) - 3_069
    total += (second >> 2 & 1023) + (second >> 12 & 1023) + (second >> 22)
    return second, total / 724.1


def word(value):
    """Return a register's word."""
    return max(0, min(0xFFFF, int(value + 0.5)))


class Chip:
    """Registers by page (register FF). It allows only the order of the start-up: stop value and SPADs need register 80.

    `nack` is raised, `dead` replaces all bytes read, `deaf` takes writes without effect; `mm`, `code` and `noise`
    make the next result, or `echo` draws it from a surface at `mm`. A measurement needs the stop value, the
    calibrations and its time.
    """

    def __init__(self):
        self.nack = None
        self.dead = -1
        self.deaf = False
        self.identity = b"\xee\xaa\x10"
        self.stop = 0x3C
        self.spads = 0x85
        self.mm = 120
        self.code = GOOD
        self.echo = None
        self.period_us = PERIOD_US
        self.noisy = True
        self.hang = -1  # the step that never ends: 0 SPADs, 1 and 2 calibrations, 3 measurements
        self.transfers = 0
        self.longest = 0
        self.writes = bytearray(1024)
        self.power()

    def power(self):
        self.pages = (bytearray(256), bytearray(256), bytearray(256), bytearray(256))  # 0, 1, 6, 7
        page = self.pages[0]
        for i in range(3):
            page[0xC0 + i] = self.identity[i]
        for i in range(6):
            page[0xB0 + i] = MAP[i]
        page[0x89] = 0x0C
        page[0x60] = 0x01
        page[0x84] = 0x11
        page[0x13] = 0
        self.pages[1][0x91] = self.stop
        self.pages[2][0x83] = 0x12
        self.page = 0
        self.bank = page
        self.calibrated = 0
        self.ranging = False
        self.calibrating = 0
        self.since_us = 0
        self.begun_ago_us = 0
        self.written = 0
        self.results = 0

    def readfrom_mem_into(self, address, register, buf):
        size = len(buf)
        self.count(address, size + 2)
        if self.dead < 0 and self.page == 0 and register + size < 256:
            copy(self.bank, register, buf)
            return
        i = 0
        while i < size:
            buf[i] = self.read(register, i)
            i += 1

    def read(self, register, offset):
        """Return the byte at register + offset of the present page."""
        at = register + offset & 0xFF
        if at == 0x91 and self.page == 1 and not self.pages[0][0x80]:
            return 0
        return self.bank[at] if self.dead < 0 else self.dead

    def writeto(self, address, buf):
        self.count(address, len(buf))
        i = 1
        while i < len(buf):
            self.write(buf[0] + i - 1, buf[i])
            i += 1

    def count(self, address, size):
        assert address == 0x29
        self.transfers += 1
        if size > self.longest:
            self.longest = size
        if self.nack is not None:
            raise self.nack

    def write(self, register, value):
        """Take one byte."""
        if self.deaf:
            return
        if self.written < 512:
            self.writes[2 * self.written] = register
            self.writes[2 * self.written + 1] = value
            self.written += 1
        if register == 0xFF:
            self.page = value
            self.bank = self.pages[0 if value == 0 else 1 if value == 1 else 2 if value == 6 else 3]
            return
        bank = self.bank
        bank[register] = value
        page = self.pages[0]
        if self.page == 7 and register == 0x83 and value == 0 and self.pages[3][0x94] == 0x6B and self.hang != 0:
            assert self.pages[2][0x83] & 4
            self.pages[3][0x83] = 0x10
            self.pages[3][0x92] = self.spads
        if self.page == 0 and register == 0:
            self.begin(value, page)
        if self.page == 0 and register == 0x0B and value & 1:
            page[0x13] = 0

    def begin(self, value, page):
        self.ranging = False
        self.calibrating = 0
        if value == 0x41 and page[1] == 1 and self.hang != 1:
            self.calibrating = 1
        elif value == 0x01 and page[1] == 2 and self.hang != 2:
            self.calibrating = 2
        elif value == 0x02 and self.hang != 3:
            ready = page[0x71] << 8 | page[0x72] == FINAL_RANGE and page[0x0A] == 4 and page[0x84] == 0x01
            limits = page[0x60] == 0 and page[0x44] == 0 and page[0x45] == 0x20 and page[1] == 0xE8
            limits = limits and not self.pages[2][0x83] & 4
            self.ranging = ready and limits and self.calibrated == 3 and self.pages[1][0x91] == self.stop
        self.since_us = 0

    def advance(self, us):
        """Let time pass: a calibration that was begun ends, and a measurement ends when its time is over."""
        self.begun_ago_us += us
        self.calibrate()
        if not self.ranging or self.hang == 3:
            return
        self.since_us += us
        if self.since_us >= self.period_us:
            self.since_us %= self.period_us
            self.begun_ago_us = self.since_us + self.period_us
            if self.echo is not None:
                if self.noisy:
                    self.echo.measure(self.mm)
                self.measured(*self.echo.words)
            else:
                page = self.pages[0]
                rate = page[0x1A] << 8 | page[0x1B]
                self.measured(self.code, page[0x16] << 8, rate + 7 * self.noisy & 0xFFFF, 0, self.mm)

    def calibrate(self):
        """End a calibration that was begun."""
        if self.calibrating:
            self.calibrated |= self.calibrating
            self.calibrating = 0
            self.pages[0][0x13] = 4

    def measured(self, code, spads, rate, ambient, mm):
        """End the present measurement with these words. Without one nothing changes."""
        if not self.ranging or self.hang == 3:
            return
        page = self.pages[0]
        self.results += 1
        page[0x13] = 4
        page[0x14] = code << 3 | 1
        page[0x16] = spads >> 8
        page[0x17] = spads & 0xFF
        page[0x1A] = rate >> 8
        page[0x1B] = rate & 0xFF
        page[0x1C] = ambient >> 8
        page[0x1D] = ambient & 0xFF
        page[0x1E] = mm >> 8
        page[0x1F] = mm & 0xFF
