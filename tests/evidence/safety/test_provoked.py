"""Faults and blockers that no other test provokes by name, each by its cause, on the supervisor's bench."""

import pytest

from bench import Bench
from cryo.core import blockers, faults, mode, presets
from cryo.core.supervisor import ARM


def standing(bench):
    return {name for bit, (name, _) in enumerate(blockers.NAMES) if bench.sup.blocked_by >> bit & 1}


def no_bottle_reading():
    bench = Bench().deliver().to_burst(1)
    bench.i.bottle.status = 1
    bench.i.bottle.value = None
    return bench


def no_line_reading():
    bench = Bench().deliver().to_burst(1)
    bench.i.line.status = 1
    bench.i.line.value = None
    return bench


def no_response():
    bench = Bench()
    bench.i.distance.value = 200
    bench.deliver().to_burst(1)
    bench.dips = False
    return bench


class Answering(Bench):
    """The skin answers each burst with `percent` of the predicted fall."""

    percent = 100

    def _sample(self, dt_us):
        super()._sample(dt_us)
        skin = self.i.skin
        if not self.ticks % 10:
            skin.value_mdegc = self.skin_mdegc + (skin.value_mdegc - self.skin_mdegc) * self.percent // 100


def answer_of(percent):
    bench = Answering().deliver().to_burst(4)
    bench.percent = percent
    return bench


def weak():
    return answer_of(30)


def strong():
    return answer_of(300)


# fault: what provokes it, and the most bursts that may be given until it latches
CAUSES = {
    "BOTTLE_SENSOR": (no_bottle_reading, 1),
    "LINE_SENSOR": (no_line_reading, 1),
    "NO_RESPONSE": (no_response, 3),  # limit 13
    "RESPONSE_WEAK": (weak, 10),
    "RESPONSE_STRONG": (strong, 5),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_latches_its_fault_and_ends_gas(name):
    provoke, bursts = CAUSES[name]
    bench = provoke()
    assert not bench.sup.faults.latched
    for _ in range(1_000):
        if bench.sup.mode == mode.FAULT:
            break
        bench.tick()
    assert bench.sup.faults.first == getattr(faults, name)
    assert bench.o.cut == 1 and bench.o.lease == 0
    assert len(bench.fired) <= bursts


def test_a_skin_that_answers_as_predicted_latches_nothing():
    bench = answer_of(100)
    bench.tick(1_000)
    assert not bench.sup.faults.latched


def test_a_valve_that_is_not_at_rest_fails_the_self_test():
    bench = Bench()
    bench.i.burst = 0  # an opening was accounted for that nobody ordered
    bench.tick(3)
    assert bench.sup.mode == mode.FAULT
    assert bench.sup.faults.first == faults.SELF_TEST
    assert not bench.sup.tested


def test_a_latched_fault_and_an_unfinished_self_test_stop_the_arm_request():
    bench = Bench()
    bench.i.estop = 1
    bench.tick(5)
    bench.choose()
    bench.ask(ARM)
    assert bench.sup.mode == mode.FAULT
    assert {"FAULT", "SELF_TEST"} <= standing(bench)


def test_what_holds_back_a_pass_is_named():
    bench = Bench().arm()
    bench.i.distance.value = 79
    bench.tick(2)
    assert {"DISTANCE", "INDICATION"} <= standing(bench)
    bench.press()
    assert bench.sup.mode == mode.ARMED
    bench.tick(200)
    assert "INDICATION" not in standing(bench) and "DISTANCE" in standing(bench)
    bench.i.distance.value = 80
    bench.tick(2)
    assert "DISTANCE" not in standing(bench)


def test_a_session_whose_cold_dose_is_used_up_arms_no_more():
    for dose, then in ((0, mode.READY), (1 << 29, mode.STANDBY)):
        bench = Bench().stand_by()
        bench.choose()
        bench.sup.overcool.dose_session = dose
        bench.ask(ARM)
        assert bench.sup.mode == then
        assert ("SESSION" in standing(bench)) == bool(dose)


@pytest.mark.parametrize(
    ("preset", "skin_mdegc", "blocked"),
    [
        (0, 38_000, False),
        (0, 38_100, True),
        (1, 28_000, False),
        (1, 27_900, True),
        (1, 37_000, False),
        (1, 37_100, True),
    ],
)
def test_the_baseline_of_reduced_sensation_is_narrower(preset, skin_mdegc, blocked):
    assert presets.PRESETS[1][presets.REDUCED] and not presets.PRESETS[0][presets.REDUCED]
    bench = Bench().stand_by()
    bench.choose(preset=preset, level=1)
    bench.skin_mdegc = skin_mdegc
    bench.tick(11)
    assert ("BASELINE" in standing(bench)) == blocked
