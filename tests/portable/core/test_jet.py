"""The jet constant is learnt upward from settled samples, from a lower bound, and never downward (limit 7)."""

import micropython
from cryo import limits
from cryo.core import faults, mode, points, session
from cryo.core.jet import AS_CALIBRATED, LEARN_FROM_MDEGC, LEARN_MARGIN_MDEGC, RATIO_MAX, Jet
from cryo.core.observer import k_at
from cryo.core.response import BAD, GOOD, WAS_BAD
from supervisor_rig import Rig

K = 16_000


def learn(jet, observed_mdegc, predicted_mdegc, shown_pm=0):
    micropython.heap_lock()
    try:
        return jet.learn(observed_mdegc, predicted_mdegc, shown_pm)
    finally:
        micropython.heap_unlock()


def bursts(jet, *samples):
    """Give a burst for each (observed, predicted); return the ratios that they were planned with."""
    out = []
    for observed_mdegc, predicted_mdegc in samples:
        out.append(learn(jet, observed_mdegc, predicted_mdegc))
        jet.fired()
    return out


class Strong(Rig):
    """A rig whose jet has `thousandths` of the calibrated strength: the skin falls that much more than predicted."""

    def __init__(self, thousandths, **other):
        super().__init__(**other)
        self.thousandths = thousandths
        self.dips = False
        self.lie_mdegc = 0
        self.planned = []
        self.rises = None  # (predicted reading from which on, thousandths of what falls further)

    def _sample(self, dt_us):
        observer = self.sup.observer
        if self.sup.point.treated and self.sup.session.point_open:
            fall = observer.baseline_mdegc - observer.probe_mdegc()
            self.skin_mdegc = observer.baseline_mdegc - fall * self.thousandths // 1000 + self.lie_mdegc
            if self.rises:
                from_mdegc, thousandths = self.rises
                self.skin_mdegc -= (from_mdegc - observer.probe_mdegc()) * (thousandths - 1_000) // 1_000
        elif not self.sup.session.point_open:
            self.skin_mdegc = 32_500
        super()._sample(dt_us)


def test_a_fall_as_predicted_or_less_teaches_nothing():
    jet = Jet(K)
    for predicted in (0, 1_000, 5_000, 20_000, 90_000):
        for observed in (-5_000, 0, predicted // 2, predicted * 8 // 10, predicted, predicted + LEARN_MARGIN_MDEGC):
            assert bursts(jet, (observed, predicted), (observed, predicted)) == [AS_CALIBRATED] * 2
    assert jet.kept == AS_CALIBRATED


def test_it_learns_what_is_left_of_the_observed_fall_after_the_margin():
    for predicted, observed, ratio in ((10_000, 13_500, 1_300), (10_000, 10_600, 1_010), (20_000, 24_500, 1_200)):
        jet = Jet(K)
        assert bursts(jet, (observed, predicted), (observed, predicted)) == [ratio, ratio]
        assert jet.kept == ratio
        assert ratio * predicted // 1000 == observed - LEARN_MARGIN_MDEGC


def test_nothing_is_learnt_before_two_degc_are_predicted():
    jet = Jet(K)
    assert LEARN_FROM_MDEGC == 2_000
    assert bursts(jet, (8_000, 1_999), (8_000, 1_999)) == [AS_CALIBRATED] * 2
    assert learn(jet, 8_000, 2_000) > AS_CALIBRATED


def test_one_sample_counts_for_its_own_burst_and_two_bursts_in_a_row_are_kept():
    jet = Jet(K)
    assert bursts(jet, (10_000, 10_000), (15_500, 10_000), (10_000, 10_000)) == [1_000, 1_500, 1_000]
    assert jet.kept == AS_CALIBRATED
    assert bursts(jet, (12_500, 10_000), (14_500, 10_000), (10_000, 10_000)) == [1_200, 1_400, 1_200]
    assert jet.kept == 1_200  # the lower of the two


def test_a_sample_on_which_no_burst_is_given_is_not_kept():
    jet = Jet(K)
    for _ in range(5):
        learn(jet, 15_500, 10_000)
    jet.fired()
    assert jet.kept == AS_CALIBRATED


def test_it_is_never_learnt_downward():
    jet = Jet(K)
    bursts(jet, (13_500, 10_000), (13_500, 10_000))
    for observed in (12_000, 10_000, 5_000, 0, -3_000):  # a weaker jet, a probe half detached, detached, warmed
        assert bursts(jet, (observed, 10_000), (observed, 10_000)) == [1_300, 1_300]
    new_point = (0, 0)  # its first burst: another baseline, nothing predicted yet
    assert bursts(jet, new_point, (14_500, 10_000), new_point, (14_500, 10_000)) == [1_300, 1_400, 1_300, 1_400]
    assert jet.kept == 1_300  # one burst of either point


def test_a_weaker_jet_is_kept_apart_and_never_below_four_fifths():
    jet = Jet(K)
    assert jet.weaker_pm == AS_CALIBRATED
    for observed, weaker_pm in ((9_000, 950), (8_000, 850), (7_500, 800), (0, 800), (-5_000, 800), (9_500, 1_000)):
        bursts(jet, (observed, 10_000), (observed, 10_000))
        assert jet.weaker_pm == weaker_pm and jet.ratio == AS_CALIBRATED, observed


def test_the_higher_of_two_samples_counts_for_a_weaker_jet():
    jet = Jet(K)
    for observed, predicted, weaker_pm in (
        (7_000, 10_000, 1_000),  # the first one shows nothing yet
        (8_000, 10_000, 850),
        (7_000, 10_000, 850),
        (7_000, 10_000, 800),
        (11_000, 10_000, 1_000),
        (7_000, 10_000, 1_000),
        (7_000, 10_000, 800),
        (1_000, 1_999, 1_000),  # too little is predicted: another point
    ):
        learn(jet, observed, predicted)
        assert jet.weaker_pm == weaker_pm, (observed, predicted)


def told(rig):
    """Return the floor's K, the K's of the other two bounds, and the margin that the next plan is made with."""
    seen = []

    def plan(skin, floor, cap, k, predicted, k_here, k_most, least):
        seen.extend((k, k_here, k_most, rig.sup.planner.margin_mdegc))
        return 0

    planner = rig.sup.planner
    real = planner.plan
    planner.plan = plan
    rig.sup._plan()
    planner.plan = real
    return seen


def test_only_while_both_sensors_agree_the_floor_reckons_with_a_weaker_jet():
    rig = Rig().deliver(level=3).to_burst(2)
    jet = rig.sup.jet
    jet.learn = lambda observed, predicted, shown: AS_CALIBRATED
    jet.weaker_pm = 800
    rig.sup.second.agrees = False
    k, k_here, k_most, margin = told(rig)
    assert (margin, rig.sup.point.lowest_mdegc) == (1_500, rig.sup.point.floor_mdegc - 1_500)
    rig.sup.second.agrees = True
    assert told(rig) == [k * 800 // 1_000, k_here, k_most, 3_500]
    assert rig.sup.point.lowest_mdegc == rig.sup.point.floor_mdegc - 3_500
    jet.weaker_pm = AS_CALIBRATED
    assert told(rig) == [k, k_here, k_most, 3_500]


def test_a_new_press_begins_without_an_agreement():
    rig = Rig().deliver(level=3)
    for before in (mode.ARMED, mode.REST):
        rig.sup.mode = before
        rig.sup.second.agrees = True
        rig.sup.enter(mode.DELIVERING)
        assert not rig.sup.second.agrees


def test_the_floor_takes_k_where_the_skin_is_and_no_more_than_at_80_mm():
    for mm, near_mm in ((120, 120), (120, 110), (90, 90), (80, 80)):
        rig = Rig().deliver(level=3).to_burst(2)
        rig.sup.eye.mm = mm
        rig.sup.eye.near_mm = near_mm
        rig.sup.burst.shown_mm = mm
        k, _, _, _ = told(rig)
        assert k == min(rig.config.jet_k_mdegc, k_at(rig.config.jet_k_mdegc, near_mm - limits.DISTANCE_NOISE_MM))


def test_it_stays_within_what_is_treatable():
    for k, most in ((8_000, 4_000), (16_000, 3_125), (49_000, 1_020), (50_000, 1_000)):
        jet = Jet(k)
        assert bursts(jet, (350_000, 2_000), (350_000, 2_000)) == [most] * 2
        assert k * jet.kept // 1000 <= limits.JET_K_MAX_MDEGC
    assert bursts(Jet(0), (350_000, 2_000), (350_000, 2_000)) == [AS_CALIBRATED] * 2


def test_a_jet_as_calibrated_leaves_the_bursts_as_they_are():
    as_calibrated = Strong(1_000).deliver(level=4)
    as_calibrated.tick(900)
    assert as_calibrated.sup.jet.kept == AS_CALIBRATED
    assert as_calibrated.sup.point.lowest_mdegc == as_calibrated.sup.point.floor_mdegc - limits.MODEL_MARGIN_MDEGC


def planned(rig, settled_mdegc):
    """Return the next burst for this settled reading; the observer stays as it is."""
    sup = rig.sup
    sup.settled_mdegc = settled_mdegc
    sup.planner.probe_due = False
    sup.planner.advance(10_000_000)  # no burst in sight
    return sup._plan()


def to_fall(rig, mdegc):
    """Continue until so much fall is predicted and no burst is open."""
    for _ in range(1_500):
        sup = rig.sup
        fall_mdegc = sup.observer.baseline_mdegc - sup.observer.probe_mdegc()
        if fall_mdegc >= mdegc and not sup.burst.open and sup.point.treated:
            return rig
        rig.tick()
    raise AssertionError("never fell by " + str(mdegc))


def test_a_stronger_jet_shortens_the_very_next_burst():
    rig = to_fall(Strong(1_000).deliver(level=1), 13_500)
    observer = rig.sup.observer
    seen = observer.baseline_mdegc - (observer.baseline_mdegc - observer.probe_mdegc()) * 1_300 // 1_000
    rig.sup.jet.most = AS_CALIBRATED  # K as calibrated, on the same reading
    before_us = planned(rig, seen)
    rig.sup.jet.most = RATIO_MAX
    after_us = planned(rig, seen)
    assert 0 < after_us < before_us
    # by the square of 1.3 less the margin over the fall, closing delay aside
    assert rig.sup.jet.ratio > 1_200
    delay_us = rig.config.valve_close_delay_us
    assert (after_us + delay_us) * 1_200 * 1_200 < (before_us + delay_us) * 1_000_000


def test_the_model_s_budget_reckons_with_what_is_learnt():
    rig = Strong(1_000)
    rig.i.distance.value = 80
    sup = to_fall(rig.deliver(level=4), 15_000).sup
    observer = sup.observer
    row_floor = sup.point.floor_mdegc - limits.MODEL_MARGIN_MDEGC
    delay_us = rig.config.valve_close_delay_us
    for kept in (1_000, 1_200):
        sup.jet.kept = kept
        fall = observer.baseline_mdegc - observer.surface_mdegc
        predicted = observer.baseline_mdegc - fall * kept // 1_000
        root = (predicted - row_floor) * 1_000 // (K * kept // 1_000)
        model_us = root * root - delay_us
        assert limits.BURST_MIN_US < model_us < 500_000
        assert planned(rig, 31_000) == model_us  # a probe that lies: the model alone is asked


def test_an_open_burst_is_cut_when_the_predicted_surface_is_at_the_model_floor():
    for above_mdegc in (1, 0, -1):
        rig = to_fall(Strong(1_000).deliver(level=3), 8_000)
        rig.to_burst(len(rig.fired) + 1)
        rig.tick()
        sup = rig.sup
        sup.session.point_open = False  # the observer stands still
        sup.point.lowest_mdegc = sup.observer.surface_mdegc - above_mdegc
        rig.tick()
        assert rig.o.cut == (0 if above_mdegc > 0 else 1)
        assert rig.o.lease == 1 - rig.o.cut


def test_another_point_begins_with_its_own_model_floor_and_hold():
    rig = Rig().arm()
    rig.sup.point.lowest_mdegc = 50_000
    rig.sup.point.hold_us = 4_900_000
    rig.sup.jet._dip_kept = 1_800
    rig.tick(201)
    rig.press()
    rig.to_burst(1)
    assert rig.sup.point.lowest_mdegc == rig.sup.point.floor_mdegc - limits.MODEL_MARGIN_MDEGC
    assert rig.sup.point.hold_us == 0
    assert rig.sup.jet._dip_kept == rig.sup.jet.dip == AS_CALIBRATED


def test_the_model_floor_follows_what_is_learnt():
    rig = to_fall(Strong(1_300).deliver(level=3), 10_000)
    rig.to_burst(len(rig.fired) + 1)
    sup = rig.sup
    assert sup.jet.ratio > 1_150
    fall = sup.observer.baseline_mdegc - sup.point.floor_mdegc + limits.MODEL_MARGIN_MDEGC
    scaled = (sup.observer.baseline_mdegc - sup.point.lowest_mdegc) * sup.jet.ratio // 1000
    assert fall - 40 <= scaled <= fall  # the calibrated observer is stopped where the learnt one is at its floor


def test_what_was_learnt_holds_for_the_next_point_and_the_next_session():
    rig = to_fall(Strong(1_300).deliver(level=3), 10_000)
    rig.to_burst(len(rig.fired) + 2)
    kept = rig.sup.jet.kept
    assert kept > 1_150
    rig.i.trigger = 0
    rig.ask(3)  # disarm
    assert rig.sup.mode == mode.STANDBY
    rig.sup.renew_session()
    assert rig.sup.jet.kept == kept
    rig.thousandths = 1_000
    rig.skin_mdegc = 32_500
    rig.sup.session.rest_left_us = 0
    rig.tick(20)
    rig.choose(level=3, point=2)
    rig.ask(1)
    rig.ask(2, rig.sup.nonce)
    rig.tick(201)
    rig.press()
    rig.to_burst(len(rig.fired) + 3)
    assert rig.sup.jet.kept == kept and rig.sup.jet.ratio >= kept


def test_one_cold_reading_changes_one_burst_and_nothing_after_it():
    rig = to_fall(Strong(1_000).deliver(level=3), 8_000)
    rig.lie_mdegc = -2_000
    number = len(rig.fired)
    rig.to_burst(number + 1)
    lied = rig.sup.jet.ratio
    rig.lie_mdegc = 0
    rig.to_burst(number + 3)
    assert lied > AS_CALIBRATED
    assert rig.sup.jet.kept == rig.sup.jet.ratio == AS_CALIBRATED


def test_a_probe_half_detached_teaches_nothing():
    rig = Strong(700).deliver(level=3)
    rig.tick(800)
    assert len(rig.fired) > 5
    assert rig.sup.jet.kept == AS_CALIBRATED


def test_a_jet_that_grows_within_a_point_gets_its_verdict_and_one_strong_from_the_first_burst_is_learnt():
    rig = Strong(1_900).deliver(level=3)
    rig.tick(1_000)
    assert rig.sup.faults.first == 0 and rig.sup.jet.dip > 1_800
    assert rig.sup.jet.hold_mm() == 120  # 80 mm x 1.9 to the power 2/3 is 123
    rig = to_fall(Strong(1_000).deliver(level=3), 12_000)
    assert rig.sup.faults.first == 0 and rig.sup.jet.dip == AS_CALIBRATED
    rig.rises = (rig.sup.observer.probe_mdegc(), 2_000)
    rig.tick(400)
    assert rig.sup.faults.latched.has(faults.RESPONSE_STRONG)


def test_what_quick_falls_show_counts_for_the_fall_within_a_burst_alone():
    jet = Jet(K)
    assert learn(jet, 1_000, 1_000, 1_400) == AS_CALIBRATED and jet.dip == 1_500  # a quarter more than is seen of it
    jet.fired()
    assert learn(jet, 1_000, 1_000, 900) == AS_CALIBRATED and jet.dip == AS_CALIBRATED  # one burst
    jet.fired()
    for shown in (1_400, 1_200):
        learn(jet, 1_000, 1_000, shown)
        jet.fired()
    learn(jet, 1_000, 1_000, 0)
    assert jet.dip == 1_250  # two in a row: the lower one
    learn(jet, 20_000, 10_000, 0)
    assert jet.dip == jet.ratio == 1_950
    learn(jet, 1_000, 1_000, 9_000)
    assert jet.dip == jet.most == 3_125


def test_what_a_jet_as_calibrated_shows_too_is_nothing_learnt():
    for shown, dip in ((1_149, AS_CALIBRATED), (1_150, 1_187)):
        jet = Jet(K)
        for _ in range(2):
            learn(jet, 1_000, 1_000, shown)
            jet.fired()
        assert jet.dip == jet._dip_kept == dip


def test_what_quick_falls_showed_fades_while_they_show_no_more_and_never_below_what_settled():
    jet = Jet(K)
    for _ in range(2):
        learn(jet, 14_500, 10_000, 1_800)
        jet.fired()
    assert jet._dip_kept == 2_000 and jet.kept == 1_400
    kept = []
    for _ in range(32):
        learn(jet, 0, 0, 900)
        assert jet.dip >= jet.ratio == 1_400
        jet.fired()
        kept.append(jet._dip_kept)
    assert kept == sorted(kept, reverse=True) and kept[0] == 1_969 and 1_350 < kept[-1] < 1_400


def test_another_point_has_what_the_last_one_kept_in_part_and_nothing_of_its_quick_falls():
    for observed, carried in ((13_500, 1_300), (17_000, 1_300), (11_500, 1_100)):
        jet = Jet(K)
        for _ in range(2):
            learn(jet, observed, 10_000, 1_800)
            jet.fired()
        jet.begin()
        assert jet.kept == jet.ratio == jet.dip == carried
        learn(jet, 0, 0)
        assert jet.dip == carried
        jet.fired()
        learn(jet, 10_000, 10_000, 1_800)
        jet.fired()
        learn(jet, 10_000, 10_000, 0)
        assert jet.dip == carried  # one burst of this point


def test_where_to_hold_it_follows_the_law_of_distance():
    for pm, mm in ((1_000, 0), (1_149, 0), (1_150, 90), (1_300, 95), (1_700, 115), (2_000, 125), (3_125, 175)):
        jet = Jet(K)
        jet.kept = pm
        assert jet.hold_mm() == mm, pm
        assert not mm or -5 < mm - 80 * (pm / 1_000) ** (2 / 3) < 5
    jet = Jet(K)
    for _ in range(2):
        learn(jet, 0, 0, 1_560)
        jet.fired()
    assert jet.hold_mm() == 115  # callus shows in the quick falls


def test_the_burst_s_bounds_take_what_the_quick_falls_show_and_the_model_s_floor_does_not():
    rig = Rig().deliver(level=3).to_burst(2)
    jet = rig.sup.jet
    jet.learn = lambda observed, predicted, shown: AS_CALIBRATED
    before = told(rig)
    lowest = rig.sup.point.lowest_mdegc
    jet.dip = 1_500
    assert told(rig)[:3] == [k * 3 // 2 for k in before[:3]]
    assert rig.sup.point.lowest_mdegc == lowest


def test_a_badly_seated_probe_ends_the_point_with_its_reason_and_no_fault():
    rig = Rig().deliver(level=3).to_burst(2)
    sup = rig.sup
    for seat in (GOOD, WAS_BAD):
        sup.response.seat = seat
        sup._judge()
        assert sup.session.point_spent == session.GOING
    sup.response.seat = BAD
    sup._judge()
    rig.tick()
    assert sup.mode == mode.COMPLETE and sup.session.reason == session.PROBE_SEAT and sup.faults.first == 0


def test_a_sample_that_shows_a_bad_seat_ends_the_point_at_once_and_does_not_wait_for_the_next_burst():
    rig = Rig().deliver(level=3).to_burst(2)
    sup = rig.sup
    bursts = len(rig.fired)

    def sample(skin_mdegc, probe_mdegc):
        sup.response.seat = BAD

    sup.response.sample = sample
    sup._judge = lambda: None
    rig.tick(12)  # a conversion and the tick that reads it
    assert sup.mode == mode.COMPLETE and sup.session.reason == session.PROBE_SEAT
    assert len(rig.fired) == bursts


def test_a_point_without_time_on_a_learnt_jet_says_so():
    for after, reached, hold_mm, over, reason in (
        (mode.COMPLETE, False, 115, session.TIME, session.THICK_SKIN),
        (mode.COMPLETE, False, 115, session.PASSES, session.THICK_SKIN),
        (mode.COMPLETE, False, 0, session.TIME, session.TIME),
        (mode.COMPLETE, True, 115, session.TIME, session.TIME),
        (mode.COMPLETE, False, 115, session.DOSE, session.DOSE),
        (mode.STANDBY, False, 115, session.TIME, session.STOPPED),
        (mode.FAULT, False, 115, session.TIME, session.FAULTED),
    ):
        rig = Rig().deliver(level=3)
        rig.sup.point.over = over
        rig.sup.session.reached = reached
        points.leave(rig.sup.session, rig.sup.point, after, hold_mm)
        assert rig.sup.session.reason == reason, (after, reached, hold_mm, over)
