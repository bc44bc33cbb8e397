"""A hand that follows the device's guidance, by ear: the clicks of the buzzer, nothing else.

It hears at the buzzer's pin, so it hears the same in every interpreter. All figures of the person are [E].
"""

from boards.virtual import pins

CLICK_US = 30_000  # a longer pulse is another signal
FAST_US = 170_000  # a shorter time between two clicks: go farther
SLOW_US = 800_000  # a longer one: come nearer
SILENCE_US = 1_300_000  # after it nothing is told
STRIDE_MM = 150.0  # it goes on until it hears another thing
PATIENCE_US = 12_000_000  # before the trigger is pressed all the same
NEARER, RIGHT, FARTHER = "nearer", "right", "farther"


class GuidedHand:
    """Listens at each exchange and moves the plant's hand.

    reaction_s  from what is heard to the hand's motion: 0.25 to 0.4
    speed_mm_s  of the hand while it follows
    told        what was heard last, or None
    """

    def __init__(self, plant, reaction_s=0.3, speed_mm_s=15.0):
        self._plant = plant
        self._reaction_us = round(reaction_s * 1e6)
        self._speed_mm_s = speed_mm_s
        self.told = None
        self._does = None
        self._acts_us = None
        self._up_us = None
        self._click_us = None  # when the last click was heard

    def step(self):
        """Listen, and move when the reaction time is over."""
        plant = self._plant
        now_us = plant.now_us
        level = plant.pin_levels >> pins.BUZZER & 1
        if level:
            if self._up_us is None:
                self._up_us = now_us
        elif self._up_us is not None:
            if now_us - self._up_us <= CLICK_US:
                self._hear(now_us)
            self._up_us = None
        if self._click_us is not None and now_us - self._click_us > SILENCE_US:
            self.told = self._click_us = None
        if self.told != self._does and self._acts_us is None:
            self._acts_us = now_us + self._reaction_us
        if self._acts_us is not None and now_us >= self._acts_us:
            self._acts_us = None
            self._act()

    def _hear(self, now_us):
        if self._click_us is not None:  # one click tells nothing of its rate
            apart_us = now_us - self._click_us
            self.told = FARTHER if apart_us < FAST_US else NEARER if apart_us >= SLOW_US else RIGHT
        self._click_us = now_us

    def _act(self):
        self._does = self.told
        plant = self._plant
        plant.catch_up()
        hand = plant.hand
        way_mm = {NEARER: -STRIDE_MM, FARTHER: STRIDE_MM, RIGHT: 0.0, None: 0.0}[self._does]
        hand.move(hand.mm + way_mm, self._speed_mm_s)

    def ready(self):
        """Wait, as a part of an operator's script, until the distance is right, or until patience ends."""
        until_us = self._plant.now_us + PATIENCE_US
        yield lambda: self.told == RIGHT or self._plant.now_us > until_us
