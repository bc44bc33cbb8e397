"""Valve and lease of the RP2040 and the RP2350: three PIO programs on two PIO blocks, timed without the processor.

All run at 5 MHz (five instructions a microsecond, an integer divider). An interpreter that hangs, raises, or leaves its
pins as they are holds nothing open: the burst ends by its own count, the lease's edges stop when nobody renews them,
the tether ends a burst when those edges stop, and a static level does not open the shut-off's driver. Each input passes
two flip-flops of the system clock first [S] RP2040 datasheet, input synchroniser: its 16 ns are contained in the
latencies named here.
"""
# The names inside the programs belong to the assembler, which runs them with its own globals.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false, reportCallIssue=false

from array import array
from time import ticks_us

from registers import IO_BANK0 as _IO_BANK0
from registers import PAD_DRIVEN_LOW as _DRIVEN_LOW
from registers import PAD_FROM_BLOCK as _FROM_BLOCK
from registers import PAD_LEVELS as _LEVELS
from registers import PAD_LOW as _LOW
from registers import PIO_PADOUT as _PADOUT
from rp2 import PIO, StateMachine, asm_pio

from cryo.core.records import RESTING, RUNNING
from cryo.limits import BURST_MAX_US
from cryo.valve import BUSY, CUT, DEAD, EARLY, OK
from cryo.valve.spacing import Spacing
from machine import Pin, freq, mem32
from micropython import const

CLOCK_HZ = const(5_000_000)
LEASE_PERIOD_US = const(38)  # 190 instructions, 95 high and 95 low
LEASE_PERIODS = const(511)  # largest 9-bit number: the last edge comes 19.4 ms after the word was taken, limit 20 ms

_MACHINES_PER_BLOCK = const(4)
_OFFSET = const(1)  # in what asm_pio returns: the address at which block 0 holds the program; block 1 follows
_FIFO_WORDS = const(4)
_PULL_NOBLOCK = const(0x8080)  # the processor executes it to drop a queued word

# The dose pin's own registers, GPIOn_STATUS and, one word on, GPIOn_CTRL: their bits stand in the board's registers.py.
# Two fields of the latter drive a pad low whoever else drives it: another function, another state machine, a block that
# stands still. Where STATUS does not tell what the block drives, the block's own register does: _PADOUT.
_PIO_FUNCTION = const(6)  # block 0; block 1 follows
_NEXT_BLOCK = const(0x100000)  # from a register of a block to that of the next

# addresses within burst
_ARMED = const(1)
_CUT = const(10)


@asm_pio(set_init=PIO.OUT_LOW, out_shiftdir=PIO.SHIFT_RIGHT, in_shiftdir=PIO.SHIFT_LEFT)
def burst():
    """Takes one word: one opening of that many us (19 bits: 525 ms at most). At the end it returns the us that were
    left.

    set pin: the dose valve's driver. jmp pin: loop channel A, high = made; asked twice a microsecond, the pin is low
    1.02 us after it opened at the latest. After an opening the program stays at halt, whatever is queued, until the
    processor moves it to ARMED.
    """
    wrap_target()
    label("halt")
    set(pins, 0)
    wrap()
    pull(block)  # ARMED
    out(x, 19)
    jmp(not_x, "cut")
    jmp(pin, "open")
    jmp("cut")
    label("open")
    set(pins, 1)
    label("loop")
    jmp(x_dec, "on")
    set(pins, 0)
    set(x, 0)
    label("cut")
    set(pins, 0)  # CUT
    mov(isr, null)
    in_(x, 19)
    push(noblock)
    jmp("halt")
    label("on")
    jmp(pin, "still")
    jmp("cut")
    label("still")
    nop()
    jmp(pin, "made")
    jmp("cut")
    label("made")
    jmp("loop")


@asm_pio(set_init=PIO.OUT_LOW)
def tether():
    """Drive the dose pin low unless the lease's last rising edge is less than 54 us old; never drive it high.

    set pin: the dose valve's driver, which burst raises once an opening: what is low by now stays low. jmp pin: the
    lease's pulse. It takes no words and reports nothing.
    """
    wrap_target()
    label("lost")
    set(pins, 0)
    set(y, 0)
    label("low")
    jmp(pin, "rose")
    jmp(y_dec, "low")[6]
    wrap()
    label("rose")
    set(y, 31)  # 32 steps of 8 instructions, 51.2 us: a third more than the lease's period
    label("high")
    jmp(y_dec, "still")[6]
    set(pins, 0)  # a level is no edge
    set(y, 0)
    label("still")
    jmp(pin, "high")
    jmp("low")


@asm_pio(set_init=PIO.OUT_LOW, out_shiftdir=PIO.SHIFT_RIGHT)
def lease():
    """Edges every 19 us for as many periods as the last word says (9 bits, 0 = none); a word replaces what is left.

    set pin: into the shut-off's retriggerable monostable. jmp pin: loop channel B, high = open; no edge comes
    later than 0.82 us after it opened.
    """
    label("idle")
    set(pins, 0)
    pull(block)
    wrap_target()
    out(x, 9)
    jmp(not_x, "idle")
    jmp(pin, "idle")
    set(pins, 1)
    set(y, 30)
    label("high")
    jmp(pin, "idle")
    jmp(y_dec, "high")[1]
    set(pins, 0)
    set(y, 28)[1]
    label("low")
    jmp(pin, "idle")
    jmp(y_dec, "low")[1]
    jmp(x_dec, "next")
    label("next")
    pull(noblock)  # nothing queued: x, the periods that are left
    wrap()


def _machine(number, program, out_pin, loop_pin):
    if freq() % CLOCK_HZ:
        raise ValueError("valve: set machine.freq() to a multiple of 5 MHz, as 125 MHz is: PIO divides by an integer")
    return StateMachine(number, program, freq=CLOCK_HZ, set_base=out_pin, jmp_pin=loop_pin)


class Valve:
    """The dose valve's one-shot on state machine `number`, tethered on the next (0-2: the block without the lease).

    dose is the number of the pin; loop_a and pulse are Pin objects: an input with its pull-down, the lease's output.
    No method waits or allocates; see cryo.valve for what they promise. Until re-armed the pad itself is forced low. If
    other code took the pin, a cut takes it back and returns DEAD from then on.
    """

    def __init__(self, number, dose, loop_a, pulse):
        # objects, made once: the numbers are 2**30 or more
        self._pad_status = _IO_BANK0 + 8 * dose
        self._pad = self._pad_status + 4
        self._ours = _PIO_FUNCTION + number // _MACHINES_PER_BLOCK
        if _PADOUT:
            self._block_out = _PADOUT + number // _MACHINES_PER_BLOCK * _NEXT_BLOCK
            self._block_bit = 1 << dose
        dose = Pin(dose, Pin.OUT, value=0)
        self._sm = _machine(number, burst, dose, loop_a)
        # Of two machines that set a pin in the same cycle the higher one wins [S] RP2040 datasheet, PIO output mapping.
        self._tether = _machine(number + 1, tether, dose, pulse)
        self._tether.active(1)
        self._is_open = dose.value
        offset = burst[_OFFSET + number // _MACHINES_PER_BLOCK]
        self._arm = offset + _ARMED  # as a word: an unconditional jump there
        self._cut = offset + _CUT
        self._left = array("I", (0,))
        self._armed = False
        self._us = 0
        self._result = RESTING
        self._spacing = Spacing(ticks_us)
        self._sm.active(1)
        self._forced = self._ours | _LOW
        self._routed = self._forced  # the last value that was written to its register
        mem32[self._pad] = self._forced
        self._status = OK

    def rearm(self):
        """Allow the next opening; DEAD when a queued word cannot be dropped, or the pin is not the one-shot's."""
        if self._result == RUNNING and self.result() == RUNNING:
            return BUSY
        sm = self._sm
        sm.exec(self._cut)  # ends what a stray word began: ARMED itself leaves the pin as it is
        n = sm.tx_fifo()
        if n:
            while n > 0:
                sm.exec(_PULL_NOBLOCK)
                n -= 1
            if sm.tx_fifo():
                return DEAD
        n = sm.rx_fifo()
        while n > 0:
            sm.get(self._left)
            n -= 1
        if mem32[self._pad] != self._routed or mem32[self._pad_status] & _FROM_BLOCK:
            self.cut()
        if _PADOUT:  # compiled only for a chip that has one
            if mem32[self._block_out] & self._block_bit:
                self.cut()
        if self._status:
            return DEAD
        sm.exec(self._arm)
        mem32[self._pad] = self._routed = self._ours
        self._armed = True
        self._result = RESTING
        return OK

    def fire(self, us):
        """Open once for us microseconds, clipped to the longest opening."""
        if (self._result == RUNNING and self.result() == RUNNING) or self._sm.tx_fifo():
            return BUSY
        if not self._armed:
            return CUT
        self._armed = False
        if us > BURST_MAX_US:
            us = BURST_MAX_US
        elif us < 0:
            us = 0
        if self._spacing.ask(us):
            return EARLY
        self._us = us
        self._result = RUNNING
        self._sm.put(us)
        return OK

    def cut(self):
        """Close now; stays cut until re-armed. The rest is in result() one microsecond later.

        DEAD once the pin was found connected elsewhere, did not come back, or its block still drove it high.
        """
        self._armed = False
        if self._spacing.kept:
            self._spacing.kept -= 1
        self._sm.exec(self._cut)  # reports again if it had ended: result() keeps the first, re-arming drops others
        pad = self._pad
        if mem32[pad] != self._routed:
            self._status = DEAD
        mem32[pad] = self._routed = self._forced
        if mem32[self._pad_status] & _LEVELS != _DRIVEN_LOW:
            self._status = DEAD
        if _PADOUT:
            if mem32[self._block_out] & self._block_bit:
                self._status = DEAD
        return self._status

    def result(self):
        """Return RUNNING, RESTING, or us that were not delivered. After a cut by the tether it takes two calls."""
        if self._result == RUNNING:
            if self._sm.rx_fifo():
                self._sm.get(self._left)
                left = self._left[0]
                # At a cut in the last instruction the counter is below zero, all ones: nothing was left.
                self._result = left if left <= self._us else 0
                self._spacing.ended(self._result)
            elif not self._is_open():
                self.cut()  # after the tether the count goes on without the pin; now it ends and reports what was left
        return self._result


class Lease:
    """The shut-off valve's lease on state machine `number` (4-7: the block that the valve is not on).

    pulse and loop_b are Pin objects: an output that is low, and an input with its pull-up. While channel B is open,
    every word is dropped.
    """

    def __init__(self, number, pulse, loop_b):
        self._sm = _machine(number, lease, pulse, loop_b)
        self._sm.active(1)

    def renew(self):
        """Edges for 19.4 ms from now. BUSY when the last word was not taken, which takes 38 us at most."""
        if self._sm.tx_fifo():
            return BUSY
        self._sm.put(LEASE_PERIODS)
        return OK

    def stop(self):
        """No more edges after 38 us. DEAD when the queue is full: then nothing takes words, and nothing makes edges."""
        if self._sm.tx_fifo() >= _FIFO_WORDS:
            return DEAD
        self._sm.put(0)
        return OK
