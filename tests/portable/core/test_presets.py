"""Presets, sites and attestations against figures typed here on their own."""

from cryo import limits
from cryo.core import presets

# target degC, floor degC, cap ms, rest s
EXPECTED = {
    "CHRONIC": (
        False,
        ((18, 10, 200, 60), (15, 8, 300, 60), (13.6, 7, 400, 60), (12.8, 5.5, 500, 90), None),
    ),
    "DIABETIC": (True, ((20, 14, 200, 90), (18, 12, 200, 90), (16, 10, 300, 120), None, None)),
    "CIPN": (True, ((20, 14, 200, 90), (18, 12, 200, 90), (17, 11, 200, 120), None, None)),
}


def test_the_table_of_levels():
    assert len(presets.PRESETS) == len(EXPECTED)
    for preset in presets.PRESETS:
        reduced, levels = EXPECTED[preset[presets.NAME]]
        assert preset[presets.REDUCED] == (1 if reduced else 0)
        assert len(preset[presets.LEVELS]) == len(levels) == 5
        for row, figures in zip(preset[presets.LEVELS], levels):
            if figures is None:
                assert row is None
                continue
            target, floor, cap, rest = figures
            assert row[presets.TARGET_MDEGC] == round(target * 1000)
            assert row[presets.FLOOR_MDEGC] == floor * 1000
            assert row[presets.CAP_US] == cap * 1000
            assert row[presets.REST_S] == rest


def test_no_level_contradicts_a_limit():
    for preset in presets.PRESETS:
        reduced = preset[presets.REDUCED]
        last = None
        for row in preset[presets.LEVELS]:
            if row is None:
                continue
            assert row[presets.FLOOR_MDEGC] < row[presets.TARGET_MDEGC]
            # the planner squares the room down to the least skin: above the floor it is never negative
            least = limits.SKIN_LEAST_REDUCED_MDEGC if reduced else limits.SKIN_LEAST_MDEGC
            assert row[presets.FLOOR_MDEGC] > least
            assert row[presets.FLOOR_MDEGC] > (8_000 if reduced else 4_000)
            assert 30_000 <= row[presets.CAP_US] <= (300_000 if reduced else 500_000)
            assert row[presets.REST_S] >= 60
            assert row[presets.REACH_K_MDEGC] >= 0
            if last:  # each level is colder and no shorter than the one before
                assert row[presets.TARGET_MDEGC] < last[presets.TARGET_MDEGC]
                assert row[presets.FLOOR_MDEGC] <= last[presets.FLOOR_MDEGC]
                assert row[presets.CAP_US] >= last[presets.CAP_US]
                assert row[presets.REST_S] >= last[presets.REST_S]
            last = row


def test_names_are_unique_words():
    for names in (
        [preset[presets.NAME] for preset in presets.PRESETS],
        [row[0] for row in presets.ATTESTATIONS],
        list(presets.SITES),
    ):
        assert len(set(names)) == len(names)
        for name in names:
            assert name == name.upper() and " " not in name


def test_no_site_of_the_head_can_be_chosen():
    head = (
        "HEAD FACE NECK EYE EYES EYELID BROW FOREHEAD EAR EARS SCALP THROAT MOUTH LIP LIPS NOSE CHEEK TEMPLE CHIN JAW "
        "SKULL NAPE"
    ).split()
    for site in presets.SITES:
        for word in site.split("-"):
            for side in ("", "L", "R"):
                assert word not in [side + part for part in head], site
    for part in ("HEAD", "FACE", "NECK", "EYE"):
        assert part in presets.FORBIDDEN_SITES
    assert not set(presets.SITES) & set(presets.FORBIDDEN_SITES)


def test_every_limb_site_exists_left_and_right():
    assert len(presets.SITES) > 20
    assert presets.POINTS_PER_SITE > 0
    for site in presets.SITES:
        if not site.startswith("BACK"):
            other = ("R" if site[0] == "L" else "L") + site[1:]
            assert site[0] in "LR" and other in presets.SITES


def test_attestations():
    bits = {row[0]: row[1] for row in presets.ATTESTATIONS}
    seen = 0
    for word, bit, text in presets.ATTESTATIONS:
        assert bit & (bit - 1) == 0 and bit and not bit & seen, word
        assert len(text) > 10
        seen |= bit
    always = ("SKIN", "EYESPATIENT", "EYESOPERATOR", "CONTRA", "WOUND")
    for preset in presets.PRESETS:
        need = preset[presets.ATTEST]
        assert need & ~seen == 0  # each one can be given
        for word in always:
            assert need & bits[word], word
        if preset[presets.REDUCED]:
            assert need & bits["SENSATION"]
        assert bool(need & bits["OXALIPLATIN"]) == (preset[presets.NAME] == "CIPN")


def test_the_absolute_contraindications_are_all_named():
    text = " ".join([row[2] for row in presets.ATTESTATIONS]).lower()
    for word in (
        "raynaud",
        "vasospastic",
        "buerger",
        "cold allergy",
        "cryoglobulinaemia",
        "paroxysmal cold haemoglobinuria",
        "cold agglutinins",
        "phaeochromocytoma",
        "sickle cell",
        "prior cold injury",
        "open wound",
        "impaired circulation",
        "pregnancy",
        "oxaliplatin",
        "eye protection",
        "intact",
    ):
        assert word in text, word


def test_what_is_told_beside_the_figures():
    assert presets.TITLE == 1 and presets.POINTS_PER_SITE == 8
    for preset, title in zip(presets.PRESETS, ("intact", "reduced", "reduced")):
        assert title in preset[presets.TITLE]
    reach = [[row[presets.REACH_K_MDEGC] for row in preset[presets.LEVELS] if row] for preset in presets.PRESETS]
    assert reach == [  # docs/treatment_table.md
        [7_312, 7_312, 6_560, 6_224],
        [6_560, 7_312, 6_560],
        [6_224, 7_312, 8_208],
    ]
    guide = [[row[presets.BEST_MM :] for row in preset[presets.LEVELS] if row] for preset in presets.PRESETS]
    assert guide == [  # best distance; docs/treatment_table.md: seconds at 80, 100, 120 mm and with the weakest jet
        [(95, 13, 26, 44, 56), (95, 25, 25, 41, 52), (105, 42, 26, 34, 54), (115, 50, 29, 31, 54)],
        [(90, 12, 21, 32, 51), (95, 23, 26, 44, 56), (105, 37, 25, 34, 60)],
        [(90, 12, 21, 32, 55), (95, 22, 27, 43, 55), (100, 27, 31, 47, 51)],
    ]
    for word in ("EYES", "EAR", "SCALP", "THROAT", "MOUTH", "NOSE", "CHEEK", "TEMPLE"):
        assert word in presets.FORBIDDEN_SITES
