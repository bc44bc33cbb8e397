"""What people see and hear beside the display: the colour of each band, the patterns of the buzzer."""

import micropython
from cryo.core import faults, guidance, mode, presets
from cryo.core.faults import Codes
from cryo.core.reading import NAMES as STATUS_NAMES
from cryo.core.reading import Reading
from cryo.core.records import Outputs
from cryo.core.supervisor import Supervisor
from cryo.panel import AMBER, COLOURS, GREEN, OFF, RED, VIOLET, WHITE, Beeper, Lamp, band
from panel_rig import Rig


# --- colour -----------------------------------------------------------------------------------------------------------
def colour(supervisor, mdegc, status=0, age_us=100_000):
    skin = Reading()
    skin.status = status
    skin.value_mdegc = None if status else mdegc
    skin.age_us = age_us
    return band(supervisor, skin)


def test_the_bands_for_every_level():
    rig = Rig()
    rig.t.stand_by()
    for preset in range(3):
        for level in range(1, 6):
            row = presets.PRESETS[preset][presets.LEVELS][level - 1]
            if row is None:
                continue
            rig.t.choose(preset, level)
            sup = rig.t.sup
            target = row[presets.TARGET_MDEGC]
            near = row[presets.FLOOR_MDEGC] + 1_500
            trip = 8_000 if presets.PRESETS[preset][presets.REDUCED] else 4_000
            rig.t.tick()
            assert sup.trip_mdegc == trip
            for mdegc, expected in (
                (32_000, WHITE),
                (target + 1, WHITE),
                (target, GREEN),
                (near + 1, GREEN),
                (near, AMBER),
                (trip + 1, AMBER),
                (trip, RED),
                (0, RED),
                (-78_500, RED),
            ):
                assert colour(sup, mdegc) == expected, (preset, level, mdegc)


def test_no_valid_reading_has_a_colour_of_its_own():
    rig = Rig()
    for status in range(1, len(STATUS_NAMES)):
        assert colour(rig.t.sup, 0, status) == VIOLET
    assert colour(rig.t.sup, 15_000, 0, 1_000_000) == WHITE
    assert colour(rig.t.sup, 15_000, 0, 1_000_001) == VIOLET


def test_without_a_level_or_settings_cold_is_red_all_the_same():
    assert colour(Rig().t.sup, 4_000) == RED
    assert colour(Rig().t.sup, 4_001) == WHITE
    assert colour(Supervisor(None), 4_000) == RED


def test_the_pixel_is_written_when_its_colour_changes_and_every_two_seconds():
    rig = Rig()
    rig.t.stand_by()
    rig.run(200)
    before = rig.pixel.writes
    rig.run(1_000)
    assert rig.pixel.writes - before == 5
    assert rig.pixel.shown == COLOURS[WHITE]
    rig.t.skin_mdegc = 1_000
    rig.run(20)
    assert rig.pixel.shown in (COLOURS[RED], COLOURS[OFF])


def blinks(rig, ticks):
    """Return how often the pixel went dark, and how many ticks it was dark."""
    edges = 0
    dark = 0
    before = rig.pixel.shown
    for _ in range(ticks):
        rig.run(1)
        if rig.pixel.shown == COLOURS[OFF]:
            dark += 1
            if before != COLOURS[OFF]:
                edges += 1
        before = rig.pixel.shown
    return edges, dark


def test_red_and_no_reading_blink_so_that_no_colour_is_needed():
    for mdegc, status, edges, dark in ((1_000, 0, 20, 500), (0, 2, 5, 500), (32_000, 0, 0, 0)):
        rig = Rig()
        rig.t.stand_by()
        rig.t.skin_mdegc = mdegc
        rig.t.skin_status = status
        rig.run(200)
        assert blinks(rig, 1_000) == (edges, dark)


def test_in_a_pass_the_colour_goes_on():
    rig = Rig()
    rig.t.arm()
    rig.run(201)
    rig.t.press()
    rig.t.skin_mdegc = 13_000
    while rig.pixel.shown != COLOURS[GREEN]:
        assert rig.t.sup.mode == mode.DELIVERING
        rig.run(1)


def test_the_colour_blinks_slowly_to_come_nearer_and_fast_to_go_farther():
    for mm, mdegc, edges, dark in (
        (105, 32_000, 0, 0),
        (150, 32_000, 10, 500),  # in 10 s
        (150, 1_000, 20, 500),  # red has its own
    ):
        rig = Rig()
        rig.t.arm()
        rig.t.i.distance.value = mm
        rig.t.skin_mdegc = mdegc
        rig.run(200)
        rig.panel.guided = guidance.look(rig.t.sup, 0)
        assert blinks(rig, 1_000) == (edges, dark), mm
    rig = Rig()
    rig.t.arm()
    rig.t.i.distance.value = 72
    rig.run(200)
    rig.panel.guided = guidance.look(rig.t.sup, 0)
    assert rig.panel.guided == guidance.FARTHER
    edges, dark = blinks(rig, 1_000)
    assert 38 <= edges <= 42 and 450 <= dark <= 520


# --- buzzer -----------------------------------------------------------------------------------------------------------
def sounds(beeper, indicate, alarm, latched, ticks, guided=0):
    """Return the level of each tick as one text of 0 and 1."""
    outputs = Outputs()
    outputs.indicate = indicate
    outputs.alarm = alarm
    levels = bytearray(ticks)
    micropython.heap_lock()
    try:
        i = 0
        while i < ticks:
            levels[i] = 48 + beeper.level(outputs, latched, guided)
            i += 1
    finally:
        micropython.heap_unlock()
    return bytes(levels).decode()


def pulses(levels):
    """Return the lengths of the pulses."""
    return [len(run) for run in levels.split("0") if run]


def test_nothing_to_say_is_silence():
    assert "1" not in sounds(Beeper(), 0, 0, Codes(), 1_000)


def test_two_whole_seconds_of_tone_before_gas_then_a_short_one_each_second():
    levels = sounds(Beeper(), 1, 0, Codes(), 1_200)
    assert levels[:200] == "1" * 200
    assert pulses(levels[200:]) == [10] * 10


def test_an_alarm_of_high_priority_is_ten_pulses_again_and_again():
    high = sounds(Beeper(), 0, 1, Codes(faults.ESTOP), 3_000)
    assert high[0] == "1"
    silences = [len(run) for run in high.split("1") if run]
    assert max(silences) == 300
    burst = high.split("0" * 300)[0]
    assert pulses(burst) == [15] * 10
    assert high.startswith(burst + "0" * 300 + burst + "0" * 300)


def test_an_alarm_of_medium_priority_is_three_longer_pulses():
    medium = sounds(Beeper(), 0, 1, Codes(faults.BOTTLE_LOW), 3_000)
    burst = medium.split("0" * 500)[0]
    assert pulses(burst) == [20] * 3
    assert medium.startswith(burst + "0" * 500 + burst + "0" * 500)


def test_one_high_fault_among_others_and_an_alarm_without_a_fault_sound_high():
    high = sounds(Beeper(), 0, 1, Codes(faults.ESTOP), 1_000)
    assert sounds(Beeper(), 0, 1, Codes(faults.ESTOP, faults.BOTTLE_LOW), 1_000) == high
    assert sounds(Beeper(), 0, 1, Codes(), 1_000) == high


def test_an_alarm_goes_before_the_indication_and_each_begins_anew():
    beeper = Beeper()
    high = sounds(Beeper(), 0, 1, Codes(faults.ESTOP), 100)
    assert sounds(beeper, 1, 0, Codes(), 150) == "1" * 150
    assert sounds(beeper, 1, 1, Codes(faults.ESTOP), 100) == high
    assert sounds(beeper, 1, 0, Codes(), 200) == "1" * 200
    assert sounds(beeper, 0, 0, Codes(), 5) == "00000"
    assert sounds(beeper, 1, 0, Codes(), 200) == "1" * 200


def test_every_fault_sounds_by_its_priority():
    high = sounds(Beeper(), 0, 1, Codes(faults.ESTOP), 700)
    for row in faults.REGISTRY:
        assert (sounds(Beeper(), 0, 1, Codes(row[0]), 700) == high) == (row[2] == faults.HIGH), row[1]


def lamps(lamp, told, guided, ticks):
    levels = bytearray(ticks)
    micropython.heap_lock()
    try:
        i = 0
        while i < ticks:
            levels[i] = 48 + lamp.lit(told, guided)
            i += 1
    finally:
        micropython.heap_unlock()
    return levels.decode()


def test_the_lamp_is_dark_for_100_ms_once_a_second_to_come_nearer_and_four_times_to_go_farther():
    every = {guidance.NEARER: 100, guidance.FARTHER: 25}
    for guided in range(4):
        seen = lamps(Lamp(), True, guided, 1_000)
        n = every.get(guided)
        assert seen == (("1" * (n - 10) + "0" * 10) * (1_000 // n) if n else "1" * 1_000), guided
        assert lamps(Lamp(), False, guided, 1_000) == "1" * 1_000  # not before the indication was there long enough


def test_the_lamp_is_never_dark_for_longer_whatever_guidance_tells_in_turn():
    for first in range(4):
        for then in range(4):
            for after in range(1, 101):
                lamp = Lamp()
                seen = lamps(lamp, True, first, after) + lamps(lamp, True, then, 200)
                assert "0" * 11 not in seen and seen[0] == "1", (first, then, after)


TOLD = ((guidance.NONE, 0), (guidance.NEARER, 1), (guidance.RIGHT, 3), (guidance.FARTHER, 8))  # and clicks a second


def test_guidance_clicks_faster_as_the_hand_is_nearer():
    for guided, clicks in TOLD:
        levels = sounds(Beeper(), 0, 0, Codes(), 1_000, guided)
        assert pulses(levels) == [2] * (10 * clicks)


def test_guidance_takes_nothing_from_the_indication():
    for guided, clicks in TOLD:
        levels = sounds(Beeper(), 1, 0, Codes(), 1_200, guided)
        plain = sounds(Beeper(), 1, 0, Codes(), 1_200)
        assert levels[:200] == "1" * 200
        assert all(level == "1" for level, due in zip(levels, plain) if due == "1")
        assert sorted(pulses(levels[200:])) == [2] * (10 * clicks) + [10] * 10  # none runs into a reminder


def test_an_alarm_goes_before_guidance_and_no_click_changes_it():
    for latched in (Codes(), Codes(faults.ESTOP), Codes(faults.BOTTLE_LOW)):
        for indicate in (0, 1):
            plain = sounds(Beeper(), indicate, 1, latched, 2_000)
            for guided, _ in TOLD:
                assert sounds(Beeper(), indicate, 1, latched, 2_000, guided) == plain


def test_a_click_is_shorter_than_every_pulse_of_another_signal():
    shortest = min(
        min(pulses(sounds(Beeper(), indicate, alarm, latched, 1_210)))
        for indicate, alarm, latched in ((1, 0, Codes()), (0, 1, Codes(faults.ESTOP)), (0, 1, Codes(faults.BOTTLE_LOW)))
    )
    longest = max(max(pulses(sounds(Beeper(), 0, 0, Codes(), 1_000, guided))) for guided, _ in TOLD[1:])
    assert longest * 5 <= shortest


def test_what_is_told_may_change_in_any_tick_and_a_click_ends_all_the_same():
    for first, _ in TOLD:
        for then, _ in TOLD:
            for ticks in range(1, 120, 7):
                beeper = Beeper()
                levels = sounds(beeper, 0, 0, Codes(), ticks, first) + sounds(beeper, 0, 0, Codes(), 300, then)
                assert all(length <= 4 for length in pulses(levels)), (first, then, ticks)


def test_a_warning_and_a_missing_reading_keep_their_light_whatever_is_told():
    for mdegc, status, seen in ((1_000, 0, (20, 500)), (0, 2, (5, 500)), (19_000, 0, (0, 0))):
        for guided in range(4):
            rig = Rig()
            rig.t.stand_by()
            rig.t.choose(1, 1)  # floor 14, target 20
            rig.t.skin_mdegc = 15_000 if seen == (0, 0) else mdegc
            rig.t.skin_status = status
            rig.run(200)
            rig.panel.guided = guided
            assert blinks(rig, 1_000) == seen, (mdegc, guided)
    assert rig.pixel.shown == COLOURS[AMBER]


def test_clicks_begin_anew_after_a_silence():
    beeper = Beeper()
    outputs = Outputs()
    latched = Codes()
    for _ in range(3):
        assert [beeper.level(outputs, latched, guidance.RIGHT) for _ in range(21)] == [0] * 20 + [1]
        assert beeper.level(outputs, latched) == 0
