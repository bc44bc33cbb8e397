"""What the supervisor makes of each burst: when it may fire, what it books, which pass and point it belongs to."""

from bench import Bench
from cryo.core import mode, session
from cryo.core.observer import k_at, k_nearer
from cryo.core.records import RUNNING
from cryo.core.supervisor import ARM
from cryo.limits import DISTANCE_NOISE_MM


# --- what a burst leaves in the accounts ------------------------------------------------------------------------------
def _booked(bench):
    """Let the accounts note what they are told; return the note: planner, valves, response, session."""
    told = [-1, -1, -1, -1]  # made before the heap is locked

    def note(at):
        def hear(us):
            told[at] = us

        return hear

    s = bench.sup
    s.planner.ended = note(0)
    s.valves.ended = note(1)
    s.response.delivered = note(2)
    s.session.burst = note(3)
    return told


def test_a_burst_that_was_cut_is_booked_with_what_it_delivered():
    bench = Bench().deliver().to_burst(2)
    told = _booked(bench)
    bench.i.trigger = 0
    bench.tick()
    left_us = bench.i.burst
    bench.tick()
    given_us = bench.fired[-1] - left_us
    assert left_us > 0 and told == [left_us, given_us, given_us, given_us]


def test_a_whole_burst_is_booked_whole_and_a_refused_one_with_nothing():
    for refuses in (False, True):
        bench = Bench().deliver().to_burst(2)
        while bench.sup.burst.open:
            bench.tick()
        told = _booked(bench)
        bench.refuses = refuses
        asked = bench.asked
        while bench.asked == asked or bench.sup.burst.open:
            bench.tick()
        commanded_us = bench.sup.burst.commanded_us
        given_us = 0 if refuses else commanded_us
        assert told == [commanded_us - given_us, given_us, given_us, given_us]


def test_the_accounts_are_kept_burst_by_burst():
    bench = Bench().deliver().to_burst(3)
    while bench.sup.burst.open:
        bench.tick()
    s = bench.sup.session
    assert s.bursts == s.bursts_total == 3
    assert s.point_valve_on_us == sum(bench.fired[:3])
    assert bench.sup.valves.dose_cycles == bench.sup.valves.shutoff_cycles == bench.sup.valves.bursts == 3


# --- when one may fire ------------------------------------------------------------------------------------------------
def test_it_fires_350_ms_after_closing_at_the_earliest():
    for off_us, fires in ((349_999, False), (350_000, True)):
        bench = Bench().deliver().to_burst(2)
        while bench.sup.planner.off_us < 100_000:
            bench.tick()
        bench.samples = False
        bench.sup.planner.off_us = off_us - 10_000
        bench.i.skin.age_us = 80_000
        bench.i.skin.ended_age_us = -10_000
        bench.tick()
        assert (len(bench.fired) == 3) == fires


def test_at_the_target_bursts_go_on_only_above_it():
    for reached, above_mdegc, fires in ((False, 1, True), (True, 0, False), (True, 1, True)):
        bench = Bench().deliver().to_burst(2)
        while bench.sup.planner.off_us < 100_000:
            bench.tick()
        bench.samples = False
        bench.sup.planner.off_us = 340_000
        bench.i.skin.age_us = 80_000
        bench.i.skin.ended_age_us = -10_000
        bench.sup.point.target_mdegc = bench.i.skin.value_mdegc - above_mdegc
        bench.sup.session.reached = reached
        bench.tick()
        assert (len(bench.fired) == 3) == fires


def test_the_predicted_surface_may_go_one_and_a_half_degree_under_the_floor():
    for surface_mdegc, open_ in ((5_501, True), (5_500, False)):  # the floor is 7 degC
        bench = Bench().deliver().to_burst(2)
        bench.sup.observer.update = lambda k, us: None
        bench.sup.observer.surface_mdegc = surface_mdegc
        bench.tick()
        assert (bench.o.cut, bench.o.lease) == ((0, 1) if open_ else (1, 0))


def test_a_change_of_distance_beyond_10_mm_makes_a_probe_burst():
    for mm, probe in ((90, False), (110, False), (89, True), (111, True)):
        bench = Bench().deliver().to_burst(3)
        bench.i.distance.value = mm
        bench.to_burst(4)
        assert (bench.fired[3] == 60_000) == probe, mm


def test_a_hand_that_comes_nearer_than_10_mm_while_a_burst_is_open_ends_it():
    for mm, cut in ((100, 0), (90, 0), (89, 1), (75, 1), (120, 0)):
        bench = Bench().deliver().to_burst(3)
        assert bench.sup.eye.mm == 100 and bench.o.cut == 0
        bench.i.distance.value = mm
        bench.tick()
        assert bench.sup.mode == mode.DELIVERING
        assert (bench.o.cut, bench.o.lease) == (cut, 1 - cut), mm


def test_a_step_nearer_leaves_room_for_a_distance_sensor_that_reads_too_far():
    told = [0, 0]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = k_here
        told[1] = k_most
        return 0

    for mm, steeper in ((100, False), (90, False), (89, True), (80, True), (111, False), (130, False)):
        bench = Bench().deliver().to_burst(3)
        bench.sup.planner.plan = plan
        bench.sup.eye.mm = mm
        bench.sup._plan()
        k_mdegc = bench.config.jet_k_mdegc  # nothing learnt
        assert told[0] == k_at(k_mdegc, mm)
        nearest_mm = min(mm, 100) - DISTANCE_NOISE_MM  # a result may read too far by its noise
        assert told[1] == (k_nearer(k_mdegc, 100, mm) if steeper else k_at(k_mdegc, nearest_mm)), mm
        assert told[1] > told[0]


def test_the_room_for_a_jet_that_jumps_counts_from_the_nearest_of_three_results():
    told = [0]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = k_most
        return 0

    bench = Bench().deliver().to_burst(3)
    bench.sup.planner.plan = plan
    for mm, nearest_mm in ((96, 96), (104, 96), (105, 96), (104, 104), (103, 103), (99, 99)):
        bench.i.distance.value = mm
        bench.i.distance.sequence += 1
        bench.tick()
        bench.sup._plan()
        assert told[0] == k_at(bench.config.jet_k_mdegc, nearest_mm - DISTANCE_NOISE_MM), mm


def test_what_it_commands_in_each_phase():
    bench = Bench().deliver()
    seen = []
    while len(bench.fired) < 2:
        bench.tick()
        o = bench.o
        seen.append((o.cut, o.rearm, o.lease, o.indicate, o.feed, o.alarm, o.fire_us > 0, bench.sup.burst.open))
    for phase in seen:
        assert phase in (
            (0, 0, 0, 1, 1, 0, False, False),  # the valve free to open, nothing commanded
            (0, 1, 1, 1, 1, 0, True, True),  # both valves
            (0, 0, 1, 1, 1, 0, False, True),  # the lease goes on
            (1, 0, 0, 1, 1, 0, False, False),  # the tick in which it ended
        )
    assert len(set(seen)) >= 3
    bench.i.estop = 1
    bench.tick()
    assert (bench.o.indicate, bench.o.alarm, bench.o.feed, bench.i.burst != RUNNING) == (0, 1, 1, True)


# --- passes and points ------------------------------------------------------------------------------------------------
def test_the_eighth_pass_is_the_last():
    for passes, then in ((7, mode.REST), (8, mode.COMPLETE)):
        bench = Bench().deliver()
        bench.sup.session.passes = passes
        bench.tick(5)
        assert bench.sup.mode == mode.DELIVERING
        bench.i.trigger = 0
        bench.tick()
        assert bench.sup.mode == then
    assert bench.sup.session.reason == session.PASSES
    bench = Bench().deliver()
    bench.i.trigger = 0
    bench.tick()
    bench.sup.session.passes = 8
    bench.tick()
    assert bench.sup.mode == mode.COMPLETE


def test_each_pass_begins_with_a_probe_burst():
    bench = Bench().deliver()
    while bench.sup.mode == mode.DELIVERING:
        bench.tick()
    count = len(bench.fired)
    bench.tick(102)
    assert bench.sup.mode == mode.DELIVERING  # the trigger was held
    assert bench.fired[0] == 60_000 and bench.fired[count - 1] > 60_000
    bench.to_burst(count + 1)
    assert bench.fired[count] == 60_000


def test_a_new_point_begins_with_new_accounts():
    bench = Bench().arm()
    bench.tick(201)
    s = bench.sup
    s.overcool.dose_point = 77
    s.burst.refused = 2
    s.point.hold_us = 4_990_000
    s.point.treated = True
    s.response.begin(30_000, 30_000)
    s.second.discordant = True
    s.second._apart = 3
    bench.i.trigger = 0
    s.mode = mode.ARMED
    s.trigger.touched = s.trigger.held = True
    s.session.started = True
    s.enter(mode.DELIVERING)
    assert (s.overcool.dose_point, s.burst.refused, s.point.treated, s.second.discordant) == (0, 0, False, False)
    s.response.sample(0, 30_000)
    assert not s.response.failed()
    bench.i.trigger = 1
    s.session.reached = True
    bench.tick(5)
    assert s.mode == mode.DELIVERING  # the target's five seconds begin anew


def test_what_the_skin_does_after_a_pass_is_no_answer_to_its_bursts():
    bench = Bench().deliver().to_burst(1)
    bench.i.trigger = 0
    bench.tick(42)  # until then it may be one, released or not
    assert bench.sup.mode == mode.REST and not bench.sup.response.open
    bench.dips = False
    for _ in range(5):
        bench.skin_mdegc -= 2_000
        bench.tick(10)
    assert bench.sup.mode == mode.REST and not bench.sup.response.failed()


# --- the number that confirms -----------------------------------------------------------------------------------------
def test_the_number_has_four_digits_and_is_there_while_it_is_asked_alone():
    bench = Bench().stand_by()
    s = bench.sup
    assert s.nonce == 0
    for now_us in range(17_000):
        s.now_us = now_us
        s.enter(mode.READY)
        assert 1_000 <= s.nonce <= 9_999 and type(s.nonce) is int
    s.enter(mode.STANDBY)
    assert s.nonce == 0
    bench.choose()
    bench.ask(ARM)
    assert s.nonce
    assert Bench().arm().sup.nonce == 0


def test_the_least_skin_of_a_burst_is_the_preset_s():
    told = [None]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = least_mdegc
        return 0

    for preset, level, least in ((0, 4, 0), (1, 3, 4_000), (2, 1, 4_000)):
        bench = Bench().deliver(preset=preset, level=level).to_burst(2)
        bench.sup.planner.plan = plan
        bench.sup._plan()
        assert told[0] == least
