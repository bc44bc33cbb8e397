"""The budget's rules, one by one: each can be switched off in the present sources; the table has the effect."""

import argparse
from dataclasses import replace

import pytest

from host_tools.evidence.campaign import changes, rules, tree
from host_tools.evidence.campaign.run import case, run

NOT_WITHOUT = "healthy/0"  # reaches its target with all rules, but not without them
OF_CHRONIC = "healthy/16"  # of level 2, whose floor a rule moves


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    rules.copied(folder)
    return folder


def test_each_rule_is_switched_off_by_edits_of_its_own(copy):
    before = {file: file.read_bytes() for file in copy.rglob("*.py")}
    seen = set()
    for rule in rules.RULES:
        rules.switched_off(copy, [rule])
        changed = {(file, after) for file, was in before.items() if (after := file.read_bytes()) != was}
        assert {file.relative_to(copy).as_posix() for file, _ in changed} == {flaw.file for flaw in rule.off}
        assert not changed & seen
        seen |= changed
        for file, _ in changed:
            file.write_bytes(before[file])
    rules.switched_off(copy, rules.RULES)
    with pytest.raises(ValueError, match="has 0 times"):
        rules.switched_off(copy, rules.RULES[:1])
    for file, was in before.items():
        file.write_bytes(was)


def test_the_rules_decide_whether_a_patient_reaches_the_target(tmp_path, monkeypatch):
    monkeypatch.setattr(changes, "RUNS", tmp_path / "changes.parquet")
    forms = {"none": set(), "all": set(range(5))}
    code, found = changes.measure(
        forms, [NOT_WITHOUT, OF_CHRONIC], argparse.Namespace(processes=2, resume=False, dask=None, scheduler=None)
    )
    assert code == tree.code()
    assert [[out.name for out in outs] for outs in found.values()] == [[NOT_WITHOUT, OF_CHRONIC]] * 2
    assert [outs[0].reached for outs in found.values()] == [False, True]
    assert found["all"][0].lowest_c >= found["all"][0].floor_c
    assert [outs[1].floor_c for outs in found.values()] == [9.0, 8.0]  # with its own firmware


def test_the_page_of_rules_is_refused_when_its_runs_are_of_another_tree(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(changes, "ROOT", tmp_path)
    monkeypatch.setattr(changes, "PAGE", tmp_path / "levels.md")
    out = run(case("healthy/0"))
    for code, status in (("0123456789ab", 2), (tree.code(), 0)):
        monkeypatch.setattr(changes, "measure", lambda *_, code=code: (code, {"none": [out], "all": [out]}))
        assert changes.main(["--healthy", "1", "--each", "0", "--pairs", "0"]) == status
        assert changes.PAGE.exists() == (status == 0)
    assert "was made on code 0123456789ab" in capsys.readouterr().err
    assert f"Measured on code {tree.code()}." in changes.PAGE.read_text()


def test_a_row_counts_what_it_says():
    sound = run(case("healthy/0"))
    warm = replace(sound, reached=True, reach_s=20.0, lowest_c=sound.floor_c + 1.0)
    cold = replace(sound, reached=False, reach_s=None, lowest_c=sound.floor_c + 0.25, fault="SKIN_TRIP")
    refused = replace(sound, refused="ARM:REQ: BASELINE", lowest_c=-9.0)
    fault = replace(sound, name="single/a/0", reduced=True, came=True, lowest_c=6.5)
    not_come = replace(sound, name="single/b/0", came=False, lowest_c=-20.0)
    pair = replace(sound, name="double/a+b/0", reduced=False, came=True, lowest_c=3.0)
    made = changes.row("x", [warm, cold, refused, fault, not_come, pair])
    assert made == "| x | 1 of 2 | 20.0 | +0.25 | 1 | +2.50 (a) | +3.00 (a+b) |"
    assert changes.row("y", []) == "| y | 0 of 0 | - | +0.00 | 0 | - | - |"
    near, far = (replace(fault, lowest_c=lowest_c) for lowest_c in (5.0, 7.75))
    text = changes.page({"none": [warm, fault, far], "other": [cold], "all": [near, far, not_come]}, "c", 1, 2, 3)
    assert "1 healthy virtual patients" in text and "faults 2 times" in text and "| other | 0 of 1 |" in text
    assert "Of 1 single faults that came, 1 leave the skin more than 0.1 degC colder" in text
    assert "| a | +2.50 | +1.00 | 1.50 |" in text and "| b |" not in text
    assert "that came, 0 leave" in changes.page({"none": [fault], "all": [fault, far]}, "c", 1, 2, 3)
