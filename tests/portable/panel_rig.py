"""A panel with a display of characters and a pixel that keeps its colours, beside a supervisor that treats."""

import micropython
from cryo import panel
from cryo.core import blockers, faults, guidance, presets, session
from cryo.core.reading import NAMES as STATUS_NAMES
from cryo.panel import Panel
from supervisor_rig import Rig as SupervisorRig

PICTURE = 54  # polls


class Display:
    """A display of 16 x 8 characters: text of size 1 as it is, of larger size by its top left corner."""

    def __init__(self):
        self.rows = [bytearray(b" " * 16) for _ in range(8)]
        self.sizes = [1] * 8
        self.drawn = bytearray(16)
        self.size = 1
        self.part = -1
        self.left = 0
        self.pages = 0
        self.polls = 0

    def ready(self):
        return self.left == 0

    def clear(self):
        i = 0
        while i < 16:
            self.drawn[i] = 32
            i += 1
        self.size = 1

    def text(self, text, x, scale=1, part=0):
        pitch = 8 * scale
        assert x % pitch == 0
        assert 0 <= part < scale
        if scale > 1:
            self.size = scale
        assert len(text) + x // pitch <= 128 // pitch, text
        self.put(BYTES[text], x // pitch)

    def line(self, data):
        self.put(data, 0)

    def put(self, data, at):
        i = 0
        while i < len(data):
            self.drawn[at + i] = data[i]
            i += 1

    def show(self, page):
        i = 0
        while i < 16:
            self.rows[page][i] = self.drawn[i]
            i += 1
        self.sizes[page] = self.size
        self.pages += 1
        self.left = 11 if page == 0 else 5

    def poll(self):
        self.polls += 1
        if self.left:
            self.left -= 1

    def row(self, page):
        return bytes(self.rows[page]).decode().rstrip()


class Bytes:
    """The bytes of each text, made before the heap is locked: indexing a str may allocate."""

    def __init__(self):
        self.known = {}
        for tables in (STATUS_NAMES, presets.SITES, blockers.NAMES):
            for text in tables:
                self.add(text)
        for rows in (faults.REGISTRY, presets.PRESETS):
            for row in rows:
                for text in row:
                    if isinstance(text, str):
                        self.add(text)
        for texts in (panel._WORDS, panel._DIGITS, panel._WHILE_ARMED, session.REASONS, guidance.WORDS):
            for text in texts:
                self.add(text)
        for text in ("aim", "min", "L", "/", "P", "-", ".", "s", "degC", "mm", "left", "wait", "end:"):
            self.add(text)
        for text in ("too old", "next P", "--"):
            self.add(text)
        for text in ("NO SKIN READING", "no level chosen", "target reached", "target missed", "hold at"):
            self.add(text)

    def add(self, text):
        self.known[text] = text.encode()

    def __getitem__(self, text):
        return self.known[text]


BYTES = Bytes()


class Pixel:
    """One WS2812."""

    def __init__(self):
        self.buffered = None
        self.shown = None
        self.writes = 0

    def __setitem__(self, index, colour):
        assert index == 0
        self.buffered = colour

    def write(self):
        self.shown = self.buffered
        self.writes += 1


class Rig:
    """A panel beside a supervisor that treats; the panel breathes after each tick, with the heap locked."""

    def __init__(self):
        self.t = SupervisorRig()
        self.display = Display()
        self.pixel = Pixel()
        self.panel = Panel(self.t.sup, self.t.i, self.display, self.pixel)

    def breathe(self):
        micropython.heap_lock()
        try:
            self.panel.poll()
        finally:
            micropython.heap_unlock()

    def run(self, ticks=2 * PICTURE):
        for _ in range(ticks):
            self.t.tick()
            self.breathe()
        return self

    def rows(self):
        return [self.display.row(page) for page in range(8)]

    def texts(self, pictures=60):
        """Run on; return all lower halves of the display that were seen, each as one text."""
        seen = []
        for _ in range(pictures):
            self.run(PICTURE)
            text = "|".join(self.rows()[5:])
            if text not in seen:
                seen.append(text)
        return seen
