"""The record in which a temperature driver leaves its latest sample, and the closed set of its states."""

from micropython import const

OK = const(0)
NEVER = const(1)  # nothing was read yet
OPEN = const(2)  # the chip reports a broken thermocouple
SHORT_GND = const(3)  # the chip reports a thermocouple shorted to ground
SHORT_VCC = const(4)  # the chip reports a thermocouple shorted to the supply
DEAD_BUS = const(5)  # a word of nothing but zeros or ones, or an error of the bus itself
BAD_FRAME = const(6)  # reserved bits set, a wrong check byte, or bits and pins of the chip that contradict each other
CJ_IMPLAUSIBLE = const(7)  # the cold junction is outside the temperatures of a clinic
OUT_OF_RANGE = const(8)  # the temperature is outside the range of the linearisation or of the sensor
VOLTAGE = const(9)  # over- or undervoltage at the thermocouple's inputs; the chip has stopped converting
CONFIG_LOST = const(10)  # a register does not hold what was written: the chip was reset, or is another one
CHIP_ERROR = const(11)  # the chip flags its own value as wrong
OTHER_CHIP = const(12)  # its frames are those of a MAX6675, which reads double here and cannot read below 0 degC

# Indexed by the codes above.
NAMES = (
    "OK",
    "NEVER",
    "OPEN",
    "SHORT_GND",
    "SHORT_VCC",
    "DEAD_BUS",
    "BAD_FRAME",
    "CJ_IMPLAUSIBLE",
    "OUT_OF_RANGE",
    "VOLTAGE",
    "CONFIG_LOST",
    "CHIP_ERROR",
    "OTHER_CHIP",
)

# Any number would be cold for one comparison and warm for another. None is no number: a comparison or a calculation
# with it raises TypeError, so a forgotten check of `status` shows.
NO_VALUE = None

# Ages stop here, a little under 9 minutes: the sum of an age and a tick difference stays within 31 bits.
AGE_MAX_US = const(0x20000000)
SEQUENCE_MASK = const(0xFFFF)


class Reading:
    """Latest sample of one temperature channel; allocated once, changed in place by its driver.

    status               one of the codes above; look at it every tick, not only when `sequence` moved
    value_mdegc          corrected temperature, or NO_VALUE unless status is OK: no last value is kept
    raw_mdegc            the chip's own straight-line figure, or NO_VALUE unless status is OK
    cold_junction_mdegc  temperature of the chip, or NO_VALUE unless status is OK
    age_us               time since the earliest moment at which the conversion of sample `sequence` can have
                         begun, 0..AGE_MAX_US, saturating
    ended_age_us         time since the earliest moment at which that conversion can have ended, saturating
    sequence             0..65535, wraps; one more with every new sample, good or bad
    cut                  1 while the chip itself demands a cut-off in this tick, whatever its number says
    """

    def __init__(self):
        self.status = NEVER
        self.value_mdegc = NO_VALUE
        self.raw_mdegc = NO_VALUE
        self.cold_junction_mdegc = NO_VALUE
        self.age_us = AGE_MAX_US
        self.ended_age_us = AGE_MAX_US
        self.sequence = 0
        self.cut = 0

    def invalidate(self, status):
        """Set `status` (any code but OK) and drop the numbers; age and sequence stay as they are."""
        self.status = status
        self.value_mdegc = NO_VALUE
        self.raw_mdegc = NO_VALUE
        self.cold_junction_mdegc = NO_VALUE

    def grow(self, delta_us):
        """Let delta_us (0..2**30 - 1) pass: the sample ages."""
        most_us = AGE_MAX_US - delta_us
        age_us = self.age_us
        self.age_us = age_us + delta_us if age_us < most_us else AGE_MAX_US
        age_us = self.ended_age_us
        self.ended_age_us = age_us + delta_us if age_us < most_us else AGE_MAX_US

    def renew(self, ended_us, conversion_us):
        """Begin another sample, good or bad: its conversion of conversion_us ended ended_us ago at the earliest."""
        self.sequence = (self.sequence + 1) & SEQUENCE_MASK
        self.ended_age_us = ended_us if ended_us < AGE_MAX_US else AGE_MAX_US
        self.age_us = ended_us + conversion_us if ended_us < AGE_MAX_US - conversion_us else AGE_MAX_US
