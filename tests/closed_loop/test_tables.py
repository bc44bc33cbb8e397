"""The page that `make tables` made, and what the firmware took from it, belong together."""

import importlib
import json

from host_tools.twin import lanes, tables

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


def test_the_page_is_made_from_its_data():
    phases = len(DATA[0]["cells"]["80"])
    assert (ROOT / tables.PAGE).read_text() == tables.page(DATA, phases)


def test_a_treatment_from_too_far_is_announced_and_one_from_near_is_not():
    for mm, far in ((120, True), (90, False)):
        lines = []

        def watch(plant, operator, lines=lines):
            lines[:] = [text for _, text in operator.lines if text.startswith("READY")]

        plan = tables.Plan("CHRONIC", 3, points=(1,), warm_up=False, distance_mm=mm)
        tables.session.run("eye", "cpython", plan=plan, watch=watch)
        assert ("come closer" in lines[0]) == far, (mm, lines)
