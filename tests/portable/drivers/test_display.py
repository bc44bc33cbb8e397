"""The display's driver against a fake of the chip, alone and with the panel's pages; every call has the heap locked."""

import framebuf

import micropython
from cryo.core import mode
from cryo.drivers import ssd1306_pages
from cryo.drivers.ssd1306_pages import DEAD_BUS, NAMES, OK, STARTING, Ssd1306
from cryo.panel import Panel
from fake_ssd1306 import ABSENT, TIMED_OUT, TIMEOUT_US, Chip
from supervisor_rig import Rig as SupervisorRig

LANES = ("unix", "wasm")
LANES_REASON = "the drawing is framebuf, which only MicroPython has"

BUSES = ((400, 32), (100, 7))  # clock in kHz, bytes at once
PICTURE = 54  # polls at 400 kHz: six of set-up, and 8 pages of a drawing, a place and four messages
SLOW_PICTURE = 174


class Rig:
    """One display on its bus."""

    def __init__(self, clock_khz=400, at_once=32):
        self.chip = Chip(clock_khz)
        self.display = Ssd1306(self.chip, at_once)

    def draw(self, page, text, x=0, scale=1, part=0):
        """Draw one page and begin to send it."""
        micropython.heap_lock()
        try:
            self.display.clear()
            self.display.text(text, x, scale, part)
            self.display.show(page)
        finally:
            micropython.heap_unlock()
        return self

    def poll(self, polls=1):
        """Poll; a poll costs one message at most."""
        for _ in range(polls):
            messages = self.chip.messages
            micropython.heap_lock()
            try:
                self.display.poll()
            finally:
                micropython.heap_unlock()
            assert self.chip.messages - messages <= 1
        return self

    def send(self, page, text, x=0, scale=1, part=0):
        self.draw(page, text, x, scale, part)
        while not self.display.ready():
            self.poll()
        return self


def original(text):
    """The text as framebuf draws it, as pixels(x, y)."""
    buf = bytearray(128)
    framebuf.FrameBuffer(buf, 128, 8, framebuf.MONO_VLSB).text(text, 0, 0)
    return lambda x, y: buf[x] >> y & 1 if 0 <= x < 128 else 0


def test_the_codes_are_a_closed_set_with_names():
    for code in range(len(NAMES)):
        assert getattr(ssd1306_pages, NAMES[code]) == code


def test_the_set_up_makes_the_memory_readable_and_no_message_outlasts_the_time_out():
    for clock_khz, at_once in BUSES:
        rig = Rig(clock_khz, at_once)
        assert rig.display.status == STARTING
        assert not rig.chip.readable()
        rig.send(0, "A")
        assert rig.chip.readable()
        assert rig.chip.longest_us < TIMEOUT_US * 85 // 100  # slow edges stretch the clock
        assert rig.display.status == OK


def test_each_page_arrives_whole_in_its_place():
    words = ("page zero 0000<>", "page one 1111<>", "2", "", "four |||||||||||", "5 five", "66666", "last page 7777<>")
    for clock_khz, at_once in BUSES:
        rig = Rig(clock_khz, at_once)
        for page in range(8):
            rig.send(page, words[page])
        for page in range(8):
            pixel = original(words[page])
            for x in range(128):
                for y in range(8):
                    assert rig.chip.pixel(x, 8 * page + y) == pixel(x, y), (page, x, y)


def test_larger_text_is_each_pixel_so_many_times():
    for scale, text, x0 in ((2, "STAND-BY", 0), (3, "-9.9", 0), (3, "18.6", 31), (2, "8", 101)):
        rig = Rig()
        for part in range(scale):
            rig.send(part, text, x0, scale, part)
        pixel = original(text)
        for x in range(128):
            for y in range(8 * scale):
                expected = pixel((x - x0) // scale, y // scale) if x >= x0 else 0
                assert rig.chip.pixel(x, y) == expected, (text, x, y)


def test_what_does_not_fit_is_left_out():
    rig = Rig().send(0, "88888888", 100, 3, 0)
    assert rig.display.status == OK
    rig.send(1, "twenty characters...")
    assert rig.display.status == OK


def test_a_line_of_codes_is_drawn_as_the_text_is_with_every_character():
    rig = Rig()
    for first in range(32, 127, 16):
        data = bytearray([code if code < 127 else 32 for code in range(first, first + 16)])
        text = bytes(data).decode()
        micropython.heap_lock()
        try:
            rig.display.clear()
            rig.display.line(data)
            rig.display.show(0)
        finally:
            micropython.heap_unlock()
        rig.poll(12)
        pixel = original(text)
        for x in range(128):
            for y in range(8):
                assert rig.chip.pixel(x, y) == pixel(x, y), (text, x, y)


def test_a_display_that_is_not_there_costs_one_message_each_back_off():
    for error in (ABSENT, TIMED_OUT):
        rig = Rig()
        rig.chip.error = error
        waits = []
        for _ in range(7):
            rig.draw(0, "A").poll()
            assert rig.display.status == DEAD_BUS
            assert not rig.display.ready()
            polls = 0
            before = rig.chip.messages
            while not rig.display.ready():
                rig.poll()
                polls += 1
            assert rig.chip.messages == before
            waits.append(polls)
        assert rig.chip.messages == 7
        assert waits == [50, 100, 200, 400, 800, 800, 800]
        rig.chip.error = None
        rig.send(0, "A")
        assert rig.display.status == OK
        assert rig.chip.readable()


def test_one_good_page_ends_the_long_waiting():
    rig = Rig()
    rig.chip.error = ABSENT
    for _ in range(3):
        rig.draw(0, "A").poll(500)
    rig.chip.error = None
    rig.send(0, "A")
    rig.chip.error = ABSENT
    rig.draw(1, "A").poll(51)
    assert rig.display.ready()


def test_a_message_that_is_not_taken_whole_is_a_failure():
    for taken in (0, 1, 3, 4, 20):
        rig = Rig().send(0, "A")
        rig.chip.taken = taken
        rig.draw(1, "B").poll(12)
        assert rig.display.status == DEAD_BUS, taken
        rig.chip.taken = -1
        rig.poll(100)
        assert rig.display.ready()
        rig.send(1, "B")
        assert rig.display.status == OK
        pixel = original("B")
        assert all(rig.chip.pixel(x, 8 + y) == pixel(x, y) for x in range(128) for y in range(8))


def test_after_a_failure_the_set_up_comes_first():
    rig = Rig().send(0, "A")
    rig.chip.error = ABSENT
    rig.draw(3, "A").poll(60)
    rig.chip.error = None
    rig.chip.power()
    rig.send(3, "B")
    assert rig.chip.readable()


# --- with the panel ---------------------------------------------------------------------------------------------------
class Whole:
    """A panel on a display, beside a supervisor that treats."""

    def __init__(self, clock_khz=400, at_once=32):
        self.chip = Chip(clock_khz)
        self.treatment = SupervisorRig()
        self.panel = Panel(self.treatment.sup, self.treatment.i, Ssd1306(self.chip, at_once))

    def run(self, ticks):
        """Let ticks pass; the panel breathes after each."""
        for _ in range(ticks):
            self.treatment.tick()
            self.breathe()
        return self

    def breathe(self):
        micropython.heap_lock()
        try:
            self.panel.poll()
        finally:
            micropython.heap_unlock()

    def shows(self, text, row, scale=1, column=0):
        """True when the text stands in this row at this column of characters of size 8."""
        pixel = original(text)
        for x in range(8 * scale * len(text)):
            for y in range(8 * scale):
                if self.chip.pixel(8 * column + x, 8 * row + y) != pixel(x // scale, y // scale):
                    return False
        return True


def test_a_whole_picture_takes_54_polls_or_174_on_a_slow_bus():
    for bus, picture in ((BUSES[0], PICTURE), (BUSES[1], SLOW_PICTURE)):
        whole = Whole(bus[0], bus[1])
        whole.treatment.stand_by()
        whole.run(6 + picture)  # the first begins with the set-up
        assert whole.chip.readable()
        assert whole.shows("STAND-BY", 0, 2)
        assert whole.shows("32.5", 2, 3)
        assert whole.shows("SETUP", 5)
        assert whole.shows("choose preset,  ", 6)
        assert whole.shows("level, site and ", 7)
        assert whole.chip.messages == 6 + picture - 8
        assert whole.chip.longest_us < TIMEOUT_US


def test_a_display_that_lost_its_supply_comes_back_by_itself():
    for at in range(PICTURE):
        whole = Whole()
        whole.treatment.stand_by()
        whole.run(PICTURE + at)
        whole.chip.power()
        whole.run(2 * PICTURE)
        assert whole.chip.readable(), at
        assert whole.shows("STAND-BY", 0, 2), at
        assert whole.shows("32.5", 2, 3), at


def test_a_display_that_is_plugged_in_later_is_found():
    whole = Whole()
    whole.chip.error = ABSENT
    whole.treatment.stand_by()
    whole.run(3_000)
    assert whole.chip.messages <= 9
    whole.chip.error = None
    whole.run(801 + PICTURE)
    assert whole.shows("STAND-BY", 0, 2)


def test_in_a_pass_no_message_and_the_picture_that_stays_has_no_measured_value():
    for bus, picture in ((BUSES[0], PICTURE), (BUSES[1], SLOW_PICTURE)):
        whole = Whole(bus[0], bus[1])
        treatment = whole.treatment
        treatment.arm()
        whole.run(201 + picture)
        for which in range(2):  # from the trigger, and out of the rest with the trigger held
            assert whole.shows("ARMED   ", 0, 2), (bus, which)
            assert whole.shows("GAS MAY COME    ", 2)
            assert whole.shows("skin: see light ", 4)
            if which == 0:
                assert whole.shows("aim 13.6 min 7.0", 5)
                treatment.press()
            assert treatment.sup.mode == mode.DELIVERING
            before = whole.chip.messages
            while treatment.sup.mode == mode.DELIVERING:
                assert whole.chip.messages == before
                whole.breathe()
                treatment.tick()
            assert treatment.sup.mode == mode.REST
            whole.run(40)  # a rest is shorter than a picture: nothing that is measured may be begun in it
            assert treatment.sup.mode == mode.REST
            assert whole.shows("ARMED   ", 0, 2) and whole.shows("GAS MAY COME    ", 2)
            while treatment.sup.mode == mode.REST:
                whole.run(1)
