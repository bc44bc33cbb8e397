"""MLX90614 infrared thermometer: object temperature over SMBus, every word with its check byte.

Fit the variant with the narrow field of view, MLX90614ESF-DCI ("I": 5 degrees; "D": 3 V, medical accuracy; "C":
compensated for gradients in its housing, which cold gas causes) [S: Melexis 3901090614, ordering information]. The
common -BAA sees far more than the treated spot at 100 mm and reads the warm skin around it.

A word is 16 bits, low byte first, then CRC-8 (x8 + x2 + x + 1) over address, command, address and data [S]. Bit 15 is
the chip's error flag; 0.02 K a step [S]. The chip has no data-ready: only a changed word is a new sample. A repeated
word grows older, so a frozen chip is found. No register is ever written: the emissivity is set once, in service.
"""

from cryo.core.reading import (
    AGE_MAX_US,
    BAD_FRAME,
    CHIP_ERROR,
    CJ_IMPLAUSIBLE,
    CONFIG_LOST,
    DEAD_BUS,
    OK,
    OUT_OF_RANGE,
)
from cryo.drivers.its90 import CJ_MAX_MDEGC, CJ_MIN_MDEGC
from micropython import const

_TICKS_MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
_REFRESH_US = const(100_000)  # from one result to the next; its filter lags more [K]
_AMBIENT = const(0x06)  # the chip's housing
_OBJECT = const(0x07)
_EMISSIVITY = const(0x24)  # in EEPROM; 65535 is 1.0
_ERROR_FLAG = const(0x8000)
_STEP_MDEGC = const(20)
_ZERO_MDEGC = const(273_150)
_MIN_MDEGC = const(-70_000)  # end of the chip's range [S]
_MAX_MDEGC = const(100_000)  # no skin that is treated is warmer [E]
_ROUND = const(64)  # transfers: one reads the emissivity, every 8th of the others the housing
# CRC of each high nibble.
_CRC = b"\x00\x07\x0e\x09\x1c\x1b\x12\x15\x38\x3f\x36\x31\x24\x23\x2a\x2d"


def _crc(crc, byte):
    crc ^= byte
    crc = (crc << 4 & 0xFF) ^ _CRC[crc >> 4]
    return (crc << 4 & 0xFF) ^ _CRC[crc >> 4]


class Mlx90614:
    """One MLX90614 on an I2C bus of at most 100 kHz, whose time-out the board sets to at most 1 ms."""

    CONVERSION_US = _REFRESH_US

    def __init__(self, i2c, emissivity, address=0x5A, every=5):
        """`i2c` has readfrom_mem_into(address, register, buf); one transfer in `every` polls, 1..100.

        `emissivity` is the register's value that must be found, 13107..65535 (0.2..1.0); skin is 64224 (0.98) [K].
        Raises ValueError for anything else.
        """
        if not 13107 <= emissivity <= 65535:
            raise ValueError("emissivity must be 13107..65535, that is 0.2..1.0; got " + repr(emissivity))
        if not 1 <= every <= 100:
            raise ValueError("every must be 1..100 polls; got " + repr(every))
        self._read = i2c.readfrom_mem_into
        self._address = address
        self._write_crc = _crc(0, address << 1)
        self._emissivity = emissivity
        self._every = every
        self._buf = bytearray(3)
        self._wait = 1
        self._transfers = 0
        self._trusted = False
        self._ambient_mdegc = None
        self._word = -1  # of the object, as last read
        self._unread_us = 0  # since the object was last read
        self._polled_us = 0
        self._bad_hold_us = 0

    def configure(self):
        """Read the emissivity back; True when it is the one asked for. Only reads, so repeat it at will."""
        self._trusted = False
        self._ambient_mdegc = None
        self._word = -1
        status = self._fetch(_EMISSIVITY)
        self._trusted = status == OK and self._take() == self._emissivity
        return self._trusted

    def _take(self):
        return self._buf[0] | self._buf[1] << 8

    def _fetch(self, register):
        """Read one word into the buffer; return OK, DEAD_BUS or BAD_FRAME."""
        buf = self._buf
        try:
            self._read(self._address, register, buf)
        except OSError:
            return DEAD_BUS
        crc = _crc(_crc(self._write_crc, register), self._address << 1 | 1)
        if _crc(_crc(crc, buf[0]), buf[1]) == buf[2]:
            return OK
        return DEAD_BUS if buf[0] == buf[1] == buf[2] and (buf[0] == 0 or buf[0] == 0xFF) else BAD_FRAME

    def poll(self, now_us, reading):
        """Bring `reading` up to date at `now_us` (ticks_us, 0..2**30 - 1), with at most one transfer of 3 bytes.

        `cold_junction_mdegc` is the housing's temperature. Always pass the same `reading`, at least every 8 minutes.
        Never raises on a failed transfer, does not allocate. The first word is only one to compare with. Bad states
        count once per CONVERSION_US.
        """
        delta_us = (now_us - self._polled_us) & _TICKS_MASK
        self._polled_us = now_us
        unread_us = self._unread_us
        self._unread_us = unread_us + delta_us if unread_us < AGE_MAX_US - delta_us else AGE_MAX_US
        hold_us = self._bad_hold_us
        hold_us = hold_us - delta_us if delta_us < hold_us else 0
        self._bad_hold_us = hold_us
        reading.grow(delta_us)

        self._wait -= 1
        if self._wait > 0:
            return
        self._wait = self._every
        turn = self._transfers
        self._transfers = turn + 1 if turn < _ROUND - 1 else 0
        if not self._trusted or turn == 0:
            register = _EMISSIVITY
        elif self._ambient_mdegc is None or turn & 7 == 1:
            register = _AMBIENT
        else:
            register = _OBJECT
        status = self._fetch(register)
        if status == OK:
            word = self._take()
            if register == _OBJECT:
                status = self._object(word, reading)
            elif register == _AMBIENT:
                status = self._housing(word)
            else:
                self._trusted = word == self._emissivity
                status = OK if self._trusted else CONFIG_LOST
        if status != OK:
            reading.invalidate(status)
            if hold_us == 0:
                self._bad_hold_us = _REFRESH_US
                reading.renew(delta_us, _REFRESH_US)

    def _housing(self, word):
        self._ambient_mdegc = None
        if word & _ERROR_FLAG:
            return CHIP_ERROR
        mdegc = word * _STEP_MDEGC - _ZERO_MDEGC
        if mdegc < CJ_MIN_MDEGC or mdegc > CJ_MAX_MDEGC:
            return CJ_IMPLAUSIBLE
        self._ambient_mdegc = mdegc
        return OK

    def _object(self, word, reading):
        unread_us = self._unread_us
        self._unread_us = 0
        before = self._word
        self._word = word
        if word & _ERROR_FLAG:
            return CHIP_ERROR
        mdegc = word * _STEP_MDEGC - _ZERO_MDEGC
        if mdegc < _MIN_MDEGC or mdegc > _MAX_MDEGC:
            return OUT_OF_RANGE
        if before >= 0 and word != before:
            reading.status = OK
            reading.value_mdegc = mdegc
            reading.raw_mdegc = mdegc
            reading.cold_junction_mdegc = self._ambient_mdegc
            reading.renew(unread_us, _REFRESH_US)
        return OK
