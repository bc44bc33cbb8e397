"""Tests that are repeated while nobody is treated: the settings' checksum and the heap's margin.

Other periodic tests are where they are used: program flow in every tick (core/flow.py), the skin chip's set-up in its
driver, the distance sensor by its results.
"""

import gc

from cryo.core.resets import mix
from micropython import const

_EVERY = const(200)  # ticks between two tests
_MARGIN = const(5)  # [E] a fifth of the heap is free: a pass ends at 80 %


def settings_sum(config):
    """Return 16 bits over a Config, whose values are whole numbers under 2**30."""
    total = 0
    for value in config:
        total = mix(total, value)
    return total


def heap_short():
    """Return True when less than the margin is free."""
    if not hasattr(gc, "mem_free"):
        return False
    free = gc.mem_free()
    return free * _MARGIN < free + gc.mem_alloc()


class Health:
    """Does one test every two seconds. `failed` is None, or the text of the test that failed."""

    def __init__(self, supervisor):
        self._supervisor = supervisor
        self.settings = 0 if supervisor.config is None else settings_sum(supervisor.config)
        self.failed = None
        self._ticks = 0
        self._turn = 0

    def poll(self):
        """Call after each tick of STANDBY. May collect. Return True once a test has failed."""
        self._ticks += 1
        if self._ticks < _EVERY or self.failed:
            return self.failed is not None
        self._ticks = 0
        self._turn ^= 1
        if self._turn:
            config = self._supervisor.config
            if config is not None and settings_sum(config) != self.settings:
                self.failed = "FAILED SETTINGS: changed since the start"
        elif heap_short():
            gc.collect()
            if heap_short():
                self.failed = "FAILED HEAP: less than a fifth is free"
        return self.failed is not None
