"""SCD4x room CO2 sensor: periodic measurement, one short transfer a poll, at most one result in 5 s.

Commands, their execution times, the 5 s and the check byte (CRC-8, polynomial 31h, start FFh) follow the data sheet
[S: Sensirion SCD4x, version 1.3]. Nothing is written to the chip's memory: its self-calibration and its altitude stay
as they were set in service. A word is 16 bits, high byte first, then its check byte.

Command and answer are two transfers in two polls: the chip refuses its address until a command is executed (1 ms), and
a poll comes every 10 ms. Only the first word of a result is read, CO2. Temperature and humidity follow; a read may end
after any byte [S].
"""

from cryo.core.ticks import grown
from micropython import const

OK = const(0)
STARTING = const(1)
DEAD_BUS = const(2)  # no acknowledge, or an error of the bus: absent, unplugged, or the bus is stuck
BAD_FRAME = const(3)  # a check byte is wrong
NO_SAMPLE = const(4)  # 0 ppm: the chip means that it has no valid sample
OUT_OF_RANGE = const(5)  # beyond 40 000 ppm, the end of the chip's output
NO_ANSWER = const(6)  # the chip answers, but no result came for three periods: it was reset, or does not measure
NAMES = ("OK", "STARTING", "DEAD_BUS", "BAD_FRAME", "NO_SAMPLE", "OUT_OF_RANGE", "NO_ANSWER")

_TICKS_MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
_PERIOD_US = const(5_000_000)  # [S]
_PATIENCE_US = const(15_000_000)  # [E] three periods
_ASK_US = const(500_000)  # [E] time between two questions whether there is a result
_POWER_UP_US = const(1_000_000)  # [S]
_STOPPING_US = const(500_000)  # [S] execution time of the stop
_BACK_OFF_US = const(1_000_000)  # [E] after a failure; doubled with each further one ...
_BACK_OFF_MAX_US = const(16_000_000)  # [E] ... up to this
_MAX_PPM = const(40_000)  # [S] end of the output

_STOP = b"\x3f\x86"
_START = b"\x21\xb1"
_ASK = b"\xe4\xb8"
_FETCH = b"\xec\x05"
_READY_BITS = const(0x07FF)  # all of them 0: no result yet [S]

# steps
_TO_STOP = const(0)  # if the last run left the chip measuring, it accepts no other command
_TO_START = const(1)
_TO_ASK = const(2)
_TO_HEAR = const(3)
_TO_FETCH = const(4)
_TO_READ = const(5)

# CRC of each high nibble.
_CRC = b"\x00\x31\x62\x53\xc4\xf5\xa6\x97\xb9\x88\xdb\xea\x7d\x4c\x1f\x2e"


def _crc(high, low):
    crc = 0xFF ^ high
    crc = (crc << 4 & 0xFF) ^ _CRC[crc >> 4]
    crc = (crc << 4 & 0xFF) ^ _CRC[crc >> 4] ^ low
    crc = (crc << 4 & 0xFF) ^ _CRC[crc >> 4]
    return (crc << 4 & 0xFF) ^ _CRC[crc >> 4]


class Scd4x:
    """One SCD40 or SCD41 on an I2C bus of at most 400 kHz, whose time-out the board sets to at most 1 ms."""

    def __init__(self, i2c, address=0x62):
        """`i2c` has writeto(address, buf), which returns the bytes acknowledged, and readfrom_into(address, buf)."""
        self._write = i2c.writeto
        self._read = i2c.readfrom_into
        self._address = address
        self._buf = bytearray(3)
        self._polled_us = -1  # not yet
        self._step = _TO_STOP
        self._wait_us = _POWER_UP_US
        self._back_off_us = _BACK_OFF_US
        self._sent_us = 0  # since the last command
        self._unread_us = 0  # since it was last certain that no result waits
        self._waited_us = 0  # since the last result, or the start

    def poll(self, now_us, quantity):
        """Do at most one transfer at `now_us` (ticks_us, 0..2**30 - 1) and bring `quantity` (ppm) up to date.

        age_us counts from the earliest moment at which the measurement can have begun: 5 to 6 s when it is new. A
        failed transfer drops the number at once and is tried again after 1 s, then 2, 4, 8 and 16 s. Never raises on
        a failed transfer, does not allocate. Always pass the same `quantity`.
        """
        delta_us = (now_us - self._polled_us) & _TICKS_MASK if self._polled_us >= 0 else 0
        self._polled_us = now_us
        quantity.age_us = grown(quantity.age_us, delta_us)
        self._sent_us = grown(self._sent_us, delta_us)
        self._unread_us = grown(self._unread_us, delta_us)
        self._waited_us = grown(self._waited_us, delta_us)
        if self._wait_us > delta_us:
            self._wait_us -= delta_us
            return
        self._wait_us = 0
        status = OK
        try:
            status = self._act(quantity)
        except OSError:
            status = DEAD_BUS
        if status == DEAD_BUS and self._step == _TO_STOP:
            status = OK  # a chip that does not measure may refuse the stop; the start shows whether it answers
            self._next(_TO_START, _STOPPING_US)
        if status != OK:
            self._fail(quantity, status)
            self._next(_TO_STOP, self._back_off_us)
            if self._back_off_us < _BACK_OFF_MAX_US:
                self._back_off_us *= 2

    def _next(self, step, wait_us):
        self._step = step
        self._wait_us = wait_us

    def _send(self, command):
        self._sent_us = 0
        # When a chip stops answering within a transfer, some ports do not raise: they return how many bytes it took.
        return OK if self._write(self._address, command) == 2 else DEAD_BUS

    def _fail(self, quantity, status):
        quantity.status = status
        quantity.value = None
        quantity.sequence = (quantity.sequence + 1) & 0xFFFF

    def _act(self, quantity):
        """Do this step's transfer; return OK, or why the chip must be started again."""
        step = self._step
        status = OK
        if step == _TO_STOP:
            status = self._send(_STOP)
            if status == OK:
                self._next(_TO_START, _STOPPING_US)
        elif step == _TO_START:
            status = self._send(_START)
            if status == OK:
                self._unread_us = 0
                self._waited_us = 0
                self._next(_TO_ASK, _ASK_US)
        elif step == _TO_ASK:
            status = self._send(_ASK)
            self._step = _TO_HEAR
        elif step == _TO_HEAR:
            status = self._hear()
        elif step == _TO_FETCH:
            status = self._send(_FETCH)
            self._step = _TO_READ
        else:
            self._take(quantity)
            self._next(_TO_ASK, _ASK_US)
        return status

    def _hear_word(self):
        """Read a word; return it, or -1 when its check byte is wrong."""
        buf = self._buf
        self._read(self._address, buf)
        return buf[0] << 8 | buf[1] if _crc(buf[0], buf[1]) == buf[2] else -1

    def _hear(self):
        word = self._hear_word()
        if word < 0:
            return BAD_FRAME
        if word & _READY_BITS:
            self._step = _TO_FETCH
            return OK
        self._unread_us = self._sent_us
        if self._waited_us > _PATIENCE_US:
            return NO_ANSWER
        self._next(_TO_ASK, _ASK_US)
        return OK

    def _take(self, quantity):
        """Read and judge a result; a bad one leaves no number, the next one comes in 5 s."""
        ppm = self._hear_word()
        status = OK
        if ppm < 0:
            status = BAD_FRAME
        elif ppm == 0:
            status = NO_SAMPLE
        elif ppm > _MAX_PPM:
            status = OUT_OF_RANGE
        age_us = grown(_PERIOD_US, self._unread_us)
        self._unread_us = self._sent_us
        self._waited_us = 0
        if status != OK:
            self._fail(quantity, status)
        else:
            quantity.status = OK
            quantity.value = ppm
            quantity.sequence = (quantity.sequence + 1) & 0xFFFF
            self._back_off_us = _BACK_OFF_US
        quantity.age_us = age_us
