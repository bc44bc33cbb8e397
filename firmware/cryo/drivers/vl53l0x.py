"""VL53L0X distance sensor: start-up and ranging as a state machine with one short transfer a poll.

Registers and their order follow ST's API (STSW-IMG005) [S]; values that ST does not explain are in vl53l0x_tuning.
Measurements follow each other, each of 20 ms, the shortest that ST allows. One transfer reads flag and result, the next
one clears the flag. Writes go out as one buffer of register and value: MicroPython's `writeto_mem` joins two buffers on
the heap, which the tick forbids.

The light of one SPAD falls with the square of the distance. So their product stays the same while the surface is the
same. It is smoothed and given with the range: when it grows, the range does not follow the skin any more (eye_guard).

The light at a live sensor is never the same: a result that repeats range, rates and SPAD count is not live.

Fog in the beam shows as results that fail (SIGNAL_FAIL, PHASE_FAIL, MIN_RANGE) or jump (SIGMA_FAIL). ST estimates sigma
on the host from rates; here SIGMA_FAIL means that two results in a row are further apart than a hand moves [E]. Every
bad result removes the number at once. A chip that answers but does not measure is restarted.
"""

from cryo.drivers.vl53l0x_tuning import PAIRS
from cryo.limits import DISTANCE_AGE_MAX_US
from micropython import const

OK = const(0)
STARTING = const(1)
SIGMA_FAIL = const(2)  # two results in a row do not fit each other
SIGNAL_FAIL = const(3)  # too little light came back
MIN_RANGE = const(4)  # nearer than the chip can tell, or fog at its window
PHASE_FAIL = const(5)  # the echo is out of bounds: nothing there, or several layers
HARDWARE_FAIL = const(6)  # the chip reports its laser or its supply
NO_UPDATE = const(7)  # the chip says that this is no result
TOO_FAR = const(8)  # beyond 2 m: nothing there
FROZEN = const(9)  # range, rates and SPAD count stay the same (limit 14)
DEAD_BUS = const(10)  # an error of the bus, or an identity of nothing but zeros or ones
WRONG_CHIP = const(11)  # another chip answers at this address
NO_ANSWER = const(12)  # a step of the start-up, or a result, did not come in time

NAMES = (
    "OK",
    "STARTING",
    "SIGMA_FAIL",
    "SIGNAL_FAIL",
    "MIN_RANGE",
    "PHASE_FAIL",
    "HARDWARE_FAIL",
    "NO_UPDATE",
    "TOO_FAR",
    "FROZEN",
    "DEAD_BUS",
    "WRONG_CHIP",
    "NO_ANSWER",
)

# Status by the chip's code, bits 6..3 of the range status; 11 is a good range [S: ST's API].
_BY_CODE = bytes((7, 6, 6, 6, 3, 7, 5, 7, 4, 5, 4, 0, 7, 7, 7, 7))

_TICKS_MASK = const(0x3FFFFFFF)  # ticks_us wraps at 2**30
_AGE_MAX_US = const(0x1FFFFFFF)
_MEASURES_US = const(22_000)  # 20 ms, plus a tenth for the error of the chip's own clock [E]
_PATIENCE_US = const(200_000)  # ten results; far more than any step of the start-up takes [E]
_FAR_MM = const(2000)
_JUMP_MM = const(40)  # 1 m/s for 20 ms, plus noise [E]
_REPEATS_MAX = const(4)  # five results in a row that are the same: 80 ms; a dark target gives 4 repeats in 1e7 [C]
_USELESS_MAX = const(10)
_WEIGHED_MM = const(250)  # outside the window in which gas is given
_BRIGHTEST = const(100_000)  # light of one SPAD; 50 Mcps, far above what skin sends back at 20 mm

_INTERRUPT = const(0x13)
_MAP = const(0xB0)

_WRITE = const(0)
_SET = const(1)  # change bits of a register: one poll to read, one to write
_CLEAR = const(2)
_UNTIL = const(3)  # wait until one of the bits is set
_IDENTIFY = const(4)
_TUNE = const(5)
_KEEP_STOP = const(6)
_SEND_STOP = const(7)
_KEEP_SPADS = const(8)
_READ_MAP = const(9)
_SEND_MAP = const(10)
_RATE_LIMIT = const(11)

# Operation, register, value.
_SCRIPT = bytes.fromhex(
    # the first page, no measurement; then the chip's identity
    "00ff00 008000 000000 040000"
    # bus levels of 2.8 V (left out for 1.8 V), standard mode; the stop value of this chip
    "018901 008800 008001 00ff01 000000 060000 000001 00ff00 008000"
    # no limit on the signal of the first steps, 0.25 Mcps for the last one
    "016012 0b0000 0001ff"
    # number and kind of the reference SPADs
    "008001 00ff01 000000 00ff06 018304 00ff07 008101 008001 00946b 008300 0383ff 008301 080000"
    "008100 00ff06 028304 00ff01 000001 00ff00 008000"
    # their map
    "090000 00ff01 004f00 004e2c 00ff00 00b6b4 0a0000"
    "050000"
    # interrupt for a new result, active low
    "000a04 028410 000b01"
    # the final range ends after 214 macro periods: 20 ms in all, with what comes before it [C]
    "007100 0072d5"
    # calibration of voltage and phase, each a measurement of its own
    "0001e8 000101 000041 031307 000b01 000000 000102 000001 031307 000b01 000000 0001e8"
    # one measurement after the other
    "008001 00ff01 000000 070000 000001 00ff00 008000 000002".replace(" ", "")
)
_STEPS = const(69)
_LEVELS = const(4)  # the step that sets the bus levels


class Vl53l0x:
    """One VL53L0X on an I2C bus of at most 400 kHz, whose time-out the board sets to at most 1 ms."""

    def __init__(self, i2c, address=0x29, io_2v8=True):
        """`i2c` has readfrom_mem_into(address, register, buf) and writeto(address, buf)."""
        self._read = i2c.readfrom_mem_into
        self._write = i2c.writeto
        self._address = address
        self._io_2v8 = io_2v8
        self._one = bytearray(1)
        self._identity = bytearray(3)
        self._map = bytearray(6)
        self._result = bytearray(13)  # the flag, then the result
        self._before = bytearray(13)
        self._pair = bytearray(2)
        self._limit = bytearray((0x44, 0x00, 0x20))
        self._enable = bytearray((_MAP, 0, 0, 0, 0, 0, 0))
        self._stop = 0
        self._spads = 0
        # both are kept over restarts: a chip that repeats itself after a restart is no better than before
        self._repeats = 0  # results in a row that were like the one before ...
        self._still_us = 0  # ... and for how long
        self.identified = False  # a chip of this kind has answered since switch-on
        self._polled_us = 0
        self._restart()

    def _restart(self):
        self._step = 0
        self._part = 0  # of a step that takes several polls; of ranging: read, clear
        self._waited_us = 0
        self._unread_us = 0  # time since it was last certain that no result waits
        self._useless = 0  # results in a row that were not valid
        self._last_mm = -1

    def poll(self, now_us, quantity, busy=False):
        """Do one transfer at `now_us` (ticks_us, 0..2**30 - 1) and bring `quantity` (mm) up to date.

        busy: this tick has no time for the transfer of a result, which then waits for the next tick.

        age_us counts from the earliest moment at which the measurement can have begun. Never raises on a failed
        transfer, does not allocate. Always pass the same `quantity`.
        """
        delta_us = (now_us - self._polled_us) & _TICKS_MASK
        self._polled_us = now_us
        if delta_us > _AGE_MAX_US:
            delta_us = _AGE_MAX_US
        # _sum and the wait for a result are written out here: most ticks do only this.
        us = quantity.age_us + delta_us
        quantity.age_us = us if us < _AGE_MAX_US else _AGE_MAX_US
        us = self._waited_us + delta_us
        self._waited_us = us if us < _AGE_MAX_US else _AGE_MAX_US
        us = self._unread_us + delta_us
        self._unread_us = us if us < _AGE_MAX_US else _AGE_MAX_US
        status = OK
        try:
            if self._step < _STEPS:
                status = self._start(self._step)
            elif busy:
                pass
            elif self._part:
                self._put(0x0B, 1)
                self._part = 0
                if quantity.status == OK:
                    self._weigh(quantity)
            else:
                self._read(self._address, _INTERRUPT, self._result)
                if self._result[0] & 7:
                    self._part = 1
                    status = self._range(quantity)
                else:
                    self._unread_us = 0
        except OSError:
            self._fail(quantity, DEAD_BUS)
            return
        if status != OK:
            self._fail(quantity, status)
            self._restart()
        elif self._waited_us > _PATIENCE_US:
            self._fail(quantity, NO_ANSWER)
            self._restart()

    def _fail(self, quantity, status):
        quantity.status = status
        quantity.value = None
        quantity.sequence = (quantity.sequence + 1) & 0xFFFF

    def _put(self, register, value):
        pair = self._pair
        pair[0] = register
        pair[1] = value
        self._write(self._address, pair)

    def _get(self, register):
        self._read(self._address, register, self._one)
        return self._one[0]

    def _start(self, step):
        """Do one transfer of the start-up; return OK, or why it must begin again."""
        operation = _SCRIPT[3 * step]
        register = _SCRIPT[3 * step + 1]
        value = _SCRIPT[3 * step + 2]
        part = self._part
        if operation == _WRITE:
            self._put(register, value)
        elif operation == _SET or operation == _CLEAR:
            if step == _LEVELS and not self._io_2v8:
                value = 0
            if part == 0:
                self._get(register)
                self._part = 1
                return OK
            self._part = 0
            self._put(register, self._one[0] | value if operation == _SET else self._one[0] & ~value)
        elif operation == _UNTIL:
            if self._get(register) & value == 0:
                return OK
        elif operation == _TUNE:
            self._put(PAIRS[part], PAIRS[part + 1])
            self._part = part + 2
            self._waited_us = 0
            if part + 2 < len(PAIRS):
                return OK
            self._part = 0
        elif operation == _IDENTIFY:
            identity = self._identity
            self._read(self._address, 0xC0, identity)
            if identity[0] != 0xEE or identity[1] != 0xAA or identity[2] != 0x10:
                idle = identity[0] == identity[1] == identity[2] and (identity[0] == 0 or identity[0] == 0xFF)
                return DEAD_BUS if idle else WRONG_CHIP
            self.identified = True
        elif operation == _KEEP_STOP:
            self._stop = self._get(0x91)
        elif operation == _SEND_STOP:
            self._put(0x91, self._stop)
        elif operation == _KEEP_SPADS:
            self._spads = self._get(0x92)
        elif operation == _READ_MAP:
            self._read(self._address, _MAP, self._map)
        elif operation == _SEND_MAP:
            self._choose_spads()
            self._write(self._address, self._enable)
        else:
            self._write(self._address, self._limit)
        self._step = step + 1
        self._waited_us = 0
        self._unread_us = 0
        return OK

    def _choose_spads(self):
        """Keep the first good reference SPADs, as many as the chip was calibrated with; those with aperture from 12."""
        left = self._spads & 0x7F
        first = 12 if self._spads & 0x80 else 0
        i = 0
        while i < 6:
            kept = 0
            bit = 0
            while bit < 8:
                if i * 8 + bit >= first and left and self._map[i] >> bit & 1:
                    kept |= 1 << bit
                    left -= 1
                bit += 1
            self._enable[i + 1] = kept
            i += 1

    def _range(self, quantity):
        """A result was read: judge it; return OK, or why the start-up must begin again."""
        status = self._judge()
        self._waited_us = 0
        quantity.sequence = (quantity.sequence + 1) & 0xFFFF
        quantity.age_us = _sum(self._unread_us, _MEASURES_US)
        self._unread_us = 0
        quantity.status = status
        quantity.value = self._last_mm if status == OK else None
        self._useless = self._useless + 1 if status == NO_UPDATE or status == HARDWARE_FAIL or status == FROZEN else 0
        return status if self._useless >= _USELESS_MAX else OK

    def _weigh(self, quantity):
        """Update the light of the last result. Done in this tick because its transfer is the shortest."""
        result = self._before
        mm = quantity.value
        spads = result[3] << 8 | result[4]
        if not spads or mm > _WEIGHED_MM:
            return
        light = (result[7] << 8 | result[8]) * 4096 // spads  # of one SPAD, in 1/2048 Mcps
        if light > _BRIGHTEST:
            light = _BRIGHTEST
        light = light * mm >> 5
        light = light * mm >> 5  # two steps: the product stays within 31 bits
        before = quantity.light
        quantity.light = before + (light - before >> 3) if before else light

    def _judge(self):
        """Return the status of the result; keeps its range in _last_mm, and the result itself for comparison."""
        result = self._result
        before = self._before
        # Each word has its own noise. The range is compared first, because most results differ there.
        if (
            result[12] == before[12]
            and result[8] == before[8]
            and result[10] == before[10]
            and result[4] == before[4]
            and result[11] == before[11]
            and result[7] == before[7]
            and result[9] == before[9]
            and result[3] == before[3]
        ):
            self._repeats += 1
            self._still_us = _sum(self._still_us, self._waited_us)
        else:
            self._repeats = 0
            self._still_us = 0
        self._result = before
        self._before = result
        status = _BY_CODE[result[1] >> 3 & 15]
        if status != OK:
            return status
        if self._repeats >= _REPEATS_MAX or self._still_us > DISTANCE_AGE_MAX_US:
            return FROZEN
        mm = result[11] << 8 | result[12]
        if mm > _FAR_MM:
            return TOO_FAR
        last_mm = self._last_mm
        self._last_mm = mm
        if last_mm >= 0 and (mm - last_mm > _JUMP_MM or last_mm - mm > _JUMP_MM):
            return SIGMA_FAIL
        return OK


def _sum(elapsed_us, delta_us):
    return elapsed_us + delta_us if elapsed_us < _AGE_MAX_US - delta_us else _AGE_MAX_US
