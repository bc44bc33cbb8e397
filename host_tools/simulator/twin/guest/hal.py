"""The virtual board's registers, in whichever interpreter the firmware runs: CPython, MicroPython, WebAssembly.

Outputs become events with their time; inputs are the snapshot of the last exchange. The plant controls time: each sleep
is one exchange, in which time passes. Between two exchanges each operation takes the time that was measured on an
emulated RP2040 (a lower bound). Only `exchange` and code before the first tick allocate.
"""

from array import array

TICKS_MASK = 0x3FFFFFFF

OP_PIN = 1  # arg: pin << 1 | level
OP_FIRE = 2  # arg: us
OP_CUT = 3
OP_REARM = 4
OP_LEASE = 5  # arg: us, 0 stops
OP_FEED = 6
OP_WATCHDOG = 7  # arg: timeout ms
OP_RESET = 8
OP_SOFT_RESET = 9
OP_HIGH_Z = 10  # arg: pin
OP_SCRATCH = 11  # .. 14, arg: word 0 .. 3

EVENTS_MAX = 64
EVENT_INTS = 3
OUT_HEADER = 4  # events, elapsed us, us to sleep, bytes to send
TX_MAX = 2048

IN_TICKS_US = 0
IN_TICKS_MS = 1
IN_FLAGS = 2
IN_PINS = 3
IN_BURST = 4
IN_RESET_CAUSE = 5
IN_RX = 6
IN_SPI_FAIL = 7
IN_ADC = 8  # 2 values
IN_SPI = 12  # high and low half of each frame
IN_INFRARED = 16  # object and housing: word | check byte << 16; below 0: the sensor does not answer
IN_ROOM_PPM = 18  # below 0 the sensor does not answer
IN_ROOM_SAMPLES = 19  # how many bytes the plant took
IN_SCRATCH = 20  # 4 words
IN_RANGE = 24  # the distance sensor's measurements since power-on; below 0 it does not answer
IN_RANGE_WORDS = 25  # code, SPADs, return rate, ambient rate and range of the last one
IN_INTS = 30
RX_MAX = 512
FIFO_MAX = 1024  # received bytes that wait for the console

FLAG_OFF = 1
FLAG_RESET = 2
FLAG_UNREAD = 4  # the program at the port's other end does not read: the port takes no more bytes

COST_PIN_US = 12
COST_ADC_US = 20
COST_SPI_US = 287
COST_TICKS_US = 6
COST_PORT_US = 15
COST_I2C_US = 600  # [C] six bytes at 100 kHz
COST_SLOW_BYTE_US = 90  # [C] a byte at 100 kHz
COST_RANGE_US = 68  # [C] addresses of a transfer at 400 kHz
COST_RANGE_BYTE_US = 23  # [C] and each of its bytes

out = array("i", [0] * (OUT_HEADER + EVENTS_MAX * EVENT_INTS))
tx = bytearray(TX_MAX)
received = array("i", [0] * IN_INTS)
rx = bytearray(RX_MAX)
fifo = bytearray(FIFO_MAX)
settings = {}  # settings that differ from the virtual board's own; None: this interpreter has a file system with slots
application = None  # path of the application's file if there is a flash; otherwise the twin runs sources
scratch = array("i", [0] * 4)  # survives a chip reset, not a power cut

_link = None
# Counters are in lists: writing to a place of a list is faster than storing a module's name.
events = [0]
local_us = [0]  # since the last exchange
pin_levels = [0]
tx_used = 0
rx_used = 0
rx_len = 0
burst_result = -2
late = []  # active timers: machine.Timer


class PowerOff(BaseException):
    """The plant ended the run."""


class Reset(BaseException):
    """The chip resets; everything after it belongs to the next boot."""


def attach(link, given):
    """Connect to the plant: link.exchange(out, tx, received, rx) blocks until virtual time has passed."""
    global _link, settings, tx_used, rx_used, rx_len, burst_result
    _link = link
    settings = given
    events[0] = local_us[0] = pin_levels[0] = tx_used = rx_used = rx_len = 0
    late.clear()
    burst_result = -2
    exchange(0)
    for n in range(4):
        scratch[n] = received[IN_SCRATCH + n]
    pin_levels[0] = received[IN_PINS]  # a soft reset leaves the pins driven


def event(op, arg):
    """Record an output at the present time. Return 0. If the buffer is full, the plant reports an error."""
    count = events[0]
    us = local_us[0] = local_us[0] + COST_PORT_US
    if count < EVENTS_MAX:
        at = OUT_HEADER + count * EVENT_INTS
        out[at] = us
        out[at + 1] = op
        out[at + 2] = arg
    events[0] = count + 1
    return 0


def exchange(sleep_us):
    """Hand the outputs to the plant, let time pass, take the inputs."""
    global tx_used, burst_result
    out[0] = events[0]
    out[1] = local_us[0]
    out[2] = sleep_us
    out[3] = tx_used
    _link.exchange(out, tx, received, rx)
    events[0] = 0
    local_us[0] = 0
    tx_used = 0
    if received[IN_RX]:
        _receive(received[IN_RX])
    burst_result = received[IN_BURST]
    flags = received[IN_FLAGS]
    if flags:
        if flags & FLAG_OFF:
            raise PowerOff()
        if flags & FLAG_RESET:
            raise Reset()


def _receive(count):
    """Queue count bytes of rx behind those that wait. Bytes that do not fit are lost, as in a real UART."""
    global rx_used, rx_len
    kept = rx_len - rx_used
    if kept:
        fifo[:kept] = fifo[rx_used:rx_len]
    rx_used = 0
    rx_len = min(kept + count, FIFO_MAX)
    fifo[kept:rx_len] = rx[: rx_len - kept]


def sleep_us(us):
    """Let virtual time pass; timers that fall due run at its end."""
    exchange(us if us > 0 else 0)
    for timer in late:
        timer.run_due()


def _wrapped(ticks, more):
    """Return their sum, wrapped: a sum beyond 2**30 - 1 would allocate in a 32-bit interpreter."""
    left = TICKS_MASK - ticks
    return ticks + more if more <= left else more - left - 1


def ticks_us():
    """The wrapping microsecond counter."""
    us = local_us[0] = local_us[0] + COST_TICKS_US
    ticks = received[IN_TICKS_US]
    room = TICKS_MASK - ticks
    return ticks + us if us <= room else us - room - 1  # as _wrapped, written out here: every tick calls it


def ticks_ms():
    """The wrapping millisecond counter."""
    local_us[0] += COST_TICKS_US
    return _wrapped(received[IN_TICKS_MS], local_us[0] // 1000)


def spend(us):
    """The processor is busy for us microseconds."""
    local_us[0] += us


def set_pin(number, level):
    """Drive a pin."""
    if level:
        pin_levels[0] |= 1 << number
    else:
        pin_levels[0] &= ~(1 << number)
    event(OP_PIN, number << 1 | (1 if level else 0))


def keep(n, word):
    """Keep word n, 0 .. 3, of under 2**30, over a reset of the chip."""
    scratch[n] = word
    event(OP_SCRATCH + n, word)


def send(data, length):
    """Queue bytes for the console; return how many were taken."""
    global tx_used
    if received[IN_FLAGS] & FLAG_UNREAD:
        return 0
    at = tx_used
    count = min(length, TX_MAX - at)
    tx[at : at + count] = data if count == len(data) else data[:count]
    tx_used = at + count
    return count


def take(buffer, length):
    """Move received console bytes into buffer; return how many."""
    global rx_used
    n = 0
    while n < length and rx_used < rx_len:
        buffer[n] = fifo[rx_used]
        rx_used += 1
        n += 1
    return n
