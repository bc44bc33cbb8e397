"""cryoctl selftest: every item passes on a good board, and each one fails for its own reason."""

import dataclasses
import json
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from host_tools.cryoctl import names
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.selftest import checks, contacts, paper, run
from host_tools.cryoctl.selftest.items import FAIL, LEFT_OUT, PASS, SKIPPED, Item, Sheet
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from host_tools.toolchain.settings import schema
from host_tools.toolchain.settings.pin import provision
from tests.cryoctl import treating
from tests.cryoctl.conftest import PATIENCE_S
from tests.cryoctl.fake_port import application as answering
from tests.cryoctl.fake_port import cryoctl, fake_port

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KINDS = ";".join(f"{kind}=2026-01-05,2027-01-05,A. Fitter,timer 7,1" for kind in names.KINDS)
SETTINGS = {row.key: row.default for row in schema()} | {
    "serial": 7,
    "jet_k_mdegc": 16_000,
    "valve_open_delay_us": 18_000,
    "valve_close_delay_us": 22_000,
    "calibration_due_d": 9_862,
    "co2_fitted": 1,
}
GOOD = {
    "STAT?": "STATE=STANDBY;BLOCKERS=SETUP;FAULT=NONE;POINT=0;PASS=0;BURSTS=0;REACHED=0;REST_S=0;COOL_S=0",
    "SYST:ERR?": ['-101,"Invalid character"', '0,"No error"'],
    "SYST:CRAS?": "NONE;RESTARTS=0",
    "DIAG:STAT?": (
        "DOSE=9;SHUTOFF=9;BURSTS=8;GAS_S=1.0;UPTIME_S=9;LATE_US=9000;DROPPED=0;TELEMETRY_LOST=0;HEAP_FREE=99000"
    ),
    "CONF?": ";".join(f"{row.key.upper()}={SETTINGS[row.key]} {row.unit}".rstrip() for row in schema()),
    "CONF? SIMULATED": "SIMULATED=0",
    "CAL?": "JET_K=16000;DUE=2027-01-01",
    "CAL:LIST?": KINDS,
    "TEST?": "PASSED",
    "SYST:FITT?": "INFRARED=FITTED;LINE=FITTED;CO2=FITTED",
    "*TST?": "0",
    "*CLS": "OK",
    "FAULT?": "NONE",
    "MEAS:TEMP?": "SKIN=32.61,180ms;NOZZLE=21.94,210ms;INFRARED=32.69,210ms;PREDICTED=NONE",
    "MEAS:PRES?": "BOTTLE=57290 mbar;LINE=900 mbar",
    "MEAS:DIST?": "100 mm",
    "MEAS:ROOM?": "600 ppm",
    "STRM?": "OFF",
    "STRM 500 ms": "OK",
    "STRM OFF": "OK",
}


class FakeDevice:
    """A good device of serial number 7, changed as a test wants. Of a list of answers, the first is used first."""

    def __init__(self, **changed):
        self.identity = changed.pop("identity", Identity("rp2040_pico", "7", names.VERSION))
        self.answers = {key: list(text) if isinstance(text, list) else text for key, text in GOOD.items()}
        self.seq_step = changed.pop("seq_step", 1)
        self.lines = changed.pop("lines", True)
        self.frozen = changed.pop("frozen", ())
        self.answers |= changed.pop("said", {})
        assert not changed
        self.asked = []
        self.number = 0
        self.port = self
        self.name = "fake"

    def ask(self, command):
        self.asked.append(command)
        if command == "MEAS:RAW?":
            self.number += 1
            rows = [f"{name}=1,1,#{1 if name in self.frozen else self.number},9ms" for name in checks.CHANNELS]
            return ";".join(rows)
        answer = self.answers[command]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def state(self):
        return checks.wire.fields(self.ask("STAT?"))

    def unarmed(self):
        state = self.state().get("STATE", "unknown")
        if state in names.BUSY:
            raise Refused("the device is armed: nothing was done")
        return state

    def received(self, wait_s=0.0):
        self.number += self.seq_step
        return [{"seq": self.number, "lost": 0}] if wait_s and self.lines else []


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that moves on only when a test waits. Tests with the real board wait for hands, not for this clock."""
    made = Clock()
    for module in (checks, contacts):
        monkeypatch.setattr(module, "time", made)
    return made


class Clock:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 0.001
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def sheet_of(device, **asked):
    return run.tested(device, run.Asked(skip_contacts=True, **asked), lambda text: None, NOW)


def test_a_good_device_passes_everything():
    sheet = sheet_of(FakeDevice(), serial=7)
    assert [item for item in sheet.items if item.verdict == FAIL] == []
    assert {item.name for item in sheet.items if item.verdict == LEFT_OUT} == {one.name for one in contacts.CONTACTS}
    assert {item.name for item in sheet.items if item.verdict == SKIPPED} == {"service mode"}
    assert not [item for item in sheet.items if "not fitted" in item.found]


def test_a_sheet_with_contacts_left_out_is_incomplete_in_words_colour_and_json():
    sheet = sheet_of(FakeDevice())
    assert sheet.verdict.startswith("INCOMPLETE: 4 left out: emergency stop, trigger, eye shield, key switch")
    assert not sheet.passed and sheet.as_dict()["passed"] is False
    assert f'class="verdict out">{sheet.verdict}<' in paper.html(sheet)
    whole = dataclasses.replace(sheet, items=[item for item in sheet.items if item.verdict != LEFT_OUT])
    assert whole.passed and whole.verdict == "PASS; 1 not tested" and 'class="verdict pass">PASS' in paper.html(whole)
    failed = dataclasses.replace(sheet, items=[*sheet.items, Item("skin", "5 to 45", "OPEN", FAIL)])
    assert failed.verdict.startswith("FAIL: 1 of ")


@pytest.mark.parametrize("left_out", [True, False])
def test_what_was_left_out_is_exit_code_1_and_nothing_else_is(monkeypatch, left_out):
    sheet = sheet_of(FakeDevice())
    if not left_out:
        sheet = dataclasses.replace(sheet, items=[item for item in sheet.items if item.verdict != LEFT_OUT])
    monkeypatch.setattr(run, "tested", lambda *_: sheet)
    with fake_port(answering("STANDBY")) as (name, _):
        done = cryoctl("selftest", "--skip-contacts", "--port", name)
    assert done.exit_code == left_out and ("INCOMPLETE" in done.stdout) == left_out, done.output
    assert "PASS; 1 not tested" in done.stdout or left_out


def test_a_jet_constant_and_a_date_that_nobody_measured_do_not_pass():
    none = ";".join(f"{kind}=NONE" for kind in names.KINDS)
    found = {item.name: item for item in sheet_of(FakeDevice(said={"CAL:LIST?": none})).items}
    for name in ("jet constant", "first calibration due"):
        assert found[name].verdict == FAIL and found[name].found.endswith("from the settings, without a calibration")
    other = KINDS.replace("JET=2026-01-05,2027-01-05,A. Fitter,timer 7,1", "JET=NONE")
    found = {item.name: item for item in sheet_of(FakeDevice(said={"CAL:LIST?": other})).items}
    assert found["jet constant"].verdict == FAIL and found["first calibration due"].verdict == PASS


def changed(key, *pairs):
    text = GOOD[key]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return {"said": {key: text}}


REFUSED = Refused("the device: no valid settings on this device: provision it", number=-221)
BROKEN = {
    "error queue": {"said": {"SYST:ERR?": ['-350,"Queue overflow"', '-101,"Invalid character"', '0,"No error"']}},
    "last run and restarts": {"said": {"SYST:CRAS?": "MODE=STANDBY;FAULT=NONE;UPTIME_S=9;RESTARTS=1"}},
    "answers dropped": changed("DIAG:STAT?", ("DROPPED=0", "DROPPED=1")),
    "telemetry lost": changed("DIAG:STAT?", ("LOST=0", "LOST=1")),
    "memory left": changed("DIAG:STAT?", ("99000", "71679")),
    "statistics": changed("DIAG:STAT?", ("DOSE=9;", "")),
    "serial number": {"identity": Identity("rp2040_pico", "unprovisioned", names.VERSION)},
    "version": {"identity": Identity("rp2040_pico", "7", "0.0.9")},
    "settings": changed("CONF?", ("TRIP_MDEGC=4000", "TRIP_MDEGC=3999")),
    "simulated": changed("CONF?", ("SIMULATED=0", "SIMULATED=1")),
    "first calibration due": changed("CAL?", ("2027-01-01", "2026-11-21")),
    "jet constant": changed("CAL?", ("16000", "NONE")),
    "calibration JET": {"said": {"CAL:LIST?": KINDS.replace("JET=2026-01-05,2027-01-05", "JET=2025-01-05,2026-01-05")}},
    "calibration TC": {"said": {"CAL:LIST?": KINDS.replace("TC=2026-01-05,2027-01-05,A. Fitter,timer 7,1", "TC=NONE")}},
    "self-tests": {"said": {"TEST?": "FAILED ADC: reference"}},
    "*TST?": {"said": {"*TST?": "1"}},
    "faults": {"said": {"FAULT?": "1 ESTOP;ALSO=NONE;REMEDY=Release it."}},
    "sensor SKIN": changed("MEAS:TEMP?", ("SKIN=32.61,180ms", "SKIN=OPEN")),
    "sensor NOZZLE": {"frozen": ("NOZZLE",)},
    "sensor INFRARED": changed("MEAS:TEMP?", ("32.69,210ms", "32.69,2001ms")),
    "sensor BOTTLE": changed("MEAS:PRES?", ("57290 mbar", "INVALID")),
    "sensor LINE": changed("MEAS:PRES?", ("900 mbar", "75001 mbar")),
    "sensor DISTANCE": {"said": {"MEAS:DIST?": "INVALID"}},
    "sensor ROOM": {"said": {"MEAS:ROOM?": "INVALID"}},
    "telemetry": {"seq_step": 2},
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_item_fails_for_its_own_reason_and_says_what_to_do(name):
    sheet = sheet_of(FakeDevice(**BROKEN[name]))
    failed = [item for item in sheet.items if item.verdict == FAIL]
    assert [item.name for item in failed] == [name] and failed[0].remedy and failed[0].found
    assert not sheet.passed and "FAIL: 1 of" in sheet.verdict


def test_no_item_is_one_that_cannot_fail():
    tested = {item.name for item in sheet_of(FakeDevice(), serial=7).items if item.verdict == PASS}
    tested = {name for name in tested if not name.startswith("calibration ")}  # two of the six are enough
    assert tested == {name for name in BROKEN if not name.startswith("calibration ")}


def test_what_else_fails():
    def failed(**changes):
        asked = changes.pop("asked", {})
        return {item.name for item in sheet_of(FakeDevice(**changes), **asked).items if item.verdict == FAIL}

    assert failed(asked={"serial": 8}) == {"serial number"}
    assert failed(said={"CONF?": REFUSED, "CONF? SIMULATED": REFUSED, "CAL?": REFUSED}) == {"settings", "calibrations"}
    assert failed(said={"CONF?": GOOD["CONF?"].replace("SERIAL=7;", "")}) == {"settings"}
    assert failed(said={"TEST?": "PASSED; no application file: unchecked"}) == {"self-tests"}
    assert failed(said={"TEST?": "RUNNING", "*TST?": Refused("still running")}) == {"self-tests", "*TST?"}
    assert failed(lines=False) == {"telemetry"}
    assert failed(said={"MEAS:PRES?": Refused("no")}) == {"sensors"}
    assert failed(said={"SYST:ERR?": ['0,"No error"']}) == set()
    absent = {"absent": frozenset(("ROOM", "NOZZLE"))}
    assert failed(said={"MEAS:ROOM?": "INVALID"}, frozen=("NOZZLE",), asked=absent) == {"sensor ROOM"}
    without = {"MEAS:ROOM?": "INVALID", "SYST:FITT?": "INFRARED=FITTED;LINE=FITTED;CO2=NOT FITTED, no alarm"}
    assert failed(said=without, frozen=("NOZZLE",), asked=absent) == set()
    assert failed(said={"SYST:FITT?": REFUSED, "MEAS:ROOM?": "INVALID"}, asked=absent) == set()
    assert failed(said={"TEST?": ["RUNNING", "PASSED; no loop test on this board"]}) == set()


@pytest.mark.parametrize(
    ("part", "sensor", "silent"),
    [
        ("INFRARED", "INFRARED", changed("MEAS:TEMP?", ("INFRARED=32.69,210ms", "INFRARED=NEVER"))),
        ("LINE", "LINE", changed("MEAS:PRES?", ("900 mbar", "INVALID"))),
        ("CO2", "ROOM", {"said": {"MEAS:ROOM?": "INVALID"}}),
    ],
)
def test_of_a_part_that_is_not_fitted_the_sheet_says_which_protection_is_gone(clock, part, sensor, silent):
    told = GOOD["SYST:FITT?"].replace(f"{part}=FITTED", f"{part}=NOT FITTED, nobody looks")

    def found(said):
        began = clock.now
        (item,) = [item for item in sheet_of(FakeDevice(said=said)).items if item.name == f"sensor {sensor}"]
        return item, clock.now - began

    item, waited_s = found({"SYST:FITT?": told} | silent["said"])
    assert item.verdict == SKIPPED and item.found.startswith("NOT FITTED, nobody looks; ")
    assert waited_s < 19  # there is no wait for a sample of a missing sensor
    item, _ = found({"SYST:FITT?": told})
    assert item.verdict == PASS and item.found.endswith("; the settings call it not fitted")
    item, _ = found({"SYST:FITT?": GOOD["SYST:FITT?"].replace(f"{part}=FITTED", f"{part}=SILENT")} | silent["said"])
    assert item.verdict == FAIL


def test_a_part_called_absent_that_the_settings_call_fitted_fails_and_names_the_setting():
    for sensor, (_, setting) in checks.OPTIONAL.items():
        sheet = sheet_of(FakeDevice(), absent=frozenset((sensor,)))
        (item,) = [item for item in sheet.items if item.verdict == FAIL]
        assert item.name == f"sensor {sensor}" and f"config set {setting} 0" in item.remedy


def test_a_simulated_board_without_calibrations_is_not_said_to_have_them():
    none = ";".join(f"{kind}=NONE" for kind in names.KINDS)
    said = {
        "CAL:LIST?": none,
        "CONF? SIMULATED": "SIMULATED=1",
        "CONF?": GOOD["CONF?"].replace("SIMULATED=0", "SIMULATED=1"),
    }
    sheet = sheet_of(FakeDevice(said=said, identity=Identity("virtual", "7", names.VERSION)))
    assert not sheet.failed
    assert sum(item.name.startswith("calibration ") and item.verdict == SKIPPED for item in sheet.items) == 6
    found = {item.name: item.verdict for item in sheet.items}
    assert found["jet constant"] == found["first calibration due"] == SKIPPED


@pytest.mark.parametrize("state", sorted(names.BUSY))
def test_an_armed_device_is_asked_for_its_state_alone(state):
    device = FakeDevice(said={"STAT?": f"STATE={state}"})
    with pytest.raises(Refused, match="armed"):
        sheet_of(device)
    assert set(device.asked) == {"STAT?"}


def test_a_state_that_the_tool_does_not_know_is_told_with_what_to_do():
    with pytest.raises(Problem, match="the device's state COOLING is unknown"):
        sheet_of(FakeDevice(said={"STAT?": "STATE=COOLING"}))


def test_a_device_that_is_armed_in_the_middle_is_asked_no_more():
    calm = GOOD["STAT?"]
    device = FakeDevice(said={"STAT?": [calm, calm, calm, "STATE=ARMED;BLOCKERS=NONE;FAULT=NONE"]})
    with pytest.raises(Refused, match="armed"):
        sheet_of(device)
    assert device.asked[-1] == "STAT?" and "STRM 500 ms" not in device.asked


# --- contacts ---------------------------------------------------------------------------------------------------------
def state(blockers="SETUP", fault="NONE"):
    return f"STATE=STANDBY;BLOCKERS={blockers};FAULT={fault}"


def one(states, contact, **said):
    """Return the item of a contact. The device answers these states, then always the last one; unarmed() asks, too."""
    device = FakeDevice(said={"STAT?": [state for state in states for _ in range(2)], **said})
    (item,) = (contacts._one(device, contacts.CONTACTS[contact], 5.0, lambda text: None),)
    return item, device


ESTOP, TRIGGER, SHIELD = 0, 1, 2


def test_the_emergency_stop_is_pressed_released_and_acknowledged():
    seen = [state(), state(), state("FAULT,ESTOP", "ESTOP"), state("FAULT", "ESTOP"), state()]
    item, device = one(seen, ESTOP, **{"FAULT:ACK": "OK"})
    assert item.verdict == PASS and device.asked.count("FAULT:ACK") == 1
    assert device.asked.index("*CLS") > device.asked.index("FAULT:ACK")  # the list of errors is unchanged


@pytest.mark.parametrize(
    ("contact", "states", "found"),
    [
        (ESTOP, [state()], "nothing within 5 s"),
        (ESTOP, [state("KEY", "LOOP_DISCORD")], "not at rest"),
        (ESTOP, [state(), state("ESTOP")], "nothing within"),  # the fault does not latch
        (ESTOP, [state(), state("FAULT,ESTOP", "ESTOP")], "did not come back"),
        (TRIGGER, [state("TRIGGER")], "not at rest"),
        (TRIGGER, [state(), state("TRIGGER")], "did not come back"),
        (SHIELD, [state(), state("LOOP", "LOOP_DISCORD")], "another fault"),
        (SHIELD, [state(), state("LOOP,TRIGGER,KEY"), state()], "trigger, key switch came with it"),
        (TRIGGER, [state(), state("TRIGGER,LOOP"), state()], "eye shield came with it"),
        # a moment later, a moment before
        (TRIGGER, [state(), state("TRIGGER"), state("TRIGGER,LOOP"), state()], "eye shield came with it"),
        (TRIGGER, [state(), state("LOOP"), state("TRIGGER"), state()], "eye shield came with it"),
        (TRIGGER, [state(), state("TRIGGER"), state("LOOP")], "eye shield came with it"),
        (ESTOP, [state(), state("FAULT,ESTOP,KEY", "ESTOP"), state("FAULT", "ESTOP"), state()], "key switch came"),
        (TRIGGER, [state("KEY"), state("KEY,TRIGGER"), state("KEY")], None),  # KEY has its own item
        (SHIELD, [state(), state("LOOP"), state("FAULT", "LOOP_DISCORD"), state()], None),
    ],
)
def test_a_contact_that_does_not_do_as_it_should_fails(contact, states, found):
    item, _ = one(states, contact, **{"FAULT:ACK": "OK"})
    assert item.verdict == (FAIL if found else PASS)
    if found:
        assert found in item.found and item.remedy


def test_a_fault_that_cannot_be_acknowledged_fails():
    seen = [state(), state("FAULT,ESTOP", "ESTOP"), state("FAULT", "ESTOP")]
    item, _ = one(seen, ESTOP, **{"FAULT:ACK": Refused("the device: REFUSED 1 ESTOP")})
    assert item.verdict == FAIL and "REFUSED" in item.found


# --- the sheet --------------------------------------------------------------------------------------------------------
SHEET = Sheet(
    "rp2040_pico",
    "7",
    "0.1.0",
    "/dev/x",
    "2026-11-22T12:00:00+00:00",
    "A. <Fitter> & son",
    "cryoctl 0",
    [Item("skin", "5 to 45", "<b>OPEN</b>", FAIL, 'check the "plug"'), Item("key", "comes", "came", PASS)],
)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_the_sheet_says_everything_and_needs_nothing_else(tmp_path):
    paper.write(SHEET, tmp_path / "s.html")
    text = (tmp_path / "s.html").read_text()
    page = Page(text)
    said = " ".join(page.words)
    for part in ("rp2040_pico", "7", "A. <Fitter> & son", "2026-11-22", "<b>OPEN</b>", 'check the "plug"', "not cert"):
        assert part in said
    assert not {"script", "link", "img", "iframe", "b"} & set(page.tags) and "@media print" in text
    assert not re.search(r"https?:|url\(|@import", text)
    found = json.loads((tmp_path / "s.json").read_text())
    assert found["passed"] is False and found["items"][0]["remedy"] == 'check the "plug"'


def test_a_sheet_is_not_written_over_another_and_where_it_cannot_be_it_is_told(tmp_path):
    (tmp_path / "a.json").write_text("mine")
    for path, said in ((tmp_path / "a.html", "exists already"), (tmp_path / "no" / "b.html", "No such file")):
        with pytest.raises(Problem, match=said):
            paper.places(path)
    with pytest.raises(Problem, match="HTML"):
        paper.places(tmp_path / "c.pdf")
    assert not (tmp_path / "a.html").exists()


# --- the command, on the virtual board --------------------------------------------------------------------------------
HANDS = {
    "press the emergency stop": "estop press", "release the emergency stop": "estop release",
    "press the trigger and hold it": "trigger press", "release the trigger": "trigger release",
    "open the eye shield": "shield open", "close the eye shield": "shield close",
    "turn the key switch off": "key off", "turn the key switch on": "key on",
}  # fmt: skip


def command(board, *words):
    return [sys.executable, "-m", "host_tools.cryoctl", "selftest", "--port", str(board.link), *map(str, words)]


def ran(board, *words):
    """Run the command, with an operator who does what it says."""
    process = subprocess.Popen(
        command(board, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=lanes.ROOT
    )
    said = []

    def operator():
        for line in process.stderr:
            said.append(line)
            action = HANDS.get(line.partition(": ")[2].strip())
            if action:
                board.hand(action)

    thread = threading.Thread(target=operator)
    thread.start()
    out = process.stdout.read()
    process.wait(PATIENCE_S)
    thread.join(PATIENCE_S)
    process.stdout.close()
    process.stderr.close()
    assert "Traceback" not in "".join(said)
    return process.returncode, out, "".join(said)


@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tested")
    path = folder / "with-pin.img"
    path.write_bytes(packed.read_bytes())
    image.write(path, provision("4711"))
    with treating.board(path, folder) as made:
        made.speed(5)
        made.wait(lambda state: state["STATE"] == "STANDBY")
        yield made


def test_a_good_board_passes_with_hands_pin_and_sheet(board, tmp_path):
    (tmp_path / "pin").write_text("4711\n")
    words = ("--yes", "--serial", 1, "--operator", "A. Fitter", "--pin-file", tmp_path / "pin", "--contact-limit-s", 20)
    code, out, said = ran(board, *words, "--sheet", tmp_path / "s.html", "--json")
    found = json.loads(out)
    assert code == 0, (out, said)
    verdicts = {item["name"]: item["verdict"] for item in found["items"]}
    for contact in contacts.CONTACTS:
        assert verdicts[contact.name] == PASS, found
    assert verdicts["service mode"] == PASS and verdicts["telemetry"] == PASS
    assert json.loads((tmp_path / "s.json").read_text()) == found
    assert "4711" not in (tmp_path / "s.html").read_text() + out + said
    state = board.state()
    assert state["STATE"] == "STANDBY" and state["FAULT"] == "NONE"
    assert board.told("STRM?", "OFF") == "OFF"
    assert board.told("SYST:ERR?").startswith("0,")


def test_what_is_wrong_is_found_with_its_remedy_and_a_wrong_pin_is_told(board, tmp_path):
    (tmp_path / "pin").write_text("4712\n")
    board.hand("fault skin-wire-open")
    board.hand("fault loop-b-stuck")
    code, out, _ = ran(board, "--yes", "--pin-file", tmp_path / "pin", "--contact-limit-s", 10)
    board.hand("clear")
    assert code == 1 and "wrong PIN" in out
    failed = {line[12:].split("  ")[0] for line in out.splitlines() if line.startswith("fail ")}
    assert failed == {"sensor SKIN", "eye shield", "service mode"}, out
    assert "sensor SKIN: check plug" in out and "eye shield: check plug" in out
    board.told("FAULT:ACK")
    board.told("*CLS")


def test_wrong_requests_are_refused_before_anything_is_asked(board, tmp_path):
    (tmp_path / "pin").write_text("secret\n")
    (tmp_path / "there.html").write_text("mine")
    for words, said in (
        (("--pin-file", tmp_path / "pin"), "4 to 10 digits"),
        (("--pin-file", tmp_path / "none"), "No such file"),
        (("--not-fitted", "SKINS"), "the sensors are SKIN"),
        (("--sheet", tmp_path / "there.html"), "exists already"),
        (("--serial", "0"), "1"),
    ):
        code, _, errors = ran(board, "--yes", *words)
        assert code == 2 and said in errors, errors
    code, _, errors = ran(board)  # nobody is there to close the bottle
    assert code == 2 and "close the bottle" in errors and "give --yes" in errors, errors


def test_unplugged_in_the_middle_is_told(application):
    sim = application()
    process = subprocess.Popen(
        command(sim, "--skip-contacts"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=lanes.ROOT
    )
    for line in process.stderr:
        if line.startswith("telemetry"):
            sim.cut()
            break
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3 and "plug the board in again" in errors and "Traceback" not in errors
    assert "PASS" not in out


def test_a_device_that_goes_while_asked_is_no_failed_item():
    with pytest.raises(NoDevice):
        sheet_of(FakeDevice(said={"CAL?": NoDevice("gone")}))
