"""Valves and their hardware timers, which behave as circuits do: once started, nothing needs the processor."""

NEVER = 1 << 62

RUNNING = -1
RESTING = -2

BURST_CLIP_US = 525_000  # the most that the one-shot's counter holds
LEASE_CLIP_US = 20_000
OPENING_TIMER_US = 590_000  # the longest that a board's opening timer may take: [timing] of boards/*/board.toml


class Solenoid:
    """A normally closed valve: opens open_delay_us after its coil is driven, closes close_delay_us after its release.

    stuck is None, "open" or "closed". Delays of 5-25 ms are published for such valves [S].
    """

    def __init__(self, open_delay_us, close_delay_us):
        self.open_delay_us = open_delay_us
        self.close_delay_us = close_delay_us
        self.driven = False
        self._open = False
        self.edge_us = NEVER  # time at which it next moves
        self.stuck = None

    @property
    def stuck(self):
        """The reason why it does not move, or None."""
        return self._stuck

    @stuck.setter
    def stuck(self, how):
        self._stuck = how
        self._moved()

    def _moved(self):
        self.is_open = self._stuck == "open" or (self._open and self._stuck is None)  # True while gas can pass

    def drive(self, now_us, on):
        """Energise or release the coil. A pulse that is shorter than the opening delay does not open the valve."""
        if on == self.driven:
            return
        self.driven = on
        if on == self._open:
            self.edge_us = NEVER
        else:
            self.edge_us = now_us + (self.open_delay_us if on else self.close_delay_us)

    def settle(self, now_us):
        """Move if the time has come."""
        if now_us >= self.edge_us:
            self._open = self.driven
            self.edge_us = NEVER
            self._moved()


class OneShot:
    """Opens the dose valve once per command; ends by itself, by a cut, or when loop channel A opens.

    After halt() its counter stands still: then it does not end by itself.
    """

    def __init__(self):
        self.pin = False
        self.end_us = NEVER
        self.result = RESTING
        self._armed = False
        self._left_us = None  # the value at which the counter stands still

    def power_up(self):
        """After a chip reset: low, and not armed."""
        self.__init__()

    def freeze(self):
        """A soft reset disables the timer; the pin keeps its level, also high."""
        self.end_us = NEVER
        self._armed = False

    def halt(self, now_us):
        """Let the counter stand still from now on."""
        self._left_us = max(0, self.end_us - now_us) if self.result == RUNNING else BURST_CLIP_US
        self.end_us = NEVER

    def rearm(self):
        """Allow the next opening."""
        if self.result != RUNNING:
            self._armed = True
            self.result = RESTING

    def fire(self, now_us, us):
        """Open for us; ignored unless re-armed and at rest. Returns whether it opened."""
        if not self._armed or self.result != RESTING:
            return False
        self._armed = False
        self.pin = True
        self.end_us = now_us + max(0, min(us, BURST_CLIP_US)) if self._left_us is None else NEVER
        self.result = RUNNING
        return True

    def force_low(self):
        """Plain port writes take the pin back from the timer (boot.py does)."""
        if self.result == RUNNING:
            self.result = RESTING
        self.pin = False
        self.end_us = NEVER

    def cut(self, now_us):
        """Close. The result is the time that was left. Stays cut until re-armed."""
        self._armed = False
        if self.result == RUNNING:
            self.result = max(0, self.end_us - now_us) if self._left_us is None else self._left_us
            self.pin = False
            self.end_us = NEVER

    def settle(self, now_us):
        """End by itself."""
        if now_us >= self.end_us:
            self.pin = False
            self.result = 0
            self.end_us = NEVER


class Lease:
    """Edges hold the shut-off valve open until end_us; a renewal replaces what is left, clipped."""

    def __init__(self):
        self.end_us = NEVER
        self.running = False

    def renew(self, now_us, us):
        """Run for us from now; 0 stops."""
        us = min(us, LEASE_CLIP_US)
        self.running = us > 0
        self.end_us = now_us + us if us > 0 else NEVER

    def settle(self, now_us):
        """Run out."""
        if now_us >= self.end_us:
            self.running = False
            self.end_us = NEVER


class OpeningTimer:
    """The AND gate before the dose driver and the second half of the 74HC423: a rise of the dose pin starts it anew.

    It does not count a clock of the chip. If anything holds the pin high, the driver is on for time_us only, and not
    again before the pin rises again.
    """

    def __init__(self, time_us=OPENING_TIMER_US):
        self.time_us = time_us
        self.driver = False  # the dose driver's input
        self.end_us = NEVER
        self._pin = False

    def follow(self, now_us, pin):
        """Let the gate follow the dose pin."""
        if pin == self._pin:
            return
        self._pin = self.driver = pin
        self.end_us = now_us + self.time_us if pin else NEVER  # while the pin is low its time has no meaning

    def settle(self, now_us):
        """Run out."""
        if now_us >= self.end_us:
            self.driver = False
            self.end_us = NEVER


class DosePin:
    """The dose pin of a chip that does its own timing: only the level counts."""

    def __init__(self):
        self.pin = False
        self.end_us = NEVER  # it never moves by itself

    @property
    def result(self):
        """RUNNING while high. The plant reads this to know whether gas may move."""
        return RUNNING if self.pin else RESTING

    def settle(self, now_us):
        """Nothing falls due."""


class Monostable:
    """A 74HC423: every rising edge holds its output for time_us from then on. Reset ends it; edges during reset do
    nothing.

    A level does not start it, and neither does the release of reset [S: the project's parts list; a 74HC123 would
    fire].
    """

    def __init__(self, time_us):
        self.time_us = time_us
        self.running = False
        self.end_us = NEVER
        self.in_reset = False

    def edge(self, now_us):
        """A rising edge."""
        if not self.in_reset:
            self.running = True
            self.end_us = now_us + self.time_us

    def reset(self, asserted):
        """Set the level of reset."""
        self.in_reset = asserted
        if asserted:
            self.running = False
            self.end_us = NEVER

    def settle(self, now_us):
        """Run out."""
        if now_us >= self.end_us:
            self.running = False
            self.end_us = NEVER
