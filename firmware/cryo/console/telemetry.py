"""STRM: readings as JSON lines with sequence number and check sum, made without allocating, a part in each second tick.

{"seq":7,"us":1234,...,"crc":"29B1"}: the sum (crc.py) is over every byte before `,"crc"`. Temperatures in mdegC, age of
the skin's sample in ms, pressures in mbar, valve-on time in us; null where there is no valid reading. If the host has
not taken a line when the next one is due, that next one is left out: `lost` counts it, and `seq` jumps.
"""

from array import array

from cryo.console.crc import START, added
from cryo.console.units import scaled
from micropython import const

_PERIOD = const(50)  # ticks
_PERIOD_MAX = const(1000)
_NULL = const(-0x3FFFFFFF)
_ROOM = const(320)
_CHUNK = const(16)
_FIELDS_A_TURN = const(2)
_SEQ_MASK = const(0xFFFFFF)
_KEYS = (
    b'{"seq":', b',"us":', b',"mode":', b',"fault":', b',"blocked":', b',"skin":', b',"age":', b',"surface":',
    b',"infrared":', b',"mm":', b',"bottle":', b',"line":', b',"bursts":', b',"on_us":', b',"lost":',
)  # fmt: skip
_LOST = const(14)  # place of `lost` among the values
_FIELDS = const(15)
_CRC_KEY = b',"crc":"'
_HEX = b"0123456789ABCDEF"
_NOTHING = b"null"


def start(console, word):
    """Start telemetry, with ON or with a time between lines; return it, or the error's answer."""
    ticks = _PERIOD
    if word != "ON":
        ms, problem = scaled(word, "ms")
        if problem:
            return console.error(problem[0], problem[1] + ": ON, OFF, or a time, as 500 ms or 2 s")
        if not _PERIOD * 10 <= ms <= _PERIOD_MAX * 10:
            return console.error(-222, "{} ms: allowed 500 ms to 10 s".format(ms))
        ticks = ms // 10
    if console.telemetry is None:
        console.telemetry = Telemetry(console)
    console.telemetry.period = ticks
    return console.telemetry


class Telemetry:
    """`period` in ticks; 0 ends it after the present line. `sent` is not 0 while part of a line is sent."""

    def __init__(self, console):
        self.period = _PERIOD
        self.sent = 0
        self.lost = 0
        self._console = console
        self._values = array("i", [0] * _FIELDS)
        self._buffer = bytearray(_ROOM)
        self._digits = bytearray(12)
        chunk = self._chunk = bytearray(_CHUNK)
        self._views = [memoryview(chunk)[:n] for n in range(_CHUNK + 1)]
        self._used = 0
        self._crc = 0
        self._field = _FIELDS + 1  # the next part; beyond the last: no line is being made
        self._seq = 0
        self._wait = 0
        self._turn = False

    def poll(self):
        """Do one step of a line in every second tick; return True when there was one. Does not allocate."""
        self._wait -= 1
        if self._wait <= 0:
            self._wait = self.period
            if self.period:
                if self._field <= _FIELDS or self._used:
                    self.lost += 1
                    self._seq = self._seq + 1 & _SEQ_MASK
                else:
                    self._sample()
                    return True
        self._turn = not self._turn
        if self._turn:
            return False
        if self._field < _FIELDS:
            for _ in range(_FIELDS_A_TURN):
                if self._field < _FIELDS:
                    self._add_field()
            return True
        if self._field == _FIELDS:
            self._finish()
            return True
        if self._used:
            return self._send()
        if not self.period:
            self._console.telemetry = None
        return False

    def _sample(self):
        s = self._console.app.supervisor
        i = self._console.app.inputs
        session = s.session
        v = self._values
        v[0] = self._seq
        v[1] = s.now_us
        v[2] = s.mode
        v[3] = s.faults.first
        v[4] = s.blocked_by
        v[5] = _NULL if i.skin.status else i.skin.value_mdegc
        v[6] = i.skin.age_us // 1000
        v[7] = s.observer.surface_mdegc if session.point_open else _NULL
        v[8] = _NULL if i.infrared.status else i.infrared.value_mdegc
        v[9] = _NULL if i.distance.status else i.distance.value
        v[10] = _NULL if i.bottle.status else i.bottle.value
        v[11] = _NULL if i.line.status else i.line.value
        v[12] = session.bursts
        v[13] = session.point_valve_on_us
        v[_LOST] = self.lost
        self._seq = self._seq + 1 & _SEQ_MASK
        self._field = 0
        self._crc = START

    def _add_field(self):
        n = self._field
        key = _KEYS[n]
        self._add(key, 0, len(key))
        value = self._values[n]
        if value == _NULL:
            self._add(_NOTHING, 0, 4)
        else:
            digits = self._digits
            at = 12
            rest = -value if value < 0 else value
            while True:
                at -= 1
                digits[at] = 48 + rest % 10
                rest //= 10
                if not rest:
                    break
            if value < 0:
                at -= 1
                digits[at] = 45
            self._add(digits, at, 12)
        self._field = n + 1

    def _add(self, data, start, end):
        self._crc = added(self._crc, data, start, end)
        buffer = self._buffer
        used = self._used
        while start < end:
            buffer[used] = data[start]
            used += 1
            start += 1
        self._used = used

    def _finish(self):
        crc = self._crc
        self._add(_CRC_KEY, 0, 8)
        buffer = self._buffer
        used = self._used
        shift = 12
        while shift >= 0:
            buffer[used] = _HEX[crc >> shift & 15]
            used += 1
            shift -= 4
        buffer[used] = 34
        buffer[used + 1] = 125
        buffer[used + 2] = 10
        self._used = used + 3
        self._field = _FIELDS + 1

    def _send(self):
        console = self._console
        if not self.sent and console.waiting:
            return False  # an answer goes out first
        chunk = self._chunk
        buffer = self._buffer
        sent = self.sent
        n = 0
        while n < _CHUNK and sent + n < self._used:
            chunk[n] = buffer[sent + n]
            n += 1
        n = console.stream.write(self._views[n])
        if not n:
            return False
        self.sent = sent + n
        if self.sent == self._used:
            self.sent = self._used = 0
        return True
