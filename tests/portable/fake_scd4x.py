"""A fake SCD4x: commands with their execution times, its two modes, words with check bytes; and a rig to poll it."""

import micropython
from cryo.core.records import Quantity
from cryo.drivers.scd4x import Scd4x

MASK = 0x3FFFFFFF
POLL_US = 10_000
START_US = MASK - 24_999  # the counter wraps within the first polls
PERIOD_US = 5_000_000
ABSENT = OSError(5)
STUCK = OSError(110)
REFUSED = OSError(6)

STOP = 0x3F86
START = 0x21B1
READY = 0xE4B8
READ = 0xEC05


def check_byte(high, low):
    """CRC-8, polynomial 31h, start FFh, bit by bit."""
    crc = 0xFF
    for byte in (high, low):
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ 0x31 if crc & 0x80 else crc << 1
            crc &= 0xFF
    return crc


class Chip:
    """Address 62h. While it executes a command, and for a command of the other mode, it refuses.

    error: raised in place of a transfer; taken >= 0: how many bytes of a command it acknowledges before it stops
    answering; flip: a mask for byte `flip_at` of each result; frozen: it does not measure; stubborn: it refuses the
    stop when it does not measure.
    """

    def __init__(self):
        self.error = None
        self.taken = -1
        self.flip = 0
        self.flip_at = 0
        self.flip_ready = 0
        self.frozen = False
        self.stubborn = False
        self.transfers = 0
        self.longest = 0
        self.results = 0
        self.age_us = 0  # since the measurement now in the buffer began
        self.read_age_us = 0  # the same, of the one that was fetched last
        self.frame = bytearray(9)
        self.ppm(650)
        self.measuring = False
        self.power()

    def power(self):
        """The supply returns: the chip accepts commands after one second."""
        self.measuring = False
        self.full = False
        self.since_us = 0
        self.busy_us = 1_000_000
        self.answer = 0

    def ppm(self, ppm):
        """Set what the next results read."""
        words = (ppm, 0x6667, 0x5EB9)
        for i in range(3):
            high = words[i] >> 8
            low = words[i] & 0xFF
            self.frame[3 * i] = high
            self.frame[3 * i + 1] = low
            self.frame[3 * i + 2] = check_byte(high, low)

    def advance(self, us):
        self.busy_us = self.busy_us - us if self.busy_us > us else 0
        if self.age_us < MASK - us:
            self.age_us += us
        if not self.measuring or self.frozen:
            return
        self.since_us += us
        if self.since_us >= PERIOD_US:
            self.since_us -= PERIOD_US
            self.age_us = self.since_us + PERIOD_US
            self.full = True
            self.results += 1

    def count(self, address, size):
        assert address == 0x62
        self.transfers += 1
        if size > self.longest:
            self.longest = size
        if self.error is not None:
            raise self.error
        if self.busy_us:
            raise REFUSED

    def writeto(self, address, buf):
        self.count(address, len(buf))
        assert len(buf) == 2
        if self.taken >= 0:
            return self.taken
        command = buf[0] << 8 | buf[1]
        self.answer = 0
        if command == STOP:
            if self.stubborn and not self.measuring:
                raise REFUSED
            self.measuring = False
            self.full = False
            self.busy_us = 500_000
        elif command == START:
            if self.measuring:
                raise REFUSED
            self.measuring = True
            self.since_us = 0
        elif command == READY:
            self.answer = command
            self.busy_us = 1_000
        elif command == READ:
            if not self.full:
                raise REFUSED
            self.answer = command
            self.busy_us = 1_000
        else:
            raise AssertionError("unknown command " + hex(command))
        return 2

    def readfrom_into(self, address, buf):
        self.count(address, len(buf))
        if self.answer == READY:
            assert len(buf) == 3
            buf[0] = 0x80
            buf[1] = 0x06 if self.full else 0x00
            buf[2] = (0x04 if self.full else 0xA2) ^ self.flip_ready
        elif self.answer == READ:
            i = 0
            while i < len(buf):  # a read may end after any byte
                buf[i] = self.frame[i]
                i += 1
            buf[self.flip_at] ^= self.flip
            self.full = False
            self.read_age_us = self.age_us
        else:
            raise REFUSED
        self.answer = 0


class Rig:
    """One sensor, polled from just before the counter wraps, with the heap locked."""

    def __init__(self):
        self.fake = Chip()
        self.sensor = Scd4x(self.fake)
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
            assert self.fake.transfers - before <= 1
            assert (self.quantity.status == 0) == (self.quantity.value is not None)
        return self

    def until(self, status, polls=4_000):
        """Poll until the status is this one; return the polls it took, or -1."""
        for i in range(polls):
            self.poll()
            if self.quantity.status == status:
                return i + 1
        return -1

    def next(self, polls=2_000):
        """Poll until there is a new status; return the number of polls, or -1."""
        sequence = self.quantity.sequence
        for i in range(polls):
            self.poll()
            if self.quantity.sequence != sequence:
                return i + 1
        return -1

    def good(self):
        assert self.until(0) > 0
        return self
