"""The dead-man trigger: a release acts at its first sample, a press only after it has lasted for the debounce time."""

from cryo.core.flow import STEP_MASK, TRIGGER
from cryo.core.ticks import grown
from cryo.limits import TRIGGER_DEBOUNCE_US


class Trigger:
    """held: pressed and debounced; pressed: held began in this tick; touched: contact closed, debounced or not."""

    def __init__(self):
        self.step = TRIGGER  # see flow.py
        self.held = False
        self.pressed = False
        self.touched = False
        self._closed = False  # level in the tick before
        self._stood_us = 0
        self.update = self.update  # bound once: every tick calls it

    def update(self, dt_us, contact):
        """Take the contact's level of this tick: 1 pressed. Return the step that this run is."""
        self.step = self.step + 1 & STEP_MASK
        self.pressed = False
        self.touched = contact == 1
        if not self.touched:
            self.held = False
            self._closed = False
            return self.step
        if not self.held:
            # the time before the first closed sample does not count
            self._stood_us = grown(self._stood_us, dt_us) if self._closed else 0
            if self._stood_us >= TRIGGER_DEBOUNCE_US:
                self.held = True
                self.pressed = True
        self._closed = True
        return self.step
