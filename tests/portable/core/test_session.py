"""The operator's choice, the accounts of point, session and room (limits 8, 9, 10, 21)."""

import micropython
from cryo.core import presets, session
from cryo.core.session import Session
from cryo.core.ticks import SATURATED
from support import LONGEST_DT_US, TICK_US

SECOND_US = 1_000_000


class Rig:
    """A session with a complete choice; time passes with the heap locked."""

    def __init__(self, preset=0, level=0):
        self.session = Session()
        self.session.preset = preset
        self.session.level = level
        self.session.site = 0
        self.session.point = 0

    def pass_us(self, us):
        seconds = us // SECOND_US  # before the lock: us may need more than 31 bits
        rest_us = us % SECOND_US
        micropython.heap_lock()
        try:
            while seconds:
                self.session.advance(SECOND_US)
                seconds -= 1
            self.session.advance(rest_us)
        finally:
            micropython.heap_unlock()
        return self.session

    def burst(self, on_us):
        micropython.heap_lock()
        try:
            self.session.burst(on_us)
        finally:
            micropython.heap_unlock()

    def begin(self):
        micropython.heap_lock()
        try:
            self.session.begin_point()
        finally:
            micropython.heap_unlock()

    def end(self, reason=session.TARGET):
        micropython.heap_lock()
        try:
            self.session.end_point(reason)
        finally:
            micropython.heap_unlock()

    def us_until_recovered(self):
        """Return how much time passes until the chosen point may be treated again, in steps of 10 ms."""
        us = 0
        while self.session.cool_down_s():
            self.pass_us(TICK_US)
            us += TICK_US
        return us


# --- limit 9 ----------------------------------------------------------------------------------------------------------
def test_every_point_counts_as_treated_at_boot():
    rig = Rig()
    rig.pass_us(299 * SECOND_US + 999_999)
    for site in range(len(presets.SITES)):
        for point in range(presets.POINTS_PER_SITE):
            rig.session.site = site
            rig.session.point = point
            assert rig.session.cool_down_s() == 1
    rig.pass_us(1)
    for site in range(len(presets.SITES)):
        for point in range(presets.POINTS_PER_SITE):
            rig.session.site = site
            rig.session.point = point
            assert rig.session.cool_down_s() == 0


def test_an_unchosen_point_has_not_recovered():
    rig = Rig()
    rig.pass_us(1_000 * SECOND_US)
    for site, point in ((-1, 0), (0, -1), (-1, -1)):
        rig.session.site = site
        rig.session.point = point
        assert rig.session.cool_down_s() == 300


def test_a_treated_point_recovers_for_300_s_and_the_others_are_free():
    rig = Rig()
    rig.pass_us(400 * SECOND_US)
    rig.begin()
    rig.pass_us(10 * SECOND_US)
    rig.end()
    assert rig.session.cool_down_s() >= 300
    rig.session.point = 1
    assert rig.session.cool_down_s() == 0
    rig.session.point = 0
    rig.session.site = 1
    assert rig.session.cool_down_s() == 0
    rig.session.site = 0
    rig.pass_us(299 * SECOND_US + 990_000)
    assert rig.session.cool_down_s() > 0
    rig.pass_us(2 * SECOND_US)
    assert rig.session.cool_down_s() == 0


def test_the_recovery_is_never_shorter_than_300_s():
    for fraction_us in (0, 10_000, 500_000, 990_000):
        rig = Rig()
        rig.pass_us(400 * SECOND_US + fraction_us)
        rig.begin()
        rig.end()
        waited = rig.us_until_recovered()
        assert 300 * SECOND_US <= waited <= 301 * SECOND_US, (fraction_us, waited)


def test_each_way_a_point_ends_starts_its_recovery_and_the_rest():
    for reason in range(1, len(session.REASONS)):
        rig = Rig()
        rig.pass_us(400 * SECOND_US)
        rig.begin()
        rig.end(reason)
        assert rig.session.reason == reason
        assert not rig.session.point_open
        assert rig.session.cool_down_s() >= 300
        assert rig.session.rest_left_us == 60 * SECOND_US


def test_the_rest_between_points_is_that_of_the_level():
    for preset in range(3):
        for level, seconds in enumerate(((60, 60, 60, 90), (90, 90, 120), (90, 90, 120))[preset]):
            rig = Rig(preset, level)
            rig.begin()
            rig.end()
            rig.pass_us(seconds * SECOND_US - 1)
            assert rig.session.rest_left_us == 1
            rig.pass_us(1)
            assert rig.session.rest_left_us == 0
            rig.pass_us(SECOND_US)
            assert rig.session.rest_left_us == 0
            rig.begin()
            rig.end()
            rig.pass_us(seconds * SECOND_US - 1)
            rig.pass_us(LONGEST_DT_US)
            assert rig.session.rest_left_us == 0  # not beyond


def test_the_point_clock_stops_at_its_end_instead_of_wrapping():
    rig = Rig()
    rig.begin()
    for before in range(1_000):
        rig.pass_us(SECOND_US)
        assert rig.session.point_us == min((before + 1) * SECOND_US, SATURATED)


# --- limit 8 ----------------------------------------------------------------------------------------------------------
def test_a_point_lasts_60_s():
    rig = Rig()
    rig.pass_us(100 * SECOND_US)
    rig.begin()
    rig.pass_us(60 * SECOND_US - 1)
    assert rig.session.point_spent == session.GOING
    rig.pass_us(1)
    assert rig.session.point_spent == session.TIME


def test_a_point_has_30_s_of_valve_on_time():
    rig = Rig()
    rig.begin()
    for _ in range(59):
        rig.burst(500_000)
    rig.burst(499_999)
    assert rig.session.point_spent == session.GOING
    rig.burst(1)
    assert rig.session.point_spent == session.GAS


def test_a_new_point_begins_at_zero():
    rig = Rig()
    rig.begin()
    rig.burst(30_000_000)
    rig.pass_us(60 * SECOND_US)
    rig.session.passes = 3
    rig.session.reached = True
    rig.end()
    rig.begin()
    now = rig.session
    assert now.point_open and now.reason == session.GOING and now.point_spent == session.GOING
    assert (now.passes, now.bursts, now.point_us, now.point_valve_on_us, now.reached) == (0, 0, 0, 0, False)
    assert now.bursts_total == 1


def test_the_point_clock_stands_while_no_point_is_open():
    rig = Rig()
    rig.pass_us(100 * SECOND_US)
    assert rig.session.point_us == 0


# --- limit 10 ---------------------------------------------------------------------------------------------------------
def test_a_session_lasts_20_minutes_from_its_first_point():
    rig = Rig()
    rig.pass_us(2_000 * SECOND_US)
    assert rig.session.session_s == 0 and not rig.session.used_up
    rig.begin()
    rig.pass_us(1_200 * SECOND_US - 1)
    assert not rig.session.used_up
    rig.pass_us(1)
    assert rig.session.used_up
    rig.pass_us(5_000 * SECOND_US)
    assert rig.session.used_up


def test_a_session_has_300_s_of_valve_on_time():
    rig = Rig()
    rig.begin()
    for _ in range(598):
        rig.burst(500_000)
    rig.burst(499_000)
    assert not rig.session.used_up
    rig.burst(1_000)  # the longest burst still had room before it, and has none now
    assert rig.session.used_up


def test_a_millisecond_is_booked_when_it_is_full():
    rig = Rig()
    rig.begin()
    for us, booked_ms in ((999, 0), (1, 1), (999, 1), (1, 2)):
        rig.burst(us)
        assert rig.session.valve_on_ms == booked_ms


def test_parts_of_a_millisecond_are_not_lost():
    rig = Rig()
    rig.begin()
    for _ in range(1_000):
        rig.burst(30_999)
    assert rig.session.valve_on_ms == 30_999
    assert rig.session.gas_mg == 30_999
    assert rig.session.bursts == rig.session.bursts_total == 1_000


# --- limit 21 ---------------------------------------------------------------------------------------------------------
def test_the_room_is_full_at_10_000_ppm_18_a_gram_in_30_m3():
    rig = Rig()
    for room_m3 in (10, 30, 100, 1_000):
        grams = 10_000 * room_m3 / 540
        rig.session.gas_mg = int(grams * 1_000 * 0.999)
        assert not rig.session.room_full(room_m3)
        rig.session.gas_mg = int(grams * 1_000 * 1.001)
        assert rig.session.room_full(room_m3)
    for gas_mg, full in ((555_569, False), (555_570, True)):
        rig.session.gas_mg = gas_mg
        assert rig.session.room_full(30) == full


def test_gas_is_booked_at_1_gram_a_second():
    rig = Rig()
    rig.begin()
    for _ in range(100):
        rig.burst(400_000)
    assert rig.session.gas_mg == 40_000


# --- the choice -------------------------------------------------------------------------------------------------------
def test_nothing_is_complete_before_everything_is_chosen():
    fresh = Session()
    assert not fresh.complete() and fresh.row() is None and not fresh.reduced() and not fresh.attested_all()
    for missing in ("preset", "level", "site", "point"):
        rig = Rig()
        assert rig.session.complete()
        setattr(rig.session, missing, -1)
        assert not rig.session.complete()


def test_locked_levels_are_no_choice():
    for preset in range(3):
        for level in range(5):
            rig = Rig(preset, level)
            assert rig.session.complete() == (level < (4, 3, 3)[preset])
            assert rig.session.reduced() == (preset > 0)


def test_every_attestation_of_the_preset_is_needed():
    for preset, need in ((0, 31), (1, 63), (2, 127)):
        rig = Rig(preset)
        for given in range(128):
            rig.session.attested = given
            assert rig.session.attested_all() == (given & need == need)


def test_another_session_asks_anew_but_keeps_gas_and_recovery():
    rig = Rig()
    rig.pass_us(400 * SECOND_US)
    rig.session.attested = 127
    rig.begin()
    rig.burst(500_000)
    rig.pass_us(1_190 * SECOND_US)
    rig.burst(1_000)
    rig.pass_us(10 * SECOND_US)
    rig.end()
    assert rig.session.used_up
    rig.session.renew()
    now = rig.session
    assert not now.used_up and not now.started
    assert (now.attested, now.session_s, now.valve_on_ms) == (0, 0, 501)
    assert not now.attested_all()
    assert now.gas_mg == 501
    assert now.cool_down_s() >= 300
    assert now.rest_left_us == 60 * SECOND_US
    rig.pass_us(100 * SECOND_US)
    assert now.session_s == 0
    rig.begin()
    rig.pass_us(SECOND_US)
    assert now.session_s == 1


def most_in_a_window(bursts, length_s):
    """Return the most valve-on time, ms, of any window of this length; bursts are pairs of second and ms."""
    most = inside = first = 0
    for second, ms in bursts:
        inside += ms
        while bursts[first][0] <= second - length_s:
            inside -= bursts[first][1]
            first += 1
        most = max(most, inside)
    return most


def test_whatever_is_typed_no_20_minutes_have_more_than_300_s_of_valve_on_time():
    for every_s in (1, 2, 3):  # a burst of 500 ms so often, and a new patient as soon as one is taken
        rig = Rig()
        now = rig.session
        given = []
        patients = 0
        while now.uptime_s < 7_200:
            if now.used_up and not now.renewal_s():
                now.renew()
                patients += 1
            if not now.used_up:
                rig.begin()
                rig.burst(500_000)
                given.append((now.uptime_s, 500))
            rig.pass_us(every_s * SECOND_US)
        assert patients
        most = most_in_a_window(given, 1_200)
        assert (298_000 if every_s < 2 else 150_000) <= most <= 300_000, most


def test_what_is_waited_for_is_said_and_is_enough():
    rig = Rig()
    now = rig.session
    assert now.used_up_s() == 0
    rig.begin()
    while not now.used_up:
        rig.burst(500_000)
        rig.pass_us(SECOND_US)
    left_s = now.used_up_s()
    assert 600 <= left_s <= 720  # the first minutes leave the window 20 to 21 minutes after they began
    rig.pass_us((left_s - 61) * SECOND_US)
    assert now.valve_on_ms >= 299_500
    rig.pass_us(61 * SECOND_US)
    assert now.valve_on_ms < 299_500 and now.used_up_s() == 0


def test_who_begins_anew_and_waits_as_long_as_is_said_has_room_again():
    rig = Rig()
    now = rig.session
    rig.begin()
    while not now.used_up:
        rig.burst(500_000)
        rig.pass_us(SECOND_US)
    rig.end()
    now.renew()
    assert now.used_up  # the gas of the last 20 minutes stays
    rig.pass_us(now.used_up_s() * SECOND_US)
    assert not now.used_up and now.used_up_s() == 0


def test_a_new_patient_takes_120_s_from_the_last_burst_on():
    rig = Rig()
    now = rig.session
    assert now.renewal_s() == 0  # no burst yet
    rig.begin()
    rig.pass_us(10 * SECOND_US)
    rig.burst(60_000)
    assert now.renewal_s() >= 120
    rig.pass_us(119 * SECOND_US)
    assert now.renewal_s() > 0
    rig.burst(30_000)
    rig.pass_us(120 * SECOND_US)
    assert now.renewal_s() > 0
    rig.pass_us(SECOND_US)
    assert now.renewal_s() == 0


def test_attestations_lapse_after_600_s_without_a_burst_or_another_attestation():
    for last in (None, "burst", "attest"):
        rig = Rig()
        now = rig.session
        rig.pass_us(400 * SECOND_US)
        now.attest(127)
        rig.pass_us(599 * SECOND_US)
        assert now.attested == 127
        if last == "burst":
            rig.burst(60_000)
        elif last:
            now.attest(1)
        rig.pass_us(SECOND_US)
        assert now.attested == (127 if last else 0)
        rig.pass_us(598 * SECOND_US)
        assert now.attested == (127 if last else 0)
        rig.pass_us(2 * SECOND_US)
        assert now.attested == 0


def test_the_longest_gaps_count_in_full_and_do_not_overflow():
    rig = Rig()
    rig.begin()
    micropython.heap_lock()
    try:
        rig.session.advance(LONGEST_DT_US)
        rig.session.advance(LONGEST_DT_US)
        rig.session.advance(LONGEST_DT_US)
    finally:
        micropython.heap_unlock()
    assert rig.session.uptime_s == 3 * LONGEST_DT_US // SECOND_US
    assert rig.session.point_spent == session.TIME
    assert rig.session.used_up
    assert rig.session.cool_down_s() == 0


# --- the marking template: rests between its points (limit 9) ---------------------------------------------------------
SOLE, TOES, PALM = (presets.SITES.index(name) for name in ("LFOOT-SOLE", "LFOOT-TOES", "LHAND-PALM"))


def after_a_point(preset, level, site, point):
    """Return a session in which a point has just ended, long after switch-on; the template was attested."""
    rig = Rig(preset, level)
    rig.session.site = site
    rig.session.point = point
    rig.session.attested = 255
    rig.pass_us(400 * SECOND_US)
    rig.begin()
    rig.end()
    return rig


def rested_s(rig, point):
    """Return after how many whole seconds a point may begin, at most 400."""
    rig.session.point = point
    for seconds in range(400):
        if not rig.session.rest_us():
            return seconds
        rig.pass_us(SECOND_US)
    return 400


def test_points_of_the_template_rest_10_s_and_20_s_where_sensation_is_reduced():
    for preset, level, apart_s, near_s in ((0, 0, 10, 60), (0, 3, 10, 90), (1, 0, 20, 90), (2, 2, 20, 120)):
        for last, point in ((0, 1), (7, 0), (3, 4)):
            assert rested_s(after_a_point(preset, level, SOLE, last), point) == apart_s
        assert rested_s(after_a_point(preset, level, PALM, 5), 6) == near_s  # the palm's template has six
        assert rested_s(after_a_point(preset, level, PALM, 6), 5) == near_s
        assert rested_s(after_a_point(preset, level, TOES, 0), 1) == near_s


def test_every_pair_of_points_rests_by_the_table():
    for site in range(len(presets.SITES)):
        for last in range(presets.POINTS_PER_SITE):
            rig = after_a_point(1, 2, site, last)
            for point in range(presets.POINTS_PER_SITE):
                apart = last != point and last < presets.APART[site] and point < presets.APART[site]
                rig.session.point = point
                assert rig.session.rest_us() == (20 if apart else 120) * SECOND_US, (site, last, point)


def test_the_short_rest_needs_the_template_s_attestation_the_same_site_and_preset():
    def not_attested(now):
        now.attested = 127

    def another_site(now):
        now.site = PALM

    def another_preset(now):
        now.preset = 1

    def no_site(now):
        now.site = -1

    def no_point(now):
        now.point = -1

    for spoil in (not_attested, another_site, another_preset, no_site, no_point):
        rig = after_a_point(0, 3, SOLE, 0)
        rig.session.point = 1
        assert rig.session.rest_us() == 10 * SECOND_US
        spoil(rig.session)
        assert rig.session.rest_us() == 90 * SECOND_US, spoil


def test_before_any_point_of_this_run_there_is_no_last_one():
    rig = Rig()
    rig.session.attested = 255
    rig.session.site = 0
    assert rig.session.rest_us() == 0
    rig.session.rest_left_us = 30 * SECOND_US  # a rest that nothing explains is not shortened
    for site in range(len(presets.SITES)):
        for point in range(presets.POINTS_PER_SITE):
            rig.session.site = site
            rig.session.point = point
            assert rig.session.rest_us() == 30 * SECOND_US


def test_the_same_point_recovers_in_full_with_the_template():
    rig = after_a_point(0, 0, SOLE, 2)
    assert rig.session.wait_s(2) == 301  # rounded up
    assert rig.session.wait_s(1) == 10
    rig.pass_us(60 * SECOND_US)
    assert rig.session.wait_s(2) == 241
    assert rig.session.wait_s(1) == 0


def test_a_longer_rest_goes_on_behind_a_point_of_a_milder_level():
    rig = after_a_point(0, 3, SOLE, 0)  # rests 90 s before a point that may be near it
    rig.pass_us(10 * SECOND_US)
    rig.session.level = 0  # rests 60 s
    rig.session.point = 1
    rig.begin()
    rig.pass_us(5 * SECOND_US)
    rig.end(session.STOPPED)
    assert rig.session.wait_s(2) == 10
    rig.session.site = PALM
    assert rig.session.rest_us() == 75 * SECOND_US
    rig.session.site = SOLE
    rig.session.level = 3
    rig.pass_us(10 * SECOND_US)
    rig.session.point = 2
    rig.begin()
    rig.end()
    rig.session.site = PALM
    assert rig.session.rest_us() == 90 * SECOND_US  # its own is the longer one
    rig.session.site = SOLE
    assert rig.session.wait_s(3) == 10


def test_a_point_rests_by_its_own_level_however_it_ended_and_whatever_was_before_it():
    for reason in range(session.TARGET, len(session.REASONS)):
        rig = after_a_point(0, 0, SOLE, 0)
        rig.pass_us(60 * SECOND_US)
        rig.session.level = 3
        rig.session.point = 1
        rig.begin()
        rig.end(reason)
        assert rig.session.wait_s(2) == 10, reason
        assert rig.session.rest_us() == 90 * SECOND_US, reason  # it is the last point itself
        rig.session.attested = 0
        assert rig.session.wait_s(2) == 90, reason
    rig.session.attested = 255
    rig.session.preset = 1  # from now on: reduced sensation
    rig.session.level = 2
    rig.pass_us(90 * SECOND_US)
    rig.session.point = 2
    rig.begin()
    rig.end()
    assert rig.session.wait_s(3) == 20


def test_the_template_is_attested_anew_for_another_patient():
    rig = after_a_point(0, 3, SOLE, 0)
    rig.session.renew()
    assert not rig.session.attested and rig.session.wait_s(1) == 90
    rig = Rig()
    rig.session.attest(255)
    rig.burst(20_000)
    rig.pass_us(600 * SECOND_US)
    assert rig.session.attested == 255  # a burst counts from its end, rounded up
    rig.pass_us(SECOND_US)
    assert not rig.session.attested


def test_the_next_point_is_the_one_that_is_ready_first():
    rig = after_a_point(0, 0, SOLE, 0)
    assert rig.session.next_point() == 1
    rig.session.point = 1
    rig.pass_us(10 * SECOND_US)
    rig.begin()
    rig.end()
    assert rig.session.next_point() == 2
    rig = after_a_point(0, 0, PALM, 6)  # beside the template: all the others wait as long
    assert rig.session.next_point() == 0
    assert rig.session.wait_s(0) == 60


def test_a_short_rest_is_no_longer_than_any_level_s():
    for preset in presets.PRESETS:
        for row in preset[presets.LEVELS]:
            if row is not None:
                assert row[presets.REST_S] > (20 if preset[presets.REDUCED] else 10)
    assert len(presets.APART) == len(presets.SITES)
    for name, count in zip(presets.SITES, presets.APART):
        assert 0 <= count <= presets.POINTS_PER_SITE
        assert (count == 0) == (name.split("-")[-1] in ("FINGERS", "TOES")), name
        other = ("R" if name[0] == "L" else "L") + name[1:]
        if other in presets.SITES:
            assert presets.APART[presets.SITES.index(other)] == count
