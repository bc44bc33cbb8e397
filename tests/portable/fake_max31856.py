"""A MAX31856 on a bus that a board may wire with or without DRDY and FAULT, and a rig to poll it."""

import micropython
from chip_max31856 import Chip
from cryo.core.reading import NO_VALUE, Reading
from cryo.drivers.max31856 import Max31856

MASK = 0x3FFFFFFF
POLL_US = 10_000
START_US = MASK - 24_999  # the counter wraps within the first polls
LONGEST_US = 110_000


class Bus:
    """SPI and chip select of one chip; some boards wire DRDY and FAULT, some do not."""

    def __init__(self, chip):
        self.write_readinto = chip.write_readinto
        self.value = chip.select


class Rig:
    """One configured chip, polled from just before the counter wraps."""

    def __init__(self, drdy=True, fault=True, low_mdegc=2_000, kind="K", mains_hz=50, configure=True):
        self.fake = Chip()
        bus = Bus(self.fake)
        pins = (self.fake.drdy if drdy else None, self.fake.fault if fault else None)
        self.chip = Max31856(bus, bus, kind, low_mdegc, mains_hz, pins[0], pins[1])
        self.reading = Reading()
        self.now_us = START_US
        if configure:
            assert self.chip.configure()

    def poll(self, after_us=POLL_US):
        self.now_us = (self.now_us + after_us) & MASK
        self.fake.advance(after_us)
        micropython.heap_lock()
        try:
            self.chip.poll(self.now_us, self.reading)
        finally:
            micropython.heap_unlock()
        assert self.fake.level == 1

    def new_samples(self, polls, after_us=POLL_US):
        before = self.reading.sequence
        for _ in range(polls):
            self.poll(after_us)
        return (self.reading.sequence - before) & 0xFFFF

    def sample(self, polls=11):
        """Poll until a sample came; return the status."""
        before = self.reading.sequence
        for _ in range(polls):
            self.poll()
            if self.reading.sequence != before:
                return self.reading.status
        return None

    def wiggle(self, polls):
        """Poll with a value that changes with each conversion, as with noise."""
        before = self.reading.sequence
        for _ in range(polls):
            self.fake.code ^= 0x20
            self.poll()
        return (self.reading.sequence - before) & 0xFFFF


def no_numbers(reading):
    numbers = (reading.value_mdegc, reading.raw_mdegc, reading.cold_junction_mdegc)
    return numbers == (NO_VALUE, NO_VALUE, NO_VALUE)
