"""Does the skin answer the bursts: limit 13, and observed against predicted falls (limit 7)."""

import micropython
from cryo.core.response import BAD, GOOD, WAS_BAD, Response
from cryo.limits import RESPONSE_MIN_MDEGC, RESPONSE_MISSES


class Rig:
    """Gives bursts with an observed and a predicted fall, mdegC."""

    def __init__(self):
        self.response = Response()

    def burst(self, fall, predicted, delivered_us=100_000, before=20_000):
        response = self.response
        micropython.heap_lock()
        try:
            response.begin(before, before + 300)
            response.delivered(delivered_us)
            response.sample(before - fall // 2, before + 300 - predicted // 2)
            response.sample(before - fall, before + 300 - predicted)
            response.sample(before - fall // 4, before + 300 - predicted // 4)
            response.close()
        finally:
            micropython.heap_unlock()
        return response


def test_a_fresh_judge_has_no_verdict():
    response = Response()
    assert not response.failed()
    response.close()
    response.sample(20_000, 20_000)
    assert not response.failed()


def test_three_bursts_in_a_row_without_a_fall_are_missing():
    for fall in (249, 0, -250, -3_000):  # a reversed thermocouple rises
        rig = Rig()
        assert not rig.burst(fall, 400).missing
        assert not rig.burst(fall, 400).missing
        assert rig.burst(fall, 400).missing
        assert rig.response.failed()


def test_a_fall_of_a_quarter_degree_is_a_response_and_restarts_the_count():
    rig = Rig()
    for _ in range(6):
        rig.burst(250, 300)
        assert not rig.burst(249, 300).missing
        assert not rig.burst(249, 300).missing


def test_the_fall_is_the_lowest_sample_not_the_net_change():
    response = Response()
    for _ in range(5):
        response.begin(10_000, 10_000)
        response.delivered(60_000)
        for mdegc in (10_000, 9_500, 10_000, 10_250):
            response.sample(mdegc, 10_000)
        response.close()
    assert not response.missing


def test_a_burst_shorter_than_30_ms_proves_nothing():
    rig = Rig()
    for _ in range(10):
        assert not rig.burst(0, 1_000, 29_999).failed()
    for _ in range(2):
        assert not rig.burst(0, 400, 30_000).missing
    rig.burst(2_000, 400, 29_999)  # nor does it excuse
    assert rig.burst(0, 400, 30_000).missing


def test_a_burst_that_was_never_accounted_for_proves_nothing():
    response = Response()
    for _ in range(10):
        response.begin(20_000, 20_000)
        response.sample(20_000, 18_000)
        response.close()
    assert not response.failed()


def test_a_cycle_is_judged_once():
    response = Response()
    response.begin(20_000, 20_000)
    response.delivered(100_000)
    for _ in range(5):
        response.close()
    assert not response.missing


def test_samples_after_the_cycle_do_not_count():
    response = Response()
    response.begin(20_000, 20_000)
    response.delivered(100_000)
    response.sample(19_000, 19_000)
    response.close()
    response.sample(5_000, 19_000)
    assert not response.failed()


def test_less_than_half_the_predicted_fall_is_weak_once_the_window_is_full():
    for fall, expected in ((500, False), (499, True), (300, True), (1_000, False)):
        rig = Rig()
        rig.response.seat = WAS_BAD
        for _ in range(2):
            assert not rig.burst(fall, 1_000).weak
        assert rig.burst(fall, 1_000).weak == expected, fall
        assert rig.response.failed() == expected


def test_a_window_without_enough_signal_is_not_judged():
    rig = Rig()
    for _ in range(2):
        assert not rig.burst(250, 1_499).weak
    assert rig.burst(0, 2).weak  # 500 of 3000 now


def test_a_probe_that_comes_loose_is_found_after_a_healthy_beginning():
    rig = Rig()
    for _ in range(30):
        assert not rig.burst(1_000, 1_000).failed()
    count = 0
    while not rig.response.weak:
        rig.burst(300, 1_000)
        count += 1
        assert count <= 15
    assert count > 1  # one odd burst is no verdict


def window(pm):
    """A judge of one full window of two bursts that showed so many thousandths of what was predicted."""
    rig = Rig()
    for _ in range(2):
        assert not rig.burst(1_500 * pm // 1_000, 1_500).failed()
    return rig


def test_more_than_the_share_the_margin_and_a_step_is_too_much_at_once():
    limit = 2_200 + 750 + 250  # 2.2 times 1 000, the margin, one step
    for seat, strong, bad in ((GOOD, False, True), (WAS_BAD, True, False)):
        for fall, expected in ((limit, False), (limit + 1, True)):
            response = Response()
            response.seat = seat
            response.begin(20_000, 20_000)
            response.sample(20_000 - fall, 19_000)  # before the burst is accounted for: waiting costs skin
            assert response.strong == (expected and strong)
            assert (response.seat == BAD) == (expected and bad)
            assert response.failed() == expected


def test_too_much_of_the_first_bursts_ends_one_point_and_is_a_fault_at_the_next():
    rig = Rig()
    for strong in (False, True, False):
        response = rig.burst(4_400, 1_500)
        assert response.strong == strong and (response.seat == BAD) != strong
        for _ in range(3):  # the verdict stays
            rig.burst(4_400, 1_500)
            assert response.strong == strong and (response.seat == BAD) != strong
        response.reset()
        assert not response.failed()


def test_a_rise_without_a_step_ends_one_point_and_a_step_after_a_fall_is_a_fault():
    rising, falling = (1_000, 1_200, 1_400, 1_410), (1_500, 1_450, 1_300, 1_150, 1_000)
    back = (1_000, 1_200, 1_500, 1_100)  # risen once, and not any more
    for shown, rises in ((rising, True), (falling, False), (back, False)):
        rig = Rig()
        response = rig.response
        for again in (False, True):
            for pm in shown:
                for _ in range(6):  # the older bursts fade by half with every judgement
                    assert not rig.burst(3 * pm, 3_000).failed(), (shown, pm)
            for _ in range(3):
                if not response.failed():
                    rig.burst(9_000, 3_000)
            assert response.strong == (again or not rises), (shown, again)
            assert (response.seat == BAD) == (rises and not again)
            response.reset()


def test_too_much_without_a_step_ends_one_point_and_a_step_on_top_is_a_fault():
    for pm, bad in ((2_600, True), (2_750, True), (3_600, False), (4_000, False)):  # a jump of 1.8
        rig = window(2_000)
        for _ in range(12):
            assert not rig.burst(3_000, 1_500).failed()
        for _ in range(12):
            if not rig.response.failed():
                rig.burst(1_500 * pm // 1_000 + 250, 1_500)
        assert (rig.response.seat == BAD) == bad and rig.response.strong != bad, pm
        rig.response.reset()
        for _ in range(4):
            if not rig.response.failed():
                rig.burst(4_400, 1_500)
        assert rig.response.strong == bad and (rig.response.seat == BAD) != bad, pm


def test_four_windows_of_the_share_are_a_rise_and_no_fewer_and_another_point_counts_anew():
    for pm, windows, rises in ((1_410, 4, True), (1_410, 3, False), (1_390, 20, False)):
        rig = Rig()
        for shown, times in ((1_000, 6), (pm, windows)):
            for _ in range(times):
                rig.burst(shown * 6, 6_000)
                # each burst is one whole window: nothing of the burst before stays
                rig.response._observed = rig.response._predicted = rig.response._steps = 0
                rig.response._old_observed = rig.response._old_predicted = 0
        assert not rig.response.failed()
        rig.burst(18_000, 6_000)
        assert (rig.response.seat == BAD) == rises and rig.response.strong != rises, (pm, windows)
        rig.response.reset()
        assert rig.response._risen == 0


def test_a_fall_from_the_probe_s_hottest_to_its_coldest_is_a_fault_and_allocates_nothing():
    assert window(1_000).burst(1_642_000, 1_500, before=1_372_000).strong


def test_a_jump_is_a_fault_whatever_its_size():
    for pm in range(1_620, 4_001, 20):  # from the share and the margin of a whole window on
        for predicted in (1_000, 1_500, 3_000):
            rig = window(1_000)
            for _ in range(20):
                assert not rig.burst(predicted, predicted).failed()
            for _ in range(12):
                if not rig.response.failed():
                    rig.burst(predicted * pm // 1_000 + 250, predicted)
            assert rig.response.strong and rig.response.seat == GOOD, (pm, predicted)


def test_at_any_sample_strong_is_more_than_the_share_of_the_least_window():
    for pm in (600, 1_000, 1_300):  # half a window and its steps stay: 1 500 predicted, 250
        limit = 2_500 * (pm * 16 // 10) // 1_000 + 750 + 250 + 250 - 1_500 * pm // 1_000
        for fall, expected in ((limit, False), (limit + 1, True)):
            response = window(pm).response
            response.begin(20_000, 20_000)
            response.sample(20_000 - fall, 19_000)
            assert response.strong == expected, (pm, fall)


def until_strong(rig):
    """Return after how many bursts of 1.8 times a verdict comes, 40 at most."""
    for count in range(1, 41):
        if rig.burst(2_700, 1_500).strong:
            return count
    return 41


def test_the_least_window_counts_and_no_more_than_all_callus_shows():
    rig = window(1_800)
    for _ in range(30):
        assert not rig.burst(2_700, 1_500).failed()  # 1.8 times, on and on
    for _ in range(10):
        rig.burst(1_500, 1_500)
    assert not rig.response.failed() and rig.response._least_pm < 1_050
    assert until_strong(rig) <= 6
    rig = window(1_800)
    assert rig.response._most_pm(16) == rig.response._most_pm(14) == 2_200


def test_a_jet_that_doubles_is_strong_within_a_few_bursts():
    for predicted in (1_000, 1_700, 2_500):
        rig = window(1_000)
        bursts = 0
        while not rig.response.strong:
            rig.burst(2 * predicted, predicted)
            bursts += 1
            assert bursts <= 4


def test_what_the_window_shows_is_less_half_a_step_a_burst():
    rig = Rig()
    response = rig.response
    assert response.show() == 0
    response.begin(20_000, 20_000)
    response.sample(18_625, 19_000)
    assert response.show() == 0  # not accounted for yet
    response.delivered(60_000)
    assert response.show() == 1_250 and response.open  # 1 375 less 125 of 1 000, and it is not judged by that
    response.close()
    assert response.show() == 1_250
    response.begin(20_000, 20_000)
    response.delivered(60_000)
    response.sample(18_375, 19_000)
    assert response.show() == 1_375  # 3 000 less 250 of 2 000
    response.delivered(29_999)
    response.shown_pm = 7
    assert response.show() == 7  # cut short: shows nothing
    for predicted, shown in ((699, 0), (700, 1_250)):
        response.reset()
        response.begin(20_000, 20_000)
        response.delivered(60_000)
        response.sample(20_000 - 1_000, 20_000 - predicted)
        assert response.show() == shown


def weak(rig, *falls):
    """Bursts that fall so much of 1 500 predicted each, until a verdict; return the judge."""
    response = rig.response
    for fall in falls:
        if response.failed():
            break  # no other burst is given
        response.begin(20_000, 20_000)
        response.delivered(100_000)
        response.sample(20_000 - fall, 18_500)
        response.close()
    return rig.response


def test_a_probe_that_feels_too_little_from_the_first_window_on_is_badly_seated():
    for falls in ((700, 700), (1_200, 1_200, 700, 600, 600, 600, 600)):
        response = weak(Rig(), *falls)
        assert response.seat == BAD and response.failed()
        assert not (response.weak or response.missing or response.strong)


def test_it_is_a_fault_where_it_feels_less_than_a_quarter_or_felt_the_bursts_before():
    for fall, is_bad in ((375, True), (374, False)):  # a quarter of 1 500
        response = weak(Rig(), fall, fall)
        assert (response.seat == BAD) == is_bad and response.weak != is_bad
    for first, is_bad in ((1_345, True), (1_350, False)):  # 0.9 of 1 500 is 1 350
        response = weak(Rig(), first, first, 300, 300, 300, 300, 300)
        assert (response.seat == BAD) == is_bad and response.weak != is_bad


def test_the_next_point_that_is_as_weak_is_a_fault_and_the_one_behind_it_is_judged_anew():
    rig = Rig()
    falls = (1_000, 1_000, 500, 500, 500, 500, 500)
    assert weak(rig, *falls).seat == BAD
    rig.response.reset()
    assert not rig.response.failed()
    response = weak(rig, *falls)
    assert response.weak and response.seat != BAD
    response.reset()
    assert weak(rig, *falls).seat == BAD
    rig.response.reset()
    rig.response.reset()  # nothing was seen in between: it is still the next point
    assert weak(rig, *falls).weak


def test_a_bad_seat_is_remembered_until_a_whole_window_was_judged():
    for resets in (1, 3):  # an acknowledge, and points that somebody gave up
        rig = Rig()
        rig.burst(4_400, 1_500)
        assert rig.response.seat == BAD
        for _ in range(resets):
            rig.response.reset()
            rig.burst(300, 300)
        rig.response.reset()
        rig.burst(4_400, 1_500)
        assert rig.response.strong and rig.response.seat == WAS_BAD, resets
    rig = Rig()
    rig.burst(4_400, 1_500)
    rig.response.reset()
    for _ in range(2):
        rig.burst(1_500, 1_500)
    rig.response.reset()
    rig.burst(4_400, 1_500)
    assert rig.response.seat == BAD and not rig.response.strong


def test_a_miss_counts_only_where_a_step_was_promised():
    for promised, missing in ((249, False), (250, True)):
        rig = Rig()
        for _ in range(RESPONSE_MISSES):
            assert not rig.response.missing
            rig.burst(RESPONSE_MIN_MDEGC - 1, promised)
        assert rig.response.missing == missing, promised
    rig = Rig()
    for promised in (250, 249, 250):  # one that proves nothing clears nothing
        rig.burst(0, promised)
    assert not rig.response.missing
    assert rig.burst(0, 250).missing


def test_a_jet_within_the_share_is_never_strong():
    rig = Rig()
    for _ in range(50):
        assert not rig.burst(1_600, 1_000).failed()
    rig = Rig()
    for _ in range(50):
        assert not rig.burst(500, 310).failed()


def test_a_verdict_stands_until_the_reset_which_forgets_all():
    for falls in ((0, 400), (300, 1_000), (3_000, 1_000)):
        rig = Rig()
        for _ in range(3):
            rig.burst(falls[0], falls[1])
        assert rig.response.failed()
        for _ in range(3):
            rig.burst(1_000, 1_000)
        assert rig.response.failed()
        rig.response.reset()
        assert not rig.response.failed()
        for _ in range(2):
            assert not rig.burst(0, 400).failed()
        rig.response.reset()
        assert not rig.burst(0, 400).failed()


def test_a_reset_ends_an_open_cycle():
    response = Response()
    response.begin(20_000, 20_000)
    response.reset()
    response.sample(-70_000, 20_000)
    response.close()
    assert not response.failed()


def test_a_first_window_is_too_much_beyond_all_callus_and_margin():
    for seat in (GOOD, WAS_BAD):
        for fall, expected in ((3_800, False), (3_801, True)):  # 2.2 times 3 000 + 500, and a step a burst
            rig = Rig()
            rig.response.seat = seat
            assert not rig.burst(3_800, 1_500).failed()
            response = rig.burst(fall, 1_500)
            assert response.failed() == expected
            assert response.strong == (expected and seat == WAS_BAD)


def test_an_older_window_counts_half():
    for fall, expected in ((3_700, False), (3_701, True)):  # 1.4 times (1 500 + 1 500) + 500 + 500 - 1 500
        rig = window(1_000)
        rig.response._least_pm = 1_000
        assert rig.burst(fall, 1_500).strong == expected


def test_a_moderately_stronger_jet_is_found_over_the_window():
    rig = window(1_000)
    assert until_strong(rig) <= 4
    rig = window(1_000)
    for _ in range(40):
        assert not rig.burst(2_200, 1_500).strong  # at 3 000 predicted 1.4 times and margin and steps is 1.73 times
