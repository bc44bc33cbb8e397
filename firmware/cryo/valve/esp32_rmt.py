"""Valve and lease of the ESP32: one RMT train an opening, one edge a renewal for the shut-off's monostable.

RMT plays an opening from its own memory, without processor or interrupt: 12 pulses are 6 of its 64 words. It cannot
stop. On the original ESP32 `active(False)` and `deinit()` write an end mark over the first word and then wait,
interrupts off, for the train's own end; its interrupt watchdog bites after 300 ms [S] ESP-IDF 5.5 rmt_tx.c, MicroPython
1.28 esp32_rmt.c. So no call here aborts a train. A cut disconnects the pin from it: the GPIO matrix connects the pin to
its plain output, which is low, and the train ends without effect. One register connects the pin to RMT again. A new RMT
object would allocate, and `machine.Pin` has no call for it.

`write_pulses` waits for the last train, so the end of that train is checked first. It also enlarges its memory when a
train needs more words. So every train has the same number of words, also the first one, which is all low, at the start.
"""

import time

from esp32 import RMT  # pyright: ignore[reportMissingImports]

from cryo.core.records import RESTING, RUNNING
from cryo.valve import BUSY, CUT, DEAD, EARLY, OK
from cryo.valve.spacing import Spacing
from machine import Pin, freq, mem32
from micropython import const

BURST_LONGEST_US = const(300_000)  # this board's longest opening

_RESOLUTION_HZ = const(1_000_000)  # one RMT tick a microsecond: 80 MHz over 80, no remainder
_PART_US = const(30_000)  # parts of an opening; RMT.PULSE_MAX is 32 767 ticks, a longer pulse would lose its upper bits
_PULSES = const(12)  # ten parts, and two low ones to end with
_LOW_US = const(100)  # each low pulse: no train is over before write_pulses has counted it as begun
_PRIMING_MAX_MS = const(50)
_FREQ_MIN_HZ = const(80_000_000)  # below it the bus clock, RMT's source, slows down with the processor

# GPIO matrix [S] ESP32 technical reference, GPIO_FUNCn_OUT_SEL_CFG; signal numbers: ESP-IDF gpio_sig_map.h
_OUT_SEL = const(0x3FF44530)  # of GPIO0, 4 bytes a pin; all values fit a small integer
_SIGNAL = const(0x1FF)
_RMT_FIRST = const(87)
_RMT_LAST = const(94)
_PLAIN = const(256)  # the pin's own output register, as Pin.init() sets it


class Valve:
    """The dose valve's one-shot on GPIO `number`. `lease` is the board's Lease: a cut stops it first.

    No method waits or allocates; see cryo.valve for what they promise. Loop channel A cuts the pin's signal in a gate
    outside the chip, and this class cannot see that: gas that the gates held back counts as delivered. Raises
    ValueError or RuntimeError when the chip is not as this module needs it.
    """

    def __init__(self, number, lease):
        if freq() < _FREQ_MIN_HZ:
            raise ValueError("valve: set machine.freq() to 80 MHz or more: below, RMT slows down and bursts get longer")
        self._lease = lease
        self._select = _OUT_SEL + 4 * number
        self._pin = Pin(number, Pin.OUT, value=0)  # low whenever the matrix connects the plain output to it
        self._rmt = RMT(pin=self._pin, resolution_hz=_RESOLUTION_HZ)
        self._routed = mem32[self._select]
        if not _RMT_FIRST <= self._routed & _SIGNAL <= _RMT_LAST:
            raise RuntimeError("valve: RMT is not on the dose pin: this module needs an original ESP32")
        self._durations = [0] * _PULSES
        self._levels = [0] * _PULSES
        self._armed = False
        self._us = 0
        self._since_us = 0
        self._result = RESTING
        self._spacing = Spacing(time.ticks_us)
        self._withdraw()
        self._fill(0)
        self._rmt.write_pulses(self._durations, self._levels)
        left_ms = _PRIMING_MAX_MS
        while not self._rmt.wait_done(timeout=0):
            if left_ms == 0:
                raise RuntimeError("valve: RMT does not end its first train: reset the board")
            left_ms -= 1
            time.sleep_ms(1)

    def rearm(self):
        """Allow the next opening. BUSY while a train runs, one that was cut included; DEAD when the pin stays away."""
        if self.result() == RUNNING:
            return BUSY
        self._withdraw()
        if not self._rmt.wait_done(timeout=0):
            return BUSY
        mem32[self._select] = self._routed
        if mem32[self._select] != self._routed:
            return DEAD
        self._armed = True
        self._result = RESTING
        return OK

    def fire(self, us):
        """Open once for us microseconds, clipped to this board's longest opening."""
        if self.result() == RUNNING:
            return BUSY
        if not self._armed:
            return CUT
        if not self._rmt.wait_done(timeout=0):
            return BUSY
        if us > BURST_LONGEST_US:
            us = BURST_LONGEST_US
        elif us < 0:
            us = 0
        if self._spacing.ask(us):
            self._withdraw()
            return EARLY
        self._us = us
        self._fill(us)
        self._since_us = time.ticks_us()  # before the valve opens: after a cut, never too little counts as delivered
        try:
            self._rmt.write_pulses(self._durations, self._levels)
        except OSError:
            self._withdraw()
            self._result = us
            self._spacing.ended(us)
            return DEAD
        self._result = RUNNING
        return OK

    def cut(self):
        """Close now, the shut-off first; stays cut until re-armed. DEAD when the pin cannot be taken from RMT."""
        self._lease.stop()
        self._withdraw()
        if self._spacing.kept:
            self._spacing.kept -= 1
        if self._result == RUNNING:
            left = self._us - time.ticks_diff(time.ticks_us(), self._since_us)
            self._result = left if left > 0 else 0
            self._spacing.ended(self._result)
        return OK if mem32[self._select] == _PLAIN else DEAD

    def result(self):
        """Return RUNNING, RESTING, or us that were not delivered."""
        if self._result == RUNNING and self._rmt.wait_done(timeout=0):
            self._withdraw()  # a train of somebody else opens nothing
            self._result = 0
            self._spacing.ended(0)
        return self._result

    def _withdraw(self):
        self._pin.value(0)  # the plain output may have been set high by others
        mem32[self._select] = _PLAIN
        self._armed = False

    def _fill(self, us):
        durations = self._durations
        levels = self._levels
        i = 0
        while i < _PULSES:
            part = us if us < _PART_US else _PART_US
            durations[i] = part if part else _LOW_US
            levels[i] = 1 if part else 0
            us -= part
            i += 1


class Lease:
    """The shut-off valve's lease on GPIO `number`: each renewal is one edge into a monostable of 15 to 20 ms.

    The pin rests low, so a hang between two renewals leaves it low too; the monostable counts its rising edge only.
    Nothing here ends the monostable's time. Loop channel B and the sensor's FAULT end it, through gates.
    """

    def __init__(self, number):
        self._pin = Pin(number, Pin.OUT, value=0)

    def renew(self):
        """One edge: open for the monostable's time from now."""
        self._pin.value(1)
        self._pin.value(0)
        return OK

    def stop(self):
        """No more edges: it closes when the monostable's time is over."""
        self._pin.value(0)
        return OK
