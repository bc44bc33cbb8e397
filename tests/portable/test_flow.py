"""Program flow: a check left out, left early, run twice or out of turn takes gas and watchdog's food away at once."""

from bench import Bench
from cryo.core import blockers, causes, faults, flow, mode
from cryo.core.supervisor import ACKNOWLEDGE
from cryo.limits import LEASE_MAX_US

GUARDS = (("trigger", 2), ("eye", 2), ("overcool", 4), ("faults", 1))


def _left_out(count):
    """Return a stand-in for a method of `count` arguments that does nothing; *args would allocate under the lock."""
    return (None, lambda a: None, lambda a, b: None, None, lambda a, b, c, d: None)[count]


def _twice(function, count):
    """Return one that runs function two times."""

    def one(a):
        function(a)
        return function(a)

    def two(a, b):
        function(a, b)
        return function(a, b)

    def four(a, b, c, d):
        function(a, b, c, d)
        return function(a, b, c, d)

    return (None, one, two, None, four)[count]


def _for_good(bench):
    """Gas has stopped, the fault is latched and nothing feeds any more, whatever the operator does."""
    gas_us = bench.gas_us
    assert bench.o.feed == 0 and bench.o.lease == 0 and bench.o.fire_us == 0 and bench.o.cut == 1
    assert bench.sup.faults.latched >> faults.PROGRAM_FLOW & 1
    assert bench.o.alarm == 1
    for _ in range(5):
        bench.ask(ACKNOWLEDGE)
        assert bench.o.feed == 0 and bench.o.lease == 0 and bench.o.fire_us == 0 and bench.o.cut == 1
    assert bench.gas_us - gas_us <= LEASE_MAX_US
    assert bench.sup.faults.first


def test_every_tick_of_a_sound_treatment_feeds():
    bench = Bench()
    fed = 0
    for _ in range(70):
        bench.tick()
        fed += bench.o.feed
    assert fed == 70
    bench = Bench().deliver()
    for _ in range(400):
        bench.tick()
        assert bench.o.feed == 1
    assert len(bench.fired) > 3
    bench.i.estop = 1
    for _ in range(10):  # a device in FAULT is a healthy device
        bench.tick()
        assert bench.o.feed == 1
    assert bench.sup.mode == mode.FAULT


def test_a_guard_that_is_left_out_for_one_tick_is_seen_in_that_tick():
    for name, count in GUARDS:
        for turn in range(4):
            bench = Bench().deliver().to_burst(2)
            bench.tick(turn)
            guard = getattr(bench.sup, name)
            sound = guard.update
            guard.update = _left_out(count)
            bench.tick()
            guard.update = sound
            _for_good(bench)


def test_a_guard_that_runs_twice_in_one_tick_is_seen_in_that_tick():
    for name, count in GUARDS:
        bench = Bench().deliver().to_burst(2)
        guard = getattr(bench.sup, name)
        sound = guard.update
        guard.update = _twice(sound, count)
        bench.tick()
        guard.update = sound
        _for_good(bench)


def test_two_guards_in_each_others_place_are_seen():
    bench = Bench().deliver().to_burst(2)
    eye, trigger = bench.sup.eye, bench.sup.trigger
    sound = trigger.update, eye.update

    def eye_first(dt_us, contact):
        bench.later = contact
        return sound[1](dt_us, bench.i)

    def trigger_second(dt_us, _):
        return sound[0](dt_us, bench.later)

    trigger.update = eye_first
    eye.update = trigger_second
    bench.tick()
    _for_good(bench)


def test_the_observation_is_a_step_too():
    for plant in (lambda sound: _left_out(2), lambda sound: _twice(sound, 2)):
        bench = Bench().deliver().to_burst(2)
        bench.sup._observe = plant(bench.sup._observe)
        bench.tick()
        _for_good(bench)


def _zero(module):
    return (lambda s, i: 0) if module is blockers else (lambda s, dt_us, i: 0)


def test_causes_and_blockers_that_return_nothing_are_seen():
    for module, silent in ((causes, lambda s, dt_us, i: None), (blockers, lambda s, i: None)):
        for stand_in in (silent, _zero(module)):
            bench = Bench().deliver().to_burst(2)
            sound = module.standing
            module.standing = stand_in
            try:
                bench.tick()
            finally:
                module.standing = sound
            _for_good(bench)


def test_a_mode_that_ignores_a_fault_gets_neither_lease_nor_feed():
    bench = Bench().deliver().to_burst(2)
    sound = mode.next_mode
    mode.next_mode = lambda now, conditions: now
    try:
        bench.i.estop = 1
        bench.tick()
        assert bench.sup.mode == mode.DELIVERING
        _for_good(bench)
    finally:
        mode.next_mode = sound


def test_a_background_task_without_a_sign_of_life_ends_gas_and_food_after_the_bound():
    bench = Bench().deliver().to_burst(2)
    assert flow.TASKS_LATE_MAX == 2 * 6  # two rounds of the six slow inputs
    bench.i.tasks_late = flow.TASKS_LATE_MAX
    bench.tick()
    assert bench.o.feed == 1 and bench.sup.mode == mode.DELIVERING
    bench.i.tasks_late = flow.TASKS_LATE_MAX + 1
    bench.tick()
    assert bench.o.feed == 0 and bench.o.lease == 0 and bench.o.cut == 1
    assert bench.sup.faults.first == faults.TASK_STOPPED
    bench.i.tasks_late = 0
    bench.ask(ACKNOWLEDGE)
    assert bench.o.feed == 0  # it restarts, it does not go on


def test_a_signature_names_place_and_turn_of_each_step_and_fits_31_bits():
    seen = []
    for turn in range(4):
        signature = flow.FIRST + turn * flow.TURN
        assert 0 < signature < 1 << 27
        digits = [signature >> shift & 31 for shift in (22, 17, 12, 7, 2)]
        assert [digit & 7 for digit in digits] == [1, 2, 3, 4, 5]
        assert [digit >> 3 for digit in digits] == [turn] * 5
        assert signature & 3 == 3
        seen.append(signature)
    assert len(set(seen)) == 4
