"""Test pulses on the eye-shield loop: when they come, what is disarmed meanwhile, what they find, and its name."""

from cryo import remedies, shield_loop_test
from cryo.core import faults, mode
from cryo.core.supervisor import ARM, CONFIRM, DISARM
from cryo.shield_loop_test import ShieldLoopTest
from supervisor_rig import Rig
from support import mask


class Pin:
    """A loop channel or the test output, on a Loop."""

    def __init__(self, loop, name):
        self.loop = loop
        self.name = name

    def value(self, level=None):
        if level is None:
            return self.loop.level(self.name)
        self.loop.drive(level)
        return None


class Part:
    """Valve or lease: it notes when it was disarmed."""

    def __init__(self, board, name):
        self.board = board
        self.name = name

    def cut(self):
        self.board.seen.append(self.name)
        return 0

    stop = cut


class Loop:
    """A board with loop, test stage, valve and lease. A channel changes `lag_us` after its cause, `stuck` never."""

    def __init__(self, tested=True):
        self.seen = []
        self.testing = 0
        self.made = 1
        self.since_us = 1_000_000
        self.lag_us = {"a": (5, 5), "b": (5, 5)}  # to open, to come back
        self.stuck = ()
        self.valve = Part(self, "cut")
        self.lease = Part(self, "stop")
        self.loop_a = Pin(self, "a")
        self.loop_b = Pin(self, "b")
        if tested:
            self.loop_test = Pin(self, "test")
        self.slept_us = 0
        self.opens_at_us = None  # the shield

    def drive(self, level):
        self.seen.append("high" if level else "low")
        self.testing = level
        self.since_us = 0

    def level(self, name):
        lag = self.lag_us[name][0 if self.testing else 1]
        fed = (1 - self.testing) if self.since_us >= lag else self.testing
        made = 1 if name in self.stuck else self.made and fed
        return made if name == "a" else 1 - made

    def sleep_us(self, us):
        self.slept_us += us
        self.since_us += us
        if self.opens_at_us is not None and self.slept_us >= self.opens_at_us:
            self.made = 0


def fitted(loop, rig=None):
    """Return (ShieldLoopTest on that loop, its supervisor): time passes for the loop only."""
    rig = rig or Rig()
    shield_loop_test.time = loop
    return ShieldLoopTest(loop, rig.sup), rig.sup


def found(loop):
    """Give one pulse in SELF_TEST; return what did not follow it."""
    test, sup = fitted(loop)
    test.enter(mode.SELF_TEST)
    assert mask(sup.faults.latched) == (1 << faults.LOOP_TEST if test.problem else 0)
    assert test.answer("PASSED") == (test.problem or "PASSED")
    assert test.answer("FAILED RAM: x") == "FAILED RAM: x" + ("; " + test.problem if test.problem else "")
    return test.problem


def test_a_sound_loop_passes_and_the_pulse_is_a_few_ms_with_both_valves_disarmed_before_it():
    loop = Loop()
    assert found(loop) == ""
    assert loop.seen == ["cut", "stop", "high", "low"]
    assert loop.slept_us == shield_loop_test.OPEN_US + shield_loop_test.BACK_US
    assert loop.slept_us <= 5_000
    assert loop.level("a") == 1 and loop.level("b") == 0


def test_each_channel_that_does_not_follow_is_named():
    for stuck, name in (("a", "channel A does not open"), ("b", "channel B does not open"), ("ab", "channels A and B")):
        loop = Loop()
        loop.stuck = stuck
        assert name in found(loop)
        assert loop.testing == 0


def test_following_and_coming_back_have_a_bound():
    for channel, name in (("a", "channel A"), ("b", "channel B")):
        for open_us, back_us, text in (
            (shield_loop_test.OPEN_US, 5, ""),
            (shield_loop_test.OPEN_US + 1, 5, "does not open"),
            (5, shield_loop_test.BACK_US, ""),
            (5, shield_loop_test.BACK_US + 1, "does not come back"),
        ):
            loop = Loop()
            loop.lag_us[channel] = (open_us, back_us)
            assert found(loop) == ("FAILED LOOP: " + name + " " + text if text else "")


def test_an_open_shield_and_one_that_opens_in_the_pulse_are_no_fault_and_prove_nothing():
    for opens_at_us in (0, shield_loop_test.OPEN_US, shield_loop_test.OPEN_US + shield_loop_test.BACK_US):
        loop = Loop()
        loop.made = opens_at_us > 0
        loop.opens_at_us = opens_at_us
        test, sup = fitted(loop)
        sup.loop_due = True
        test.enter(mode.READY)
        assert sup.loop_due
        assert test.problem == "" and not sup.faults.latched


def test_one_channel_alone_is_no_shield_in_place():
    """An open shield with a short: the two agree, which is the eye guard's to see. A pulse would prove nothing."""
    for stuck in "ab":
        loop = Loop()
        loop.made = 0
        loop.stuck = stuck
        assert loop.level("a") == loop.level("b")
        assert found(loop) == "" and "high" not in loop.seen


def test_it_pulses_in_self_test_and_ready_and_in_no_other_mode():
    for now in range(len(mode.NAMES)):
        loop = Loop()
        test, _ = fitted(loop)
        test.enter(now)
        assert ("high" in loop.seen) == (now in (mode.SELF_TEST, mode.READY)), mode.NAMES[now]
        assert ("cut" in loop.seen) == ("high" in loop.seen)


def test_a_latched_fault_is_not_tested_over():
    loop = Loop()
    test, sup = fitted(loop)
    sup.faults.add(faults.ESTOP)
    test.enter(mode.SELF_TEST)
    assert loop.seen == []


def armed_by(loop):
    """Request and confirm on a supervisor with that loop; return it after the confirmation."""
    rig = Rig()
    test, sup = fitted(loop, rig)
    rig.stand_by().choose()
    rig.ask(ARM)
    assert sup.mode == mode.READY
    test.enter(sup.mode)
    rig.ask(CONFIRM, sup.nonce)
    return rig


def test_nothing_is_armed_without_a_pulse_that_passed():
    assert armed_by(Loop()).sup.mode == mode.ARMED
    loop = Loop()
    loop.stuck = "a"
    rig = armed_by(loop)
    assert rig.sup.mode == mode.FAULT and rig.sup.faults.first == faults.LOOP_TEST
    loop = Loop()
    loop.opens_at_us = shield_loop_test.OPEN_US  # and it is closed again before the tick sees it
    assert armed_by(loop).sup.mode == mode.READY


def test_each_arming_is_tested_anew():
    loop = Loop()
    rig = armed_by(loop)
    rig.ask(DISARM)
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY
    rig.ask(CONFIRM, rig.sup.nonce)  # without a pulse in between
    assert rig.sup.mode == mode.READY and rig.sup.loop_due
    rig.ask(DISARM)
    assert rig.sup.mode == mode.STANDBY and not rig.sup.loop_due


def test_a_board_without_the_test_arms_as_before_and_says_so():
    loop = Loop(tested=False)
    rig = armed_by(loop)
    assert rig.sup.mode == mode.ARMED
    assert loop.seen == []
    test, sup = fitted(loop)
    test.enter(mode.SELF_TEST)
    assert test.answer("PASSED") == "PASSED; no loop test on this board" and not sup.faults.latched


def test_the_fault_asks_to_be_switched_off_and_points_to_the_test():
    code, name, priority, latch = faults.entry(faults.LOOP_TEST)
    assert (name, priority, latch) == ("LOOP_TEST", faults.HIGH, faults.RESET)
    assert "TEST?" in remedies.sentence(code)
    assert code < 30
