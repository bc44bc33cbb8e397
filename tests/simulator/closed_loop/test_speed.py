"""The campaign's shortcuts change no result, and `make speed` finds a shortcut that does."""

import pytest

from host_tools.evidence.campaign import speed, worker
from host_tools.evidence.campaign.run import case
from host_tools.places import ROOT

CASES = ("single/probe-noisy/1", "double/dose-open+probe-off/0", "wide/key-off/3", "single/key-off/1")  # one is wet


def test_machine_code_gives_the_same_events_and_the_same_surface():
    pytest.importorskip("numba", reason="Numba is missing: run `make setup`; not tested: machine code of the twin")
    with speed.Tree(ROOT, "plain") as plain, speed.Tree(ROOT, **worker.ENVIRONMENT) as ready:
        assert ready.machine_code and not plain.machine_code
        for name in CASES:
            before, after = plain.run(name), ready.run(name)
            assert before["surface_c"] and before["simulated_s"] > 3
            apart_c = speed.apart_c(before, after)
            assert apart_c is not None and apart_c <= speed.SURFACE_C
        narrow = [tree.run(CASES[-1], 4.0) for tree in (plain, ready)]
        apart_c = speed.apart_c(*narrow)
        assert apart_c is not None and apart_c <= speed.SURFACE_C
        assert narrow[1]["surface_c"] != after["surface_c"]


class Told:
    """A tree whose runs the test sets."""

    def __init__(self, cpu_s, surface_c=20.0, events="a"):
        self._out = {"simulated_s": 60.0, "cpu_s": cpu_s, "surface_c": [30.0, surface_c], "events": events}

    def run(self, name, radius_mm=None):
        """Return it; rings take twice as long."""
        return self._out | {"cpu_s": self._out["cpu_s"] * (2 if radius_mm else 1)}


def test_what_is_the_same_counts_and_the_times_are_compared():
    made = speed.compared(Told(1.0), Told(0.25, 20.0 + 5e-7), ["x", "y"])
    assert made["ratio"] == 4.0 and made["before_s_per_cpu_s"] == 60.0 and made["simulated_s_per_cpu_s"] == 240.0
    assert made["two_d_s_per_cpu_s"] == 120.0 and made["two_d_ratio"] == 2.0
    assert (made["cases"], made["identical_cases"], made["differ"]) == (2, 2, [])
    assert made["surface_apart_c"] == pytest.approx(5e-7)


@pytest.mark.parametrize("other", [Told(0.2, events="b"), Told(0.2, 20.0 + 2e-6)])
def test_another_event_or_another_surface_is_a_difference(other):
    made = speed.compared(Told(1.0), other, ["x"])
    assert made["identical_cases"] == 0 and made["differ"] == ["x"]


def test_the_cases_are_healthy_ones_every_fault_and_pairs():
    names = speed.names()
    assert len(names) == len(set(names)) >= 65
    single = {name.split("/")[1] for name in names if name.startswith("single")}
    assert single == set(speed.FAULTS) - set(speed.PLANT_CHANGED)
    assert sum(name.startswith("healthy") for name in names) >= 5 <= sum(name.startswith("double") for name in names)
    for name in names:
        case(name)


def test_another_tree_that_answers_is_no_comparison(tmp_path):
    with pytest.raises(RuntimeError, match="answers, and not the code in"):
        speed.Tree(tmp_path, "plain", PYTHONPATH=str(ROOT))


def test_a_clone_without_that_commit_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(speed, "BEFORE", "0" * 40)
    assert speed.main([]) == 2
    assert "git fetch --unshallow" in capsys.readouterr().err
