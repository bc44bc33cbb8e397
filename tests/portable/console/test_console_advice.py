"""What ARM:REQ adds to READY: how long the target takes at this distance, and what would make it faster."""

from console_rig import App
from cryo.core import guidance, mode, supervisor

NEVER = "; the target may not be reached"
AT_BEST = ": hold at 105 mm: about {} s"
COLDER = "; a warmer bottle is faster ({} bar)"


def asked(mm, mbar, level=3):
    """Return what stands behind READY and its number for CHRONIC 3, whose target needs K 6560 at the skin."""
    app = App()
    app.choose()
    app.supervisor.session.level = level - 1
    app.inputs.distance.value = mm
    app.inputs.bottle.value = mbar
    answer = app.ask("ARM:REQ")
    assert answer[:6] == "READY " and answer[6:10].isdigit(), answer
    return answer[10:]


def seconds_at(mm, mbar=57_300):
    """Return the figure that guidance has for it."""
    app = App()
    app.choose()
    return guidance.target_s(app.supervisor, mm, mbar)


def test_the_time_at_this_distance_is_told_before_the_start():
    for mm in (100, 105, 110):  # nothing is gained elsewhere
        assert asked(mm, 57_300) == "; about {} s at {} mm".format(seconds_at(mm), mm)
    best = AT_BEST.format(seconds_at(105))
    assert asked(135, 57_300) == "; about {} s at 135 mm".format(seconds_at(135)) + best


def test_a_distance_without_the_target_names_one_with_it():
    best = AT_BEST.format(seconds_at(105))
    for mm, mbar, said in (
        (146, 57_300, NEVER + best),
        (145, 53_000, NEVER + AT_BEST.format(seconds_at(105, 53_000))),
        (150, 62_000, NEVER + AT_BEST.format(seconds_at(105, 62_000))),
    ):
        assert asked(mm, mbar) == said, (mm, mbar)
    for mm, mbar in ((145, 57_300), (140, 53_000), (148, 62_000)):  # just in reach: a warm bottle reaches further
        assert asked(mm, mbar).startswith("; about "), (mm, mbar)


def test_a_cold_bottle_is_named():
    assert asked(105, 52_500) == "; about {} s at 105 mm".format(seconds_at(105, 52_500)) + COLDER.format(52)
    assert asked(146, 36_900).endswith(COLDER.format(36)) and NEVER in asked(146, 36_900)


def test_a_level_that_nothing_helps_is_said_to_be_too_cold():
    app = App()
    app.choose()
    app.inputs.bottle.value = 36_000
    known = guidance.target_s
    guidance.target_s = lambda s, mm, mbar: 0
    try:
        assert app.ask("ARM:REQ").endswith(NEVER + ": choose a lower level" + COLDER.format(36))
    finally:
        guidance.target_s = known


def test_why_tells_it_where_nothing_stands_in_the_way():
    app = App()
    app.choose()
    app.inputs.distance.value = 105
    assert app.ask("STAT:WHY?") == "no blocker; about {} s at 105 mm".format(seconds_at(105))
    app.inputs.distance.value = 150
    app.run(3)
    assert "no blocker" + NEVER + AT_BEST.format(seconds_at(105)) == app.ask("STAT:WHY?")


def test_without_a_distance_nothing_is_promised():
    app = App()
    app.choose()
    app.inputs.distance.status = 2
    app.inputs.distance.value = None
    assert "; no distance yet" in app.ask("ARM:REQ")


def test_a_bottle_that_falls_silent_behind_the_request_breaks_no_answer():
    app = App()
    app.choose()
    app.stream.incoming += b"ARM:REQ\n"
    while app.inputs.request != supervisor.ARM:
        app.tick()
    app.supervisor.tick(app.supervisor.now_us + 10_000 & 0x3FFFFFFF, app.inputs, app.outputs)
    assert app.supervisor.mode == mode.READY
    app.inputs.request = supervisor.NONE
    app.inputs.bottle.status = 2  # its turn comes behind the decision
    app.inputs.bottle.value = None
    app.stream.written = b""
    app.console.poll()
    app.console.poll()
    assert app.stream.written.startswith(b"READY ")
    app.run(2)
    assert app.supervisor.mode == mode.STANDBY


def test_a_better_distance_is_named_where_it_saves_five_seconds():
    app = App()
    app.choose()
    known = guidance.target_s
    try:
        for here_s, told in ((34, ""), (35, ": hold at 105 mm: about 30 s")):
            guidance.target_s = lambda s, mm, mbar, here_s=here_s: here_s if mm == 100 else 30
            assert app.ask("STAT:WHY?") == "no blocker; about {} s at 100 mm".format(here_s) + told
    finally:
        guidance.target_s = known


def test_no_lower_level_is_named_where_there_is_none():
    assert asked(200, 36_000, level=1).startswith(NEVER + ": hold at 95 mm: about ")
    app = App()
    app.choose()
    app.supervisor.session.level = 0
    known = guidance.target_s
    guidance.target_s = lambda s, mm, mbar: 0
    try:
        assert app.ask("STAT:WHY?") == "no blocker" + NEVER
    finally:
        guidance.target_s = known


def test_from_the_confirmation_on_no_time_to_the_target_is_told():
    app = App()
    app.arm()
    app.supervisor.valves.pending = False
    app.run(300)
    assert app.ask("STAT:WHY?") == "no blocker" and app.supervisor.mode == mode.ARMED
    app.inputs.trigger = 1
    app.run(20)
    assert app.ask("STAT:WHY?") == "no blocker" and app.supervisor.mode == mode.DELIVERING
