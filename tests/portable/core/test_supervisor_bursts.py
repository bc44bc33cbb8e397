"""How the supervisor handles each burst: when it may fire, what it books, its pass and its point."""

from cryo.core import mode, session
from cryo.core.observer import k_at, k_nearer
from cryo.core.records import RUNNING
from cryo.core.supervisor import ARM
from cryo.limits import DISTANCE_NOISE_MM
from supervisor_rig import Rig


# --- what a burst leaves in the accounts ------------------------------------------------------------------------------
def _booked(rig):
    """Let the accounts note their arguments; return the note: planner, valves, response, session."""
    told = [-1, -1, -1, -1]  # made before the heap is locked

    def note(at):
        def hear(us):
            told[at] = us

        return hear

    s = rig.sup
    s.planner.ended = note(0)
    s.valves.ended = note(1)
    s.response.delivered = note(2)
    s.session.burst = note(3)
    return told


def test_a_burst_that_was_cut_is_booked_with_what_it_delivered():
    rig = Rig().deliver().to_burst(2)
    told = _booked(rig)
    rig.i.trigger = 0
    rig.tick()
    left_us = rig.i.burst
    rig.tick()
    given_us = rig.fired[-1] - left_us
    assert left_us > 0 and told == [left_us, given_us, given_us, given_us]


def test_a_whole_burst_is_booked_whole_and_a_refused_one_with_nothing():
    for refuses in (False, True):
        rig = Rig().deliver().to_burst(2)
        while rig.sup.burst.open:
            rig.tick()
        told = _booked(rig)
        rig.refuses = refuses
        asked = rig.asked
        while rig.asked == asked or rig.sup.burst.open:
            rig.tick()
        commanded_us = rig.sup.burst.commanded_us
        given_us = 0 if refuses else commanded_us
        assert told == [commanded_us - given_us, given_us, given_us, given_us]


def test_the_accounts_are_kept_burst_by_burst():
    rig = Rig().deliver().to_burst(3)
    while rig.sup.burst.open:
        rig.tick()
    s = rig.sup.session
    assert s.bursts == s.bursts_total == 3
    assert s.point_valve_on_us == sum(rig.fired[:3])
    assert rig.sup.valves.dose_cycles == rig.sup.valves.shutoff_cycles == rig.sup.valves.bursts == 3


# --- when one may fire ------------------------------------------------------------------------------------------------
def test_it_fires_350_ms_after_closing_at_the_earliest():
    for off_us, fires in ((349_999, False), (350_000, True)):
        rig = Rig().deliver().to_burst(2)
        while rig.sup.planner.off_us < 100_000:
            rig.tick()
        rig.samples = False
        rig.sup.planner.off_us = off_us - 10_000
        rig.i.skin.age_us = 80_000
        rig.i.skin.ended_age_us = -10_000
        rig.tick()
        assert (len(rig.fired) == 3) == fires


def test_at_the_target_bursts_go_on_only_above_it():
    for reached, above_mdegc, fires in ((False, 1, True), (True, 0, False), (True, 1, True)):
        rig = Rig().deliver().to_burst(2)
        while rig.sup.planner.off_us < 100_000:
            rig.tick()
        rig.samples = False
        rig.sup.planner.off_us = 340_000
        rig.i.skin.age_us = 80_000
        rig.i.skin.ended_age_us = -10_000
        rig.sup.point.target_mdegc = rig.i.skin.value_mdegc - above_mdegc
        rig.sup.session.reached = reached
        rig.tick()
        assert (len(rig.fired) == 3) == fires


def test_the_predicted_surface_may_go_one_and_a_half_degree_under_the_floor():
    for surface_mdegc, open_ in ((5_501, True), (5_500, False)):  # the floor is 7 degC
        rig = Rig().deliver().to_burst(2)
        rig.sup.observer.update = lambda k, us: None
        rig.sup.observer.surface_mdegc = surface_mdegc
        rig.tick()
        assert (rig.o.cut, rig.o.lease) == ((0, 1) if open_ else (1, 0))


def test_a_change_of_distance_beyond_10_mm_makes_a_probe_burst():
    for mm, probe in ((90, False), (110, False), (89, True), (111, True)):
        rig = Rig().deliver().to_burst(3)
        rig.i.distance.value = mm
        rig.to_burst(4)
        assert (rig.fired[3] == 60_000) == probe, mm


def test_a_hand_that_comes_nearer_than_10_mm_while_a_burst_is_open_ends_it():
    for mm, cut in ((100, 0), (90, 0), (89, 1), (75, 1), (120, 0)):
        rig = Rig().deliver().to_burst(3)
        assert rig.sup.eye.mm == 100 and rig.o.cut == 0
        rig.i.distance.value = mm
        rig.tick()
        assert rig.sup.mode == mode.DELIVERING
        assert (rig.o.cut, rig.o.lease) == (cut, 1 - cut), mm


def test_a_step_nearer_leaves_room_for_a_distance_sensor_that_reads_too_far():
    told = [0, 0]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = k_here
        told[1] = k_most
        return 0

    for mm, steeper in ((100, False), (90, False), (89, True), (80, True), (111, False), (130, False)):
        rig = Rig().deliver().to_burst(3)
        rig.sup.planner.plan = plan
        rig.sup.eye.mm = mm
        rig.sup._plan()
        k_mdegc = rig.config.jet_k_mdegc  # nothing learnt
        assert told[0] == k_at(k_mdegc, mm)
        nearest_mm = min(mm, 100) - DISTANCE_NOISE_MM  # a result may read too far by its noise
        assert told[1] == (k_nearer(k_mdegc, 100, mm) if steeper else k_at(k_mdegc, nearest_mm)), mm
        assert told[1] > told[0]


def test_the_room_for_a_jet_that_jumps_counts_from_the_nearest_of_three_results():
    told = [0]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = k_most
        return 0

    rig = Rig().deliver().to_burst(3)
    rig.sup.planner.plan = plan
    for mm, nearest_mm in ((96, 96), (104, 96), (105, 96), (104, 104), (103, 103), (99, 99)):
        rig.i.distance.value = mm
        rig.i.distance.sequence += 1
        rig.tick()
        rig.sup._plan()
        assert told[0] == k_at(rig.config.jet_k_mdegc, nearest_mm - DISTANCE_NOISE_MM), mm


def test_what_it_commands_in_each_phase():
    rig = Rig().deliver()
    seen = []
    while len(rig.fired) < 2:
        rig.tick()
        o = rig.o
        seen.append((o.cut, o.rearm, o.lease, o.indicate, o.feed, o.alarm, o.fire_us > 0, rig.sup.burst.open))
    for phase in seen:
        assert phase in (
            (0, 0, 0, 1, 1, 0, False, False),  # the valve free to open, nothing commanded
            (0, 1, 1, 1, 1, 0, True, True),  # both valves
            (0, 0, 1, 1, 1, 0, False, True),  # the lease goes on
            (1, 0, 0, 1, 1, 0, False, False),  # the tick in which it ended
        )
    assert len(set(seen)) >= 3
    rig.i.estop = 1
    rig.tick()
    assert (rig.o.indicate, rig.o.alarm, rig.o.feed, rig.i.burst != RUNNING) == (0, 1, 1, True)


# --- passes and points ------------------------------------------------------------------------------------------------
def test_the_eighth_pass_is_the_last():
    for passes, then in ((7, mode.REST), (8, mode.COMPLETE)):
        rig = Rig().deliver()
        rig.sup.session.passes = passes
        rig.tick(5)
        assert rig.sup.mode == mode.DELIVERING
        rig.i.trigger = 0
        rig.tick()
        assert rig.sup.mode == then
    assert rig.sup.session.reason == session.PASSES
    rig = Rig().deliver()
    rig.i.trigger = 0
    rig.tick()
    rig.sup.session.passes = 8
    rig.tick()
    assert rig.sup.mode == mode.COMPLETE


def test_each_pass_begins_with_a_probe_burst():
    rig = Rig().deliver()
    while rig.sup.mode == mode.DELIVERING:
        rig.tick()
    count = len(rig.fired)
    rig.tick(102)
    assert rig.sup.mode == mode.DELIVERING  # the trigger was held
    assert rig.fired[0] == 60_000 and rig.fired[count - 1] > 60_000
    rig.to_burst(count + 1)
    assert rig.fired[count] == 60_000


def test_a_new_point_begins_with_new_accounts():
    rig = Rig().arm()
    rig.tick(201)
    s = rig.sup
    s.overcool.dose_point = 77
    s.burst.refused = 2
    s.point.hold_us = 4_990_000
    s.point.treated = True
    s.response.begin(30_000, 30_000)
    s.second.discordant = True
    s.second._apart = 3
    rig.i.trigger = 0
    s.mode = mode.ARMED
    s.trigger.touched = s.trigger.held = True
    s.session.started = True
    s.enter(mode.DELIVERING)
    assert (s.overcool.dose_point, s.burst.refused, s.point.treated, s.second.discordant) == (0, 0, False, False)
    s.response.sample(0, 30_000)
    assert not s.response.failed()
    rig.i.trigger = 1
    s.session.reached = True
    rig.tick(5)
    assert s.mode == mode.DELIVERING  # the target's five seconds begin anew


def test_what_the_skin_does_after_a_pass_is_no_answer_to_its_bursts():
    rig = Rig().deliver().to_burst(1)
    rig.i.trigger = 0
    rig.tick(42)  # until then it may be one, released or not
    assert rig.sup.mode == mode.REST and not rig.sup.response.open
    rig.dips = False
    for _ in range(5):
        rig.skin_mdegc -= 2_000
        rig.tick(10)
    assert rig.sup.mode == mode.REST and not rig.sup.response.failed()


# --- the number that confirms -----------------------------------------------------------------------------------------
def test_the_number_has_four_digits_and_is_there_while_it_is_asked_alone():
    rig = Rig().stand_by()
    s = rig.sup
    assert s.nonce == 0
    for now_us in range(17_000):
        s.now_us = now_us
        s.enter(mode.READY)
        assert 1_000 <= s.nonce <= 9_999 and type(s.nonce) is int
    s.enter(mode.STANDBY)
    assert s.nonce == 0
    rig.choose()
    rig.ask(ARM)
    assert s.nonce
    assert Rig().arm().sup.nonce == 0


def test_the_least_skin_of_a_burst_is_the_preset_s():
    told = [None]

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least_mdegc):
        told[0] = least_mdegc
        return 0

    for preset, level, least in ((0, 4, 0), (1, 3, 4_000), (2, 1, 4_000)):
        rig = Rig().deliver(preset=preset, level=level).to_burst(2)
        rig.sup.planner.plan = plan
        rig.sup._plan()
        assert told[0] == least
