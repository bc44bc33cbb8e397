"""SSD1306 display, 128 x 64, I2C: one page of 8 rows at a time, one short message a poll.

Not micropython-lib's `ssd1306`: it sends 1025 bytes as one message and copies them on the heap first, and the RP2040's
time-out counts for a whole message [S: pico-sdk, i2c_write_timeout_us], so with 1 ms it could never finish; its copy on
PyPI dates from 2021. The drawing is MicroPython's own `framebuf`.

A whole page as one message would take 2.9 ms at 400 kHz. 32 bytes with address and first byte take 0.77 ms there, 7
bytes 0.81 ms at 100 kHz. The commands are those of the data sheet [S: Solomon Systech SSD1306, revision 1.1, sections 9
and 10], contrast and precharge those of a common module [S: UG-2864HSWEG01]. Every page names its place, and the whole
set-up is sent again before each page 0. So a display that lost its supply for a moment works again by itself. Nothing
is read, because many modules cannot answer.
"""

from framebuf import MONO_VLSB, FrameBuffer

from micropython import const

WIDTH = const(128)
PAGES = const(8)

OK = const(0)
STARTING = const(1)  # nothing was sent yet
DEAD_BUS = const(2)  # absent, unplugged, or the bus is stuck
NAMES = ("OK", "STARTING", "DEAD_BUS")

_BACK_OFF = const(50)  # [E] polls after a failure: half a second; doubled with each further one ...
_BACK_OFF_MAX = const(800)  # [E] ... up to 8 s
_DATA = const(0x40)  # first byte of a message of data; 0 of one of commands
_SET_UP = (
    b"\x00\xa8\x3f\xd3\x00\x40",  # 64 rows, no offset
    b"\x00\xa1\xc8\xda\x12",  # the cable is at the bottom: columns and rows reversed, alternating row pins
    b"\x00\x81\xcf\xa4\xa6",  # contrast; show the memory, not inverted
    b"\x00\xd5\x80\xd9\xf1\xdb\x20",  # clock, precharge, level of unselected rows
    b"\x00\x2e\x20\x02",  # no scrolling; page addressing
    b"\x00\x8d\x14\xaf",  # charge pump, display on
)
# by the upper half of their codes, from 32 on
_CHARACTERS = (
    " !\"#$%&'()*+,-./", "0123456789:;<=>?", "@ABCDEFGHIJKLMNO", "PQRSTUVWXYZ[\\]^_", "`abcdefghijklmno",
    "pqrstuvwxyz{|}~",
)  # fmt: skip


def _stretched(scale, part):
    """Return for 4 rows of a glyph what they are in page `part` when each is drawn `scale` times."""
    first = 8 * part // scale
    out = bytearray(16)
    for bits in range(16):
        for row in range(8):
            if bits >> (8 * part + row) // scale - first & 1:
                out[bits] |= 1 << row
    return bytes(out)


_STRETCHED = tuple(tuple(_stretched(scale, part) for part in range(scale)) for scale in (2, 3))


class Ssd1306:
    """One SSD1306 on an I2C bus whose time-out the board sets to 1 ms.

    While `ready()`: clear(), draw, show(page). Else: poll(), once a tick. After construction nothing here allocates,
    and nothing raises when a display fails: `status` shows it.
    """

    def __init__(self, i2c, at_once=32, address=0x3C):
        """`i2c` has writeto(address, buf), which returns how many bytes were acknowledged.

        `at_once` is how many bytes of a page go into one message: 32 on a bus of 400 kHz, 7 on one of 100 kHz, so that
        it ends well within the time-out.
        """
        self._write = i2c.writeto
        self._address = address
        buf = bytearray(1 + WIDTH)
        view = memoryview(buf)
        self._buf = buf
        self._page = view[1:]
        # each with the byte before it: that byte was already sent, and its place holds the mark of data
        self._messages = tuple(view[at : min(at + 1 + at_once, 1 + WIDTH)] for at in range(0, WIDTH, at_once))
        self._at_once = at_once
        self._canvas = FrameBuffer(self._page, WIDTH, 8, MONO_VLSB)
        self._glyphs = bytearray(WIDTH // 2)
        self._small = FrameBuffer(self._glyphs, WIDTH // 2, 8, MONO_VLSB)
        self._one = FrameBuffer(self._glyphs, 8, 8, MONO_VLSB)  # a single character
        self._place = bytearray(4)  # page, low and high half of the column
        self._place[3] = 0x10
        self._set_up = False
        self._next = 0  # message of set-up, place and page
        self._end = 0  # behind the last one
        self._wait = 0
        self._back_off = _BACK_OFF
        self.status = STARTING

    def ready(self):
        """True when another page may be drawn and shown: none is being sent, and the wait after a failure is over."""
        return self._next == self._end and self._wait == 0

    def clear(self):
        """Begin an empty page."""
        self._canvas.fill(0)

    def text(self, text, x, scale=1, part=0):
        """Draw `text` from column `x` on, 8 x `scale` columns a character; `part` 0..scale - 1 is this page of it.

        `scale` is 1, 2 or 3; the larger ones take at most 8 characters. What does not fit is left out.
        """
        if scale == 1:
            self._canvas.text(text, x, 0)
            return
        self._small.fill(0)
        self._small.text(text, 0, 0)
        glyphs = self._glyphs
        page = self._page
        table = _STRETCHED[scale - 2][part]
        shift = 8 * part // scale
        last = 8 * len(text)
        if last > WIDTH // 2:
            last = WIDTH // 2
        i = 0
        while i < last and x <= WIDTH - scale:
            column = table[glyphs[i] >> shift & 15]
            end = x + scale
            while x < end:
                page[x] = column
                x += 1
            i += 1

    def line(self, data):
        """Draw a line of 16 characters from their codes, 32 to 126: to make a text of them would allocate."""
        one = self._one
        x = 0
        for code in data:
            one.fill(0)
            one.text(_CHARACTERS[(code >> 4) - 2], -8 * (code & 15), 0)
            self._canvas.blit(one, x, 0)
            x += 8

    def show(self, page):
        """Send what was drawn to `page`, 0 (top) .. 7, in the next polls."""
        self._place[1] = 0xB0 | page
        self._end = len(_SET_UP) + 1 + len(self._messages)
        self._next = len(_SET_UP) if self._set_up and page else 0

    def poll(self):
        """Send one message, at most 0.81 ms; or wait after a failure: 0.5 s, doubled up to 8 s."""
        if self._wait:
            self._wait -= 1
            return
        number = self._next
        if number == self._end:
            return
        at = number - len(_SET_UP) - 1
        if at < -1:
            message = _SET_UP[number]
        elif at == -1:
            message = self._place
        else:
            message = self._messages[at]
            self._buf[at * self._at_once] = _DATA
        try:
            # when a chip stops answering within a message, some ports do not raise: they return how many bytes it took
            sent = self._write(self._address, message) == len(message)
        except OSError:
            sent = False
        if not sent:
            self.status = DEAD_BUS
            self._set_up = False
            self._end = number
            self._wait = self._back_off
            if self._back_off < _BACK_OFF_MAX:
                self._back_off *= 2
            return
        self._next = number + 1
        if at >= 0:
            self._set_up = True
            self.status = OK
            self._back_off = _BACK_OFF
