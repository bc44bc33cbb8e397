"""A whole foot: the device treats eight points in one session; page, picture and README say how long it took."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from host_tools.evidence.campaign import foot, reach
from host_tools.evidence.pages import foot_picture
from host_tools.places import ROOT
from host_tools.simulator.twin import timeline, treatment
from host_tools.simulator.twin.people import fields

PRESET = "CIPN"
AT_ONCE_US = 200_000  # from the end of a rest, by the device's last word of it, to the request to arm


@pytest.fixture(scope="module")
def run():
    """A foot by a preset for reduced sensation, in this interpreter."""
    return foot.treated(PRESET, foot.middle_levels()[PRESET], "cpython", warm_up=False)


@pytest.fixture(scope="module")
def row(run):
    """Its figures."""
    return foot.told(run)


def test_the_middle_levels_are_those_of_the_open_ones():
    assert foot.middle_levels() == {"CHRONIC": 3, "DIABETIC": 2, "CIPN": 2}


def test_all_points_reach_their_target_above_the_floor(run, row):
    assert row["problems"] == [] and row["reached"] == 8
    assert sorted(point["point"] for point in row["points"]) == list(run.plan.points)
    assert all(10.0 < point["reach_s"] < 45.0 for point in row["points"])
    assert row["floor_c"] - 0.5 <= row["lowest_c"] == min(point["lowest_c"] for point in row["points"])
    assert run.plant.record.skin_min_c == pytest.approx(row["lowest_c"], abs=0.1)


def test_its_time_is_that_of_its_points_and_of_what_lies_between_them(row):
    at_points_s = row["foot_s"] - row["waited_s"]
    assert 8 * 20.0 < at_points_s < 8 * 60.0 and sum(point["reach_s"] for point in row["points"]) < at_points_s
    assert row["waited_s"] > 7 * foot.ROW.plan.probe_s


def test_the_operator_asks_the_device_and_arms_the_moment_it_may(run):
    asked_us = [at for at, command in run.operator.sent if command == "ARM:REQ"]
    assert len(asked_us) == 8
    for before_us, at_us in pairwise(asked_us):
        said = [(at, fields(text)) for at, text in run.operator.lines if before_us < at < at_us]
        ends_us = [at + int(row["REST_S"]) * 1_000_000 for at, row in said if "REST" in row.get("BLOCKERS", "")]
        assert ends_us and at_us - ends_us[-1] < AT_ONCE_US


def test_the_hand_is_lifted_between_points_and_guided_to_each(run):
    low_mm, high_mm = timeline.window_mm(PRESET, foot.middle_levels()[PRESET])
    record = run.plant.record
    for _, place in record.visits:
        first_us = next(burst.time_us for burst in record.bursts if burst.point == place)
        mm = next(sample[3] for sample in record.samples if sample[0] >= first_us)
        assert low_mm - 4 <= mm <= high_mm + 4
    for visit_us, _ in record.visits[1:]:
        mm = next(sample[3] for sample in record.samples if sample[0] >= visit_us)
        assert mm == run.plan.distance_mm


def test_each_point_of_the_picture_falls_in_turn_and_comes_back(run):
    drawn = foot.courses(run)
    coldest_s = [min(course, key=lambda row: row[1])[0] for course in drawn["points"]]
    assert coldest_s == sorted(coldest_s) and len(coldest_s) == 8
    first = drawn["points"][0]
    assert first[-1][1] > 31.0 and first[-1][0] > coldest_s[-1]
    assert drawn["pack"][0][1] > 32.0 and drawn["pack"][-1][1] < 12.0


class Asked:
    """An operator's device that lets each point begin after so many seconds."""

    def __init__(self, waits_s, bursts=1):
        self.waits_s = waits_s
        self.chosen = None
        self.plant = self.record = self
        self.bursts = [None] * bursts

    def ask(self, command):
        """Choose a point."""
        yield from ()
        self.chosen = int(command.split()[-1])
        return "OK"

    def state(self):
        """Say how long the chosen point waits."""
        yield from ()
        rest_s, cool_s = self.waits_s[self.chosen]
        return {"REST_S": str(rest_s), "COOL_S": str(cool_s)}


@pytest.mark.parametrize(
    ("waits_s", "soonest"),
    [
        ({1: (60, 300), 2: (60, 0), 3: (60, 0)}, 2),
        ({1: (60, 0), 2: (10, 0), 3: (60, 0)}, 2),
        ({1: (10, 200), 2: (10, 120), 3: (60, 110)}, 3),
        ({1: (0, 0), 2: (0, 0)}, 1),
    ],
)
def test_the_point_that_may_begin_first_is_next(waits_s, soonest):
    op = Asked(waits_s)
    script = treatment._soonest(op, list(waits_s))
    with pytest.raises(StopIteration) as ended:
        next(script)
    assert ended.value.value == op.chosen == soonest


def made(foot_s=470.0, **more):
    """Return data of a foot by two presets."""
    points = [{"point": n, "reached": True, "reach_s": 20.0 + n, "lowest_c": 13.0} for n in range(1, 9)]
    row = {
        "level": 2, "target_c": 18.0, "floor_c": 12.0, "points": points, "reached": 8, "lowest_c": 13.0,
        "foot_s": foot_s, "waited_s": 70.5, "ice_s": 107.4, "problems": [], "interpreter": "micropython 1",
    }  # fmt: skip
    rows = {"CHRONIC": row | {"foot_s": 300.0, "ice_s": 246.9}, "CIPN": row | more}
    return {"foot_s": foot_s, "ice_s": 107.4, "foot": rows}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (made(), []),
        (made(480.0), []),
        (made(480.1), ["a whole foot: 480.1 s (CIPN), goal 480"]),
        (made(None, reached=7), ["a whole foot: None s (CIPN), goal 480",
                                 "a whole foot, CIPN: 7 of 8 points reach their target"]),
        (made(lowest_c=11.4), ["a whole foot, CIPN: 11.4 degC, floor 12"]),
        (made(lowest_c=11.6), []),
        (made(problems=["ended in FAULT"]), ["a whole foot, CIPN: ended in FAULT"]),
    ],
)  # fmt: skip
def test_what_misses_its_goal_is_said(data, said):
    assert foot.missed(data) == said
    text = "\n".join(foot.section(data))
    assert ("Its goals are met." in text) == (not said) and all(sentence in text for sentence in said)


def test_the_section_and_the_sentence_tell_the_slowest_preset_s_figures():
    text = "\n".join(foot.section(made()))
    assert "| CIPN L2 | 18 | 8 of 8 | 470.0 | 70.5 | 21, 22, 23, 24, 25, 26, 27, 28 | 13.0 | 12 | 107.4 |" in text
    assert "slowest preset, CIPN: 470.0 s and 107.4 s" in text and "no person was treated" in text
    said = foot.sentence(made())
    assert "took 7 min 50 s" in said and "1 min 10 s passed" in said and "after 1 min 47 s" in said


def test_the_page_and_the_readme_say_what_was_measured():
    data = json.loads(foot.DATA.read_text(encoding="utf-8"))
    assert set(data) == {"foot_s", "ice_s", "foot"} and set(data["foot"]) == set(foot.middle_levels())
    last = data["foot"][foot.slowest(data["foot"])]
    assert (data["foot_s"], data["ice_s"]) == (last["foot_s"], last["ice_s"])
    page = reach.PAGE.read_text(encoding="utf-8")
    assert "\n".join(foot.section(data)) in page, "run: make reach"
    assert all(sentence in page.partition("## Guided")[0] for sentence in foot.missed(data))
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert foot.sentence(data) in readme, f"README.md must say: {foot.sentence(data)}"
    assert "](docs/foot.svg)" in readme
    assert foot.title(data) in foot.PICTURE.read_text(encoding="utf-8"), "run: make reach"


def test_the_picture_is_the_same_each_time_and_has_what_it_is_given(tmp_path):
    drawn = {"points": [[[0.0, 32.0], [30.0, 15.0], [60.0, 25.0]]] * 2, "pack": [[0.0, 32.0], [60.0, 20.0]]}
    pictures = []
    for name in ("a.svg", "b.svg"):
        foot_picture.draw(tmp_path / name, "CIPN level 2", drawn, 18.0, 12.0, 107.4)
        pictures.append((tmp_path / name).read_text(encoding="utf-8"))
    assert pictures[0] == pictures[1]
    assert all(text in pictures[0] for text in ("CIPN level 2", "target 18 °C", "floor 12 °C", "no person was treated"))
    foot_picture.draw(tmp_path / "c.svg", "CIPN level 2", drawn, 16.0, 12.0, None)
    assert "target 16 °C" in (tmp_path / "c.svg").read_text(encoding="utf-8")


def test_what_was_measured_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(foot, "DATA", tmp_path / "foot.json")
    monkeypatch.setattr(foot, "PICTURE", tmp_path / "foot.svg")
    foot.write(made(), {"points": [[[0.0, 32.0]]], "pack": [[0.0, 32.0]]})
    assert json.loads((tmp_path / "foot.json").read_text()) == made()
    assert foot.title(made()) in (tmp_path / "foot.svg").read_text()


def test_a_foot_that_is_refused_is_told(run):
    refused = replace(run, refused="ARM:REQ: REFUSED BASELINE", results=[])
    row = foot.told(refused)
    assert row["reached"] == 0 and row["points"] == [] and "ARM:REQ: REFUSED BASELINE" in row["problems"]
