"""Every fault of the registry is provoked: what the committed runs in real MicroPython showed, and runs anew."""

import re
from dataclasses import replace

import pytest

from host_tools.safety import code, detection, outcomes, pages
from host_tools.twin import provoked

FAULTS = {fault.name: fault for fault in code.read().faults}
ROWS = detection.load()
# what happens in stand-by: these runs wait out the cool-down after switch-on, as a whole run does
WHOLE = ("LOOP_DISCORD", "RESET_LOOP")
# rows of the scenario table run in tests/closed_loop/test_scenarios.py, in real MicroPython in test_valves.py
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
    assert "micropython" in row["interpreter"] or name in ("TRIGGER_BOOT", "SELF_TEST")  # refused before it was asked
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
        ({"lowest_c": -0.1}, "-0.1 degC"),
        ({"raised": "x\nValueError: y"}, "ValueError: y"),
    ],
)
def test_what_is_not_as_it_must_be_is_told(change, told):
    assert re.search(re.escape(told), "; ".join(detection.problems(ROWS["LOOP_OPEN"] | change)))


def test_a_flaw_that_no_longer_fits_the_firmware_says_so(tmp_path):
    flaw = replace(provoked.PROVOKED["PROGRAM_FLOW"].flaw, text="not there")
    with pytest.raises(ValueError, match="adapt the flaw"):
        provoked.firmware(flaw, tmp_path)
