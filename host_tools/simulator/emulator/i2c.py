"""An I2C bus of the emulated RP2040 with chips: bytes take time, a missing chip gives a NAK, the bus can hang.

Errors of the package's controller that this file corrects. Each was seen with the SDK's own code:
1. A transfer takes no time. Here start and stop take one bit each, a byte nine, at the clock that the guest set.
2. "Transmit empty" comes when a byte begins, not when it was acknowledged: a NAK of the last byte was never reported.
3. After a NAK it never comes: a write to a missing chip ended as a time-out, not as an error.
4. When the controller is disabled, a transfer goes on: after one time-out nothing was sent any more.
The first command after it was disabled begins with a start: the data sheet does not say what happens to a held bus [E].
Not modelled: arbitration, clock stretching but for `stuck`, recovery by bit-banged clocks.
"""

from collections.abc import Callable
from typing import Any

from rp2040py.peripherals.i2c import ENABLE, IC_ENABLE, R_TX_EMPTY, I2CMode, I2CState


class RegisterChip:
    """A chip whose first written byte names a register. The next bytes are written from there on, or read.

    chip.read(register, offset) -> byte; chip.write(register, value) where it has one. The chip's `nack`, when set,
    means that it is not there.
    """

    def __init__(self, chip):
        self._chip = chip
        self._register = 0
        self._offset = 0
        self._named = False

    def start(self, read):
        """Start, or repeated start; return whether the chip acknowledges its address."""
        self._named = False
        self._offset = 0
        return self._chip.nack is None

    def write(self, value):
        """Take a byte; return whether it acknowledges."""
        if self._named:
            self._chip.write(self._register + self._offset & 0xFF, value)
            self._offset += 1
        else:
            self._register = value
            self._named = True
        return True

    def read(self):
        """Return the next byte."""
        value = self._chip.read(self._register, self._offset)
        self._offset += 1
        return value


class I2cBus:
    """Bus `number` of a board. targets: address -> object with start(read), write(value), read() as RegisterChip has.

    stuck: while True a chip holds a line low. Nothing moves then, so the guest sees a time-out.
    """

    def __init__(self, board, number):
        self.targets: dict[int, Any] = {}
        self.transfers = 0
        self._hw: Any = board.mcu.i2c[number]
        self._alarm = board.clock.create_alarm(self._due)
        self._clock_ns = 1e9 / board.mcu.clk_sys
        self._then: Callable[[], None] | None = None
        self._held = False
        self._stuck = False
        self._target: Any = None
        self._attach()

    @property
    def stuck(self):
        """Whether a line is held low."""
        return self._stuck

    @stuck.setter
    def stuck(self, value):
        self._stuck = value
        if self._held and not value:
            self._held = False
            self._alarm.schedule(self._bit_ns())

    def _bit_ns(self):
        return (self._hw.scl_low_period + self._hw.scl_high_period) * self._clock_ns

    def _after(self, bits, then):
        self._then = then
        self._alarm.schedule(bits * self._bit_ns())

    def _due(self):
        if self._stuck:
            self._held = True
            return
        then, self._then = self._then, None
        if then is not None:
            then()

    def _forget(self):
        self._alarm.cancel()
        self._then = None
        self._held = False
        self._target = None

    def _attach(self):
        hw = self._hw
        stock_next, stock_write, stock_reset = hw._next_command, hw.write_uint32, hw.reset

        def byte_done():
            if hw._tx_fifo.item_count <= hw.tx_threshold:
                hw._set_interrupts(R_TX_EMPTY)

        def connect(address, mode):
            def answer():
                self.transfers += 1
                self._target = self.targets.get(address)
                acknowledged = self._target is not None and self._target.start(mode == I2CMode.READ)
                hw.complete_connect(acknowledged)
                if not acknowledged:
                    byte_done()

            self._after(9, answer)

        def write_byte(value):
            def answer():
                hw.complete_write(self._target.write(value))
                byte_done()

            self._after(9, answer)

        def read_byte(ack):
            def answer():
                hw.complete_read(self._target.read())
                byte_done()

            self._after(9, answer)

        def next_command():
            stock_next()
            if hw._busy:
                hw.int_raw &= ~R_TX_EMPTY
                hw.check_interrupts()

        def write_register(offset, value):
            if offset == IC_ENABLE and not value & ENABLE and hw._state != I2CState.STOP:
                self._forget()
                hw._state = I2CState.IDLE
                hw._busy = hw._stop = hw._pending_restart = False
            stock_write(offset, value)

        def reset():
            self._forget()
            stock_reset()

        hw.on_start = lambda repeated: self._after(1, hw.complete_start)
        hw.on_connect = connect
        hw.on_write_byte = write_byte
        hw.on_read_byte = read_byte
        hw.on_stop = lambda: self._after(1, hw.complete_stop)
        hw._next_command, hw.write_uint32, hw.reset = next_command, write_register, reset
