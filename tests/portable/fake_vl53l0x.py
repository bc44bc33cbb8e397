"""A rig that polls a VL53L0X."""

import micropython
from chip_vl53l0x import Chip
from cryo.core.records import Quantity
from cryo.drivers import vl53l0x
from cryo.drivers.vl53l0x import Vl53l0x

MASK = 0x3FFFFFFF
POLL_US = 10_000
START_US = MASK - 24_999  # the counter wraps within the first polls


class Rig:
    """One sensor, polled from just before the counter wraps."""

    def __init__(self, io_2v8=True, echo=None):
        self.fake = Chip()
        self.fake.echo = echo
        self.sensor = Vl53l0x(self.fake, 0x29, io_2v8)
        self.quantity = Quantity()
        self.now_us = START_US

    def poll(self, polls=1, after_us=POLL_US):
        for _ in range(polls):
            self.now_us = (self.now_us + after_us) & MASK
            self.fake.advance(after_us)
            before = self.fake.transfers
            micropython.heap_lock()
            try:
                self.sensor.poll(self.now_us, self.quantity)
            finally:
                micropython.heap_unlock()
            assert self.fake.transfers - before == 1
            assert (self.quantity.status == 0) == (self.quantity.value is not None)

    def busy(self, after_us=POLL_US):
        """Poll once in a tick that has no time for a transfer."""
        self.now_us = (self.now_us + after_us) & MASK
        self.fake.advance(after_us)
        micropython.heap_lock()
        try:
            self.sensor.poll(self.now_us, self.quantity, True)
        finally:
            micropython.heap_unlock()

    def until(self, status, polls=400):
        """Poll until the status is this one; return the polls it took, or -1."""
        for i in range(polls):
            self.poll()
            if self.quantity.status == status:
                return i + 1
        return -1

    def good(self):
        assert self.until(vl53l0x.OK) > 0
        return self
