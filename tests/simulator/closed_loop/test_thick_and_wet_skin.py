"""Callus, a jet that grows, and water on the skin: what the device says, and that healthy skin latches no fault."""

import random
from dataclasses import replace

import pytest

from host_tools.evidence.campaign import patients, population
from host_tools.evidence.campaign.run import levels, named
from host_tools.simulator.twin import lanes, timeline
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.treatment import treatment

FULL_MM_S = 60.0  # an unhurried hand
PROBE_OFF_MM = 4.0  # farther off the axis the probe hides the rest
SOLES = 6  # in a group


class Following(Operator):
    """An operator who holds the applicator at the distance that STAT? says, and keeps the device's other messages."""

    follows = True
    read = 0

    def step(self):
        super().step()
        for _, line in self.lines[self.read :]:
            told = fields(line).get("HOLD_MM", "NONE")
            hand = self.plant.hand
            if self.follows and told.isdigit() and int(told) > hand.goal_mm + 3:
                hand.move(float(told), FULL_MM_S)
        self.read = len(self.lines)


class Treated:
    """Return of one treatment: the end of its point, the fault, how far the true surface stayed above the floor."""

    def __init__(self, patient, inject=None, follows=True):
        plant = patient.plant()
        if inject:
            inject(plant)
        results = []

        def script(op):
            yield from treatment(patient.plan(), results)(op)
            plant.trigger(False)
            self.why = yield from op.ask("STAT:WHY?")
            self.state = fields((yield from op.ask("STAT?")))

        plant.operator = Following(plant, script)
        plant.operator.follows = follows
        assert lanes.run(plant, "cpython") == ""
        self.reached = results[-1]["REACHED"] == "1"
        self.reason = results[-1]["REASON"]
        self.fault = self.state["FAULT"]
        floor_c = timeline.level_figures(patient.preset, patient.level)[1]
        self.over_c = plant.record.skin_min_c - floor_c
        self.mm = plant.hand.goal_mm


def drawn(name, level, distances_mm, **kinds):
    """Draw a healthy patient in a room of 22 degC with only these kinds of skin, each with figures of the table."""
    rng = random.Random(name)
    patient = patients.draw(rng, level or rng.choice(levels()), sound=True)
    body = population.draw_body(rng)
    some = {kind: tuple(population.within(rng, figure) for figure in figures) for kind, figures in kinds.items()}
    body = replace(
        body, ambient_c=22.0, probe_off_mm=min(body.probe_off_mm, PROBE_OFF_MM), cold=None, next_point_k=None,
        **{"callus": None, "film": None} | some,
    )  # fmt: skip
    tau_s = population.within(rng, "film_tau_s") if "film" in kinds else patient.probe_tau_s
    mm = round(rng.uniform(*distances_mm), 1)
    return replace(patient, body=body, bottle_room_c=20.0, probe_tau_s=tau_s, distance_mm=mm)


def sole(number):
    """Return a dry sole at CHRONIC L1 or L2 whose treatment begins at a short distance."""
    figures = ("callus_mm", "callus_k", "callus_mj_m3k")
    return drawn(f"callus/{number}", ("CHRONIC", 1 + number % 2), (85.0, 100.0), callus=figures)


@pytest.mark.parametrize("group", range(3))
def test_callus_latches_no_fault_and_half_of_it_reaches_its_target_where_the_device_says(group, record_property):
    runs = [Treated(sole(number)) for number in range(group * SOLES, (group + 1) * SOLES)]
    record_property("now", sum(run.fault != "NONE" for run in runs))
    assert [run.fault for run in runs] == ["NONE"] * SOLES
    assert min(run.over_c for run in runs) >= 0.0
    assert sum(run.reached for run in runs) >= SOLES // 2
    assert sum(run.mm > 103 for run in runs) >= 2  # they were told, and went
    for run in runs:
        assert run.reached or run.reason == "THICK_SKIN"
        if run.state["HOLD_MM"] != "NONE":
            assert f"thick skin or strong jet: hold at {run.state['HOLD_MM']} mm" in run.why


def test_callus_held_too_near_ends_with_its_own_reason_and_no_fault():
    runs = [Treated(sole(number), follows=False) for number in (1, 13, 15)]
    assert {run.fault for run in runs} == {"NONE"} and min(run.over_c for run in runs) >= -0.1
    assert [run.reason for run in runs].count("THICK_SKIN") >= 2


def growing(seconds, burst, to=2.5):
    """Return a function that lets the jet grow evenly, beginning with a burst."""

    def begin(plant):
        began_us = plant.now_us

        def step(plant):
            share = min(1.0, (plant.now_us - began_us) / 1e6 / seconds)
            plant.strength = 1.0 + (to - 1.0) * share
            if share < 1.0:
                plant.at(plant.now_us + 50_000, step)

        step(plant)

    return lambda plant: plant.on_burst(burst, 0, begin)


@pytest.mark.parametrize("seconds", [20, 30, 60])
def test_a_jet_that_grows_is_followed_or_ended_before_the_floor_is_missed_by_half_a_degree(seconds, record_property):
    least_c = 99.0
    for number, level in enumerate(levels()):
        rng = random.Random(f"grows/{seconds}/{number}")
        mm = rng.choice((85.0, 90.0, 100.0))
        patient = replace(patients.draw(rng, level, sound=True), strength=1.0, distance_mm=mm)
        run = Treated(patient, growing(seconds, rng.choice((0, 1, 4))), follows=False)
        assert run.fault in ("NONE", "RESPONSE_STRONG")
        least_c = min(least_c, run.over_c)
    record_property("now", round(least_c, 2))
    assert least_c >= -0.5


def test_a_steady_jet_ends_no_treatment_for_its_strength():
    for number in range(6):
        rng = random.Random(f"steady/{number}")
        patient = patients.draw(rng, levels()[number % len(levels())], sound=True)
        run = Treated(replace(patient, strength=1.1))
        assert run.fault == "NONE" and run.over_c >= 0.0


def wet(number):
    return drawn(f"film/{number}", None, (85.0, 110.0), film=("film_mm", "film_s"))


def thickly_wet(level):
    """Return the wet skin with the smallest answer: a tenth of a millimetre of water."""
    patient = wet(8)
    return replace(patient, preset=level[0], level=level[1], body=replace(patient.body, film=(0.1, 120.0)))


def test_wet_skin_is_told_to_be_dried_and_latches_no_fault(record_property):
    runs = [Treated(patient) for patient in (wet(8), wet(1), wet(6), *map(thickly_wet, levels()))]
    record_property("now", sum(run.fault != "NONE" for run in runs))
    assert {run.fault for run in runs} == {"NONE"}
    assert min(run.over_c for run in runs) >= 0.0
    told = [run for run in runs if run.reason == "PROBE_SEAT"]
    assert len(told) >= 2
    for run in told:
        assert "PROBE_SEAT: dry the skin, check the nozzle, fix the probe flat to the skin, in the middle" in run.why


@pytest.mark.parametrize("burst", [0, 6], ids=["from the start", "later"])
@pytest.mark.parametrize(
    "come",
    [lambda plant: plant.probe.half_detach(0.4), lambda plant: setattr(plant, "strength", 0.3)],
    ids=["half-off", "weak"],
)
def test_a_loose_probe_or_a_weak_jet_ends_the_point_and_is_a_fault_behind_a_good_beginning(come, burst):
    for number in range(3):
        rng = random.Random(f"loose/{number}")
        patient = replace(patients.draw(rng, ("CHRONIC", 2 + number % 2), sound=True), distance_mm=88.0)
        run = Treated(patient, lambda plant: plant.on_burst(burst, 0, come))
        if burst:
            assert run.fault in ("RESPONSE_WEAK", "INFRARED_DISCORD")
        else:
            assert (run.fault, run.reason) == ("NONE", "PROBE_SEAT")
        assert run.over_c >= 0.0


@pytest.mark.parametrize("name", ["wide/213", "wide/538"])
def test_water_that_dries_under_the_jet_ends_the_point_and_latches_no_fault(name):
    """The probe under a thin film feels more and more of the bursts, or too much: both latched RESPONSE_STRONG once."""
    out = named(name)
    assert out.patient["body"]["film"] and not out.faults
    assert (out.fault, out.reason) == (None, "PROBE_SEAT") and out.lowest_c > out.floor_c + 5.0
