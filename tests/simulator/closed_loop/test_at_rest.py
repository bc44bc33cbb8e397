"""Before a point, probe and infrared sensor see the same skin: which devices are refused, and which faults pass."""

import pytest

from host_tools.evidence.campaign import at_rest
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.treatment import Plan, RefusedError, treatment

BODIES = 12
PLAN = Plan("CHRONIC", 4, points=(1,), warm_up=False, distance_mm=90.0)


def arming(inject):
    """Treat after inject(plant); return the refusal, or "" when the device armed."""
    found = {}

    def script(op):
        yield 2_000_000  # both sensors and the distance have values
        try:
            yield from treatment(PLAN, [])(op)
            found["refused"] = ""
        except RefusedError as refused:
            found["refused"] = str(refused)

    plant = Plant(distance_mm=90.0)
    inject(plant)
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, "cpython") == ""
    return found["refused"]


@pytest.mark.parametrize("name", ["probe-offset", "probe-hangs"])
def test_a_probe_that_reads_too_warm_is_refused_before_arming(name, record_property):
    refused = arming(SCENARIOS[name].inject)
    record_property("now", 0 if "CONTACT" in refused else 1)
    assert "CONTACT" in refused and "FAULT" not in refused


@pytest.mark.parametrize("offset_c", [-5.5, -4.5, 4.5, 5.5])
def test_an_offset_of_either_sign_is_refused(offset_c):
    assert "CONTACT" in arming(lambda plant: setattr(plant.chips[0], "offset_c", offset_c))


@pytest.mark.parametrize("offset_c", [-1.5, 1.5])
def test_what_a_sound_pair_may_differ_by_arms(offset_c):
    assert arming(lambda plant: setattr(plant.chips[0], "offset_c", offset_c)) == ""


def test_of_calibrated_pairs_few_are_refused_and_few_offsets_of_4_degc_get_through():
    bodies = at_rest.resting(BODIES)
    refused, _ = at_rest.shares(bodies, "sound", calibrated=True)
    assert refused <= 0.02
    _, missed = at_rest.shares(bodies, "offset", calibrated=True, offset_k=at_rest.OFFSET_K)
    assert missed <= 0.02
    told = [body for body in bodies if body.told]
    assert len(told) >= 3
    _, missed = at_rest.shares(told, "half", calibrated=True, shown=at_rest.HALF)
    assert missed <= 0.05
