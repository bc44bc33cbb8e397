"""Program flow: a check left out, left early, run twice or out of order ends gas and watchdog feeding at once."""

from cryo.core import blockers, causes, faults, flow, mode, room
from cryo.core.supervisor import ACKNOWLEDGE
from cryo.limits import LEASE_MAX_US, TASKS_LATE_MAX
from supervisor_rig import Rig

GUARDS = (("trigger", 2), ("eye", 2), ("second", 4), ("overcool", 4), ("faults", 0))


def _left_out(count):
    """Return a stand-in for a method of `count` arguments that does nothing; *args would allocate under the lock."""
    return (lambda: None, None, lambda a, b: None, None, lambda a, b, c, d: None)[count]


def _again(function, count, surplus):
    """Return a stand-in that runs function `surplus` times too often; it is small enough to need no heap."""
    both = function, function if surplus == 1 else _again(function, count, surplus - 1)

    def none():
        both[0]()
        return both[1]()

    def two(a, b):
        both[0](a, b)
        return both[1](a, b)

    def four(a, b, c, d):
        both[0](a, b, c, d)
        return both[1](a, b, c, d)

    return (none, None, two, None, four)[count]


def _for_good(rig):
    """Check: gas has stopped, the fault is latched and nothing feeds the watchdog, whatever the operator does."""
    gas_us = rig.gas_us
    assert rig.o.feed == 0 and rig.o.lease == 0 and rig.o.fire_us == 0 and rig.o.cut == 1
    assert rig.sup.faults.latched.has(faults.PROGRAM_FLOW)
    assert rig.o.alarm == 1
    for _ in range(5):
        rig.ask(ACKNOWLEDGE)
        assert rig.o.feed == 0 and rig.o.lease == 0 and rig.o.fire_us == 0 and rig.o.cut == 1
    assert rig.gas_us - gas_us <= LEASE_MAX_US
    assert rig.sup.faults.first


def test_every_tick_of_a_sound_treatment_feeds():
    rig = Rig()
    fed = 0
    for _ in range(70):
        rig.tick()
        fed += rig.o.feed
    assert fed == 70
    rig = Rig().deliver()
    for _ in range(400):
        rig.tick()
        assert rig.o.feed == 1
    assert len(rig.fired) > 3
    rig.i.estop = 1
    for _ in range(10):  # a device in FAULT is a healthy device
        rig.tick()
        assert rig.o.feed == 1
    assert rig.sup.mode == mode.FAULT


def test_a_guard_that_is_left_out_for_one_tick_is_seen_in_that_tick():
    for name, count in GUARDS:
        for turn in range(4):
            rig = Rig().deliver().to_burst(2)
            rig.tick(turn)
            guard = getattr(rig.sup, name)
            sound = guard.update
            guard.update = _left_out(count)
            rig.tick()
            guard.update = sound
            _for_good(rig)


def test_a_guard_that_runs_twice_in_one_tick_is_seen_in_that_tick():
    for name, count in GUARDS:
        for surplus in (1, 2, 3, 4, 8, 16):
            rig = Rig().deliver().to_burst(2)
            guard = getattr(rig.sup, name)
            sound = guard.update
            guard.update = _again(sound, count, surplus)
            rig.tick()
            guard.update = sound
            _for_good(rig)


def test_one_guard_too_often_does_not_hide_that_another_was_left_out():
    for missed, missed_count in GUARDS:
        for name, count in GUARDS:
            if name == missed:
                continue
            for surplus in (1, 4):
                rig = Rig().deliver().to_burst(2)
                getattr(rig.sup, missed).update = _silent(getattr(rig.sup, missed), missed_count)
                guard = getattr(rig.sup, name)
                guard.update = _again(guard.update, count, surplus)
                rig.tick()
                assert rig.o.feed == 0 and rig.sup.faults.latched.has(faults.PROGRAM_FLOW)


def _silent(guard, count):
    """Return a stand-in that does nothing and still returns the step of the tick before."""
    return (lambda: guard.step, None, lambda a, b: guard.step, None, lambda a, b, c, d: guard.step)[count]


def test_the_valves_supervision_is_a_step():
    rig = Rig().deliver().to_burst(2)
    rig.sup.valves.watch = lambda i, burst, off_us, touched, causes: None
    rig.tick()
    _for_good(rig)
    rig = Rig().deliver().to_burst(2)
    rig.sup.valves.watch(rig.i, rig.sup.burst, 0, True, rig.sup.faults.causes)  # once too often
    rig.tick()
    _for_good(rig)


def test_the_look_at_the_room_is_a_step_when_it_is_due():
    sound = room.level
    for stand_in in (lambda quantity: None, lambda quantity: room.UNKNOWN):
        rig = Rig().deliver().to_burst(2)
        room.level = stand_in
        try:
            for _ in range(15):
                rig.tick()
                if not rig.o.feed:
                    break
            rig.tick()
        finally:
            room.level = sound
        _for_good(rig)
    for wait in (0, 40):  # it is asked too early, and not any more
        rig = Rig().deliver().to_burst(2)
        while rig.sup._room_wait != 8:
            rig.tick()
        rig.sup._room_wait = wait
        for _ in range(9):
            rig.tick()
        _for_good(rig)


def test_two_guards_in_each_others_place_are_seen():
    rig = Rig().deliver().to_burst(2)
    eye, trigger = rig.sup.eye, rig.sup.trigger
    sound = trigger.update, eye.update

    def eye_first(dt_us, contact):
        rig.later = contact
        return sound[1](dt_us, rig.i)

    def trigger_second(dt_us, _):
        return sound[0](dt_us, rig.later)

    trigger.update = eye_first
    eye.update = trigger_second
    rig.tick()
    _for_good(rig)


def test_the_observation_is_a_step_too():
    for plant in (lambda sound: _left_out(2), lambda sound: _again(sound, 2, 1), lambda sound: _again(sound, 2, 4)):
        rig = Rig().deliver().to_burst(2)
        rig.sup._observe = plant(rig.sup._observe)
        rig.tick()
        _for_good(rig)


def _zero(module):
    return (lambda s, i: 0) if module is blockers else (lambda s, dt_us, i: 0)


def test_causes_and_blockers_that_return_nothing_are_seen():
    for module, silent in ((causes, lambda s, dt_us, i: None), (blockers, lambda s, i: None)):
        for stand_in in (silent, _zero(module)):
            rig = Rig().deliver().to_burst(2)
            sound = module.standing
            module.standing = stand_in
            try:
                rig.tick()
            finally:
                module.standing = sound
            _for_good(rig)


def test_a_mode_that_ignores_a_fault_gets_neither_lease_nor_feed():
    rig = Rig().deliver().to_burst(2)
    sound = mode.next_mode
    mode.next_mode = lambda now, conditions: now
    try:
        rig.i.estop = 1
        rig.tick()
        assert rig.sup.mode == mode.DELIVERING
        _for_good(rig)
    finally:
        mode.next_mode = sound


def test_a_background_task_without_a_sign_of_life_ends_gas_and_food_after_the_bound():
    rig = Rig().deliver().to_burst(2)
    rig.i.tasks_late = TASKS_LATE_MAX
    rig.tick()
    assert rig.o.feed == 1 and rig.sup.mode == mode.DELIVERING
    rig.i.tasks_late = TASKS_LATE_MAX + 1
    rig.tick()
    assert rig.o.feed == 0 and rig.o.lease == 0 and rig.o.cut == 1
    assert rig.sup.faults.first == faults.TASK_STOPPED
    rig.i.tasks_late = 0
    rig.ask(ACKNOWLEDGE)
    assert rig.o.feed == 0  # it restarts, it does not go on


PLACES = (
    flow.ROOM, flow.TRIGGER, flow.EYE, flow.SECOND, flow.OVERCOOL, flow.OBSERVE, flow.VALVES, flow.FAULTS,
)  # fmt: skip


def test_a_signature_grows_by_one_turn_a_tick_whatever_the_count_and_fits_31_bits():
    mask = flow.STEP_MASK
    assert flow.FACTOR * mask + mask + 3 < 1 << 30
    for count in (0, 1, 2, mask - 1, mask):
        steps = [place + count & mask for place in PLACES]
        steps[0] = flow.ROOM
        signature = flow.strung(steps + [3])
        assert signature == flow.START + count * flow.TURN & mask
        assert flow.strung([1] + steps[1:] + [3]) == flow.START + (count - 1) * flow.TURN + flow.TURN_ROOM & mask
        assert 0 <= signature <= mask
