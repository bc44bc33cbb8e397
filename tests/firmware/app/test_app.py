"""The loop: its order, what feeds the watchdog, the state after an exception, and when the collector runs."""

import importlib
import itertools
from unittest import mock

import pytest

import micropython
from tests.firmware.app.conftest import DRIVERS

SENSES = {
    "loop_a.value", "loop_b.value", "trigger.value", "estop.value", "key.value", "valve.result", "distance.poll",
    "skin.poll",
}  # fmt: skip
SLOW = [name for name in DRIVERS if name not in ("skin", "distance")]  # one of them a tick
MODES = ("BOOT", "SELF_TEST", "STANDBY", "READY", "ARMED", "DELIVERING", "REST", "COMPLETE", "FAULT", "SERVICE")
QUIET = ("READY", "REST", "COMPLETE", "FAULT")


def names(calls):
    """Return the names of the calls, in order."""
    return [name for name, _, _ in calls.mock_calls]


def orders(applicator, **outputs):
    """Let the supervisor decide for these outputs in every tick, all others zero."""

    def decide(now_us, inputs, o):
        for name in ("cut", "rearm", "lease", "fire_us", "feed", "indicate", "alarm"):
            setattr(o, name, outputs.get(name, 0))

    applicator.supervisor.tick.side_effect = decide


# --- order --------------------------------------------------------------------------------------------------
def test_a_tick_senses_everything_then_decides_once_then_acts(applicator, calls):
    orders(applicator, cut=1, feed=1)
    applicator.step()
    order = names(calls)
    decided = order.index("decide")
    slow = {name + ".poll" for name in SLOW}
    assert set(order[:decided]) == SENSES
    assert decided == len(SENSES)
    assert order.count("decide") == 1
    acts = {"valve.cut", "led.value", "buzzer.value", "alarm.value", "watchdog.feed"}
    assert set(order[decided + 1 :]) - slow == acts
    assert sum(name in slow for name in order) == 1
    assert order.index("watchdog.feed") < min(n for n, name in enumerate(order) if name in slow)  # no cut waits for it


def test_what_was_sensed_reaches_the_decision(applicator, pins, board):
    pins["trigger"].value.return_value = 0  # to ground when pressed
    pins["estop"].value.return_value = 1
    pins["key"].value.return_value = 1  # to ground when on
    pins["loop_a"].value.return_value = 0
    pins["loop_b"].value.return_value = 1
    board.valve.result.return_value = 1_234
    orders(applicator)
    applicator.step()
    i = applicator.supervisor.tick.call_args.args[1]
    assert (i.trigger, i.estop, i.key, i.loop_a, i.loop_b, i.burst) == (1, 1, 0, 0, 1, 1_234)
    now_us = applicator.supervisor.tick.call_args.args[0]
    board.skin.poll.assert_called_once_with(now_us, i.skin)
    board.distance.poll.assert_called_once_with(now_us, i.distance, False)


@pytest.mark.parametrize("missing", [(), ("coil",), ("coil", "infrared", "room")])
@pytest.mark.parametrize("named", [True, False])
def test_slow_inputs_take_turns_and_none_is_left_out(virtual, board, missing, named):
    for name in missing:
        setattr(board, name, None)
        if not named:
            delattr(board, name)
    names = [name for name in SLOW if getattr(board, name, None)]
    applicator = virtual.app.Applicator(board)
    applicator.start()
    applicator.supervisor.tick = mock.Mock()
    for _ in range(3 * len(names)):
        applicator.step()
    i = applicator.inputs
    for name in names:
        poll = getattr(board, name).poll
        assert poll.call_count == 3
        poll.assert_called_with(mock.ANY, getattr(i, name))


@pytest.mark.parametrize("missing", [(), ("coil", "infrared", "room")])
def test_while_a_valve_is_open_only_what_tells_of_valves_has_turns(virtual, board, missing):
    for name in missing:
        setattr(board, name, None)
    applicator = virtual.app.Applicator(board)
    applicator.start()
    applicator.supervisor.tick = mock.Mock()
    telling = [name for name in ("bottle", "line", "coil") if getattr(board, name)]
    others = [name for name in SLOW if getattr(board, name) and name not in telling]
    for before in range(len(SLOW)):  # from every place in the order
        board.valve.result.return_value = -2
        for _ in range(before):
            applicator.step()
        board.valve.result.return_value = -1
        for name in SLOW:
            if getattr(board, name):
                getattr(board, name).poll.reset_mock()
        for _ in range(2 * len(telling)):
            applicator.step()
        assert [getattr(board, name).poll.call_count for name in telling] == [2] * len(telling)
        assert not any(getattr(board, name).poll.called for name in others)


def test_what_takes_the_console_long_has_a_slow_input_s_turn_in_no_long_tick(applicator, calls):
    def slow_polls():
        return sum(name.split(".")[0] in SLOW for name in names(calls))

    applicator.console.long = True
    for sample, fire_us in ((1, 0), (0, 60_000), (1, 60_000), (0, 0)):
        applicator.inputs.skin.sequence += sample
        orders(applicator, fire_us=fire_us)
        applicator.step()
        assert applicator.spare == (not sample and not fire_us)
    assert slow_polls() == 0
    applicator.console.long = False
    applicator.step()
    assert not applicator.spare and slow_polls() == 1


def test_the_time_of_a_tick_is_taken_before_its_inputs(virtual, applicator, board):
    board.distance.poll.side_effect = lambda now_us, quantity, busy: virtual.hal.spend(3_000)
    orders(applicator)
    before_us = importlib.import_module("virtual_time").ticks_us()
    applicator.step()
    now_us = applicator.supervisor.tick.call_args.args[0]
    assert 0 < importlib.import_module("virtual_time").ticks_diff(now_us, before_us) < 1_000


def test_a_burst_is_cut_rearmed_leased_and_fired_in_this_order(applicator, calls):
    orders(applicator, cut=1, rearm=1, lease=1, fire_us=60_000, feed=1)
    applicator.step()
    acted = [name for name in names(calls) if name.startswith(("valve.", "lease.", "watchdog."))]
    assert acted == ["valve.result", "valve.cut", "valve.rearm", "lease.renew", "valve.fire", "watchdog.feed"]
    assert mock.call.valve.fire(60_000) in calls.mock_calls


def test_nothing_is_driven_that_was_not_decided(applicator, calls):
    orders(applicator)
    applicator.step()
    acted = {name for name in names(calls) if name.startswith(("valve.", "lease.", "watchdog."))}
    assert acted == {"valve.result"}


@pytest.mark.parametrize(("indicate", "alarm"), [(0, 0), (1, 0), (0, 1)])
def test_lamps_and_tone_follow_the_decision(applicator, pins, indicate, alarm):
    orders(applicator, indicate=indicate, alarm=alarm)
    applicator.step()
    pins["led"].value.assert_called_once_with(indicate)
    pins["buzzer"].value.assert_called_once_with(indicate or alarm)  # patterns begin with a tone
    pins["alarm"].value.assert_called_once_with(alarm)


def test_lamps_are_driven_at_every_change_and_again_without_one(applicator, pins):
    orders(applicator, indicate=1)
    for _ in range(4 * len(SLOW)):
        applicator.step()
    assert pins["led"].value.call_args_list == [mock.call(1)] * pins["led"].value.call_count
    assert 4 <= pins["led"].value.call_count <= 5
    orders(applicator, indicate=0)
    applicator.step()
    assert pins["led"].value.call_args == mock.call(0)


@pytest.mark.parametrize("part", ["valve.cut", "valve.rearm", "valve.fire", "lease.renew"])
def test_a_port_that_refuses_is_told_to_the_next_tick(applicator, board, part):
    where, name = part.split(".")
    getattr(getattr(board, where), name).return_value = 3
    orders(applicator, cut=1, rearm=1, lease=1, fire_us=60_000)
    applicator.step()
    assert applicator.inputs.port_status == 3
    getattr(getattr(board, where), name).return_value = 0
    applicator.step()
    assert applicator.inputs.port_status == 0


def test_a_request_lasts_one_tick(applicator):
    seen = []
    applicator.supervisor.tick.side_effect = lambda now_us, i, o: seen.append(i.request)
    applicator.inputs.request = 1
    applicator.step()
    applicator.step()
    assert seen == [1, 0]


# --- what feeds the watchdog, and the state after an exception ----------------------------------------------
def test_the_watchdog_runs_before_the_first_tick(virtual, board):
    applicator = virtual.app.Applicator(board)
    board.watchdog.assert_not_called()
    applicator.start()
    board.watchdog.assert_called_once_with(500)


def test_the_real_supervisor_feeds_once_a_complete_tick(applicator, board, calls):
    for name in ("distance", "bottle", "line"):
        getattr(board, name).poll.side_effect = lambda now_us, quantity, *busy: setattr(quantity, "status", 2)
    for _ in range(5):
        applicator.step()
    assert names(calls).count("watchdog.feed") == 5


@pytest.mark.parametrize(
    "part",
    [*sorted(SENSES), "bottle.poll", "decide", "valve.cut", "valve.rearm", "lease.renew", "valve.fire", "led.value"],
)
def test_an_exception_in_the_tick_ends_it_unfed_with_both_valves_closing(applicator, calls, part):
    slow = part.split(".")[0] in SLOW
    orders(applicator, cut=1, rearm=1, lease=1, fire_us=0 if slow else 60_000, feed=1)
    failing = calls
    for name in part.split("."):
        failing = getattr(failing, name)
    failing.side_effect = [RuntimeError("planted"), *[0] * 9]
    with pytest.raises(RuntimeError, match="planted"):
        applicator.run()
    assert names(calls)[-2:] == ["valve.cut", "lease.stop"]
    assert names(calls).count("watchdog.feed") == slow  # a slow input comes after all that was decided
    assert micropython.heap_locked() == 0


def test_an_exception_while_breathing_closes_both_valves(applicator, calls):
    orders(applicator, feed=1)
    applicator.console.poll = mock.Mock(side_effect=RuntimeError("planted"))
    with pytest.raises(RuntimeError):
        applicator.run()
    assert names(calls)[-2:] == ["valve.cut", "lease.stop"]


@pytest.mark.parametrize("prompt", [False, True])
def test_a_restart_closes_both_valves_feeds_while_the_log_is_written_and_resets_last(applicator, board, calls, prompt):
    steps = mock.Mock(side_effect=[True, True, True, False])
    calls.attach_mock(steps, "write")
    applicator.recorder.step = steps
    applicator.resets.deliberate = board.reset = None
    for owner, name in ((applicator.resets, "deliberate"), (board, "reset")):
        setattr(owner, name, mock.Mock())
        calls.attach_mock(getattr(owner, name), name)
    applicator.restart(prompt)
    fed = ["write", "watchdog.feed"] * 3  # a write of flash may take most of the watchdog's time
    assert names(calls) == ["valve.cut", "lease.stop", *fed, "write", "deliberate", "reset"]
    assert calls.deliberate.call_args == mock.call(prompt)


def test_a_log_that_never_gets_done_is_fed_for_a_second_and_no_longer(applicator, board, calls):
    board.reset = mock.Mock()
    applicator.recorder.step = lambda: True
    applicator.restart()
    assert names(calls).count("watchdog.feed") == 100
    board.reset.assert_called_once_with()


def test_ctrl_c_is_no_interruption(virtual, board):
    with mock.patch.object(virtual.app.micropython, "kbd_intr") as kbd_intr:
        virtual.app.Applicator(board).start()
    kbd_intr.assert_called_once_with(-1)


@pytest.mark.parametrize("part", ["slow inputs", "panel", "console"])
def test_what_has_no_turn_or_stands_still_is_counted_until_it_lives_again(applicator, part):
    orders(applicator)
    panel, console = applicator.panel, applicator.console
    stands = []

    def living(owner, name):
        owner.poll = lambda: setattr(owner, "alive", True) if name not in stands else None

    living(panel, "panel")
    living(console, "console")
    late = applicator.inputs
    for _ in range(3 * len(SLOW)):
        applicator.step()
    assert late.tasks_late <= len(SLOW)
    stands.append(part)
    console.long = part == "slow inputs"  # it takes their turns for good
    for _ in range(40):
        applicator.step()
    assert late.tasks_late >= 40 - 2 * len(SLOW)
    stands.clear()
    console.long = False
    for _ in range(2 * len(SLOW)):
        applicator.step()
    assert late.tasks_late <= len(SLOW)


# --- a chip that lost its set-up ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", MODES)
def test_a_skin_chip_without_its_set_up_gets_it_back_outside_treatment(virtual, applicator, board, name):
    mode = importlib.import_module("cryo.core.mode")
    reading = importlib.import_module("cryo.core.reading")
    orders(applicator)
    applicator.supervisor.mode = getattr(mode, name)
    applicator.step()
    board.skin.configure.assert_not_called()
    applicator.inputs.skin.status = reading.CONFIG_LOST
    applicator.step()
    assert board.skin.configure.call_count == (0 if name in ("ARMED", "DELIVERING", "REST") else 1)


def test_a_set_up_that_was_written_has_three_conversions_before_it_is_written_again(virtual, applicator, board):
    reading = importlib.import_module("cryo.core.reading")
    applicator.inputs.skin.status = reading.CONFIG_LOST
    for _ in range(93):
        applicator.step()
    assert board.skin.configure.call_count == 3
    applicator.inputs.skin.status = reading.OPEN  # it was written; lost once more, it is written at once
    applicator.step()
    applicator.inputs.skin.status = reading.CONFIG_LOST
    applicator.step()
    assert board.skin.configure.call_count == 4


@pytest.mark.parametrize(
    ("off_us", "mode", "may"),
    [
        (0, 2, False),
        (99_999, 2, False),
        (100_000, 2, True),
        (100_000, 8, True),
        (1_000_000, 3, False),
        (1_000_000, 5, False),
    ],
)
def test_nothing_is_written_until_the_valve_has_been_shut_for_some_ticks(virtual, applicator, off_us, mode, may):
    applicator.supervisor.mode = mode
    applicator.supervisor.planner.off_us = off_us
    assert applicator.may_write() is may


def test_a_setting_that_memory_changed_is_a_fault_within_a_second(virtual, applicator):
    faults = importlib.import_module("cryo.core.faults")
    supervisor = applicator.supervisor
    for _ in range(100):
        applicator.step()
    assert not supervisor.faults.latched
    supervisor.config = supervisor.config._replace(trip_mdegc=-100_000)
    for _ in range(100):
        applicator.step()
    assert supervisor.faults.latched.has(faults.MEMORY)


@pytest.mark.parametrize(
    ("result", "fresh", "status", "mdegc", "early"),
    [
        (-1, True, 0, 4_000, True),
        (-1, True, 2, None, True),
        (-1, True, 0, 4_001, False),
        (-1, False, 0, 4_000, False),
        (0, True, 0, 4_000, False),
        (-2, True, 0, 4_000, False),
    ],
)
def test_a_cold_or_bad_reading_in_a_burst_cuts_before_the_rest_of_the_tick(
    applicator, board, calls, result, fresh, status, mdegc, early
):
    orders(applicator, cut=1)
    board.valve.result.return_value = result

    def poll(now_us, reading):
        reading.sequence += fresh
        reading.status, reading.value_mdegc = status, mdegc

    board.skin.poll.side_effect = poll
    calls.reset_mock()
    applicator.step()
    names = [call[0] for call in calls.mock_calls]
    assert ("valve.cut" in names[: names.index("decide")]) is early
    assert names.count("valve.cut") == 1 + early  # and the supervisor decides in spite of that


@pytest.mark.parametrize("name", MODES)
def test_nothing_is_stored_while_gas_may_flow_or_soon_may(applicator, name):
    applicator.supervisor.mode = getattr(importlib.import_module("cryo.core.mode"), name)
    assert applicator.may_write() == (name not in ("READY", "ARMED", "DELIVERING", "REST"))
    told = importlib.import_module("cryo.store.writing").save(applicator.record("pin", 1), b"x")
    assert (told is None) == applicator.may_write()


# --- the heap's lock and the collector ----------------------------------------------------------------------
def test_the_heap_is_locked_in_the_tick_and_open_when_breathing(virtual, applicator, board):
    depths = {}
    stand_in = virtual.app.micropython
    board.loop_a.value.side_effect = lambda: depths.setdefault("sense", stand_in.heap_locked())
    board.led.value.side_effect = lambda level: depths.setdefault("act", stand_in.heap_locked())
    applicator.supervisor.tick.side_effect = lambda *_: depths.setdefault("decide", stand_in.heap_locked())
    applicator.console.poll = lambda: depths.setdefault("breathe", stand_in.heap_locked())
    applicator.step()
    assert depths == {"sense": 1, "decide": 1, "act": 1, "breathe": 0}


def test_the_console_is_polled_once_a_tick_after_it(applicator, calls):
    calls.attach_mock(mock.Mock(), "console_poll")
    applicator.console.poll = calls.console_poll
    orders(applicator, feed=1)
    applicator.step()
    assert names(calls)[-4:] == ["watchdog.feed", "bottle.poll", "buzzer.value", "console_poll"]


@pytest.mark.parametrize("name", MODES)
def test_the_collector_runs_once_on_the_way_into_a_quiet_state_only(virtual, applicator, name):
    mode = importlib.import_module("cryo.core.mode")
    orders(applicator)
    applicator.supervisor.mode = mode.STANDBY if name != "STANDBY" else mode.READY
    applicator.step()
    with mock.patch.object(virtual.app.gc, "collect") as collect:
        applicator.supervisor.mode = getattr(mode, name)
        applicator.step()
        assert collect.call_count == (1 if name in QUIET else 0)
        applicator.step()
        applicator.step()
        assert collect.call_count == (1 if name in QUIET else 0)


def test_each_rest_of_a_treatment_collects_and_no_pass_does(virtual, applicator):
    mode = importlib.import_module("cryo.core.mode")
    orders(applicator)
    heap = mock.Mock()
    applicator.console.count = heap.count
    done = []
    with mock.patch.object(virtual.app.gc, "collect", heap.collect):
        for now in (mode.READY, mode.ARMED, mode.DELIVERING, mode.REST, mode.DELIVERING, mode.REST, mode.COMPLETE):
            applicator.supervisor.mode = now
            heap.reset_mock()
            for _ in range(3):
                applicator.step()
            done.append(names(heap))
    once = ["collect", "count"]
    assert done == [once, [], [], once, [], once, once]


# --- rhythm -------------------------------------------------------------------------------------------------
def test_ticks_are_10_ms_apart_whatever_a_tick_takes(virtual, applicator, board):
    costs = iter((0, 4_000, 8_000, 1_000, 0))
    board.skin.poll.side_effect = lambda now_us, reading: virtual.hal.spend(next(costs))
    orders(applicator)
    starts_us = []
    for _ in range(5):  # across the counter's wrap
        applicator.step()
        starts_us.append(virtual.clock.now_us)
    assert [b - a for a, b in itertools.pairwise(starts_us)] == [10_000] * 4
    assert applicator.late_us_max == 0


def test_a_late_tick_is_counted_and_not_made_up_for(virtual, applicator, board):
    costs = iter((0, 25_000, 12_000, 0, 0))
    board.skin.poll.side_effect = lambda now_us, reading: virtual.hal.spend(next(costs))
    orders(applicator)
    applicator.step()
    applicator.step()
    assert 15_000 <= applicator.late_us_max < 15_500
    late_us = applicator.late_us_max
    applicator.step()
    assert applicator.late_us_max == late_us  # the worst one stays
    virtual.clock.slept_us.clear()
    applicator.step()
    applicator.step()
    assert all(9_000 < us <= 10_000 for us in virtual.clock.slept_us)


def test_a_tick_with_a_new_skin_sample_takes_no_distance(applicator, board):
    for sample in (1, 0, 1, 1, 0):
        applicator.inputs.skin.sequence += sample
        orders(applicator)
        applicator.step()
        assert board.distance.poll.call_args.args[2] == bool(sample)


@pytest.mark.parametrize("guides", [0, 1])
def test_a_lamp_that_guides_is_dark_for_a_moment_once_the_indication_was_there_for_2_s(applicator, pins, guides):
    mode = importlib.import_module("cryo.core.mode")
    panel = importlib.import_module("cryo.panel")
    assert applicator._lamp is None  # only the ESP32's board says that its lamp guides
    if guides:
        applicator._lamp = panel.Lamp()
    s = applicator.supervisor
    orders(applicator, feed=1, indicate=1)
    lit = []
    for tick in range(510):
        s.mode, s.eye.range, s.eye.mm, s.indicated_us = mode.ARMED, 0, 190, tick * 10_000
        s.session.preset, s.session.level = 0, 0
        applicator.step()
        if tick > 2:  # the lamp's level is written by then
            lit.append(pins["led"].value.call_args.args[0])
    dark = lit.count(0)
    assert (len(lit), lit[:198].count(0), dark) == (507, 0, 30 * guides)
    orders(applicator, feed=1, indicate=0)
    applicator.step()
    assert pins["led"].value.call_args.args[0] == 0


@pytest.mark.parametrize("guides", [0, 1])
def test_the_board_says_whether_its_lamp_guides_and_muted_clicks_do_not_mute_it(virtual, board, pins, guides):
    mode = importlib.import_module("cryo.core.mode")
    board.lamp_guides = guides
    applicator = virtual.app.Applicator(board)
    applicator.start()
    applicator.guides = False
    s = applicator.supervisor
    s.tick = mock.Mock()
    orders(applicator, feed=1, indicate=1)
    lit = []
    for _ in range(110):
        s.mode, s.eye.range, s.eye.mm, s.indicated_us = mode.ARMED, 0, 190, 3_000_000
        s.session.preset, s.session.level = 0, 0
        applicator.step()
        lit.append(pins["led"].value.call_args.args[0])
    assert lit.count(0) == 10 * guides


@pytest.mark.parametrize("guides", [True, False])
def test_muted_clicks_mute_no_other_signal_and_the_light_goes_on_to_guide(applicator, pins, guides):
    mode = importlib.import_module("cryo.core.mode")
    s = applicator.supervisor
    sound = pins["buzzer"].value
    applicator.guides = guides

    def heard(ticks, **outputs):
        orders(applicator, feed=1, **outputs)
        sound.reset_mock()
        for _ in range(ticks):
            s.mode, s.eye.range, s.eye.mm = mode.ARMED, 0, 190
            s.session.preset, s.session.level = 0, 0
            applicator.step()
        return [call.args[0] for call in sound.call_args_list]

    assert sum(heard(300, indicate=1)) == 200 + 10 + 2 * guides
    assert applicator.panel.guided == 3
    assert sum(heard(15, alarm=1)) == 15
