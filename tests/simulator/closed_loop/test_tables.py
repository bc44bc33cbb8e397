"""The page that `make tables` made, and the figures that the firmware took from it, agree."""

import importlib
import json
import re

import pytest

from host_tools.evidence.pages import tables
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, confirm

ROOT = lanes.ROOT
DATA = json.loads((ROOT / tables.DATA).read_text())


def test_the_firmware_holds_the_reach_of_each_level():
    with lanes.firmware_imports():
        presets = importlib.import_module("cryo.core.presets")
        observer = importlib.import_module("cryo.core.observer")
    held = {
        (row[presets.NAME], n + 1): level[presets.REACH_K_MDEGC]
        for row in presets.PRESETS
        for n, level in enumerate(row[presets.LEVELS])
        if level
    }
    made = {(row["preset"], row["level"]): observer.k_at(16_000, row["reach_mm"]) for row in DATA}
    assert held == made
    times = {
        (row[presets.NAME], n + 1): level[presets.SECONDS :]
        for row in presets.PRESETS
        for n, level in enumerate(row[presets.LEVELS])
        if level
    }
    assert times == {(row["preset"], row["level"]): tables.seconds(row) for row in DATA}


def test_the_page_is_made_from_its_data():
    phases = len(DATA[0]["cells"]["80"])
    assert (ROOT / tables.PAGE).read_text() == tables.page(DATA, phases)


def test_each_level_is_there_on_every_kind_of_skin_at_its_best_distance():
    assert [(row["preset"], row["level"], row["best_mm"]) for row in DATA] == [
        (preset, level, mm) for preset, level, _, mm in tables.levels()
    ]
    for row in DATA:
        assert list(row["skins"]) == list(tables.SKINS)
        for name, runs in row["skins"].items():
            assert len(runs) == len(row["cells"]["80"]), name
            assert all(run["lowest_c"] >= row["floor_c"] - 0.5 and run["fault"] is None for run in runs), (row, name)
            assert all(run["reached"] for run in runs) or name.startswith("callus"), (row["preset"], row["level"], name)


@pytest.mark.parametrize("name", tables.SKINS)
def test_a_kind_of_skin_gives_its_figures_again(name):
    row = next(row for row in DATA if (row["preset"], row["level"]) == ("CIPN", 1))
    out = tables.one("CIPN", 1, row["best_mm"], 0, 1, tables.SKINS[name])
    told = row["skins"][name][0]
    assert (out.reached, out.reason, out.target_s) == (told["reached"], told["reason"], told["target_s"])
    assert out.lowest_c == pytest.approx(told["lowest_c"], abs=0.01)


def test_a_cell_says_why_a_point_ended_without_its_target():
    run = {"reached": True, "reason": "TARGET", "fault": None, "target_s": 20.0, "lowest_c": 9.0,
           "observer_error_c": 1.0, "observer_lowest_error_c": -0.5}  # fmt: skip
    assert tables._cell([run]) == "20 / 9.0 / 1.0 / -0.5"
    late, thick = run | {"reached": False, "reason": "TIME"}, run | {"reached": False, "reason": "THICK_SKIN"}
    assert tables._cell([run, late]) == "no (1 of 2) / 9.0 / 1.0 / -0.5"
    assert tables._cell([thick, thick | {"fault": "SKIN_TRIP"}]).endswith(" SKIN_TRIP THICK_SKIN")


@pytest.mark.parametrize(
    ("mm", "room_c", "said"),
    [
        (105, 20.0, r"; about \d\d s at 10\d mm"),
        (160, 20.0, r"; the target may not be reached: hold at 105 mm: about \d\d s"),
        (105, 14.0, r"; about \d\d s at 10\d mm; a warmer bottle is faster \(4\d bar\)"),
    ],
)
def test_how_long_the_target_takes_is_said_before_the_start(mm, room_c, said):
    plant = Plant(distance_mm=mm, room_c=room_c)
    lines = []

    def script(op):
        yield from op.wait_for(("STANDBY",), 5_000_000)
        yield 2_000_000  # the distance sensor starts meanwhile
        op.plant.applicator.supervisor.session.uptime_s += 310
        yield from confirm(op, Plan("CHRONIC", 3, points=(1,), distance_mm=mm))
        lines.extend(text for _, text in op.lines if text.startswith("READY"))

    plant.operator = Operator(plant, script)
    lanes.run(plant, "cpython")
    assert lines and re.fullmatch(r"READY \d{4}" + said, lines[0]), lines


def test_without_a_distance_the_reach_is_not_guessed():
    lines = []

    def watch(plant, operator):
        lines[:] = [text for _, text in operator.lines if text.startswith("READY")]

    plan = Plan("CHRONIC", 3, points=(1,), warm_up=False, distance_mm=90)
    tables.session.run("eye", "cpython", plan=plan, watch=watch)  # armed before the sensor has started
    assert "no distance yet: asked over the skin, ARM:REQ says how long the target takes" in lines[0]
