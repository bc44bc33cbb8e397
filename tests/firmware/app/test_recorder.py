"""The log in the whole application: a point ends as one record with its figures, and nothing is written near gas."""

import importlib
import sys
from types import SimpleNamespace

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.treatment import Plan, treatment

SAFE = {"STANDBY", "COMPLETE", "FAULT", "SERVICE"}


def treated(lane, plan):
    """Give a treatment; return the log's records, and what the device told the operator about each point."""
    results, log = [], []

    def script(op):
        yield from treatment(plan, results)(op)
        yield 1_000_000
        last = int(fields((yield from op.ask("LOG:COUN?")))["LAST"])
        for number in range(1, last + 1):
            log.append(fields((yield from op.ask(f"LOG? {number}"))))
        log.append((yield from op.ask("LOG:STAT?")))

    plant = Plant()
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane) == ""
    return SimpleNamespace(plant=plant, results=results, log=log[:-1], status=log[-1])


@pytest.fixture(scope="module")
def two_points():
    return treated("unix", Plan(points=(1, 2)))


def test_each_point_is_one_record_with_the_figures_the_operator_was_told(two_points):
    run = two_points
    assert [r["KIND"] for r in run.log] == ["START", "POINT", "POINT"]
    assert run.status == "WAITING=0;FAILED=0;PROBLEM=NONE"
    for number, (record, told) in enumerate(zip(run.log[1:], run.results, strict=True), 1):
        assert (record["PRESET"], record["LEVEL"], record["SITE"]) == ("CHRONIC", "3", "LFOOT-SOLE")
        assert record["POINT"] == str(number)
        assert (record["END"], record["REACHED"]) == (told["REASON"], told["REACHED"])
        assert (record["END"], record["REACHED"]) in (("TARGET", "1"), ("PASSES", "0"))
        assert (record["PASSES"], record["BURSTS"]) == (told["PASSES"], told["BURSTS"])
        bursts = [b for b in run.plant.record.bursts if b.point == number - 1]
        assert int(record["BURSTS"]) == len(bursts) > 10
        assert abs(int(record["VALVE_ON_MS"]) - sum(b.delivered_us for b in bursts) / 1000) < 2 * len(bursts)
        assert (record["TARGET_MDEGC"], record["FLOOR_MDEGC"]) == ("13600", "7000")
        assert 8_000 < int(record["SKIN_MDEGC"]) < (13_600 if record["REACHED"] == "1" else 16_000)
        assert abs(int(record["SURFACE_MDEGC"]) - int(record["SKIN_MDEGC"])) < 5_000
        assert 1_000 < int(record["TIME_MS"]) < 60_000
    assert int(run.log[2]["UPTIME_S"]) > int(run.log[1]["UPTIME_S"]) > 310


def test_a_point_that_a_fault_ended_is_both_and_its_last_burst_counts():
    log = []

    def script(op):
        yield from treatment(Plan(points=(1,)), [])(op)
        yield 1_000_000
        for number in range(1, 5):
            log.append((yield from op.ask(f"LOG? {number}")))

    plant = Plant()
    plant.on_burst(3, 80_000, lambda p: p.set_input(pins.ESTOP, 1))  # later than both valves need to open
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, "unix") == ""
    start, fault, point, none = log
    assert "KIND=START" in start and none == "NONE"
    assert (fields(fault)["FAULT"], fields(fault)["MODE"]) == ("ESTOP", "DELIVERING")
    said = fields(point)
    assert (said["END"], said["BURSTS"]) == ("FAULT", "3")
    assert 50_000 < plant.record.bursts[-1].delivered_us < plant.record.bursts[-1].commanded_us - 50_000
    delivered_ms = sum(b.delivered_us for b in plant.record.bursts) / 1000
    assert abs(int(said["VALVE_ON_MS"]) - delivered_ms) < 10


@pytest.fixture
def watched(virtual, board, monkeypatch):
    """An applicator whose supervisor does nothing, and the modes in which its files were opened to write."""
    applicator = virtual.app.Applicator(board)
    applicator.start()
    applicator.supervisor.tick = lambda *_: None
    mode = importlib.import_module("cryo.core.mode")
    opened = []
    really = board.files.open

    def look(path, how):
        if how != "rb":
            opened.append(mode.NAMES[applicator.supervisor.mode])
        return really(path, how)

    board.files.open = look

    def stay(name, ticks=60):
        applicator.supervisor.mode = getattr(mode, name)
        for _ in range(ticks):
            applicator.step()

    return SimpleNamespace(applicator=applicator, board=board, opened=opened, stay=stay)


@pytest.mark.parametrize("name", ["BOOT", "SELF_TEST", "READY", "ARMED", "DELIVERING", "REST"])
def test_nothing_is_written_where_gas_may_flow_or_soon_may(watched, monkeypatch, name):
    monkeypatch.setattr(watched.applicator, "_test", lambda: None)
    watched.stay(name, 400)
    assert watched.applicator.recorder.waiting == 1 and watched.opened == []
    watched.stay("STANDBY")
    assert watched.applicator.recorder.waiting == 0 and watched.opened == ["STANDBY"]


@pytest.mark.parametrize("name", sorted(SAFE))
def test_it_is_written_in_every_other_mode_once_that_stands(watched, name):
    watched.stay(name, 25)
    assert watched.opened == []
    watched.stay(name, 35)
    assert watched.opened == [name]


def test_a_write_that_arming_overtakes_goes_on_afterwards(watched):
    watched.stay("STANDBY", 34)  # somewhere between its steps
    assert watched.applicator.recorder.waiting == 1
    before = dict(watched.board.files.files)
    watched.stay("READY", 500)
    assert watched.board.files.files == before
    watched.stay("STANDBY")
    assert watched.applicator.recorder.waiting == 0


def test_a_fault_survives_the_restart(virtual, watched, board):
    watched.stay("STANDBY")
    watched.applicator.supervisor.faults.add(1)
    watched.stay("FAULT")
    assert watched.applicator.recorder.waiting == 0
    again = virtual.app.Applicator(board)
    again.start()
    again.supervisor.tick = lambda *_: None
    again.supervisor.mode = 2
    for _ in range(60):
        again.step()
    journal = importlib.import_module("cryo.store.journal")
    records = journal.Journal(board.files).since(1, 9)
    notes = importlib.import_module("cryo.store.notes")
    assert [record[1] for record in records] == [notes.START, notes.FAULT, notes.START]
    assert records[1][5:7] == (1, 2)  # ESTOP, in STANDBY


def test_the_log_is_dropped_from_memory_once_it_is_written(watched):
    watched.stay("STANDBY")
    assert watched.applicator.recorder.waiting == 0
    assert "cryo.store.journal" not in sys.modules


def test_a_restart_writes_what_waits(watched, board):
    board.reset = lambda: None
    watched.stay("STANDBY")
    watched.applicator.recorder.put(99)
    watched.applicator.restart()
    assert watched.applicator.recorder.waiting == 0


def test_a_log_that_never_gets_done_does_not_hold_up_the_restart(watched, board):
    restarted = []
    board.reset = lambda: restarted.append(True)
    watched.stay("STANDBY")
    watched.applicator.recorder.step = lambda: True
    watched.applicator.restart()
    assert restarted == [True]
