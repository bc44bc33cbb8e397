"""Guidance of the hand: what it says at each distance, from when to when, and what a learnt jet changes."""

from cryo.core import guidance, mode, presets
from cryo.core.guidance import FARTHER, NEARER, NONE, RIGHT, look
from cryo.core.jet import Jet
from cryo.core.observer import k_at
from cryo.core.session import Session
from cryo.limits import START_MAX_MM, START_MIN_MM
from supervisor_rig import Rig


class Eye:
    def __init__(self):
        self.mm = 90
        self.range = 0


class Config:
    jet_k_mdegc = 16_000


class Seen:
    """The part of a supervisor that guidance reads."""

    def __init__(self, now=mode.ARMED, ratio=1_000):
        self.mode = now
        self.eye = Eye()
        self.jet = Jet(16_000)
        self.jet.kept = ratio
        self.session = Session()
        self.session.preset = 1
        self.session.level = 0  # best is 90 mm
        self.config = Config()


def told(s, mm, before=NONE):
    s.eye.mm = mm
    return look(s, before)


def test_the_window_is_ten_millimetres_to_each_side_and_is_entered_five_inside():
    s = Seen()
    wide = {mm: told(s, mm, RIGHT) for mm in range(60, 221)}
    assert wide == {mm: FARTHER if mm < 80 else RIGHT if mm <= 100 else NEARER for mm in range(60, 221)}
    for before in (NONE, FARTHER, NEARER):
        narrow = {mm: told(s, mm, before) for mm in range(60, 221)}
        assert narrow == {mm: FARTHER if mm < 85 else RIGHT if mm <= 95 else NEARER for mm in range(60, 221)}


def test_a_hand_that_trembles_at_an_edge_is_told_one_thing():
    s = Seen()
    for edge in (80, 100):
        before = told(s, 90)
        changes = 0
        for k in range(200):
            after = told(s, edge + (-1, 0, 1)[k % 3], before)
            changes += after != before
            before = after
        assert changes == 1 and before != RIGHT  # it leaves the window once, and stays outside


def test_best_follows_the_learnt_jet_by_its_law():
    for pm in (1_000, 1_100, 1_200, 1_500, 2_000, 2_500):
        best = guidance.best_mm(Seen(ratio=pm))
        law = max(90.0, 80.0 * (pm / 1000) ** (2 / 3))
        assert abs(best - law) <= 8, (pm, best, law)
    s = Seen(ratio=2_000)
    assert told(s, 90) == FARTHER and told(s, 125) == RIGHT and told(s, 145) == NEARER


def test_each_level_has_its_best_and_its_window_lies_where_a_treatment_may_start():
    s = Seen()
    for preset in range(3):
        for level, row in enumerate(presets.PRESETS[preset][presets.LEVELS]):
            if row is None:
                continue
            s.session.preset = preset
            s.session.level = level
            best = row[presets.BEST_MM]
            assert guidance.best_mm(s) == best
            assert START_MIN_MM <= best - guidance.WINDOW_MM and best + guidance.WINDOW_MM <= START_MAX_MM
            assert told(s, best) == RIGHT and told(s, best - 11) == FARTHER and told(s, best + 11) == NEARER
            s.jet.kept = 2_000
            assert guidance.best_mm(s) == s.jet.hold_mm() > best
            s.jet.kept = 1_000


def test_the_hand_is_told_from_the_request_until_the_point_is_over_and_never_without_a_distance():
    for now in range(mode.SERVICE + 1):
        s = Seen(now)
        wanted = NEARER if now in (mode.READY, mode.ARMED, mode.DELIVERING, mode.REST) else NONE
        assert told(s, 150) == wanted, mode.NAMES[now]
        s.eye.range = 3
        assert told(s, 150) == NONE


def test_it_goes_on_in_a_pass_with_what_the_supervisor_measures():
    rig = Rig()
    rig.arm()
    rig.tick(201)
    rig.press()
    rig.tick(20)
    assert rig.sup.mode == mode.DELIVERING
    found = []
    for mm in (105, 130, 105, 75):
        rig.i.distance.value = mm
        rig.i.distance.sequence += 1
        rig.tick(2)
        found.append(look(rig.sup, NONE))
    assert found == [RIGHT, NEARER, RIGHT, FARTHER]


def test_each_word_fits_the_display():
    assert [len(word) <= 16 for word in guidance.WORDS] == [True] * 4 and guidance.WORDS[NONE] == ""


def test_a_learnt_distance_nearer_than_the_level_s_best_does_not_count():
    s = Seen(ratio=1_200)
    s.session.preset = 0
    s.session.level = 3  # best 115
    assert 0 < s.jet.hold_mm() < 115 == guidance.best_mm(s) == guidance.hold_mm(s)
    s.jet.kept = 1_000
    assert guidance.hold_mm(s) == 0 and guidance.best_mm(s) == 115


def test_best_stays_where_a_treatment_may_start():
    s = Seen(ratio=4_000)
    assert s.jet.hold_mm() > START_MAX_MM - guidance.WINDOW_MM == guidance.best_mm(s)


def test_without_a_level_nobody_is_guided():
    s = Seen()
    s.session.level = -1
    assert told(s, 90) == NONE


def test_a_distance_that_the_light_contradicts_guides_nobody():
    rig = Rig()
    rig.i.distance.light = 1_000
    rig.i.distance.value = 115
    rig.deliver()
    rig.i.distance.light = 1_600
    rig.i.distance.value = 135
    rig.i.distance.sequence += 1
    rig.tick(2)
    assert rig.sup.mode == mode.REST and look(rig.sup, NONE) == NONE


def test_outside_the_window_of_a_pass_the_hand_is_told_the_way_back():
    s = Seen()
    s.eye.range = 2
    assert told(s, 65) == FARTHER and told(s, 230) == NEARER and told(s, 100) == NONE


def test_the_press_that_begins_a_point_does_not_move_best():
    rig = Rig()
    rig.stand_by()
    rig.choose()
    rig.sup.jet._dip_kept = 1_700
    rig.ask(1)
    rig.ask(2, rig.sup.nonce)
    rig.i.distance.value = best = guidance.best_mm(rig.sup)
    rig.tick(205)
    rig.press()
    rig.tick(2)
    assert rig.sup.mode == mode.DELIVERING and guidance.best_mm(rig.sup) == best == 115


# --- how long the target takes ----------------------------------------------------------------------------------------
FULL_MBAR = 57_300


def every_level():
    """Yield a supervisor with each level chosen, and the level's row."""
    for preset in range(len(presets.PRESETS)):
        for level, row in enumerate(presets.PRESETS[preset][presets.LEVELS]):
            if row is not None:
                s = Seen()
                s.session.preset = preset
                s.session.level = level
                yield s, row


def test_the_time_is_the_table_s_at_its_distances_and_between_them_lies_between():
    for s, row in every_level():
        held = [row[presets.SECONDS + n] for n in range(4)]
        assert [guidance.target_s(s, mm, FULL_MBAR) for mm in (80, 100, 120)] == held[:3]
        for n in range(2):
            low, high = sorted(held[n : n + 2])
            for mm in range(80 + 20 * n, 101 + 20 * n):
                assert low - 1 <= guidance.target_s(s, mm, FULL_MBAR) <= high
        assert guidance.target_s(s, 60, FULL_MBAR) == held[0]  # a stronger jet than at 80 mm promises nothing more


def test_a_target_out_of_reach_has_no_time():
    for s, row in every_level():
        reach = row[presets.REACH_K_MDEGC]
        for mm in range(80, 221):
            assert (guidance.target_s(s, mm, FULL_MBAR) == 0) == (k_at(16_000, mm) < reach), mm
    s.session.level = -1
    assert guidance.target_s(s, 90, FULL_MBAR) == 0


def test_a_cold_bottle_counts_as_its_jet_does():
    for mbar in range(35_000, 75_001, 500):
        law = 1000 * (mbar / FULL_MBAR) ** 0.6
        assert abs(guidance.jet_pm(mbar) - law) <= 0.006 * law
    for s, _ in every_level():
        cold_s = guidance.target_s(s, 110, 45_000)
        assert cold_s == 0 or cold_s != guidance.target_s(s, 110, FULL_MBAR)
        assert guidance.target_s(s, 130, 36_000) == 0


def test_a_learnt_jet_takes_at_its_distance_what_the_calibrated_one_takes_nearer():
    for s, row in every_level():
        s.jet.kept = 2_000
        held = [row[presets.SECONDS + n] for n in range(2)]
        assert min(held) - 1 <= guidance.target_s(s, s.jet.hold_mm(), FULL_MBAR) <= max(held)
        assert guidance.target_s(s, 80, FULL_MBAR) == held[0]


def test_the_strongest_figures_stay_within_31_bits():
    s = Seen()
    s.config = Config()
    s.config.jet_k_mdegc = 50_000
    s.jet.kept = 4_000
    assert guidance.target_s(s, 80, 75_000) == s.session.row()[presets.SECONDS]
