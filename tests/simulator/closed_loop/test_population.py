"""The population: what its names draw, how a body lies before the plant, how its runs are judged."""

import random
from dataclasses import asdict, replace

import pytest

from host_tools.evidence.campaign import patients, population
from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.patients import Patient
from host_tools.evidence.campaign.run import _problems, _refused_rightly, case, levels, run
from host_tools.simulator.twin import skin2d
from host_tools.simulator.twin.skin import LAYERS

MANY = [case(f"wide/{number}").patient for number in range(400)]
UNAIMED = [case(f"unaimed/{number}").patient for number in range(400)]


def drawn(name):
    """Return what a figure of the table was in each patient who has it."""
    bodies = [p.body for p in (UNAIMED if name == "probe_off_mm" else MANY)]
    where = {
        "callus_mm": lambda b: b.callus and b.callus[0], "callus_k": lambda b: b.callus and b.callus[1],
        "callus_mj_m3k": lambda b: b.callus and b.callus[2], "film_mm": lambda b: b.film and b.film[0],
        "film_s": lambda b: b.film and b.film[1], "baseline_c": lambda b: b.cold and b.cold[0],
        "deep_over_k": lambda b: b.cold and b.cold[1],
    }  # fmt: skip
    moved = [(p.distance_mm, *p.moves) for p in MANY if p.moves]
    found = {
        "bottle_c": [p.bottle_room_c for p in MANY],
        "film_tau_s": [p.probe_tau_s for p in MANY if p.body.film],
        "low_perfusion": [p.perfusion for p in MANY if p.body.cold],
        "moves_in_mm": [mm for mm, *_ in moved if mm > 130.0],
        "moves_in_mm_s": [speed for mm, _, speed, *_ in moved if mm > 130.0],
        "drift_mm": [abs(to - mm) for mm, to, *_ in moved if mm <= 130.0 and to not in population.HAND_MM],
        "drift_mm_s": [speed for mm, _, speed, *_ in moved if mm <= 130.0],
    }
    if name in found:
        return found[name]
    values = [where[name](b) if name in where else getattr(b, name) for b in bodies]
    return [value for value in values if value is not None]


@pytest.mark.parametrize("name", population.WIDE)
def test_each_figure_is_drawn_from_all_of_its_range(name):
    row, values = population.WIDE[name], drawn(name)
    assert row.low - 0.051 <= min(values) and max(values) <= row.high + 0.051  # a distance has one decimal
    width = row.high - row.low
    assert min(values) < row.low + 0.12 * width
    assert max(values) > row.high - (0.3 if name == "probe_off_mm" else 0.12) * width
    assert row.basis.startswith(("[S]", "[C]", "[E]", "[K]"))


def test_kinds_of_skin_come_together_and_each_is_common():
    every = [population.kinds(asdict(p)) for p in MANY]
    for kind in population.KINDS[1:4]:
        assert 70 < sum(kind in found for found in every) < 130
    assert sum(len(set(found) - {"reduced"}) > 1 for found in every) > 30
    assert 80 < sum("as meant" in found for found in every) < 180
    for patient, found in zip(MANY, every, strict=True):
        assert ("reduced" in found) == (patient.preset != "CHRONIC")
        assert ("weak jet" in found) == (population.jet(asdict(patient)) < 0.95)
        assert ("as meant" in found) == (not {"callus", "water film", "weak jet"} & set(found))


def test_the_jet_of_a_cold_bottle_is_weaker_by_its_pressure():
    plain = asdict(Patient("CHRONIC", 1, 100.0, strength=1.1))
    assert population.jet(plain) == pytest.approx(1.1, abs=0.002)
    assert population.jet(plain | {"bottle_room_c": 0.0}) == pytest.approx(1.1 * (34.85 / 57.3) ** 0.6, abs=0.002)


def test_names_of_the_campaign_draw_what_they_drew():
    sound = patients.draw(random.Random("healthy/3"), ("CHRONIC", 3), sound=True)
    assert (sound.distance_mm, sound.layers_mm, sound.seed) == (116.7, (0.146, 1.111, 6.046), 430403665)
    assert sound.body is None
    ill = patients.draw(random.Random("single/jet-strong/3"), ("CHRONIC", 3), sound=False)
    assert (ill.moves, ill.light_sway, ill.seed) == ((24.7, 294, 17, 116037), 0.088, 551369660)
    rng = random.Random("healthy/3")
    assert case("healthy/3").patient == patients.draw(rng, rng.choice(levels()), sound=True)


def test_a_wide_name_draws_the_same_patient_and_takes_faults():
    assert case("wide/7") == case("wide/7") != case("wide/8")
    assert case("wide/jet-strong/7").faults == ("jet-strong",)
    assert case("wide/dose-open+probe-off/0").faults == ("dose-open", "probe-off")
    for name in ("wide", "wide/nonsense/1", "wide/1/2/3", "healthy/jet-strong/1", "single/3"):
        with pytest.raises(ValueError, match="wide/N"):
            case(name)


FULL = Body(
    half_mm=9.0, probe_off_mm=4.0, ambient_c=12.0, box_k=2.5, humidity=0.3, callus=(1.0, 0.12, 2.9), film=(0.05, 30.0),
    cold=(29.0, 3.0), next_point_k=2.0,
)  # fmt: skip


def before(body, **more):
    return Patient("CHRONIC", 3, 100.0, probe_tau_s=0.11, probe_noise_c=0.02, body=body, **more).plant()


def test_a_body_lies_before_the_plant_as_it_was_drawn():
    plant = before(FULL)
    skin = plant.skin
    depth = skin.modes.stack
    assert depth.film_mm == 0.05 and depth.deep_c == 32.0
    assert depth.nodes_mm[-1] == pytest.approx(0.05 + 1.0 + sum(x.thickness_mm for x in LAYERS))
    assert skin.probe_c < 29.0  # wet for half a minute
    assert plant.probe.bead_c == skin.probe_c and plant.probe.tau_s == 0.11 and plant.probe.noise_c == 0.02
    assert plant.air_c == 12.0 and [chip.cold_junction_c for chip in plant.chips] == [14.5, 14.5]
    assert plant.thermopile.stray == 0.04
    plain = before(Body())
    assert plain.skin.modes.stack.film_mm == 0.0 and plain.skin.surface_c == pytest.approx(32.8, abs=0.15)


def test_the_next_point_is_colder_and_the_coldest_moment_is_kept():
    plant = before(replace(FULL, film=None))
    assert plant.skin.surface_c == pytest.approx(29.0)
    plant.skin.advance(0.5, 200.0, -78.5)
    lowest_c = plant.skin.lowest_c
    plant.new_skin(seed=2)
    assert plant.skin.surface_c == pytest.approx(27.0)
    assert plant.probe.bead_c == plant.skin.probe_c == pytest.approx(27.0)
    assert plant.skin.lowest_c == lowest_c < 24.0
    at_rest = before(Body(next_point_k=3.0))
    warm_c = at_rest.skin.surface_c
    at_rest.new_skin()
    assert at_rest.skin.surface_c == pytest.approx(warm_c - 3.0)
    assert Patient("CHRONIC", 3, 100.0, body=FULL).plan().points == (1, 2)
    assert Patient("CHRONIC", 3, 100.0, body=Body()).plan().points == (1,)


def test_probe_infrared_and_nozzle_of_the_plant_meet_the_body():
    plant = before(Body(half_mm=9.0, probe_off_mm=6.0, ambient_c=12.0))
    plant.hand.mm = plant.hand.goal_mm = 130.0
    for _ in range(3):
        plant.skin.advance(0.5, 150.0, -78.5)
    assert plant.skin.shape[0] == pytest.approx(skin2d.profile(plant.skin.edges_mm, 11.7))
    plant.run_until_reset(3_000_000)
    assert plant.probe.bead_c == pytest.approx(plant.skin.probe_c, abs=0.3)
    assert plant.skin.probe_c > plant.skin.surface_c + 0.6
    assert plant.skin.surface_c < plant.skin.seen_c
    assert (plant.thermopile.words[0] & 0xFFFF) / 50 - 273.15 == pytest.approx(plant.skin.seen_c, abs=0.8)
    assert (plant.thermopile.words[1] & 0xFFFF) / 50 - 273.15 == pytest.approx(12.0, abs=0.02)


def test_a_probe_that_fell_off_hangs_in_the_air_of_the_room():
    plant = before(Body(ambient_c=12.0))
    plant.probe.detach()
    plant.run_until_reset(2_000_000)
    assert plant.probe.bead_c == pytest.approx(12.0, abs=0.2)


REFUSED = "ARM:REQ: REFUSED BASELINE; STAT:WHY? tells what to do"
LEFT = "ARM:CONF 3781: REFUSED not armed: state STANDBY"


@pytest.mark.parametrize(("refused", "fault", "state", "skin_c", "rightly"), [
    (REFUSED, None, "STANDBY", 26.0, True),
    (REFUSED, None, "STANDBY", 30.4, True),  # a reading may be so far off
    (REFUSED, None, "STANDBY", 31.0, False),
    (REFUSED, None, "STANDBY", 37.5, True),
    (LEFT, None, "STANDBY", 27.9, True),
    (LEFT, None, "STANDBY", 32.0, False),
    (None, None, "STANDBY", 26.8, True),  # it was armed, and no pass began
    (None, None, "STANDBY", 32.0, False),
    (None, None, "COMPLETE", 26.0, False),
    (REFUSED, "RESPONSE_STRONG", "FAULT", 26.0, False),
    ("ARM:REQ: REFUSED BOTTLE", None, "STANDBY", 26.0, False),
])  # fmt: skip
def test_cold_skin_may_be_refused_and_nothing_else(refused, fault, state, skin_c, rightly):
    out = replace(run(case("healthy/2")), refused=refused, fault=fault, state=state, reduced=True)
    assert _refused_rightly(out, skin_c) == rightly


@pytest.mark.parametrize("name", ["wide/1", "wide/3"])
def test_a_healthy_patient_of_the_population_is_treated(name):
    out = run(case(name))
    assert out.problems == [] and out.state == "COMPLETE" and out.reached


def test_callus_gets_no_colder_than_its_floor_whatever_the_response_judge_says():
    out = run(case("wide/5"))
    assert population.kinds(out.patient) == ("callus", "reduced")
    assert out.lowest_c > out.floor_c


@pytest.mark.parametrize(
    ("body", "reason", "problems"),
    [
        ({"callus": (1.0, 0.12, 2.9)}, "THICK_SKIN", []),
        ({"film": (0.05, 30.0)}, "THICK_SKIN", []),
        ({}, "THICK_SKIN", ["target missed: THICK_SKIN"]),
        ({"callus": (1.0, 0.12, 2.9)}, "PROBE_SEAT", ["target missed: PROBE_SEAT"]),
        ({"callus": (1.0, 0.12, 2.9)}, "PASSES", []),
    ],
)
def test_thick_skin_may_end_a_point_on_callus_and_under_water_alone(healthy, body, reason, problems):
    skin = healthy.patient["body"] | {"callus": None, "film": None} | body
    out = replace(healthy, patient=healthy.patient | {"body": skin}, reached=False, reason=reason)
    assert _problems(out, case("wide/9"), 31.0) == problems


@pytest.fixture(scope="module")
def healthy():
    """A treatment of the population that was as it must be."""
    out = run(case("wide/9"))
    assert out.problems == []
    return out


def test_lights_bring_the_probe_nearer_to_the_axis_and_change_nothing_else():
    for k in range(20):
        aimed, unaimed = (case(f"{kind}/{k}").patient for kind in ("wide", "unaimed"))
        off_mm = round(unaimed.body.probe_off_mm * population.AIMED, 2)
        assert aimed == replace(unaimed, body=replace(unaimed.body, probe_off_mm=off_mm))
        guided = case(f"guided/{k}").patient
        assert replace(guided, guided=None) == aimed
