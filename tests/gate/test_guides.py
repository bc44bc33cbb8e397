"""Lists that the guides repeat from the code have all entries, and no others."""

import re

from cryo import limits
from cryo.core import blockers, presets
from host_tools.places import ROOT
from host_tools.simulator.twin.scenarios import SCENARIOS


def words_of(page):
    """Return the words in the first column of the table of attestations."""
    table = page.partition("| word | you state that |")[2].partition("\n\n")[0]
    return [word for row in table.splitlines() for word in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")]


def test_the_operator_s_guide_has_every_attestation():
    page = (ROOT / "docs/operator.md").read_text(encoding="utf-8")
    assert words_of(page) == [row[0] for row in presets.ATTESTATIONS]


def test_a_word_that_is_missing_is_seen():
    rows = "| `SKIN` | x |\n| `EYESPATIENT`, `EYESOPERATOR` | y `CONTRA` |"
    page = f"| word | you state that |\n|---|---|\n{rows}\n\n`WOUND`"
    assert words_of(page) == ["SKIN", "EYESPATIENT", "EYESOPERATOR"]


def test_the_guides_have_pictures_that_the_project_makes():
    page = (ROOT / "docs/engineer.md").read_text(encoding="utf-8")
    assert re.findall(r"!\[[^]]+\]\(([\w/.]+)\)", page) == ["treatment.svg", "rooms.svg", "safety/states.svg"]


def test_the_readme_s_figures_are_those_of_the_code():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    plan = SCENARIOS["treatment"].plan
    said = f'"chronic irritation, level {plan.level}" to two points of a virtual left foot at {plan.distance_mm:g} mm'
    assert said in text
    assert (plan.preset, plan.site, len(plan.points)) == ("CHRONIC", "LFOOT-SOLE", 2)
    assert f"gives edges, at most {limits.LEASE_MAX_US // 1000} ms ahead" in text
    assert f"checks every guard every {limits.TICK_US // 1000} ms" in text


def test_the_operator_s_guide_has_the_limits_of_the_skin_before_a_start():
    text = " ".join((ROOT / "docs/operator.md").read_text(encoding="utf-8").split())

    def allowed(reduced):
        low, high = blockers.baseline_min_mdegc(reduced), blockers.baseline_max_mdegc(reduced)
        return f"{low // 1000} to {high // 1000} degC"

    assert f"must be at {allowed(False)}, and at {allowed(True)} for the presets of reduced sensation" in text
    assert [row[presets.NAME] for row in presets.PRESETS if row[presets.REDUCED]] == ["DIABETIC", "CIPN"]
    assert f"{limits.SAME_POINT_SKIN_MDEGC // 1000} degC or warmer" in text
