"""Faults and blockers that no other test provokes by name: each is provoked by its cause, on the supervisor's rig."""

import pytest

from cryo.core import blockers, faults, mode, presets
from cryo.core.supervisor import ARM
from supervisor_rig import Rig


def standing(rig):
    return {name for bit, name in enumerate(blockers.NAMES) if rig.sup.blocked_by >> bit & 1}


def no_bottle_reading():
    rig = Rig().deliver().to_burst(1)
    rig.i.bottle.status = 1
    rig.i.bottle.value = None
    return rig


def no_line_reading():
    rig = Rig().deliver().to_burst(1)
    rig.i.line.status = 1
    rig.i.line.value = None
    return rig


def no_response():
    rig = Rig()
    rig.i.distance.value = 200
    rig.deliver().to_burst(1)
    rig.dips = False
    return rig


class Answering(Rig):
    """Let the skin answer each burst with `percent` of the predicted fall."""

    percent = 100

    def _sample(self, dt_us):
        super()._sample(dt_us)
        skin = self.i.skin
        if not self.ticks % 10:
            skin.value_mdegc = self.skin_mdegc + (skin.value_mdegc - self.skin_mdegc) * self.percent // 100


def answer_of(percent):
    rig = Answering().deliver().to_burst(4)
    rig.percent = percent
    return rig


def weak():
    return answer_of(30)


def strong():
    return answer_of(300)


# fault: its cause, and the largest number of bursts until it latches
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
    rig = provoke()
    assert not rig.sup.faults.latched
    for _ in range(1_000):
        if rig.sup.mode == mode.FAULT:
            break
        rig.tick()
    assert rig.sup.faults.first == getattr(faults, name)
    assert rig.o.cut == 1 and rig.o.lease == 0
    assert len(rig.fired) <= bursts


def test_a_skin_that_answers_as_predicted_latches_nothing():
    rig = answer_of(100)
    rig.tick(1_000)
    assert not rig.sup.faults.latched


def test_a_valve_that_is_not_at_rest_fails_the_self_test():
    rig = Rig()
    rig.i.burst = 0  # an opening was accounted for that nobody ordered
    rig.tick(3)
    assert rig.sup.mode == mode.FAULT
    assert rig.sup.faults.first == faults.SELF_TEST
    assert not rig.sup.tested


def test_a_latched_fault_and_an_unfinished_self_test_stop_the_arm_request():
    rig = Rig()
    rig.i.estop = 1
    rig.tick(5)
    rig.choose()
    rig.ask(ARM)
    assert rig.sup.mode == mode.FAULT
    assert {"FAULT", "SELF_TEST"} <= standing(rig)


def test_what_holds_back_a_pass_is_named():
    rig = Rig().arm()
    rig.i.distance.value = 79
    rig.tick(2)
    assert {"DISTANCE", "INDICATION"} <= standing(rig)
    rig.press()
    assert rig.sup.mode == mode.ARMED
    rig.tick(200)
    assert "INDICATION" not in standing(rig) and "DISTANCE" in standing(rig)
    rig.i.distance.value = 80
    rig.tick(2)
    assert "DISTANCE" not in standing(rig)


def test_a_session_whose_cold_dose_is_used_up_arms_no_more():
    for dose, then in ((0, mode.READY), (1 << 29, mode.STANDBY)):
        rig = Rig().stand_by()
        rig.choose()
        rig.sup.overcool.dose_session = dose
        rig.ask(ARM)
        assert rig.sup.mode == then
        assert ("SESSION" in standing(rig)) == bool(dose)


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
    rig = Rig().stand_by()
    rig.choose(preset=preset, level=1)
    rig.skin_mdegc = skin_mdegc
    rig.tick(11)
    assert ("BASELINE" in standing(rig)) == blocked
