"""Each gap in the trace table is found and named in a sentence. The shipped table has gaps only in what ran."""

from dataclasses import replace

import pytest

from host_tools.evidence.safety import check, code, table
from host_tools.evidence.safety.code import Blocker, Code, Constant, Fault
from host_tools.evidence.safety.table import Hazard, Open, Row, Table, TableError

FIRMWARE = Code(
    constants=(
        Constant("TRIP_MDEGC", 4_000, 1, "E", "[E] trip", "higher"),
        Constant("PROOF_BURSTS", 500, 2, "E", "[E] proof", "lower"),
        Constant("HOLD_MS", 5_000, None, "E", "[E] hold", "lower"),
        Constant("SHOT_MS", 600, 3, "E", "[E] kept by a counter", "lower"),
    ),
    faults=(Fault(1, "ESTOP", "high", "acknowledge", "Release it."),),
    blockers=(Blocker("KEY", "turn it on", "to arm"),),
    read=frozenset({"TRIP_MDEGC", "HOLD_MS"}),
)
TESTS = "def test_stop():\n    ESTOP\n\n\ndef test_key():\n    KEY\n"
STOP, KEY = "tests/test_a.py::test_stop", "tests/test_a.py::test_key"
ROW = Row("too cold", "it trips", "latched", (1, 3), ("ESTOP",), ("KEY",), (STOP, KEY))
GOOD = Table(
    hazards=(Hazard("H1", "Cold", "It hurts.", "", (ROW,)),),
    open=(Open("O1", 2, True, "PROOF_BURSTS", "Not proven."),),
    title={1: "trip", 2: "proof", 3: "one-shot"},
    unread={"SHOT_MS": "its counter"},
)
RAN = {STOP: "passed", KEY: "passed"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests/test_a.py").write_text(TESTS)
    return folder


def with_row(**changes):
    return replace(GOOD, hazards=(replace(GOOD.hazards[0], rows=(replace(ROW, **changes),)),))


def with_open(**changes):
    return replace(GOOD, open=(replace(GOOD.open[0], **changes),))


def test_a_sound_table_has_no_hole(root):
    assert check.holes(GOOD, FIRMWARE, RAN, root) == []


HOLES = {
    "limit 1 (TRIP_MDEGC) has no row with a test": with_row(limits=(3,)),
    "fault ESTOP has no row with a test": with_row(faults=()),
    "blocker KEY has no row with a test": with_row(blockers=()),
    "limit 2 (PROOF_BURSTS) has no row with a test": with_open(whole=False),
    "limit 4 is unknown: limits are 1 to 3": with_row(limits=(1, 3, 4)),
    "fault ESTOPP is unknown (nearest: ESTOP)": with_row(faults=("ESTOP", "ESTOPP")),
    "blocker KEYS is unknown (nearest: KEY)": with_row(blockers=("KEY", "KEYS")),
    "it names no test": with_row(tests=()),
    "there is no test test_stopp in tests/test_a.py (nearest: test_stop)": with_row(
        tests=("tests/test_a.py::test_stopp", STOP, KEY)
    ),
    "there is no file tests/test_b.py": with_row(tests=("tests/test_b.py::test_stop", STOP, KEY)),
    "it names no limit, no fault and no blocker": replace(
        GOOD, hazards=(replace(GOOD.hazards[0], rows=(ROW, replace(ROW, limits=(), faults=(), blockers=()))),)
    ),
    "layer '' is none: name one of hardware, tick, latched, use": with_row(layer=""),
    "no cause: say it in words": with_row(cause=""),
    "no control: say it in words": with_row(control=""),
    "H1: 2 times the id of a hazard": replace(GOOD, hazards=(*GOOD.hazards, replace(GOOD.hazards[0], name="Heat"))),
    "O1: 2 times the id of a open entry": replace(GOOD, open=GOOD.open * 2),
    "another hazard has the name 'Cold'": replace(GOOD, hazards=(*GOOD.hazards, replace(GOOD.hazards[0], id="H2"))),
    "H2: no cause and control": replace(GOOD, hazards=(*GOOD.hazards, Hazard("H2", "Heat", "It burns."))),
    "a hazard needs a name and its harm": replace(GOOD, hazards=(replace(GOOD.hazards[0], harm=""),)),
    "O1: open limit 9 is unknown": with_open(limit=9),
    "O1: say `what` is missing": with_open(what=""),
    "O1: the firmware uses HOLD_MS now": with_open(until="HOLD_MS"),
    "O1: limit 2 has a test and is called open": with_row(limits=(1, 2, 3)),
    "PROOF_BURSTS is read by no firmware file": with_open(until="something"),
    "TRIP_MDEGC is read by the firmware: take it off [unread]": replace(
        GOOD, unread={"SHOT_MS": "its counter", "TRIP_MDEGC": "none"}
    ),
    "TRIP_MDEG is no constant of limits.py (nearest: TRIP_MDEGC)": replace(
        GOOD, unread=GOOD.unread | {"TRIP_MDEG": "none"}
    ),
    "limit 3 has no title": replace(GOOD, title={1: "trip", 2: "proof"}),
    "limit 8 is unknown": replace(GOOD, title=GOOD.title | {8: "more"}),
}

@pytest.mark.parametrize("sentence", HOLES)
def test_a_hole_is_told(root, sentence):
    assert any(sentence in hole for hole in check.holes(HOLES[sentence], FIRMWARE, None, root))


def test_a_limit_that_does_not_say_which_way_is_stricter_is_a_hole(root):
    silent = tuple(replace(c, tighter="") if c.name == "HOLD_MS" else c for c in FIRMWARE.constants)
    (hole,) = check.holes(GOOD, replace(FIRMWARE, constants=silent), RAN, root)
    assert "HOLD_MS has no direction" in hole


def test_a_fault_whose_tests_never_speak_of_it_is_a_hole(root):
    (root / "tests/test_silent.py").write_text("def test_it():\n    STOP_E\n")
    silent = with_row(tests=("tests/test_silent.py::test_it",))
    found = check.holes(silent, FIRMWARE, None, root)
    assert len(found) == 2 and "no file of its tests names fault ESTOP" in found[0] and "blocker KEY" in found[1]


@pytest.mark.parametrize(
    ("ran", "sentence"),
    [
        ({STOP: "passed"}, f"{KEY} did not run on this code"),
        ({}, f"{STOP}, {KEY} did not run on this code"),
        (RAN | {KEY: "failed"}, f"{KEY} failed"),
        ({STOP: "skipped", KEY: "skipped"}, "H1 row 1: all its tests were skipped"),
        ({STOP + "[a]": "passed", STOP + "[b]": "failed", KEY: "passed"}, f"{STOP} failed"),
    ],
)
def test_a_test_that_did_not_run_or_failed_is_a_hole(root, ran, sentence):
    (hole,) = check.holes(GOOD, FIRMWARE, ran, root)
    assert sentence in hole


@pytest.mark.parametrize(
    "ran",
    [
        {STOP: "skipped", KEY: "passed"},
        {STOP + "[unix]": "passed", STOP + "[wasm]": "skipped", STOP: "passed", KEY: "passed"},
    ],
)
def test_a_skip_is_no_hole_beside_a_test_or_a_lane_that_ran(root, ran):
    assert check.holes(GOOD, FIRMWARE, ran, root) == []


def test_parameters_that_do_not_exist_are_a_hole(root):
    (hole,) = check.holes(with_row(tests=(STOP + "[c]", KEY)), FIRMWARE, {STOP + "[a]": "passed", KEY: "passed"}, root)
    assert f"{STOP}[c] did not run, others" in hole


def test_the_shipped_table_has_no_hole():
    assert check.holes(table.load(), code.read()) == []


BROKEN = {
    "hazard H1 row 1: unknown key 'limit' (nearest: limits)": '[[hazard]]\nid = "H1"\n[[hazard.row]]\nlimit = [1]\n',
    "hazard H1 row 1: limits must be list, not 1": '[[hazard]]\nid = "H1"\n[[hazard.row]]\nlimits = 1\n',
    "unknown table 'hazards' (nearest: hazard)": '[[hazards]]\nid = "H1"\n',
    "hazard 1: unknown key 'ide'": '[[hazard]]\nide = "H1"\n',
    "a.toml or b.toml:": "[[hazard]\n",
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_source_that_cannot_be_read_is_told(tmp_path, sentence):
    (tmp_path / "a.toml").write_text(BROKEN[sentence])
    (tmp_path / "b.toml").write_text("")
    with pytest.raises(TableError) as error:
        table.load(tmp_path / "a.toml", tmp_path / "b.toml")
    assert sentence in str(error.value)
