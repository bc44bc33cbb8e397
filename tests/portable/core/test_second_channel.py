"""The infrared channel: when it counts, when it contradicts the probe, what a treatment makes of it. Heap locked."""

import micropython
from bench import Bench
from cryo.core import blockers, faults, mode
from cryo.core.eye_guard import IN_START, IN_WINDOW, LOST, OUTSIDE
from cryo.core.second_channel import AWAY, PAUSING, PRESSING, SecondChannel
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM
from support import inputs, set_good


class Holder:
    """Has the attributes it is given."""

    def __init__(self, **given):
        for name in given:
            setattr(self, name, given[name])


class Scene:
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
    scene = Scene()
    scene.channel = SecondChannel()
    scene.i = inputs()
    for _ in range(5):
        channel = scene.tick()
        assert not channel.seen and not channel.counts and not channel.discordant and not channel.awaited(0)


def test_three_contradictions_in_a_row_are_needed_from_the_first_sample_on():
    scene = Scene()
    scene.channel = SecondChannel()
    scene.i = inputs()
    for reset in (False, True):
        if reset:
            scene.channel.reset()
        for expected in (False, False, True):
            assert scene.sample(10_000, 30_000).discordant == expected
        assert scene.i.infrared.sequence <= 6  # the first sample of all was one of them


def test_only_after_three_bursts_without_a_settled_sample_the_next_one_waits():
    scene = Scene()
    channel = scene.channel
    infrared = scene.i.infrared
    for _ in range(2):
        assert scene.tick().counts  # a settled sample: the count begins at none
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
    scene = Scene()
    assert scene.channel.agrees  # the scene's own sample
    for infrared, agrees in ((32_000, True), (28_000, True), (32_001, False), (30_000, True), (27_999, False)):
        assert scene.sample(infrared, 30_000).agrees == agrees
        assert scene.tick().agrees == agrees  # until the next sample


def test_silence_a_fault_and_another_point_end_an_agreement_at_once():
    for field, value in (("status", 5), ("age_us", 500_001)):
        scene = Scene()
        assert scene.tick().agrees
        setattr(scene.i.infrared, field, value)
        assert not scene.tick().agrees
    scene = Scene()
    scene.channel.reset()
    assert not scene.channel.agrees
    scene = Scene()
    scene.s.planner.off_us = 0  # gas flows: nothing is compared, and nothing was said against it
    assert scene.tick().agrees
    scene.channel = SecondChannel()
    for spoil in ("off", "released"):
        scene.s.planner.off_us = 0 if spoil == "off" else 1_000_000
        scene.s.trigger.touched = spoil == "off"
        assert not scene.sample(30_000, 30_000).agrees


def test_it_counts_when_settled_fresh_valid_and_aimed_at_something():
    scene = Scene()
    assert scene.tick().counts and scene.channel.mdegc == 30_000

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
        scene = Scene()
        scene.i.infrared.ended_age_us = 60_000
        spoil(scene)
        assert scene.tick().counts == counts


def test_it_counts_in_a_point_and_for_five_seconds_after_the_last_gas():
    for point_open, off_us, counts in ((True, 30_000_000, True), (False, 4_999_999, True), (False, 5_000_000, False)):
        scene = Scene()
        scene.s.session.point_open = point_open
        scene.s.planner.off_us = off_us
        assert scene.tick().counts == counts


def test_three_settled_samples_in_a_row_that_are_too_far_apart_contradict():
    for infrared, probe, discordant in (
        (14_000, 20_000, False), (13_999, 20_000, True), (32_000, 20_000, False), (32_001, 20_000, True),
    ):  # fmt: skip
        scene = Scene()
        for _ in range(2):
            assert not scene.sample(infrared, probe).discordant
        for _ in range(20):
            assert not scene.tick().discordant  # the same sample again is none
        assert scene.sample(infrared, probe).discordant == discordant
        assert scene.sample(20_000, 20_000).discordant == discordant  # until it is reset
        scene.channel.reset()
        assert not scene.sample(infrared, probe).discordant


def test_one_sample_that_agrees_begins_the_row_anew():
    scene = Scene()
    for _ in range(4):
        assert not scene.sample(0, 20_000).discordant
        assert not scene.sample(0, 20_000).discordant
        assert not scene.sample(15_000, 20_000).discordant


def test_nothing_is_compared_without_a_settled_probe_or_a_held_trigger():
    for spoil in ({"skin_status": 2}, {"skin_age_us": 250_001}, {"skin_ended_age_us": 650_001}):
        scene = Scene()
        for _ in range(9):
            assert not scene.sample(0, 20_000, **spoil).discordant
    scene = Scene()
    for _ in range(9):
        assert not scene.sample(0, 20_000, skin_age_us=250_000, skin_ended_age_us=650_000).discordant or _ >= 2
    assert scene.channel.discordant
    scene = Scene()
    scene.s.trigger.touched = False
    for _ in range(9):
        assert not scene.sample(0, 20_000).discordant
    scene = Scene()
    scene.s.session.point_open = False  # the point is over, the trigger still held
    for _ in range(9):
        assert not scene.sample(0, 20_000).discordant
        assert scene.channel.counts


# --- in a treatment ---------------------------------------------------------------------------------------------------
class SeenBench(Bench):
    """A bench with an infrared sensor whose samples come `late` ticks after the probe's; None: it does not answer."""

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


def names(bench):
    return [name for bit, (name, _) in enumerate(blockers.NAMES) if bench.sup.blocked_by & 1 << bit]


def run(bench, ticks):
    """Let ticks pass until a fault; return the first one's code, 0 for none."""
    for _ in range(ticks):
        bench.tick()
        if bench.sup.mode == mode.FAULT:
            break
    return bench.sup.faults.first


def test_a_healthy_pair_is_no_fault_in_any_phase_and_loses_no_burst_worth_speaking_of():
    alone = Bench().deliver()
    alone.tick(1_700)
    for late in range(10):
        bench = SeenBench(late).deliver()
        assert run(bench, 1_700) == 0, late
        assert len(bench.fired) >= len(alone.fired) * 9 // 10


def test_a_colder_infrared_reading_trips_and_locks_out_in_a_pass():
    for mdegc, fault in ((4_000, faults.SKIN_TRIP), (2_000, faults.SKIN_LOCKOUT), (4_001, faults.INFRARED_DISCORD)):
        for late in (1, 5, 9):
            bench = SeenBench(late).deliver().to_burst(3)
            bench.fixed_mdegc = mdegc
            assert run(bench, 1_200) == fault, (mdegc, late)
            assert bench.o.cut == 1 and bench.o.lease == 0


def test_outside_a_point_it_is_settled_in_the_window_and_counts_no_more():
    for off_us, point_open, where, settled, counts in (
        (60_000_000, False, IN_START, True, False),
        (60_000_000, False, IN_WINDOW, True, False),
        (60_000_000, False, OUTSIDE, False, False),
        (60_000_000, True, IN_START, True, True),
        (300_000, True, IN_START, False, False),
    ):
        scene = Scene()
        scene.s.planner.off_us = off_us
        scene.s.session.point_open = point_open
        scene.s.eye.range = where
        channel = scene.sample(20_000, 30_000)
        assert (channel.settled, channel.counts) == (settled, counts)
        assert channel.colder(30_000) == (20_000 if settled else 30_000) and channel.colder(19_999) == 19_999


def test_a_trip_is_acknowledged_and_a_point_begun_on_the_colder_channel():
    bench = SeenBench().deliver().to_burst(3)
    bench.fixed_mdegc = 4_000
    assert run(bench, 1_200) == faults.SKIN_TRIP
    bench.skin_mdegc = 32_500  # the probe hangs loose
    bench.i.trigger = 0
    bench.fixed_mdegc = 27_999
    bench.tick(700)
    bench.ask(ACKNOWLEDGE)
    assert bench.sup.mode == mode.FAULT
    bench.fixed_mdegc = 28_000
    bench.tick(30)
    bench.ask(ACKNOWLEDGE)
    assert bench.sup.mode == mode.STANDBY
    bench.fixed_mdegc = 5_000
    bench.tick(30)
    assert bench.sup.blocked_by & blockers.BASELINE
    bench.i.distance.value = 400  # aimed at nothing: what it sees is no skin
    bench.tick(30)
    assert not bench.sup.blocked_by & blockers.BASELINE


def test_in_a_burst_the_plume_is_no_skin():
    bench = SeenBench().deliver()
    for _ in range(600):
        plume = bench.i.burst == -1 or bench.since_burst_us < bench.fired[-1] + 200_000 if bench.fired else False
        bench.fixed_mdegc = -40_000 if plume else None
        bench.tick()
        assert bench.sup.mode == mode.DELIVERING
    assert len(bench.fired) > 5


def test_a_contradiction_is_a_fault_acknowledged_once_the_point_is_over():
    bench = SeenBench().deliver().to_burst(3)
    bench.seen_mdegc = -7_000
    assert run(bench, 1_200) == faults.INFRARED_DISCORD
    bench.tick(100)
    bench.ask(ACKNOWLEDGE)
    assert bench.sup.mode == mode.STANDBY
    bench.tick(100)
    assert bench.sup.mode == mode.STANDBY and not bench.sup.faults.latched


def test_what_was_acknowledged_does_not_return_with_the_next_arming_or_point():
    bench = SeenBench().deliver().to_burst(3)
    bench.seen_mdegc = -7_000
    assert run(bench, 1_200) == faults.INFRARED_DISCORD
    bench.seen_mdegc = 0
    bench.i.trigger = 0
    bench.tick(100)
    bench.ask(ACKNOWLEDGE)
    bench.tick(30_100)  # recovery of the point
    bench.choose()
    bench.ask(ARM)
    bench.ask(CONFIRM, bench.sup.nonce)
    bench.tick(201)
    assert bench.sup.mode == mode.ARMED
    bench.sup.second._apart = 2  # of an earlier point
    bench.seen_mdegc = -7_000
    bench.press()
    assert bench.sup.second._apart < 2 and bench.sup.mode == mode.DELIVERING


def test_a_sensor_that_falls_silent_stops_nothing_but_the_next_arming():
    for spoil in ("silent", "frozen"):
        bench = SeenBench().deliver().to_burst(3)
        assert "INFRARED" not in names(bench)
        if spoil == "silent":
            bench.answers = False
        else:
            bench._late = 99
        before = len(bench.fired)
        bench.tick(510)
        assert bench.sup.mode == mode.DELIVERING and len(bench.fired) >= before + 5
        assert "INFRARED" in names(bench)
        bench.i.trigger = 0
        bench.tick()
        assert bench.sup.mode == mode.REST


def test_it_blocks_the_arm_request_only_where_it_was_seen_before():
    bench = SeenBench().stand_by()
    bench.choose()
    bench.answers = False
    bench.tick(2)
    assert "INFRARED" in names(bench)
    bench.ask(ARM)
    assert bench.sup.mode == mode.STANDBY
    bench.answers = True
    bench.tick(12)
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY
    bench = SeenBench()
    bench.answers = False
    bench.stand_by()
    bench.choose()
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY and "INFRARED" not in names(bench)


def test_a_sensor_that_stands_still_is_told_after_five_seconds():
    bench = SeenBench().stand_by()
    bench.tick(20)
    bench._late = 99
    bench.i.infrared.age_us = 4_990_000 - 10_000
    bench.tick(2)
    assert bench.i.infrared.age_us == 5_000_000 and "INFRARED" not in names(bench)
    bench.tick()
    assert "INFRARED" in names(bench)


def test_after_three_bursts_without_a_settled_sample_the_next_waits_for_it():
    # a sample comes 3 ticks after each of the probe's, so that the burst is always first
    for late in range(10):
        bench = SeenBench(late).deliver()
        unseen = worst = 0
        fired = 0
        for _ in range(1_700):
            bench.tick()
            if bench.sup.second.counts:
                unseen = 0
            if len(bench.fired) > fired:
                fired = len(bench.fired)
                unseen += 1
                worst = max(worst, unseen)
        assert worst <= 3 and fired > 10, late


def test_the_wait_ends_by_itself():
    bench = SeenBench().deliver().to_burst(2)
    bench.sup.second._unseen = 3
    assert bench.sup.second.awaited(699_999) and not bench.sup.second.awaited(700_000)
    bench.sup.second._unseen = 2
    assert not bench.sup.second.awaited(0)
