"""The demonstration: its command line, what it prints, and session.json."""

import dataclasses
import io
import json
import re

import pytest
from rich.console import Console

from host_tools.simulator.twin import demo, live, scenario_table, session_file, timeline
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import Plan

QUICK = Plan(points=(1,), warm_up=False)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let every scenario skip the cool-down after switch-on, which only the cpython lane can."""
    for name, row in SCENARIOS.items():
        plan = dataclasses.replace(row.plan, points=(1,), warm_up=False)
        monkeypatch.setitem(SCENARIOS, name, dataclasses.replace(row, plan=plan))


@pytest.fixture(scope="module")
def runs():
    """Descriptions by scenario, each run once."""
    done = {}

    def get(name):
        if name not in done:
            session = run(name, "cpython", plan=QUICK)
            done[name] = session, session_file.describe(session)
        return done[name]

    return get


def _flow_us(session):
    return sum(b - a for a, b in timeline.intervals(session.plant.record.edges, "flow", session.plant.now_us))


# --- session.json -----------------------------------------------------------------------------------------------------
SCHEMA = {
    "outcome": str, "preset": str, "level": int, "site": str, "bursts": list, "skin_min_mdegc": int, "points": list,
    "target_reached": bool, "faults": list, "valve_on_us": int, "duration_ms": (int, float), "firmware_version": str,
    "interpreter": str, "scenario": str, "detect_ms": (int, float), "resets": list, "seed": int,
    "distance_mm": (int, float), "simulated": bool,
}  # fmt: skip


def test_session_json_has_the_promised_fields_and_types(runs):
    read = json.loads(json.dumps(runs("eye")[1]))
    for name, kind in SCHEMA.items():
        assert isinstance(read[name], kind), name
        assert kind is bool or not isinstance(read[name], bool), name
    assert read["simulated"] is True
    for burst in read["bursts"]:
        assert {name: type(value) for name, value in burst.items()} == {
            "time_us": int, "point": int, "commanded_us": int, "delivered_us": int,
        }  # fmt: skip
    assert set(read["faults"][0]) == {"code", "name", "remedy"}
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", read["firmware_version"])


def test_the_fault_is_the_device_s_own(runs):
    session, read = runs("eye")
    assert read["outcome"] == "FAULT" and not read["target_reached"]
    fault = read["faults"][0]
    assert f"{fault['code']} {fault['name']};" in session.fault
    assert session.fault.endswith(fault["remedy"])


@pytest.mark.parametrize("name", ["eye", "valve-stuck", "valve-shut"])
def test_valve_on_is_the_integral_of_the_flow(runs, name):
    session, read = runs(name)
    assert read["valve_on_us"] == _flow_us(session) > 0
    assert sum(burst["delivered_us"] for burst in read["bursts"]) == read["valve_on_us"]
    assert read["points"][0]["valve_on_us"] == read["valve_on_us"]


def test_delivered_is_not_what_was_commanded_where_a_valve_sticks(runs):
    stuck = runs("valve-stuck")[1]["bursts"][-1]
    assert stuck["delivered_us"] > stuck["commanded_us"]
    shut = runs("valve-shut")[1]["bursts"][-1]
    assert shut["commanded_us"] > 0 and shut["delivered_us"] == 0


def test_a_healthy_burst_delivers_what_its_two_valves_let_through(runs):
    session, read = runs("eye")
    late_us = max(session.plant.dose.open_delay_us, session.plant.shutoff.open_delay_us)
    for burst in read["bursts"][:-1]:
        through_us = burst["commanded_us"] - late_us + session.plant.dose.close_delay_us
        assert burst["delivered_us"] == pytest.approx(through_us, abs=50)  # the two commands are some us apart


def test_the_lowest_surface_is_the_skin_s_own(runs):
    session, read = runs("eye")
    assert read["skin_min_mdegc"] == round(min(s[1] for s in session.plant.record.samples) * 1000)
    assert read["points"][0]["skin_min_mdegc"] == read["skin_min_mdegc"]


def test_duration_runs_from_the_first_burst_to_the_end_of_the_point(runs):
    _, read = runs("eye")
    event_ms = read["injected_ms"][0] - read["bursts"][0]["time_us"] / 1000
    assert event_ms < read["duration_ms"] <= event_ms + read["detect_allowed_ms"]
    assert read["points"][0]["duration_ms"] == read["duration_ms"]


def test_gas_is_flow_times_the_reference_nozzle(runs):
    _, read = runs("eye")
    assert read["gas_g"] == pytest.approx(read["valve_on_us"] / 1e6, rel=0.01)  # 1.0 g/s at 57.3 bar


def test_points_that_were_never_given_count_as_not_reached(runs):
    session, _ = runs("eye")
    one = dataclasses.replace(session, results=[{"REACHED": "1", "REASON": "TARGET"}])
    assert session_file.describe(one)["target_reached"]
    two = dataclasses.replace(one, plan=dataclasses.replace(QUICK, points=(1, 2)))
    assert not session_file.describe(two)["target_reached"]


def test_a_device_that_took_no_choice_has_no_points(runs):
    _, read = runs("eye-a-short")
    assert read["points"] == [] and read["bursts"] == []
    assert not read["target_reached"] and read["faults"][0]["name"] == "LOOP_TEST"


# --- command line -----------------------------------------------------------------------------------------------------
def _main(*words):
    try:
        return demo.main(list(words))
    except SystemExit as leaving:
        return leaving.code


def test_a_scenario_runs_and_writes_its_files(tmp_path, capsys):
    code = _main("--scenario", "eye", "--lane", "cpython", "--out", str(tmp_path))
    said = capsys.readouterr().out
    assert code == 0
    made = {path.name for path in (tmp_path / "eye").iterdir()}
    assert made == {"report.html", "session.json", "trace.vcd", "trace.gtkw"}
    read = json.loads((tmp_path / "eye" / "session.json").read_text())
    assert read["outcome"] == "FAULT" and read["problems"] == []
    assert "LOOP_OPEN: Close the eye shield" in said
    assert "not for treating people" in said and "nothing about efficacy" in said
    assert read["interpreter"] in said


def test_the_treatment_s_files_lie_directly_in_the_folder(tmp_path, runs):
    session, read = runs("eye")
    for name, folder in (("treatment", tmp_path), ("estop", tmp_path / "estop")):
        renamed = dataclasses.replace(session, scenario=SCENARIOS[name])
        assert {path.parent for path in session_file.write_all(renamed, read, tmp_path)} == {folder}


def test_a_run_that_ends_otherwise_is_a_problem(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(SCENARIOS, "eye", dataclasses.replace(SCENARIOS["eye"], fault="ESTOP"))
    assert _main("--scenario", "eye", "--lane", "cpython", "--out", str(tmp_path)) == 1
    assert "PROBLEM: fault LOOP_OPEN, not ESTOP" in capsys.readouterr().out


def test_list_names_every_scenario_with_its_title(capsys):
    assert _main("--scenario", "list") == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == list(SCENARIOS)
    assert all(row.title in line for row, line in zip(SCENARIOS.values(), said, strict=True))


@pytest.mark.parametrize("scenario", ["all", "list"])
@pytest.mark.parametrize(
    "words",
    [["--level", "3"], ["--preset", "CIPN"], ["--site", "LLEG"], ["--points", "1"], ["--attest", "SKIN"],
     ["--distance-mm", "90"], ["--speed", "2"]],
)  # fmt: skip
def test_an_option_that_all_scenarios_would_ignore_is_refused(monkeypatch, capsys, scenario, words):
    monkeypatch.setattr(demo.scenario_table, "run_all", lambda *_: pytest.fail("it runs"))
    with pytest.raises(SystemExit) as ended:
        demo.main(["--scenario", scenario, *words])
    assert ended.value.code == 2 and f"{words[0]}: not with --scenario {scenario}" in capsys.readouterr().err


def test_an_unknown_scenario_names_the_allowed_ones(capsys):
    assert _main("--scenario", "nonsense") == 2
    said = capsys.readouterr().err
    assert "nonsense" in said and all(name in said for name in SCENARIOS)


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--preset", "STRONG", "CHRONIC, DIABETIC, CIPN"),
        ("--level", "9", "allowed 1, 2, 3, 4"),
        ("--site", "FACE", "head, face and neck are never treated"),
        ("--site", "TAIL", "LFOOT-SOLE"),
        ("--points", "9", "allowed 1 to 8"),
        ("--attest", "SKIN", "missing attestation EYESPATIENT"),
        ("--distance-mm", "400", "80-200 mm"),
    ],
)
def test_the_firmware_refuses_what_it_does_not_allow(option, value, allowed, tmp_path, capsys):
    assert _main("--lane", "cpython", "--out", str(tmp_path), option, value) == 2
    said = capsys.readouterr().err
    assert allowed in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_locked_level_is_refused(tmp_path, capsys):
    assert _main("--lane", "cpython", "--out", str(tmp_path), "--preset", "DIABETIC", "--level", "4") == 2
    assert "level 4 is locked for DIABETIC: allowed 1, 2, 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [("--speed", "fast"), ("--speed", "-1"), ("--speed", "inf"), ("--distance-mm", "nan"), ("--lane", "z80")],
)
def test_an_option_that_makes_no_sense_is_refused(words, capsys):
    assert _main(*words) == 2
    assert words[1] in capsys.readouterr().err


# --- every scenario ---------------------------------------------------------------------------------------------------
def test_the_table_shows_each_scenario_and_its_problems(runs):
    _, good = runs("eye")
    bad = {**runs("valve-stuck")[1], "problems": ["alarm after 2000 ms, allowed 1000"]}
    console = Console(file=io.StringIO(), width=80)
    console.print(scenario_table._table({"eye": good, "valve-stuck": bad}))
    eye, stuck = console.file.getvalue().splitlines()[1:]
    assert eye.split() == [
        "eye", "FAULT", "LOOP_OPEN", f"{good['detect_ms']:.0f}/{good['detect_allowed_ms']}",
        f"{good['gas_stopped_ms']:.0f}", f"{good['skin_min_mdegc'] / 1000:.2f}", "ok",
    ]  # fmt: skip
    assert stuck.split()[0] == "valve-stuck" and stuck.split()[-1] == "PROBLEM"


def test_the_page_has_a_row_for_each_scenario(runs):
    done = {name: runs(name)[1] for name in ("eye", "valve-stuck")}
    rows = [line for line in scenario_table.page(done).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(done)
    assert "2 LOOP_OPEN" in rows[0] and done["eye"]["faults"][0]["remedy"] in rows[0]
    assert all(row.count("|") == 9 for row in rows)


def test_gas_stopped_when_it_last_ended_after_the_event(runs):
    session, read = runs("probe-off")
    begin_us = session.plant.record.injected_us[0]
    ends = [at for at, name, level in session.plant.record.edges if name == "flow" and not level and at > begin_us]
    assert len(ends) > 1
    assert read["gas_stopped_ms"] == (max(ends) - begin_us) / 1000


# --- the terminal -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("celsius", "colour"), [(4.01, "green"), (4.0, "blue"), (2.0, "blue"), (1.99, "red")])
def test_skin_colours_are_those_of_a_peer_s_display(celsius, colour):
    assert live.band(celsius) == colour


def _watched(tmp_path, **of_console):
    console = Console(file=io.StringIO(), width=100, **of_console)
    row = SCENARIOS["eye"]
    with live.View(console, row, row.plan, (13.6, 8.0)) as view:
        run("eye", "cpython", plan=QUICK, watch=view)
    return console.file.getvalue()


def test_the_panel_shows_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "REDRAW_S", 0.02)
    monkeypatch.delenv("NO_COLOR", raising=False)
    said = _watched(tmp_path, force_terminal=True, color_system="standard")
    assert "\x1b[1;32m" in said  # a warm skin is green
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    for text in ("ARMED", "DELIVERING", "FAULT", "LOOP_OPEN: Close the eye shield", "13.6 target", "8.0 floor", "▀",
                 "ms commanded", "not for treating people", "blockers"):  # fmt: skip
        assert text in plain, text


def test_no_color_is_honoured(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(live, "REDRAW_S", 0.02)
    said = _watched(tmp_path, force_terminal=True)
    assert "DELIVERING" in said and not re.search(r"\x1b\[[0-9;]*3[0-7]m", said)


def test_without_a_terminal_it_says_lines(tmp_path):
    said = _watched(tmp_path, force_terminal=False)
    assert "\x1b" not in said
    states = [line.split()[1] for line in said.splitlines()]
    assert [s for s in ("ARMED", "DELIVERING", "FAULT") if s in states] == ["ARMED", "DELIVERING", "FAULT"]
    assert len(states) < 40


def test_the_wall_clock_follows_virtual_time_at_the_speed(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(live.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    wait = live.pace(10.0)
    wait(0)
    wait(5_000_000)
    assert now[0] == pytest.approx(100.5)
    wait(5_000_000)
    assert now[0] == pytest.approx(100.5)
    wait = live.pace(10.0, 310_000_000)  # the cool-down after switch-on runs ahead
    wait(5_000_000)
    wait(309_000_000)
    wait(310_000_000)
    assert now[0] == pytest.approx(100.5)
    wait(320_000_000)
    assert now[0] == pytest.approx(101.5)
    now[0] = 100.5
    live.pace(0.0)(60_000_000)
    assert now[0] == pytest.approx(100.5)
