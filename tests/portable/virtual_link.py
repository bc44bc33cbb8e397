"""A link that stands for the plant, so that the virtual board runs alone."""

import hal
import pins
from cryo.core.records import RESTING
from machine import Pin

MASK = 0x3FFFFFFF


class Link:
    """Takes exchanges as the plant does: lets time pass, keeps the operations, answers with what the test set."""

    def __init__(self, ticks_us=1000, ticks_ms=1):
        self.now_us = 0
        self.ticks_us = ticks_us
        self.ticks_ms = ticks_ms
        self.done = []  # (time us, operation, argument)
        self.sent = b""
        self.to_send = b""
        self.pins = 0
        self.burst = RESTING
        self.flags = 0
        self.cause = 1
        self.spi_fail = 0
        self.adc = (0, 0)
        self.range = (0, 0, 0, 0, 0, 0)
        self.spi = (0, 0, 0, 0)
        hal.attach(self, {})

    def exchange(self, out, tx, received, rx):
        for k in range(out[0]):
            at = hal.OUT_HEADER + k * hal.EVENT_INTS
            self.done.append((self.now_us + out[at], out[at + 1], out[at + 2]))
        self.now_us += out[1] + out[2]
        self.sent += bytes(tx[: out[3]])
        received[hal.IN_TICKS_US] = (self.ticks_us + self.now_us) & MASK
        received[hal.IN_TICKS_MS] = (self.ticks_ms + self.now_us // 1000) & MASK
        received[hal.IN_FLAGS] = self.flags
        received[hal.IN_PINS] = self.pins
        received[hal.IN_BURST] = self.burst
        received[hal.IN_RESET_CAUSE] = self.cause
        received[hal.IN_SPI_FAIL] = self.spi_fail
        for k in range(2):
            received[hal.IN_ADC + k] = self.adc[k]
        for k in range(6):
            received[hal.IN_RANGE + k] = self.range[k]
        for k in range(4):
            received[hal.IN_SPI + k] = self.spi[k]
        data = self.to_send[: hal.RX_MAX]
        self.to_send = self.to_send[hal.RX_MAX :]
        rx[: len(data)] = data
        received[hal.IN_RX] = len(data)

    def operations(self):
        """Exchange, and return the operations since the last call, without their times."""
        hal.exchange(0)
        done = [(operation, argument) for _, operation, argument in self.done]
        self.done = []
        return done


def raised(error, function):
    try:
        function()
    except error:
        return True
    return False


def chips():
    """Return the chip selects, all deselected."""
    return [Pin(number, Pin.OUT, value=1) for number in pins.CHIP_SELECTS]
