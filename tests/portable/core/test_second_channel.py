"""The infrared channel: when it counts, when it contradicts the probe, its effect in a treatment. Heap locked."""

import micropython
from cryo.core import blockers, faults, mode
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE
from cryo.core.second_channel import AWAY, PAUSING, PRESSING, SecondChannel
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM
from supervisor_rig import Rig
from support import inputs, set_good


class Holder:
    """An object with the given attributes."""

    def __init__(self, **given):
        for name in given:
            setattr(self, name, given[name])


class ChannelRig:
    """One channel in a pass, the valve closed for a second, both readings fresh and settled: 30 degC."""

    def __init__(self):
        self.channel = SecondChannel()
        self.i = inputs()
        self.s = Holder(
            planner=Holder(off_us=1_000_000),
            eye=Holder(range=IN_START),
            session=Holder(point_open=True),
            trigger=Holder(touched=True),
        )
        self.sample(30_000, 30_000)

    def sample(self, infrared_mdegc, probe_mdegc, **spoil):
        """New samples of both, then one tick."""
        set_good(self.i.infrared, infrared_mdegc, 160_000)
        set_good(self.i.skin, probe_mdegc, 110_000)
        for name in spoil:
            part, field = name.split("_", 1)
            setattr(getattr(self.i, part), field, spoil[name])
        return self.tick()

    def tick(self):
        micropython.heap_lock()
        try:
            s = self.s
            hand = (PRESSING if s.trigger.touched else PAUSING) if s.session.point_open else AWAY
            self.channel.update(self.i, s.planner.off_us, s.eye.range, hand)
        finally:
            micropython.heap_unlock()
        return self.channel


def test_a_board_without_the_sensor_never_has_it():
    rig = ChannelRig()
    rig.channel = SecondChannel()
    rig.i = inputs()
    for _ in range(5):
        channel = rig.tick()
        assert not channel.seen and not channel.counts and not channel.discordant and not channel.awaited(0)


def test_three_contradictions_in_a_row_are_needed_from_the_first_sample_on():
    rig = ChannelRig()
    rig.channel = SecondChannel()
    rig.i = inputs()
    for reset in (False, True):
        if reset:
            rig.channel.reset()
        for expected in (False, False, True):
            assert rig.sample(10_000, 30_000).discordant == expected
        assert rig.i.infrared.sequence <= 6  # the first sample of all was one of them


def test_only_after_three_bursts_without_a_settled_sample_the_next_one_waits():
    rig = ChannelRig()
    channel = rig.channel
    infrared = rig.i.infrared
    for _ in range(2):
        assert rig.tick().counts  # a settled sample: the count begins at none
        for age_us, waits in ((100_000, False), (500_000, False), (100_000, True)):
            infrared.age_us = age_us
            channel.fired(infrared)
            assert channel.awaited(0) == waits
        assert channel.awaited(699_999) and not channel.awaited(700_000)
        infrared.age_us = 100_000
    for spoil in ((0, 500_001), (5, 100_000)):  # silent or faulty: nothing to wait for
        for _ in range(3):
            infrared.status = 0
            infrared.age_us = 100_000
            channel.fired(infrared)
        infrared.status, infrared.age_us = spoil
        channel.fired(infrared)
        assert not channel.awaited(0)
        infrared.status = 0
        infrared.age_us = 100_000
        for waits in (False, False, True):
            channel.fired(infrared)
            assert channel.awaited(0) == waits


def test_they_agree_within_two_degc_at_settled_samples_of_a_press():
    rig = ChannelRig()
    assert rig.channel.agrees  # the rig's own sample
    for infrared, agrees in ((32_000, True), (28_000, True), (32_001, False), (30_000, True), (27_999, False)):
        assert rig.sample(infrared, 30_000).agrees == agrees
        assert rig.tick().agrees == agrees  # until the next sample


def test_silence_a_fault_and_another_point_end_an_agreement_at_once():
    for field, value in (("status", 5), ("age_us", 500_001)):
        rig = ChannelRig()
        assert rig.tick().agrees
        setattr(rig.i.infrared, field, value)
        assert not rig.tick().agrees
    rig = ChannelRig()
    rig.channel.reset()
    assert not rig.channel.agrees
    rig = ChannelRig()
    rig.s.planner.off_us = 0  # gas flows: nothing is compared, and nothing was said against it
    assert rig.tick().agrees
    rig.channel = SecondChannel()
    for spoil in ("off", "released"):
        rig.s.planner.off_us = 0 if spoil == "off" else 1_000_000
        rig.s.trigger.touched = spoil == "off"
        assert not rig.sample(30_000, 30_000).agrees


def test_it_counts_when_settled_fresh_valid_and_aimed_at_something():
    rig = ChannelRig()
    assert rig.tick().counts and rig.channel.mdegc == 30_000

    def off(us):
        return lambda s: setattr(s.s.planner, "off_us", us)

    def surface(range_):
        return lambda s: setattr(s.s.eye, "range", range_)

    def age(us):
        return lambda s: setattr(s.i.infrared, "age_us", us)

    def ended(us):
        return lambda s: setattr(s.i.infrared, "ended_age_us", us)

    def bad(s):
        s.i.infrared.status = 5
        s.i.infrared.value_mdegc = None

    for spoil, counts in (
        (off(0), False), (off(409_999), False), (off(410_000), True),
        (ended(650_000), True), (ended(650_001), False), (age(500_000), True), (age(500_001), False),
        (surface(IN_WINDOW), True), (surface(OUTSIDE), False), (surface(LOST), False), (bad, False),
    ):  # fmt: skip
        rig = ChannelRig()
        rig.i.infrared.ended_age_us = 60_000
        spoil(rig)
        assert rig.tick().counts == counts


def test_it_counts_in_a_point_and_for_five_seconds_after_the_last_gas():
    for point_open, off_us, counts in ((True, 30_000_000, True), (False, 4_999_999, True), (False, 5_000_000, False)):
        rig = ChannelRig()
        rig.s.session.point_open = point_open
        rig.s.planner.off_us = off_us
        assert rig.tick().counts == counts


def test_three_settled_samples_in_a_row_that_are_too_far_apart_contradict():
    for infrared, probe, discordant in (
        (14_000, 20_000, False), (13_999, 20_000, True), (32_000, 20_000, False), (32_001, 20_000, True),
    ):  # fmt: skip
        rig = ChannelRig()
        for _ in range(2):
            assert not rig.sample(infrared, probe).discordant
        for _ in range(20):
            assert not rig.tick().discordant  # the same sample again is none
        assert rig.sample(infrared, probe).discordant == discordant
        assert rig.sample(20_000, 20_000).discordant == discordant  # until it is reset
        rig.channel.reset()
        assert not rig.sample(infrared, probe).discordant


def test_one_sample_that_agrees_begins_the_row_anew():
    rig = ChannelRig()
    for _ in range(4):
        assert not rig.sample(0, 20_000).discordant
        assert not rig.sample(0, 20_000).discordant
        assert not rig.sample(15_000, 20_000).discordant


def test_nothing_is_compared_without_a_settled_probe_or_a_held_trigger():
    for spoil in ({"skin_status": 2}, {"skin_age_us": 250_001}, {"skin_ended_age_us": 650_001}):
        rig = ChannelRig()
        for _ in range(9):
            assert not rig.sample(0, 20_000, **spoil).discordant
    rig = ChannelRig()
    for _ in range(9):
        assert not rig.sample(0, 20_000, skin_age_us=250_000, skin_ended_age_us=650_000).discordant or _ >= 2
    assert rig.channel.discordant
    rig = ChannelRig()
    rig.s.trigger.touched = False
    for _ in range(9):
        assert not rig.sample(0, 20_000).discordant
    rig = ChannelRig()
    rig.s.session.point_open = False  # the point is over, the trigger still held
    for _ in range(9):
        assert not rig.sample(0, 20_000).discordant
        assert rig.channel.counts


# --- in a treatment ---------------------------------------------------------------------------------------------------
class SeenRig(Rig):
    """A rig with an infrared sensor whose samples come `late` ticks after the probe's; None: it does not answer."""

    def __init__(self, late=1):
        super().__init__()
        self.seen_mdegc = 0  # beside the probe's reading
        self.fixed_mdegc = None
        self.answers = True
        self._late = late

    def _sample(self, dt_us):
        super()._sample(dt_us)
        infrared = self.i.infrared
        infrared.age_us = min(infrared.age_us + dt_us, 0x1FFFFFFF)
        infrared.ended_age_us = min(infrared.ended_age_us + dt_us, 0x1FFFFFFF)
        if not self.answers:
            infrared.status = 5
            infrared.value_mdegc = None
        elif self.ticks % 10 == self._late:
            infrared.status = 0
            value = self.skin_mdegc + self.seen_mdegc if self.fixed_mdegc is None else self.fixed_mdegc
            infrared.value_mdegc = value
            infrared.age_us = 160_000
            infrared.ended_age_us = 60_000
            infrared.sequence = (infrared.sequence + 1) & 0xFFFF


def names(rig):
    return [name for bit, name in enumerate(blockers.NAMES) if rig.sup.blocked_by & 1 << bit]


def run(rig, ticks):
    """Let ticks pass until a fault; return the first one's code, 0 for none."""
    for _ in range(ticks):
        rig.tick()
        if rig.sup.mode == mode.FAULT:
            break
    return rig.sup.faults.first


def test_a_healthy_pair_is_no_fault_in_any_phase_and_loses_no_burst_worth_speaking_of():
    alone = Rig().deliver()
    alone.tick(1_700)
    for late in range(10):
        rig = SeenRig(late).deliver()
        assert run(rig, 1_700) == 0, late
        assert len(rig.fired) >= len(alone.fired) * 9 // 10


def test_a_colder_infrared_reading_trips_and_locks_out_in_a_pass():
    for mdegc, fault in ((4_000, faults.SKIN_TRIP), (2_000, faults.SKIN_LOCKOUT), (4_001, faults.INFRARED_DISCORD)):
        for late in (1, 5, 9):
            rig = SeenRig(late).deliver().to_burst(3)
            rig.fixed_mdegc = mdegc
            assert run(rig, 1_200) == fault, (mdegc, late)
            assert rig.o.cut == 1 and rig.o.lease == 0


def test_outside_a_point_it_is_settled_in_the_window_and_counts_no_more():
    for off_us, point_open, where, settled, counts in (
        (60_000_000, False, IN_START, True, False),
        (60_000_000, False, IN_WINDOW, True, False),
        (60_000_000, False, OUTSIDE, False, False),
        (60_000_000, True, IN_START, True, True),
        (300_000, True, IN_START, False, False),
    ):
        rig = ChannelRig()
        rig.s.planner.off_us = off_us
        rig.s.session.point_open = point_open
        rig.s.eye.range = where
        channel = rig.sample(20_000, 30_000)
        assert (channel.settled, channel.counts) == (settled, counts)
        assert channel.colder(30_000) == (20_000 if settled else 30_000) and channel.colder(19_999) == 19_999


def test_a_trip_is_acknowledged_and_a_point_begun_on_the_colder_channel():
    rig = SeenRig().deliver().to_burst(3)
    rig.fixed_mdegc = 4_000
    assert run(rig, 1_200) == faults.SKIN_TRIP
    rig.skin_mdegc = 32_500  # the probe hangs loose
    rig.i.trigger = 0
    rig.fixed_mdegc = 27_999
    rig.tick(700)
    rig.ask(ACKNOWLEDGE)
    assert rig.sup.mode == mode.FAULT
    rig.fixed_mdegc = 28_000
    rig.tick(30)
    rig.ask(ACKNOWLEDGE)
    assert rig.sup.mode == mode.STANDBY
    rig.fixed_mdegc = 5_000
    rig.tick(30)
    assert rig.sup.blocked_by & blockers.BASELINE
    rig.i.distance.value = 400  # aimed at nothing: what it sees is no skin
    rig.tick(30)
    assert not rig.sup.blocked_by & blockers.BASELINE


def test_an_offset_is_refused_before_arming_and_a_probe_seated_anew_is_not():
    for infrared_mdegc in (28_499, 36_501, 39_000):  # the probe reads 32.5
        rig = SeenRig().stand_by()
        rig.choose()
        rig.fixed_mdegc = infrared_mdegc
        rig.tick(30)
        rig.ask(ARM)
        assert rig.sup.mode == mode.STANDBY and names(rig) == ["INDICATION", "CONTACT"] and not rig.sup.faults.first
        rig.fixed_mdegc = None
        rig.tick(30)
        rig.ask(ARM)
        assert rig.sup.mode == mode.READY


def test_a_probe_that_comes_off_once_armed_starts_no_point():
    rig = SeenRig().arm()
    rig.fixed_mdegc = 36_000
    rig.tick(201)
    rig.press()
    assert rig.sup.mode == mode.ARMED and names(rig) == ["TRIGGER", "CONTACT"]
    rig.fixed_mdegc = None
    rig.i.trigger = 0
    rig.tick(30)
    rig.press()
    assert rig.sup.mode == mode.DELIVERING


def test_in_a_burst_the_plume_is_no_skin():
    rig = SeenRig().deliver()
    for _ in range(600):
        plume = rig.i.burst == -1 or rig.since_burst_us < rig.fired[-1] + 200_000 if rig.fired else False
        rig.fixed_mdegc = -40_000 if plume else None
        rig.tick()
        assert rig.sup.mode == mode.DELIVERING
    assert len(rig.fired) > 5


def test_a_contradiction_is_a_fault_acknowledged_once_the_point_is_over():
    rig = SeenRig().deliver().to_burst(3)
    rig.seen_mdegc = -7_000
    assert run(rig, 1_200) == faults.INFRARED_DISCORD
    rig.tick(100)
    rig.ask(ACKNOWLEDGE)
    assert rig.sup.mode == mode.STANDBY
    rig.tick(100)
    assert rig.sup.mode == mode.STANDBY and not rig.sup.faults.latched


def test_what_was_acknowledged_does_not_return_with_the_next_arming_or_point():
    rig = SeenRig().deliver().to_burst(3)
    rig.seen_mdegc = -7_000
    assert run(rig, 1_200) == faults.INFRARED_DISCORD
    rig.seen_mdegc = 0
    rig.i.trigger = 0
    rig.tick(100)
    rig.ask(ACKNOWLEDGE)
    rig.tick(30_100)  # recovery of the point
    rig.choose()
    rig.ask(ARM)
    rig.ask(CONFIRM, rig.sup.nonce)
    rig.tick(201)
    assert rig.sup.mode == mode.ARMED
    rig.sup.second._apart = 2  # of an earlier point
    rig.seen_mdegc = -7_000
    rig.press()
    assert rig.sup.second._apart < 2 and rig.sup.mode == mode.DELIVERING


def test_a_sensor_that_falls_silent_stops_nothing_but_the_next_arming():
    for spoil in ("silent", "frozen"):
        rig = SeenRig().deliver().to_burst(3)
        assert "INFRARED" not in names(rig)
        if spoil == "silent":
            rig.answers = False
        else:
            rig._late = 99
        before = len(rig.fired)
        rig.tick(510)
        assert rig.sup.mode == mode.DELIVERING and len(rig.fired) >= before + 5
        assert "INFRARED" in names(rig)
        rig.i.trigger = 0
        rig.tick()
        assert rig.sup.mode == mode.REST


def test_it_blocks_the_arm_request_only_where_it_was_seen_before():
    rig = SeenRig().stand_by()
    rig.choose()
    rig.answers = False
    rig.tick(2)
    assert "INFRARED" in names(rig)
    rig.ask(ARM)
    assert rig.sup.mode == mode.STANDBY
    rig.answers = True
    rig.tick(12)
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY
    rig = SeenRig()
    rig.answers = False
    rig.stand_by()
    rig.choose()
    rig.ask(ARM)
    assert rig.sup.mode == mode.READY and "INFRARED" not in names(rig)


def test_a_sensor_that_stands_still_is_told_after_five_seconds():
    rig = SeenRig().stand_by()
    rig.tick(20)
    rig._late = 99
    rig.i.infrared.age_us = 4_990_000 - 10_000
    rig.tick(2)
    assert rig.i.infrared.age_us == 5_000_000 and "INFRARED" not in names(rig)
    rig.tick()
    assert "INFRARED" in names(rig)


def test_after_three_bursts_without_a_settled_sample_the_next_waits_for_it():
    # a sample comes 3 ticks after each of the probe's, so that the burst is always first
    for late in range(10):
        rig = SeenRig(late).deliver()
        unseen = worst = 0
        fired = 0
        for _ in range(1_700):
            rig.tick()
            if rig.sup.second.counts:
                unseen = 0
            if len(rig.fired) > fired:
                fired = len(rig.fired)
                unseen += 1
                worst = max(worst, unseen)
        assert worst <= 3 and fired > 10, late


def test_the_wait_ends_by_itself():
    rig = SeenRig().deliver().to_burst(2)
    rig.sup.second._unseen = 3
    assert rig.sup.second.awaited(699_999) and not rig.sup.second.awaited(700_000)
    rig.sup.second._unseen = 2
    assert not rig.sup.second.awaited(0)
