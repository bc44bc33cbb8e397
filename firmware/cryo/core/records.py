"""The two records of a tick: Inputs, what was sensed, and Outputs, what is to be done."""

from cryo.core.reading import Reading
from micropython import const

# values of Inputs.burst from the valve's port; others are the us that were not delivered
RUNNING = const(-1)
RESTING = const(-2)


class Quantity:
    """One analogue reading. status 0 means valid; else value is None."""

    def __init__(self):
        self.status = 1
        self.value = None
        self.age_us = 0x1FFFFFFF
        self.sequence = 0
        self.light = 0  # of a distance: the light that comes back, times the distance squared; 0: unknown


# Slow inputs: one is polled in a tick, from the last to the first. Every sensor of Inputs is here, except skin and
# distance: every tick polls those.
SLOW = ("bottle", "line", "coil", "nozzle", "infrared", "room")
# the first so many of SLOW show whether the valves obey: while a valve is open only these are polled
OF_VALVES = const(3)


class Inputs:
    """Filled by the drivers, preallocated. An input that a board does not measure keeps its first state: never read.

    This is the list of inputs. The comment behind a sensor names its unit, what a board file must have under its name
    ("needed": a driver; "or None": a driver or None; "or absent": a driver or nothing), and what it is.
    """

    def __init__(self):
        self.skin = Reading()  # mdegC, needed: the skin thermocouple's chip
        self.nozzle = Reading()  # mdegC, needed: the nozzle thermocouple's chip
        self.infrared = Reading()  # mdegC, or None: the second skin channel
        self.distance = Quantity()  # mm, needed: distance to the skin
        self.bottle = Quantity()  # mbar, needed: pressure of the bottle
        self.line = Quantity()  # mbar, or None: pressure between the valves
        self.room = Quantity()  # ppm, or None: CO2 in the room
        self.coil = Quantity()  # mA, or None: current of the dose valve's coil
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
        self.feed = 0  # all checks of this tick ran in order, and the background tasks are alive
        self.indicate = 0  # light and tone: gas may come
        self.alarm = 0  # a fault is latched
