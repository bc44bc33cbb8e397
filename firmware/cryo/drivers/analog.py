"""A transducer with a live zero, 0.5-4.5 V of 5 V: a broken or shorted wire gives a signal outside, so no value."""

from micropython import const

OK = const(0)
WIRE_LOW = const(2)  # under 0.25 V: no supply, or a short to ground
WIRE_HIGH = const(3)  # over 4.75 V: signal shorted to the supply, or the ground wire broken

_ZERO = const(6554)  # 0.5 V of 5 V in 65536 counts
_BAND_LOW = const(3277)
_BAND_HIGH = const(62259)


class Transducer:
    """Reads value = (counts - zero) x num / den into a Quantity; num is at most 19 000: 31 bits hold the product."""

    def __init__(self, adc, num, den):
        self._adc = adc
        self._num = num
        self._den = den

    def poll(self, now_us, quantity):
        """Take one reading, whatever now_us is; its status is OK, WIRE_LOW or WIRE_HIGH."""
        counts = self._adc.read_u16()
        quantity.sequence = (quantity.sequence + 1) & 0xFFFF
        quantity.age_us = 0
        if counts < _BAND_LOW or counts > _BAND_HIGH:
            quantity.status = WIRE_LOW if counts < _BAND_LOW else WIRE_HIGH
            quantity.value = None  # no number: a comparison without a check of the status fails at once
        else:
            quantity.status = OK
            quantity.value = (counts - _ZERO) * self._num // self._den if counts > _ZERO else 0
