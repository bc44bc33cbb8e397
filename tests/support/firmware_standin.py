"""Stands for the firmware in tests of the plant: outputs in, what the plant tells out."""

from array import array

import hal

DOSE_CLOSE_US = 20_000
SHUTOFF_OPEN_US, SHUTOFF_CLOSE_US = 20_000, 20_000
LEASE_US = 20_000
TICK_US = 10_000


class Chip:
    """Stands for the firmware: hands outputs to the plant and keeps what it was told last."""

    def __init__(self, plant):
        self.plant = plant
        self.received = array("i", [0] * hal.IN_INTS)
        self._rx = bytearray(hal.RX_MAX)

    def do(self, *operations, sleep_us=0, busy_us=0):
        """Apply (operation, argument) pairs now, then let time pass."""
        out = array("i", [0] * len(hal.out))
        out[0], out[1], out[2] = len(operations), busy_us, sleep_us
        for k, (operation, argument) in enumerate(operations):
            at = hal.OUT_HEADER + k * hal.EVENT_INTS
            out[at + 1], out[at + 2] = operation, argument
        self.plant.exchange(out, b"", self.received, self._rx)
        return self.received

    def fire(self, us, *, leased_us=None):
        """Give one burst with the lease renewed each tick, as the firmware does; a lease of leased_us ends early."""
        leased_us = us if leased_us is None else leased_us
        self.do((hal.OP_REARM, 0), (hal.OP_FIRE, us))
        for at_us in range(0, us + 1, TICK_US):
            self.do(*([(hal.OP_LEASE, LEASE_US)] if at_us <= leased_us else []), sleep_us=TICK_US)
        self.do(sleep_us=100_000)


def edges(plant, name):
    return [(time_us, level) for time_us, edge, level in plant.record.edges if edge == name]


def start_burst(chip, us=400_000):
    """A burst that has run for 100 ms."""
    chip.do((hal.OP_REARM, 0), (hal.OP_FIRE, us))
    for _ in range(10):
        chip.do((hal.OP_LEASE, LEASE_US), sleep_us=TICK_US)
    assert chip.plant.flowing()
