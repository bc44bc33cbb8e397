"""A hand that follows the guidance by ear: it comes into the window, also when it drifts, and changes nothing else."""

import re
from dataclasses import replace

import pytest

from boards.virtual import pins
from host_tools.evidence.campaign import play, population
from host_tools.evidence.campaign.patients import Patient
from host_tools.evidence.campaign.play import Case
from host_tools.evidence.campaign.run import case, run
from host_tools.places import ROOT
from host_tools.simulator.twin import report, session, session_file
from host_tools.simulator.twin.guided import FARTHER, NEARER, RIGHT, GuidedHand
from host_tools.simulator.twin.scenarios import SCENARIOS

BEST_MM = {1: 95, 4: 115}  # CHRONIC, by level


class Motion:
    def __init__(self):
        self.mm = 100.0
        self.moves = []

    def move(self, mm, speed_mm_s):
        self.moves.append((mm, speed_mm_s))


class Buzzer:
    """A plant that has a buzzer, a clock and a hand."""

    def __init__(self):
        self.now_us = 0
        self.pin_levels = 0
        self.hand = Motion()

    def catch_up(self):
        pass


def heard(starts_ms, pulse_ms=20, seconds=3, reaction_s=0.3):
    """Return the ear after pulses with these starts in each second, and the hand's moves."""
    plant = Buzzer()
    ear = GuidedHand(plant, reaction_s=reaction_s, speed_mm_s=15.0)
    for ms in range(0, seconds * 1000, 10):
        plant.now_us = ms * 1000
        on = any(0 <= ms % 1000 - start < pulse_ms for start in starts_ms)
        plant.pin_levels = on << pins.BUZZER
        ear.step()
    return ear, plant.hand.moves


@pytest.mark.parametrize(
    ("starts_ms", "told", "moves"),
    [
        ((440,), NEARER, [(-50.0, 15.0)]),
        ((200, 440, 680), RIGHT, [(100.0, 15.0)]),
        (tuple(40 + 110 * k for k in range(8)), FARTHER, None),
        ((), None, []),
    ],
)
def test_the_rate_of_the_clicks_tells_what_to_do(starts_ms, told, moves):
    ear, done = heard(starts_ms)
    assert ear.told == told
    assert moves is None or done == moves
    if told == FARTHER:
        assert done[-1] == (250.0, 15.0)


def test_longer_signals_are_no_clicks():
    assert heard((0,), pulse_ms=100)[0].told is None
    assert heard((0, 250, 500), pulse_ms=150)[0].told is None


@pytest.mark.parametrize("level", BEST_MM)
@pytest.mark.parametrize("from_mm", [82.0, 130.0, 175.0])
def test_the_hand_comes_into_the_window_and_stays_there(level, from_mm):
    patient = Patient("CHRONIC", level, from_mm, tremor_mm=1.0, sway_mm=1.0, guided=(0.4, 20.0))
    this, results, refused, messages = play.played(Case("guided/0", patient))
    plant = this.plant
    assert refused is None and messages == "" and results[0]["REACHED"] == "1"
    rows = [row for row in plant.record.samples if row[0] > plant.record.bursts[2].time_us]
    inside = sum(abs(row[3] - BEST_MM[level]) <= 12 for row in rows)
    assert inside > 0.97 * len(rows)
    assert len(plant.record.bursts) > 5


def test_a_hand_that_drifts_away_is_brought_back():
    patient = Patient("CHRONIC", 1, 95.0, moves=(125.0, 3.0, 4, 0))
    drifts = run(Case("guided/0", patient))
    guided = run(Case("guided/0", replace(patient, guided=(0.3, 15.0))))
    assert guided.reached and guided.reach_s < drifts.reach_s - 2.0


def test_an_esp32_name_is_the_guided_patient_with_the_board_s_shorter_bursts_on_a_level_that_it_has():
    source = (ROOT / "firmware/cryo/valve/esp32_rmt.py").read_text()
    longest_us = int(re.search(r"^BURST_LONGEST_US = const\(([\d_]+)\)", source, re.MULTILINE)[1])
    given = case("esp32/9", {"pass_max_s": 12})
    assert replace(given, name="guided/9", settings={}) == case("guided/9")
    assert given.settings == {"burst_max_us": longest_us, "pass_max_s": 12}
    cold, colder = case("esp32/195"), case("guided/195")
    assert (colder.patient.preset, colder.patient.level) == ("CHRONIC", 4)
    assert cold.patient == replace(colder.patient, level=2)
    for name, least_ms, most_ms in (("esp32/195", 200, longest_us / 1000), ("guided/195", longest_us / 1000, 500)):
        out = run(case(name))
        assert out.treated and least_ms < out.commanded_max_ms <= most_ms, name


def test_a_guided_name_is_the_patient_of_its_number_and_an_unaimed_one_has_no_lights():
    plain, guided, unaimed = (case(f"{kind}/9").patient for kind in ("wide", "guided", "unaimed"))
    assert replace(guided, guided=None) == plain
    assert plain.body.probe_off_mm == pytest.approx(population.AIMED * unaimed.body.probe_off_mm, abs=0.006)
    assert replace(unaimed, body=plain.body) == plain
    many = [case(f"guided/{k}").patient.guided for k in range(300)]
    assert 3 <= many.count(None) <= 30
    reactions, speeds = zip(*filter(None, many), strict=True)
    assert 0.25 <= min(reactions) < 0.27 and 0.38 < max(reactions) <= 0.4 and 8.0 <= min(speeds) < max(speeds) <= 20.0
    with pytest.raises(ValueError, match="guided/N"):
        case("guided/estop/1")


@pytest.fixture(scope="module")
def shown():
    """The demo's guided treatment, in this interpreter."""
    scenario = replace(SCENARIOS["guided"], plan=replace(SCENARIOS["guided"].plan, points=(1,), warm_up=False))
    return session.run_scenario(scenario, "cpython")


def test_the_demo_shows_a_hand_that_comes_into_its_window(shown):
    assert shown.problems() == []
    d = session_file.describe(shown)
    assert d["target_reached"] and d["window_mm"] == [95, 115]
    first_us = shown.plant.record.bursts[0].time_us
    assert all(d["window_mm"][0] - 4 <= row[3] <= d["window_mm"][1] + 4 for row in shown.plant.record.samples
               if row[0] > first_us)  # fmt: skip


def test_its_report_draws_the_window_beside_the_distance_and_says_so(shown):
    d = session_file.describe(shown)
    drawn = report.figure(shown, d).to_dict()["data"]
    edges = [line["y"][0] for line in drawn if line.get("hovertemplate", "").startswith("edge of the guidance")]
    assert edges == [95, 115]
    assert "then guided to 95 to 115 mm" in report._subtitle(d)
    titles = [note["text"] for note in report.figure(shown, d).to_dict()["layout"]["annotations"]]
    assert "Distance; dashed: where the device guides the hand" in titles
    plain = d | {"window_mm": None}
    assert "guided" not in report._subtitle(plain)
    assert not any("edge of" in line.get("hovertemplate", "") for line in report.figure(shown, plain).to_dict()["data"])


def test_the_hand_moves_a_reaction_after_the_second_click_and_stops_when_the_clicks_end():
    plant = Buzzer()
    ear = GuidedHand(plant, reaction_s=0.3, speed_mm_s=15.0)
    done = []
    plant.hand.move = lambda mm, speed: done.append((plant.now_us // 1000, mm - plant.hand.mm))
    for ms in range(0, 6000, 10):
        plant.now_us = ms * 1000
        plant.pin_levels = (ms < 3000 and 440 <= ms % 1000 < 460) << pins.BUZZER
        ear.step()
    assert done == [(1760, -150.0), (4070, 0.0)] and ear.told is None
