"""Known holes that are still open (docs/safety/holes.toml): the present figure of each, and what still protects."""

import pytest

from host_tools.evidence.campaign import population
from host_tools.evidence.campaign import run as campaign
from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.patients import Patient
from host_tools.evidence.search.schedule import parse, simulate
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, confirm, treatment

GAS_G = 400
COOL_DOWN_S = 300


def run(script):
    """Run an operator's script on a virtual patient at 90 mm; return the plant."""
    plant = Plant(distance_mm=90.0)
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, "cpython") == ""
    return plant


def test_a_restart_forgets_the_gas_in_the_room_and_every_point_waits_300_s(record_property):
    found = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        op.plant.applicator.supervisor.session.gas_mg = GAS_G * 1000
        yield from op.ask("SYST:REST")
        yield 2_000_000
        yield from op.wait_for(("STANDBY",), 5_000_000)
        session = op.plant.applicator.supervisor.session
        found["forgotten_g"] = GAS_G - session.gas_mg // 1000
        found["uptime_s"] = session.uptime_s
        for command in ("TREAT:PRES CHRONIC", "TREAT:LEV 1", "TREAT:SITE LFOOT-SOLE", "TREAT:POIN 1"):
            assert (yield from op.ask(command)) == "OK"
        found["state"] = yield from op.state()

    plant = run(script)
    record_property("now", found["forgotten_g"])
    assert len(plant.record.resets) == 1 and found["uptime_s"] < 10
    assert int(found["state"]["COOL_S"]) >= COOL_DOWN_S - 10 and "COOL_DOWN" in found["state"]["BLOCKERS"]


def test_a_spot_under_another_number_waits_for_its_rest_and_for_28_degc(record_property):
    found = {}

    def script(op):
        yield from treatment(Plan("CHRONIC", 1, points=(1,), warm_up=False, distance_mm=90.0), [])(op)
        op.plant.trigger(False)
        ended_us = op.plant.now_us
        yield from confirm(op, Plan("CHRONIC", 1, points=(2,), distance_mm=90.0))
        found["after_s"] = (op.plant.now_us - ended_us) / 1e6
        found["skin_c"] = op.plant.skin.surface_c

    run(script)
    record_property("now", round(found["after_s"]))
    assert found["after_s"] >= 60 and found["skin_c"] >= 27.5


def test_right_behind_a_point_its_rest_and_the_cold_skin_bar_the_next_number():
    found = {}

    def script(op):
        yield from treatment(Plan("CHRONIC", 1, points=(1,), warm_up=False, distance_mm=90.0), [])(op)
        op.plant.trigger(False)
        assert (yield from op.ask("TREAT:POIN 2")) == "OK"
        yield 500_000
        found.update((yield from op.state()))

    run(script)
    assert {"REST", "BASELINE"} <= set(found["BLOCKERS"].split(",")) and 55 <= int(found["REST_S"]) < 60


# Counter-examples of the search (docs/safety/search.md), each with the fewest parts that still show it.
DRAUGHT = "draught/reduced/1/lag=978,drift=779,epidermis_mm=102,size1=995,size1b=14,anchor=529"
DRAUGHT_ON_CALLUS = "draught/reduced/1/callus=0,size1=1000,size1b=0"
PROBE_JET = (
    "probe-half+jet-strong/normal/0/when=185,offset=232,drift=649,drift_speed=166,strength=742,distance_mm=902,"
    "size1=644,size2=535,gap2=797"
)
BOTH_JET = "probe-half+infrared-aside+jet-strong/normal/1/when=16,h=323,size1=540"


def test_icy_air_on_cold_skin_goes_under_4_degc_and_the_gas_ends(record_property):
    out = simulate(parse(DRAUGHT))
    record_property("now", round(out.lowest_c - 4.0, 2))
    assert out.came and out.fault == "SKIN_TRIP"
    assert out.lowest_c > 2.4


def test_icy_air_on_callus_freezes_it_and_the_gas_ends(record_property):
    out = simulate(parse(DRAUGHT_ON_CALLUS))
    record_property("now", round(out.lowest_c - 4.0, 2))
    assert out.came and out.fault == "RESPONSE_STRONG" and out.gas_after_fault_ms <= 45
    assert out.lowest_c > -3.5


def test_a_jet_that_gets_stronger_under_a_loose_probe_is_told_by_its_step(record_property):
    out = simulate(parse(PROBE_JET))
    record_property("now", round(out.lowest_c, 2))
    assert out.came and out.fault == "RESPONSE_STRONG"
    assert out.lowest_c > 10.0


def test_two_sensors_that_read_half_hide_a_stronger_jet_and_the_point_ends_by_itself(record_property):
    out = simulate(parse(BOTH_JET))
    record_property("now", round(out.lowest_c, 2))
    assert out.came and out.state == "COMPLETE" and out.problems == [f"skin {out.lowest_c:.2f} degC, under 0"]
    assert out.lowest_c > -12.5


@pytest.mark.parametrize(("probe_off_mm", "least_c"), [(8.0, -6.0), (8.0 * population.AIMED, 5.5)])
def test_a_probe_far_beside_a_narrow_jet_on_callus_freezes_skin_and_an_aimed_one_keeps_the_floor(
    probe_off_mm, least_c, record_property
):
    body = Body(half_mm=7.0, probe_off_mm=probe_off_mm, callus=(1.0, 0.12, 2.9))
    patient = Patient("CHRONIC", 4, 129.7, body=body, seed=2)
    given = campaign.Case("wide/beside", patient)
    out = campaign.run(given, arrange=lambda course: course.plant.on_burst(1, 0, lambda p: p.hand.move(90.8, 2.0)))
    record_property("now", out.lowest_c)
    assert out.fault is None and out.lowest_c > least_c
