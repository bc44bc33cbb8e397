"""The two records that cross the tick: what was sensed, and what is to be done."""

from cryo.core.reading import Reading
from micropython import const

# what Inputs.burst says, as the valve's port gives it, besides us that were not delivered
RUNNING = const(-1)
RESTING = const(-2)


class Quantity:
    """One analogue reading. status 0 means valid; else value is None."""

    def __init__(self):
        self.status = 1
        self.value = None
        self.age_us = 0x1FFFFFFF
        self.sequence = 0
        self.light = 0  # of a distance: what comes back, times its square; 0: unknown


class Inputs:
    """Filled by the drivers, preallocated. What a board does not measure keeps the state it begins with: never read."""

    def __init__(self):
        self.skin = Reading()
        self.nozzle = Reading()
        self.infrared = Reading()
        self.distance = Quantity()  # mm
        self.bottle = Quantity()  # mbar, upstream of the shut-off valve
        self.line = Quantity()  # mbar, between shut-off and dose valve
        self.room = Quantity()  # ppm of CO2
        self.coil = Quantity()  # mA through the dose valve's coil
        self.loop_a = 0  # 1 = made
        self.loop_b = 1  # 0 = made (antivalent)
        self.trigger = 0  # 1 = pressed
        self.estop = 1  # 1 = pressed, or its wire broken
        self.key = 0  # 1 = on
        self.burst = RESTING  # valve.result()
        self.port_status = 0  # worst status the valve or lease returned since the last tick
        self.self_test = 0  # 0 passed, 1 running, 2 failed
        self.tasks_late = 0  # ticks since each background task last gave a sign of life
        self.request = 0  # an operator's request, see supervisor
        self.request_value = 0


class Outputs:
    """Filled by the supervisor once a tick; acted on in this order: cut, rearm, lease, fire, feed."""

    def __init__(self):
        self.cut = 1
        self.rearm = 0
        self.lease = 0
        self.fire_us = 0
        self.feed = 0  # all checks of this tick ran, in order, and the background tasks live
        self.indicate = 0  # light and tone: gas may come
        self.alarm = 0  # a fault is latched
