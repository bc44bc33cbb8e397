"""The `machine` module of the virtual board: the part of MicroPython's that the firmware and its tests use."""

import hal
import pins
from chip_vl53l0x import Chip

PWRON_RESET = 1
WDT_RESET = 3
SOFT_RESET = 5

# Names of this module are found faster than another module's: every tick reads pins many times.
_local_us = hal.local_us
_pin_levels = hal.pin_levels
_received = hal.received
_PINS = hal.IN_PINS
_COST_PIN_US = hal.COST_PIN_US
_event = hal.event
_OP_PIN = hal.OP_PIN

_ALL_SELECTS = sum(1 << pin for pin in pins.CHIP_SELECTS)
_FRAME_AT = {_ALL_SELECTS ^ 1 << pin: hal.IN_SPI + 2 * slot for slot, pin in enumerate(pins.CHIP_SELECTS)}
_DISPLAY = 0x3C
_SKIN_EMISSIVITY = 64_224 | 0x59 << 16  # 0.98, and the word's check byte


class Pin:
    """A GPIO. An output keeps its level over a soft reset, as a real one does."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.number = number
        self._mask = 1 << number
        self._low = number << 1  # the argument of the pin's events
        self._high = self._low | 1
        self._out = False
        if mode != -1:
            self.init(mode, pull, value)

    def init(self, mode=-1, pull=-1, value=None):
        """Set direction and, for an output, its first level."""
        self._out = mode == Pin.OUT
        if self._out:
            hal.set_pin(self.number, hal.pin_levels[0] >> self.number & 1 if value is None else value)
        elif mode == Pin.IN:
            hal.event(hal.OP_HIGH_Z, self.number)

    def value(self, level=None):
        """Read the pin, or drive it."""
        if level is None:
            _local_us[0] += _COST_PIN_US
            levels = _pin_levels[0] if self._out else _received[_PINS]
            return 1 if levels & self._mask else 0
        if level:
            _pin_levels[0] |= self._mask
            _event(_OP_PIN, self._high)
        else:
            _pin_levels[0] &= ~self._mask
            _event(_OP_PIN, self._low)

    __call__ = value

    def on(self):
        """Drive high."""
        hal.set_pin(self.number, 1)

    def off(self):
        """Drive low."""
        hal.set_pin(self.number, 0)


class SPI:
    """A bus with the chips of pins.CHIP_SELECTS. Its data line floats high unless exactly one is selected."""

    def __init__(self, number, baudrate=1_000_000, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        pass

    def readinto(self, buffer, write=0):
        """Read a frame from the selected chip, most significant byte first."""
        hal.local_us[0] += hal.COST_SPI_US
        words = hal.received
        if words[hal.IN_SPI_FAIL]:
            raise OSError(5)
        high = hal.pin_levels[0] & _ALL_SELECTS
        at = _FRAME_AT[high] if high in _FRAME_AT else -1
        if at < 0 or len(buffer) != 4:
            i = 0
            while i < len(buffer):
                buffer[i] = 0xFF if at < 0 or i > 3 else words[at + (i >> 1)] >> (0 if i & 1 else 8) & 0xFF
                i += 1
            return
        half = words[at]
        buffer[0] = half >> 8
        buffer[1] = half & 0xFF
        half = words[at + 1]
        buffer[2] = half >> 8
        buffer[3] = half & 0xFF


class ADC:
    """An analogue input of pins.ANALOGUE."""

    def __init__(self, pin):
        number = pin.number if isinstance(pin, Pin) else pin
        self._at = hal.IN_ADC + pins.ANALOGUE.index(number)

    def read_u16(self):
        """Return 0 .. 65535."""
        hal.spend(hal.COST_ADC_US)
        return hal.received[self._at]


class I2C:
    """Bus 0 has an MLX90614 on it, whose emissivity is set for skin, and an SSD1306, which only takes what it gets;
    bus 1 a VL53L0X.
    """

    def __init__(self, id=0, freq=100_000):
        self._range = Chip() if id else None
        self._measured = 0

    def _on_range(self, size):
        """Return the VL53L0X with the plant's newest words, for a transfer of so many bytes."""
        hal.spend(hal.COST_RANGE_US + size * hal.COST_RANGE_BYTE_US)
        measured = hal.received[hal.IN_RANGE]
        if measured < 0:
            raise OSError(5)
        chip = self._range
        if chip is None:
            raise OSError(19)
        chip.calibrate()
        if measured != self._measured:
            self._measured = measured
            at = hal.IN_RANGE_WORDS
            words = hal.received
            chip.measured(words[at], words[at + 1], words[at + 2], words[at + 3], words[at + 4])
        return chip

    def writeto(self, address, buffer):
        """Write to the VL53L0X, or to the display; return how many bytes were taken."""
        if self._range is None and address == _DISPLAY:
            hal.spend((1 + len(buffer)) * hal.COST_SLOW_BYTE_US)
        else:
            self._on_range(len(buffer)).writeto(address, buffer)
        return len(buffer)

    def readfrom_mem_into(self, address, register, buffer):
        """Read a word of the MLX90614: low byte, high byte, check byte; or registers of the VL53L0X."""
        if self._range is not None:
            self._on_range(len(buffer)).readfrom_mem_into(address, register, buffer)
            return
        hal.spend(hal.COST_I2C_US)
        if register == 0x06:
            word = hal.received[hal.IN_INFRARED + 1]
        else:
            word = hal.received[hal.IN_INFRARED]
            if register == 0x24 and word >= 0:
                word = _SKIN_EMISSIVITY
        if address != 0x5A or word < 0:
            raise OSError(5)
        buffer[0] = word & 0xFF
        buffer[1] = word >> 8 & 0xFF
        buffer[2] = word >> 16


class UART:
    """The console's serial line. It never waits: it does not take bytes that do not fit."""

    def __init__(self, number, baudrate=115_200):
        pass

    def any(self):
        """Return how many bytes wait."""
        return hal.rx_len - hal.rx_used

    def readinto(self, buffer, length=None):
        """Move waiting bytes into buffer; return how many, or None when there are none."""
        n = hal.take(buffer, len(buffer) if length is None else length)
        return n if n else None

    def write(self, data):
        """Queue data; return how many bytes were taken."""
        return hal.send(data, len(data))


class WDT:
    """The watchdog. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        if not 1 <= timeout <= 8388:
            raise ValueError("watchdog timeout is 1 to 8388 ms")
        hal.event(hal.OP_WATCHDOG, timeout)

    def feed(self):
        """Start its time anew."""
        hal.event(hal.OP_FEED, 0)


class Timer:
    """A timer in virtual time, run when the processor next sleeps. A callback that raises is cancelled."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, mode=PERIODIC, period=-1, callback=None, hard=False):
        if period < 1:
            raise ValueError("a timer's period is 1 ms or more")
        self._callback = callback
        self._period_us = period * 1000
        self._periodic = mode == Timer.PERIODIC
        self._due = hal.ticks_us() + self._period_us & hal.TICKS_MASK
        hal.late.append(self)

    def run_due(self):
        """Call the callback once for each time that it was due."""
        while self._callback:
            d = (hal.received[hal.IN_TICKS_US] - self._due) & hal.TICKS_MASK
            if d >= hal.TICKS_MASK >> 1:
                return
            callback = self._callback
            if self._periodic:
                self._due = self._due + self._period_us & hal.TICKS_MASK
            else:
                self._callback = None
            try:
                callback(self)
            except Exception as error:
                self._callback = None
                print("timer callback cancelled:", repr(error))

    def deinit(self):
        """Stop."""
        self._callback = None


def reset():
    """Reset the chip: every pin becomes an input."""
    hal.event(hal.OP_RESET, 0)
    hal.exchange(0)


def soft_reset():
    """Restart the interpreter. Driven pins stay as they are."""
    hal.event(hal.OP_SOFT_RESET, 0)
    hal.exchange(0)


def reset_cause():
    """Return why the chip last started. After `reset` it returns "watchdog", as the RP2040 does."""
    return hal.received[hal.IN_RESET_CAUSE]


def unique_id():
    """Return the chip's number."""
    return b"virtual0"


def freq(hz=None):
    """Return the processor's clock, Hz."""
    return 125_000_000


def idle():
    """Let 100 us pass."""
    hal.sleep_us(100)
