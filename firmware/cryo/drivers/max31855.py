"""MAX31855 thermocouple converter: decoding of its 32-bit frame, and the time of each sample.

Frame, from the data sheet [S: Maxim 19-5793, table 2]: D31..18 thermocouple, signed, 0.25 degC; D17 reserved,
0; D16 any fault; D15..4 cold junction, signed, 0.0625 degC; D3 reserved, 0; D2 short to supply; D1 short to
ground; D0 open. It is handled as two halves of 16 bits, because a whole word does not fit a 31-bit integer.
"""

from cryo.core.reading import (
    BAD_FRAME,
    CJ_IMPLAUSIBLE,
    DEAD_BUS,
    OK,
    OPEN,
    OTHER_CHIP,
    OUT_OF_RANGE,
    SHORT_GND,
    SHORT_VCC,
)
from cryo.drivers.its90 import CJ_MAX_MDEGC, CJ_MIN_MDEGC
from micropython import const

_TICKS_MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
_CONVERSION_US = const(100_000)  # longest conversion, all channels [S: Maxim 19-5793]


def decode(high, low, reading, linearise):
    """Decode the halves `high` (D31..16) and `low` (D15..0) of a frame, each 0..65535, into `reading`.

    Sets the status and the three temperatures; age and sequence belong to the caller. `linearise` is an
    `its90.Linearise` of the type that is fitted. Never raises and does not allocate.
    """
    # An idle data line reads as all zeros or all ones. A chip that is at 0 degC and measures 0 degC sends
    # all zeros too and is refused; 0 degC with any other cold junction is a temperature.
    if high == low and (low == 0 or low == 0xFFFF):
        reading.invalidate(DEAD_BUS)
        return
    faults = low & 7
    if high & 2 or low & 8 or (high & 1 == 0) != (faults == 0):
        reading.invalidate(BAD_FRAME)
        return
    if faults:
        reading.invalidate(OPEN if faults & 1 else SHORT_GND if faults & 2 else SHORT_VCC)
        return
    cj_code = low >> 4
    if cj_code >= 0x800:
        cj_code -= 0x1000
    cj_mdegc = (cj_code * 125) >> 1
    if cj_mdegc < CJ_MIN_MDEGC or cj_mdegc > CJ_MAX_MDEGC:
        reading.invalidate(CJ_IMPLAUSIBLE)
        return
    raw_code = high >> 2
    if raw_code >= 0x2000:
        raw_code -= 0x4000
    raw_mdegc = raw_code * 250
    value_mdegc = linearise.corrected_mdegc(raw_mdegc, cj_mdegc)
    if value_mdegc is None:
        reading.invalidate(OUT_OF_RANGE)
        return
    reading.status = OK
    reading.value_mdegc = value_mdegc
    reading.raw_mdegc = raw_mdegc
    reading.cold_junction_mdegc = cj_mdegc


class Max31855:
    """One MAX31855 on a shared SPI bus (mode 0 or 1, at most 5 MHz).

    offset_mdegc  what a calibration adds to the temperature; the raw figure is without
    """

    CONVERSION_US = _CONVERSION_US

    def __init__(self, spi, cs, linearise, buf=None):
        """`spi` has readinto(buf); `cs` has value(level), low selects the chip, and is left high here.

        `buf` is a 4-byte bytearray to read into, which several chips may share; one is made when left out.
        Raises ValueError when it has another length.
        """
        if buf is None:
            buf = bytearray(4)
        if len(buf) != 4:
            raise ValueError("buf must be a bytearray of 4 bytes: a MAX31855 frame has 32 bits")
        self._readinto = spi.readinto
        self._select = cs.value
        self._linearise = linearise
        self._buf = buf
        self._frame = bytearray(4)
        self._polled_us = 0
        self._polled = False
        self._proven = False  # a frame had a lower half: a MAX6675 sends none
        self._bad_hold_us = 0
        self.offset_mdegc = 0
        self._select(1)

    def poll(self, now_us, reading):
        """Read one frame at `now_us` (ticks_us, 0..2**30 - 1) and bring `reading` up to date.

        Always pass the same `reading`, and poll at least every 17 minutes: a longer gap wraps. Never raises
        on a failed transfer, does not allocate.

        The chip has no data-ready, so only a changed frame is a new sample; a repeated one just grows older.
        The conversion of a changed frame ended at the previous poll at the earliest, and began at most one
        conversion before that. Bad samples count conversions, not reads: at most one per CONVERSION_US,
        and again for as long as a bad frame stays. If no frame has had a lower half yet, as if the cold junction were
        exactly 0 degC, the chip is taken for a MAX6675: OTHER_CHIP.
        """
        buf = self._buf
        self._select(0)
        try:
            self._readinto(buf)
        except OSError:
            # A failed transfer counts as a dead line.
            buf[0] = buf[1] = buf[2] = buf[3] = 0
        self._select(1)

        delta_us = (now_us - self._polled_us) & _TICKS_MASK
        self._polled_us = now_us
        hold_us = self._bad_hold_us
        if hold_us:
            hold_us = hold_us - delta_us if delta_us < hold_us else 0
            self._bad_hold_us = hold_us

        frame = self._frame
        changed = buf != frame or not self._polled
        if changed:
            frame[0] = buf[0]
            frame[1] = buf[1]
            frame[2] = buf[2]
            frame[3] = buf[3]
            decode(buf[0] << 8 | buf[1], buf[2] << 8 | buf[3], reading, self._linearise)
            if buf[2] or buf[3]:
                self._proven = True
            if reading.status == OK:
                reading.value_mdegc += self.offset_mdegc
                if not self._proven:
                    reading.invalidate(OTHER_CHIP)
        if hold_us == 0 and reading.status != OK:
            self._bad_hold_us = _CONVERSION_US
        elif not changed or reading.status != OK:
            reading.grow(delta_us)
            return

        if self._polled:
            reading.renew(delta_us, _CONVERSION_US)
        else:
            # Begin and end are unknown: one conversion ago stands for both.
            self._polled = True
            reading.renew(_CONVERSION_US, 0)
