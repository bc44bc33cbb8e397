"""What a restart leaves: the crash record, and the count of unintended restarts.

Four words of under 2**30 in memory that survives a reset and not a power cut (`scratch`). Each boot knows only its own
time. So the record keeps the ages of the last two such restarts, in seconds, and renews them once a second. The time
between the last renewal and the new start is not counted: three restarts seem closer than they were, never further
apart.

word 0   lower five bits of the fault, mode (4), DELIBERATE, LOOPED, restarts since power-on (8), the fault's sixth bit,
         and a mark in the upper eight bits; a record of older firmware has no sixth bit, and reads the same
word 1   time since that start, s
word 2   ages of the last two restarts, 10 bits each
word 3   checksum (16 bits), and above it PROMPT when the next start is to be MicroPython's prompt; while the others are
         written, WRITING, and LOOPED as in word 0
"""

from cryo.limits import LOOP_RESETS_S
from micropython import const

_MODE = const(5)
_DELIBERATE = const(1 << 9)
_LOOPED = const(1 << 10)
_COUNT = const(11)
_COUNT_MAX = const(255)
_SIXTH = const(14)  # the fault's sixth bit is shifted by so much: it becomes bit 19
_MARK = const(0x29 << 22)
_MARK_MASK = const(0xFF << 22)
_AGE_BITS = const(10)
_AGE_NONE = const(1023)
_UPTIME_MAX = const(0x3FFFFFFF)
_TICKS_PER_S = const(100)
_PROMPT = const(0x1A53 << 16)
_WRITING = const(0x2C71 << 16)

# how the last run ended
ENDED_POWER = const(0)  # switched off, or no memory to know it from
ENDED_ASKED = const(1)
ENDED_CRASHED = const(2)
ENDED_UNREADABLE = const(3)  # a restart with a damaged record: it counts as one restart


def checksum(a, b, c):
    """Return 16 bits over three words of 30; any single wrong bit changes them."""
    return mix(mix(mix(0x1D0F, a), b), c)


def mix(total, word):
    """Return the 16-bit running sum `total` with one more word of under 2**30."""
    total = total * 31 + (word & 0x7FFF) & 0xFFFF
    return total * 31 + (word >> 15) & 0xFFFF


class Resets:
    """Reads the last run's record at once and begins this run's; `poll` once a tick keeps it.

    `scratch` has cold() (true after power-on), read(n) and write(n, word) for n 0 .. 3, none of which allocates from
    the second call on; or is None on a board without such a memory: then every start counts as a power-on.
    ended, mode, fault, uptime_s   how the last run ended, and for ENDED_CRASHED its mode, first fault and duration
    count                          unintended restarts since power-on
    loop                           LOOP_RESETS of them within LOOP_RESETS_S: only switching off clears it
    """

    def __init__(self, scratch):
        self.ended = ENDED_POWER
        self.mode = 0
        self.fault = 0
        self.uptime_s = 0
        self.count = 0
        self.loop = False
        self._keep = None if scratch is None else scratch.write  # bound once: binding allocates
        self._now_s = 0
        self._ticks = 0
        self._first = _AGE_NONE  # age of the newest restart
        self._second = _AGE_NONE
        self._state = -1
        if scratch is not None:
            self._read(scratch)
            self._write(0)

    def _read(self, scratch):
        if scratch.cold():
            return
        a = scratch.read(0)
        b = scratch.read(1)
        c = scratch.read(2)
        sound = 0 <= a <= _UPTIME_MAX and 0 <= b <= _UPTIME_MAX and 0 <= c <= _UPTIME_MAX
        d = scratch.read(3)
        if not sound or a & _MARK_MASK != _MARK or d != checksum(a, b, c):
            self.ended = ENDED_UNREADABLE
            self.count = 1
            self._first = 0
            if d & ~_LOOPED == _WRITING:  # the restart came during a write: only the ages and this are sure
                self.loop = d == _WRITING | _LOOPED
                if sound:
                    self._aged(c & _AGE_NONE, c >> _AGE_BITS & _AGE_NONE)
            return
        self.count = a >> _COUNT & _COUNT_MAX
        self.loop = a & _LOOPED != 0
        first = c & _AGE_NONE
        second = c >> _AGE_BITS & _AGE_NONE
        if a & _DELIBERATE:
            self.ended = ENDED_ASKED
            self._first = first
            self._second = second
            return
        self.ended = ENDED_CRASHED
        self.fault = a & 31 | a >> _SIXTH & 32
        self.mode = a >> _MODE & 15
        self.uptime_s = b
        if self.count < _COUNT_MAX:
            self.count += 1
        self._aged(first, second)

    def _aged(self, first, second):
        """Add an unintended restart behind two of these ages."""
        if first <= LOOP_RESETS_S and second <= LOOP_RESETS_S:
            self.loop = True
        self._first = 0
        self._second = first

    def poll(self, mode, fault):
        """Take this tick's mode and first fault; writes when either changed, and once a second. Does not allocate."""
        self._ticks += 1
        state = mode << _MODE | fault & 31 | (fault & 32) << _SIXTH
        if self._ticks >= _TICKS_PER_S:
            self._ticks = 0
            if self._now_s < _UPTIME_MAX:
                self._now_s += 1
            if self._first < _AGE_NONE:
                self._first += 1
            if self._second < _AGE_NONE:
                self._second += 1
        elif state == self._state:
            return
        self._state = state
        if self._keep:
            self._write(state)

    def deliberate(self, prompt=False):
        """The next restart is intended: it does not count. `prompt`: it starts no application."""
        if self._keep:
            self._write(_DELIBERATE, _PROMPT if prompt else 0)

    def _write(self, state, prompt=0):
        a = _MARK | self.count << _COUNT | (_LOOPED if self.loop else 0) | state
        b = self._now_s
        c = self._first | self._second << _AGE_BITS
        write = self._keep
        # A reset meanwhile leaves no record with a right checksum, but it keeps whether the device is in a loop.
        write(3, _WRITING | (_LOOPED if self.loop else 0))
        write(0, a)
        write(1, b)
        write(2, c)
        write(3, checksum(a, b, c) | prompt)


def prompt_asked(scratch):
    """Return True one time after deliberate(prompt=True): this start ends at the prompt, the next one does not."""
    if scratch.cold():
        return False
    word = scratch.read(3)
    if word & ~0xFFFF != _PROMPT:
        return False
    scratch.write(3, word & 0xFFFF)
    return True
