"""Does the skin answer the bursts: limit 13, and observed against predicted falls (limit 7)."""

import micropython
from cryo.core.response import Response


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


def test_more_than_the_share_the_margin_and_a_step_is_strong_at_once():
    limit = 1_600 + 750 + 250  # 1.6 times 1 000, the margin, one step
    for fall, expected in ((limit, False), (limit + 1, True)):
        response = Response()
        response.begin(20_000, 20_000)
        response.sample(20_000 - fall, 19_000)  # before the burst is accounted for: waiting costs skin
        assert response.strong == expected
        assert response.failed() == expected


def test_a_jet_of_twice_the_strength_is_strong_within_a_few_bursts():
    for predicted in (1_700, 2_000, 2_500):
        rig = Rig()
        bursts = 0
        while not rig.response.strong:
            rig.burst(2 * predicted, predicted)
            bursts += 1
            assert bursts <= 3
        assert bursts > 1 or predicted == 2_500  # one odd burst is no verdict


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


def test_a_window_is_strong_beyond_its_share_and_margin():
    for fall, expected in ((2_600, False), (2_601, True)):  # 1.4 times 3 000 + 500, and a step a burst
        rig = Rig()
        assert not rig.burst(2_600, 1_500).strong
        assert rig.burst(fall, 1_500).strong == expected


def test_an_older_window_counts_half():
    for fall, expected in ((3_700, False), (3_701, True)):  # 1.4 times (1 500 + 1 500) + 500 + 500 - 1 500
        rig = Rig()
        for _ in range(2):
            assert not rig.burst(1_500, 1_500).failed()
        assert rig.burst(fall, 1_500).strong == expected


def test_a_moderately_strong_jet_is_found_over_the_window():
    for fall, expected in ((2_450, False), (2_700, True)):  # limit at 3 000 predicted: (3 000 * 1.4 + 500 + 500) / 2
        rig = Rig()
        assert not rig.burst(fall, 1_500).strong
        assert rig.burst(fall, 1_500).strong == expected
