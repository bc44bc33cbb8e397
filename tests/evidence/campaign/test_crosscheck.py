"""Some runs of a campaign again in real MicroPython: which runs, what is compared, and that a difference is found."""

import json

import pytest

from host_tools.evidence.campaign import __main__ as campaign
from host_tools.evidence.campaign import crosscheck, jobs, page, scaling, tree, worker
from host_tools.evidence.campaign.run import case
from host_tools.evidence.campaign.worker import Processes
from host_tools.evidence.safety.planted import planted
from host_tools.evidence.safety.table import Flaw
from host_tools.places import ROOT
from tests.evidence.campaign import standin


def test_one_run_in_a_hundred_and_at_least_five_are_chosen_of_all_kinds():
    every = [f"{kind}/{k}" for kind in ("healthy", "single/estop", "weighted") for k in range(1_000)]
    some = crosscheck.sample(every)
    assert len(some) == 30 and some == [name for name in every if name in some] == crosscheck.sample(every)
    assert {name.split("/")[0] for name in some} == {"healthy", "single", "weighted"}
    assert len(crosscheck.sample(every[:90])) == 5 and len(crosscheck.sample(every[:3])) == 3


@pytest.mark.parametrize("name", ["healthy/3", "single/hang/0", "weighted/0"])
def test_a_run_of_the_campaign_is_the_same_in_micropython_to_the_microsecond(name):
    found = jobs.checked(name)
    assert found["apart"] == "" and found["name"] == name
    assert found["events"] > 1_000


WEAK = Flaw("firmware/cryo/core/bursts.py", "k_mdegc = k_mdegc * (", "k_mdegc = 2 * k_mdegc * (")


def test_a_run_that_differs_is_named_with_the_first_event(tmp_path):
    made = crosscheck.warm(tmp_path)
    (tmp_path / WEAK.file).write_text(planted(WEAK, tmp_path))
    said = crosscheck.apart(crosscheck.events(case("healthy/3")), crosscheck.events(case("healthy/3"), "unix", made))
    assert said.startswith("edges ") and "in CPython" in said and "in MicroPython" in said


SEEN = {
    "edges": [
        [10, "flow", 1], [20, "flow", 0], [100, "trigger", 0], [130, "dose", 1], [150, "flow", 1], [230, "flow", 0],
        [300, "estop", 1], [310, "alarm", 1],
    ],
    "bursts": [[130, 60_000, 54_000]],
}  # fmt: skip


def changed(**more):
    seen = json.loads(json.dumps(SEEN))
    for number, edge in more.pop("edges", {}).items():
        seen["edges"][number] = edge
    return seen | more


@pytest.mark.parametrize(
    ("other", "said", "burst_us", "time_us"),
    [
        (changed(), "", 0, 0),
        (changed(edges={6: [312, "estop", 1], 2: [90, "trigger", 0]}), "", 0, 12),
        (changed(bursts=[[140, 60_999, 1]]), "", 999, 0),
        (changed(bursts=[[140, 61_001, 1]]), "bursts: ", 1_001, 0),
        (changed(bursts=[]), "bursts: ", 0, 0),
        (changed(edges={7: [310, "led", 1]}), "alarm: [1] in CPython, [] on the chip", 0, 0),
        (changed(edges={5: [230, "flow", 1]}), "flow: [1, 0] in CPython, [1, 1] on the chip", 0, 0),
    ],
)
def test_on_the_chip_signals_change_as_often_and_bursts_are_as_long(other, said, burst_us, time_us):
    found = crosscheck.compared(SEEN, other)
    assert found["apart"].startswith(said) and bool(found["apart"]) == bool(said)
    assert (found["burst_us"], found["time_us"], found["events"]) == (burst_us, time_us, 6)


def test_the_result_on_the_chip_is_of_one_image_and_one_emulator(tmp_path, monkeypatch):
    keys = set()
    for text in ("one", "two"):
        (tmp_path / "image").write_text(text)
        monkeypatch.setattr(crosscheck, "find_image", lambda: tmp_path / "image")
        keys |= {crosscheck.on_chip_key("healthy/0")}
    monkeypatch.setattr(crosscheck.outcomes, "version_of", lambda name: "0.1")
    keys.add(crosscheck.on_chip_key("healthy/0"))
    assert len(keys) == 3 and all(key.endswith("/healthy/0") for key in keys)
    monkeypatch.setattr(crosscheck, "find_image", lambda: None)
    assert crosscheck.on_chip_key("healthy/0") is None


def test_the_command_runs_cases_by_name_and_refuses_others(monkeypatch, capsys):
    monkeypatch.setattr(crosscheck, "checked", lambda name: {"name": name, "apart": "" if name == "healthy/1" else "x"})
    assert crosscheck.main(["healthy/1"]) == 0
    assert crosscheck.main(["healthy/1", "healthy/2"]) == 1
    assert crosscheck.main(["nonsense/1"]) == 2
    monkeypatch.setattr(crosscheck, "find_image", lambda: None)
    assert crosscheck.main(["--rp2040", "healthy/1"]) == 2
    assert "make uf2" in capsys.readouterr().err


def test_the_page_tells_what_was_checked_and_what_differs(tmp_path):
    with Processes(1, worker.on) as farm:
        made = campaign.campaign((1, 0, 0), farm, path=tmp_path, kinds=(), lanes=("unix",))
    (row,) = made["checked"]["unix"]
    assert row["name"] == "wide/0" and row["apart"] == ""
    data = json.loads((ROOT / page.DATA).read_text())
    text = page.page(data | {"checked": made["checked"]})
    assert f"{row['events']} events; **0 (" in text and "No image of MicroPython" in text
    chip = {"name": "single/estop/19", "events": 14, "apart": "", "burst_us": 53, "time_us": 9_850}
    bad = row | {"apart": "edges 3: a in CPython, b in MicroPython"}
    text = page.page(data | {"checked": {"unix": [row, bad], "rp2040": [chip]}})
    assert "**1 (" in text and "- `wide/0`: edges 3: a in CPython" in text
    assert "within 53 us" in text and "9.8 ms apart" in text
    assert "**it differs**: q" in page.page(data | {"checked": {"unix": [row], "rp2040": [chip | {"apart": "q"}]}})


def test_what_many_runs_cost_is_reckoned_from_what_was_measured():
    rows = [
        {"processes": 1, "runs": 20, "wall_s": 10.0, "cpu_s": 9.0},
        {"processes": 2, "runs": 20, "wall_s": 5.5, "cpu_s": 9.9},
    ]
    cost = scaling.reckoned(rows)
    assert cost["cpu_h"] == pytest.approx(1_000_000 * 9.9 / 20 / 3_600)
    assert cost["cluster_h"] == pytest.approx(cost["cpu_h"] / 100) and cost["gain"] == pytest.approx(10 / 5.5)
    text = page.page(json.loads((ROOT / page.DATA).read_text()) | {"cost": rows})
    assert "| 2 | 20 | 5.5 | 9.9 | 90% | 2.02 | 3.64 |" in text
    assert "1000000 runs take 138 processor hours,\n1.4 h on 100 processors" in text


def test_cost_is_measured_with_one_and_with_two_processes_once_they_are_ready():
    times = iter((100.0, 110.0, 200.0, 204.0))
    asked = []

    def farm(count):
        asked.append(count)
        return Processes(count, worker.on)

    names = [f"n{k}" for k in range(8)]
    found = scaling.measure(tree.code(), farm, lambda: next(times), standin.told, names)
    assert asked == [1, 2]
    assert [(row["processes"], row["runs"], row["wall_s"]) for row in found] == [(1, 8, 10.0), (2, 8, 4.0)]
    assert all(0.0 <= row["cpu_s"] < 1.0 for row in found)
