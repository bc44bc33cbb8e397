"""The virtual board's exchange with a simulator that also runs its serial port.

Each exchange has a number. An exchange that Ctrl-C interrupted is sent again with HEARD, and its sleep ends. If the
simulator had already answered it, it sends the same answer again. Both frames are short enough that a pipe carries them
in one piece.

To the simulator    number, flags, room for console bytes; hal.out; hal.tx where it has bytes
From it             number, flags; hal.received; hal.rx
"""

from array import array

from uctypes import addressof, bytearray_at

import hal

CLAIMED = 1  # the application has opened the serial port as its console: received bytes are for hal.fifo
INTERRUPTS = 2  # Ctrl-C interrupts
AT_PROMPT = 4  # boot.py and main.py have ended
HEARD = 8  # a Ctrl-C was received: a sleep must end
READS = 16  # the prompt runs, and no program

INTERRUPTED = 1

IDLE_US = 10_000

_HEAD = 12
_NUMBER_MASK = 0x3FFFFFFF
_INT = 4


class Link:
    """The link that hal.attach needs, over two pipes. `wait` lets time pass until input comes."""

    def __init__(self, reader, writer):
        self._in = open(reader, "rb")
        self._out = open(writer, "wb")
        size = len(hal.out) * _INT
        self._frame = bytearray(_HEAD + size + hal.TX_MAX)
        self._head = array("i", [0, 0, 0])
        self._head_bytes = bytearray_at(addressof(self._head), _HEAD)
        self._body = bytearray_at(addressof(hal.out), size)
        self._views = (memoryview(self._frame)[: _HEAD + size], memoryview(self._frame))
        self._reply = array("i", [0] * (2 + hal.IN_INTS + hal.RX_MAX // _INT))
        self._reply_rx = bytearray_at(addressof(self._reply) + (2 + hal.IN_INTS) * _INT, hal.RX_MAX)
        self.flags = 0  # no program runs yet that Ctrl-C could interrupt
        self.interrupted = False

    def exchange(self, out, tx, received, rx):
        """See hal.attach. Raises hal.PowerOff when the simulator is gone."""
        head = self._head
        head[0] = (head[0] + 1) & _NUMBER_MASK
        head[1] = self.flags | (HEARD if self.interrupted else 0)
        head[2] = hal.FIFO_MAX - (hal.rx_len - hal.rx_used)
        self._frame[:_HEAD] = self._head_bytes
        self._frame[_HEAD : _HEAD + len(self._body)] = self._body
        if out[3]:
            self._frame[_HEAD + len(self._body) :] = tx
        frame = self._views[1 if out[3] else 0]
        reply = self._reply
        answered = False
        while not answered:
            try:
                self._out.write(frame)
                while True:
                    if not self._in.readinto(reply):
                        raise hal.PowerOff()
                    if reply[0] == head[0]:
                        answered = True
                        break
            except KeyboardInterrupt:
                self.interrupted = True
                head[1] |= HEARD
                self._frame[:_HEAD] = self._head_bytes
        if reply[1] & INTERRUPTED:
            self.interrupted = True
        for n in range(hal.IN_INTS):
            received[n] = reply[2 + n]
        count = received[hal.IN_RX]
        if count:
            rx[:count] = self._reply_rx[:count]

    def wait(self):
        """Let up to IDLE_US pass, less when bytes come in. Timers that are due run."""
        hal.exchange(-IDLE_US)
        self.interrupted = False  # a Ctrl-C at the prompt is a byte of its input
        for timer in hal.late:
            timer.run_due()

    def sleep_us(self, us):
        """As hal.sleep_us, ended by Ctrl-C."""
        hal_sleep_us(us)
        self._raise()

    def _raise(self):
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt

    def event(self, op, arg):
        """As hal.event, for programs without a tick: when the buffer is full, its events reach the pins at once."""
        if hal.events[0] >= hal.EVENTS_MAX and not self.flags & CLAIMED:
            hal.exchange(0)
            self._raise()
        return hal_event(op, arg)

    def kbd_intr(self, character):
        """As micropython.kbd_intr: 3 lets Ctrl-C interrupt, -1 makes it a byte like others.

        Raises KeyboardInterrupt for a Ctrl-C that came before the simulator knew this.
        """
        self.flags = (self.flags | INTERRUPTS if character == 3 else self.flags & ~INTERRUPTS) & ~READS
        hal.exchange(0)  # the simulator knows before the next byte comes
        self._raise()

    def reads(self, flags):
        """The prompt runs from here on. A Ctrl-C for the earlier program is dropped, since that program has ended."""
        self.flags = flags & ~CLAIMED | INTERRUPTS | READS  # a program may have taken the port
        while True:
            try:
                hal.exchange(0)
                self.interrupted = False
                return
            except KeyboardInterrupt:
                pass


hal_sleep_us = hal.sleep_us
hal_event = hal.event
