"""The virtual board's CO2 sensor: one sample in 5 s, as the plant gives it."""

import hal
from cryo.core.ticks import grown

_TICKS_MASK = 0x3FFFFFFF
_PERIOD_US = 5_000_000


class Room:
    """Answers as cryo.drivers.scd4x does; status 2 is a sensor that does not answer."""

    def __init__(self):
        self._samples = 0
        self._polled_us = -1

    def poll(self, now_us, quantity):
        """Bring `quantity` (ppm) up to date."""
        if self._polled_us >= 0:
            quantity.age_us = grown(quantity.age_us, (now_us - self._polled_us) & _TICKS_MASK)
        self._polled_us = now_us
        ppm = hal.received[hal.IN_ROOM_PPM]
        if ppm < 0:
            quantity.status = 2
            quantity.value = None
            return
        samples = hal.received[hal.IN_ROOM_SAMPLES]
        if samples != self._samples:
            self._samples = samples
            quantity.status = 0
            quantity.value = ppm
            quantity.age_us = _PERIOD_US
            quantity.sequence = (quantity.sequence + 1) & 0xFFFF
