"""Every fault of the registry is provoked: the results of the committed runs in real MicroPython, and new runs."""

import re
from dataclasses import replace

import pytest

from host_tools.evidence.safety import code, detection, outcomes, pages, provoked
from tests.support import flaws

FAULTS = {fault.name: fault for fault in code.read().faults}
ROWS = detection.load()
# what happens in stand-by: these runs wait out the cool-down after switch-on, as a whole run does
WHOLE = ("LOOP_DISCORD", "RESET_LOOP")
# rows of the scenario table run in tests/simulator/closed_loop/test_scenarios.py, in real MicroPython in test_valves.py
OWN = sorted(provoked.OWN)
EVERY = 15
SAMPLE = sorted(FAULTS)[int(outcomes.measured(), 16) % EVERY :: EVERY]  # other faults on other code


def test_the_table_holds_every_fault_of_the_registry_once_and_no_other():
    assert list(ROWS) == list(FAULTS)
    assert set(provoked.PROVOKED) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_on_the_code_that_the_page_names_the_fault_came_first_within_its_bound_and_gas_ended(name):
    row = ROWS[name]
    assert detection.problems(row) == []
    assert "micropython" in row["interpreter"] or name in ("TRIGGER_BOOT", "SELF_TEST")  # refused earlier
    assert row["allowed_ms"] == provoked.PROVOKED[name].scenario.detect_ms


@pytest.mark.parametrize("name", FAULTS)
def test_the_operator_was_told_the_registry_s_remedy(name):
    row = ROWS[name]
    if row["told_by"] == "FAULT?":
        assert row["remedy"] == FAULTS[name].remedy, "run: make detection"
    else:
        assert row["resets"] >= 1 and row["ends"] == "STANDBY"


@pytest.mark.parametrize("name", OWN)
def test_the_fault_is_still_found_in_time(name):
    plan = replace(provoked.PROVOKED[name].scenario.plan, warm_up=name in WHOLE)
    row = detection.measure(name, "cpython", plan)
    assert detection.problems(row) == []


# A fault for which the firmware alone ends the gas, provoked in firmware with a flaw, and what must be said of it. The
# operator lets go some time after the alarm, and ends the lease and the gas so.
CONTROLS = (
    ("BOTTLE_HIGH", "IGNORES_CUTS", r"gas ends 149\.\d+ ms after the alarm, allowed 45"),
    ("BOTTLE_HIGH", "IGNORES_CUTS", r"the lease ends 129\.\d+ ms after the alarm, allowed 20"),
    ("BOTTLE_HIGH", "IGNORES_CUTS_OF_DOSE", r"the dose valve's drive ends 349\.\d+ ms after the alarm, allowed 1"),
    ("BOTTLE_HIGH", "KEEPS_LEASE", r"the lease ends 129\.\d+ ms after the alarm, allowed 20"),
    ("BOTTLE_HIGH", "CUTS_LATE", r"gas ends 119\.\d+ ms after the alarm, allowed 45"),
    ("BOTTLE_HIGH", "CUTS_LATE", r"the dose valve's drive ends 99\.\d+ ms after the alarm, allowed 1"),
    ("BOTTLE_HIGH", "NEVER_LATCHES", r"alarm after None ms, allowed 150"),
    ("BOTTLE_HIGH", "NEVER_LATCHES", r"gas ends None ms after the alarm, allowed 45"),
    ("BOTTLE_HIGH", "NO_ALARM", r"alarm after None ms, allowed 150"),
    ("TICK_LATE", "ACKNOWLEDGES", r"the alarm ended, and nobody had acknowledged it"),
    ("TICK_LATE", "ACKNOWLEDGES", r"ends in STANDBY"),
    ("TICK_LATE", "RESUMES", r"the alarm ended, and nobody had acknowledged it"),
)


@pytest.fixture(scope="module")
def judged():
    """Return a function that provokes a fault in firmware with a flaw, and keeps the judgement of the run."""
    kept = {}

    def judge(name, flaw):
        if (name, flaw) not in kept:
            plan = replace(provoked.PROVOKED[name].scenario.plan, warm_up=False)
            row = detection.measure(name, "cpython", plan, getattr(flaws, flaw))
            kept[name, flaw] = detection.problems(row)
        return kept[name, flaw]

    return judge


@pytest.mark.parametrize(("name", "flaw", "said"), CONTROLS)
def test_firmware_that_does_not_end_the_gas_or_hold_its_fault_is_found(judged, name, flaw, said):
    found = judged(name, flaw)
    assert [text for text in found if re.fullmatch(f"{name}: {said}", text)], found


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_found_in_time_in_real_micropython(name):
    """The short form of `make detection`: the committed rows may be those of other code, these runs are of this."""
    row = detection.measure(name, "unix")
    assert detection.problems(row) == []
    assert "micropython" in row["interpreter"] or name in ("TRIGGER_BOOT", "SELF_TEST")


def test_rows_of_other_code_are_told_and_rows_of_this_are_not():
    assert detection.stale(detection.measured_on()) == ""
    told = detection.stale("0123456789ab")
    assert detection.measured_on() in told and "0123456789ab" in told and "make detection" in told


def test_the_page_says_of_each_fault_how_many_bursts_the_run_had_given():
    text = pages.pages()["detection.md"]
    for name, row in ROWS.items():
        said = next(line for line in text.splitlines() if f"| `{name}` |" in line).split(" | ")
        assert said[3] == str(row["bursts"]), name
    early = [name for name, row in ROWS.items() if not row["bursts"]]
    assert {"TRIGGER_BOOT", "SELF_TEST", "LOOP_DISCORD"} <= set(early) and "ESTOP" not in early
    assert f"{len(early)} of {len(FAULTS)} faults came before the first burst" in text


def test_the_page_names_the_code_that_was_measured():
    text = pages.pages()["detection.md"]
    assert re.fullmatch("[0-9a-f]{12}", detection.measured_on()) and f"`{detection.measured_on()}`" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"told": "ESTOP"}, "tells ESTOP"),
        ({"detect_ms": None}, "alarm after None ms"),
        ({"detect_ms": 21.0}, "alarm after 21.0 ms, allowed 20"),
        ({"gas_off_ms": 45.1}, "45.1 ms after the alarm, allowed 45"),
        ({"dose_off_ms": 1.1}, "1.1 ms after the alarm, allowed 1"),
        ({"lease_off_ms": 20.1}, "20.1 ms after the alarm, allowed 20"),
        ({"withdrawn": True}, "nobody had acknowledged it"),
        ({"ends": "STANDBY"}, "ends in STANDBY"),
        ({"lowest_c": -0.1}, "-0.1 degC"),
        ({"raised": "x\nValueError: y"}, "ValueError: y"),
    ],
)
def test_what_is_not_as_it_must_be_is_told(change, told):
    assert re.search(re.escape(told), "; ".join(detection.problems(ROWS["LOOP_OPEN"] | change)))


def test_a_flaw_that_no_longer_fits_the_firmware_says_so(tmp_path):
    flaw = replace(provoked.PROVOKED["PROGRAM_FLOW"].flaw, text="not there")
    with pytest.raises(ValueError, match="adapt the flaw"):
        provoked.firmware([flaw], tmp_path)
