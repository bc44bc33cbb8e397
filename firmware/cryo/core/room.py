"""CO2 in the room (limit 21) by its sensor. While the sensor is silent, the session's budget of gas takes its place."""

from cryo.core.flow import RAN_ROOM
from cryo.limits import ROOM_AGE_MAX_US, ROOM_STOP_PPM, ROOM_WARN_PPM
from micropython import const

UNKNOWN = const(0)  # no sensor, no valid sample, or only too old ones
CLEAR = const(1)
WARN = const(2)  # no treatment may begin
STOP = const(3)  # no treatment may go on


def level(quantity):
    """Return the verdict on the sensor's Quantity in ppm, and flow.RAN_ROOM. A value that is too old does not count."""
    if quantity.status or quantity.age_us > ROOM_AGE_MAX_US:
        return RAN_ROOM | UNKNOWN
    ppm = quantity.value
    if ppm >= ROOM_STOP_PPM:
        return RAN_ROOM | STOP
    return RAN_ROOM | (WARN if ppm >= ROOM_WARN_PPM else CLEAR)
