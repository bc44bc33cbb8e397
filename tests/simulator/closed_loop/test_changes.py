"""The budget's rules one by one: each can be switched off in today's sources, and the table tells what is measured."""

from dataclasses import replace

import pytest

from host_tools.evidence.campaign import changes
from host_tools.evidence.campaign.run import case, run

NOT_WITHOUT = "healthy/0"  # reaches its target with all rules, and with none does not


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    changes.copied(folder)
    return folder


def test_each_rule_is_switched_off_by_edits_of_its_own(copy):
    before = {file: file.read_bytes() for file in copy.rglob("*.py")}
    seen = set()
    for rule in changes.RULES:
        changes.switched_off(copy, [rule])
        changed = {(file, after) for file, was in before.items() if (after := file.read_bytes()) != was}
        assert {file.relative_to(copy).as_posix() for file, _ in changed} == {flaw.file for flaw in rule.off}
        assert not changed & seen
        seen |= changed
        for file, _ in changed:
            file.write_bytes(before[file])
    changes.switched_off(copy, changes.RULES)
    with pytest.raises(ValueError, match="has 0 times"):
        changes.switched_off(copy, changes.RULES[:1])
    for file, was in before.items():
        file.write_bytes(was)


def test_the_rules_decide_whether_a_patient_reaches_the_target():
    found = changes.measure({"none": set(), "all": set(range(5))}, [NOT_WITHOUT], 2)
    assert [outs[0].name for outs in found.values()] == [NOT_WITHOUT] * 2
    assert [outs[0].reached for outs in found.values()] == [False, True]
    assert found["all"][0].lowest_c >= found["all"][0].floor_c


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
    text = changes.page({"none": [warm, fault, far], "other": [cold], "all": [near, far, not_come]}, 1, 2, 3)
    assert "1 healthy virtual patients" in text and "faults 2 times" in text and "| other | 0 of 1 |" in text
    assert "Of 1 single faults that came, 1 leave the skin more than 0.1 degC colder" in text
    assert "| a | +2.50 | +1.00 | 1.50 |" in text and "| b |" not in text
    assert "that came, 0 leave" in changes.page({"none": [fault], "all": [fault, far]}, 1, 2, 3)
