"""What people see: the words of each page of the display."""

from cryo import remedies
from cryo.core import blockers, faults, guidance, mode, presets
from cryo.core.reading import NAMES as STATUS_NAMES
from cryo.core.supervisor import ACKNOWLEDGE, ARM, CONFIRM, Supervisor
from cryo.panel import COLOURS, VIOLET, Panel
from panel_rig import PICTURE, Display, Pixel, Rig
from support import inputs


def test_each_mode_has_its_word_in_large_letters():
    rig = Rig()
    for _ in range(PICTURE):
        rig.breathe()
    assert rig.display.row(0) == "STARTING"
    rig.run(30)
    assert rig.display.row(0) == "TESTING"
    rig.t.stand_by()
    assert rig.run().display.row(0) == "STAND-BY"
    rig.t.choose()
    rig.t.ask(ARM)
    assert rig.run().display.row(0) == "CONFIRM"
    rig.t.i.estop = 1
    assert rig.run().display.row(0) == "FAULT"
    assert rig.display.row(1) == "FAULT"
    assert rig.display.sizes == [2, 2, 3, 3, 3, 1, 1, 1]


def test_the_temperature_is_large_rounded_down_and_never_without_its_sign():
    rig = Rig()
    rig.t.stand_by()
    for mdegc, text in (
        (32_599, "32.5"),
        (10_000, "10.0"),
        (9_999, " 9.9"),
        (4_000, " 4.0"),
        (90, " 0.0"),
        (0, " 0.0"),
        (-1, "-0.1"),
        (-9_900, "-9.9"),
        (-9_901, " -10"),
        (-78_500, " -79"),
        (99_999, "99.9"),
        (105_300, " 105"),
    ):
        rig.t.skin_mdegc = mdegc
        rig.run(3 * PICTURE)
        for page in (2, 3, 4):
            assert rig.display.row(page)[:4].rstrip() == text, (mdegc, rig.rows())
            assert rig.display.sizes[page] == 3
        assert rig.display.row(4)[12:] == "degC"


def test_the_three_pages_of_a_number_show_the_same_one():
    rig = Rig()
    rig.t.stand_by()
    rig.run()
    for i in range(400):
        rig.t.skin_mdegc = 20_000 + 100 * (i % 100)
        rig.t.tick(10)
        rig.breathe()
        if rig.panel._at == 3:
            assert rig.display.row(2)[:4] == rig.display.row(3)[:4] == rig.display.row(4)[:4]


def test_without_a_reading_there_is_no_number_but_the_reason():
    for status in range(1, len(STATUS_NAMES)):
        rig = Rig()
        rig.t.stand_by()
        rig.run()
        rig.t.skin_status = status
        rig.run(3 * PICTURE)
        assert rig.rows()[2:5] == ["NO SKIN READING", STATUS_NAMES[status], ""]
    rig = Rig()
    rig.t.stand_by()
    rig.t.samples = False
    rig.run(100 + 2 * PICTURE)
    assert rig.rows()[2:5] == ["NO SKIN READING", "too old", ""]
    rig.t.samples = True
    assert rig.run().display.row(2)[:4] == "32.5"


def test_the_choice_with_target_floor_level_site_and_point():
    rig = Rig()
    rig.t.stand_by()
    for preset, level, site, point in ((0, 3, 8, 1), (1, 1, 2, 8), (2, 2, 25, 5), (0, 4, 21, 3)):
        rig.t.choose(preset, level, site, point)
        row = presets.PRESETS[preset][presets.LEVELS][level - 1]
        texts = rig.texts(10)
        assert len(texts) == 1
        first, second, third = texts[0].split("|")
        assert first[:8] == "aim {:4.1f}".format(row[presets.TARGET_MDEGC] / 1000)
        assert first[8:] == " min{:4.1f}".format(row[presets.FLOOR_MDEGC] / 1000)
        assert second == "{:9}L{}".format(presets.PRESETS[preset][presets.NAME], level)
        assert third == "{:14}P{}".format(presets.SITES[site], point)


def test_every_sentence_can_be_read_whole_and_is_broken_between_words():
    for mask, rows in ((blockers.TO_ARM, blockers.NAMES), (0, faults.REGISTRY)):
        for index in range(len(rows)):
            rig = Rig()
            sup = rig.t.sup
            if mask and not mask >> index & 1:
                continue
            name = rows[index] if mask else rows[index][1]
            text = remedies.sentence(remedies.BLOCKERS + index if mask else rows[index][0])
            assert text
            sup.mode = mode.STANDBY if mask else mode.FAULT
            sup.blocked_by = 1 << index
            sup.faults.first = 0 if mask else rows[index][0]
            shown = ""
            seen = []
            for _ in range(3_000):
                rig.breathe()
                if rig.panel._at == 0 and rig.display.ready():
                    half = rig.rows()[5:]
                    if half not in seen and half[0] == name:
                        seen.append(half)
                        shown += " ".join(half[1:]).rstrip() + " "
            assert shown.rstrip() == text, (shown, text)


def test_in_a_fault_its_remedy_is_always_there_and_goes_with_it():
    rig = Rig()
    rig.t.stand_by()
    rig.t.choose()
    rig.t.i.estop = 1
    rig.run()
    for text in rig.texts():
        assert text.split("|")[0] == "ESTOP"
    assert rig.display.row(2)[:4] == "32.5"  # the temperature stays
    rig.t.i.estop = 0
    rig.t.ask(ACKNOWLEDGE)
    rig.run()
    assert rig.display.row(0) == "STAND-BY"
    assert rig.texts(10)[0].startswith("aim")


def test_another_blocker_is_shown_at_once_the_most_important_first():
    rig = Rig()
    rig.t.stand_by()
    rig.run(500)
    assert rig.t.sup.blocked_by & blockers.SETUP
    rig.t.i.loop_a = 0
    rig.t.i.loop_b = 1
    rig.run(2 * PICTURE)
    assert rig.rows()[5:] == ["LOOP", "close the eye", "shield"]


def test_each_sentence_stands_for_a_whole_turn():
    for ticks in (430, 470, 510, 550, 590):
        rig = Rig()
        rig.t.stand_by()
        rig.run(ticks)
        rig.t.i.loop_a = 0
        rig.t.i.loop_b = 1
        rig.run(PICTURE)
        assert rig.rows()[5] == "LOOP"
        for _ in range(140):
            rig.run(1)
            assert rig.rows()[5] == "LOOP"
        rig.run(2 * PICTURE + 20)
        assert rig.rows()[5] == "no level chosen"


def test_seconds_left():
    rig = Rig()
    rig.t.stand_by()
    rig.run()
    assert rig.display.row(2) == "32.5"  # no point chosen: nothing to wait for
    rig.t.choose()
    rig.t.sup.session.uptime_s = 100
    rig.run()
    assert rig.display.row(2) == "32.5        wait"
    assert rig.display.row(3) == "32.5        199s"
    rig.t.sup.session.uptime_s = 291
    rig.run()
    assert rig.display.row(3) in ("32.5          9s", "32.5          8s")
    rig.t.sup.session.rest_left_us = 45_900_000
    rig.run()
    assert rig.display.row(3) in ("32.5         45s", "32.5         46s")  # the longer of the two
    rig.t.sup.session.wait_s = lambda point: 27 if point == rig.t.sup.session.point else 99
    rig.run()
    assert rig.display.row(3) == "32.5         27s"
    del rig.t.sup.session.wait_s
    rig.t.sup.session.rest_left_us = 0
    rig.t.sup.session.uptime_s = 301
    rig.run()
    assert rig.display.row(2) == "32.5"
    rig.t.ask(ARM)
    rig.run(201)
    assert rig.display.row(2) == "32.5        left"
    assert rig.display.row(3) in ("32.5          9s", "32.5          8s")


def test_while_armed_and_in_a_rest_no_measured_value_stands():
    rig = Rig()
    rig.t.arm()
    rig.run(201)
    assert rig.rows()[:5] == ["ARMED", "ARMED", "GAS MAY COME", "", "skin: see light"]
    rig.t.press()
    assert rig.t.sup.mode == mode.DELIVERING
    frozen = rig.rows()
    pages = rig.display.pages
    polls = rig.display.polls
    rig.run(50)
    rig.t.i.trigger = 0
    while rig.t.sup.mode == mode.DELIVERING:
        rig.t.tick()
        if rig.t.sup.mode == mode.DELIVERING:
            rig.breathe()
    assert rig.rows() == frozen
    assert (rig.display.pages, rig.display.polls) == (pages, polls)
    assert rig.t.sup.mode == mode.REST
    for _ in range(PICTURE):
        rig.run(1)
        assert rig.rows()[:5] == ["ARMED", "ARMED", "GAS MAY COME", "", "skin: see light"]
    rig.run(PICTURE)
    assert rig.rows()[6] == "CHRONIC  L3  1/8"


def test_what_holds_back_a_pass_is_shown_while_armed():
    rig = Rig()
    rig.t.arm()
    rig.t.i.distance.value = 300
    rig.run(3 * PICTURE)
    assert rig.rows()[5:] == ["DISTANCE", "hold the", "applicator"]


def test_what_came_of_a_point():
    rig = Rig()
    rig.t.deliver()
    rig.t.to_burst()
    sup = rig.t.sup
    for reached, text in ((False, "target missed"), (True, "target reached")):
        sup.mode = mode.COMPLETE
        sup.session.reached = reached
        sup.session.end_point(1 if reached else 5)
        sup.blocked_by = 0
        rig.display.left = 0
        for _ in range(10 * PICTURE):
            rig.breathe()
        assert rig.rows()[0] == "DONE"
        second = "next P2   60s" if reached else "end: COLD_DOSE"
        assert rig.rows()[5:] == [text, second, "LFOOT-DORSUM  P1"]
    sup.jet.kept = 1_700
    sup.session.reached = False
    sup.session.reason = 9
    for _ in range(10 * PICTURE):
        rig.breathe()
    assert rig.rows()[5:] == ["target missed", "end: THICK_SKIN", "hold at 115 mm"]


def test_the_indication_is_no_sentence_a_pass_could_leave_standing():
    rig = Rig()
    rig.t.arm()
    for _ in range(3):
        rig.run(PICTURE)
        assert rig.t.sup.blocked_by & blockers.INDICATION
        assert rig.rows()[5] == "aim 13.6 min 7.0"


def test_a_panel_without_display_and_pixel():
    rig = Rig()
    rig.panel = Panel(rig.t.sup, rig.t.i)
    rig.run(200)
    assert rig.display.pages == rig.pixel.writes == 0


def test_an_unprovisioned_device_has_pictures_too():
    display = Display()
    pixel = Pixel()
    panel = Panel(Supervisor(None), inputs(), display, pixel)
    for _ in range(60):  # one picture; then the colour blinks
        panel.poll()
    assert display.row(0) == "STARTING" and display.row(5) == "no level chosen"
    assert display.row(2) == "NO SKIN READING" and pixel.shown == COLOURS[VIOLET]


def test_the_word_of_guidance_is_shown_in_ready_and_gone_before_a_pass_may_begin():
    for guided in (guidance.NEARER, guidance.RIGHT, guidance.FARTHER):
        rig = Rig()
        rig.t.stand_by()
        rig.t.choose()
        rig.panel.guided = guided
        rig.run(200)
        assert rig.display.row(5) not in guidance.WORDS
        rig.t.ask(ARM)
        rig.run(200)
        assert rig.t.sup.mode == mode.READY and rig.display.row(5) == guidance.WORDS[guided]
        rig.t.ask(CONFIRM, rig.t.sup.nonce)
        rig.run(190)  # less than the indication
        assert rig.t.sup.mode == mode.ARMED and rig.display.row(5) not in guidance.WORDS


def test_before_the_start_the_panel_says_how_long_the_target_takes():
    rig = Rig()
    rig.t.stand_by()
    rig.t.choose(0, 3, 8, 1)
    assert rig.run(200).display.row(6) == "CHRONIC  L3"
    rig.t.ask(ARM)
    for mm in (100, 120):
        rig.t.i.distance.value = mm
        seconds = guidance.target_s(rig.t.sup, mm, rig.t.i.bottle.value)
        assert seconds and rig.run(2 * PICTURE).display.row(6) == "CHRONIC  L3  {}s".format(seconds)
    rig.t.i.distance.value = 160
    assert rig.run(2 * PICTURE).display.row(6) == "CHRONIC  L3  --s"
    rig.t.i.distance.value = 100
    rig.t.i.distance.status = 2
    assert rig.run(2 * PICTURE).display.row(6) == "CHRONIC  L3"  # no distance: no time
    rig.t.i.distance.status = 0
    assert "s" in rig.run(2 * PICTURE).display.row(6)
    assert rig.t.sup.mode == mode.READY
    rig.t.i.bottle.status = 2
    for _ in range(2 * PICTURE):  # the panel alone: with the next tick the request ends
        rig.breathe()
    assert rig.display.row(6) == "CHRONIC  L3"
    rig.t.i.bottle.status = 0
    rig.t.ask(CONFIRM, rig.t.sup.nonce)
    rig.run(190)  # less than the indication
    assert rig.t.sup.mode == mode.ARMED and rig.display.row(6) == "CHRONIC  L3"
