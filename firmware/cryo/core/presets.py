"""What an operator can choose: presets with levels, body sites, attestations. All figures [E], never clinically tested.

A level is a target and a floor, not a time. Anchors of the targets: pain 15 degC, analgesia at or below 13.6 [S]; nerve
conduction -33 % at 10 degC [S Algafly 2007]. Head, face and neck are in no list, so nobody can choose them.
"""

from micropython import const

# columns of a level: target mdegC, floor mdegC, burst cap us, rest between points s,
# the weakest jet (mdegC per root second at the skin) with which one point of the virtual patient reached the target
# (docs/treatment_table.md, made by `make tables`), the distance mm to which the hand is guided [C]: nearer, most
# patients of the population reach the target sooner; farther, more of them reach it, as a burst that leaves room for
# a jet twice as strong takes more heat from a weaker jet; then four times the seconds to the target of the virtual
# patient, at 80, 100 and 120 mm and with the weakest jet that reaches it (`make tables`)
TARGET_MDEGC = const(0)
FLOOR_MDEGC = const(1)
CAP_US = const(2)
REST_S = const(3)
REACH_K_MDEGC = const(4)
BEST_MM = const(5)
SECONDS = const(6)

# columns of a preset: name, what it is for, reduced sensation, attestations needed, levels (None = locked)
NAME = const(0)
TITLE = const(1)
REDUCED = const(2)
ATTEST = const(3)
LEVELS = const(4)

SKIN_INTACT = const(1)
EYES_PATIENT = const(2)
EYES_OPERATOR = const(4)
NO_CONTRAINDICATION = const(8)
NO_WOUND = const(16)
SENSATION_PULSE = const(32)
NO_OXALIPLATIN = const(64)
TEMPLATE = const(128)

# word, bit, what the operator states by it; contraindications after a cold-therapy device's list [S DonJoy IceMan]
ATTESTATIONS = (
    ("SKIN", SKIN_INTACT, "skin at the site looked at and intact"),
    ("EYESPATIENT", EYES_PATIENT, "patient wears eye protection"),
    ("EYESOPERATOR", EYES_OPERATOR, "operator wears eye protection"),
    (
        "CONTRA",
        NO_CONTRAINDICATION,
        "none of: Raynaud or other vasospastic disease, Buerger, cold allergy, cryoglobulinaemia, paroxysmal cold "
        "haemoglobinuria or cold agglutinins, phaeochromocytoma, sickle cell, prior cold injury",
    ),
    ("WOUND", NO_WOUND, "no open wound, impaired circulation or pregnancy"),
    ("SENSATION", SENSATION_PULSE, "sensation and pulse at the site examined"),
    ("OXALIPLATIN", NO_OXALIPLATIN, "oxaliplatin is not current"),
    # no preset needs it: it shortens rests
    ("TEMPLATE", TEMPLATE, "points at the site marked through the marking template"),
)

_ALWAYS = const(31)

PRESETS = (
    (
        "CHRONIC",
        "chronic irritation, intact sensation",
        0,
        _ALWAYS,
        (
            (18_000, 10_000, 200_000, 60, 7_312, 95, 13, 26, 44, 56),
            (15_000, 8_000, 300_000, 60, 7_312, 95, 25, 25, 41, 52),
            (13_600, 7_000, 400_000, 60, 6_560, 105, 42, 26, 34, 54),
            (12_800, 5_500, 500_000, 90, 6_224, 115, 50, 29, 31, 54),
            None,  # with room for a jet that jumps, no skin reaches 10 degC; without it the skin freezes at 2.5 times
        ),
    ),
    (
        "DIABETIC",
        "diabetic neuropathy, reduced sensation",
        1,
        _ALWAYS | SENSATION_PULSE,
        (
            (20_000, 14_000, 200_000, 90, 6_560, 90, 12, 21, 32, 51),
            (18_000, 12_000, 200_000, 90, 7_312, 95, 23, 26, 44, 56),
            (16_000, 10_000, 300_000, 120, 6_560, 105, 37, 25, 34, 60),
            None,
            None,
        ),
    ),
    (
        "CIPN",
        "chemotherapy-induced neuropathy, reduced sensation",
        1,
        _ALWAYS | SENSATION_PULSE | NO_OXALIPLATIN,
        (
            (20_000, 14_000, 200_000, 90, 6_224, 90, 12, 21, 32, 55),
            (18_000, 12_000, 200_000, 90, 7_312, 95, 22, 27, 43, 55),
            (17_000, 11_000, 200_000, 120, 8_208, 100, 27, 31, 47, 51),
            None,
            None,
        ),
    ),
)

SITES = (
    "LHAND-DORSUM", "LHAND-PALM", "LHAND-FINGERS", "LWRIST",
    "RHAND-DORSUM", "RHAND-PALM", "RHAND-FINGERS", "RWRIST",
    "LFOOT-DORSUM", "LFOOT-SOLE", "LFOOT-TOES", "LANKLE",
    "RFOOT-DORSUM", "RFOOT-SOLE", "RFOOT-TOES", "RANKLE",
    "LFOREARM", "RFOREARM", "LLEG", "RLEG", "BACK-UPPER", "BACK-LOWER",
    "LSHOULDER", "RSHOULDER", "LKNEE", "RKNEE",
)  # fmt: skip
POINTS_PER_SITE = const(8)
# How many points of each site, from point 1 on, lie 30 mm apart or more where the marking template marks them
# (docs/operator.md). Fingers and toes have no room for two [E].
APART = bytes((6, 6, 0, 4, 6, 6, 0, 4, 8, 8, 0, 4, 8, 8, 0, 4, 8, 8, 8, 8, 8, 8, 6, 6, 6, 6))

FORBIDDEN_SITES = ("HEAD", "FACE", "NECK", "EYE", "EYES", "EAR", "SCALP", "THROAT", "MOUTH", "NOSE", "CHEEK", "TEMPLE")
