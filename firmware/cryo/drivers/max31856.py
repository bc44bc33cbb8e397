"""MAX31856 thermocouple converter: set-up that is read back, samples by data-ready, and a second cut-off in hardware.

The chip corrects to ITS-90 by itself, so its value needs no table [S: Maxim 19-7534, registers and codes].
A frozen chip shows by what is missing: a sample counts as new only when DRDY fell (or, without that pin, when the value
changed). Overvoltage suspends conversion and has its own status. A dead bus is found by reading the set-up back, never
by the value: 0 degC is a temperature.

Second cut-off: the chip compares every conversion with its low threshold and pulls FAULT low by itself, software or
not. FAULT also falls for an open thermocouple and for overvoltage. Below the threshold the reading stays OK, because
its number gives more information than a fault would. Its `cut` means that the chip demands a cut-off. When flag, pin
and number disagree about it in two samples in a row, the second cut-off is not to be trusted: BAD_FRAME.
"""

from cryo.core.reading import (
    AGE_MAX_US,
    BAD_FRAME,
    CJ_IMPLAUSIBLE,
    CONFIG_LOST,
    DEAD_BUS,
    OK,
    OPEN,
    OUT_OF_RANGE,
    VOLTAGE,
)
from cryo.drivers.its90 import CJ_MAX_MDEGC, CJ_MIN_MDEGC
from micropython import const

REGISTERS = ("CR0", "CR1", "MASK", "CJHF", "CJLF", "LTHFTH", "LTHFTL", "LTLFTH", "LTLFTL", "CJTO")

_TICKS_MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
# One conversion of one sample in automatic mode lasts 82 ms (60 Hz) or 98 ms (50 Hz) [S]; longest [K]. Averaging is
# left off: it adds 16.7 or 20 ms a further sample [S: Maxim's example], and filters the value that has to cut the gas.
_CONVERSION_60_US = const(90_000)
_CONVERSION_50_US = const(110_000)
_CHECK_EVERY = const(64)  # polls between two read-backs of the set-up

_COUNT = const(10)  # registers CR0..CJTO
_AUTO = const(0x80)  # CR0: convert all the time; FAULT follows its cause (comparator)
_OPEN_TEST = const(0x10)  # CR0: test for an open thermocouple, source below 5 kOhm
_50_HZ = const(0x01)  # CR0; may only change while conversion is off [S]
_MASK = const(0xF8)  # FAULT for TCLOW, OVUV and OPEN
_FIRST_DATA = const(0x0A)  # CJTH, CJTL, LTCBH, LTCBM, LTCBL, SR
_STATUS = const(0x0F)
_WRITE = const(0x80)
# Reserved bits, and CR0's bits that clear themselves, are not compared.
_SIGNIFICANT = b"\xbd\x7f\x3f\xff\xff\xff\xff\xff\xff\xff"

_SR_OPEN = const(0x01)
_SR_VOLTAGE = const(0x02)
_SR_TC_LOW = const(0x04)
_SR_TC = const(0x48)  # TCRANGE, TCHIGH
_SR_CJ = const(0xB0)  # CJRANGE, CJHIGH, CJLOW
_SR_PIN = const(0x07)

_LIMIT_MDEGC = const(150_000)  # largest temperature, both signs; nothing in this device is warmer or colder [E]
_LOW_MIN_MDEGC = const(-100_000)
_LOW_MAX_MDEGC = const(40_000)
_TOLERANCE_MDEGC = const(500)  # between flag and number
_HYSTERESIS_MDEGC = const(2_500)  # 2 degC in the chip [K], and the tolerance


def code_of(chip, kind):
    """Return the CR1 code for thermocouple `kind` ("K" or "T") on `chip`, which must be "MAX31856".

    Raises ValueError that names what cannot be used: a MAX6675 because it reads nothing below 0 degC, other
    thermocouples because their wires are not those of the probes.
    """
    if chip == "MAX6675" or kind == "MAX6675":
        raise ValueError("MAX6675 cannot read below 0 degC, where this device must cut off: fit a MAX31856 or MAX31855")
    if chip != "MAX31856":
        raise ValueError("this driver is for a MAX31856; got " + repr(chip))
    if kind == "K":
        return 3
    if kind == "T":
        return 7
    raise ValueError("thermocouple type must be K or T, as the probes are; got " + repr(kind))


class Max31856:
    """One MAX31856 on a shared SPI bus (mode 1, at most 5 MHz).

    mismatch      number of the register (index in REGISTERS) that read back other than written, or -1
    offset_mdegc  what a calibration adds to the temperature; the chip's own threshold and the raw figure are without
    """

    def __init__(self, spi, cs, kind, low_mdegc, mains_hz=50, drdy=None, fault=None, chip="MAX31856"):
        """`spi` has write_readinto(out, in); `cs` has value(level) and is left high here.

        `low_mdegc` is the hardware's threshold, -100 000..40 000, rounded up to 62.5 mdegC. `drdy` and `fault`
        have value() and are the chip's pins, or None where not wired. Raises ValueError for anything else.
        """
        code = code_of(chip, kind)
        if mains_hz not in (50, 60):
            raise ValueError("mains_hz must be 50 or 60; got " + repr(mains_hz))
        if not _LOW_MIN_MDEGC <= low_mdegc <= _LOW_MAX_MDEGC:
            raise ValueError("low_mdegc must be -100000..40000; got " + repr(low_mdegc))
        low = -(-low_mdegc * 16 // 1000)
        self._low_mdegc = low_mdegc
        self.CONVERSION_US = _CONVERSION_50_US if mains_hz == 50 else _CONVERSION_60_US
        high = _LIMIT_MDEGC * 16 // 1000
        self._set_up = bytes(
            (
                _AUTO | _OPEN_TEST | (_50_HZ if mains_hz == 50 else 0),
                code,
                _MASK,
                CJ_MAX_MDEGC // 1000,
                CJ_MIN_MDEGC // 1000 & 0xFF,
                high >> 8,
                high & 0xFF,
                low >> 8 & 0xFF,
                low & 0xFF,
                0,
            )
        )
        self._as_written = self._set_up[:1] + self._set_up  # what a read-back gives, after its first byte
        self._transfer = spi.write_readinto
        self._select = cs.value
        self._drdy = None if drdy is None else drdy.value
        self._fault = None if fault is None else fault.value
        self._ask_data = bytes((_FIRST_DATA, 0, 0, 0, 0, 0, 0))
        self._data = bytearray(7)
        self._ask_status = bytes((_STATUS, 0))
        self._status = bytearray(2)
        self._ask_set_up = bytes(_COUNT + 1)
        self._read_back = bytearray(_COUNT + 1)
        self._frame = bytearray(5)
        self._seen = False  # a first frame to compare with, without DRDY
        self._trusted = OK  # status that the last read-back found
        self._check_in = 0
        self._doubts = 0
        self._pin_doubts = 0
        self._unread_us = 0  # time since it was last certain that no sample waits
        self._polled_us = 0
        self._bad_hold_us = 0
        self.mismatch = -1
        self.offset_mdegc = 0
        self._select(1)

    def configure(self):
        """Write the set-up, read it back and start conversions; True when every register holds what was written.

        Else `mismatch` names the register, or is -1 after an error of the bus. Allocates: not for the tick. Repeat it
        after the status CONFIG_LOST. What the chip measured before does not count as a sample afterwards.
        """
        set_up = self._set_up
        self._seen = False
        self._doubts = self._pin_doubts = 0
        # Off first: the filter may not change during conversions, and none may run with another type of wire.
        ok = self._send(bytes((_WRITE, set_up[0] & ~_AUTO)))
        ok = self._send(bytes((_WRITE | 1,)) + set_up[1:]) and ok
        ok = self._send(bytes((_WRITE, set_up[0]))) and ok
        ok = self._send(self._ask_data) and ok  # an old sample is taken, so DRDY rises
        self._trusted = self._verify()
        return ok and self._trusted == OK

    def verified(self):
        """Read the set-up back, outside the tick's rhythm; True when the chip answers and holds it."""
        self._trusted = self._verify()
        return self._trusted == OK

    def _send(self, out):
        self._select(0)
        try:
            self._transfer(out, bytearray(len(out)))
        except OSError:
            return False
        finally:
            self._select(1)
        return True

    def _verify(self):
        """Compare the registers with the set-up; return OK, DEAD_BUS or CONFIG_LOST. Does not allocate."""
        self._check_in = _CHECK_EVERY
        self.mismatch = -1
        got = self._read_back
        self._select(0)
        try:
            self._transfer(self._ask_set_up, got)
        except OSError:
            self._select(1)
            return DEAD_BUS
        self._select(1)
        wanted = self._set_up
        got[0] = wanted[0]  # the line may have changed during the read
        if got == self._as_written:
            return OK
        same = True
        i = 0
        while i < _COUNT:
            if (got[i + 1] ^ wanted[i]) & _SIGNIFICANT[i] and self.mismatch < 0:
                self.mismatch = i
            if got[i + 1] != got[1]:
                same = False
            i += 1
        if self.mismatch < 0:
            return OK
        return DEAD_BUS if same and (got[1] == 0 or got[1] == 0xFF) else CONFIG_LOST

    def poll(self, now_us, reading):
        """Bring `reading` up to date at `now_us` (ticks_us, 0..2**30 - 1): one transfer, two at a read-back.

        Always pass the same `reading`, at least every 17 minutes. Never raises on a failed transfer, does not
        allocate. A sample's conversion ended no earlier than the last poll at which no sample waited. Without DRDY
        the first value after configure() is only one to compare with. Bad states count once per CONVERSION_US.
        """
        delta_us = (now_us - self._polled_us) & _TICKS_MASK
        self._polled_us = now_us
        hold_us = self._bad_hold_us
        hold_us = hold_us - delta_us if delta_us < hold_us else 0
        self._bad_hold_us = hold_us
        unread_us = self._unread_us
        unread_us = unread_us + delta_us if unread_us < AGE_MAX_US - delta_us else AGE_MAX_US

        data = self._data
        drdy = self._drdy
        fault = self._fault
        # Read whatever state the bus has: the gates cut by this pin without the firmware.
        low = fault is not None and fault() == 0
        reading.cut = 1 if low else 0
        # Reading the value raises DRDY, so without DRDY low it is left alone: a sample between would be lost.
        ready = drdy is None or drdy() == 0
        status = OK
        self._select(0)
        try:
            if ready:
                self._transfer(self._ask_data, data)
            else:
                self._transfer(self._ask_status, self._status)
        except OSError:
            status = DEAD_BUS
        self._select(1)
        # If reading does not raise DRDY, the pin is stuck and is no sign of a sample.
        taken = ready and (drdy is None or drdy() != 0)
        self._unread_us = 0 if not ready or (taken and status == OK) else unread_us
        flags = data[6] if ready else self._status[1]

        self._check_in -= 1
        if status == OK:
            # A dead line could have sent such a frame: check it at once.
            idle = flags == 0xFF or (ready and flags == 0 and data[1] == data[2] == data[3] == data[4] == data[5] == 0)
            if idle or self._check_in <= 0 or self._trusted != OK:
                self._trusted = self._verify()
            status = self._trusted
        if status == OK:
            status = self._judge(flags, low)
            # If the pin is wired to channel B only, the flags take its place, whatever else they mean.
            if flags & (_SR_PIN if fault is None else _SR_TC_LOW):
                reading.cut = 1
        if status != OK:
            reading.invalidate(status)
            if hold_us:
                reading.grow(delta_us)
            else:
                reading.renew(delta_us, self.CONVERSION_US)
                self._bad_hold_us = self.CONVERSION_US
            return

        if not taken or (drdy is None and not self._changed()):
            reading.grow(delta_us)
            return
        self._decode(flags, reading)
        if reading.status == OK or hold_us == 0:
            reading.renew(unread_us, self.CONVERSION_US)
            if reading.status != OK:
                self._bad_hold_us = self.CONVERSION_US
        else:
            reading.grow(delta_us)

    def _judge(self, flags, low):
        """Return the status that the flags and the FAULT pin, low or not, stand for."""
        if self._fault is not None and low != (flags & _SR_PIN != 0):
            # A conversion may end between reading the pin and the transfer. That cannot happen two times in a row.
            self._pin_doubts = 2 if self._pin_doubts else 1
        else:
            self._pin_doubts = 0
        if flags & _SR_OPEN:
            return OPEN
        if flags & _SR_VOLTAGE:
            return VOLTAGE
        if flags & _SR_CJ:
            return CJ_IMPLAUSIBLE
        if flags & _SR_TC:
            return OUT_OF_RANGE
        return BAD_FRAME if self._pin_doubts > 1 else OK

    def _changed(self):
        """Without DRDY: keep the frame and return True when it differs from the one kept before."""
        data = self._data
        frame = self._frame
        changed = False
        i = 0
        while i < 5:
            if frame[i] != data[i + 1]:
                frame[i] = data[i + 1]
                changed = True
            i += 1
        if not self._seen:
            self._seen = True
            return False
        return changed

    def _decode(self, flags, reading):
        data = self._data
        cj_code = data[1] << 6 | data[2] >> 2
        if cj_code >= 0x2000:
            cj_code -= 0x4000
        cj_mdegc = cj_code * 125 >> 3  # 1/64 degC
        # 19 bits of 1/128 degC; the five lower ones are always 0, and the product of all 24 would exceed 31 bits.
        code = data[3] << 11 | data[4] << 3 | data[5] >> 5
        if code >= 0x40000:
            code -= 0x80000
        mdegc = code * 125 >> 4
        if cj_mdegc < CJ_MIN_MDEGC or cj_mdegc > CJ_MAX_MDEGC:
            reading.invalidate(CJ_IMPLAUSIBLE)
            return
        if mdegc < -_LIMIT_MDEGC or mdegc > _LIMIT_MDEGC:
            reading.invalidate(OUT_OF_RANGE)
            return
        above_mdegc = mdegc - self._low_mdegc
        if above_mdegc > _HYSTERESIS_MDEGC if flags & _SR_TC_LOW else above_mdegc < -_TOLERANCE_MDEGC:
            self._doubts = 2 if self._doubts else 1
            if self._doubts > 1:
                reading.invalidate(BAD_FRAME)
                return
        else:
            self._doubts = 0
        reading.status = OK
        reading.value_mdegc = mdegc + self.offset_mdegc
        reading.raw_mdegc = mdegc
        reading.cold_junction_mdegc = cj_mdegc
