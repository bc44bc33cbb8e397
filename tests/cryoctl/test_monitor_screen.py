"""The monitor's screen: what it shows, its keys, every size, without colour, and its picture."""

import asyncio

import pytest

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.monitor import answers, picture, seen, silence
from host_tools.cryoctl.monitor.screen import MonitorApp
from host_tools.cryoctl.recording_file import Back, Choice, Gap, Status, read
from tests.cryoctl.monitored import HEADER, fault, sample, settled, shown


def with_app(do, rows, size=(120, 40), clock=lambda: 0.0):
    """Run do(pilot, app, more) on the screen of a feed that gives these rows; more(row) gives another row."""

    async def go():
        known = seen.Seen(HEADER, lambda: HEADER.period_ms / 1000, clock=clock)
        sinks = []

        def run(sink, stop, seconds):
            for row in rows:
                sink(row)
            sinks.append(sink)
            stop.wait()

        app = MonitorApp(known, seen.Recorder(known), run)
        async with app.run_test(size=size) as pilot:
            while not sinks:
                await pilot.pause(0.02)
            while not app._rows.empty():
                await pilot.pause(0.02)
            await do(pilot, app, sinks[0])
        return app

    return asyncio.run(go())


CHOSEN = Choice(t_ms=1, preset="CHRONIC", level=3, target_mdegc=13_600, floor_mdegc=8_000, trip_mdegc=4_000)


def test_the_screen_tells_state_fault_remedy_blockers_counters_and_the_level():
    status = Status(t_ms=2, point=2, passes=3, bursts=4, reached=False, rest_s=55, cool_s=12)

    async def look(pilot, app, more):
        parts = ("FAULT SKIN_TRIP", "LOOP", "target 13.6", "floor 8.0", "trip 4.0", "pass 3 of 8", "55 s", "57.0 bar")
        text = await settled(pilot, app, *parts, "4, valve on 1.50 of 30 s")
        assert "".join(names.REMEDIES["SKIN_TRIP"].split()[:6]) in "".join(text.split())

    with_app(look, [CHOSEN, sample(), status, fault("SKIN_TRIP")])


@pytest.mark.parametrize(("said", "mm"), [("115", 115), ("NONE", None), (None, None)])
def test_where_to_hold_is_shown_as_the_device_and_its_display_say_it(said, mm):
    """HOLD_MM of STAT?; an older device does not have it."""
    told = "STATE=ARMED;POINT=2;PASS=1;BURSTS=4;REACHED=0;REST_S=0;COOL_S=0" + (f";HOLD_MM={said}" if said else "")
    status = answers.status(wire.fields(told), 3)
    assert status.hold_mm == mm

    async def look(pilot, app, more):
        wanted = (f"hold at {mm} mm", "thick skin or a strong jet") if mm else ()
        await settled(pilot, app, "distance", *wanted, gone=() if mm else ("hold at",))

    with_app(look, [sample(), status])
    assert (f"hold at {mm} mm" in seen.plain(status)) == bool(mm)


def test_which_points_are_ready_is_shown_until_another_site_is_chosen():
    waits = answers.waits("300,0,10,0,60,60,60,60", 3)
    assert answers.waits("ERROR -221 choose the site first", 3) is None and answers.waits("NONE", 3) is None
    none = answers.waits("300,20,20,90", 4)
    assert "points of the site: ready 2, 4" in seen.plain(waits)
    assert seen.plain(none).endswith("none ready, point 2 in 20 s")

    async def look(pilot, app, more):
        await settled(pilot, app, "points", "ready 2, 4")
        more(sample(2_000).model_copy(update={"state": "READY"}))  # what was asked before is not asked any more
        await settled(pilot, app, "READY", gone=("ready 2",))
        more(sample(3_000).model_copy(update={"state": "STANDBY"}))
        await settled(pilot, app, "ready 2, 4")
        more(CHOSEN.model_copy(update={"site": "RFOOT-SOLE"}))
        await settled(pilot, app, "RFOOT-SOLE", gone=("ready 2",))

    with_app(look, [CHOSEN, sample().model_copy(update={"state": "COMPLETE"}), waits])


def test_p_holds_the_picture_while_the_recording_goes_on_and_r_begins_and_ends_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def keys(pilot, app, more):
        await pilot.press("r")
        await settled(pilot, app, "REC ")
        await pilot.press("p")
        await settled(pilot, app, "PAUSED")
        more(sample(2_000, seq=6, bursts=77))
        while not app._rows.empty():
            await pilot.pause(0.02)
        await pilot.pause()
        assert "77, valve on" not in shown(app)
        await pilot.press("p")
        await settled(pilot, app, "77, valve on")
        await pilot.press("r")
        await settled(pilot, app, gone=["REC "])
        assert not app.recorder.on
        more(sample(3_000, seq=7))
        await pilot.press("question_mark")
        await settled(pilot, app, "begin or end recording")
        await pilot.press("question_mark")
        await settled(pilot, app, gone=["begin or end recording"])
        await pilot.press("r")
        await settled(pilot, app, "-2.jsonl")  # the first file is not changed
        await pilot.press("q")

    with_app(keys, [CHOSEN, sample()])
    first, second = sorted(tmp_path.glob("cryo-7-*.jsonl"), key=lambda path: len(path.name))
    header, rows = read(first)
    assert header.choice == CHOSEN and [row.bursts for row in rows] == [77]
    assert read(second)[1] == []


def test_a_gap_is_told_and_then_gone():
    async def look(pilot, app, more):
        await settled(pilot, app, "NO DATA: unplugged")
        more(Back(t_ms=4_000))
        more(sample(4_500, seq=9))
        await settled(pilot, app, gone=["NO DATA"])

    with_app(look, [sample(), Gap(t_ms=2_000, text="unplugged")])


def test_silence_is_a_banner_within_a_second_and_old_values_are_dimmed_with_an_age_that_counts():
    now = [100.0]

    async def look(pilot, app, more):
        await settled(pilot, app, "DELIVERING", "90 ms ago", gone=["NO DATA", "these values are old"])
        assert "dim" not in str(app.query_one("#panel").content.spans[0].style)
        now[0] += HEADER.period_ms / 1000 + 1.1
        old = ("NO DATA: no values for 2 s", "DELIVERING, 2 s ago: these values are old", "1690 ms ago")
        await settled(pilot, app, *old)
        assert "dim" in [str(span.style) for span in app.query_one("#panel").content.spans]
        now[0] += 10
        await pilot.press("p")
        await settled(pilot, app, "PAUSED", "no values for 12 s", "DELIVERING, 12 s ago")
        now[0] += 10
        await settled(pilot, app, "no values for 22 s")  # a picture that is held does not hide it
        await pilot.press("p")
        more(sample(30_000, seq=6))
        await settled(pilot, app, "90 ms ago", gone=["NO DATA", "these values are old"])

    with_app(look, [CHOSEN, sample()], clock=lambda: now[0])


@pytest.mark.parametrize("every_s", [0.5, silence.POLLED_S, 5.0])
def test_values_are_old_when_the_next_ones_should_have_come(every_s):
    now = [0.0]
    known = seen.Seen(HEADER, lambda: every_s, clock=lambda: now[0])
    known.add(sample())
    now[0] = every_s
    assert not known.old
    now[0] += silence.BANNER_S + 0.1
    assert known.old


def test_the_banner_counts_on_when_the_silence_is_recorded_as_a_gap():
    now = [0.0]

    async def look(pilot, app, more):
        now[0] = 12.0
        await settled(pilot, app, "NO DATA: no values for 12 s", gone=["no values for 4 s"])
        more(Gap(t_ms=13_000, text="unplugged"))
        now[0] = 14.0
        await settled(pilot, app, "NO DATA: unplugged; no values for 14 s")

    with_app(look, [sample(), Gap(t_ms=4_000, text=silence.told(4.0))], clock=lambda: now[0])


@pytest.mark.parametrize("size", [(60, 20), (20, 6), (1, 1), (200, 60)])
@pytest.mark.parametrize("no_color", [False, True])
def test_small_and_large_terminals_and_without_colour(size, no_color, monkeypatch):
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")

    async def look(pilot, app, more):
        assert app.no_color == no_color
        if size >= (60, 20):
            await settled(pilot, app, "FAULT ESTOP", "target")
        await pilot.press("question_mark")
        await pilot.resize_terminal(80, 24)
        await pilot.press("q")

    with_app(look, [CHOSEN, sample(), fault("ESTOP")], size=size)


def test_the_picture_is_what_the_recording_gives_today_and_loads_nothing():
    svg = asyncio.run(picture.picture())
    assert svg == picture.PICTURE.read_text()
    text = svg.replace("&#160;", " ").replace("&#x27;", "'")
    for part in ("LOOP_OPEN", "floor", "target", "Close the eye shield", "FAULT"):
        assert part in text
    assert "@font-face" not in svg and "url(http" not in svg and "<image" not in svg
