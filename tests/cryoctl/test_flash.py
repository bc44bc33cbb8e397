"""cryoctl flash on virtual boards: from bare to verified, a second time, and with interruptions."""

import json
import shutil
import threading

import pytest

from boards.virtual.settings import SETTINGS as VIRTUAL
from host_tools.cryoctl import found
from host_tools.cryoctl.device import FORGET_LINE, MAKER
from host_tools.cryoctl.flash import Report, Request, Watch, boards, files, many, run
from host_tools.cryoctl.flash import provision as provision_step
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem
from host_tools.cryoctl.sim import image
from host_tools.toolchain.settings import PATHS, pin, provision, stored
from tests.cryoctl.conftest import Sim, ask, restarted, until
from tests.cryoctl.fake_port import application as answering
from tests.cryoctl.fake_port import by_line, cryoctl, fake_port
from tests.cryoctl.test_provision import measured

PIN = "4711"
MANY = 8
FILES = ["boot.py", "main.py", "archive.mpy", "application"]
KEPT = [*PATHS, *pin.PIN_PATHS]


@pytest.fixture(autouse=True, scope="module")
def own_data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def pin_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("pin") / "pin"
    path.write_text(PIN + "\n")
    return path


def flashed(*words):
    """Run the command; return (the only report, standard error, exit code)."""
    done = cryoctl("flash", "--json", *words)
    return json.loads(done.stdout)[0] if done.stdout else {}, done.stderr, done.exit_code


@pytest.fixture(scope="module")
def first(tmp_path_factory, pin_file):
    """A board that was bare: (simulator, report of its first flash, the record's file)."""
    folder = tmp_path_factory.mktemp("first")
    sim = Sim(folder, "--speed", "0").wait_ready()
    record = folder / "record.jsonl"
    report, said, code = flashed("--port", sim.link, "--pin-file", pin_file, "--serial", 42, "--record", record)
    assert code == 0, said
    yield sim, report, record
    sim.end()


@pytest.fixture
def again(first, pin_file):
    sim = first[0]
    return lambda *words: flashed("--port", sim.link, "--pin-file", pin_file, *words)


def test_a_bare_board_becomes_a_verified_one_that_answers(first, port):
    sim, report, record = first
    assert report["result"] == "verified" and report["self_test"] == "PASSED"
    assert sorted(report["written"]) == sorted(FILES + KEPT)
    assert ask(port(sim.link), "*IDN?") == f"CO2 cryotherapy applicator,virtual,42,{boards.version()}"
    line = json.loads(record.read_text())
    assert line.pop("time").endswith("+00:00")
    assert line == report
    assert set(line["files"]) == {*FILES, *KEPT}


def test_the_second_run_sends_nothing_and_the_board_answers_again(again, first, port):
    report, _, code = again()
    assert (code, report["written"], report["bytes_sent"]) == (0, [], 0)
    assert (report["result"], report["serial"]) == ("verified", "42")
    assert ask(port(first[0].link), "SYST:CRAS?") == "NONE;RESTARTS=0"  # intended restarts are not crashes


@pytest.mark.parametrize("name", ["main.py", "application"])
def test_one_changed_file_alone_is_sent(again, monkeypatch, name):
    changed = dict(boards.compiled("virtual"))
    if name == "main.py":
        changed[name] += b"# changed\n"
    else:
        changed[name] = boards.application(boards.folder("virtual"), overlay={"unused.mpy": b"M" * 5_000})[name]
    monkeypatch.setattr(boards, "compiled", lambda _: changed)
    report, _, code = again()
    assert (code, report["written"]) == (0, [name])
    assert report["bytes_sent"] < 10_000  # from the archive only the lines and the changed module
    monkeypatch.undo()
    assert again()[0]["written"] == [name]


def test_settings_are_laid_over_those_on_the_board_and_what_was_calibrated_stays(again, first, tmp_path, port):
    settings = tmp_path / "settings.toml"
    settings.write_text("trip_mdegc = 5000\njet_k_mdegc = 20000\n")
    report, said, code = again("--settings", settings)
    assert (code, sorted(report["written"])) == (0, sorted(PATHS))
    assert "kept as calibrated: jet_k_mdegc" in said
    opened = port(first[0].link)
    assert ask(opened, "CONF? TRIP_MDEGC") == "TRIP_MDEGC=5000 mdegC"
    assert ask(opened, "CONF? JET_K_MDEGC").startswith("JET_K_MDEGC=16000")
    opened.close()
    report, said, code = again("--settings", settings, "--replace-settings")
    assert (code, sorted(report["written"]), "kept" in said) == (0, sorted(PATHS), False)
    assert ask(port(first[0].link), "CONF? JET_K_MDEGC").startswith("JET_K_MDEGC=20000")


def test_a_calibrated_delay_that_equals_the_default_stays_in_force_on_a_board(packed, start, pin_file, tmp_path, port):
    path = tmp_path / "board.img"
    shutil.copy(packed, path)
    settings = {**VIRTUAL, "valve_close_delay_us": 25_000}
    image.write(path, provision(settings) | pin.provision(PIN) | measured(CLOSE=25_000))
    sim = start("--speed", "0")
    (tmp_path / "settings.toml").write_text("valve_close_delay_us = 8000\n")
    words = ("--port", sim.link, "--pin-file", pin_file, "--settings", tmp_path / "settings.toml")
    _, said, code = flashed(*words)
    assert code == 0 and "kept as calibrated: valve_close_delay_us" in said
    assert ask(port(sim.link), "CONF? VALVE_CLOSE_DELAY_US") == "VALVE_CLOSE_DELAY_US=25000 us"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trip_mdegc = 3000", "trip_mdegc"),
        ("trip_mdgc = 5000", "nearest"),
        ("trip_mdegc = 5000.0", "trip_mdegc"),
        ("trip", "not TOML"),
        ("# caf\udce9", "UTF-8"),
    ],
)
def test_settings_that_are_none_are_refused_before_anything_is_done(again, first, tmp_path, text, words):
    settings = tmp_path / "settings.toml"
    settings.write_bytes(text.encode("utf-8", "surrogateescape"))
    _, said, code = again("--settings", settings)
    assert code == 2 and words in said and "Traceback" not in said


def test_a_new_pin_takes_the_place_of_the_old_one_and_a_wrong_one_is_refused(again, first, tmp_path, pin_file):
    other = tmp_path / "other"
    other.write_text("123456")
    report, _, code = again("--new-pin-file", other)
    assert (code, sorted(report["written"])) == (0, sorted(pin.PIN_PATHS))
    _, said, code = again()
    assert code == 4 and "wrong PIN" in said
    words = ("--port", first[0].link, "--pin-file", other, "--new-pin-file", pin_file)
    assert until(lambda: flashed(*words)[2], lambda code: code != 4) == 0  # after the pause for a wrong PIN


def test_without_a_pin_the_application_is_left_alone(first, monkeypatch):
    monkeypatch.delenv("CRYO_PIN", raising=False)
    report, said, code = flashed("--port", first[0].link)
    assert code == 2 and "--pin-file" in said and report["version"]


def test_another_board_than_the_one_named_is_left_alone(again):
    _, said, code = again("--board", "rp2040_pico")
    assert code == 2 and "the board is virtual, not rp2040_pico: nothing was written" in said
    _, said, code = again("--board", "rp2040_picco")
    assert code == 2 and "rp2040_pico" in said


@pytest.mark.parametrize(
    ("what", "change", "words"),
    [
        ("compiled", lambda before: lambda _: before("virtual") | {"main.py": b"1/0\n"}, "the application has ended"),
        ("version", lambda _: lambda: "9.9", "version 0.1.0, not virtual 42, version 9.9"),
    ],
    ids=["crashes", "another version"],
)
def test_a_board_that_does_not_answer_as_expected_is_not_verified(again, monkeypatch, what, change, words):
    monkeypatch.setattr(boards, what, change(getattr(boards, what)))
    report, said, code = again()
    assert code == 5 and words in said and report["result"].startswith("failed")
    monkeypatch.undo()
    assert again()[2] == 0


def test_what_is_found_wrong_at_the_prompt_leaves_the_application_running(again, first, monkeypatch):
    def refuses(*_):
        raise Problem("settings: no")

    monkeypatch.setattr(provision_step, "files", refuses)
    assert again()[2] == 2
    restarted(first[0].link)


def test_ctrl_c_ends_it_at_the_next_step_and_the_next_run_goes_on(first, pin_file, start):
    sim = start("--speed", "0")
    at = found.Found(str(sim.link), found.VIRTUAL)

    class Interrupts(Watch):
        def at(self, done):
            if done > 50_000 and not stop.is_set():
                stop.set()

    stop = threading.Event()
    with pytest.raises(many.Stopped) as stopped:
        run.flash(at, Request(pin=PIN), many._Stoppable(Interrupts(), stop), Report(at.name))
    assert stopped.value.code == 130
    report, said, code = flashed("--port", sim.link, "--pin-file", pin_file)
    assert code == 0 and report["bytes_sent"] < 100_000, said  # of 146 kB


def test_a_port_in_use_is_told(again, first):
    with Port(str(first[0].link)):
        _, said, code = again()
    assert code == 3 and "in use by another program" in said


def test_of_two_at_once_one_is_turned_away_and_the_board_is_whole(again, port, first):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(run_one(first[0].link))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 3]
    assert again()[0]["written"] == []


def run_one(link):
    try:
        run.flash(found.Found(str(link), found.VIRTUAL), Request(pin=PIN), Watch(), Report(str(link)))
    except NoDevice as problem:
        return problem.code
    return 0


def test_a_dry_run_writes_nothing(start, pin_file):
    sim = start("--speed", "0")
    before = sim.image.read_bytes()
    report, _, code = flashed("--port", sim.link, "--dry-run", "--pin-file", pin_file)
    assert code == 0 and "nothing was written" in report["result"]
    assert sorted(report["written"]) == sorted(FILES + KEPT)
    assert sim.image.read_bytes() == before


class _Unplugs(Watch):
    def __init__(self, sim, after):
        self.sim = sim
        self.after = after

    def at(self, done):
        if done > self.after:
            self.sim.cut()


def test_unplugged_in_the_middle_nothing_starts_and_the_next_run_goes_on(start, pin_file, tmp_path):
    sim = start("--speed", "0")
    at = found.Found(str(sim.link), found.VIRTUAL)
    with pytest.raises(NoDevice, match="run the same command again") as gone:
        run.flash(at, Request(pin=PIN), _Unplugs(sim, 60_000), Report(at.name))
    assert gone.value.code == 3
    kept = image.read(sim.image)
    assert "main.py" not in kept and "application" not in kept
    there = sum(len(data) for data in kept.values())
    assert there > 40_000
    sim = start("--speed", "0")
    report, said, code = flashed("--port", sim.link, "--pin-file", pin_file)
    assert (code, report["result"]) == (0, "verified"), said
    whole = sum(len(data) for data in boards.compiled("virtual").values())
    assert report["bytes_sent"] < whole - 30_000


@pytest.mark.parametrize("left", ["main.py", "boot.py"])
def test_cut_off_between_two_names_the_next_run_ends_it(packed, start, pin_file, tmp_path, left):
    """main.py is removed while the others get their names. Interrupted there, or while all have other names."""
    path = tmp_path / "board.img"
    shutil.copy(packed, path)
    whole = image.read(path)
    moved = FILES if left == "boot.py" else ["main.py"]
    image.write(path, {name + ".new": whole[name] for name in moved})
    with image._mounted(path) as fs:
        for name in {"main.py", left}:
            fs.remove(name)
    sim = start("--speed", "0")
    report, said, code = flashed("--port", sim.link, "--pin-file", pin_file)
    assert (code, report["result"]) == (0, "verified"), said
    assert report["bytes_sent"] < 1_000  # the PIN


@pytest.mark.parametrize("known_before", [True, False])
def test_a_full_file_system_is_told_and_the_old_application_stays(start, pin_file, tmp_path, monkeypatch, known_before):
    path = tmp_path / "board.img"
    with image.locked(path):
        image.write(path, {"film": bytes(1_380_000), "main.py": b"# theirs\n"})
    sim = start("--speed", "0")
    if not known_before:
        monkeypatch.setattr(files, "_fits", lambda *_: None)
    _, said, code = flashed("--port", sim.link, "--pin-file", pin_file)
    assert code == 2 and "file system is full" in said
    assert ("bytes are needed" in said) == known_before
    assert image.read(path)["main.py"] == b"# theirs\n"


def test_settings_that_cannot_be_read_are_not_overwritten_silently(start, pin_file, tmp_path):
    path = tmp_path / "board.img"
    damaged = provision({"serial": 5})[PATHS[0]][:-1] + b"\0"
    with image.locked(path):
        image.write(path, dict.fromkeys(PATHS, damaged))
    sim = start("--speed", "0")
    _, said, code = flashed("--port", sim.link, "--pin-file", pin_file)
    assert code == 2 and "--replace-settings" in said
    assert image.read(path)[PATHS[0]] == damaged
    report, said, code = flashed("--port", sim.link, "--pin-file", pin_file, "--replace-settings", "--serial", 9)
    assert (code, report["serial"]) == (0, "9"), said
    sim.end()
    assert stored(image.read(path))["serial"] == 9


@pytest.mark.parametrize("state", ["READY", "ARMED", "DELIVERING", "REST"])
def test_an_armed_device_is_refused_and_hears_questions_alone(pin_file, state):
    with fake_port(answering(state)) as (name, heard):
        _, said, code = flashed("--port", name, "--pin-file", pin_file)
    assert code == 4 and f"the device is {state}: nothing was done" in said
    assert set(bytes(heard).replace(FORGET_LINE, b"").split()) <= {b"*IDN?", b"STAT?"}


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_a_device_that_a_person_set_to_sentences_answers_so_again_when_it_was_not_ended(more, monkeypatch):
    monkeypatch.delenv("CRYO_PIN", raising=False)
    form = [b"HUM"]

    def told(line):
        if line.startswith(b"FORM:"):
            form[0] = line.removeprefix(b"FORM:")
            return b"OK\r\n"
        if line == b"STAT?" and form[0] == b"HUM":
            return b"The applicator is in stand-by.\r\n"
        if line == b"STAT?":
            return b"STATE=STANDBY;BLOCKERS=NONE;FAULT=NONE\r\n"
        return f"{MAKER},virtual,7,0.1.0\r\n".encode() if line == b"*IDN?" else b""

    with fake_port(by_line(told)) as (name, heard):
        _, said, code = flashed("--port", name, *more)
        until(lambda: form[0], lambda now: now == b"HUM")
    assert b"FORM:MACH" in heard and bytes(heard).endswith(b"FORM:HUM\n")
    assert (code == 0) == bool(more), said  # without its PIN it is refused


@pytest.mark.parametrize("noise", [b"", bytes(range(128, 256)) + b"\xff\n\xc3\x28\r\n"])
def test_a_port_of_something_else_is_told(pin_file, noise, monkeypatch):
    monkeypatch.setattr(run, "looked", lambda port: run.look(port, 0.3))
    with fake_port(lambda *_: noise) as (name, heard):
        _, said, code = flashed("--port", name, "--pin-file", pin_file)
    assert code == 3 and "does not answer" in said and "Traceback" not in said
    assert 3 not in heard


def test_a_record_that_cannot_be_written_is_told_before_the_board_is_touched(again, tmp_path):
    _, said, code = again("--record", tmp_path)
    assert code == 2 and "--record" in said


def test_many_boards_at_once_and_the_worst_of_them_is_the_exit_code(tmp_path, pin_file):
    sims = []
    try:
        for n in range(MANY):
            (tmp_path / str(n)).mkdir()
            sims.append(Sim(tmp_path / str(n)))
        for sim in sims:
            sim.wait_ready()
        full = found.Found(str(tmp_path / "gone"), found.VIRTUAL)
        with pytest.MonkeyPatch.context() as patch:
            there = found.ports()
            mine = [at for at in there if at.name.startswith(str(tmp_path))]
            patch.setattr(found, "ports", lambda: [*mine, full])
            assert len(mine) == MANY
            assert "--virtual" in flashed("--all")[1]
            done = cryoctl("flash", "--json", "--all", "--virtual", "--pin-file", pin_file)
        reports = json.loads(done.stdout)
        assert [report["result"] for report in reports[:-1]] == ["verified"] * MANY, done.stderr
        assert done.exit_code == 3 and "there is no port" in reports[-1]["result"]
    finally:
        for sim in sims:
            sim.cut()
