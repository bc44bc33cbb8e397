"""The part of the device's log that is always in memory: it notes events and has them written while no gas may flow.

A note waits in a queue of eight. Notes that find the queue full are counted, and the count becomes a note. The log
itself (store/journal.py) is loaded when there is something to write, and dropped afterwards.
"""

import gc
import sys
from array import array

from cryo import store
from cryo.core import mode
from cryo.store.notes import FAULT, LOST, NONE, POINT, START
from micropython import const

UNKNOWN = const(-1)  # day or second
WORDS = const(12)  # kind, day, second of the day, uptime in s, eight figures
QUEUE_MAX = const(8)
_BYTES = const(4 * WORDS * QUEUE_MAX)
_STILL = const(30)  # ticks in one mode before a note or a write: then valves are shut, the probe has settled
_WRITES = 1 << mode.STANDBY | 1 << mode.COMPLETE | 1 << mode.FAULT | 1 << mode.SERVICE
_PAUSE = const(100)  # ticks after a write that failed, doubled each time ...
_PAUSE_MAX = const(60_000)  # ... up to ten minutes: flash wears, and somebody may make room in a full one


class Recorder:
    """The notes of one Applicator. waiting: how many; lost, failed: notes and writes since the start."""

    def __init__(self, app):
        self.waiting = 0
        self.lost = 0
        self.failed = 0
        self.problem = "NONE"  # of the last write that failed
        self._app = app
        self._queue = array("i", bytes(_BYTES))
        self._first = 0
        self._unsaid = 0  # lost notes that no note reports yet
        self._job = None  # the Writer of the log, while something is written
        self._pause = 0
        self._next_pause = _PAUSE
        self._mode = mode.BOOT
        self._still = 0
        self._fault = 0
        self._open = False  # a point is open, or its figures are not noted yet
        self._choice = 0
        self._skin_mdegc = NONE
        self._surface_mdegc = NONE
        r = app.resets
        self.put(START, (r.ended, r.mode, r.fault, r.uptime_s, r.count))

    def put(self, kind, figures=()):
        """Note something; figures: up to eight whole numbers under 2**30. Return False when there is no room."""
        if self.waiting == QUEUE_MAX:
            self.lost += 1
            self._unsaid += 1
            return False
        app = self._app
        console = app.console
        uptime_s = app.supervisor.session.uptime_s
        queue = self._queue
        at = (self._first + self.waiting) % QUEUE_MAX * WORDS
        queue[at] = kind
        if console.days is None or console.day_s is None:
            queue[at + 1] = UNKNOWN if app.today_d is None else app.today_d
            queue[at + 2] = UNKNOWN
        else:
            total_s = console.day_s + uptime_s - console.set_s
            queue[at + 1] = console.days + total_s // 86_400
            queue[at + 2] = total_s % 86_400
        queue[at + 3] = uptime_s
        for n in range(8):
            queue[at + 4 + n] = figures[n] if n < len(figures) else 0
        self.waiting += 1
        return True

    def poll(self, now):
        """Call after each tick with its mode. Allocates nothing while bursts may be given, unless a fault is new."""
        sup = self._app.supervisor
        first = sup.faults.first
        if first != self._fault:
            self._fault = first
            if first:
                latched = sup.faults.latched
                self.put(FAULT, (first, self._mode, latched.low, latched.high))
        if sup.session.point_open or self._open:
            self._watch(sup)
        if now != self._mode:
            self._mode = now
            self._still = 0
        elif self._still < _STILL:
            self._still += 1
        elif self._open and not sup.session.point_open:
            self._open = False
            self._point(sup, sup.session)
        elif self.waiting and not self._pause:
            self.step()
        elif self._pause:
            self._pause -= 1

    def step(self):
        """Do one step of writing; return True while there is more to do, and it may be done."""
        if not self.waiting or self._pause or not _WRITES >> self._mode & 1 or not self._app.may_write():
            return False
        try:
            if self._job is None:
                from cryo.store import journal

                self._job = journal.Writer(self._app.board.files, self._oldest())
            elif self._job.poll():
                self._written()
        except Exception as error:  # no error of the log is a reason to restart the device
            self.failed += 1
            self.problem = repr(error)[:40]
            self._pause = self._next_pause
            self._next_pause = min(2 * self._next_pause, _PAUSE_MAX)
            self._drop()
        return True

    def _oldest(self):
        at = self._first * WORDS
        return [self._queue[n] for n in range(at, at + WORDS)]

    def _written(self):
        self._first = (self._first + 1) % QUEUE_MAX
        self.waiting -= 1
        self._next_pause = _PAUSE
        if self._unsaid and self.put(LOST, (self._unsaid,)):
            self._unsaid = 0
        if self.waiting:
            self._job.begin(self._oldest())
        else:
            self._drop()

    def _drop(self):
        self._job = None
        sys.modules.pop("cryo.store.journal", None)
        if hasattr(store, "journal"):
            del store.journal  # pyright: ignore[reportAttributeAccessIssue]
        gc.collect()

    def _watch(self, sup):
        if not self._open:
            self._open = True
            self._skin_mdegc = self._surface_mdegc = NONE
            p = sup.session
            self._choice = p.preset | p.level << 4 | p.site << 8 | p.point << 16
        skin = self._app.inputs.skin
        if not skin.status and skin.value_mdegc < self._skin_mdegc:
            self._skin_mdegc = skin.value_mdegc
        if sup.point.treated and sup.observer.surface_mdegc < self._surface_mdegc:
            self._surface_mdegc = sup.observer.surface_mdegc

    def _point(self, sup, p):
        ended = p.reason << 20 | p.reached << 24
        self.put(
            POINT,
            (
                self._choice | ended,
                p.passes | p.bursts << 8,
                p.point_valve_on_us // 1000,
                p.point_us // 1000,
                self._skin_mdegc,
                self._surface_mdegc,
                sup.point.target_mdegc,
                sup.point.floor_mdegc,
            ),
        )
