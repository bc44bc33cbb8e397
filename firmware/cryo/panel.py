"""What people see and hear: pages of the display, the colour of the skin's band, the pattern of the buzzer.

During a pass nothing is sent to the display, so its picture must stay true until the pass ends: while armed, and at the
end of a rest between passes, it shows no measured value. The colour changes also in a pass: one pixel keeps interrupts
off for 30 us. That does not delay the valve, which hardware times, and delays the tick by no more than that.
"""

from cryo import remedies
from cryo.core import blockers, faults, guidance, mode, presets, session
from cryo.core.blockers import SKIN_AGE_MAX_US
from cryo.core.eye_guard import LOST
from cryo.core.reading import NAMES as STATUS_NAMES
from cryo.limits import (
    CONFIRM_MS,
    INDICATION_MS,
    MODEL_MARGIN_MDEGC,
    PASSES_MAX,
    SKIN_TRIP_MDEGC,
    TICK_US,
)
from micropython import const

_TICK_MS = TICK_US // 1000

# --- buzzer -----------------------------------------------------------------------------------------------------------
# Ticks on, off, on, ... After the last one the pattern begins again. A time of more than 255 ticks continues after a 0.
# Alarms: shape and times after IEC 60601-1-8 [K]: high 10 pulses of 150 ms, medium 3 of 200 ms, pauses of 3 and 5 s.
_HIGH = bytes((15, 10, 15, 10, 15, 35, 15, 10, 15, 50, 15, 10, 15, 10, 15, 35, 15, 10, 15, 250, 0, 50))
_MEDIUM = bytes((20, 20, 20, 20, 20, 250, 0, 250))


_INDICATE = INDICATION_MS // _TICK_MS  # limit 15: a tone of so many ticks ...
_SECOND = const(100)
_REMIND = const(90)  # ... then the last ticks of each second as a reminder [E]
# Guidance clicks for 20 ms between two reminders, faster as the hand is nearer: 1, 3 or 8 times a second. Every other
# signal sounds for 100 ms or more [E]. By what is told: the tick of a second with the first click, ticks to the next.
_CLICKS = ((_REMIND, 1), (4, 11), (20, 24), (44, _REMIND))
_CLICK = const(2)  # ticks

_HIGH_FAULTS = faults.Codes(*[row[0] for row in faults.REGISTRY if row[2] == faults.HIGH])


class Beeper:
    """The buzzer's signals: an alarm before the indication, the indication before guidance. A change begins anew."""

    def __init__(self):
        self._pattern = None
        self._at = 0
        self._left = 0
        self._told = 0  # ticks of the indication's first tone
        self._second = 0  # ticks of the present second of reminders and clicks
        self._click = 0  # ticks of a click that are left

    def level(self, outputs, latched, guided=guidance.NONE):
        """Return the buzzer pin's level, 0 or 1, for this tick; call once a tick. Does not allocate.

        `latched` holds the codes of the latched faults. An alarm without a latched fault sounds like one of high
        priority. `guided` is what guidance tells the hand; NONE where its tone is off.
        """
        pattern = None
        if outputs.alarm:
            pattern = _HIGH if latched.meets(_HIGH_FAULTS) or not latched else _MEDIUM
        if pattern is not self._pattern:
            self._pattern = pattern
            self._at = -1
            self._left = 0
            self._told = 0
        if pattern is None:
            return self._quieter(outputs.indicate, guided)
        while self._left == 0:
            self._at += 1
            if self._at == len(pattern):
                self._at = 0
            self._left = pattern[self._at]
        self._left -= 1
        return 1 - (self._at & 1)

    def _quieter(self, indicate, guided):
        """Return the level of indication and guidance."""
        if not indicate:
            self._told = 0
            if not guided:
                self._second = self._click = 0
                return 0
        elif self._told < _INDICATE:
            self._told += 1
            self._second = self._click = 0
            return 1
        at = self._second
        self._second = at + 1 if at < _SECOND - 1 else 0
        if at >= _REMIND:  # the last click is over by then
            return indicate
        first, every = _CLICKS[guided]
        if at >= first and (at - first) % every == 0:
            self._click = _CLICK
        if self._click:
            self._click -= 1
            return 1
        return 0


# --- the indication lamp of a board without a colour ------------------------------------------------------------------
_DARK = const(10)  # ticks: so short that the lamp still shows that gas may come
_EVERY = (0, 25, 0, 100)  # ticks from one dark moment to the next, by what guidance tells; 0: always lit


class Lamp:
    """Guidance by the indication lamp: dark for 100 ms, once a second to come nearer, four times to go farther."""

    def __init__(self):
        self._at = 0

    def lit(self, told, guided):
        """Return 0 or 1 for this tick; call once a tick. told: the indication was there for as long as it must be."""
        every = _EVERY[guided] if told else 0
        at = self._at
        self._at = at + 1 if at < every - 1 else 0
        return 0 if every and at >= every - _DARK else 1


# --- colour -----------------------------------------------------------------------------------------------------------
OFF = const(0)
WHITE = const(1)  # above the target, or no level chosen
GREEN = const(2)  # at or below the target
AMBER = const(3)  # just above the floor, or below it
RED = const(4)  # at or below the trip; blinks at 2 Hz
VIOLET = const(5)  # no valid reading; blinks at 0.5 Hz
# Red, green, blue. Dim, because people read it at an arm's length. Blue is not used: on a comparable device it means
# 2-4 degC.
COLOURS = ((0, 0, 0), (40, 40, 40), (0, 60, 0), (70, 30, 0), (90, 0, 0), (50, 0, 60))

_BEAT = const(200)  # ticks of the slow blinking; after each the colour is sent again, in case the pixel lost it
_FAST = const(25)  # half a period of the fast blinking
# Guidance: the colour blinks at 1 Hz to come nearer, at 4 Hz to go farther, and is steady where the hand is right.
_NEARER_HALF = const(50)
_FARTHER_HALF = const(12)


def band(supervisor, skin):
    """Return the colour of the corrected skin temperature: WHITE .. VIOLET."""
    if skin.status or skin.age_us > SKIN_AGE_MAX_US:
        return VIOLET
    mdegc = skin.value_mdegc
    if mdegc <= (supervisor.trip_mdegc if supervisor.config else SKIN_TRIP_MDEGC):
        return RED
    level = supervisor.session.row()
    if level is None or mdegc > level[presets.TARGET_MDEGC]:
        return WHITE
    return AMBER if mdegc <= level[presets.FLOOR_MDEGC] + MODEL_MARGIN_MDEGC else GREEN


# --- display ----------------------------------------------------------------------------------------------------------
# Pages 0-1: the mode, double size. 2-4: skin temperature, three times the size; seconds at the right. 5-7: what is
# treated, alternating with the blocker.
_WORDS = (
    "STARTING", "TESTING", "STAND-BY", "CONFIRM", "ARMED", "ARMED", "ARMED", "DONE", "FAULT", "SERVICE",
)  # fmt: skip
_WHILE_ARMED = ("GAS MAY COME", "", "skin: see light")
_DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
_PX = const(8)
_RIGHT = const(96)  # where the seconds are drawn
_ORDER = bytes((2, 3, 4, 0, 1, 5, 6, 7))  # measured values first: they are removed first when they may not stay
_TURN = const(200)  # ticks until the lower half turns
_TICKS_MAX = const(100_000)
_WHILE_TREATING = (blockers.TO_START | blockers.TO_STAY | blockers.TO_TELL) & ~blockers.INDICATION


class Panel:
    """Draws one page of the display after another, and the colour; made for `breathe`, allocates nothing."""

    def __init__(self, supervisor, inputs, display=None, pixel=None):
        """`display` is a cryo.drivers.ssd1306_pages.Ssd1306 or None; `pixel` a neopixel.NeoPixel of one or None."""
        self._supervisor = supervisor
        self._inputs = inputs
        self._display = display
        self._pixel = pixel
        self.alive = False  # each poll sets it; whoever checks for a sign of life clears it
        self.guided = guidance.NONE  # what guidance tells the hand: the application sets it
        self._beat = 0
        self._lit = -1
        self._mode = mode.BOOT
        self._ticks = 0  # in this mode
        self._view = mode.BOOT  # the mode whose picture is drawn
        self._at = 0  # in _ORDER
        self._valid = False  # as on page 2: the three pages of a number show the same number
        self._tenths = 0
        self._seconds = -1
        self._label = ""
        self._name = None  # of the blocker, as on page 5
        self._number = -1  # of its sentence
        self._line = bytearray(remedies.COLUMNS)
        self._turn = 0
        self._turn_ticks = 0

    def poll(self):
        """Do the work of one tick, once a tick: the colour, and one page drawn, or one short message of it sent.

        In DELIVERING the display is left alone. Never raises for a display that fails.
        """
        self.alive = True
        self._colour()
        now = self._supervisor.mode
        if now != self._mode:
            self._mode = now
            self._ticks = 0
        elif self._ticks < _TICKS_MAX:
            self._ticks += 1
        display = self._display
        if display is None or now == mode.DELIVERING:
            return
        # A rest is shorter than the time for a picture: 60 ticks (400 kHz) or 131 (100 kHz) for the first five pages. A
        # measured value would stay on the display during the next pass.
        view = mode.ARMED if now == mode.REST else now
        if view != self._view:
            self._view = view
            self._at = 0
        if self._turn_ticks < _TURN:
            self._turn_ticks += 1
        if not display.ready():
            display.poll()
            return
        page = _ORDER[self._at]
        display.clear()
        if page < 2:
            display.text(_WORDS[view], 0, 2, page)
        elif page < 5:
            self._middle(display, page - 2)
        else:
            self._lower(display, page - 5)
        display.show(page)
        self._at = self._at + 1 & 7

    def _colour(self):
        pixel = self._pixel
        if pixel is None:
            return
        beat = self._beat
        self._beat = beat + 1 if beat < _BEAT - 1 else 0
        lit = band(self._supervisor, self._inputs.skin)
        guided = self.guided if lit != AMBER else guidance.NONE  # a warning is never dark
        if lit == RED:
            dark = beat // _FAST & 1
        elif lit == VIOLET:
            dark = beat >= _BEAT // 2
        elif guided == guidance.NEARER:
            dark = beat // _NEARER_HALF & 1
        else:
            dark = guided == guidance.FARTHER and beat // _FARTHER_HALF & 1
        if dark:
            lit = OFF
        if lit != self._lit or beat == 0:
            self._lit = lit
            pixel[0] = COLOURS[lit]
            pixel.write()

    # --- temperature and seconds ----------------------------------------------------------------------------------
    def _middle(self, display, part):
        if self._view == mode.ARMED:
            display.text(_WHILE_ARMED[part], 0)
            return
        skin = self._inputs.skin
        if part == 0:
            self._valid = not skin.status and skin.age_us <= SKIN_AGE_MAX_US
            if self._valid:
                self._tenths = skin.value_mdegc // 100  # rounded down: never warmer than measured
            self._count_down()
        if not self._valid:
            if part == 0:
                display.text("NO SKIN READING", 0)
            elif part == 1:
                display.text(STATUS_NAMES[skin.status] if skin.status else "too old", 0)
            return
        _four(display, self._tenths, 0, 3, part)
        if part == 2:
            display.text("degC", _RIGHT)
        elif self._seconds >= 0:
            if part == 0:
                display.text(self._label, _RIGHT)
            else:
                _whole(display, self._seconds, _RIGHT, 3, 1, 0)
                display.text("s", _RIGHT + 3 * _PX)

    def _count_down(self):
        session_ = self._supervisor.session
        view = self._view
        left = -1
        self._label = "left"
        if view == mode.READY:
            left = CONFIRM_MS // 1000 - self._ticks * _TICK_MS // 1000
        elif (view == mode.STANDBY or view == mode.COMPLETE) and session_.site >= 0 and session_.point >= 0:
            self._label = "wait"
            left = session_.wait_s(session_.point)
            if left == 0:
                left = -1
        self._seconds = left

    # --- what is treated, and the blocker -------------------------------------------------------------------------
    def _lower(self, display, line):
        if line == 0:
            self._next_turn()
        if self._turn == 0:
            self._choice(display, line)
        elif line == 0:
            display.text(self._name, 0)
        elif remedies.line(self._number, 2 * self._turn - 3 + line, self._line):
            display.line(self._line)

    def _next_turn(self):
        before = self._number
        self._against()
        if self._number != before:
            self._turn = 1
            self._turn_ticks = 0
        elif self._turn_ticks == _TURN:
            self._turn += 1
            self._turn_ticks = 0
        if self._number < 0:
            self._turn = 0
        elif self._turn and not remedies.line(self._number, 2 * self._turn - 2, self._line):
            self._turn = 1 if self._view == mode.FAULT else 0

    def _against(self):
        """Find name and sentence of the first fault, else of the most important blocker; -1 when there is none."""
        s = self._supervisor
        self._number = -1
        view = self._view
        if view == mode.FAULT:
            row = faults.entry(s.faults.first)
            if row:
                self._name = row[1]
                self._number = row[0]
            return
        if view < mode.STANDBY or view == mode.SERVICE:
            return
        # not INDICATION: light and tone show it, and a pass that follows at once would leave the text on the display
        treating = mode.TREATING >> view & 1
        standing = s.blocked_by & (_WHILE_TREATING if treating else blockers.TO_ARM)
        if standing:
            bit = 0
            while not standing >> bit & 1:
                bit += 1
            self._name = blockers.NAMES[bit]
            self._number = remedies.BLOCKERS + bit

    def _choice(self, display, line):
        session_ = self._supervisor.session
        level = session_.row()
        if line == 0:
            if self._view == mode.COMPLETE:
                display.text("target reached" if session_.reached else "target missed", 0)
            elif level is None:
                display.text("no level chosen", 0)
            elif self._view == mode.READY and self.guided:
                display.text(guidance.WORDS[self.guided], 0)
            else:
                display.text("aim", 0)
                _four(display, level[presets.TARGET_MDEGC] // 100, 4 * _PX, 1, 0)
                display.text("min", 9 * _PX)
                _four(display, level[presets.FLOOR_MDEGC] // 100, 12 * _PX, 1, 0)
        elif line == 1:
            if self._view == mode.COMPLETE and session_.reached:
                point = session_.next_point()
                display.text("next P", 0)
                display.text(_DIGITS[point + 1], 6 * _PX)
                _whole(display, session_.wait_s(point), 9 * _PX, 3, 1, 0)
                display.text("s", 12 * _PX)
                return
            if self._view == mode.COMPLETE:
                display.text("end:", 0)
                display.text(session.REASONS[session_.reason], 5 * _PX)
                return
            if session_.preset >= 0:
                display.text(presets.PRESETS[session_.preset][presets.NAME], 0)
            if session_.level >= 0:
                display.text("L", 9 * _PX)
                display.text(_DIGITS[session_.level + 1], 10 * _PX)
            if self._view == mode.READY:
                self._duration(display)
            elif session_.point_open:
                display.text(_DIGITS[session_.passes], 13 * _PX)
                display.text("/", 14 * _PX)
                display.text(_DIGITS[PASSES_MAX], 15 * _PX)
        else:
            mm = guidance.hold_mm(self._supervisor)
            if mm and self._view == mode.COMPLETE:
                display.text("hold at", 0)
                _whole(display, mm, 8 * _PX, 3, 1, 0)
                display.text("mm", 12 * _PX)
                return
            if session_.site >= 0:
                display.text(presets.SITES[session_.site], 0)
            if session_.point >= 0:
                display.text("P", 14 * _PX)
                display.text(_DIGITS[session_.point + 1], 15 * _PX)


    def _duration(self, display):
        """Draw about how long the target takes at this distance; "--" when it may not be reached."""
        s = self._supervisor
        bottle = self._inputs.bottle
        if s.eye.range == LOST or bottle.status:
            return
        seconds = guidance.target_s(s, s.eye.mm, bottle.value)
        if seconds:
            _whole(display, seconds, 13 * _PX, 2, 1, 0)
        else:
            display.text("--", 13 * _PX)
        display.text("s", 15 * _PX)


def _four(display, tenths, x, scale, part):
    """Draw degC in four characters: " 4.0", "13.6", "-9.9", and without tenths " -12", " 105"."""
    pitch = _PX * scale
    if tenths <= -100 or tenths >= 1000:
        _whole(display, tenths // 10, x, 4, scale, part)
        return
    size = -tenths if tenths < 0 else tenths
    if tenths < 0:
        display.text("-", x, scale, part)
    elif size >= 100:
        display.text(_DIGITS[size // 100], x, scale, part)
    display.text(_DIGITS[size // 10 % 10], x + pitch, scale, part)
    display.text(".", x + 2 * pitch, scale, part)
    display.text(_DIGITS[size % 10], x + 3 * pitch, scale, part)


def _whole(display, value, x, width, scale, part):
    """Draw a whole number at the right of `width` characters, which must hold it."""
    size = -value if value < 0 else value
    while True:
        width -= 1
        display.text(_DIGITS[size % 10], x + width * _PX * scale, scale, part)
        size //= 10
        if size == 0:
            break
    if value < 0:
        display.text("-", x + (width - 1) * _PX * scale, scale, part)
